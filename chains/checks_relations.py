"""What a rewrite turns round: above and under, inside and outside, who does it to whom.

"Under the water" contradicts "above the water"; "a cat corners a dog" contradicts "a dog corners a cat". Both are read
only where both texts name the same thing, or the same deed.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from .words import DETERMINERS, Word, kind, read_tokens, word_list

PLACES = {
    "above": "under", "over": "under", "atop": "under", "under": "over", "underneath": "over", "beneath": "over",
    "below": "over", "inside": "outside", "outside": "inside",
}  # fmt: skip
"""Prepositions, each with the one that it excludes."""
SIDES = {"above": "over", "over": "over", "atop": "over", "underneath": "under", "beneath": "under", "below": "under"}
BEINGS = ("person", "animal")
ENDS = frozenset(".,;:!?")
REACH = 4  # words from a preposition to its thing


def turned_round(literal: str, text: str) -> list[str]:
    """The things that a text sets elsewhere, and the deeds whose doer and sufferer it exchanges."""
    told, said = read_tokens(literal), [word for word in read_tokens(text) if not word.figure]
    once = {
        word.lemma for word in told if word.text == word.lemma and [one.lemma for one in told].count(word.lemma) == 1
    }
    known, places = _places(told), _places(said)
    moved = [
        thing
        for thing, sides in places.items()
        if thing not in DETERMINERS and any(PLACES[side] in known[thing] for side in sides - known[thing])
    ]
    return [*moved, *(deed for deed, pairs in _deeds(said).items() if _exchanges(_deeds(told)[deed], pairs, once))]


def _places(words: Sequence[Word]) -> defaultdict[str, set[str]]:
    """For every thing, on which sides of it something is."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for i, word in enumerate(words):
        if word.text in PLACES:
            for one in words[i + 1 : i + 1 + REACH]:
                if one.text in ENDS or one.text in word_list("stop") - DETERMINERS:
                    break
                found[one.lemma].add(SIDES.get(word.text, word.text))
    return found


def _deeds(words: Sequence[Word]) -> defaultdict[str, set[tuple[str, str]]]:
    """For every word between two beings, who stands before and who after it."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    beings = [i for i, word in enumerate(words) if word.thing and kind(word.lemma) in BEINGS]
    for first, second in pairwise(beings):
        between = words[first + 1 : second]
        if not any(word.text in ENDS or word.text in word_list("stop") - DETERMINERS for word in between):
            deeds = (word.lemma for word in between if word.text not in DETERMINERS | word_list("colors"))
            for deed in deeds:
                found[deed].add((words[first].lemma, words[second].lemma))
    return found


def _exchanges(told: set[tuple[str, str]], said: set[tuple[str, str]], once: set[str]) -> bool:
    """Whether doer and sufferer change places, or somebody who is there once does it to another of that name."""
    return any(
        one in once if one == other else (other, one) in told and (one, other) not in told for one, other in said
    )
