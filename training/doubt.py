"""Choose what counts among the captions that the captioner finds, and calibrate how much a caption is doubted.

    python -m training.doubt DATA [--marks data/annotations/caption_marks.jsonl] --out models/caption_choice.toml

Both by marks (right, partly, wrong) that captions of photos got which training never saw. The weights of support and
agreement are those that choose the best captions on the half of the dev photos that calibrates; the doubt is the
probability that a caption is wrong: a logistic regression of what the captioner knows of it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chains import Settings
from models import ModelContext, find_preset, load_models, open_photo
from models.caption_choice import Choice, choose, signals
from models.captioner_embedded import sentence

from .annotations import ROOT, Annotated, lines, read_annotated

Array = NDArray[np.float64]
Way = tuple[float, float]
"""The weights of support and agreement."""
WAYS: tuple[Way, ...] = ((0.05, 0.0), (0.0, 0.0))
"""Those that are compared; where marks do not tell them apart, the first, whose CIDEr-D is higher."""
Marks = dict[tuple[str, str], str]
"""By photo and caption: right, partly or wrong."""
VALUES = {"right": 1.0, "partly": 0.0, "wrong": -1.0}
RIDGE = 1.0
MARKS = ROOT / "caption_marks.jsonl"


class Beams:
    """All captions that the captioner finds for a photo, with their support, and how sure the kind of picture is."""

    def __init__(self, captioner: Any, photos: Sequence[Annotated]) -> None:
        self.found: dict[str, tuple[list[Choice], float]] = {}
        for photo in photos:
            self.found[photo.id] = captioner.choices(open_photo(photo.file))

    def best(self, name: str, way: Way) -> Choice:
        """The caption that these weights of support and agreement choose."""
        return choose(self.found[name][0], *way)


def worth(beams: Beams, photos: Sequence[Annotated], marks: Marks) -> dict[Way, float]:
    """The mean mark of what each two weights choose, over the photos where what all of them choose was marked."""
    taken = [[(photo.id, sentence(beams.best(photo.id, way).text)) for way in WAYS] for photo in photos]
    values = [[VALUES[marks[key]] for key in row] for row in taken if all(key in marks for key in row)]
    return dict(zip(WAYS, np.mean(values, axis=0).tolist(), strict=True))


def known(beams: Beams, marks: Marks) -> tuple[list[dict[str, float]], list[bool]]:
    """The signals of every marked caption that was found, and whether it is wrong."""
    rows, wrong = [], []
    for name, (choices, kind) in beams.found.items():
        told = {sentence(one.text): one for one in choices}
        for text in told.keys() & {text for photo, text in marks if photo == name}:
            rows.append(signals(told[text], choices, kind))
            wrong.append(marks[name, text] == "wrong")
    return rows, wrong


def fit(rows: Array, wrong: Array) -> tuple[Array, float]:
    """Weights and bias of a ridge logistic regression, by Newton's steps."""
    full = np.concatenate([rows, np.ones((len(rows), 1))], 1)
    weights, ridge = np.zeros(full.shape[1]), np.diag([RIDGE] * rows.shape[1] + [1e-6])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-full @ weights))
        slope = full.T @ (chance - wrong) + ridge @ weights
        weights -= np.linalg.solve((full * (chance * (1 - chance))[:, None]).T @ full + ridge, slope)
    return weights[:-1], float(weights[-1])


def write(out: Path, way: Way, doubt: dict[str, float], told: Sequence[str]) -> None:
    """Write the weights, and what they give, as TOML."""
    rows = [*(f"# {line}" for line in told), "[choice]", f"support = {way[0]}", f"agreed = {way[1]}", "", "[doubt]"]
    rows += [f"{name} = {value:.4f}" for name, value in doubt.items()]
    out.write_text("# Made by `python -m training.doubt`.\n" + "\n".join(rows) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--marks", type=Path, default=MARKS)
    parser.add_argument("--out", type=Path, default=Path("models/caption_choice.toml"))
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    captioner = load_models(find_preset("embedded"), ModelContext(settings.home, settings.device)).captioner
    photos = {photo.id: photo for photo in read_annotated(options.data) if photo.split != "train"}
    half = [photo for photo in photos.values() if photo.calibrates]
    marks = {(row["id"], row["caption"]): row["mark"] for row in lines(options.marks) if row["use"] == "calibrate"}
    names = dict.fromkeys([photo.id for photo in half] + [name for name, _ in marks])
    beams = Beams(captioner, [photos[name] for name in names])
    values = worth(beams, half, marks)
    way = max(values, key=values.__getitem__)
    told = [
        f"mean mark (right 1, wrong -1) of {len(half)} photos: {values[way]:.3f}; by likelihood {values[WAYS[0]]:.3f}"
    ]
    table, wrong = known(beams, marks)
    signs = list(table[0])
    weights, bias = fit(np.array([[row[sign] for sign in signs] for row in table]), np.array(wrong, float))
    told.append(f"doubt from {len(wrong)} marked captions, {np.mean(wrong):.2f} wrong")
    write(options.out, way, {"bias": bias, **dict(zip(signs, weights.tolist(), strict=True))}, told)
    print("\n".join(told))


if __name__ == "__main__":
    main()
