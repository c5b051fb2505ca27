"""Caption text for training: cleaned, tokenised, and paired with tags as the image model would give them.

Text without photos teaches the decoder to trust a tag as far as it is sure: the tags of a caption are
drawn so that a tag of probability p stands in the caption with probability p. Now and then the thing in a
caption is exchanged for another of its kind, so that words which no caption holds are learnt too.
"""

import json
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from tokenizers import BertWordPieceTokenizer
from transformers import PreTrainedTokenizerFast

PAD, END = "[PAD]", "[SEP]"
STYLES = ("[SHORT]", "[LONG]", "[WEB]")
"""What a caption begins with: one plain sentence, a longer one, or one as people write for photos on the web."""
SPECIAL = (PAD, "[UNK]", END, *STYLES)
EXCHANGED = (
    "animal",
    "bird",
    "instrument",
    "vehicle",
    "food",
    "container",
    "tool",
    "device",
    "sport",
    "clothing",
    "furniture",
)


def clean(text: str) -> str:
    """The caption in lower case, with commas, hyphens and apostrophes as its only punctuation."""
    text = re.sub(r"[^a-z0-9' ,-]", " ", text.lower().replace("`", "'"))
    return re.sub(r"\s+", " ", re.sub(r"\s+,", ",", text)).strip(" ,-'")


def caption_lines(data: Path) -> dict[str, list[str]]:
    """All caption text that no evaluation photo belongs to, by source."""
    flickr = [json.loads(line) for line in (data / "flickr8k/captions.jsonl").read_text().splitlines()]
    kept_aside = {row["file"].split("_")[0] for row in flickr if row["split"] != "train"}
    coco = [json.loads(line) for line in (data / "coco_small/captions.jsonl").read_text().splitlines()]
    coco_aside = {row["id"] for row in coco}
    multi = [line.split("\t", 1) for line in (data / "multi30k/captions.tsv").read_text().splitlines()]
    text = [json.loads(line) for line in (data / "coco_small/caption_text.jsonl").read_text().splitlines()]
    return {
        "flickr8k": [clean(c) for row in flickr if row["split"] == "train" for c in row["captions"]],
        "multi30k": [clean(c) for name, c in multi if name.split(".")[0] not in kept_aside],
        "coco": [clean(c) for row in text if row["id"] not in coco_aside for c in row["captions"]],
    }


def build_tokenizer(
    minilm: Path, texts: Iterable[str], words: Sequence[str], least: int = 5
) -> PreTrainedTokenizerFast:
    """MiniLM's WordPiece vocabulary, cut down to what captions use, with every tag word as a whole."""
    full = BertWordPieceTokenizer(str(minilm / "vocab.txt"), lowercase=True)
    counts = Counter(token for e in full.encode_batch(list(texts), add_special_tokens=False) for token in e.tokens)
    pieces = {token for token, n in counts.items() if n >= least} | {part for word in words for part in word.split()}
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces |= {*letters, *"',-"} | {f"##{letter}" for letter in letters}
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *sorted(pieces - set(SPECIAL))])}
    small = BertWordPieceTokenizer(vocabulary, lowercase=True, cls_token=STYLES[0], sep_token=END)
    return PreTrainedTokenizerFast(
        tokenizer_object=small._tokenizer,
        pad_token=PAD,
        unk_token="[UNK]",
        bos_token=STYLES[0],
        eos_token=END,
        additional_special_tokens=list(STYLES[1:]),
    )


class TagSimulator:
    """Tags for captions that have no photo, and captions with a thing exchanged for another of its kind."""

    def __init__(self, words: Sequence[str], tags: int, seed: int = 0) -> None:
        self.index, self.tags, self.chance = {w: i for i, w in enumerate(words)}, tags, random.Random(seed)
        table = tomllib.loads(files("models").joinpath("tag_words.toml").read_text("utf-8"))
        self.kind = {word: kind for kind, row in table.items() for word in row if word in self.index}
        self.alike = {kind: [w for w in self.kind if self.kind[w] == kind] for kind in EXCHANGED}

    def find(self, text: str) -> list[str]:
        """The tag words in a caption, in the singular, in their order."""
        parts = text.replace(",", "").split()
        grams = [" ".join(parts[i : i + n]) for i in range(len(parts)) for n in (2, 1)]
        found = [g if g in self.index else g.removesuffix("s") for g in grams]
        return list(dict.fromkeys(w for w in found if w in self.index))

    def exchange(self, text: str) -> str:
        """The caption about another thing of the same kind, where it names a thing in the singular."""
        names = [w for w in self.find(text) if self.kind.get(w) in self.alike and re.search(rf"\b{w}\b", text)]
        if not names:
            return text
        old = self.chance.choice(names)
        new = self.chance.choice(self.alike[self.kind[old]])
        text = re.sub(rf"\b{old}\b", new, text)
        return re.sub(r"\b(an?) (?=([a-z]))", lambda m: "an " if m[2] in "aeiou" else "a ", text)

    def draw(self, text: str) -> tuple[list[int], list[float]]:
        """Indices and probabilities of the tags, likeliest first; about p of those with probability p are true."""
        true, rows = self.find(text), []
        self.chance.shuffle(true)
        left = 1.0
        for _ in range(self.tags):
            p = left * self.chance.random() ** (0.5 if true else 4)
            word = true.pop() if true and self.chance.random() < max(p, 0.1) else self.chance.choice(list(self.index))
            rows.append((p, self.index[word]))
            left = max(left - p, 0.001)
        rows.sort(reverse=True)
        return [i for _, i in rows], [p for p, _ in rows]
