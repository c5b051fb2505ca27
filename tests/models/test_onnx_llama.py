"""The path through onnxruntime against transformers: the same logits within a stated bound, and its own economies."""

from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage
from transformers import AutoModelForCausalLM

from models import ModelContext, load
from models.chat import LocalChat
from models.decoding import OnnxModel
from models.llama_graph import BLOCK, fits, quantise, write
from models.onnx_llama import OnnxLlama, Rows, Run
from models.rewriter import embedded_rewriter

from .tiny import tiny_llm

PROMPTS = [[5, 6, 7, 8, 9], [5, 6, 7, 30], [40], [5, 6, 7, 8, 9]]
GOING_ON = [[11, 12, 13], [14, 15, 16], [17, 18, 19], [20, 21, 22]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llm(tmp_path_factory.mktemp("llm"))


def plain_model(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


def plain_logits(model: Any, texts: list[list[int]]) -> torch.Tensor:
    """The logits after each text, each computed alone."""
    with torch.inference_mode():
        return torch.stack([model(torch.tensor([text])).logits[0, -1].float() for text in texts])


def network_of(model: Any, folder: Path, bits: int = 32) -> OnnxLlama:
    write(model, folder, bits)
    return OnnxLlama(model.config, folder)


def logits_of(network: OnnxLlama, prompts: list[list[int]], going_on: list[list[int]]) -> list[torch.Tensor]:
    """The logits after each prompt, and after each further token."""
    paths, logits = network.read(prompts)
    rows = Rows(network, paths, 8)
    return [logits] + [rows.step(torch.tensor(tokens)).clone() for tokens in zip(*going_on, strict=True)]


def wanted_logits(plain: Any) -> list[torch.Tensor]:
    return [plain_logits(plain, [p + g[:n] for p, g in zip(PROMPTS, GOING_ON, strict=True)]) for n in range(4)]


def test_logits_are_those_of_transformers(folder: Path, tmp_path: Path) -> None:
    plain = plain_model(folder)
    network = network_of(plain, tmp_path)
    for _ in range(2):  # prompts that are new, and prompts that are known
        for one, other in zip(logits_of(network, PROMPTS, GOING_ON), wanted_logits(plain), strict=True):
            assert (one - other).abs().max() <= 1e-5 * other.abs().max()


def test_8_bit_logits_are_those_of_the_same_weights_in_full(folder: Path, tmp_path: Path) -> None:
    plain = plain_model(folder)
    found = logits_of(network_of(plain, tmp_path, 8), PROMPTS, GOING_ON)
    with torch.no_grad():
        words = plain.model.embed_tokens.weight.clone()
        scale = words.abs().amax(1, True) / 127
        for name, weight in plain.named_parameters():
            if weight.ndim == 2:
                weight.copy_(in_full(*quantise(weight))[:, : weight.shape[1]])
                assert "norm" not in name
        plain.lm_head.weight = torch.nn.Parameter(plain.lm_head.weight.clone())
        plain.model.embed_tokens.weight = torch.nn.Parameter((words / scale).round() * scale)
    for one, other in zip(found, wanted_logits(plain), strict=True):
        assert (one - other).norm() <= 1e-2 * other.norm(), "what 8-bit inputs cost"


def in_full(eight: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    return ((eight.float() - 128) * scales[..., None]).flatten(1)


def test_a_weight_in_8_bits_is_within_half_a_step_of_itself() -> None:
    torch.manual_seed(0)
    weight = torch.randn(48, 100) * torch.tensor([1.0, 1000.0]).repeat(24)[:, None]
    weight[3] = 0
    eight, scales = quantise(weight)
    assert eight.shape == (48, 2, BLOCK)
    off = (in_full(eight, scales)[:, :100] - weight).abs()
    assert (off <= scales.repeat_interleave(BLOCK, 1)[:, :100] * 0.501).all()


def test_rows_that_are_done_leave_without_a_trace(folder: Path, tmp_path: Path) -> None:
    network = network_of(plain_model(folder), tmp_path)
    whole = logits_of(network, PROMPTS, GOING_ON)
    rows = Rows(network, network.read(PROMPTS)[0], 8)
    rows.step(torch.tensor([tokens[0] for tokens in GOING_ON]))
    rows.keep([1, 3])
    rows.step(torch.tensor([GOING_ON[1][1], GOING_ON[3][1]]))
    rows.keep([1])
    last = rows.step(torch.tensor([GOING_ON[3][2]]))
    assert torch.allclose(last[0], whole[3][3], atol=1e-5)


def test_shared_beginnings_are_computed_once_and_remembered(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, sizes = network_of(plain_model(folder), tmp_path), list[int]()

    class Counted(Run):
        def __init__(self, network: OnnxLlama, cache: Any, new: int, wanted: Any) -> None:
            sizes.append(new)
            super().__init__(network, cache, new, wanted)

    monkeypatch.setattr("models.onnx_llama.Run", Counted)
    _, first = network.read(PROMPTS)
    _, again = network.read(PROMPTS)
    network.read([[5, 6, 7, 8, 50, 51]])
    assert sizes == [7, 3, 2]  # all distinct tokens; the last of each prompt; the new ones
    assert torch.allclose(first, again, atol=1e-5)


def test_a_full_pool_begins_anew_and_a_long_prompt_enlarges_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.onnx_llama.POOL", 16)
    plain = plain_model(folder)
    network = network_of(plain, tmp_path)
    texts = [[start, *range(20, 20 + length)] for start, length in ((4, 9), (5, 9), (6, 40), (4, 9))]
    for text in texts:
        found = logits_of(network, [text], [[7]])
        assert torch.allclose(found[0], plain_logits(plain, [text]), atol=1e-5)
        assert torch.allclose(found[1], plain_logits(plain, [[*text, 7]]), atol=1e-5)


def test_a_prompt_that_failed_is_not_taken_for_read(folder: Path, tmp_path: Path) -> None:
    plain = plain_model(folder)
    network = network_of(plain, tmp_path)
    with pytest.raises(RuntimeError, match="out of"):
        network.read([[5, 6, 10_000]])
    assert torch.allclose(network.read(PROMPTS)[1], plain_logits(plain, PROMPTS), atol=1e-5)


def both(folder: Path, **settings: Any) -> tuple[LocalChat, LocalChat]:
    fast: LocalChat = load("rewriter", f"hf:{folder}", ModelContext(folder, "cpu", "float32"))
    fast = fast.model_copy(update={"temperature": 0.0, "max_new_tokens": 16} | settings)
    return fast, fast.model_copy(update={"model": plain_model(folder)})


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_answers_and_their_log_probabilities_are_those_of_transformers(folder: Path, penalty: float) -> None:
    cat = HumanMessage("a cat", additional_kwargs={"logit_bias": {300: 4.0, 301: -float("inf")}})
    chats: list[Any] = [[HumanMessage("a dog runs")], [cat], [HumanMessage("snow"), AIMessage("a photo of")]]
    fast, plain = (chat._answer(chats) for chat in both(folder, repetition_penalty=penalty))
    for one, other in zip(fast, plain, strict=True):
        assert one.generations[0].text == other.generations[0].text
        found, wanted = one.generations[0].generation_info, other.generations[0].generation_info
        assert found
        assert wanted
        assert found["logprob"] == pytest.approx(wanted["logprob"], abs=1e-4)


def test_only_a_plain_llama_goes_through_onnxruntime(folder: Path) -> None:
    model = plain_model(folder)
    assert fits(model)
    model.config.attention_bias = True
    assert not fits(model)


def test_the_embedded_rewriter_decodes_from_the_graph_alone(folder: Path, tmp_path: Path) -> None:
    write(plain_model(folder), tmp_path)
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    chat = embedded_rewriter(tmp_path, "cpu")
    assert isinstance(chat.model, OnnxModel)
    chats: list[Any] = [[HumanMessage("a dog runs")], [HumanMessage("a dog sits on the street")]]
    together = chat.batch(chats, temperature=0.0)
    assert [one.text for one in together] == [chat.invoke(one, temperature=0.0).text for one in chats]
