"""Batches of photos and captions for captioner training: memory, packed captions, losses, averaged weights."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    AutoModel,
    BertConfig,
    BertLMHeadModel,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
)

from models.captioner_network import PhotoEncoder, PhotoEncoderConfig
from models.photo_tags import Features

from .caption_text import TagSimulator

LENGTH = 24  # tokens of a caption, its end included


@dataclass
class Photos:
    """Photos with cached features (one dict a view) and, for each, what may be said of it."""

    views: list[dict[str, NDArray[np.float16]]]
    captions: list[list[str]]
    rows: list[int] = field(default_factory=list)
    repeats: int = 1

    def features(self, row: int, chance: random.Random) -> Features:
        view = chance.choice(self.views)
        return Features(*(torch.from_numpy(view[name][row]).float() for name in Features._fields))


def build(
    minilm: Path, tokenizer: PreTrainedTokenizerFast, words: Sequence[str], class_words: Sequence[int], layers: int = 4
) -> VisionEncoderDecoderModel:
    """The captioner before training: the decoder starts as MiniLM's first layers, tags as MiniLM's words."""
    source = AutoModel.from_pretrained(minilm)
    pieces = source.embeddings.word_embeddings.weight.detach()
    full = PreTrainedTokenizerFast(tokenizer_file=str(minilm / "tokenizer.json"))

    def vector(text: str) -> Tensor:
        ids = (
            full(text, add_special_tokens=False)["input_ids"]
            if not text.startswith("##")
            else [full.convert_tokens_to_ids(text)]
        )
        return pieces[torch.tensor(ids)].mean(0)

    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=384,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=64,
        type_vocab_size=1,
        attention_probs_dropout_prob=0.0,
        is_decoder=True,
        add_cross_attention=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    decoder = BertLMHeadModel(config)
    with torch.no_grad():
        tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
        decoder.bert.embeddings.word_embeddings.weight.copy_(torch.stack([vector(t) for t in tokens]))
        decoder.bert.embeddings.position_embeddings.weight.copy_(source.embeddings.position_embeddings.weight[:64])
        decoder.bert.embeddings.token_type_embeddings.weight.copy_(source.embeddings.token_type_embeddings.weight[:1])
        decoder.bert.embeddings.LayerNorm.load_state_dict(source.embeddings.LayerNorm.state_dict())
        for ours, theirs in zip(decoder.bert.encoder.layer, source.encoder.layer, strict=False):
            for part in ("attention", "intermediate", "output"):
                getattr(ours, part).load_state_dict(getattr(theirs, part).state_dict())
    encoder = PhotoEncoder(PhotoEncoderConfig(words=tuple(words), class_words=tuple(class_words)))
    with torch.no_grad():
        encoder.words.weight.copy_(torch.stack([vector(w) for w in words]))
        encoder.strengths.weight.normal_(std=0.02)
    joint = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder.config, config)
    joint.decoder_start_token_id, joint.pad_token_id, joint.eos_token_id = (
        config.bos_token_id,
        config.pad_token_id,
        config.eos_token_id,
    )
    model = VisionEncoderDecoderModel(config=joint, encoder=encoder, decoder=decoder)
    model.generation_config.decoder_start_token_id, model.generation_config.eos_token_id = (
        config.bos_token_id,
        config.eos_token_id,
    )
    model.generation_config.pad_token_id = config.pad_token_id
    return model


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[Sequence[str]]) -> list[list[list[int]]]:
    """Token ids of every caption of every row, start and end included."""
    return [tokenizer(list(row), truncation=True, max_length=LENGTH)["input_ids"] for row in texts]


class Pack(NamedTuple):
    """Captions side by side in rows, blind to one another; each (rows, tokens)."""

    inputs: Tensor
    targets: Tensor
    positions: Tensor
    segments: Tensor
    """Which caption of the row a token belongs to; -1 is padding."""


def pack(captions: Sequence[Sequence[Sequence[int]]], pad: int) -> Pack:
    """Every row's captions in one sequence, so that they share the row's keys and values."""
    rows = []
    for row in captions:
        inputs = [token for ids in row for token in ids[:-1]]
        targets = [token for ids in row for token in ids[1:]]
        positions = [i for ids in row for i in range(len(ids) - 1)]
        segments = [n for n, ids in enumerate(row) for _ in ids[1:]]
        rows.append((inputs, targets, positions, segments))
    return Pack(
        *(
            pad_sequence([torch.tensor(row[part]) for row in rows], batch_first=True, padding_value=fill)
            for part, fill in enumerate((pad, pad, 0, -1))
        )
    )


def packed_logits(model: VisionEncoderDecoderModel, memory: Tensor, packed: Pack) -> Tensor:
    """Logits (real tokens, vocabulary) of the next tokens, row by row; padding is left out."""
    same = packed.segments[:, :, None] == packed.segments[:, None, :]
    mask = (same & torch.ones_like(same[0]).tril())[:, None]
    hidden = model.decoder.bert(
        input_ids=packed.inputs,
        attention_mask=mask,
        position_ids=packed.positions,
        encoder_hidden_states=memory,
        use_cache=False,
    ).last_hidden_state
    return model.decoder.cls(hidden[packed.segments >= 0])


def cross_entropy(
    model: VisionEncoderDecoderModel,
    memory: Tensor,
    captions: Sequence[Sequence[Sequence[int]]],
    smoothing: float = 0.1,
) -> Tensor:
    """The mean cross-entropy of a batch's captions, a token each."""
    packed = pack(captions, model.config.pad_token_id)
    targets = packed.targets[packed.segments >= 0]
    return F.cross_entropy(packed_logits(model, memory, packed), targets, label_smoothing=smoothing)


def photo_memory(model: VisionEncoderDecoderModel, batch: Sequence[Features], drop: float = 0.0) -> Tensor:
    """What the decoder attends to for each photo; in training a share of the tokens is dropped at random."""
    memory = model.encoder.memory(Features(*(torch.stack(part) for part in zip(*batch, strict=True))))
    if drop:
        keep = torch.rand(memory.shape[1]) >= drop
        memory = memory[:, keep]
    return memory


def text_memory(model: VisionEncoderDecoderModel, simulator: TagSimulator, texts: Sequence[str]) -> Tensor:
    drawn = [simulator.draw(text) for text in texts]
    return model.encoder.tag_tokens(torch.tensor([d[0] for d in drawn]), torch.tensor([d[1] for d in drawn]))


class Average:
    """The exponential moving average of a model's trained weights."""

    def __init__(self, weights: dict[str, nn.Parameter], decay: float) -> None:
        self.decay, self.weights = decay, weights
        self.values = {name: w.detach().clone() for name, w in weights.items()}

    @torch.no_grad()
    def update(self) -> None:
        for name, weight in self.weights.items():
            self.values[name].lerp_(weight, 1 - self.decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the model's weights and their average; a second call puts them back."""
        for name, weight in self.weights.items():
            now = weight.detach().clone()
            weight.copy_(self.values[name])
            self.values[name] = now


def trained(model: VisionEncoderDecoderModel) -> dict[str, nn.Parameter]:
    """Everything but the image encoders."""
    return {n: p for n, p in model.named_parameters() if not n.startswith("encoder.features.")}
