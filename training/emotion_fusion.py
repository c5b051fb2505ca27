"""Calibrate how the emotions of image and caption are pooled, on the half of the dev photos that calibrates.

    python -m training.emotion_fusion DATA --out models/emotion_fusion.toml

The weight of the text, and how much of its neutral part is silence, are those with the least cross-entropy to the
annotated emotions. Confidence is how often a top emotion of that share is the annotated one (Platt scaling). The
threshold is the least confidence from which on `GOAL` of the named emotions are right; below it the reading abstains.
"""

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chains import Settings
from models import EMOTIONS, EmotionInput, ModelContext, Models, find_preset, load_models, open_photo
from models.emotion_fusion import Weights, certainty, pool

from .annotations import Annotated, read_annotated
from .caption_truth import fit

Array = NDArray[np.float64]
TEXT_WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5)
QUIET = (1.0, 0.9, 0.7)
THRESHOLDS = tuple(np.arange(0.2, 0.8, 0.02).round(2).tolist())
GOAL = 0.7


def readings(models: Models, photos: Sequence[Annotated], batch: int = 8) -> tuple[Array, Array]:
    """The nine emotions by image and by literal caption, (photos, 9) each."""
    by_image, by_text = [], []
    for start in range(0, len(photos), batch):
        opened = [open_photo(photo.file) for photo in photos[start : start + batch]]
        captions = models.captioner.caption(opened)
        by_text += models.emotion_text.read([EmotionInput(text=caption.text) for caption in captions])
        by_image += models.emotion_image.read([EmotionInput(photo) for photo in opened])
    shares = [[[one.distribution[emotion] for emotion in EMOTIONS] for one in rows] for rows in (by_image, by_text)]
    return np.array(shares[0]), np.array(shares[1])


def calibrate(image: Array, text: Array, wanted: Array) -> tuple[Weights, dict[str, float]]:
    """The weights, and what they give: the loss, the share of photos with a named emotion, how many are right."""

    def pooled(weight: float, quiet: float) -> Array:
        weights = Weights(1.0, weight, quiet, 1.0, 0.0)
        return np.stack([pool(a, b, weights) for a, b in zip(image, text, strict=True)])

    losses = {way: -float((wanted * np.log(pooled(*way) + 1e-9)).sum(1).mean()) for way in product(TEXT_WEIGHTS, QUIET)}
    weight, quiet = min(losses, key=losses.__getitem__)
    shares = pooled(weight, quiet)
    top, sure = shares.argmax(1), shares.max(1)
    right = wanted[np.arange(len(top)), top] == wanted.max(1)
    named = top != EMOTIONS.index("neutral")
    slope, bias = fit(np.log(sure / (1 - sure))[:, None], right.astype(float))
    found = Weights(1.0, weight, quiet, 1.0, 0.0, float(slope[0]), bias)
    sure = np.array([certainty(float(share), found) for share in sure])
    fits = [one for one in THRESHOLDS if (named & (sure >= one)).any() and right[named & (sure >= one)].mean() >= GOAL]
    threshold = min(fits, default=THRESHOLDS[-1])
    told = named & (sure >= threshold)
    figures = {"cross-entropy": losses[weight, quiet], "named": float(told.mean()), "right": float(right[told].mean())}
    return found._replace(threshold=threshold), figures


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("models/emotion_fusion.toml"))
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    models = load_models(find_preset("embedded"), ModelContext(settings.home, settings.device))
    photos = [photo for photo in read_annotated(options.data) if photo.calibrates]
    weights, figures = calibrate(*readings(models, photos), np.array([photo.emotion for photo in photos]))
    told = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    rows = "\n".join(f"{name} = {round(value, 4)}" for name, value in weights._asdict().items())
    options.out.write_text(
        f"# How image and text are pooled; made by `python -m training.emotion_fusion`.\n# {told}\n[weights]\n{rows}\n",
        "utf-8",
    )
    print(told)


if __name__ == "__main__":
    main()
