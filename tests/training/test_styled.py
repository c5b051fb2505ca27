"""Styled captions as teachers: which are picked, and how their words are found again in the data."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.contracts import Hearing
from training import styled
from training.marks import MARKS, read_rows

FILE = "1.jpg"
LITERAL = ["A brown dog runs through the snow .", "Two boys fly a kite .", "A man sits on a bench ."]
FUNNY = [
    "a brown dog runs through the snow as proud as a king .",
    "two boys fly a kite with the queen .",
    "a man sits on a bench .",
]
ROMANTIC = [
    "a brown dog runs through the snow , full of joy .",
    "two boys fly a kite with joy .",
    "a man sits on a bench full of joy .",
]


class Ear:
    """Hears joy in texts that say so."""

    moods = ("joy", "dread")

    def hear(self, texts: Sequence[str]) -> Hearing:
        joy = np.array([0.9 if "joy" in text else 0.5 if "proud" in text else 0.1 for text in texts])
        return Hearing(np.zeros((len(texts), 9)), np.stack([joy, 0.2 - joy.clip(0, 0.2)], 1))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "styled").mkdir()
    (tmp_path / "coco_small").mkdir()
    rows = [
        {
            "file": f"{i}.jpg",
            "split": split,
            "funny": FUNNY[i],
            "romantic": ROMANTIC[i],
            "factual": [LITERAL[i], "A dog ."],
        }
        for i, split in enumerate(("train", "train", "test"))
    ]
    (tmp_path / "styled/flickrstyle_pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    told = [{"raw": "a lonely man sits on a bench.", "sentiment": 0}, {"raw": "A joy of a bench.", "sentiment": 1}]
    photos = [
        {"filename": "COCO_val2014_000000000007.jpg", "split": "train", "sentences": told},
        {"filename": "COCO_val2014_000000000008.jpg", "split": "train", "sentences": told},
    ]
    (tmp_path / "styled/senticap.json").write_text(json.dumps({"images": photos}), "utf-8")
    captions = {"id": 7, "captions": ["A man sits on a bench."]}
    (tmp_path / "coco_small/caption_text.jsonl").write_text(json.dumps(captions), "utf-8")
    return tmp_path


def test_true_ones_invent_nothing_and_are_held_against_the_likest_caption(data: Path) -> None:
    found = {row.place: row for row in styled.true_ones(data)}
    assert set(found) == {
        ("funny", "0.jpg", 0),
        ("romantic", "0.jpg", 0),
        ("romantic", "1.jpg", 0),
        ("negative", "COCO_val2014_000000000007.jpg", 0),
    }
    assert found["funny", "0.jpg", 0].literal == "A brown dog runs through the snow."


def test_the_most_heard_of_a_photo_is_picked(data: Path) -> None:
    picked = styled.pick(list(styled.true_ones(data)), Ear())
    assert [row["place"] for row in picked] == [("romantic", "0.jpg", 0), ("romantic", "1.jpg", 0)]
    assert {row["mood"] for row in picked} == {"joy"}


def test_no_phrase_is_picked_over_and_over() -> None:
    rows = [
        styled.Styled(("romantic", f"{i}.jpg", 0), "A dog runs in search of great joy.", "A dog runs.")
        for i in range(9)
    ]
    assert len(styled.pick(rows, Ear())) == styled.MOST_OF_A_PHRASE


@pytest.mark.parametrize(
    "after", ["A brown dog is running, glad.", "Glad, a dog runs.", "A brown dog runs with joy.", "No."]
)
def test_changes_turn_one_text_into_the_other(after: str) -> None:
    before = "A brown dog runs with joy."
    assert styled.put_right(before, styled.changes(before, after)) == after
    assert styled.changes(before, before) == []


def test_rows_of_marks_find_their_styled_texts(data: Path, tmp_path: Path) -> None:
    place = ["romantic", "1.jpg", 0]
    edits = styled.changes("Two boys fly a kite with joy.", "Two boys fly a kite, full of joy.")
    row = {"literal": "Two boys fly a kite.", "mood": "joy", "intensity": 0.6}
    marks = tmp_path / "marks.jsonl"
    marks.write_text(
        json.dumps({**row, "texts": [["Joyful, two boys fly a kite.", 2], [{"place": place, "edits": edits}, 3]]})
    )
    assert [one["texts"] for one in read_rows(marks, data)] == [
        [["Joyful, two boys fly a kite.", 2], ["Two boys fly a kite, full of joy.", 3]]
    ]
    assert [one["texts"] for one in read_rows(marks)] == [[["Joyful, two boys fly a kite.", 2]]]


def test_the_marks_hold_places_of_styled_texts_and_not_their_words() -> None:
    rows = [json.loads(line) for line in MARKS[2].read_text("utf-8").splitlines()]
    told = [text for row in rows for text, *_ in row["texts"] if isinstance(text, dict)]
    assert len(told) >= 300
    assert {text["place"][0] for text in told} == {"funny", "romantic", "positive", "negative"}
    longest = max(len(said.split()) for text in told for _, _, said in text["edits"])
    assert longest <= 12
