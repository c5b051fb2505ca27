"""What a rewrite says against its literal caption: another number, colour or gender, or the opposite.

A contradiction is worse than an addition: "a red hat" where the caption has a hat adds; where the hat is blue it
contradicts. Both texts are read clause by clause, without their figures of speech:

- **number** and **colour** belong to the thing that they stand before (or, for a colour, to "the dog is black");
  several mentions of a thing add up ("a dog and another dog" are two), and a part of them may be named after the whole;
- **gender** is contradicted only where the caption has one: a caption of a person leaves it open, and where such a
  person or an animal is beside, a pronoun may mean them;
- **negation**: the text denies a word that the caption affirms, or affirms one that it denies. A text that says both
  is taken at its better word, and so are "never stops", "no more than" and the like.

Known limits: things are compared by their own word (a brown dog and a black hound pass), and a colour worn ("in red")
belongs to nobody.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from .checks_content import COLLECTIVES
from .checks_relations import turned_round
from .words import DIGITS, Word, content_lemmas, kind, lexicon, read_words, word_list

SINGLE = "a an one single lone another other".split()
NUMBERS: dict[str, float] = {word: float(i) for i, word in enumerate(DIGITS) if i} | {
    **dict.fromkeys(SINGLE, 1.0),
    **dict.fromkeys(("couple", "pair", "both"), 2.0),
    **dict.fromkeys(("several", "many", "few", "numerous"), math.inf),
    **{"trio": 3.0, "dozen": 12.0, "twenty": 20.0, "thirty": 30.0, "hundred": 100.0},
}
"""Infinity is any number above one."""
SHADES = {
    shade: group.split()[0]
    for group in (
        "gray grey silver", "gold golden yellow", "blond blonde", "purple violet", "red crimson scarlet maroon",
        "blue navy teal turquoise", "brown tan beige",
    )
    for shade in group.split()
}  # fmt: skip
"""Colours that may stand for one another."""
GENDERS = {
    "male": "he him his himself man boy male gentleman guy lad father dad papa son brother uncle grandfather grandpa "
    "husband boyfriend groom nephew schoolboy businessman policeman fireman",
    "female": "she her hers herself woman girl female lady lass mother mom mum mama daughter sister aunt grandmother "
    "grandma wife girlfriend bride niece schoolgirl businesswoman policewoman",
}
"""Words of either gender, four pronouns first."""
NEGATIONS = frozenset("no not never without nobody none neither nor nothing".split())
PRONOUNS = frozenset("nobody none nothing".split())
HARMLESS = frozenset(
    "only just merely simply stop cease end quit fail forget help ever so such before more less better doubt matter "
    "mind but other else longer even quite".split()
)
"""Words after a negation that turn it into something else: "not only", "never stops", "no more than"."""
TURNS = frozenset("but and while yet because that as".split())
BEINGS = ("person", "animal")
PARTS = ("body", "animal_part")
DEFINITE = frozenset("the his her their its my your our this that".split())
DETERMINERS = DEFINITE | frozenset("each every no any what whichever some".split())
PRESUPPOSED = frozenset("for of between about on in at near beside by".split())
"""What follows these is not denied by a negation some words before: "nobody on the bench", "no water in the bowl"."""
REACH = 5  # words that a negation, or what stands before a noun, reaches over


class Claims(NamedTuple):
    """What a text says that could be contradicted: numbers and colours of things, genders, words it denies.

    `genders` are those of nouns and pronouns, `pronouns` those that pronouns alone tell; `open` says whether it names a
    person or an animal whose gender it leaves open.
    """

    numbers: dict[str, list[float]]
    colours: dict[str, set[str]]
    genders: set[str]
    pronouns: set[str]
    open: bool
    denied: set[str]
    affirmed: set[str]


def contradictions(literal: str, text: str) -> tuple[str, ...]:
    """Where `text` contradicts the literal caption, as "number: dog" or "gender: female"; empty where it does not."""
    facts, told = _known(literal), read_claims(text)
    numbers = [thing for thing, said in told.numbers.items() if not _agree_on(thing, facts, said)]
    shades = [thing for thing, said in told.colours.items() if said - _colours(thing, facts, said)]
    against = told.genders - facts.genders - (told.pronouns if facts.open else set())
    genders = sorted(against) if facts.genders else []
    opposite = {word for word in told.affirmed - facts.affirmed if not facts.affirmed.isdisjoint(_opposites(word))}
    opposite |= (told.denied & facts.affirmed - told.affirmed) | (facts.denied & told.affirmed - facts.affirmed)
    found = {"number": numbers, "colour": shades, "gender": genders, "negation": sorted(opposite)}
    found["turned round"] = turned_round(literal, text)
    return tuple(f"{kind}: {what}" for kind, those in found.items() for what in those)


def _agree_on(thing: str, facts: Claims, said: Sequence[float]) -> bool:
    """Whether numbers of a thing agree; one of several things may be named, not one of several persons."""
    known = facts.numbers.get(thing, [])
    one_of_several = set(known) == {math.inf} and set(said) == {1.0} and kind(thing) not in BEINGS
    return one_of_several or _agree(known, said)


def _colours(thing: str, facts: Claims, said: set[str]) -> set[str]:
    """The colours that a thing may have: its own, for a part of a body that of who is there, or any."""
    if thing in facts.colours or kind(thing) not in PARTS:
        return facts.colours.get(thing, said)
    owners = [owner for owner in {*facts.numbers, *facts.colours} if kind(owner) in BEINGS]
    return set().union(*(facts.colours.get(owner, set()) for owner in owners)) if owners else said


@cache
def _opposites(word: str) -> frozenset[str]:
    """The words that cannot be true of the same photo."""
    pairs = [line.split() for line in lexicon("likeness")["opposite"]]
    return frozenset(other for pair in pairs if word in pair for other in pair if other != word)


@lru_cache(256)
def _known(literal: str) -> Claims:
    return read_claims(literal)


def read_claims(text: str) -> Claims:
    """The claims of a text."""
    numbers: defaultdict[str, list[float]] = defaultdict(list)
    colours: defaultdict[str, set[str]] = defaultdict(set)
    denied: set[str] = set()
    affirmed: set[str] = set()
    clauses = list(_clauses(text))
    for words in clauses:
        for thing, number, shades in _things(words):
            numbers[thing] += [number] if number else []
            colours[thing] |= shades
        scope = set(_denied(words))
        denied |= set(content_lemmas([words[i] for i in scope]))
        affirmed |= set(content_lemmas([word for i, word in enumerate(words) if i not in scope]))
    said = {form for words in clauses for word in words for form in word[:2]}
    nouns, genders = ({name for name, words in GENDERS.items() if said & set(words.split()[n:])} for n in (4, 0))
    gendered = set(" ".join(GENDERS.values()).split())
    return Claims(
        {k: v for k, v in numbers.items() if v},
        {k: v for k, v in colours.items() if v},
        genders,
        genders - nouns,
        any(kind(word) in BEINGS and word not in gendered for word in said),
        denied,
        affirmed,
    )


def _clauses(text: str) -> Iterator[list[Word]]:
    text = re.sub(r"\bcan(not|'t)\b", "can not", text.lower().replace("’", "'"))
    text = re.sub(r"n't\b", " not", text)
    for clause in re.split(r"[.,;:!?…—–()]", text):
        yield [word for word in read_words(clause) if not word.figure]


def _things(words: Sequence[Word]) -> Iterator[tuple[str, float | None, set[str]]]:
    """Each thing named, how many of it, and its colours."""
    for i, word in enumerate(words):
        if not (word.thing or kind(word.lemma) == "person") or word.lemma in word_list("colors"):
            continue
        if word.text != word.lemma and word.text.endswith(("ing", "ed")):  # "guarding"
            continue
        number, shades = _before(words, i)
        if number is None and _is_single(words, i):
            number = 1.0
        if word.text != word.lemma:  # a plural
            number = math.inf if number in (None, 1.0) else number
        following = [one.lemma for one in words[i + 1 : i + 3]]
        if len(following) == 2 and following[0] in ("is", "are", "was", "were") and following[1] in word_list("colors"):
            shades.add(_shade(following[1]))
        yield word.lemma, number, shades


def _before(words: Sequence[Word], i: int) -> tuple[float | None, set[str]]:
    """The number and the colours that stand before the noun at `i`."""
    shades: set[str] = set()
    for j in range(i - 1, max(i - 1 - REACH, -1), -1):
        word, left, right = words[j], words[j - 1].lemma if j else "", words[j + 1].lemma
        if word.text in NUMBERS:
            return NUMBERS[word.text], shades
        if word.lemma in word_list("colors"):
            shades.add(_shade(word.lemma))
        elif word.lemma == "of" and left in NUMBERS:
            continue
        elif not (word.lemma == "and" and {left, right} <= word_list("colors")) and _ends_phrase(word):
            break
    return None, shades


def _is_single(words: Sequence[Word], i: int) -> bool:
    """Whether the word at `i` is one person or animal: "the dog", not "each dog", "a dog toy" or "the crowd"."""
    word = words[i]
    if kind(word.lemma) not in BEINGS or word.text != word.lemma or word.lemma in COLLECTIVES:
        return False
    if i + 1 < len(words) and words[i + 1].thing:
        return False
    before = [one.text for one in words[max(i - 3, 0) : i]]
    begins = (i < 3 or before[-1:] == ["while"]) and not DETERMINERS & set(before)
    paired = len(before) > 1 and before[-1] == "and" and kind(words[i - 2].lemma) in BEINGS
    return begins or paired or bool(DEFINITE & set(before[-2:]))


def _ends_phrase(word: Word) -> bool:
    return word.thing or word.text in word_list("stop") or word.lemma in word_list("stop")


def _shade(colour: str) -> str:
    return SHADES.get(colour, colour)


def _agree(facts: Sequence[float], told: Sequence[float]) -> bool:
    """Whether numbers of one thing can both be true: one mention, or all together, comes to the same."""
    if not facts or not told:
        return True
    true, said = {*facts, sum(facts)}, {*told, sum(told)}
    return any(a == b or (math.inf in (a, b) and min(a, b) > 1) for a in true for b in said)


def _denied(words: Sequence[Word]) -> Iterator[int]:
    """The places of words that a negation before them denies: as far as the first thing, or the end of the clause."""
    for i, word in enumerate(words):
        if word.text not in NEGATIONS:
            continue
        reach = range(i + 1, min(i + 1 + REACH, len(words)))
        reach = range(i + 1, next((j for j in reach if words[j].text in TURNS), reach.stop))
        presupposed = (j for j in reach if words[j].text in PRESUPPOSED and (j > i + 1 or word.text in PRONOUNS))
        reach = range(i + 1, next(presupposed, reach.stop))
        reach = range(i + 1, next((j + 1 for j in reach if words[j].thing), reach.stop))
        if not any(words[j].text in HARMLESS or words[j].lemma in HARMLESS for j in reach):
            yield from reach
