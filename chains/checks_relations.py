"""What a rewrite turns round: above and under, inside and outside, who does it to whom.

"Under the water" contradicts "above the water"; "a cat corners a dog" contradicts "a dog corners a cat". Both are read
only where both texts name the same thing, or the same deed.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from .words import DETERMINERS, Word, kind, read_words, word_list

PLACES = {
    "above": "under", "over": "under", "atop": "under", "under": "over", "underneath": "over", "beneath": "over",
    "below": "over", "inside": "outside", "outside": "inside",
}  # fmt: skip
"""Prepositions, each with the one that it excludes."""
SIDES = {"above": "over", "over": "over", "atop": "over", "underneath": "under", "beneath": "under", "below": "under"}
BEINGS = ("person", "animal")
REACH = 4  # words from a preposition to its thing


def turned_round(literal: str, text: str) -> list[str]:
    """The things that a text sets elsewhere, and the deeds whose doer and sufferer it exchanges."""
    told, said = read_words(literal), [word for word in read_words(text) if not word.figure]
    known, places = _places(told), _places(said)
    moved = [
        thing
        for thing, sides in places.items()
        if thing not in DETERMINERS and any(PLACES[side] in known[thing] for side in sides - known[thing])
    ]
    return [*moved, *(deed for deed, pairs in _deeds(said).items() if _exchanges(_deeds(told)[deed], pairs))]


def _places(words: Sequence[Word]) -> defaultdict[str, set[str]]:
    """For every thing, on which sides of it something is."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for i, word in enumerate(words):
        if word.text in PLACES:
            for one in words[i + 1 : i + 1 + REACH]:
                if one.text in word_list("stop") and one.text not in DETERMINERS:
                    break
                found[one.lemma].add(SIDES.get(word.text, word.text))
    return found


def _deeds(words: Sequence[Word]) -> defaultdict[str, set[tuple[str, str]]]:
    """For every word between two beings, who stands before and who after it."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    beings = [i for i, word in enumerate(words) if word.thing and kind(word.lemma) in BEINGS]
    for first, second in pairwise(beings):
        between = words[first + 1 : second]
        if not any(word.text in ("by", "and", "with") for word in between):
            for word in between:
                if word.text not in word_list("stop") and word.lemma not in word_list("colors"):
                    found[word.lemma].add((words[first].lemma, words[second].lemma))
    return found


def _exchanges(told: set[tuple[str, str]], said: set[tuple[str, str]]) -> bool:
    return any(one != other and (other, one) in told and (one, other) not in told for one, other in said)
