"""Write the tables of the docs from the code and the data that they tell of: `python docs/generate.py`."""

import re
from collections.abc import Iterable
from pathlib import Path

from chains import settings_table
from models import BACKENDS, load_presets
from models.shelf import shelf
from prompts import load_moods

DOCS = Path(__file__).parent


def settings() -> str:
    """The settings."""
    return table(("setting", "default", "what it does"), ((f"`{n}`", d, h) for n, d, h in settings_table()))


def moods() -> str:
    """The moods."""
    rows = (
        (m.name, m.definition, *(f"{x:+.2f}" for x in (m.valence, m.arousal, m.dominance)), m.examples[0].rewrite)
        for m in load_moods().values()
    )
    return table(("mood", "what it is", "valence", "arousal", "dominance", "an example"), rows)


def backends() -> str:
    """The backends."""
    rows = ((b.part, f"`{b.spec}`", b.takes.replace("<", "‹").replace(">", "›")) for b in BACKENDS)
    return table(("part", "backend", "takes"), rows)


def presets() -> str:
    """The presets."""
    parts = ("captioner", "emotion_image", "emotion_text", "rewriter")
    rows = ((f"`{n}`", *(f"`{getattr(p, part)}`" for part in parts), p.about) for n, p in load_presets().items())
    return table(("preset", *parts, "about"), rows)


def licences() -> str:
    """The models' licences."""
    return table(("model", "for", "licence"), ((m.name, ", ".join(m.parts), m.licence) for m in shelf(DOCS)))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


PARTS = {"settings": settings, "moods": moods, "backends": backends, "presets": presets, "licences": licences}


def renew(text: str) -> str:
    """The text with every part between `<!-- name -->` and `<!-- end -->` made anew."""

    def part(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n{PARTS[match[1]]()}\n<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", part, text, flags=re.DOTALL)


if __name__ == "__main__":
    for file in DOCS.glob("*.md"):
        file.write_text(renew(file.read_text("utf-8")), "utf-8")
