"""More pairs for the fact checker, made from true rewrites: the same change in the caption, in the text, or in both.

A word (a thing, animal, person, colour, number or gender) is exchanged, or a phrase is put in. In one of the two it
makes the text untrue; in both it stays true. So what was changed cannot be told from how a text reads, only by
comparing.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chains.checks_content import may_be_said_of, same
from chains.words import DIGITS, kind, lemmatise, read_words, word_list

from .fact_examples import Example, Span, change, facts_of, places_of
from .written import Written

GENDERS = dict(
    pair
    for one, other in (
        ("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"), ("he", "she"), ("his", "her"),
        ("himself", "herself"), ("father", "mother"), ("gentleman", "lady"),
    )
    for pair in ((one, other), (other, one))
)  # fmt: skip
COMPARED = re.compile(r"\b(like|as if|as though|as)\b")
BEGINS = frozenset(
    "in on at by with while under near past after before beside behind as and for to from over above against".split()
)
PHRASE = re.compile(
    r" (?:in|on|with|near|behind|beside|under|at|by|against|before|over|above|below|next to|in front of)"
    r" (?:an?|the|two|three|some|\w+) [\w -]+(?=[.,])"
)
SHORT = 4  # words of a phrase that is put into texts
FEWEST = 3  # times that a word stands in captions before it is put into others


FELT = (
    "lonely", "happy", "proud", "afraid", "sad", "grateful", "bored", "worried", "relieved", "in love", "angry",
    "ashamed", "at peace", "homesick", "jealous", "tired of it all", "hopeful", "content", "thrilled", "heartbroken",
)  # fmt: skip
"""What a person may feel; said of one in a photo it is untrue, likened it is not."""
LIKENED = ("as if {}", "as though {}", "like somebody {}")
THOUGHT = ("thinking of home", "wishing for more", "feeling {}", "{}", "glad to be there", "hoping for the best")


class Insert(NamedTuple):
    """What a flawed twin has more than its rewrite, with the blank or comma before it."""

    text: str
    fault: str


class Editor:
    """Changes of words and phrases, learnt from rows: what captions speak of, what twins put in."""

    def __init__(self, rows: Sequence[Written], chance: random.Random) -> None:
        self.chance = chance
        self.rows = rows
        self.words = _forms([row.literal for row in rows])
        self.inserts = [one for row in rows if row.twin and (one := _insert(row))]
        self.phrases = [found for row in rows for found in PHRASE.findall(row.literal)]
        self.ways: tuple[Callable[[Written], Example | None], ...] = (
            self.exchanged, self.exchanged, self.exchanged, self.put_in, self.put_in, self.phrase_gone,
            self.phrase_lost, self.felt,
        )  # fmt: skip

    def examples(self, count: int) -> Iterator[Example]:
        """So many edits of rewrites drawn by chance."""
        made = 0
        while made < count:
            if found := self.chance.choice(self.ways)(self.chance.choice(self.rows)):
                made += 1
                yield found

    def exchanged(self, row: Written) -> Example | None:
        """A word that caption and rewrite share, exchanged in one of them or in both."""
        words = [word for word in re.findall(r"[A-Za-z]+", row.literal) if self._like(word)]
        self.chance.shuffle(words)
        for word in words:
            there = [one for one in re.findall(r"[A-Za-z]+", row.rewrite) if one.lower() == word.lower()]
            if len(there) == 1 and row.literal.lower().split().count(word.lower()) == 1:
                return self._exchange(row, word, self._other(word))
        return None

    def _exchange(self, row: Written, word: str, other: str) -> Example | None:
        literal, text = replace(row.literal, word, other), replace(row.rewrite, word, other)
        if literal is None or text is None:
            return None
        lemma = lemmatise(word.lower())
        contradicts = word.lower() in GENDERS or lemma in word_list("colors") or lemma in DIGITS
        fault = "contradicts" if contradicts else "added"
        way = self.chance.randrange(3)
        if way == 0:
            return Example(row.literal, text.text, fault, (text.span,), None, ("lost",))
        if way == 1:
            return Example(literal.text, row.rewrite, fault, (_span(row.rewrite, word),), None, ("lost",))
        return Example(literal.text, text.text)

    def _like(self, word: str) -> tuple[str, ...]:
        """Words that may stand where this one does: of its kind and number."""
        low = word.lower()
        return (GENDERS[low],) if low in GENDERS else self.words.get(_kind_of(low), ())

    def _other(self, word: str) -> str:
        low, lemma = word.lower(), lemmatise(word.lower())
        for _ in range(20):
            other = self.chance.choice(self._like(word))
            told = lemmatise(other)
            apart = told not in may_be_said_of(lemma) and lemma not in may_be_said_of(told) and told not in same(lemma)
            if other != low and apart:
                return other
        return low

    def put_in(self, row: Written) -> Example | None:
        """What a twin adds, put into another rewrite; sometimes into its caption too, or there alone."""
        insert = self.chance.choice(self.inserts) if self.chance.random() < 0.4 else self._phrase()
        bare = insert.text.strip(" ,")
        if facts_of(bare) & facts_of(f"{row.literal} {row.rewrite}") or bare.lower() in row.rewrite.lower():
            return None
        ends = [m.start() for m in re.finditer(r"(?<=\w)(?=[,;:.!?](\s|$))", row.rewrite)]
        ends = [end for end in ends if not COMPARED.search(re.split(r"[,;:.!?]", row.rewrite[:end])[-1])]
        if not ends:
            return None
        at = self.chance.choice(ends)
        comma = "," if insert.text.startswith(",") and row.rewrite[at : at + 1] in ";:" else ""
        text = f"{row.rewrite[:at]}{insert.text.rstrip(' ,')}{comma}{row.rewrite[at:]}"
        span = _span(text, bare)
        way = self.chance.random() if insert.fault != "feeling" else 0.0
        literal = f"{row.literal.rstrip('.')} {bare}."
        if way < 0.6:
            return Example(row.literal, text, "added", (span,))
        if way < 0.85 or not facts_of(bare):
            return Example(literal, text)
        return Example(literal, row.rewrite, "lost", (), (_span(literal, bare),))

    def felt(self, row: Written) -> Example | None:
        """A feeling put to the end of a rewrite of people: asserted, or likened, which claims nothing."""
        if not any(kind(word.lemma) == "person" for word in read_words(row.literal)) or row.rewrite[-1] != ".":
            return None
        if COMPARED.search(re.split(r"[,;:.!?]", row.rewrite[:-1])[-1]):
            return None
        likened = self.chance.random() < 0.5
        said = self.chance.choice(LIKENED if likened else THOUGHT).format(self.chance.choice(FELT))
        text = f"{row.rewrite[:-1]}, {said}."
        return Example(row.literal, text) if likened else Example(row.literal, text, "added", (_span(text, said),))

    def _phrase(self) -> Insert:
        """A short phrase of some caption."""
        short = (self.chance.choice(self.phrases) for _ in range(100))
        return Insert(next(phrase for phrase in short if len(phrase.split()) <= SHORT), "thing")

    def phrase_gone(self, row: Written) -> Example | None:
        """A phrase of the caption taken away, which the rewrite then adds."""
        found = PHRASE.search(row.literal)
        if not found or len(row.literal) - len(found[0]) < 15:
            return None
        literal = row.literal.replace(found[0], "", 1)
        told = {word.lemma for word in read_words(row.rewrite)}
        added = (facts_of(found[0]) & told) - {word for fact in facts_of(literal) for word in may_be_said_of(fact)}
        return Example(literal, row.rewrite, "added", places_of(row.rewrite, added), (), ()) if added else None

    def phrase_lost(self, row: Written) -> Example | None:
        """A phrase of another caption put to the end of this one, which the rewrite then loses."""
        phrase = self.chance.choice(self.phrases)
        known = {word for fact in facts_of(row.literal) for word in may_be_said_of(fact)}
        if not facts_of(phrase) - known:
            return None
        literal = f"{row.literal.rstrip('.')}{phrase}."
        return Example(literal, row.rewrite, "lost", (), (_span(literal, phrase.strip()),))


def counterparts(row: Written) -> Iterator[Example]:
    """A caption changed as the twin is: then the twin is true, and the rewrite is not."""
    told = change(row.rewrite, row.twin)
    before, after = told.before.strip(), told.after.strip()
    if len(before.split()) != 1 or len(after.split()) != 1 or not before.isalpha():
        return
    if any(len(re.findall(rf"\b{before}\b", text)) != 1 for text in (row.literal, row.rewrite)):
        return
    literal = re.sub(rf"\b{before}\b", lambda _: after, row.literal)
    fault = "contradicts" if row.fault in ("number", "colour", "gender", "negation") else "added"
    yield Example(literal, row.twin)
    yield Example(literal, row.rewrite, fault, (_span(row.rewrite, before),), None, ("lost",))


class Replaced(NamedTuple):
    """A text with one word exchanged, and where the new one stands."""

    text: str
    span: Span


def replace(text: str, word: str, other: str) -> Replaced | None:
    """A word exchanged where it stands alone, its capital and its article kept right; None where it is not there."""
    found = re.search(rf"\b(?:([Aa])n? )?({word})\b", text, re.IGNORECASE)
    if not found:
        return None
    own = other.capitalize() if found[2][0].isupper() else other
    article = f"{found[1]}{'n' if other[0] in 'aeio' else ''} " if found[1] else ""
    start = found.start() + len(article)
    return Replaced(f"{text[: found.start()]}{article}{own}{text[found.end() :]}", (start, start + len(own)))


def _span(text: str, part: str) -> Span:
    start = re.search(rf"\b{re.escape(part)}", text, re.IGNORECASE)
    return start.span() if start else (0, 0)


def _kind_of(word: str) -> tuple[str | None, bool]:
    """What kind of word it is, and whether it is a plural."""
    lemma = lemmatise(word)
    if lemma in word_list("colors"):
        return "colour", False
    if word in DIGITS[2:]:
        return "number", True
    return kind(lemma), word != lemma and word.endswith("s")


def _forms(texts: Sequence[str]) -> dict[tuple[str | None, bool], tuple[str, ...]]:
    """The words of captions by kind and number, as often as they stand there."""
    found: dict[tuple[str | None, bool], list[str]] = defaultdict(list)
    for text in texts:
        for word in re.findall(r"[a-z]+", text):
            if (told := _kind_of(word))[0]:
                found[told].append(word)
    return {told: tuple(words) for told, words in found.items() if len(set(words)) >= FEWEST}


def _insert(row: Written) -> Insert | None:
    told = change(row.rewrite, row.twin)
    text = told.after.rstrip()
    if told.before.strip(" ,") or not text.strip(" ,"):
        return None
    first = text.strip(" ,").split()[0].lower()
    if first in BEGINS or (row.fault == "feeling" and "," in row.twin[: told.start + 1]):
        lead = "," if text.startswith(",") or row.twin[: told.start].rstrip().endswith(",") else ""
        return Insert(f"{lead} {text.strip(' ,')}{',' if lead else ''}", row.fault)
    return None
