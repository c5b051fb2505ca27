"""The embedded captioner: both image encoders, ImageNet's tags, and a small decoder of our own training.

Model card: `models/embedded/captioner.md`. The assembled folder is an ordinary `VisionEncoderDecoderModel`.
"""

import math
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from .beam_search import Beam
from .caption_choice import Choice, choose, doubt
from .caption_truth import PhotoTruth, TruthHead, load_truth, read_vocabulary
from .captioner_onnx import OnnxNetwork, has_graphs
from .errors import ModelNotFound
from .photo import Photo
from .photo_heads import Heads, PhotoFacts, load_heads
from .photo_tags import PHOTO_SIZE, Features, Lifts
from .records import Detail, LiteralCaption, Tag

STYLES: dict[Detail, str] = {"short": "[SHORT]", "long": "[LONG]"}
"""The token that a caption of each length begins with."""
TRUTH: dict[Detail, float] = {"short": 1.0, "long": 0.3}
"""What it counts in the search that what is said is true; on 60 photos CIDEr-D is 0.44 at 0, 0.53 at 1, 0.51 at 3."""
MEMO = "embedded"  # where a photo keeps its features
REPEATED = "an and the of in on with to at by from its his her their is are two three black white"
LEAST_TAG = 0.05  # tags less likely than this are not reported
LIFT, LEAST_LIFTED = 5.0, 0.5
"""What a certain tag's word gains in the search, in log-probability, until it is said; less likely tags are not helped.
Few training captions name what ImageNet's thousand classes do; chosen on dev photos, where CIDEr-D rose by 6 %."""


class EmbeddedCaptioner:
    """Literal captions from the assembled folder; a photo's features stay with it for the emotion reading."""

    def __init__(
        self,
        folder: Path,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        heads: Heads | None = None,
        truth: TruthHead | None = None,
    ) -> None:
        if not (folder / "config.json").exists():
            raise ModelNotFound(f"The embedded captioner is not at {folder}; run `moodcap setup`.")
        self.network: Any
        if torch.device(device).type == "cpu" and dtype == torch.float32 and has_graphs(folder):
            self.network = OnnxNetwork(folder)
        else:
            from .captioner_torch import TorchNetwork  # transformers' models take seconds to import

            self.network = TorchNetwork(folder, device, dtype)
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        self.heads, self.truth = heads or load_heads(), truth or load_truth()
        self.vocabulary = read_vocabulary(self.tokenizer, self.heads.place)
        last = [name.split()[-1] for name in self.network.config.words]
        self.free = repeatable(self.tokenizer)
        self.tag_tokens: list[int] = [self.tokenizer.convert_tokens_to_ids(name) for name in last]
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

    def caption(self, photos: Sequence[Photo], detail: Detail = "short") -> list[LiteralCaption]:
        """Say plainly what is in each photo, in one sentence of some 6 to 11 words, or of 12 to 24 where it is "long".

        The confidence is the geometric mean of the token probabilities.
        """
        if not photos:
            return []
        features = self.features(photos)
        facts = self.heads.read(features)
        with self.lock, torch.inference_mode():
            memory = self.network.read(features)
            probabilities, words = (part.tolist() for part in self.network.likely_tags(features.classes))
            lifts = [self._lifts(*row) for row in zip(words, probabilities, strict=True)]
            told = self._tell(memory, detail, lifts, [self._truth(row) for row in facts.concepts])
        tags = [self._tags(*row) for row in zip(words, probabilities, strict=True)]
        return [self._literal(told[i], facts, i, tags[i], detail) for i in range(len(photos))]

    def _literal(
        self, told: Sequence[Choice], facts: PhotoFacts, row: int, tags: tuple[Tag, ...], detail: Detail
    ) -> LiteralCaption:
        """The best of the captions that were found for the photo in this row."""
        taken, kind = choose(told), int(facts.kinds[row].argmax())
        return LiteralCaption(
            text=sentence(taken.text),
            confidence=min(math.exp(taken.logprob), 1.0),
            tags=tags,
            kind=self.heads.kinds[kind],
            doubt=doubt(taken, float(facts.kinds[row, kind])),
            detail=detail,
        )

    def _truth(self, concepts: Any) -> PhotoTruth:
        return PhotoTruth(self.truth, self.vocabulary, concepts)

    def _lifts(self, words: Sequence[int], probabilities: Sequence[float]) -> Lifts:
        """What the search adds for the words of a photo's likeliest tags, and takes off for what is said again."""
        likely = [(self.tag_tokens[w], p) for w, p in zip(words, probabilities, strict=True) if p >= LEAST_LIFTED]
        wanted = {token: LIFT * p for token, p in likely if token not in (None, self.tokenizer.unk_token_id)}
        return Lifts(wanted, self.free)

    def _tell(
        self, memory: Any, detail: Detail, lifts: Sequence[Lifts], truths: Sequence[PhotoTruth]
    ) -> list[list[Choice]]:
        """What the search finds for each photo, the best first."""
        start = self.tokenizer.convert_tokens_to_ids(STYLES[detail])
        found = self.network.tell(memory, [start], lifts, truths, TRUTH[detail])
        told = [[self._told(beam, own) for beam in beams] for beams, own in zip(found, lifts, strict=True)]
        return [[one for one in row if one.text] or [Choice("", -9.0, -9.0, -9.0)] for row in told]

    def _told(self, beam: Beam, lifts: Lifts) -> Choice:
        """A caption's words, and what speaks for them without what the search added."""
        end, written = self.tokenizer.eos_token_id, list(beam.tokens[1:])
        length = written.index(end) + 1 if end in written else len(written)
        added = sum(lifts.after(beam.tokens[: i + 1]).get(written[i], 0.0) for i in range(length)) / max(length, 1)
        text = self.tokenizer.decode(beam.tokens, skip_special_tokens=True)
        return Choice(text, beam.score - added, beam.truth, beam.weakest)

    def _tags(self, words: list[int], probabilities: list[float]) -> tuple[Tag, ...]:
        names = self.network.config.words
        pairs = zip(words, probabilities, strict=True)
        return tuple(Tag(name=names[w], probability=min(p, 1.0)) for w, p in pairs if p >= LEAST_TAG)


def repeatable(tokenizer: PreTrainedTokenizerFast) -> frozenset[int]:
    """The tokens that a caption may well say again: small words, colors, marks, and parts of words."""
    found = {i for token, i in tokenizer.get_vocab().items() if token.startswith("##") or len(token) == 1}
    known = tokenizer.convert_tokens_to_ids(REPEATED.split())
    return frozenset({*found, *(i for i in known if i is not None), *tokenizer.all_special_ids})


def to_pixels(photos: Sequence[Photo]) -> Tensor:
    """Photos squashed as the folder's processor does it: (photos, 3, 260, 260), values 0..255."""
    size = (PHOTO_SIZE, PHOTO_SIZE)
    squashed = [np.asarray(photo.image.resize(size, Image.Resampling.BICUBIC), np.float32) for photo in photos]
    return torch.from_numpy(np.stack(squashed)).permute(0, 3, 1, 2)


def sentence(text: str) -> str:
    """The decoder's lower-case words as a sentence."""
    text = re.sub(r"\s*([-'])\s*", r"\1", text)
    text = re.sub(r"\b(\w*[^aeiou\W])ys\b", r"\1ies", text)
    text = re.sub(r"\ban? (?=(\w+))", lambda m: "an " if starts_with_vowel(m[1]) else "a ", text)
    text = re.sub(r"\s+", " ", re.sub(r"\s+,", ",", text)).strip(" ,")
    return f"{text[:1].upper()}{text[1:]}." if text else "Unclear shapes."


def starts_with_vowel(word: str) -> bool:
    """Whether "an" stands before the word: by its sound, as far as letters tell."""
    return re.match(r"(?!uni|use|usu|euro|one\b|once|uk)[aeiou]|hour|honest", word) is not None
