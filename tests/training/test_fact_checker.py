"""Teaching the fact checker: what it learns from, and a run that is stopped and taken up."""

import json
import random
from pathlib import Path

import pytest
import torch

from training import fact_checker
from training.fact_checker import FactNetwork, figures, load_tokenizer
from training.fact_edits import Editor
from training.written import load_written, split

from .made_up import make_minilm

PEOPLE = "man", "woman", "boy", "girl", "child", "person", "men", "women", "people", "children"
ROWS = [row for row in load_written() if any(f" {one} " in row.literal.lower() for one in PEOPLE)][:900]


def test_a_feeling_is_untrue_where_it_is_asserted_and_not_where_it_is_likened() -> None:
    editor = Editor(ROWS, random.Random(0))
    made = [one for row in ROWS[:200] if (one := editor.felt(row))]
    asserted = [one for one in made if one.fault == "added"]
    likened = [one for one in made if not one.fault]
    assert len(asserted) > 10
    assert len(likened) > 10
    assert all(one.wrong and one.text[slice(*one.wrong[0])] in one.text for one in asserted)
    assert all(", as " in one.text or "like somebody" in one.text for one in likened)


def test_figures_come_with_their_intervals() -> None:
    told = figures(torch.tensor([True, True, False, False]), torch.tensor([1.0, 0.0, 1.0, 0.0]))
    assert told == "precision 0.500 [0.095, 0.905], recall 0.500 [0.095, 0.905], F1 0.500"


def test_a_run_that_is_stopped_goes_on_and_tells_of_what_is_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    minilm, out, work = make_minilm(tmp_path / "minilm"), tmp_path / "out", tmp_path / "work"
    rows = {part: own[:40] for part, own in split(load_written()).items()}
    tokenizer = load_tokenizer(minilm)
    for most in (2, None):
        fact_checker.train(FactNetwork(minilm), tokenizer, rows, out, work, epochs=1, size=128, most_steps=most)
    said = capsys.readouterr().out
    assert "2/" in said
    assert "held out: " in said
    assert "recall of " in said
    assert set(json.loads((out / "fact_checker.json").read_text())) == {"temperature", "threshold"}
    assert (out / "fact_checker.safetensors").stat().st_size > 0
