"""The captioner's figures on photos that training never saw: CIDEr-D, CHAIR, how captions open, how many differ.

Each figure is a list of values, one a photo or a thing, so that its mean can be given with an interval.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from models import Captioner, open_photo
from training.annotations import Annotated

from .chair import chair
from .metrics import CiderD

Describe = Callable[[Sequence[Path]], list[str]]
OPENERS = re.compile(
    r"^(an? |the )?(close ?-?up|close up|picture of|photo of|image of)|^(a )?picture\b|^there (is|are)\b"
)
Figure = tuple[str, str, list[float]]
"""What is measured, on what, and its values."""


def describer(captioner: Captioner, batch: int = 8) -> Describe:
    """Captions of photo files, short ones."""

    def describe(paths: Sequence[Path]) -> list[str]:
        starts = range(0, len(paths), batch)
        return [c.text for s in starts for c in captioner.caption([open_photo(p) for p in paths[s : s + batch]])]

    return describe


def captioner_figures(describe: Describe, photos: Sequence[Annotated], sample: int | None = None) -> list[Figure]:
    """All figures of the captioner; `photos` are those of `training.annotations.read_annotated`."""
    dev, coco, flickr = (split(photos, name, sample) for name in ("dev", "coco", "flickr8k"))
    told = {photo.split: describe([one.file for one in some]) for some in (dev, coco, flickr) for photo in some[:1]}
    names, whole = chair(told["coco"], [(*p.web, *p.short, *p.long) for p in coco])
    own, opened = told["dev"], [float(bool(OPENERS.search(text.lower()))) for text in told["dev"]]
    return [
        ("captioner, CIDEr-D, 2 references", "annotated dev", cider(own, [(*p.short, *p.long) for p in dev])),
        ("captioner, CIDEr-D, 5 references", "COCO photos kept aside", cider(told["coco"], [p.web for p in coco])),
        ("captioner, CIDEr-D, 5 references", "flickr8k dev", cider(told["flickr8k"], [p.web for p in flickr])),
        ("captioner, invented of the things named (CHAIR i)", "COCO photos kept aside", names),
        ("captioner, captions with an invented thing (CHAIR s)", "COCO photos kept aside", whole),
        ("captioner, opens with a close up, a picture, there is", "annotated dev", opened),
        ("captioner, different captions", "annotated dev", [float(own.index(text) == i) for i, text in enumerate(own)]),
    ]


def split(photos: Sequence[Annotated], name: str, sample: int | None = None) -> list[Annotated]:
    """The photos of a split, or the first of them."""
    return [photo for photo in photos if photo.split == name][:sample]


def cider(captions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """CIDEr-D of every caption, 0 to 10."""
    scorer = CiderD(references)
    return [scorer.score(i, caption) for i, caption in enumerate(captions)]
