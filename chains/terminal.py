"""How captions and tables look in a terminal."""

from collections.abc import Iterable

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from models import EMOTIONS, NEGATIVE, POSITIVE, EmotionReading

from .records import MoodCaption

COLORS = dict.fromkeys(POSITIVE, "green") | dict.fromkeys(NEGATIVE, "magenta") | {"neutral": "blue"}


def show_caption(file: str, caption: MoodCaption) -> RenderableType:
    """The literal caption, the emotion as a small bar chart with its evidence, and the mood caption."""
    return Group(
        Text(file, style="dim"),
        Text.assemble(("literal  ", "bold"), caption.literal),
        *(Text(f"         {line}", style="yellow") for line in sight_lines(caption)),
        Text.assemble(("emotion  ", "bold"), "none is claimed" if caption.note else feeling(caption.emotion)),
        *([] if caption.note else [emotion_chart(caption.emotion)]),
        *(Text(f"         {line}", style="dim") for line in evidence_lines(caption.emotion)),
        Text.assemble(("caption  ", "bold"), (caption.text, "bold green" if not caption.fallback else "")),
        Text(f"         {mood_line(caption)}", style="dim"),
        *([Text(f"         {suits_line(caption)}", style="dim")] if caption.suits else []),
        Text(),
    )


def sight_lines(caption: MoodCaption) -> list[str]:
    """What is to be said of the picture: its kind, where it is no photo, and that its caption is doubted."""
    of_kind = caption.kind not in ("photo", "blank")
    return ([f"This looks like a {caption.kind}."] if of_kind else []) + ([caption.note] if caption.note else [])


def suits_line(caption: MoodCaption) -> str:
    """The moods that fit the photo best."""
    return f"Suits: {', '.join(one.name for one in caption.suits)}"


def feeling(reading: EmotionReading) -> str:
    """The reading in words."""
    where = f"valence {reading.valence:+.2f}, arousal {reading.arousal:+.2f}"
    if reading.abstained:
        return f"none that is sure enough ({reading.confidence:.0%} at most; {where})"
    return f"{reading.emotion} ({reading.confidence:.0%}; {where})"


def emotion_chart(reading: EmotionReading) -> Table:
    """Bars of the nine emotions."""
    chart = Table.grid(padding=(0, 1))
    chart.add_column(justify="right", width=20)
    chart.add_column(max_width=30)
    chart.add_column(no_wrap=True)
    for emotion in EMOTIONS:
        share = reading.distribution[emotion]
        bar = Bar(1, 0, share, color=COLORS[emotion])
        chart.add_row(Text(emotion, style=COLORS[emotion]), bar, Text(f"{share:4.0%}", style="dim"))
    return chart


def evidence_lines(reading: EmotionReading) -> list[str]:
    """The evidence, a line each: what, by which source, for which emotion, how strongly."""
    shown = {"image": "the photo has", "text": "the caption says"}
    return [f"{shown[e.source]} “{e.what}”: {e.emotion} ({e.weight:.0%})" for e in reading.evidence]


def mood_line(caption: MoodCaption) -> str:
    """Why the caption reads as it does."""
    mood = f"{caption.mood.name} at {caption.mood.intensity:g}, {caption.mood.source}"
    if caption.note:
        return "the literal caption as it is; no mood is put on top"
    if caption.fallback:
        return f"{mood}; no rewrite passed the checks, so this is the literal caption"
    if caption.checks is None:
        return f"{mood}; the literal caption as it is"
    kept = "keeps everything" if not caption.checks.lost else f"leaves out {', '.join(caption.checks.lost)}"
    return f"{mood}; {kept}, adds nothing; {len(caption.alternatives)} more passed, {len(caption.rejected)} did not"


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """A plain table, its cells taken literally; what does not fit is wrapped, not cut."""
    heads = list(columns)
    made = Table(box=None, header_style="bold", pad_edge=False, show_header=any(heads))
    for head in heads:
        made.add_column(head, overflow="fold")
    for row in rows:
        made.add_row(*map(Text, row))
    return made
