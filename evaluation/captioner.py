"""Figures of a captioner: CIDEr-D and BLEU-4 on flickr8k and COCO photos, and how it names things.

Named things are photos of one labelled thing each (`imagenet_named`). A caption names the thing when it holds
one of the words that people use for it (`training/plain_words.toml`). Which of the photos show a person or a
dog was looked through by hand (`named_photos.json`), so that inventions can be counted.
"""

import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from PIL import Image

from models import Captioner, open_photo

from .metrics import corpus_bleu, corpus_cider

Describe = Callable[[Sequence[Path]], list[str]]
INVENTIONS = {"people": r"\b(man|men|boy|boys)\b", "dogs": r"\b(dog|dogs|puppy)\b"}


def describer(captioner: Captioner, batch: int = 16) -> Describe:
    """A function from photo files to literal captions, in batches."""

    def describe(paths: Sequence[Path]) -> list[str]:
        starts = range(0, len(paths), batch)
        return [c.text for s in starts for c in captioner.caption([open_photo(p) for p in paths[s : s + batch]])]

    return describe


def held_out(rows: Sequence[str], every: int = 2) -> list[bool]:
    """Which of the sorted distinct names, by position, training never saw: every second one."""
    order = {name: i for i, name in enumerate(sorted(set(rows)))}
    return [order[name] % every == 1 for name in rows]


def reference_figures(captions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """CIDEr-D and BLEU-4 of captions against several references each."""
    return {"CIDEr-D": corpus_cider(captions, references), "BLEU-4": corpus_bleu(captions, references)}


def flickr_figures(describe: Describe, data: Path, sample: int | None = None) -> dict[str, float]:
    """Figures on the dev photos of flickr8k, five references each."""
    rows = [json.loads(line) for line in (data / "flickr8k/captions.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["split"] == "dev"][:sample]
    captions = describe([data / "flickr8k/images" / row["file"] for row in rows])
    return reference_figures(captions, [row["captions"] for row in rows])


def shaped_figures(describe: Describe, data: Path, sample: int | None = None) -> dict[str, float]:
    """The same with the squashed squares stretched to 3:2 and 2:3 in turn, as users' photos are shaped."""
    rows = [json.loads(line) for line in (data / "flickr8k/captions.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["split"] == "dev"][:sample]
    with tempfile.TemporaryDirectory() as folder:
        shaped = []
        for i, row in enumerate(rows):
            size = (336, 224) if i % 2 else (224, 336)
            shaped.append(Path(folder) / f"{i}.png")
            Image.open(data / "flickr8k/images" / row["file"]).resize(size).save(shaped[-1])
        captions = describe(shaped)
    return reference_figures(captions, [row["captions"] for row in rows])


def coco_figures(describe: Describe, data: Path, sample: int | None = None) -> dict[str, float]:
    """Figures on the COCO photos that training never saw: the odd rows of the table."""
    rows = [json.loads(line) for line in (data / "coco_small/captions.jsonl").read_text().splitlines()][1::2][:sample]
    captions = describe([data / "coco_small" / row["file"] for row in rows])
    return reference_figures(captions, [row["captions"] for row in rows])


def named_figures(describe: Describe, data: Path, sample: int | None = None) -> dict[str, float]:
    """The share of captions that name the thing, and the shares that invent a man, a boy or a dog.

    Measured on the kinds of things that training never saw: every second name in alphabetical order.
    """
    rows = [json.loads(line) for line in (data / "imagenet_named/labels.jsonl").read_text().splitlines()]
    unseen = held_out([row["name"] for row in rows])
    rows = [row for row, kept in zip(rows, unseen, strict=True) if kept]
    rows = rows[:: max(len(rows) // sample, 1)] if sample else rows
    captions = [c.lower() for c in describe([data / "imagenet_named" / row["file"] for row in rows])]
    named = [names_thing(caption, row["name"]) for caption, row in zip(captions, rows, strict=True)]
    shown = json.loads(files(__package__).joinpath("named_photos.json").read_text("utf-8"))
    figures = {"named": sum(named) / len(rows)}
    wrong = set()
    for kind, pattern in INVENTIONS.items():
        absent = [i for i, row in enumerate(rows) if Path(row["file"]).name not in shown[kind]]
        invented = {i for i in absent if re.search(pattern, captions[i])}
        figures[f"invented {kind}"] = len(invented) / max(len(absent), 1)
        wrong |= invented
    return figures | {"invented": len(wrong) / len(rows)}


def names_thing(caption: str, label: str) -> bool:
    """Whether a caption in lower case holds the thing's name or another word that people use for it."""
    words = accepted_words().get(label, [label.lower()])
    return any(re.search(rf"\b{re.escape(word)}(s|es)?\b", caption) for word in words)


def accepted_words() -> dict[str, list[str]]:
    """For each label of imagenet_named, the words that count as naming it."""
    table = tomllib.loads(files("training").joinpath("plain_words.toml").read_text("utf-8"))
    words: dict[str, list[str]] = table["imagenet_named"]
    return words
