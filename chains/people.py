"""People spoken of neutrally: "A man rides his bike" becomes "A person rides their bike".

The words are data, `lexicon/people.toml`, by language. A text is read six times: for phrases, for lists ("a man and a
woman" are two people), for words of people, for other words of either gender, for "male" and "female", for pronouns.

Known limits: where a text names persons and animals, pronouns of the animals change too; people's names stay; and where
a text leaves open whom a pronoun means, so does the one in its place.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from models import EmotionReading, LiteralCaption

from .people_words import Noun, PeopleWords, people_words
from .pronouns import are_of_animals, is_singular_verb, like, neutral_pronouns
from .words import kind, lemmatise

KEPT = "\ua66e"
"""A letter of no caption, which stands for what is kept while the rest is read."""
ONE = ("a", "an", "one")


class Item(NamedTuple):
    """One member of a list of people: what stands before it, how old or tall it is, its noun, and it as written."""

    before: str
    age: str
    noun: Noun
    text: str


def neutral(text: str, language: str = "en") -> str:
    """The text with people spoken of neutrally: no gender in nouns and pronouns, and verbs agreeing with them.

    A text without gender stays as it is, and so does one in a language that `lexicon/people.toml` has no words of.
    """
    words = people_words(language)
    if words is None or not words.gendered.search(text):
        return text
    kept = iter(words.kept.findall(text))
    text = words.kept.sub(KEPT, text)
    text = _swap(words.phrase, text, lambda found: words.phrases[found.lower()])
    genders = _genders(text, words)
    text = words.list.sub(lambda found: _as_group(found, words), text)
    text = _each_noun(text, genders, words)
    text = _swap(words.word, text, lambda found: words.words[found.lower()])
    text = _without_sexes(text, words)
    if not are_of_animals(text, words):
        text = neutral_pronouns(text, words)
    return re.sub(KEPT, lambda _: next(kept, ""), text)


def neutral_literal(literal: LiteralCaption) -> LiteralCaption:
    """The literal caption told neutrally."""
    return literal.model_copy(update={"text": neutral(literal.text)})


def neutral_reading(reading: EmotionReading) -> EmotionReading:
    """The reading, its evidence told neutrally."""
    evidence = tuple(one.model_copy(update={"what": neutral(one.what)}) for one in reading.evidence)
    return reading.model_copy(update={"evidence": evidence})


def article(word: str) -> str:
    """ "a" or "an", by the sound that a word begins with, as far as letters tell."""
    return "an" if re.match(r"(?!uni|use|euro|one\b)[aeiou]|hour|honest", word, re.IGNORECASE) else "a"


def _swap(pattern: re.Pattern[str], text: str, says: Callable[[str], str]) -> str:
    return pattern.sub(lambda found: like(found[0], says(found[0])), text)


def _as_group(found: re.Match[str], words: PeopleWords) -> str:
    """A list of people as so many of them, where they can be counted and the last begins no clause of its own."""
    after = re.match(r"\s+([a-z]+)", found.string[found.end() :])
    before = re.search(r"([\w'’-]+)\s+$", found.string[: found.start()])
    if after and is_singular_verb(after[1], words):
        return found[0]
    items = [_item(one, words) for one in words.item.finditer(found[0])]
    if before and not items[0].before and before[1].lower() not in words.lists["function"] and not items[0].noun.plural:
        return found[0]  # "a bearded man and woman"
    runs: list[list[Item]] = []
    for item in items:
        if runs and runs[-1][-1].noun.says == item.noun.says:
            runs[-1].append(item)
        else:
            runs.append([item])
    told = [run[0].text if len(run) == 1 else _together(run, words) for run in runs]
    if "" in told or len(told) == len(items):
        return found[0]
    *first, last = told
    return like(found[0], f"{', '.join(first)} and {last}" if first else last)


def _item(found: re.Match[str], words: PeopleWords) -> Item:
    noun = words.nouns[found["noun"].lower()]
    return Item((found["before"] or "").lower(), (found["age"] or "").lower(), noun, found[0])


def _together(run: Sequence[Item], words: PeopleWords) -> str:
    """ "two people" for "a man and a woman"; nothing where their numbers or ages do not go together."""
    first, *others = run
    ages = {first.age, *(item.age for item in others if item.before or item.age)}
    befores = [item.before for item in run]
    if len(ages) > 1 or not any(item.noun.gender for item in run):
        return ""
    several = any(item.noun.plural for item in run)
    if set(befores) == {"the"}:
        amount = "the" if several else f"the {_number(len(run), words)}"
    elif not any(befores[1:]):
        amount = _shared(first.before, len(run), several, words)
    else:
        amount = _sum(befores, words)
        if not amount:
            return ""
    return " ".join(part for part in (amount, first.age, first.noun.says[1]) if part)


def _shared(before: str, count: int, several: bool, words: PeopleWords) -> str:
    """What stands before people whose list has one article at most: "a man and woman", "men and women"."""
    if before in ("", "the", *ONE) and not several:
        return f"{'the ' if before == 'the' else ''}{_number(count, words)}"
    return "" if before in ONE else before


def _sum(befores: Sequence[str], words: PeopleWords) -> str:
    """How many are meant by "two … and a …"; nothing where that cannot be told."""
    counts = [1 if one in ONE else words.numbers.get(one, int(one) if one.isdigit() else 0) for one in befores]
    if not all(counts):
        return ""
    return str(sum(counts)) if any(one.isdigit() for one in befores) else _number(sum(counts), words)


def _number(count: int, words: PeopleWords) -> str:
    return next((word for word, number in words.numbers.items() if number == count), str(count))


def _genders(text: str, words: PeopleWords) -> dict[str, set[str]]:
    """The genders of single persons in a text, by what is said in place of them."""
    found: dict[str, set[str]] = defaultdict(set)
    for match in words.noun.finditer(text):
        noun = words.nouns[match[0].lower()]
        if noun.gender and not noun.plural:
            found[noun.says[0]].add(noun.gender)
    return found


def _each_noun(text: str, genders: dict[str, set[str]], words: PeopleWords) -> str:
    """The text with every word for people on its own; who differs from one before by gender is "another person"."""
    seen: dict[str, set[str]] = defaultdict(set)
    first: dict[str, str] = {}

    def say(found: re.Match[str]) -> str:
        noun, before = words.nouns[found["noun"].lower()], (found["before"] or "").lower()
        one = noun.says[0]
        known = seen[one] - {noun.gender}
        if not noun.gender or _is_name(found, words):
            seen[one].add(noun.gender)
            return found[0]
        seen[one].add(noun.gender)
        says = noun.says[noun.plural]
        if before in ONE:
            aside = found.string[: found.start()].rstrip().endswith(",")
            before = "another" if known and not (aside and known == {""}) else article(says)
        elif before and not noun.plural and len(genders[one]) > 1:
            before = "one" if first.setdefault(one, noun.gender) == noun.gender else "the other"
        return like(found[0], f"{before}{found['gap'] or ''}{says}{_owner(says, found['owner'] or '')}")

    return words.noun_phrase.sub(say, text)


def _owner(says: str, owner: str) -> str:
    """The ending of a possessive: "boys'" are "children's"."""
    return owner if len(owner) == 2 or says.endswith("s") or not owner else f"{owner}s"


def _is_name(found: re.Match[str], words: PeopleWords) -> bool:
    """Whether the word is part of a name, as it and the one before it have capitals: "Iron Man"."""
    before = re.search(r"(\w+)\s+$", found.string[: found.start("noun")])
    if not before or not (found["noun"][0].isupper() and before[1][0].isupper()):
        return False
    lists = words.lists
    return not any(before[1].lower() in lists[name] for name in ("ages", "befores", "numbers", "function"))


def _without_sexes(text: str, words: PeopleWords) -> str:
    """The text without "male" and "female" of people; of animals they stay."""

    def of(found: re.Match[str]) -> str:
        first, *rest = found["after"].split()
        named = [kind(lemmatise(word.lower())) for word in (first, *rest)]
        if "person" not in named or (rest and first.lower() in words.lists["function"]):
            return found[0]
        return like(found[0], f"{article(first)} {found['after']}" if found["before"] else found["after"])

    def alone(found: re.Match[str]) -> str:
        after = (found["after"] or "").lower()
        acts = after.endswith(("ed", "ing")) or is_singular_verb(after, words)
        named = not (found["plural"] or acts) and kind(lemmatise(after))
        return found[0] if named else like(found[0], "people" if found["plural"] else "person")

    text = words.sex_of.sub(of, text)
    said = re.findall(r"[a-z]+", text.lower())
    animals = any(kind(lemmatise(word)) == "animal" for word in said if word != "being")
    return text if animals else words.sex.sub(alone, text)
