"""The embedded captioner's network by torch and transformers' `generate`: for other devices, and the reference."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, VisionEncoderDecoderModel
from transformers.modeling_outputs import BaseModelOutput

from . import captioner_network  # noqa: F401  (registers the encoder with transformers)
from .photo_tags import Features, Lifts


class TorchNetwork:
    """The network of an assembled folder, on a device."""

    at_once = 4  # photos to look at; more save no time, and what the encoders hold meanwhile is 20 MB a photo

    def __init__(self, folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        self.model = VisionEncoderDecoderModel.from_pretrained(folder, dtype=dtype).to(device).eval()
        self.config = self.model.config.encoder
        self.model.encoder.features.efficientnet.to(memory_format=torch.channels_last)

    def look(self, pixels: Tensor) -> Features:
        """What both image encoders see of photos (photos, 3, 260, 260), values 0..255."""
        ready = pixels.to(self.model.device).contiguous(memory_format=torch.channels_last)
        seen: Features = self.model.encoder.features(ready)
        return seen

    def likely_tags(self, classes: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest words for class logits (photos, classes): probabilities and indices (photos, tags)."""
        found: tuple[Tensor, Tensor] = self.model.encoder.likely_tags(classes)
        return found

    def read(self, features: Features) -> Tensor:
        """What the decoder attends to, (photos, 91 + tags, hidden)."""
        memory: Tensor = self.model.encoder.memory(features)
        return memory

    def tell(
        self, memory: Tensor, start: Sequence[int], lifts: Sequence[Lifts] | None = None
    ) -> list[list[tuple[Sequence[int], float]]]:
        """The captions that the search found for each photo, best first: tokens that begin with `start`, and score.

        `lifts` are, for each photo, what is added to the log-probabilities.
        """
        beams = self.model.generation_config.num_beams
        out = self.model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=memory),
            decoder_input_ids=torch.tensor([list(start)] * len(memory), device=memory.device),
            decoder_start_token_id=start[0],  # transformers would put its own before any other
            num_return_sequences=beams,
            logits_processor=LogitsProcessorList([Lifting(lifts, beams)] if lifts else []),
            output_scores=True,
            return_dict_in_generate=True,
        )
        found = list(zip(out.sequences.tolist(), out.sequences_scores.tolist(), strict=True))
        return [found[i : i + beams] for i in range(0, len(found), beams)]


class Lifting(LogitsProcessor):
    """Adds each photo's lifts to the log-probabilities of its beams."""

    def __init__(self, lifts: Sequence[Lifts], beams: int) -> None:
        self.lifts = [one for one in lifts for _ in range(beams)]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        for row, (said, lifts) in enumerate(zip(input_ids.tolist(), self.lifts, strict=True)):
            for token, more in lifts.after(said).items():
                scores[row, token] += more
        return scores
