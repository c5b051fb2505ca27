"""The lean path against transformers: the same logits within a stated bound, the same tokens, and its own economies."""

from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage
from torch.nn import functional as F
from transformers import AutoModelForCausalLM

from models import ModelContext, load
from models.chat import LocalChat
from models.decoding import LeanModel, choose
from models.lean_linear import Int8Linear, Norm, PlainLinear, has_int8, pack, quantise
from models.lean_llama import LeanLlama, Rows, fits, from_plain, load_int8, parts, save_int8
from models.rewriter import embedded_rewriter

from .tiny import tiny_llm

PROMPTS = [[5, 6, 7, 8, 9], [5, 6, 7, 30], [40], [5, 6, 7, 8, 9]]
GOING_ON = [[11, 12, 13], [14, 15, 16], [17, 18, 19], [20, 21, 22]]
needs_int8 = pytest.mark.skipif(not has_int8(), reason="this CPU has no 8-bit multiplication (AVX-512 VNNI)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llm(tmp_path_factory.mktemp("llm"))


def plain_model(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()


def plain_logits(model: Any, texts: list[list[int]]) -> torch.Tensor:
    """The logits after each text, each computed alone."""
    with torch.inference_mode():
        return torch.stack([model(torch.tensor([text])).logits[0, -1].float() for text in texts])


def lean_logits(network: LeanLlama, prompts: list[list[int]], going_on: list[list[int]]) -> list[torch.Tensor]:
    """The logits after each prompt, and after each further token."""
    with torch.inference_mode():
        paths, logits = network.read(prompts)
        rows = Rows(network, paths, 8)
        return [logits] + [rows.step(torch.tensor(tokens)) for tokens in zip(*going_on, strict=True)]


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_logits_are_those_of_transformers(folder: Path, dtype: torch.dtype, bound: float) -> None:
    plain = plain_model(folder, dtype)
    wanted = [plain_logits(plain, [p + g[:n] for p, g in zip(PROMPTS, GOING_ON, strict=True)]) for n in range(4)]
    found = lean_logits(from_plain(plain), PROMPTS, GOING_ON)
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).abs().max() <= bound * other.abs().max()


@needs_int8
def test_8_bit_logits_are_those_of_the_same_weights_in_full(folder: Path, tmp_path: Path) -> None:
    plain = plain_model(folder)
    save_int8(plain, tmp_path)
    found = lean_logits(load_int8(plain.config, tmp_path), PROMPTS, GOING_ON)
    with torch.no_grad():
        words, scale = quantise(plain.model.embed_tokens.weight)
        for _, weights, norm in parts(plain):  # the norm's weight has moved into the linear layers after it
            for weight in weights:
                eight, scales = quantise(weight, norm)
                weight.data = eight * scales[:, None]
        for name, weight in plain.named_parameters():
            if "norm" in name:
                weight.fill_(1)
        plain.model.embed_tokens.weight = torch.nn.Parameter(words * scale[:, None])
    wanted = [plain_logits(plain, [p + g[:n] for p, g in zip(PROMPTS, GOING_ON, strict=True)]) for n in range(4)]
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).abs().max() <= 2e-3 * other.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_packed_layers_answer_as_before(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight, rows = torch.randn(48, 32).to(dtype), torch.randn(2, 3, 32)
    wanted = F.linear(rows.to(dtype), weight).float()
    assert torch.allclose(PlainLinear(weight)(rows), wanted, rtol=1e-2 if dtype != torch.float32 else 1e-5, atol=1e-5)
    module = torch.nn.Sequential(torch.nn.Linear(32, 48), torch.nn.Sequential(torch.nn.GELU(), torch.nn.Linear(48, 8)))
    before = module(rows)
    pack(module)
    assert isinstance(module[0], PlainLinear)
    assert torch.allclose(module(rows), before, atol=1e-5)


@needs_int8
@pytest.mark.parametrize("normed", [True, False])
def test_an_8_bit_layer_keeps_16_bits_of_its_input_and_its_rows_apart(normed: bool) -> None:
    torch.manual_seed(0)
    norm = Norm(torch.rand(96) + 0.5, 1e-5) if normed else None
    rows = torch.randn(5, 96) * torch.tensor([[1.0], [100.0], [0.01], [1.0], [0.0]])
    rows[3, 7] = 60.0  # an outlier
    weight, scale = quantise(torch.randn(64, 96), norm)
    layer = Int8Linear(weight, scale, 1e-5 if normed else None)
    found = layer(rows)
    wanted = F.linear(F.rms_norm(rows, (96,), None, 1e-5) if normed else rows, weight * scale[:, None])
    assert (found - wanted).norm() <= 3e-4 * wanted.norm()
    assert not found[4].any()
    assert all(torch.equal(layer(rows[i : i + 1])[0], found[i]) for i in range(5))


def test_rows_that_are_done_leave_without_a_trace(folder: Path) -> None:
    network = from_plain(plain_model(folder))
    whole = lean_logits(network, PROMPTS, GOING_ON)
    with torch.inference_mode():
        rows = Rows(network, network.read(PROMPTS)[0], 8)
        rows.step(torch.tensor([tokens[0] for tokens in GOING_ON]))
        rows.keep([1, 3])
        rows.step(torch.tensor([GOING_ON[1][1], GOING_ON[3][1]]))
        rows.keep([1])
        last = rows.step(torch.tensor([GOING_ON[3][2]]))
    assert torch.allclose(last[0], whole[3][3], atol=1e-5)


def test_shared_beginnings_are_computed_once_and_remembered(folder: Path) -> None:
    network, sizes = from_plain(plain_model(folder)), []
    step = network.step

    def counting(tokens: torch.Tensor, *others: Any) -> torch.Tensor:
        sizes.append(len(tokens))
        return step(tokens, *others)

    network.step = counting  # type: ignore[assignment,method-assign]
    with torch.inference_mode():
        _, first = network.read(PROMPTS)
        _, again = network.read(PROMPTS)
        network.read([[5, 6, 7, 8, 50, 51]])
    assert sizes == [7, 3, 2]  # all distinct tokens; the last of each prompt; the new ones
    assert torch.allclose(first, again, atol=1e-5)


def test_a_full_pool_begins_anew_and_a_long_prompt_enlarges_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.lean_llama.POOL", 16)
    plain, network = plain_model(folder), from_plain(plain_model(folder))
    texts = [[start, *range(20, 20 + length)] for start, length in ((4, 9), (5, 9), (6, 40), (4, 9))]
    for text in texts:
        found = lean_logits(network, [text], [[7]])
        assert torch.allclose(found[0], plain_logits(plain, [text]), atol=1e-5)
        assert torch.allclose(found[1], plain_logits(plain, [[*text, 7]]), atol=1e-5)


def test_a_prompt_that_failed_is_not_taken_for_read(folder: Path) -> None:
    network = from_plain(plain_model(folder))
    with torch.inference_mode():
        with pytest.raises(IndexError):
            network.read([[5, 6, 10_000]])
        found = network.read(PROMPTS)[1]
    assert torch.allclose(found, plain_logits(plain_model(folder), PROMPTS), atol=1e-5)


def both(folder: Path, **settings: Any) -> tuple[LocalChat, LocalChat]:
    lean: LocalChat = load("rewriter", f"hf:{folder}", ModelContext(folder, "cpu", "float32"))
    lean = lean.model_copy(update={"temperature": 0.0, "max_new_tokens": 16} | settings)
    return lean, lean.model_copy(update={"model": plain_model(folder)})


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_answers_and_their_log_probabilities_are_those_of_transformers(folder: Path, penalty: float) -> None:
    cat = HumanMessage("a cat", additional_kwargs={"logit_bias": {300: 4.0, 301: -float("inf")}})
    chats: list[Any] = [[HumanMessage("a dog runs")], [cat], [HumanMessage("snow"), AIMessage("a photo of")]]
    lean, plain = (chat._answer(chats) for chat in both(folder, repetition_penalty=penalty))
    for one, other in zip(lean, plain, strict=True):
        assert one.generations[0].text == other.generations[0].text
        found, wanted = one.generations[0].generation_info, other.generations[0].generation_info
        assert found
        assert wanted
        assert found["logprob"] == pytest.approx(wanted["logprob"], abs=1e-4)


def test_rows_whose_likely_tokens_do_not_suffice_are_drawn_from_all_and_others_are_not() -> None:
    torch.manual_seed(0)
    flat, sharp = torch.zeros(1, 5000), torch.zeros(1, 5000)
    sharp[0, 7] = 99.0
    rows = torch.cat([flat, sharp])
    tokens = torch.stack([choose(rows, rows, {"temperature": 1.0, "top_p": 0.9})[0] for _ in range(200)])
    assert set(tokens[:, 1].tolist()) == {7}
    assert len(set(tokens[:, 0].tolist())) > 180, "of 4,500 tokens that are as likely"


def test_tokens_are_drawn_as_often_as_transformers_draws_them() -> None:
    torch.manual_seed(0)
    scores = torch.randn(1, 1000) * 3
    shares = (scores / 0.7).softmax(-1)[0]
    order = shares.argsort(descending=True)
    kept = order[: int((shares[order].cumsum(0) < 0.8).sum()) + 1]
    rows = scores.expand(20_000, -1)
    for top_p, among in ((0.8, kept), (1.0, order)):
        tokens, logprobs = choose(rows, rows, {"temperature": 0.7, "top_p": top_p})
        counts = torch.bincount(tokens, minlength=1000) / len(rows)
        wanted = torch.zeros(1000)
        wanted[among] = shares[among] / shares[among].sum()
        assert not counts[wanted == 0].any()
        assert (counts - wanted).abs().max() < 0.02
        assert torch.allclose(logprobs, scores[0].log_softmax(-1)[tokens])


def test_a_flat_distribution_is_cut_where_top_p_says() -> None:
    torch.manual_seed(0)
    flat = torch.zeros(4000, 600)
    tokens, _ = choose(flat, flat, {"temperature": 1.0, "top_p": 0.5})
    assert 250 < len(set(tokens.tolist())) <= 301


def test_only_a_plain_llama_takes_the_lean_path(folder: Path) -> None:
    model = plain_model(folder)
    assert fits(model)
    model.config.attention_bias = True
    assert not fits(model)


@needs_int8
def test_the_embedded_rewriter_decodes_from_8_bits_alone(folder: Path, tmp_path: Path) -> None:
    model = plain_model(folder)
    save_int8(model, tmp_path)
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    chat = embedded_rewriter(tmp_path, "cpu")
    assert isinstance(chat.model, LeanModel)
    chats: list[Any] = [[HumanMessage("a dog runs")], [HumanMessage("a dog sits on the street")]]
    together = chat.batch(chats, temperature=0.0)
    assert [one.text for one in together] == [chat.invoke(one, temperature=0.0).text for one in chats]
    assert isinstance(chat.model.network.head, Int8Linear)
