"""How true each word of a caption is while it is written, told from the decoder's own states and the image heads.

A linear head tells the probability that a word is true of the photo: from the decoder's last state once it has read the
word, how likely it found the word, and how likely the image heads (`photo_heads.py`) find it. The search goes by it, so
that what the photo does not show is left out rather than guessed, and the doubt of a caption is calculated from it
(decoding guided by a discriminator; Holtzman et al., 2018). Made by `python -m training.caption_truth` from captions
whose untrue words a large language model marked, beside the photos. Card: `models/embedded/captioner.md`.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from .beam_search import Beam
from .caption_choice import places
from .errors import ModelError
from .photo_tags import Lifts

Array = NDArray[np.float32]
SMALL = frozenset("a an the of and is are to its his her their it with at that".split())
"""Words that are not asked whether they are true."""
LEAST = 1e-4  # what a word that the image does not show at all is taken for


class TruthHead(NamedTuple):
    """The trained head."""

    state: Array
    """(hidden,)"""
    logprob: float
    concept: float
    known: float
    """What it adds that the image heads know the word at all."""
    bias: float

    def chances(self, states: Array, logprobs: Array, concepts: Array) -> Array:
        """The log-probability that each word is true: from states (words, hidden), log-probabilities (words,), and the
        log-probabilities of the image heads (words,), not a number where they do not know a word."""
        known = ~np.isnan(concepts)
        seen = np.where(known, concepts, 0)
        odds = states @ self.state + self.logprob * logprobs + self.concept * seen + self.known * known + self.bias
        found: Array = -np.logaddexp(0, -odds)
        return found


class Vocabulary(NamedTuple):
    """What there is to know of the decoder's tokens, (tokens,) each."""

    asked: NDArray[np.bool_]
    """Whether it is asked if the token is true."""
    concepts: NDArray[np.int64]
    """Its place among the words of the image heads; -1 where it has none."""


def read_vocabulary(tokenizer: Any, place: Mapping[str, int]) -> Vocabulary:
    """The tokens of a tokenizer; `place` are the words of the image heads."""
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    asked = [is_asked(token) for token in tokens]
    found = [places(token, place) if token.isalpha() else [] for token in tokens]
    return Vocabulary(np.array(asked), np.array([one[0] if one else -1 for one in found]))


def is_asked(token: str) -> bool:
    """Whether a word, or a piece of one, is asked if it is true: marks and small words are not."""
    return token.removeprefix("##").isalpha() and token not in SMALL


class PhotoTruth:
    """The head for one photo, `concepts` what the image heads say of it: probabilities (words,)."""

    def __init__(self, head: TruthHead, vocabulary: Vocabulary, concepts: Array) -> None:
        self.head, self.asked = head, vocabulary.asked
        seen = np.log(np.maximum(concepts, LEAST))
        self.concepts = np.where(vocabulary.concepts >= 0, seen[vocabulary.concepts], np.nan)

    def of(self, beams: Sequence[Beam], states: Array, lifts: Lifts) -> list[float]:
        """The log-probability that the last word of each beam is true, 0 where it is not asked.

        `states` (beams, hidden) are the decoder's after that word, `lifts` what the search added to its own.
        """
        last = np.array([beam.tokens[-1] for beam in beams])
        added = [lifts.after(beam.tokens[:-1]).get(beam.tokens[-1], 0.0) for beam in beams]
        logprobs = np.array([beam.last for beam in beams]) - np.array(added)
        chances = self.head.chances(states, logprobs, self.concepts[last])
        return [float(chance) if asked else 0.0 for chance, asked in zip(chances, self.asked[last], strict=True)]


@cache
def load_truth() -> TruthHead:
    """The head as shipped in `models/embedded/`.

    Raises:
        ModelError: the installation lacks it.
    """
    try:
        stored = load((files(__package__) / "embedded/captioner/truth.safetensors").read_bytes())
    except FileNotFoundError as error:
        raise ModelError("The embedded captioner's truth head is missing; install Moodcap again.") from error
    numbers = {name: float(stored[name][0]) for name in ("logprob", "concept", "known", "bias")}
    return TruthHead(stored["state"].astype(np.float32), **numbers)
