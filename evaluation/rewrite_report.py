"""The report of the rewrites' figures: Markdown tables, plots beside it, and samples that nobody picked."""

import math
import random
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from .rewrite_figures import (
    OURS,
    RESAMPLES,
    Interval,
    Row,
    by_system,
    common_phrase,
    distinct,
    distinct_texts,
    interval,
    mean_scores,
    rising,
)

SAMPLES, SEED = 20, 0
NEED = "The plots need matplotlib; install it by pip install 'moodcap[evaluation]', or leave out --out."
READING = f"""
Square brackets hold 95 % intervals: {RESAMPLES:,} bootstrap resamples of whole photos.

- **aligned**: in one of the eight emotions, the share of texts whose label by the judge is accepted for the emotion
  (contentment and excitement: joy; amusement: joy or surprise; awe: surprise, joy or love; disgust: anger, the nearest
  that there is). The judge is set so that people's plain captions lean to no label.
- **distance**: in the further moods, from the mood's valence, arousal and dominance to where the judge hears the text;
  lower is better.
- **kept**: the weighted share of the literal caption's content words. **adds**: the share of texts that name a thing
  which the caption does not hold. **contradicts**: the share that give another number, colour or gender, or deny it.
- **distinct-1, distinct-2**: different words and pairs among all. **texts**: the share of different texts.
- **opener, phrase**: three first words, and four words anywhere, that most texts share and their captions do not hold.
- **fluency**: mean log-probability of a token by the plain language model, unprompted.
- **seconds**: for a caption, in batches, on the machine that made this report.
""".strip()
Draw = Callable[[Sequence[Row], Path], list[str]]


class Report(NamedTuple):
    """Everything that the report is written from."""

    command: str
    rows: list[Row]
    judge_accuracy: float
    examples: tuple[float, float]
    human_fluency: float
    models: dict[str, str]


def render(report: Report, plots: Sequence[str] = ()) -> str:
    """The report as Markdown; `plots` are the names of files beside it."""
    sources = list(dict.fromkeys(row.rewrite.source for row in report.rows))
    parts = ["# Figures of the rewrites", f"    {report.command}", _facts(report), READING]
    for source in sources:
        those = [row for row in report.rows if row.rewrite.source == source]
        parts += [f"## On {source}", *_system_tables(by_system(those, source))]
        parts += ["### Mood by mood", *_mood_table(those)]
    ours = [row for row in report.rows if row.rewrite.system == OURS]
    parts += ["## Plots, over all captions", *(f"![{Path(name).stem}]({name})" for name in plots)] if plots else []
    parts += [f"## {min(SAMPLES, len(ours))} samples, drawn by chance", _samples(ours)]
    return "\n\n".join(parts) + "\n"


def _facts(report: Report) -> str:
    rewrites = [row.rewrite for row in report.rows]
    count = {name: len({getattr(one, name) for one in rewrites}) for name in ("photo", "mood", "intensity", "system")}
    aligned, distance = report.examples
    return "\n".join(
        [
            f"- photos: {count['photo']}, moods: {count['mood']}, intensities: {count['intensity']}, "
            f"systems: {count['system']}, texts: {len(rewrites):,}",
            f"- models: {', '.join(f'{part} {name}' for part, name in report.models.items())}",
            "- the judge: a logistic head on plain MiniLM and a fine-tuned MiniLM, trained on dair_emotion; "
            f"{report.judge_accuracy:.3f} of its test sentences right",
            f"- hand-written examples of the same moods, as the judge hears them: aligned {_number(aligned)}, "
            f"distance {_number(distance)}",
            f"- fluency of the photos' captions by people: {report.human_fluency:.2f}",
        ]
    )


def _system_tables(systems: dict[str, list[Row]]) -> list[str]:
    content, variety = [], []
    for name, rows in systems.items():
        texts, literals = [row.rewrite.text for row in rows], [row.rewrite.literal for row in rows]
        content.append([name, *_content(rows)])
        pair = (common_phrase(texts, literals, 3, opening=True), common_phrase(texts, literals, 4))
        numbers = [distinct(texts, 1), distinct(texts, 2), distinct_texts(texts)]
        cost = [
            interval(rows, lambda row: row.length),
            interval(rows, lambda row: row.fluency),
            interval(rows, lambda row: row.rewrite.fallback),
        ]
        seconds = sum(row.rewrite.seconds for row in rows) / len(rows)
        shown = [f"{phrase}, {share:.0%}" if phrase else "" for phrase, share in pair]
        variety.append([name, *map(_number, numbers), *shown, *map(_shown, cost), _number(seconds)])
    return [
        _table(["system", "aligned", "at the highest intensity", "distance", "kept", "adds", "contradicts"], content),
        _table(
            "system distinct-1 distinct-2 texts opener phrase length fluency fallback seconds".split(),
            variety,
        ),
    ]


def _content(rows: Sequence[Row]) -> list[str]:
    most = max(row.rewrite.intensity for row in rows)
    told = [
        interval(rows, lambda row: row.aligned),
        interval(rows, lambda row: row.aligned if row.rewrite.intensity == most else None),
        interval(rows, lambda row: row.distance if row.aligned is None else None),
        interval(rows, lambda row: row.kept),
        interval(rows, lambda row: bool(row.added)),
        interval(rows, lambda row: bool(row.against)),
    ]
    return [_shown(one) for one in told]


def _mood_table(rows: Sequence[Row]) -> list[str]:
    """For each mood the aligned share, or the distance, at each intensity and of the literal caption."""
    ours = [row for row in rows if row.rewrite.system == OURS]
    steps = sorted({row.rewrite.intensity for row in ours})
    rises, lines = rising(ours), []
    for mood in dict.fromkeys(row.rewrite.mood for row in ours):
        those = [row for row in ours if row.rewrite.mood == mood]
        plain = [row for row in rows if row.rewrite.mood == mood and row.rewrite.system == "literal caption"]
        cells = [_heard([row for row in those if row.rewrite.intensity == step]) for step in steps]
        what = "distance" if those[0].aligned is None else "aligned"
        lines.append([mood, what, _heard(plain), *cells, "" if mood not in rises else "yes" if rises[mood] else "no"])
    share = f"{sum(rises.values())} of {len(rises)} moods" if rises else "measured at one intensity only, so unknown"
    told = f"Moods whose mean score rises with every step of intensity: {share}."
    return [told, _table(["mood", "figure", "literal", *(f"at {step:g}" for step in steps), "rises"], lines)]


def _heard(rows: Sequence[Row]) -> str:
    return _shown(interval(rows, lambda row: row.distance if row.aligned is None else row.aligned))


def _samples(ours: Sequence[Row]) -> str:
    drawn = random.Random(SEED).sample(list(ours), min(SAMPLES, len(ours)))
    lines = [
        [one.mood, f"{one.intensity:g}", one.literal, one.text + (" (fallback)" if one.fallback else "")]
        for one in (row.rewrite for row in drawn)
    ]
    return _table(["mood", "intensity", "literal caption", "mood caption"], lines)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in row)} |" for row in rows)


def _shown(told: Interval) -> str:
    return f"{told.mean:.2f} [{told.low:.2f}, {told.high:.2f}]" if not math.isnan(told.mean) else ""


def _number(value: float) -> str:
    return f"{value:.2f}" if not math.isnan(value) else "unknown"


def plot_maker() -> Draw:
    """A function that writes the plots beside a report and gives their names.

    Raises:
        SystemExit: matplotlib is not installed.
    """
    try:
        matplotlib = import_module("matplotlib")
        figure = import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise SystemExit(NEED) from error
    matplotlib.rcParams["svg.hashsalt"] = "moodcap"  # the same rows give the same file

    def draw(rows: Sequence[Row], out: Path) -> list[str]:
        names = []
        for name, plot in (("moods", _plot_moods), ("intensity", _plot_intensity)):
            names.append(f"{out.stem}-{name}.svg")
            plot(figure, rows).savefig(out.with_name(names[-1]), metadata={"Date": None}, bbox_inches="tight")
        return names

    return draw


def _plot_moods(figure: Any, rows: Sequence[Row]) -> Any:
    """How much nearer than its literal caption a rewrite comes to its mood, for each mood."""
    ours, plain = ([r for r in rows if r.rewrite.system == name] for name in (OURS, "literal caption"))
    gains = {mood: _mean_score(ours, mood) - _mean_score(plain, mood) for mood in mean_scores(ours)}
    sheet = figure(figsize=(7, 1.5 + 0.22 * len(gains)))
    axes = sheet.subplots()
    order = sorted(gains, key=lambda mood: gains[mood])
    axes.barh(order, [gains[mood] for mood in order], color="#4a7a9c")
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.set_xlabel("mean score over that of the literal caption")
    axes.set_title("Alignment per mood")
    return sheet


def _mean_score(rows: Sequence[Row], mood: str) -> float:
    return interval([row for row in rows if row.rewrite.mood == mood], lambda row: row.score).mean


def _plot_intensity(figure: Any, rows: Sequence[Row]) -> Any:
    """The judge's figures against the intensity that was asked for, one line a system."""
    sheet = figure(figsize=(9, 4))
    left, right = sheet.subplots(1, 2)
    for system in dict.fromkeys(row.rewrite.system for row in rows):
        those = [row for row in rows if row.rewrite.system == system]
        steps = sorted({row.rewrite.intensity for row in those})
        at = [[row for row in those if row.rewrite.intensity == step] for step in steps]
        left.plot(steps, [interval(some, lambda row: row.aligned).mean for some in at], "o-", label=system)
        away = [interval(some, lambda row: row.distance if row.aligned is None else None).mean for some in at]
        right.plot(steps, away, "o-", label=system)
    for axes, title in ((left, "aligned, eight emotions"), (right, "distance, further moods")):
        axes.set_xlabel("intensity")
        axes.set_title(title)
    right.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.02, 1))
    return sheet
