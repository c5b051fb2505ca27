"""Captions that people wrote in a style, as further teachers of the rewriter; their words stay in the data.

    python -m training.styled EMOTION_TEXT_FOLDER --data ../shared/data --out picked.jsonl

FlickrStyle (Gan et al., 2017) tells photos of flickr8k in a funny and in a romantic way, SentiCap (Mathews et al.,
2016) photos of COCO in a positive and in a negative one. Each is held against the likest plain caption of its photo.
Picked are those that invent nothing and keep the facts, as far as the fact check sees; that the text emotion hears a
mood in which it does not hear in the plain caption; and that say what few others say.

Readers marked those, put them right and named their mood. In `marks_3.jsonl` such a text is not told but found again
(`find`): where it stands in the data, and which of its words were changed.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chains.checks import LEAST_KEPT
from chains.facts import check_facts
from evaluation.rewrite import plain
from models import MoodListener
from models.emotion_text_embedded import EmbeddedTextEmotion

LEAST_SHARE = 0.25  # of the mood among 38
MOST = 720
MOST_OF_A_MOOD, MOST_OF_A_PHRASE = 45, 3
Place = tuple[str, str, int]
"""The style, the photo's file, and which of its sentences in that style."""
Edit = tuple[int, int, str]
"""From which word to which, and what stands there instead."""


class Styled(NamedTuple):
    """A styled caption, where it stands in the data, and the plain caption that it is likest to."""

    place: Place
    text: str
    literal: str


def find(told: dict[str, Any], data: Path) -> str:
    """The text that a row of marks does not tell: `place` and `edits`."""
    style, file, number = told["place"]
    return put_right(all_styled(data)[style, file, number], told["edits"])


@cache
def all_styled(data: Path) -> dict[Place, str]:
    """Every styled caption by its place in the data."""
    return {place: text for place, text, _ in _flickrstyle(data)} | {place: text for place, text, _ in _senticap(data)}


def put_right(text: str, edits: Sequence[Edit]) -> str:
    """The text with those of its words changed."""
    words = text.split()
    for start, end, said in sorted(edits, reverse=True):
        words[start:end] = said.split()
    return " ".join(words)


def changes(before: str, after: str) -> list[Edit]:
    """What turns one text into the other."""
    one, other = before.split(), after.split()
    steps = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [(i, j, " ".join(other[k:m])) for kind, i, j, k, m in steps if kind != "equal"]


def _flickrstyle(data: Path) -> Iterator[tuple[Place, str, list[str]]]:
    for line in (data / "styled/flickrstyle_pairs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "train":
            for style in ("funny", "romantic"):
                yield (style, row["file"], 0), plain(row[style]), row["factual"]


def _senticap(data: Path) -> Iterator[tuple[Place, str, list[str]]]:
    told = (data / "coco_small/caption_text.jsonl").read_text("utf-8").splitlines()
    captions = {row["id"]: row["captions"] for row in map(json.loads, told)}
    for photo in json.loads((data / "styled/senticap.json").read_text("utf-8"))["images"]:
        known = captions.get(int(re.findall(r"\d+", photo["filename"])[-1]))
        if known and photo["split"] != "test":
            for number, sentence in enumerate(photo["sentences"]):
                style = "positive" if sentence["sentiment"] else "negative"
                yield (style, photo["filename"], number), plain(sentence["raw"]), known


def true_ones(data: Path) -> Iterator[Styled]:
    """Those that the fact check finds no fault with."""
    for source in (_flickrstyle(data), _senticap(data)):
        for place, text, captions in source:
            literal = max(map(plain, captions), key=lambda one: check_facts(one, text).kept_share)
            facts = check_facts(literal, text)
            faulty = facts.faults or facts.lost_things or facts.kept_share < LEAST_KEPT
            if not faulty and text.lower() != literal.lower():
                yield Styled(place, text, literal)


def pick(rows: Sequence[Styled], ear: MoodListener) -> list[dict[str, Any]]:
    """The best of them as rows, each with the mood that is heard in it."""
    heard, before = ear.hear([row.text for row in rows]), ear.hear([row.literal for row in rows])
    best = heard.moods.argmax(1)
    share, gain = ((found[np.arange(len(rows)), best]) for found in (heard.moods, heard.moods - before.moods))
    score = np.sqrt(share * gain.clip(0))
    moods: Counter[str] = Counter()
    phrases: Counter[tuple[str, ...]] = Counter()
    photos: set[str] = set()
    picked = []
    for i in np.argsort(-score):
        row, mood, own = rows[i], ear.moods[best[i]], own_phrases(rows[i])
        common = not own or any(phrases[phrase] >= MOST_OF_A_PHRASE for phrase in own)
        if share[i] < LEAST_SHARE or row.place[1] in photos or common or moods[mood] >= MOST_OF_A_MOOD:
            continue
        moods[mood] += 1
        phrases.update(own)
        photos.add(row.place[1])
        picked.append({**row._asdict(), "mood": mood})
    return picked[:MOST]


def own_phrases(row: Styled, length: int = 3) -> set[tuple[str, ...]]:
    """Phrases of a styled caption that are mostly not of its plain caption."""
    literal, words = set(re.findall(r"\w+", row.literal.lower())), re.findall(r"\w+", row.text.lower())
    found = (tuple(words[i : i + length]) for i in range(len(words) - length + 1))
    return {phrase for phrase in found if len(literal.intersection(phrase)) < length - 1}


def main() -> None:
    """Pick by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the text emotion as `moodcap setup` assembled it")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = pick(list(true_ones(options.data)), EmbeddedTextEmotion(options.folder))
    options.out.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
