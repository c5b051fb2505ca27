"""Which of the captioner's beams is taken, how much it is to be doubted, and what is said of a picture without content.

Of several captions the one is taken whose words the image supports and the other captions share: the mean
log-probability of its tokens, plus a share of the mean log-probability that the image heads (`photo_heads.py`) give its
words, plus one of how far the others agree (minimum Bayes risk; Kumar and Byrne, 2004). The doubt is the calibrated
probability that it is wrong. Weights: `caption_choice.toml`, made by `python -m training.doubt`.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
LEAST = 1e-4  # what a word that the image does not show at all is taken for


class Choice(NamedTuple):
    """One of a photo's captions, with what speaks for it."""

    text: str
    logprob: float
    seen: float
    """What the tags of the photo add for its words, a token."""
    support: float
    """The mean log-probability of its words by the image; 0 where it has none that the image is asked about."""
    weakest: float
    """The least of them."""


class Weights(NamedTuple):
    """How the choice and the doubt are weighed."""

    support: float
    """How much the image's support counts beside the decoder's own probability."""
    agreed: float
    """And how much what the other captions share with it."""
    doubt: Mapping[str, float]
    """Logistic regression of `signals`, with its `bias`."""


def weigh(text: str, logprob: float, seen: float, concepts: Array, place: Mapping[str, int]) -> Choice:
    """A caption in lower case with the image's support for its words; `concepts` are one photo's probabilities."""
    found = [math.log(max(float(concepts[i]), LEAST)) for i in places(text, place)]
    return Choice(text, logprob, seen, sum(found) / len(found) if found else 0.0, min(found, default=0.0))


def places(text: str, place: Mapping[str, int]) -> list[int]:
    """Where the words of a caption stand among the concepts, each once."""
    found = (place.get(form) for word in re.findall(r"[a-z]+", text.lower()) for form in forms(word))
    return list(dict.fromkeys(i for i in found if i is not None))


def forms(word: str) -> tuple[str, ...]:
    """A word and what its plural, present tense or participle may come from."""
    stems = [word]
    for end, instead in (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e")):
        if word.endswith(end) and len(word) > len(end) + 2:
            stem = word.removesuffix(end)
            stems.append(stem + instead)
            if not instead and len(stem) > 3 and stem[-1] == stem[-2]:
                stems.append(stem[:-1])
    return tuple(stems)


def choose(choices: Sequence[Choice], support: float | None = None, agreed: float | None = None) -> Choice:
    """The caption that is likely, supported and agreed on; by the shipped weights where none are given.

    One that says a thing twice is taken only where all do.
    """
    choices = [one for one in choices if not twice(one.text)] or choices
    by_image = weights().support if support is None else support
    by_others = weights().agreed if agreed is None else agreed

    def worth(one: Choice) -> float:
        return one.logprob + one.seen + by_image * one.support + by_others * agreement(one, choices)

    return max(choices, key=worth)


def twice(text: str) -> bool:
    """Whether a caption says a word beside itself, or couples two of the same kind: "green and green lamp"."""
    return (
        re.search(r"\b(\w{3,}?)s?,? (?:(?:and|with|beside) (?:an? |the |another )?(?:\w+ )?)?\1s?\b", text) is not None
    )


def agreement(taken: Choice, choices: Sequence[Choice]) -> float:
    """How many of its words a caption shares with the others, on average (Jaccard), 0..1; 1 where it is alone."""
    own, others = set(taken.text.split()), [set(one.text.split()) for one in choices if one is not taken]
    shares = [len(own & other) / len(own | other) for other in others if own | other]
    return sum(shares) / len(shares) if shares else 1.0


def doubt(taken: Choice, choices: Sequence[Choice], kind: float) -> float:
    """The calibrated probability, 0..1, that the caption is wrong; `kind` is that of the likeliest kind of picture."""
    table = weights().doubt
    total = table["bias"] + sum(table[name] * value for name, value in signals(taken, choices, kind).items())
    return 1 / (1 + math.exp(-total))


def signals(taken: Choice, choices: Sequence[Choice], kind: float) -> dict[str, float]:
    """What speaks for and against a caption."""
    return {
        "logprob": taken.logprob,
        "seen": taken.seen,
        "support": taken.support,
        "weakest": taken.weakest,
        "agreed": agreement(taken, choices),
        "kind": kind,
        "words": len(taken.text.split()) / 10,
    }


@cache
def weights() -> Weights:
    """The weights as shipped."""
    table = tomllib.loads((files(__package__) / "caption_choice.toml").read_text("utf-8"))
    return Weights(table["choice"]["support"], table["choice"]["agreed"], table["doubt"])
