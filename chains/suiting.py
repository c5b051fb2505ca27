"""What a person's preferences do to candidates: they change, rank and refuse them."""

from collections.abc import Sequence

from .checks import Answer
from .preferences import Preferences
from .records import Candidate, Checks
from .spelling import respell
from .taste import Taste
from .wordforms import said


class Suiting:
    """The preferences of one caption's reader, at work on its candidates."""

    def __init__(self, preferences: Preferences | None, literal: str, mood: str) -> None:
        self.preferences, self.literal = preferences or Preferences(), literal
        self._taste = Taste(preferences, mood)

    def suit(self, answers: Sequence[Answer]) -> list[Answer]:
        """The answers as the person would put them; those that become the same are one."""
        suited = [answer._replace(text=self._taste.suited(answer.text)) for answer in answers]
        return list({answer.text: answer for answer in suited}.values())

    def judge(self, answers: Sequence[Answer], checks: Sequence[Checks]) -> list[Candidate]:
        """The candidates: ranked by taste as well, refused where they hold a word never to be used, and respelt.

        The spelling comes last: checks compare words with the literal caption, whose spelling may be the other one.
        """
        texts = [answer.text for answer in answers]
        tastes = self._taste.of(texts, self.literal)
        return [self._judged(*one) for one in zip(texts, checks, tastes, strict=True) if one[0]]

    def _judged(self, text: str, checks: Checks, taste: float) -> Candidate:
        shown = respell(text, self.preferences.spelling)
        problems = checks.problems
        if banned := said(shown, self.preferences.never):
            problems = (*problems, f"says what shall never be said: {', '.join(banned)}")
        changes = {"taste": taste, "problems": problems, "score": checks.score * taste}
        return Candidate(text=shown, checks=checks.model_copy(update=changes))
