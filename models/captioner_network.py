"""The network of the embedded captioner: two image encoders and ImageNet's tags feed a small text decoder.

`PhotoEncoder` is registered with transformers' Auto classes, so that the whole captioner is an ordinary
`VisionEncoderDecoderModel` folder, which the loading code for any Hugging Face captioner reads too.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, Dinov2Config, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from .efficientnet import LITE2_STAGES
from .photo_features import PhotoFeatures
from .photo_tags import Features, likely_words, strength_bins

CLASSES = 1000
DINO = {"hidden_size": 384, "num_attention_heads": 6, "num_hidden_layers": 12, "patch_size": 14, "image_size": 224}


class PhotoEncoderConfig(PretrainedConfig):
    """Sizes of the image encoders, the tag words, and the width of what the decoder attends to."""

    model_type = "moodcap-photo-encoder"

    def __init__(
        self,
        hidden_size: int = 384,
        dino: dict[str, Any] | None = None,
        layers: tuple[int, ...] = (8, 10, 12),
        stages: tuple[tuple[int, ...], ...] = LITE2_STAGES,
        head: int = 1280,
        words: tuple[str, ...] = ("thing",),
        class_words: tuple[int, ...] = (0,) * CLASSES,
        tags: int = 6,
        strengths: int = 10,
        **kwargs: Any,
    ) -> None:
        self.hidden_size, self.dino, self.layers = hidden_size, dino or DINO, list(layers)
        self.stages, self.head = [list(stage) for stage in stages], head
        self.words, self.class_words = list(words), list(class_words)
        self.tags, self.strengths = tags, strengths
        super().__init__(**kwargs)


class PhotoEncoder(PreTrainedModel):
    """Photos (batch, 3, 260, 260), values 0..255, to what the decoder attends to (batch, 91 + tags, hidden)."""

    config_class = PhotoEncoderConfig
    base_model_prefix = "photo_encoder"
    main_input_name = "pixel_values"
    _supports_sdpa = True

    def __init__(self, config: PhotoEncoderConfig) -> None:
        super().__init__(config)
        dino = Dinov2Config(**config.dino)
        self.features = PhotoFeatures(
            dino,
            tuple(config.layers),
            dino.image_size,
            tuple(map(tuple, config.stages)),
            config.head,
            len(config.class_words),
        )
        self.patches = nn.Linear(dino.hidden_size * len(config.layers), config.hidden_size)
        self.grid = nn.Linear(config.head, config.hidden_size)
        self.places = nn.Parameter(torch.zeros(91, config.hidden_size))
        self.words = nn.Embedding(len(config.words), config.hidden_size)
        self.strengths = nn.Embedding(config.strengths, config.hidden_size)
        self.norm = nn.LayerNorm(config.hidden_size)
        self.register_buffer("class_words", torch.tensor(config.class_words))
        self.post_init()

    def forward(self, pixel_values: Tensor, **kwargs: Any) -> BaseModelOutput:
        return BaseModelOutput(last_hidden_state=self.memory(self.features(pixel_values)))

    def memory(self, features: Features) -> Tensor:
        """What the decoder attends to: image tokens, then the likeliest tags, all of `hidden_size`."""
        image = torch.cat([self.patches(features.patches), self.grid(features.grid)], dim=1) + self.places
        probabilities, words = self.likely_tags(features.classes)
        return torch.cat([self.norm(image), self.tag_tokens(words, probabilities)], dim=1)

    def likely_tags(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest words for class logits (batch, classes): probabilities and indices (batch, tags)."""
        return likely_words(logits, self.class_words, self.config)

    def tag_tokens(self, words: Tensor, probabilities: Tensor) -> Tensor:
        """One token a tag, (batch, tags, hidden): its word, and how sure the image model is of it."""
        bins = strength_bins(probabilities, self.config.strengths)
        tokens: Tensor = self.norm(self.words(words) + self.strengths(bins))
        return tokens


AutoConfig.register(PhotoEncoderConfig.model_type, PhotoEncoderConfig, exist_ok=True)
AutoModel.register(PhotoEncoderConfig, PhotoEncoder, exist_ok=True)
