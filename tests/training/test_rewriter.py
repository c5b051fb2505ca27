"""Teaching the rewriter: batches of packed rows, and a run that is stopped and taken up."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from prompts import Rewrite, load_rewrites
from tests.models.tiny import tiny_llm
from training import rewriter
from training.packs import packs, stacks
from training.rewriter import LAYERS, all_rows, encode, evened, loss_of
from training.written import load_written, part_of

MOODS = ("joy", "sadness", "awe")
ROWS = [
    Rewrite(
        f"A dog runs {i}.", MOODS[i % 3], (0.3, 1.0)[i % 2], f"Off it goes, {'a dog, ' * (i % 4)}a dog that runs {i}."
    )
    for i in range(30)
]
peft_asks = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_llm(tmp_path / "llm")


@peft_asks
def test_rows_in_packs_lose_what_each_loses_alone(folder: Path) -> None:
    encoded = encode(ROWS, AutoTokenizer.from_pretrained(folder))
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model: Any = get_peft_model(plain, LoraConfig(r=2, target_modules=LAYERS)).eval()
    chance, total, count = random.Random(0), 0.0, 0
    with torch.no_grad():
        for batch in stacks(packs(encoded, 400, chance), 3, chance):
            loss, size = loss_of(model, batch)
            total, count = total + float(loss), count + size
        alone = 0.0
        for asked, answer in encoded:
            logits = model(torch.tensor([asked + answer])).logits[0, len(asked) - 1 : -1]
            alone += float(torch.nn.functional.cross_entropy(logits, torch.tensor(answer), reduction="sum"))
    assert count == sum(len(answer) for _, answer in encoded)
    assert total == pytest.approx(alone, rel=1e-4)


@peft_asks
@pytest.mark.filterwarnings("ignore:Could not find a config file:UserWarning")
def test_a_run_that_is_stopped_goes_on_to_the_same_end(folder: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"epochs": 2, "rate": 3e-3, "tokens": 400, "rank": 2}
    whole = rewriter.train(folder, tmp_path / "whole", (ROWS, ROWS[:4]), tmp_path / "a", **options)
    stopped = rewriter.train(folder, tmp_path / "out", (ROWS, ROWS[:4]), tmp_path / "b", most_steps=1, **options)
    assert stopped == ()
    assert rewriter.train(folder, tmp_path / "out", (ROWS, ROWS[:4]), tmp_path / "b", **options) == whole
    name = "adapter_model.safetensors"
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert whole[1] < whole[0]
    assert rewriter.train(folder, tmp_path / "out", (ROWS, ROWS[:4]), tmp_path / "b", **options) == whole


def test_a_mood_that_comes_too_often_comes_as_often_as_others() -> None:
    often = [*ROWS, *(Rewrite(f"A hill {i}.", "awe", 0.6, f"Hill upon hill {i}.") for i in range(50))]
    drawn = [often[i].mood for i in evened(often, random.Random(0))]
    assert [drawn.count(mood) for mood in MOODS] == [10, 10, 10]


def test_no_caption_that_is_held_out_is_taught() -> None:
    taught, held = all_rows()
    assert not {row.literal for row in taught} & {row.literal for row in held}
    assert {row.literal for row in load_written() if part_of(row.key) == "dev"} <= {row.literal for row in held}
    assert len(taught) > 18_000
    assert len(taught) < len(load_rewrites()) + len(load_written())  # what names its mood is left out
