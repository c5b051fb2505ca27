"""Batches of photos and captions for captioner training: the network, packed captions, losses, averaged weights."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
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
from models.photo_features import PhotoFeatures
from models.photo_tags import Features

from .caption_text import TagSimulator
from .features import FROZEN

LENGTH = 48  # tokens of a caption, its start and end included
LEAST_PHOTOS = 40  # whose captions hold a word, for it to be a concept
Ids = list[int]


def build(
    minilm: Path, tokenizer: PreTrainedTokenizerFast, words: Sequence[str], class_words: Sequence[int], layers: int = 6
) -> VisionEncoderDecoderModel:
    """The captioner before training: the decoder starts as MiniLM's first layers, tags as MiniLM's words."""
    source = AutoModel.from_pretrained(minilm)
    pieces = source.embeddings.word_embeddings.weight.detach()
    full = PreTrainedTokenizerFast(tokenizer_file=str(minilm / "tokenizer.json"))

    def vector(text: str) -> Tensor:
        if text.startswith("##"):
            return pieces[full.convert_tokens_to_ids(text)]
        return pieces[torch.tensor(full(text.strip("[]").lower(), add_special_tokens=False)["input_ids"])].mean(0)

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
    take_over(decoder.bert, source)
    encoder = PhotoEncoder(PhotoEncoderConfig(words=tuple(words), class_words=tuple(class_words)))
    with torch.no_grad():
        encoder.words.weight.copy_(torch.stack([vector(w) for w in words]))
        encoder.strengths.weight.normal_(std=0.02)
    joint = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder.config, config)
    model = VisionEncoderDecoderModel(config=joint, encoder=encoder, decoder=decoder)
    for place in (joint, model.generation_config):
        place.decoder_start_token_id, place.eos_token_id = config.bos_token_id, config.eos_token_id
        place.pad_token_id = config.pad_token_id
    return model


@torch.no_grad()
def take_over(ours: Any, theirs: Any) -> None:
    """Copy the first layers of a BERT, its positions and norms; the words are each model's own."""
    ours.embeddings.position_embeddings.weight.copy_(theirs.embeddings.position_embeddings.weight[:64])
    ours.embeddings.token_type_embeddings.weight.copy_(theirs.embeddings.token_type_embeddings.weight[:1])
    ours.embeddings.LayerNorm.load_state_dict(theirs.embeddings.LayerNorm.state_dict())
    for layer, source in zip(ours.encoder.layer, theirs.encoder.layer, strict=False):
        for part in ("attention", "intermediate", "output"):
            getattr(layer, part).load_state_dict(getattr(source, part).state_dict())


class Heads(nn.Module):
    """What a photo's features are asked besides its caption, so that the encoder learns it: words, emotion, kind."""

    def __init__(self, concepts: int, kinds: int, width: int = 3584) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.concepts = nn.Linear(width, concepts)
        self.inner = nn.Linear(width, 256)
        self.emotion, self.place, self.kind = nn.Linear(256, 9), nn.Linear(256, 2), nn.Linear(256, kinds)
        nn.init.zeros_(self.concepts.weight)
        nn.init.constant_(self.concepts.bias, -4.0)

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits of concepts, emotions and kinds, and valence with arousal, of photos (photos, 3584)."""
        x = F.dropout(self.norm(pooled), 0.2, self.training)
        inner = F.dropout(F.gelu(self.inner(x)), 0.3, self.training)
        return self.concepts(x), self.emotion(inner), self.kind(inner), self.place(inner).tanh()


def pooled(features: Features) -> Tensor:
    """One row a photo, (photos, 3584): DINOv2's class token and mean patch, EfficientNet's mean."""
    return torch.cat([features.patches[:, 0], features.patches[:, 1:].mean(1), features.grid[:, 0]], dim=1)


def top_features(encoder: PhotoEncoder, cached: dict[str, Tensor]) -> Features:
    """The features of photos whose first layers are cached: DINOv2's last layers run, and learn."""
    taps, hidden = [], cached["hidden"]
    for number in range(FROZEN, len(encoder.features.dino.encoder.layer) + 1):
        if number in encoder.config.layers:
            taps.append(PhotoFeatures.pool_patches(hidden))
        if number < len(encoder.features.dino.encoder.layer):
            out = encoder.features.dino.encoder.layer[number](hidden)
            hidden = out[0] if isinstance(out, tuple) else out
    return Features(torch.cat(taps, dim=-1), cached["grid"], cached["classes"])


def encode(tokenizer: PreTrainedTokenizerFast, captions: Iterable[tuple[str, str]]) -> list[Ids]:
    """Token ids of captions given with their style, start and end included."""
    found = []
    for style, text in captions:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"][: LENGTH - 2]
        found.append([tokenizer.convert_tokens_to_ids(style), *ids, tokenizer.eos_token_id])
    return found


class Pack(NamedTuple):
    """Captions side by side in rows, blind to one another; each (rows, tokens)."""

    inputs: Tensor
    targets: Tensor
    positions: Tensor
    segments: Tensor
    """Which caption of the row a token belongs to; -1 is padding."""


def pack(captions: Sequence[Sequence[Ids]], pad: int) -> Pack:
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
    logits: Tensor = model.decoder.cls(hidden[packed.segments >= 0])
    return logits


def cross_entropy(
    model: VisionEncoderDecoderModel, memory: Tensor, captions: Sequence[Sequence[Ids]], smoothing: float = 0.1
) -> Tensor:
    """The mean cross-entropy of a batch's captions, a token each."""
    packed = Pack(*(part.to(memory.device) for part in pack(captions, model.config.pad_token_id)))
    targets = packed.targets[packed.segments >= 0]
    return F.cross_entropy(packed_logits(model, memory, packed).float(), targets, label_smoothing=smoothing)


def text_memory(model: VisionEncoderDecoderModel, simulator: TagSimulator, texts: Sequence[str]) -> Tensor:
    """What the decoder attends to where there is text without a photo: simulated tags."""
    drawn = [simulator.draw(text) for text in texts]
    device = model.device
    tokens: Tensor = model.encoder.tag_tokens(
        torch.tensor([d[0] for d in drawn], device=device), torch.tensor([d[1] for d in drawn], device=device)
    )
    return tokens


class Average:
    """The exponential moving average of trained weights."""

    def __init__(self, weights: dict[str, nn.Parameter], decay: float) -> None:
        self.decay, self.weights = decay, weights
        self.values = {name: w.detach().clone() for name, w in weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the weights as they are; early steps are forgotten sooner."""
        decay = min(self.decay, (step + 1) / (step + 10))
        for name, weight in self.weights.items():
            self.values[name].lerp_(weight, 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the weights and their average; a second call puts them back."""
        for name, weight in self.weights.items():
            now = weight.detach().clone()
            weight.copy_(self.values[name])
            self.values[name] = now


def trained(model: VisionEncoderDecoderModel) -> dict[str, nn.Parameter]:
    """What is trained and shipped: all but the frozen parts of the image encoders."""
    last = tuple(f"encoder.features.dino.encoder.layer.{i}." for i in range(FROZEN, 12))
    return {
        name: weight
        for name, weight in model.named_parameters()
        if name.startswith(last) or not name.startswith("encoder.features.")
    }


def concept_words(texts: Sequence[Sequence[str]]) -> tuple[list[str], list[set[str]]]:
    """The words that captions of `LEAST_PHOTOS` photos use to say what there is, and those of each photo."""
    from chains.words import lemmatise, lexicon

    stop = set(lexicon("forms")["stop"].split())
    found = [{lemmatise(w) for text in row for w in text.replace(",", "").split() if w not in stop} for row in texts]
    counts = Counter(word for row in found for word in row)
    words = sorted(w for w, n in counts.items() if n >= LEAST_PHOTOS and len(w) > 2 and w not in stop)
    known = set(words)
    return words, [row & known for row in found]
