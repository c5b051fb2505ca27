"""Who judges rewrites: labels, voices, and fluency."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluation.judge_network import tune
from evaluation.rewrite_judge import (
    ACCEPTED,
    LABELS,
    Judge,
    fit_head,
    fluency_of,
    head_voice,
    label_places,
    mean_voice,
    read_sentences,
    train_judge,
    verdict,
)
from models import NEGATIVE, POSITIVE
from prompts import load_moods
from tests.training.made_up import make_minilm

MOODS = load_moods()


def test_every_emotion_has_labels_that_count() -> None:
    assert set(ACCEPTED) == {*POSITIVE, *NEGATIVE}
    assert {label for labels in ACCEPTED.values() for label in labels} == set(LABELS)
    assert ACCEPTED["disgust"] == ("anger",)


def shares(**named: float) -> Any:
    return np.array([named.get(label, 0.0) for label in LABELS])


def test_a_verdict_accepts_labels_for_emotions_and_measures_the_way_for_further_moods() -> None:
    places = label_places()
    heard = shares(joy=0.5, surprise=0.25, sadness=0.25)
    assert verdict(heard, MOODS["awe"], places)[::2] == (True, 0.75)
    assert verdict(heard, MOODS["sadness"], places)[::2] == (False, 0.25)
    aligned, distance, score = verdict(shares(joy=1.0), MOODS["joy"], places)
    assert (aligned, distance, score) == (None, 0, 0)
    far = verdict(shares(sadness=1.0), MOODS["triumph"], places)
    assert far[1] == pytest.approx(((0.85 + 0.7) ** 2 + (0.8 + 0.4) ** 2 + (0.85 + 0.45) ** 2) ** 0.5)
    assert far[2] == -far[1]


def bag(texts: Sequence[str]) -> torch.Tensor:
    """An embedding that knows the labels' own names."""
    return torch.tensor([[5.0 * (label in text) for label in LABELS] for text in texts])


EVEN = np.full(len(LABELS), 1 / len(LABELS))


def made_up_judge() -> Judge:
    head = torch.nn.Linear(len(LABELS), len(LABELS)).requires_grad_(False)
    head.weight.copy_(torch.eye(len(LABELS)))
    head.bias.zero_()
    voice = lambda texts: head(bag([text.replace("happy", "joy") for text in texts])).softmax(-1)  # noqa: E731
    return Judge([voice], 0.5, label_places(), EVEN)


def test_the_judge_learns_from_sentences_and_says_how_well(tmp_path: Path) -> None:
    folder = tmp_path / "dair_emotion"
    folder.mkdir()
    (tmp_path / "flickr8k").mkdir()
    plain = [{"split": "train", "captions": ["Some fear."]}, {"split": "dev", "captions": ["Some joy."]}]
    (tmp_path / "flickr8k/captions.jsonl").write_text("\n".join(map(json.dumps, plain)))
    lines = [f"i feel {label};{label}" for label in LABELS]
    (folder / "train.txt").write_text("\n".join(lines * 5))
    (folder / "test.txt").write_text("\n".join([*lines, "i feel joy; yes;sadness", "i feel fear;love"]))
    assert read_sentences(folder / "test.txt")[0][-2] == "i feel joy; yes"
    judge = train_judge([lambda texts, target: head_voice(bag, texts, target, steps=100)], tmp_path)
    assert judge.accuracy == pytest.approx(6 / 8)
    assert judge.shares(["so much anger"]).argmax() == LABELS.index("anger")
    assert judge.leaning.argmax() == LABELS.index("fear"), "what it hears in people's plain captions of training photos"
    assert judge.shares(["Some fear."])[0] == pytest.approx(EVEN, abs=1e-6), "plain captions lean to no label"


def test_both_voices_count() -> None:
    one, other = (torch.tensor([[share, 1 - share]]) for share in (0.8, 0.5))
    found = mean_voice([lambda texts: one, lambda texts: other], ["x"])
    assert found[0] == pytest.approx([2 / 3, 1 / 3])


def test_a_tuned_network_learns_labels_and_is_kept(tmp_path: Path) -> None:
    folder = make_minilm(tmp_path / "minilm")
    texts, target = ["a dog", "the snow"] * 1000, torch.tensor([0, 1] * 1000)
    kept = tmp_path / "judge.safetensors"
    state = torch.get_rng_state()
    model = tune(folder, texts, target, 2, kept)
    assert torch.equal(torch.get_rng_state(), state)
    shares = model.shares(["a dog", "the snow"])
    assert shares.argmax(1).tolist() == [0, 1]
    again = tune(folder, [], torch.tensor([]), 2, kept)
    assert torch.equal(again.shares(["a dog", "the snow"]), shares)


def test_training_the_judge_is_repeatable_and_leaves_chance_alone() -> None:
    rows, target = bag(LABELS), torch.arange(len(LABELS))
    state = torch.get_rng_state()
    first, second = fit_head(rows, target, 5), fit_head(rows, target, 5)
    assert torch.equal(first.weight, second.weight)
    assert not torch.equal(first.weight, fit_head(rows, target, 5, seed=1).weight)
    assert torch.equal(torch.get_rng_state(), state)


class Flat:
    """A language model that finds token 2 likelier than the three others, whatever comes before."""

    device = "cpu"
    bos_token_id = 0
    logits: torch.Tensor

    def __call__(self, text: str = "", input_ids: Any = None, attention_mask: Any = None) -> Any:
        if input_ids is None:
            return {"input_ids": [3 if word == "." else int(word) for word in text.split()]}
        self.logits = torch.tensor([0.0, 0.0, 1.0, 0.0]).expand(*input_ids.shape, 4)
        return self


def test_fluency_is_the_mean_over_a_texts_own_tokens() -> None:
    whole = float(np.log(np.e + 3))
    found = fluency_of(Flat(), Flat(), batch=2)(["2", "2 1 2 1", "1", ""])
    assert found == pytest.approx([1 - whole, 0.5 - whole, -whole, -whole])
