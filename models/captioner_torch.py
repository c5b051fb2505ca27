"""The embedded captioner's network by torch and transformers: for other devices, and the reference."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import VisionEncoderDecoderModel

from . import captioner_network  # noqa: F401  (registers the encoder with transformers)
from .beam_search import Beam, Rules, Search
from .caption_truth import PhotoTruth
from .captioner_graphs import LIKELIEST
from .captioner_onnx import advance
from .photo_tags import Features, Lifts


class TorchNetwork:
    """The network of an assembled folder, on a device."""

    at_once = 4  # photos to look at; more save no time, and what the encoders hold meanwhile is 20 MB a photo

    def __init__(self, folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        self.model = VisionEncoderDecoderModel.from_pretrained(folder, dtype=dtype).to(device).eval()
        self.config, rules = self.model.config.encoder, self.model.generation_config
        self.rules = Rules(**{name: getattr(rules, name) for name in Rules._fields if hasattr(rules, name)})
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
        self,
        memory: Tensor,
        start: Sequence[int],
        lifts: Sequence[Lifts] | None = None,
        truths: Sequence[PhotoTruth] | None = None,
        truth: float = 0.0,
    ) -> list[list[Beam]]:
        """As `OnnxNetwork.tell`. Every step reads all tokens anew, which keeps this the plain reference."""
        searches = [Search(start, self.rules._replace(truth=truth)) for _ in memory]
        going, lifted = list(range(len(searches))), list(lifts or [Lifts()] * len(searches))
        while going:
            rows = [(i, beam) for i in going for beam in searches[i].running]
            tokens = torch.tensor([beam.tokens for _, beam in rows], device=memory.device)
            seen = memory[[i for i, _ in rows]]
            states = self.model.decoder.bert(
                input_ids=tokens, attention_mask=torch.ones_like(tokens), encoder_hidden_states=seen
            ).last_hidden_state[:, -1]
            logprobs = self.model.decoder.cls(states[:, None])[:, 0].float().log_softmax(-1)
            for row, (i, beam) in enumerate(rows):
                for token, more in lifted[i].after(beam.tokens).items():
                    logprobs[row, token] += more
            found = logprobs.topk(min(LIKELIEST, logprobs.shape[1]))
            _, _, still = advance(
                [searches[i] for i in going],
                found.values.tolist(),
                found.indices.tolist(),
                states.float().cpu().numpy(),
                [truths[i] for i in going] if truths else [],
                [lifted[i] for i in going],
            )
            going = [going[i] for i in still]
        return [search.finished for search in searches]
