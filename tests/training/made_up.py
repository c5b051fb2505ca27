"""Data sets made up for smoke tests: the formats of the real ones, drawn photos, annotations, and a tiny MiniLM."""

import json
import random
from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, BertTokenizerFast

from tests.photos import draw_photo

CAPTIONS = [
    "a dog runs in the snow",
    "two men sit on a bench",
    "a woman in a red hat walks down the street",
    "a cat sleeps on a table",
    "children play with a ball in the park",
]
SHORT = "A dog runs in the snow."
LONG = "A brown dog with a red hat runs in the deep snow beside two men on a bench."
LABELS = ["anger", "joy", "neutral", "sadness"]


def make_data(root: Path, photos: int = 6) -> Path:
    """All data sets with `photos` photos each."""
    chance = random.Random(0)
    for name in ("flickr8k", "coco_small", "imagenet_named", "oasis"):
        (root / name / "images").mkdir(parents=True)
        for i in range(photos):
            draw_photo(i).save(root / name / "images" / f"{i}.jpg")
    (root / "goemotions").mkdir()
    (root / "multi30k").mkdir()
    rows = range(photos)
    _lines(root / "flickr8k/captions.jsonl", [
        {"file": f"{i}.jpg", "split": "dev" if i == 0 else "train", "captions": CAPTIONS} for i in rows
    ])  # fmt: skip
    _lines(
        root / "coco_small/captions.jsonl", [{"id": i, "file": f"images/{i}.jpg", "captions": CAPTIONS} for i in rows]
    )
    _lines(root / "coco_small/caption_text.jsonl", [{"id": 100 + i, "captions": CAPTIONS} for i in rows])
    (root / "multi30k/captions.tsv").write_text("".join(f"{i}.jpg\t{c}\n" for i, c in enumerate(CAPTIONS * 4)))
    _lines(root / "imagenet_named/labels.jsonl", [
        {"file": f"images/{i}.jpg", "name": ["goldfish", "acorn", "bee"][i % 3]} for i in rows
    ])  # fmt: skip
    (root / "imagenet_named/classes.tsv").write_text("".join(f"{i}\tn{i:08d}\tclass {i}\n" for i in range(1000)))
    _lines(root / "oasis/ratings.jsonl", [
        {"file": f"images/{i}.jpg", "theme": f"{'Dog' if i % 2 else 'Lake'} {i}", "valence": chance.uniform(1, 7),
         "arousal": chance.uniform(1, 7)} for i in rows
    ])  # fmt: skip
    (root / "goemotions/labels.txt").write_text("\n".join(LABELS))
    for split in ("train", "dev", "test"):
        lines = (f"{caption} {LABELS[i % 4]}\t{i % 4}\tid{i}\n" for i, caption in enumerate(CAPTIONS * 4))
        (root / "goemotions" / f"{split}.tsv").write_text("".join(lines))
    return root


def make_annotations(data: Path, own: Path, photos: int = 12) -> Path:
    """What is written about `photos` photos of the annotated set, which are drawn into `data`, and some of COCO's."""
    (data / "annotated/images").mkdir(parents=True)
    own.mkdir(parents=True)
    rows = []
    for i in range(photos):
        draw_photo(i).save(data / "annotated/images" / f"ade_{i}.webp")
        rows.append({"id": f"ade_{i}", "file": f"images/ade_{i}.webp"})
    rows += [{"id": f"cocosmall_{i:012d}", "file": f"../coco_small/images/{i}.jpg"} for i in range(4)]
    rows += [{"id": f"oasis_Lake_{i}", "file": f"../oasis/images/{i}.jpg"} for i in range(2)]
    emotion = dict.fromkeys(("amusement", "awe", "excitement", "anger", "disgust", "fear", "sadness"), 0.0)
    emotion |= {"contentment": 0.6, "neutral": 0.4}
    about = {"short": SHORT, "long": LONG, "emotion": emotion, "valence": 0.5, "arousal": -0.25}
    _lines(own / "annotations.jsonl", [row | about for row in rows])
    _lines(own / "kinds.jsonl", [{"id": "ade_0", "kind": "poster"}])
    felt = {"emotion": emotion, "valence": 0.0, "arousal": 0.0}
    _lines(own / "flickr8k_emotions.jsonl", [{"file": "../flickr8k/images/1.jpg"} | felt])
    _lines(own / "flickr8k.jsonl", [{"file": "2.jpg"} | about])
    return own


def make_minilm(folder: Path) -> Path:
    """A BERT of MiniLM's width with one layer and a vocabulary of the captions' words."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    said = [*CAPTIONS, *LABELS, SHORT, LONG, "short", "long", "web"]
    words = {word.strip(".") for caption in said for word in caption.lower().split()}
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    vocabulary += [*"',-", *sorted(words)]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertWordPieceTokenizer(str(folder / "vocab.txt")).save(str(folder / "tokenizer.json"))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=384, num_hidden_layers=1, num_attention_heads=12, intermediate_size=1536
    )
    BertModel(config).save_pretrained(folder)
    return folder


def _lines(file: Path, rows: list[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
