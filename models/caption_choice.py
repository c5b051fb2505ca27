"""Which of the captioner's beams is taken, and how much it is to be doubted.

The search orders captions by how likely they are and how true their words (`caption_truth.py`); the first is taken that
says no thing twice. The doubt is the calibrated probability that it is wrong. Weights: `caption_choice.toml`, made by
`python -m training.caption_truth`.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Choice(NamedTuple):
    """One of a photo's captions, with what speaks for it."""

    text: str
    logprob: float
    """The mean log-probability of its tokens."""
    truth: float
    """The log-probability that all its words are true."""
    weakest: float
    """The same of the least likely of them."""


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


def choose(choices: Sequence[Choice]) -> Choice:
    """The first caption; one that says a thing twice is taken only where all do."""
    return next((one for one in choices if not twice(one.text)), choices[0])


def twice(text: str) -> bool:
    """Whether a caption says a word beside itself, or couples two of the same kind: "green and green lamp"."""
    return (
        re.search(r"\b(\w{3,}?)s?,? (?:(?:and|with|beside) (?:an? |the |another )?(?:\w+ )?)?\1s?\b", text) is not None
    )


def doubt(taken: Choice, kind: float) -> float:
    """The calibrated probability, 0..1, that the caption is wrong; `kind` is that of the likeliest kind of picture."""
    table = weights()
    total = table["bias"] + sum(table[name] * value for name, value in signals(taken, kind).items())
    return 1 / (1 + math.exp(-total))


def signals(taken: Choice, kind: float) -> dict[str, float]:
    """What speaks for and against a caption."""
    return {
        "logprob": taken.logprob,
        "truth": taken.truth,
        "weakest": taken.weakest,
        "kind": kind,
        "words": len(taken.text.split()) / 10,
    }


@cache
def weights() -> Mapping[str, float]:
    """The weights of the doubt, as shipped."""
    table: Mapping[str, float] = tomllib.loads((files(__package__) / "caption_choice.toml").read_text("utf-8"))["doubt"]
    return table
