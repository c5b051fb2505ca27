"""Captions by any image-text-to-text model of transformers: BLIP, GIT, ViT-GPT2, Florence-2, and chat VLMs.

Models with a chat template are asked in a chat; Florence-2 by its task token; all others describe what they see.
"""

import re
import threading
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from . import captioner_network  # noqa: F401  (registers our own network, so that its folder loads here as well)
from .devices import pick_device, pick_dtype, placement
from .errors import ModelError
from .loading import load_pretrained
from .photo import Photo
from .records import Detail, LiteralCaption

QUESTIONS: dict[Detail, str] = {
    "short": "Describe this photo in one plain sentence.",
    "long": "Describe this photo in one plain sentence of 12 to 24 words.",
}
FLORENCE_TASK = "<CAPTION>"
LONGEST = 60  # tokens of a caption


class HfCaptioner:
    """Literal captions of a hub repository or folder; photos of one call make one batch.

    Raises:
        ModelNotFound, ModelError: the model is not on this machine, or is no image-text-to-text model.
    """

    def __init__(self, source: str, device: str = "auto", dtype: str = "auto", offline: bool = True) -> None:
        where = pick_device(device)
        self.config = load_pretrained(AutoConfig, source, offline)
        options = placement(where, pick_dtype(where, dtype), device)
        self.model = load_pretrained(AutoModelForImageTextToText, source, offline, **options).eval()
        self.processor, self.tokenizer = _processors(source, offline)
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        if self.model.generation_config.pad_token_id is None:
            self.model.generation_config.pad_token_id = self.tokenizer.pad_token_id
        self.lock = threading.Lock()

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        """One caption a photo, in order, with the geometric mean of the token probabilities as confidence.

        Chat models are asked for the detail that is wanted; others have one length, and say that it is short.
        """
        if not photos:
            return []
        images = [photo.image for photo in photos]
        detail = detail if self._chats() else "short"
        with self.lock, torch.inference_mode():
            inputs = self._inputs(images, detail)
            prompt = inputs["input_ids"].shape[1] if self._continues(inputs) else 0
            out = self.model.generate(
                **inputs,
                max_new_tokens=LONGEST,
                do_sample=False,
                return_dict_in_generate=True,
                output_scores=True,
            )
            texts = self.tokenizer.batch_decode(out.sequences[:, prompt:], skip_special_tokens=True)
            confidences = self._confidences(out)
        return [
            LiteralCaption(text=first_sentence(text), confidence=confidence, detail=detail)
            for text, confidence in zip(texts, confidences, strict=True)
        ]

    def _chats(self) -> bool:
        """Whether the model answers a question, which can ask for a length."""
        return bool(getattr(self.processor, "chat_template", None))

    def _inputs(self, images: list[Image.Image], detail: Detail) -> dict[str, Any]:
        if self._chats():
            turn = [{"type": "image"}, {"type": "text", "text": QUESTIONS[detail]}]
            chat = self.processor.apply_chat_template([{"role": "user", "content": turn}], add_generation_prompt=True)
            found = self.processor(
                text=[chat] * len(images), images=[[image] for image in images], padding=True, return_tensors="pt"
            )
        elif self.config.model_type.startswith("florence"):
            found = self.processor(text=[FLORENCE_TASK] * len(images), images=images, padding=True, return_tensors="pt")
        else:
            found = self.processor(images=images, return_tensors="pt")
        return {name: self._placed(value) for name, value in found.items()}

    def _placed(self, value: torch.Tensor) -> torch.Tensor:
        return value.to(self.model.device, self.model.dtype if value.is_floating_point() else None)

    def _continues(self, inputs: dict[str, Any]) -> bool:
        """Whether what is generated comes after the prompt in the same sequence."""
        return "input_ids" in inputs and not self.model.config.is_encoder_decoder

    def _confidences(self, out: Any) -> list[float]:
        beams = getattr(out, "beam_indices", None)
        if beams is not None:
            lengths = (beams >= 0).sum(1).clamp(min=1)
            mean = out.sequences_scores * lengths ** (self.model.generation_config.length_penalty - 1)
        else:
            scores = self.model.compute_transition_scores(out.sequences, out.scores, normalize_logits=True)
            tokens = out.sequences[:, -scores.shape[1] :]
            real = (tokens != self.tokenizer.pad_token_id) & scores.isfinite()
            mean = scores.where(real, 0.0).sum(1) / real.sum(1).clamp(min=1)
        return [min(max(value, 0.0), 1.0) for value in mean.float().exp().tolist()]


def first_sentence(text: str) -> str:
    """The first sentence of what a model said, with a capital and a full stop."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0].rstrip(" ,;:")
    if not text:
        return "A photo."
    return f"{text[0].upper()}{text[1:]}" + ("" if text[-1] in ".!?" else ".")


def _processors(source: str, offline: bool) -> tuple[Any, Any]:
    """The processor and its tokenizer; older repositories keep image processor and tokenizer apart."""
    try:
        processor = load_pretrained(AutoProcessor, source, offline, backend="pil")
    except ModelError as error:
        try:
            processor = load_pretrained(AutoImageProcessor, source, offline, backend="pil")
        except ModelError:
            raise error from None
    if hasattr(processor, "tokenizer"):
        return processor, processor.tokenizer
    if not hasattr(processor, "image_processor") and hasattr(processor, "decode"):  # only a tokenizer was found
        return load_pretrained(AutoImageProcessor, source, offline, backend="pil"), processor
    return processor, load_pretrained(AutoTokenizer, source, offline)
