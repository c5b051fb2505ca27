"""The style of a text beside its literal caption, in a few plain numbers that people can be told of."""

import math
import re
from collections.abc import Mapping

from .words import content_lemmas, lemmatise, read_words

SPREAD = {
    "length": 0.4, "sentences": 0.5, "exclaims": 0.5, "asks": 0.5, "trails": 0.5, "pauses": 1.5, "we": 0.5, "you": 0.5,
    "figures": 0.5,
}  # fmt: skip
"""How far rewrites usually lie apart in each quality; a difference of that much is 1."""
USUAL = {"length": 0.9 / SPREAD["length"], "pauses": 1.0 / SPREAD["pauses"]}
"""A usual rewrite: not quite twice the words of its literal caption, and one comma. The rest is 0."""
WE, YOU = frozenset("i me my mine we us our ours".split()), frozenset("you your yours".split())
TOLD = {
    "length": ("longer captions", "shorter captions"),
    "sentences": ("several sentences", "one sentence"),
    "exclaims": ("exclamation marks", "no exclamation marks"),
    "asks": ("questions", "no questions"),
    "trails": ("an ellipsis", "no ellipsis"),
    "pauses": ("more commas and dashes", "fewer commas and dashes"),
    "we": ("captions that say I or we", "captions without I and we"),
    "you": ("captions that speak to you", "captions that do not speak to you"),
    "figures": ("figures of speech", "no figures of speech"),
}
"""Each quality in words: much of it, and little."""


def style(text: str, literal: str) -> dict[str, float]:
    """The qualities of a text, in units of how far rewrites usually lie apart."""
    words = re.findall(r"[\w'’-]+", text.lower())
    plain = max(len(re.findall(r"[\w'’-]+", literal)), 1)
    found = {
        "length": min(max(math.log2(max(len(words), 1) / plain), -1.5), 2.5),
        "sentences": min(len(re.findall(r"[.!?…]+(?=\s|$)", text)), 3) - 1,
        "exclaims": "!" in text,
        "asks": "?" in text,
        "trails": bool(re.search(r"…|\.\.\.", text)),
        "pauses": min(len(re.findall(r"[,;:—–]", text)), 4),
        "we": not WE.isdisjoint(words),
        "you": not YOU.isdisjoint(words),
        "figures": any(word.figure for word in read_words(text)),
    }
    return {name: float(value) / SPREAD[name] for name, value in found.items()}


def own_words(text: str, literal: str) -> set[str]:
    """The lemmas that a text says of its own, without those of its literal caption."""
    return set(content_lemmas(read_words(text))) - {lemmatise(word.text) for word in read_words(literal)}


def difference(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """How much more of each quality one style has than the other."""
    return {name: one.get(name, 0.0) - other.get(name, 0.0) for name in SPREAD}
