"""Calibrate how the emotions of image and caption are pooled, on OASIS.

    python -m training.emotion_fusion DATA --cache CACHE --out models/emotion_fusion.toml

Each photo's image reading comes from a head that saw no photo of its theme, its text reading from the embedded
captioner's caption. The weight of the text is the one with the least cross-entropy to the emotions near the people's
own ratings. Neutral counts as little as can be while 85 in 100 named emotions are on the people's side of valence,
and the threshold is the least with which that holds.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from chains import Settings
from models import EMOTIONS, EmotionInput, ModelContext, emotion_places, find_preset, load_models, open_photo
from models.emotion_fusion import Weights, pool
from models.emotion_image_embedded import describe, nearby_emotions
from models.photo_tags import Features

from .emotion_image import block_widths, cross_validate, read_ratings
from .features import load, photo_files

Array = NDArray[np.float64]
TEXT_WEIGHTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
THRESHOLDS = tuple(np.arange(0.2, 0.6, 0.02).round(2).tolist())
NEUTRAL = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
GOAL = 0.85
COLD = 0.1  # ratings this near to the middle have no side of valence


def image_readings(data: Path, cache: Path) -> tuple[Array, Array]:
    """The nine emotions by image for every photo, and the emotions near people's ratings, (photos, 9) each."""
    target, themes = read_ratings(data)
    cached = load(cache / "oasis/plain")
    features = Features(*(torch.from_numpy(cached[name]).float() for name in Features._fields))
    found = cross_validate(describe(features), target, themes, block_widths(features))
    spread = (float((found - target)[:, 0].std()), float((found - target)[:, 1].std()))
    by_image = np.stack([nearby_emotions(place, spread) for place in found])
    return by_image, np.stack([nearby_emotions(place, (0.1, 0.1)) for place in target])


def text_readings(data: Path, batch: int = 16) -> Array:
    """The nine emotions of every photo's caption, (photos, 9)."""
    settings = Settings.from_environment()
    models = load_models(find_preset("embedded"), ModelContext(settings.home, settings.device))
    files, rows = photo_files(data, "oasis"), []
    for start in range(0, len(files), batch):
        captions = models.captioner.caption([open_photo(file) for file in files[start : start + batch]])
        rows += models.emotion_text.read([EmotionInput(text=caption.text) for caption in captions])
    return np.array([[row.distribution[emotion] for emotion in EMOTIONS] for row in rows])


def calibrate(image: Array, text: Array, wanted: Array, valence: Array) -> tuple[Weights, dict[str, float]]:
    """The weights, and what they give: the share of photos with a named emotion, and how many are on the right side."""

    def pooled(weight: float, neutral: float = 1.0) -> Array:
        weights = Weights(1.0, weight, 1.0, neutral, 0.0)
        return np.stack([pool(a, b, weights) for a, b in zip(image, text, strict=True)])

    losses = {weight: -float((wanted * np.log(pooled(weight))).sum(1).mean()) for weight in TEXT_WEIGHTS}
    best = min(losses, key=losses.__getitem__)
    options = [
        (named, right, neutral, threshold)
        for neutral in NEUTRAL
        for threshold in THRESHOLDS
        for named, right in [sides(pooled(best, neutral), valence, threshold)]
        if right >= GOAL
    ]
    named, right, neutral, threshold = max(options, default=(0.0, 1.0, 1.0, 1.0))
    weights = Weights(1.0, best, 1.0, neutral, threshold)
    return weights, {"named": named, "right": right, "cross-entropy": losses[best]}


def sides(shares: Array, valence: Array, threshold: float) -> tuple[float, float]:
    """The share of photos for which an emotion other than neutral is named, and of those on the right side."""
    top = shares.argmax(1)
    named = (shares.max(1) >= threshold) & (top != EMOTIONS.index("neutral"))
    judged = named & (np.abs(valence) >= COLD)
    right = np.sign(emotion_places()[top, 0]) == np.sign(valence)
    return float(named.mean()), float(right[judged].mean()) if judged.any() else 1.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="the folder of cached features")
    parser.add_argument("--out", type=Path, default=Path("models/emotion_fusion.toml"))
    options = parser.parse_args(arguments)
    image, wanted = image_readings(options.data, options.cache)
    weights, figures = calibrate(image, text_readings(options.data), wanted, read_ratings(options.data)[0][:, 0])
    told = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    rows = "\n".join(f"{name} = {value}" for name, value in weights._asdict().items())
    options.out.write_text(
        f"# How image and text are pooled; made by `python -m training.emotion_fusion`.\n# {told}\n[weights]\n{rows}\n",
        "utf-8",
    )
    print(told)


if __name__ == "__main__":
    main()
