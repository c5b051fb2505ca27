"""The captioner's training photos with what may be said of them; what evaluation needs is kept aside.

Kept aside: flickr8k's dev photos, the odd rows of coco_small, and every second label of imagenet_named in
alphabetical order. `evaluation/captioner.py` measures on those only.
"""

import json
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.captioner_naming import with_article

from .caption_text import clean
from .captioner_batches import Photos
from .features import load

View = dict[str, NDArray[np.float16]]
SURE = 0.05  # a label's word is said by the name that the image model gives it from this probability on


def class_names(data: Path) -> list[str]:
    """The names of ImageNet's classes in the order of the head."""
    lines = (data / "imagenet_named/classes.tsv").read_text("utf-8").splitlines()
    return [line.split("\t")[2] for line in lines]


def views(cache: Path, name: str) -> list[View]:
    """The cached features of a data set: as it is and, where there are some, varied."""
    plain = load(cache / name / "plain")
    folder = cache / name / "varied"
    if not folder.exists():
        return [plain]
    varied = {part: rows.copy() for part, rows in plain.items()}
    for file in folder.glob("chunk-??????.npz"):  # an unfinished cache serves as far as it goes
        start, chunk = int(file.stem.split("-")[1]), np.load(file)
        for part in varied:
            varied[part][start : start + len(chunk[part])] = chunk[part]
    return [plain, varied]


def flickr(data: Path, cache: Path) -> Photos:
    """The training photos of flickr8k."""
    rows = _rows(data / "flickr8k/captions.jsonl")
    kept = [i for i, row in enumerate(rows) if row["split"] != "dev"]
    return Photos(views(cache, "flickr8k"), [[clean(c) for c in row["captions"]] for row in rows], kept)


def coco(data: Path, cache: Path) -> Photos:
    """The even rows of coco_small, each seen four times as often as a flickr8k photo."""
    rows = _rows(data / "coco_small/captions.jsonl")
    captions = [[clean(c) for c in row["captions"]] for row in rows]
    return Photos(views(cache, "coco_small"), captions, list(range(0, len(rows), 2)), 4)


def named(data: Path, cache: Path, words: Sequence[str], class_words: Sequence[int]) -> Photos:
    """Half the labels of imagenet_named, as plain sentences about the thing."""
    rows = _rows(data / "imagenet_named/labels.jsonl")
    cached, accepted = views(cache, "imagenet_named"), _plain_words()["imagenet_named"]
    labels = sorted({row["name"] for row in rows})
    classes = torch.from_numpy(cached[0]["classes"]).float().softmax(-1)
    likely = torch.zeros(len(rows), len(words)).index_add_(1, torch.tensor(class_words), classes)
    captions = []
    for i, row in enumerate(rows):
        names = accepted.get(row["name"], [row["name"]])
        sure = [(likely[i, words.index(name)].item(), name) for name in names if name in words]
        name = max(sure)[1] if sure and max(sure)[0] > SURE else names[0]
        thing = with_article(name)
        captions.append([f"a close up of {thing}", f"a close up view of {thing}", f"a picture of {thing}"])
    return Photos(cached, captions, [i for i, row in enumerate(rows) if labels.index(row["name"]) % 2 == 0])


def oasis(data: Path, cache: Path) -> Photos:
    """Those photos of OASIS whose theme says what they show."""
    rows, phrases = _rows(data / "oasis/ratings.jsonl"), _plain_words()["oasis"]
    captions = [[clean(c) for c in phrases.get(row["theme"].rsplit(" ", 1)[0], [])] for row in rows]
    return Photos(views(cache, "oasis"), captions, [i for i, row in enumerate(captions) if row])


def _rows(table: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in table.read_text("utf-8").splitlines()]


def _plain_words() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files(__package__).joinpath("plain_words.toml").read_text("utf-8"))
