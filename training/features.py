"""Cache what the image encoders see of every training photo, so that training itself never runs them.

    python -m training.features DATA --foundations FOLDER --out CACHE

Each data set gets one folder of numpy arrays (`patches`, `grid`, `classes`; float16, one row a photo) and
`files.json`, the photos in row order. The view `plain` squashes the photo as the product does; `varied`
flips and crops it first with a changed aspect, so that what is trained on squashed squares holds for
photos of every shape. An interrupted run goes on after the last finished chunk.
"""

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from models.captioner_assemble import load_encoders
from models.captioner_network import PhotoEncoder, PhotoEncoderConfig
from models.photo_features import PhotoFeatures
from models.photo_tags import PHOTO_SIZE, Features

CHUNK = 64
DATA_FILES = {
    "flickr8k": ("captions.jsonl", "images/"),
    "coco_small": ("captions.jsonl", ""),
    "imagenet_named": ("labels.jsonl", ""),
    "oasis": ("ratings.jsonl", ""),
}


def photo_files(data: Path, name: str) -> list[Path]:
    """The photos of one data set, in the order of its table."""
    table, prefix = DATA_FILES[name]
    lines = (data / name / table).read_text().splitlines()
    return [data / name / (prefix + json.loads(line)["file"]) for line in lines]


def squash(photo: Image.Image) -> Image.Image:
    """The photo as the models take it: every pixel kept, the aspect ratio not."""
    return photo.convert("RGB").resize((PHOTO_SIZE, PHOTO_SIZE), Image.Resampling.BICUBIC)


def vary(photo: Image.Image, chance: random.Random) -> Image.Image:
    """A random crop of 60 to 100 % of the area, its aspect changed by up to 3:4, mirrored half the time."""
    area, aspect = chance.uniform(0.6, 1.0), chance.uniform(0.75, 4 / 3)
    width = min(photo.width, round(photo.width * (area * aspect) ** 0.5))
    height = min(photo.height, round(photo.height * (area / aspect) ** 0.5))
    left, top = chance.randint(0, photo.width - width), chance.randint(0, photo.height - height)
    photo = photo.crop((left, top, left + width, top + height))
    return photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if chance.random() < 0.5 else photo


def extract(
    encoder: PhotoFeatures, files: list[Path], change: Callable[[Image.Image], Image.Image]
) -> Iterator[Features]:
    """The features of 16 photos at a time."""
    for start in range(0, len(files), 16):
        photos = [np.asarray(squash(change(Image.open(f).convert("RGB")))) for f in files[start : start + 16]]
        pixels = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).float()
        with torch.inference_mode():
            yield encoder(pixels.contiguous(memory_format=torch.channels_last))


def cache(encoder: PhotoFeatures, files: list[Path], folder: Path, view: str, seed: int = 0) -> None:
    """Write the features of `files` into `folder`, chunk by chunk; finished chunks are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(files), CHUNK):
        target = folder / f"chunk-{start:06d}.npz"
        if target.exists():
            continue
        change = partial(vary, chance=random.Random(f"{seed}-{start}")) if view == "varied" else Image.Image.copy
        parts = list(extract(encoder, files[start : start + CHUNK], change))
        arrays = {
            n: torch.cat([getattr(p, n) for p in parts]).float().numpy().astype(np.float16) for n in Features._fields
        }
        np.savez(target.with_suffix(".part.npz"), allow_pickle=False, **arrays)
        target.with_suffix(".part.npz").rename(target)
    (folder / "files.json").write_text(json.dumps([f.name for f in files]))


def load(folder: Path) -> dict[str, NDArray[np.float16]]:
    """The cached features of one data set and view: `patches`, `grid` and `classes` by row."""
    chunks = [np.load(f) for f in sorted(folder.glob("chunk-??????.npz"))]
    return {n: np.concatenate([c[n] for c in chunks]) for n in Features._fields}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--foundations", type=Path, required=True, help="the folder of training.foundations")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    encoder = PhotoEncoder(PhotoEncoderConfig())
    load_encoders(encoder, options.foundations / "efficientnet", options.foundations / "dino")
    for name in DATA_FILES:
        for view in ("plain", "varied") if name == "flickr8k" else ("plain",):
            cache(encoder.features.eval(), photo_files(options.data, name), options.out / name / view, view)


if __name__ == "__main__":
    main()
