"""The pronouns "he" and "she" in all their forms as "they", and the verbs that go with them."""

import re
from collections.abc import Sequence
from typing import Literal

from .people_words import PeopleWords
from .words import kind, lemmatise

ENDS = frozenset(".!?;:…—–")
"""Marks that end what is said of a subject."""


def neutral_pronouns(text: str, words: PeopleWords) -> str:
    """The text with "they" for "he" and "she", and its verbs agreeing."""
    tokens = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+|['’][^\W\d_]+|\s+|.", text, re.DOTALL)
    places = [i for i, token in enumerate(tokens) if not token.isspace()]
    said = [tokens[i] for i in places]
    agreement = Agreement(words)
    for n, place in enumerate(places):
        if _is(words, "subject", said[n]):
            tokens[place] = like(said[n], words.pronouns["subject_says"])
            if n and said[n - 1].lower() in words.verbs and not agreement.state:  # "is he happy"
                tokens[places[n - 1]] = plural_verb(said[n - 1], words)
                agreement.state = "verb"
            else:
                agreement.state = "subject"
        elif (form := _form(said, n, words)) is not None:
            if agreement.state != "subject" or form != "reflexive":
                agreement.read(said, n)
            tokens[place] = like(said[n], words.pronouns[f"{form}_says"])
        else:
            tokens[place] = agreement.read(said, n)
    return "".join(tokens)


def are_of_animals(text: str, words: PeopleWords) -> bool:
    """Whether a text's pronouns are of an animal: it names one before them, no person, and nobody acts upon "him"."""
    said = re.findall(r"\w+|[^\w\s]", text)
    kinds = [kind(lemmatise(word.lower())) if word.lower() != "being" else None for word in said]
    if "person" in kinds or "animal" not in kinds:
        return False
    places = [n for n, word in enumerate(said) if _is(words, "subject", word) or _form(said, n, words)]
    acted_upon = any(_form(said, n, words) == "object" for n in places)
    return not acted_upon and all(n > kinds.index("animal") for n in places)


class Agreement:
    """Follows the verbs of a "they" through its sentence: its own verb, and those that "and" joins to it."""

    def __init__(self, words: PeopleWords) -> None:
        self.words = words
        self.state: Literal["", "subject", "verb", "joined"] = ""
        """No "they"; one whose verb is to come; its verb has come; and after that "and" or a comma."""
        self._last = -1

    def read(self, said: Sequence[str], n: int) -> str:
        """The nth token as it is to be said."""
        token, low = said[n], said[n].lower()
        if token in ENDS:
            self.state = ""
        elif self.state == "subject":
            return self._own_verb(said, n)
        elif self.state == "verb":
            if token == "," or low in self.words.lists["joints"]:
                self.state = "joined"
            elif self._is_verb(said, n):  # somebody else's: "and the dog follows"
                self.state = ""
        elif self.state == "joined" and not self._is_between(low):
            self.state = "verb"
            if self._is_verb(said, n):
                self._last = n
                return plural_verb(token, self.words)
        return token

    def _own_verb(self, said: Sequence[str], n: int) -> str:
        token, low = said[n], said[n].lower()
        if low[0] in "'’":
            self.state, self._last = "verb", n
            if low[1:] != "s":
                return token
            return token[0] + ("ve" if _after(said, n) in self.words.lists["has_before"] else "re")
        if low in self.words.lists["joints"]:
            self.state = ""
        elif token[0].isalpha() and not self._is_between(low):
            self.state, self._last = "verb", n
            return plural_verb(token, self.words)
        return token

    def _is_between(self, word: str) -> bool:
        """Whether a word may stand between a subject, or "and", and the verb."""
        lists = self.words.lists
        return word == "," or word in lists["joints"] or word in lists["adverbs"] or _is_adverb(word)

    def _is_verb(self, said: Sequence[str], n: int) -> bool:
        """Whether a word is a verb of the third person here: "waves" in "and waves to them", not in "the waves"."""
        low = said[n].lower()
        if low in self.words.verbs:
            return True
        if not is_singular_verb(low, self.words) or (n and said[n - 1].lower() in self.words.lists["determiners"]):
            return False
        after, lists = _after(said, n), self.words.lists
        if kind(lemmatise(low)) is None or self._last == n - 2:
            return True
        named = n > 1 and said[n - 2].endswith("s") and kind(lemmatise(said[n - 2])) is not None  # "rocks and waves"
        return not named and (after in lists["determiners"] or after in lists["adverbs"] or _is_adverb(after))


def is_singular_verb(word: str, words: PeopleWords) -> bool:
    """Whether a word in lower case could be a verb of the third person singular."""
    return word in words.verbs or (word.endswith("s") and plural_verb(word, words) in words.actions - {word})


def plural_verb(verb: str, words: PeopleWords) -> str:
    """The verb as it follows "they": "walks" walk, "carries" carry, "watches" watch, "is" are."""
    low = verb.lower()
    if low in words.verbs:
        return like(verb, words.verbs[low])
    if low.endswith("ies"):
        return verb[:-3] + "y"
    if low.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return verb[:-2]
    return verb[:-1] if low.endswith("s") and not low.endswith(("ss", "us", "is")) else verb


def like(written: str, word: str) -> str:
    """The word with a capital where what it stands for was written with one."""
    return f"{word[:1].upper()}{word[1:]}" if written[:1].isupper() else word


def _form(said: Sequence[str], n: int, words: PeopleWords) -> str | None:
    """Which pronoun a token is, other than a subject; None where it is none."""
    token = said[n]
    if _is(words, "reflexive", token):
        return "reflexive"
    if _is(words, "possessive", token) and _owns(said, n, words):
        return "possessive"
    return next((form for form in ("object", "alone") if _is(words, form, token)), None)


def _owns(said: Sequence[str], n: int, words: PeopleWords) -> bool:
    """Whether a noun comes after "her" or "his", so that it is a possessive."""
    rest = [word.lower() for word in said[n + 1 : n + 4]]
    before = said[n - 1].lower() if n else ""
    while rest and _is_adverb(rest[0]):
        del rest[0]
    if not rest or not rest[0][0].isalnum() or rest[0] in words.lists["function"]:
        return False
    if not _is(words, "object", said[n]):
        return True
    if rest[0] == "back":  # "on her back", not "brings her back"
        return before in words.lists["function"]
    if before in words.lists["seers"] and rest[0].endswith("ing"):
        return False
    last = len(rest) == 1 or not rest[1][0].isalnum() or rest[1] in words.lists["function"]
    act = rest[0] in words.actions or (kind(lemmatise(rest[0])) is None and rest[0] not in words.lists["made"])
    return not (before in words.lists["makers"] and last and act)


def _is(words: PeopleWords, form: str, token: str) -> bool:
    return token.lower() in words.pronouns[form].split()


def _is_adverb(word: str) -> bool:
    return len(word) > 4 and word.endswith("ly") and kind(lemmatise(word)) is None


def _after(said: Sequence[str], n: int) -> str:
    return said[n + 1].lower() if n + 1 < len(said) else ""
