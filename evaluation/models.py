"""All figures of the embedded models on held-out data, beside what they are measured against.

    python -m evaluation.models --data ../shared/data [--sample 100] [--cache CACHE]

The emotion from image is validated in folds, for which the head is fitted again; its photos' features come from
`--cache` (`python -m training.features`) or are computed on the spot.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from chains import Settings
from models import ModelContext, Models, find_preset, load_models, open_photo
from models.emotion_text_embedded import EmbeddedTextEmotion
from models.photo_tags import Features
from training.emotion_image import block_widths, cross_validate, read_ratings
from training.emotion_text import read_split
from training.features import load, photo_files

from .captioner import Describe, coco_figures, describer, flickr_figures, named_figures, shaped_figures
from .metrics import macro_f1, pearson

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
FOLD_SEEDS = (0, 1, 2, 3, 4)
Row = tuple[str, str, float, str]
"""What is measured, on what, the figure, and what it is held against."""


def captioner_rows(describe: Describe, data: Path, sample: int | None) -> list[Row]:
    """The captioner's figures."""
    flickr, coco = flickr_figures(describe, data, sample), coco_figures(describe, data, sample)
    shaped, named = shaped_figures(describe, data, sample), named_figures(describe, data, sample)
    return [
        ("captioner, CIDEr-D", "flickr8k dev", flickr["CIDEr-D"], "0.48"),
        ("captioner, BLEU-4", "flickr8k dev", flickr["BLEU-4"], "0.19"),
        ("captioner, CIDEr-D", "flickr8k dev, stretched to 3:2 and 2:3", shaped["CIDEr-D"], ""),
        ("captioner, CIDEr-D", "coco_small, rows not trained on", coco["CIDEr-D"], ""),
        ("captioner, names the thing", "imagenet_named, things not trained on", named["named"], ""),
        ("captioner, invents a man, boy or dog", "imagenet_named, things not trained on", named["invented"], ""),
    ]


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
        ("emotion from text, macro-F1, 28 labels", "GoEmotions test", macro_f1(said, true), "0.46 (BERT-base)"),
        ("emotion from text, macro-F1, Ekman's 7", "GoEmotions test", macro_f1(grouped, wanted), "0.64 (BERT-base)"),
    ]


def image_rows(models: Models, data: Path, cache: Path | None) -> list[Row]:
    """The image emotion's figures on OASIS: five folds grouped by theme, the mean over five ways to fold."""
    target, themes = read_ratings(data)
    if cache:
        cached = load(cache / "oasis/plain")
        features = Features(*(torch.from_numpy(cached[name]).float() for name in Features._fields))
    else:
        features = look(models, photo_files(data, "oasis"))
    from models.emotion_image_embedded import describe

    rows, widths = describe(features), block_widths(features)
    found = [cross_validate(rows, target, themes, widths, seed) for seed in FOLD_SEEDS]
    means = [np.mean([pearson(one[:, i].tolist(), target[:, i].tolist()) for one in found]) for i in range(2)]
    return [
        ("emotion from image, valence, r", "OASIS, folds by theme", float(means[0]), "0.57 (ridge)"),
        ("emotion from image, arousal, r", "OASIS, folds by theme", float(means[1]), "0.69 (ridge)"),
    ]


def look(models: Models, files: Sequence[Path], batch: int = 16) -> Features:
    """What the embedded captioner's encoders see of photos."""
    source = models.captioner
    parts = []
    for start in range(0, len(files), batch):
        parts.append(source.features([open_photo(file) for file in files[start : start + batch]]))  # type: ignore[attr-defined]
    return Features(*(torch.cat(part) for part in zip(*parts, strict=True)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="cached features of the OASIS photos")
    parser.add_argument("--sample", type=int, help="so many photos and texts of each data set, for a quick look")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    models = load_models(find_preset("embedded"), ModelContext(settings.home, settings.device))
    started = time.monotonic()
    reader = models.emotion_text
    rows = image_rows(models, options.data, options.cache)
    if isinstance(reader, EmbeddedTextEmotion):
        rows += text_rows(reader, options.data, options.sample)
    rows += captioner_rows(describer(models.captioner), options.data, options.sample)
    if options.json:
        print(json.dumps(rows))
        return
    print("| what | on | figure | held against |\n|---|---|---|---|")
    for what, where, figure, against in rows:
        print(f"| {what} | {where} | {figure:.3f} | {against} |")
    print(f"\nmeasured in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
