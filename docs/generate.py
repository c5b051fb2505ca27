"""Write the tables of the docs from the code and the data that they tell of: `python docs/generate.py`."""

import re
from collections.abc import Iterable
from pathlib import Path

from flask import Flask

from chains import StatedPreferences, settings_table
from models import BACKENDS, load_presets
from models.shelf import shelf
from prompts import load_moods
from web.account import account
from web.api import api
from web.data import data
from web.errors import STATUS
from web.operations import document
from web.preferences import preferences as routes
from web.records import Asked
from web.site import site

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
    parts = ("captioner", "emotion_image", "emotion_text", "rewriter", "fact_checker")
    rows = ((f"`{n}`", *(f"`{getattr(p, part)}`" for part in parts), p.about) for n, p in load_presets().items())
    return table(("preset", *parts, "about"), rows)


def licences() -> str:
    """The models' licences."""
    return table(("model", "for", "licence"), ((m.name, ", ".join(m.parts), m.licence) for m in shelf(DOCS)))


def operations() -> str:
    """The API's operations."""
    app = Flask("web")
    for part in (account, api, data, routes, site):
        app.register_blueprint(part)
    rows = [
        (f"`{method.upper()} {path}`", told["summary"], ", ".join(status for status in told["responses"]))
        for path, methods in document(app, "", ())["paths"].items()
        for method, told in methods.items()
    ]
    return table(("operation", "what it does", "answers"), rows)


def asked() -> str:
    """What can be asked of a caption."""
    return table(("field", "what it is"), ((f"`{n}`", f.description or "") for n, f in Asked.model_fields.items()))


def preferences() -> str:
    """What can be preferred."""
    fields = StatedPreferences.model_fields.items()
    return table(("preference", "what it is"), ((f"`{name}`", field.description or "") for name, field in fields))


def problems() -> str:
    """The codes of errors."""
    rows = ((f"`{kind.code}`", str(status), (kind.__doc__ or "").split("\n")[0]) for kind, status in STATUS.items())
    return table(("code", "status", "what it means"), rows)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


PARTS = {
    part.__name__: part
    for part in (settings, moods, backends, presets, licences, operations, asked, preferences, problems)
}


def renew(text: str) -> str:
    """The text with every part between `<!-- name -->` and `<!-- end -->` made anew."""

    def part(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n{PARTS[match[1]]()}\n<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", part, text, flags=re.DOTALL)


if __name__ == "__main__":
    for file in DOCS.glob("*.md"):
        file.write_text(renew(file.read_text("utf-8")), "utf-8")
