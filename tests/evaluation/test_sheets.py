"""Blind reading: sheets that give nothing away, and marks that are scored."""

import json
from pathlib import Path

import pytest

from evaluation import sheets
from evaluation.rewrite_figures import Text
from evaluation.sheets import Item, Mark, agreement, make, read_marks, score
from prompts import load_moods

MOODS = [name for name in load_moods() if name != "neutral"]


def texts(build: str, count: int = 30) -> list[Text]:
    return [
        Text("given", f"p{i // 2}", f"A dog {i // 2}.", "", MOODS[i], 1.0, f"Text {i} of {build[::-1]}.", False, 0.1)
        for i in range(count)
    ]


def test_sheets_mix_builds_unmarked_and_repeat_a_tenth(tmp_path: Path) -> None:
    assert make({"now": texts("now"), "before": texts("before")}, tmp_path, count=20, size=15) == 3
    shown = "".join(file.read_text("utf-8") for file in sorted(tmp_path.glob("sheet_*.txt")))
    assert "now" not in shown.replace("known", "")
    assert "before" not in shown
    assert shown.count("keep: true") == 3
    items = [Item(**row) for row in json.loads((tmp_path / "key.json").read_text())]
    assert len(items) == 44
    assert sum(item.again > 0 for item in items) == 4
    assert {item.build for item in items[:20]} == {"now", "before"}
    assert len({item.photo for item in items if item.build == "now"}) == 15, "every photo before any comes twice"
    for item in items:
        part = shown.split(f"\n{item.number}\nPhoto: ")[1]
        assert f"{item.letter}) {item.mood}" in part.split("Moods: ")[1].split("\n")[0]
    make({"now": texts("now"), "before": texts("before")}, tmp_path / "again", count=20, size=15)
    assert (tmp_path / "key.json").read_text() == (tmp_path / "again/key.json").read_text()


def test_marks_are_scored_by_build_and_agreement_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make({"now": texts("now"), "before": texts("before")}, tmp_path, count=20, size=50)
    items = [Item(**row) for row in json.loads((tmp_path / "key.json").read_text())]
    lines = [
        f"{item.number} {'keep' if item.build == 'now' else 'bad'} {item.letter} "
        f"{'+' if load_moods()[item.mood].valence >= 0 else '-'} -"
        for item in items
    ]
    (tmp_path / "marks_01.txt").write_text("\n".join(lines) + "\n", "utf-8")
    sheets.main(["score", str(tmp_path)])
    said = capsys.readouterr().out
    assert "| given | now | 20 | 100.0% [100.0%, 100.0%] | 0.0%" in said
    assert "| given | before | 20 | 0.0% [0.0%, 0.0%] | 0.0% [0.0%, 0.0%] | 100.0%" in said
    assert "Of 4 texts that were read twice 100% got the same mark" in said


def test_wrong_sides_letters_and_feelings_count() -> None:
    item = Item(1, "now", "given", "p", "joy", "a", 0)
    told = score([item], {1: Mark("awkward", "b", "-", "f")})
    cells = [cell.split()[0] for cell in told.splitlines()[2].strip("| ").split(" | ")][3:]
    assert cells == ["0.0%", "100.0%", "0.0%", "0.0%", "0.0%", "100.0%"]
    again = Item(2, "now", "given", "p", "joy", "a", 1)
    marks = {1: Mark("keep", "a", "+", "-"), 2: Mark("bad", "a", "+", "-")}
    assert "0% got the same mark" in agreement([item, again], marks)


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "marks_01.txt").write_text("1 fine b + -\n", "utf-8")
    with pytest.raises(ValueError, match="'1 fine b"):
        read_marks(tmp_path)
