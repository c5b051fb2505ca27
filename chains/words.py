"""Words of captions: their lemmas, and which of them name things. The word lists are data, in `lexicon/`.

A lemmatiser of our own kept small: a table of irregular forms, and endings that are taken off when what remains is a
known word (or looks like one). It is made for captions in English, not for English.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, NamedTuple

from .figures import Figures

DETERMINERS = frozenset("a an the his her their its my your our this that these those no one some any another".split())
PREPOSITIONS = frozenset(
    "in on at by with of from into onto over under behind beside near through across along".split()
)

DIGITS = "zero one two three four five six seven eight nine ten eleven twelve".split()
GOING_ON = frozenset("is are was were am be been".split())
"""What stands before a verb in -ing, as in "it has been building", and before no noun."""
SUBJECT_OF = frozenset(
    "of is are was were has had told said went came knew kept stood sat ran fell felt began took gave made".split()
)
"""What follows a noun that begins a clause, and no verb that does; so does what ends in -ed."""


class Word(NamedTuple):
    """A word of a text: as written, its lemma, whether it names a thing there, and whether it is a figure of speech."""

    text: str
    lemma: str
    thing: bool
    figure: bool


def read_words(text: str) -> list[Word]:
    """The words of a text in order, in lower case; punctuation and the ends of "man's" and "didn't" are gone."""
    return [word for word in read_tokens(text) if word.text.isalpha()]


def read_tokens(text: str) -> list[Word]:
    """As `read_words`, and the punctuation between the words."""
    tokens = [token.lower() for token in split(text)]
    lemmas = [lemmatise(token) for token in tokens]
    things = [_is_thing(tokens, i) for i in range(len(tokens))]
    figures = _figures().places(tokens, lemmas, things)
    for i, pair in enumerate(pairwise(lemmas)):
        if pair in _compounds() or (_is_likeness(pair, tokens[i + 1]) and any(things[i + 2 : i + 3])):
            lemmas[i] = "-".join(pair)
            things[i] = kind(lemmas[i]) is not None
    return [Word(*word) for word in zip(tokens, lemmas, things, figures, strict=True)]


def split(text: str) -> list[str]:
    """The words and the punctuation of a text, as written."""
    text = re.sub(r"['’][A-Za-z]+|\b[Ww]ell-", "", text)
    return re.findall(r"[A-Za-z]+|[.,;:!?]", re.sub(r"\b\d+\b", _in_words, text))


def _in_words(digits: re.Match[str]) -> str:
    """A number as captions write it, as far as they do."""
    return DIGITS[int(digits[0])] if int(digits[0]) < len(DIGITS) else digits[0]


def content_lemmas(words: Iterable[Word]) -> list[str]:
    """The lemmas, each once, of words that say something: all but articles, pronouns, prepositions and the like."""
    stop = word_list("stop")
    return list(dict.fromkeys(word.lemma for word in words if word.text not in stop and word.lemma not in stop))


@cache
def lemmatise(word: str) -> str:
    """The dictionary form of a word in lower case: "dogs" dog, "running" run, "leapt" leap."""
    irregular: dict[str, str] = lexicon("forms")["irregular"]
    if word in irregular:
        return irregular[word]
    if word in known_words() or len(word) < 4:
        return word
    stems = list(_stems(word))
    return next((stem for stem in stems if stem in known_words()), stems[0] if stems else word)


@cache
def phrase_lemmas(phrases: tuple[str, ...]) -> frozenset[str]:
    """The lemmas of all words of some phrases."""
    return frozenset(lemmatise(word.lower()) for phrase in phrases for word in phrase.split())


def kind(lemma: str) -> str | None:
    """What kind of thing a lemma names: "person", "animal", "food", …; None where it names none."""
    return _kinds().get(lemma)


def is_shown(lemma: str) -> bool:
    """Whether a lemma is a colour, a number or another quality that a photo shows."""
    return lemma in word_list("colors") or lemma in word_list("numbers") or lemma in word_list("seen")


def is_claim(lemma: str) -> bool:
    """Whether a lemma, wherever it stands, says something that a photo could show to be wrong."""
    is_thing = kind(lemma) is not None and lemma not in word_list("everywhere") and lemma not in _sometimes()
    return is_thing or is_shown(lemma)


@cache
def word_list(name: str) -> frozenset[str]:
    """One of the plain lists of `lexicon/forms.toml`."""
    return frozenset(lexicon("forms")[name].split())


def _is_likeness(pair: tuple[str, str], second: str) -> bool:
    """Whether two words tell what something looks like: "tiger striped", not "a baker shapes"."""
    return pair[1] in word_list("likenesses") and kind(pair[0]) is not None and not second.endswith("s")


@cache
def _compounds() -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(pair.split()) for pair in lexicon("forms")["compounds"])


@cache
def known_words() -> frozenset[str]:
    """Every lemma that the lexicon holds."""
    forms, likeness = lexicon("forms"), lexicon("likeness")
    lists = [
        *lexicon("things").values(),
        *lexicon("nouns").values(),
        *likeness["same"],
        *likeness["general"].values(),
        forms["fixed"]["words"],
    ]
    lists += [lexicon("actions")[name] for name in ("posture", "motion", "hands")]
    lists += [forms[name] for name in ("everywhere", "feeling", "quality", "colors", "numbers", "seen")]
    irregular = forms["irregular"]
    return frozenset(w for text in lists for w in text.split() if w not in irregular) | frozenset(irregular.values())


@cache
def lexicon(name: str) -> dict[str, Any]:
    """A file of `lexicon/` as data."""
    return tomllib.loads((files(__package__) / "lexicon" / f"{name}.toml").read_text("utf-8"))


def _stems(word: str) -> Iterable[str]:
    """What may be the stem of a word, the likeliest first."""
    for ending in ("ies", "ied"):
        if word.endswith(ending):
            yield from (word[:-3] + "y", word[:-1])
            return
    for ending in ("ing", "ed"):
        if word.endswith(ending) and re.search("[aeiouy]", word[: -len(ending)]):
            yield from _verb_stems(word[: -len(ending)])
            return
    if word.endswith(("shes", "ches", "sses", "xes", "zes", "oes")):
        yield from (word[:-2], word[:-1])
    elif word.endswith("ses"):
        yield from (word[:-1], word[:-2])
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        yield word[:-1]


def _verb_stems(stem: str) -> Iterable[str]:
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "lsz":
        yield from (stem[:-1], stem)
    elif re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]|.*[cvuz]", stem):
        yield from (stem + "e", stem)
    else:
        yield from (stem, stem + "e", stem[:-1])


@cache
def _kinds() -> dict[str, str]:
    lists = [*lexicon("things").items(), *lexicon("nouns").items()]
    tables = [(name, text) for name, text in lists if name != "sometimes"]
    # The first list that holds a word decides: a goal is an object before it is a place.
    return {word: name for name, text in reversed(tables) for word in text.split()}


def _is_thing(tokens: list[str], i: int) -> bool:
    """Whether the word names a thing: it is on a list, in singular or plural, and where it could be a verb, is none."""
    lemma = lemmatise(tokens[i])
    if lemma not in _kinds() or lemma in word_list("everywhere"):
        return False
    if tokens[i].endswith("ing") and GOING_ON.intersection(tokens[max(i - 1, 0) : i]):
        return False
    if tokens[i] != lemma and tokens[i].endswith(("ing", "ed")):
        return False
    if tokens[i].endswith("er") and "than" in tokens[i + 1 : i + 2]:  # "lighter than"
        return False
    return lemma not in _sometimes() or _is_noun_here(tokens, i)


def _is_noun_here(tokens: list[str], i: int) -> bool:
    """Whether an article, number or the like stands before it, with at most two adjectives between, or "of" follows."""
    following = tokens[i + 1] if i + 1 < len(tokens) else ""
    if ((not i or not tokens[i - 1].isalpha()) and following in SUBJECT_OF) or (not i and following.endswith("ed")):
        return True
    one = tokens[i] == lemmatise(tokens[i])
    for near, before in enumerate(reversed(tokens[max(0, i - 3) : i])):
        if before in DETERMINERS or before in PREPOSITIONS or before in word_list("numbers"):
            return True
        if one and not near and before == lemmatise(before) in _kinds():  # "a tennis coach"
            continue
        if not before.isalpha() or before in word_list("stop") or lemmatise(before) in _kinds():
            return False
    return False


@cache
def _figures() -> Figures:
    return Figures.of(lexicon("forms"))


@cache
def _sometimes() -> frozenset[str]:
    return frozenset(f"{lexicon('things')['sometimes']} {lexicon('nouns')['sometimes']}".split())
