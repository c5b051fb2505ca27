"""What a person's preferences do to candidates: they change, rank and refuse them."""

from collections.abc import Iterable, Sequence

from .checks import Answer
from .preferences import Preferences
from .records import Candidate, Checks
from .shorten import shorter
from .spelling import respell
from .taste import Taste
from .wordforms import said

CUT = 0.7
"""A shortened text is to carry at least this much of the mood that the whole text carries."""


class Suiting:
    """The preferences of one caption's reader, at work on its candidates."""

    def __init__(self, preferences: Preferences | None, literal: str, mood: str) -> None:
        self.preferences, self.literal = preferences or Preferences(), literal
        self._taste = Taste(preferences, mood)

    def suit(self, answers: Sequence[Answer]) -> list[Answer]:
        """The answers as the person would put them; those that become the same are one."""
        suited = [answer._replace(text=self._taste.suited(answer.text)) for answer in answers]
        if self.preferences.length == "short":
            suited = [form for answer in suited for form in (*_cut(answer), answer)]
        return list({answer.text: answer for answer in suited}.values())

    def judge(self, answers: Sequence[Answer], checks: Sequence[Checks]) -> list[Candidate]:
        """The candidates: ranked by taste as well, refused where they hold a word never to be used, and respelt.

        Of a text and its shortened forms there is one. The spelling comes last: checks compare words with the literal
        caption, whose spelling may be the other one.
        """
        texts = [answer.text for answer in answers]
        tastes = self._taste.of(texts, self.literal)
        moods = {text: one.mood for text, one in zip(texts, checks, strict=True)}
        families: dict[str, list[Candidate]] = {}
        for answer, one, taste in zip(answers, checks, tastes, strict=True):
            whole = answer.whole or answer.text
            if answer.text:
                families.setdefault(whole, []).append(self._judged(answer.text, one, taste, moods.get(whole, 0.0)))
        return _against_each_other([_best(family) for family in families.values()])

    def _judged(self, text: str, checks: Checks, taste: float, mood: float) -> Candidate:
        shown = respell(text, self.preferences.spelling)
        problems = checks.problems
        if checks.mood < CUT * mood:
            problems = (*problems, "is cut too short for the mood")
        if banned := said(shown, self.preferences.never):
            problems = (*problems, f"says what shall never be said: {', '.join(banned)}")
        changes = {"taste": taste, "problems": problems, "score": checks.score * taste}
        return Candidate(text=shown, checks=checks.model_copy(update=changes))


def _cut(answer: Answer) -> Iterable[Answer]:
    return (answer._replace(text=text, whole=answer.text) for text in shorter(answer.text))


def _best(family: Sequence[Candidate]) -> Candidate:
    """The best of a text's forms that passed; the text itself, which comes last, where none did."""
    passed = [one for one in family if one.checks.passed]
    return max(passed, key=lambda one: one.checks.score, default=family[-1])


def _against_each_other(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates with the taste of the best of them at 1: forms that were not chosen do not count."""
    best = max((one.checks.taste for one in candidates), default=1.0)
    return [_rated(one, best) for one in candidates]


def _rated(one: Candidate, best: float) -> Candidate:
    changes = {"taste": one.checks.taste / best, "score": one.checks.score / best}
    return one.model_copy(update={"checks": one.checks.model_copy(update=changes)})
