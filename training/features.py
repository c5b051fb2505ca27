"""Cache what the frozen part of the image encoders sees of every training photo, so that training never runs it.

    python -m training.features DATA --foundations FOLDER --out CACHE

The cache holds three arrays in half precision, a row a photo, in the order of `ids.json`: `hidden` (257, 384), what
DINOv2's first eight layers make of the photo; `grid` (26, 1280), EfficientNet's mean and its map pooled to 5 x 5;
`classes` (1000,), the logits of ImageNet's classes. Photos are squashed to squares as the product does it. An
interrupted run goes on where it stopped. 0.04 s a photo on two cores that multiply bfloat16, 0.15 s on others.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from models.captioner_assemble import load_encoders
from models.captioner_network import PhotoEncoder, PhotoEncoderConfig
from models.photo_features import PhotoFeatures
from models.photo_tags import PHOTO_SIZE

from .annotations import ROOT, Annotated, read_annotated
from .drawn import read_drawn, write_drawn
from .precision import fast_dtype

FROZEN = 8  # layers of DINOv2 that are not trained
AT_ONCE = 16
PATCHES = (65, 1152)
SHAPES = {"hidden": (257, 384), "grid": (26, 1280), "classes": (1000,)}


class Cache:
    """The cached features of photos, by id; opened for reading unless `count` says how many are to be written."""

    def __init__(self, folder: Path, count: int | None = None) -> None:
        self.folder = folder
        ids = folder / "ids.json"
        self.ids: list[str] = json.loads(ids.read_text("utf-8")) if ids.exists() else []
        self.row = {name: i for i, name in enumerate(self.ids)}
        self.arrays: dict[str, NDArray[np.float16]] = {}
        for name, shape in SHAPES.items():
            file = folder / f"{name}.f16"
            mode: Any = "r" if count is None else ("r+" if file.exists() else "w+")
            self.arrays[name] = np.memmap(file, np.float16, mode, shape=(count or len(self.ids), *shape))
        if (folder / "patches.f16").exists():
            shape = (len(self.ids), *PATCHES)
            self.arrays["patches"] = np.memmap(folder / "patches.f16", np.float16, "r", shape=shape)

    def read(self, photo: str, *names: str) -> dict[str, Tensor]:
        """The features of a photo by name."""
        row = self.row[photo]
        return {name: torch.from_numpy(self.arrays[name][row].astype(np.float32)) for name in names}

    def missing(self) -> range:
        """From where on `patches`, what all of DINOv2 sees, is not written yet, in steps of `AT_ONCE`."""
        file, shape, done = self.folder / "patches.f16", (len(self.ids), *PATCHES), self.folder / "patches.done"
        self.arrays["patches"] = np.memmap(file, np.float16, "r+" if file.exists() else "w+", shape=shape)
        return range(int(done.read_text("utf-8")) if done.exists() else 0, len(self.ids), AT_ONCE)

    def write(self, start: int, patches: Tensor) -> None:
        """Keep `patches` of the photos from a row on."""
        self.arrays["patches"][start : start + len(patches)] = patches.float().cpu().numpy()
        (self.folder / "patches.done").write_text(str(start + len(patches)), "utf-8")


def squash(file: Path) -> NDArray[np.uint8]:
    """The photo as the models take it: every pixel kept, the aspect ratio not."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((PHOTO_SIZE, PHOTO_SIZE), Image.Resampling.BICUBIC))


@torch.inference_mode()
def look(encoder: PhotoFeatures, pixels: Tensor) -> dict[str, Tensor]:
    """The features of photos (photos, 3, 260, 260), values 0..255, by an encoder cut down to its frozen layers."""
    kind = encoder.dino.dtype
    grid, classes = encoder.efficientnet(((pixels - 127) / 128).to(kind).contiguous(memory_format=torch.channels_last))
    side = encoder.dino_size
    small = F.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True)
    hidden = encoder.dino(((small - encoder.mean) / encoder.std).to(kind), output_hidden_states=True).hidden_states
    pooled = F.adaptive_avg_pool2d(grid.float(), 5).flatten(2).transpose(1, 2)
    return {
        "hidden": hidden[FROZEN].float(),
        "grid": torch.cat([grid.float().mean((2, 3))[:, None], pooled], dim=1),
        "classes": classes.float(),
    }


def cut_encoder(foundations: Path, device: str = "cpu") -> PhotoFeatures:
    """Both image encoders in fast numbers, DINOv2 without the layers that are trained."""
    encoder = PhotoEncoder(PhotoEncoderConfig())
    load_encoders(encoder, foundations / "efficientnet", foundations / "dino")
    features: PhotoFeatures = encoder.features.eval()
    del features.dino.encoder.layer[FROZEN:]
    dtype = fast_dtype(device)
    features.dino.to(dtype)
    light: Any = features.efficientnet.to(dtype)  # torch's types do not know that a module takes a memory format
    light.to(memory_format=torch.channels_last)
    return features.to(device)


def fill(encoder: PhotoFeatures, photos: Sequence[Annotated], folder: Path) -> None:
    """Write the features of photos into a folder; what was finished before is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    ids, progress = [photo.id for photo in photos], folder / "done"
    if (folder / "ids.json").exists() and json.loads((folder / "ids.json").read_text("utf-8")) != ids:
        raise ValueError(f"{folder} holds the features of other photos; empty it first")
    (folder / "ids.json").write_text(json.dumps(ids), "utf-8")
    cache = Cache(folder, len(photos))
    done = int(progress.read_text("utf-8")) if progress.exists() else 0
    device = encoder.mean.device
    for start in range(done, len(photos), AT_ONCE):
        some = photos[start : start + AT_ONCE]
        pixels = torch.from_numpy(np.stack([squash(photo.file) for photo in some]))
        for name, values in look(encoder, pixels.permute(0, 3, 1, 2).float().to(device)).items():
            cache.arrays[name][start : start + len(some)] = values.cpu().numpy()
        progress.write_text(str(start + len(some)), "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--foundations", type=Path, required=True, help="the folder of training.foundations")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--annotations", type=Path, default=ROOT, help="what was written about the photos")
    options = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    photos, encoder = read_annotated(options.data, options.annotations), cut_encoder(options.foundations, device)
    fill(encoder, photos, options.out / "photos")
    write_drawn([photo.file for photo in photos if photo.split == "train"][::37], options.out / "pictures")
    fill(encoder, read_drawn(options.out / "pictures"), options.out / "drawn")


if __name__ == "__main__":
    main()
