"""A BERT (Devlin et al., 2019) in plain PyTorch, from a folder that transformers wrote.

It needs no import of transformers' models, which takes longer than all else that a start does, and a hundred megabytes.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from .errors import ModelError

LONGEST = 128  # tokens of a text that are read


class Read(NamedTuple):
    """What was read of some texts."""

    logits: Tensor
    """(texts, labels)"""
    states: list[Tensor]
    """Of the embeddings and of each layer, (texts, tokens, hidden)."""
    mask: Tensor
    """(texts, tokens): 1 for a token, 0 beyond a text's end."""


class LeanBert:
    """The network and its tokenizer; `settings` is the folder's `config.json`. `name` says what it is to the user.

    Raises:
        ModelError: the folder holds something else, or is damaged.
    """

    def __init__(self, folder: Path, device: torch.device | str = "cpu", name: str = "text emotion") -> None:
        try:
            self.settings = json.loads((folder / "config.json").read_text("utf-8"))
            self.weights = {name: one.to(device) for name, one in load_file(folder / "model.safetensors").items()}
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing narrower
            raise ModelError(f"The {name} at {folder} is damaged; run `moodcap setup`.") from error
        self.device = device
        self.tokenizer.enable_truncation(LONGEST)
        self.tokenizer.enable_padding(pad_id=self.settings["pad_token_id"])

    @property
    def labels(self) -> list[str]:
        """The names of the labels, in the order of the logits."""
        names = self.settings["id2label"]
        return [names[str(place)] for place in range(len(names))]

    def read(self, texts: Sequence[str]) -> Read:
        """What the network sees in texts that share one batch."""
        found = self.tokenizer.encode_batch(list(texts))
        ids = torch.tensor([one.ids for one in found], device=self.device)
        mask = torch.tensor([one.attention_mask for one in found], device=self.device)
        states = self.states(ids, torch.zeros_like(ids), mask)
        pooled = self.linear("bert.pooler.dense", states[-1][:, 0]).tanh()
        return Read(self.linear("classifier", pooled), states, mask)

    def states(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> list[Tensor]:
        """The states of the embeddings and of each layer for tokens, their types and which of them are there."""
        seen = mask[:, None, None, :].bool()
        states = [self._embed(ids, kinds)]
        for layer in range(self.settings["num_hidden_layers"]):
            states.append(self._layer(f"bert.encoder.layer.{layer}.", states[-1], seen))
        return states

    def linear(self, name: str, states: Tensor) -> Tensor:
        """A linear layer of the folder, by its name."""
        return F.linear(states, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _embed(self, ids: Tensor, kinds: Tensor) -> Tensor:
        part = "bert.embeddings."
        places = self.weights[f"{part}position_embeddings.weight"][: ids.shape[1]]
        kind = self.weights[f"{part}token_type_embeddings.weight"][kinds]
        return self._norm(f"{part}LayerNorm", self.weights[f"{part}word_embeddings.weight"][ids] + places + kind)

    def _layer(self, part: str, states: Tensor, seen: Tensor) -> Tensor:
        heads = self.settings["num_attention_heads"]
        query, key, value = (
            self.linear(f"{part}attention.self.{name}", states).unflatten(-1, (heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        said = F.scaled_dot_product_attention(query, key, value, attn_mask=seen).transpose(1, 2).flatten(2)
        states = self._norm(
            f"{part}attention.output.LayerNorm", states + self.linear(f"{part}attention.output.dense", said)
        )
        wide = F.gelu(self.linear(f"{part}intermediate.dense", states))
        return self._norm(f"{part}output.LayerNorm", states + self.linear(f"{part}output.dense", wide))

    def _norm(self, name: str, states: Tensor) -> Tensor:
        shape = (states.shape[-1],)
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return F.layer_norm(states, shape, weight, bias, self.settings["layer_norm_eps"])
