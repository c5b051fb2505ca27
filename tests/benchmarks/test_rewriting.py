"""The rewriting stage and the machine's limits, on tiny models."""

from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import rewriting, roofline
from benchmarks.bench import Bench
from benchmarks.llama import Best, common, settings
from models import ModelContext, load
from tests.models.tiny import tiny_gguf


@pytest.fixture(scope="module")
def writer(tiny_home: Path) -> Any:
    context = ModelContext(tiny_home, device="cpu", dtype="float32")
    return load("rewriter", f"hf:{tiny_home / 'models/rewriter'}", context)


def test_every_round_has_prompts_of_its_own(writer: Any, bench: Bench) -> None:
    one, other = (rewriting.new_prompts(writer, number, bench) for number in (0, 1))
    assert len(one) == len(rewriting.LITERALS)
    assert not {*map(tuple, one)} & {*map(tuple, other)}
    assert len(common([*one, *other])) > 20
    assert common([[1, 2], [1, 2, 3]]) == [1, 2]


def test_candidates_have_their_full_length(writer: Any, bench: Bench) -> None:
    prompts = {number: rewriting.new_prompts(writer, number, bench) for number in (-1, 0)}
    answers: Any = rewriting.writing(writer, writer)(prompts[0][:2])
    assert [len(ids) for ids, _ in answers] == [rewriting.TOKENS] * 2 * rewriting.COUNT
    seconds = rewriting.compare({rewriting.OURS: rewriting.writing(writer, writer)}, prompts, 1, 1)
    made = rewriting.section({1: seconds}, {})
    assert "llama.cpp was not measured:** llama-cpp-python is not installed" in made.text
    assert [goal.reached for goal in made.goals] == [None]


def test_llama_cpp_writes_as_many(writer: Any, bench: Bench, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    file = tiny_gguf(tmp_path / "tiny.gguf")
    prompts = {number: rewriting.new_prompts(writer, number, bench) for number in (-1, 0)}
    with rewriting.llama(file, 2 * rewriting.COUNT, writer, Best(1, flash=False, shared=True)) as write:
        for number in prompts:  # the second call knows the beginning
            answers: Any = write(prompts[number][:2])
            assert [len(ids) for ids in answers] == [rewriting.TOKENS] * 2 * rewriting.COUNT
    best = rewriting.best_llama(file, writer, prompts, 1, bench)
    told = {1: {rewriting.OURS: [2.0], rewriting.LLAMA: [1.0]}}
    made = rewriting.section(told, {1: best})
    assert str(best) in made.text
    assert [(goal.value, goal.reached) for goal in made.goals] == [(0.5, False)]


def test_all_settings_of_llama_cpp_are_tried() -> None:
    assert len(settings((2, 1))) == 8
    assert len(settings((1, 1))) == 4
    assert str(Best(2, flash=True, shared=False)) == "2 threads, flash attention on, a cache for each sequence"


def test_bytes_and_operations_are_those_of_the_network(writer: Any) -> None:
    network = writer.model.network
    plain = 2 * (128 * 64 + 64 * 64 + 128 * 64 + 64 * 64)
    head = network.config.vocab_size * 64
    assert roofline.weight_bytes(network) == 4 * (plain + head)
    assert roofline.read_operations(network, 10) == 2 * (10 * plain + head)
    assert roofline.decode(writer, [5, 6, 7], 2, 3) > 0
    assert roofline.cached_bytes(network) == 2 * 2 * 2 * 16 * 4


def test_the_limits_are_measured_on_the_spot(writer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roofline, "MEMORY", 4096)
    for call in (
        roofline.reader(),
        roofline.copier(),
        *(roofline.multiplier(n, 8) for n in roofline.RATES if roofline.can(n)),
    ):
        call(0)
    seconds = {
        "read": [1e-6],
        "copy": [2e-6],
        "float32": [1.0],
        "look": [0.5],
        **{f"step {n}": [1e-3] for n in (1, 4, 8)},
    }
    works = {"look": roofline.Work(lambda: None, 1e9, "float32")}
    made = roofline.section(seconds, works, writer.model.network, 3, 8)
    (goal,) = made.goals
    needed = roofline.weight_bytes(writer.model.network) + 4 * 7 * roofline.cached_bytes(writer.model.network)
    assert goal.value == pytest.approx(100 * needed / 4.096e9 / 1e-3)
    assert made.tables[2].rows[0][0] == "look"


def test_operations_are_counted(writer: Any) -> None:
    assert roofline.operations(lambda: torch.ones(2, 3) @ torch.ones(3, 4)) == 2 * 2 * 3 * 4
