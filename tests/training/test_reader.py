"""Teaching the reader of the rewriter's texts by readers' marks."""

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.fact_pairs import Pair
from training import reader
from training.fact_checker import load_tokenizer

from .made_up import make_minilm


def rows(count: int) -> list[dict[str, object]]:
    """Captions with a good text, a flat one, and one that is untrue."""
    texts = [["a dog sits in the snow as glad as joy", 3], ["a dog sits", 1], ["the cat the of the", 0]]
    return [{"literal": f"A dog {i}.", "mood": "joy", "intensity": 0.6, "texts": texts} for i in range(count)]


def test_it_learns_to_rank_and_keeps_what_differs_from_minilm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    minilm = make_minilm(tmp_path / "minilm")
    reader_network = reader.Network(minilm)
    groups = reader.read_groups(load_tokenizer(minilm), rows(60))
    before = reader.figures(reader_network, groups)
    assert (before["any good"], before["all good"]) == (1.0, 0.333)
    reader.train(reader_network, groups, groups[:10], tmp_path / "out", epochs=4, rate=2e-2)
    said = capsys.readouterr().out
    assert "epoch 4" in said
    after = reader.figures(reader_network, groups)
    assert after["ranked"] > 0.9
    assert after["first good"] == 1.0
    stored = load_file(tmp_path / "out/reader.safetensors")
    assert {"verdict.weight", "verdict.bias", "bert.embeddings.token_type_embeddings.weight"} <= set(stored)
    assert not any("word_embeddings" in name for name in stored)
    assert stored["bert.embeddings.token_type_embeddings.weight"].shape[0] == 4


def test_batches_hold_every_caption_once() -> None:
    groups = [reader.Group(f"{i}", [Pair([0] * (i + 1), [0], [(0, 1)])], [1]) for i in range(30)]
    found = [group.literal for batch in reader.batches(groups, random.Random(0)) for group in batch]
    assert sorted(found, key=int) == [str(i) for i in range(30)]


def test_twins_stand_below_their_rewrites() -> None:
    found = reader.twins(5)
    assert len(found) == 5
    assert all([mark for _, mark in row["texts"]] == [3, 0] for row in found)
