"""All figures of the embedded models on data that training never saw, with 95 % intervals.

    python -m evaluation.models --data ../shared/data [--sample 100]

Captions and emotions of photos are measured on the product's own path, from the file on. What is kept aside:
`training/annotations.py`.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chains import Settings
from models import ModelContext, find_preset, load_models
from models.emotion_text_embedded import EmbeddedTextEmotion
from training.annotations import measured, read_annotated
from training.emotion_text import read_split

from .captioner import captioner_figures, describer
from .metrics import interval, macro_f1
from .photo_emotions import emotion_figures

EKMAN = {
    "anger": "anger annoyance disapproval",
    "disgust": "disgust",
    "fear": "fear nervousness",
    "joy": "joy amusement approval excitement gratitude love optimism relief pride admiration desire caring",
    "sadness": "sadness disappointment embarrassment grief remorse",
    "surprise": "surprise realization confusion curiosity",
    "neutral": "neutral",
}
"""GoEmotions' own grouping into Ekman's emotions (Demszky et al., 2020)."""
Row = tuple[str, str, float, Any]
"""What is measured, on what, the figure, and its 95 % interval or what else is to be known."""


def text_rows(reader: EmbeddedTextEmotion, data: Path, sample: int | None) -> list[Row]:
    """The text emotion's figures on GoEmotions' test split."""
    labels = (data / "goemotions/labels.txt").read_text("utf-8").split()
    texts, target = read_split(data / "goemotions/test.tsv", len(labels))
    texts, true = texts[:sample], target[:sample].numpy().astype(bool)
    found = reader.probabilities(texts)
    said = found >= reader.thresholds
    groups = [[labels.index(label) for label in row.split()] for row in EKMAN.values()]
    strength = found / reader.thresholds
    grouped = np.stack([strength[:, g].max(1) >= 1 for g in groups], 1)
    wanted = np.stack([true[:, g].any(1) for g in groups], 1)
    return [
        ("emotion from text, macro-F1, 28 labels", "GoEmotions test", macro_f1(said, true), "BERT-base: 0.46"),
        ("emotion from text, macro-F1, Ekman's 7", "GoEmotions test", macro_f1(grouped, wanted), "BERT-base: 0.64"),
    ]


def shown(value: Any) -> str:
    """An interval or a remark, in words."""
    return f"{value[0]:.3f} to {value[1]:.3f}" if isinstance(value, tuple) else str(value)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sample", type=int, help="so many photos and texts of each data set, for a quick look")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    models = load_models(find_preset("embedded"), ModelContext(settings.home, settings.device))
    started = time.monotonic()
    photos = read_annotated(options.data)
    rows: list[Row] = [
        (what, f"{where}, {len(values)}", float(np.mean(values)), interval(values))
        for what, where, values in captioner_figures(describer(models.captioner), measured(photos), options.sample)
    ]
    rows += emotion_figures(models, photos, options.sample)
    if isinstance(models.emotion_text, EmbeddedTextEmotion):
        rows += text_rows(models.emotion_text, options.data, options.sample)
    if options.json:
        print(json.dumps(rows))
        return
    print("| what | on | figure | 95 % interval |\n|---|---|---|---|")
    for what, where, figure, remark in rows:
        print(f"| {what} | {where} | {figure:.3f} | {shown(remark)} |")
    print(f"\nmeasured in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
