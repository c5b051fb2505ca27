"""What readers said of rewrites."""

import json

from evaluation.readers import FILE, WRITERS, table


def test_the_table_counts_marks_and_choices() -> None:
    first = {"text": "A dog runs.", "mark": 3, "by": ["once", "twice"]}
    rows = [
        {"texts": [{"text": "Dog of dog.", "mark": 0, "by": ["before"]}, first], "best": 1},
        {"texts": [{"text": "A cat.", "mark": 2, "by": ["before"]}, first | {"mark": 1}], "best": 0},
    ]
    before, once, twice = (line.split(" | ")[1:] for line in table(rows).splitlines()[2:])
    assert before == ["50% [0%, 100%]", "0%", "50%", "1.00", "50% |"]
    assert once == twice == ["50% [0%, 100%]", "50%", "0%", "2.00", "25% |"]


def test_every_caption_has_a_text_of_every_writer() -> None:
    rows = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    assert len(rows) == 160
    assert all({writer for text in row["texts"] for writer in text["by"]} == set(WRITERS) for row in rows)
