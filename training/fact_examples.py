"""What the fact checker learns from: pairs of a literal caption and a text, with what is untrue in it.

Taken as they are: rewrites and their flawed twins (`written.py`), the labelled cases of the tests, and a photo's short
caption beside the rewrite of its long one, and the other way round. `fact_edits.py` makes more.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chains.checks_content import coverage, same
from chains.words import kind, read_words, word_list
from evaluation.facts import Case

from .written import Written

Span = tuple[int, int]
CONTRADICTING = ("number", "colour", "gender", "negation")


class Example(NamedTuple):
    """A literal caption and a text; which faults it has: one of "added", "contradicts", "lost", or none.

    `wrong` are the places of the text's words that are untrue, `missing` those of the caption's words that it loses;
    None where they are not known. `open` names what is not known: a case may lose things unmarked.
    """

    literal: str
    text: str
    fault: str = ""
    wrong: tuple[Span, ...] | None = ()
    missing: tuple[Span, ...] | None = ()
    open: tuple[str, ...] = ()


class Change(NamedTuple):
    """What a twin has in place of what its rewrite has, and where that begins in both."""

    start: int
    before: str
    after: str


def change(one: str, other: str) -> Change:
    """The change from one text to another, in whole words."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    while start and (one[start - 1].isalnum() or (start < len(one) and start < len(other) and one[start - 1] in "'’-")):
        start -= 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    while end and (one[-end].isalnum() and (one[-end - 1].isalnum() or other[-end - 1].isalnum())):
        end -= 1
    return Change(start, one[start : len(one) - end], other[start : len(other) - end])


def true_of(row: Written) -> Example:
    """The rewrite of a row, which is true."""
    return Example(row.literal, row.rewrite)


def twin_of(row: Written) -> Example:
    """The flawed twin of a row."""
    if row.fault == "lost":
        missing = places_of(row.literal, {word.lemma for word in read_words(row.span)})
        return Example(row.literal, row.twin, "lost", (), missing or None)
    fault = "contradicts" if row.fault in CONTRADICTING else "added"
    found = re.search(rf"\b{re.escape(row.span)}", row.twin, re.IGNORECASE)
    told = change(row.rewrite, row.twin)
    span = found.span() if found else (told.start, told.start + len(told.after))
    return Example(row.literal, row.twin, fault, (span,))


def case_of(case: Case) -> Example | None:
    """A labelled case; None where it may hold a feeling that nobody marked."""
    fault = "added" if case.added else "contradicts" if case.contradicts else ""
    open_ = ("lost", "contradicts" if case.added else "") if fault else ("lost",)
    if not fault and _may_assert_feelings(case):
        return None
    wrong = places_of(case.text, set(case.added)) if case.added else None if fault else ()
    return Example(case.literal, case.text, fault, wrong or (None if fault else ()), None, open_)


def _may_assert_feelings(case: Case) -> bool:
    words = read_words(case.text)
    peopled = any(kind(word.lemma) == "person" for word in read_words(case.literal))
    return peopled and any(word.lemma in word_list("feeling") and not word.figure for word in words)


def places_of(text: str, lemmas: set[str]) -> tuple[Span, ...]:
    """Where words of these lemmas stand in a text."""
    found = ((match.span(), read_words(match[0])) for match in re.finditer(r"[A-Za-z]+", text))
    return tuple(span for span, words in found if words and words[0].lemma in lemmas)


def facts_of(text: str) -> set[str]:
    """The lemmas of a text that a photo could show: things, colours, numbers."""
    words = (word for word in read_words(text) if not word.figure)
    shown = word_list("colors") | (word_list("numbers") - {"one", "a"})
    return {word.lemma for word in words if (kind(word.lemma) and word.thing) or word.lemma in shown}


def lacking(wanted: Iterable[str], there: set[str]) -> set[str]:
    """The lemmas that have no word of the same meaning there."""
    return {lemma for lemma in wanted if not there & same(lemma)}


def of_one_photo(rows: Sequence[Written], chance: random.Random) -> Iterator[Example]:
    """Rewrites beside the photo's other caption, where that is longer or shorter by things that can be named."""
    photos: dict[str, list[Written]] = defaultdict(list)
    for row in rows:
        photos[row.key].append(row)
    for own in photos.values():
        for row in own:
            others = [other.literal for other in own if other.literal != row.literal]
            if others and (made := _beside(row, chance.choice(others))):
                yield made


def _beside(row: Written, literal: str) -> Example | None:
    other, own = facts_of(literal), facts_of(row.literal)
    words = {word.lemma for word in read_words(literal)}
    told = own & {word.lemma for word in read_words(row.rewrite)}
    added = {lemma for lemma in lacking(told, words) if not coverage(literal).covers(lemma)}
    if added and all(kind(lemma) != "person" for lemma in added):
        return Example(literal, row.rewrite, "added", places_of(row.rewrite, added), None, ("lost",))
    lost = lacking(other, {word.lemma for word in read_words(row.rewrite)})
    if not lacking(own, words) and len(lost) > 1:
        return Example(literal, row.rewrite, "lost", None, places_of(literal, lost), ("contradicts",))
    return None
