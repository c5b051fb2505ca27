"""Attention by plain products: the same as transformers' own, whatever the mask."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, BertModel

from tests.models.tiny import tiny_llm
from training import attention

from .made_up import make_minilm

IDS = torch.arange(24).view(2, 12) + 4


def masks() -> dict[str, torch.Tensor | None]:
    padded = torch.ones(2, 12, dtype=torch.long)
    padded[1, 9:] = 0
    owner = torch.tensor([-1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1])
    packed = ((owner[None] == owner[:, None]) | (owner[None] == -1)).tril().expand(2, 1, 12, 12)
    return {"none": None, "padded": padded, "packed": packed}


@pytest.mark.parametrize("kind", masks())
def test_a_language_model_says_the_same_and_learns_the_same(tmp_path: Path, kind: str) -> None:
    folder, mask = tiny_llm(tmp_path / "llm"), masks()[kind]
    added = mask if mask is None or mask.ndim == 2 else attention.added(mask, torch.float32)
    there = torch.ones(2, 12, dtype=torch.bool) if mask is None or mask.ndim == 4 else mask.bool()
    said, grown = [], []
    for plain in (False, True):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
        if plain:
            attention.use(model)
        logits = model(IDS, attention_mask=mask if plain else added).logits[there]
        logits.square().mean().backward()
        said.append(logits.detach())
        grown.append(model.model.layers[0].self_attn.k_proj.weight.grad)
    assert model.config.num_key_value_heads < model.config.num_attention_heads
    assert torch.allclose(said[0], said[1], atol=1e-4)
    assert torch.allclose(grown[0], grown[1], atol=1e-4)


def test_a_reader_says_the_same(tmp_path: Path) -> None:
    folder, mask = make_minilm(tmp_path / "minilm"), masks()["padded"]
    assert mask is not None
    said = []
    for plain in (False, True):
        model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
        if plain:
            attention.use(model)
        said.append(model(IDS, attention_mask=mask).last_hidden_state[mask.bool()].detach())
    assert torch.allclose(said[0], said[1], atol=1e-4)
