"""The photos that the image models learn from, what was written about them, and what is kept aside for measuring.

Never trained on: 500 annotated photos chosen by the hash of their name (`DEV`), the odd rows of coco_small with any
other copy of the same COCO photos, flickr8k's dev photos, and the themes of OASIS whose hash is in one of five parts.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .caption_text import clean

ROOT = Path(__file__).parents[1] / "data/annotations"
DEV = 500
EMOTIONS = ("amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness", "neutral")


@dataclass(frozen=True)
class Annotated:
    """A photo and all that is known of it; what is not known is empty."""

    id: str
    file: Path
    split: str
    """train, dev, coco, flickr8k or oasis: what is not train is measured on, never trained on."""
    short: tuple[str, ...] = ()
    long: tuple[str, ...] = ()
    web: tuple[str, ...] = ()
    """Captions of flickr8k or COCO, by several people each."""
    emotion: tuple[float, ...] = ()
    """Nine shares in the order of `EMOTIONS` that sum to 1."""
    place: tuple[float, ...] = ()
    """Valence and arousal, each -1..1."""
    kind: str = "photo"

    @property
    def calibrates(self) -> bool:
        """Whether it is one of the half of the dev photos that weights are chosen on; the other half only judges."""
        return self.split == "dev" and hashed(f"calibrates {self.id}") % 2 == 0


def measured(photos: Sequence[Annotated], own: Path = ROOT) -> list[Annotated]:
    """Those whose captions are measured: those of which no marked caption has taught the captioner what is true."""
    taught = {row["id"] for row in lines(own / "caption_words.jsonl")}
    return [photo for photo in photos if photo.id not in taught]


def hashed(name: str) -> int:
    """A number that depends on the name alone."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)


def theme(name: str) -> str:
    """The theme of an OASIS photo: its name without the number."""
    return re.sub(r"\s*\d+$", "", name.removeprefix("oasis_").replace("_", " "))


def read_annotated(data: Path, own: Path = ROOT) -> list[Annotated]:
    """All photos: the annotated ones, then those of flickr8k.

    `data` is the folder of the data sets, `own` that of what was written about their photos.
    """
    coco = lines(data / "coco_small/captions.jsonl")
    aside = {row["id"] for row in coco[1::2]}
    web = {row["id"]: row["captions"] for row in [*lines(data / "coco_small/caption_text.jsonl"), *coco]}
    ratings = {row["file"].split("/")[-1]: row for row in lines(data / "oasis/ratings.jsonl")}
    kinds = {row["id"]: row["kind"] for row in lines(own / "kinds.jsonl")}
    rows = lines(own / "annotations.jsonl")
    found = []
    dev = {row["id"] for row in sorted(rows, key=lambda row: hashed(row["id"]))[:DEV]}
    for row in rows:
        name, number = row["id"], coco_number(row["id"])
        rated = ratings.get(row["file"].split("/")[-1]) if name.startswith("oasis_") else None
        split = "dev" if name in dev else "train"
        if number in aside:
            split = "coco"
        elif rated and hashed(theme(rated["theme"])) % 5 == 0:
            split = "oasis"
        place = ((rated["valence"] - 4) / 3, (rated["arousal"] - 4) / 3) if rated else (row["valence"], row["arousal"])
        found.append(
            Annotated(
                name, (data / "annotated" / row["file"]).resolve(), split, (row["short"],), (row["long"],),
                tuple(web.get(number, ())), tuple(row["emotion"][e] for e in EMOTIONS), place, kinds.get(name, "photo"),
            )
        )  # fmt: skip
    return [*found, *read_flickr8k(data, own)]


def read_flickr8k(data: Path, own: Path = ROOT) -> list[Annotated]:
    """The photos of flickr8k; those of its dev split are measured on.

    What was annotated whole comes before what was annotated with emotions alone.
    """
    known = [row for name in ("flickr8k_emotions", "flickr8k") for row in lines(own / f"{name}.jsonl")]
    written = {row["file"].split("/")[-1]: row for row in known}
    found = []
    for row in lines(data / "flickr8k/captions.jsonl"):
        split = "flickr8k" if row["split"] == "dev" else "train"
        about = written.get(row["file"], {})
        short, long = ((about[name],) if name in about else () for name in ("short", "long"))
        emotion = tuple(about["emotion"][e] for e in EMOTIONS) if about else ()
        place = (about["valence"], about["arousal"]) if about else ()
        file, web = data / "flickr8k/images" / row["file"], tuple(row["captions"])
        found.append(Annotated(f"flickr_{row['file']}", file, split, short, long, web, emotion, place))
    return found


def coco_number(name: str) -> int:
    """The number of a COCO photo; -1 for others."""
    match = re.fullmatch(r"coco\w+_0*(\d+)", name)
    return int(match[1]) if match else -1


def lines(file: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def texts(rows: Sequence[Annotated]) -> list[str]:
    """All captions of photos that may be trained on, cleaned."""
    return [clean(t) for row in rows if row.split == "train" for t in (*row.short, *row.long, *row.web)]
