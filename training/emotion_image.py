"""Fit the embedded image emotion: a kernel ridge head for valence and arousal on OASIS.

    python -m training.emotion_image DATA --cache CACHE --out models/embedded

`CACHE` holds the features of the photos (`python -m training.features`). The error on photos of unseen themes is
found by five folds grouped by theme and shipped with the head, which itself is fitted on all photos.
"""

import argparse
import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from evaluation.metrics import pearson
from models.emotion_image_embedded import block_kernel, describe
from models.photo_tags import Features

from .features import load

Array = NDArray[np.float64]
FOLDS, RIDGE, SHARPNESS = 5, 0.1, 0.6


def read_ratings(data: Path) -> tuple[Array, list[str]]:
    """Valence and arousal of every photo, scaled from 1..7 to -1..1, and its theme (the name without its number)."""
    rows = [json.loads(line) for line in (data / "oasis/ratings.jsonl").read_text("utf-8").splitlines()]
    ratings = np.array([[row["valence"], row["arousal"]] for row in rows])
    return (ratings - 4) / 3, [re.sub(r"\s*\d+$", "", row["theme"]) for row in rows]


def block_widths(features: Features) -> list[int]:
    """The widths of the blocks that `describe` puts side by side."""
    patch, grid, classes = features.patches.shape[-1], features.grid.shape[-1], features.classes.shape[-1]
    return [patch, patch, grid, grid, classes]


def fit(rows: Array, target: Array, widths: Sequence[int]) -> dict[str, Array]:
    """The head for photos described by `rows`: scaling, the photos themselves, and their weights."""
    mean, scale, bias = rows.mean(0), rows.std(0) + 1e-3, target.mean(0)
    photos = (rows - mean) / scale
    kernel = block_kernel(photos, photos, widths, SHARPNESS)
    weights = np.linalg.solve(kernel + RIDGE * np.eye(len(rows)), target - bias)
    return {"mean": mean, "scale": scale, "photos": photos, "weights": weights, "bias": bias}


def predict(head: dict[str, Array], rows: Array, widths: Sequence[int]) -> Array:
    """Valence and arousal of described photos, (photos, 2)."""
    kernel = block_kernel((rows - head["mean"]) / head["scale"], head["photos"], widths, SHARPNESS)
    found: Array = kernel @ head["weights"] + head["bias"]
    return found


def cross_validate(rows: Array, target: Array, themes: Sequence[str], widths: Sequence[int], seed: int = 0) -> Array:
    """Predictions for every photo by a head that saw no photo of its theme."""
    names = sorted(set(themes))
    random.Random(seed).shuffle(names)
    fold = {name: i % FOLDS for i, name in enumerate(names)}
    folds = np.array([fold[theme] for theme in themes])
    found = np.zeros_like(target)
    for i in range(FOLDS):
        seen = folds != i
        if (~seen).any():
            found[~seen] = predict(fit(rows[seen], target[seen], widths), rows[~seen], widths)
    return found


def save(head: dict[str, Array], widths: Sequence[int], spread: Array, out: Path) -> None:
    """Write the head in half precision, and how its blocks are compared."""
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.astype(np.float16) for name, value in head.items()}, out / "emotion_image.safetensors")
    settings = {"widths": list(widths), "sharpness": SHARPNESS, "spread": [round(float(s), 4) for s in spread]}
    (out / "emotion_image.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="the folder of cached features")
    parser.add_argument("--out", type=Path, default=Path("models/embedded"))
    options = parser.parse_args(arguments)
    target, themes = read_ratings(options.data)
    cached = load(options.cache / "oasis/plain")
    features = Features(*(torch.from_numpy(cached[name]).float() for name in Features._fields))
    rows, widths = describe(features), block_widths(features)
    found = cross_validate(rows, target, themes, widths)
    for i, name in enumerate(("valence", "arousal")):
        print(f"{name}: r {pearson(found[:, i].tolist(), target[:, i].tolist()):.3f}")
    save(fit(rows, target, widths), widths, (found - target).std(0), options.out)


if __name__ == "__main__":
    main()
