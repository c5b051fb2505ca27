"""Whether a rewrite may be shown: does it carry the mood, keep the facts, add none, and read well.

Each candidate gets scores in 0..1 and, where it fails, the problems in words. The best that has none wins.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from models import FactReading
from prompts import Mood

from .freshness import Recent
from .hearing import Heard
from .records import Checks
from .truth import RuleChecker
from .words import lexicon, phrase_lemmas, read_words, word_list

LEAST_MOOD = 0.2
"""A candidate that carries the mood less than this, times the intensity, is not taken."""
ENOUGH, PILED, MOST_TONE = 2, 0.9, 4
"""Words of the mood: so many are enough, each more costs a tenth of the score, and more than the last are piled up."""
FAINTEST = 0.15
"""The mood's score that intensity 0 asks for; with the intensity it rises to 1."""
LEAST_KEPT = 0.7
LEAST_FLUENCY = 0.25
LEAST_SENSE = 0.2
LONGEST = 45  # words
BANNED: tuple[str, ...] = tuple(lexicon("worn")["phrases"])
OPENERS: tuple[str, ...] = tuple(lexicon("worn")["openers"])
OFTEN = 3
"""A word of its own that a text uses so often is repetition."""


class Answer(NamedTuple):
    """What the writer wrote, and the mean log-probability it gave its words; None where it does not say.

    `whole` is the text that a shortened one was cut from.
    """

    text: str
    logprob: float | None
    finished: bool = True
    whole: str | None = None


def check(
    literal: str,
    answers: Sequence[Answer],
    mood: Mood,
    intensity: float,
    heard: Heard,
    recent: Recent | None = None,
    facts: Sequence[FactReading] | None = None,
) -> list[Checks]:
    """The checks of every answer, in order.

    `heard` holds what was heard in them; `recent` what the reader has seen before; `facts` how they hold against the
    caption, by the rules where nobody else was asked. The score is how near the mood comes to the intensity ×
    faithfulness × truth × fluency × sense² × freshness.
    """
    seen = recent or Recent()
    toned = [tone_words(answer.text, mood) for answer in answers]
    scores = [mood_score(heard.of(i, mood), words) for i, words in enumerate(toned)]
    sense = [1.0] * len(answers) if heard.sense is None else heard.sense.tolist()
    fresh = [seen.freshness(answer.text, literal) for answer in answers]
    held = RuleChecker().check([(literal, answer.text) for answer in answers]) if facts is None else facts
    return [_check(literal, *one, intensity) for one in zip(answers, held, scores, toned, sense, fresh, strict=True)]


def _check(
    literal: str,
    answer: Answer,
    facts: FactReading,
    mood: float,
    toned: int,
    sense: float,
    freshness: float,
    intensity: float,
) -> Checks:
    fluency = fluency_score(answer.logprob)
    problems = list(form_problems(literal, answer))
    if facts.added:
        problems.append(f"adds: {', '.join(facts.added)}")
    if facts.contradicts:
        problems.append(f"contradicts: {', '.join(facts.contradicts)}")
    if facts.lost_things:
        problems.append(f"loses: {', '.join(facts.lost_things)}")
    elif facts.kept_share < LEAST_KEPT:
        problems.append(f"loses: {', '.join(facts.lost)}")
    if mood < LEAST_MOOD * intensity:
        problems.append("does not carry the mood")
    if toned > MOST_TONE:
        problems.append("piles up words of the mood")
    if fluency < LEAST_FLUENCY:
        problems.append("does not read well")
    if sense < LEAST_SENSE:
        problems.append("makes little sense")
    return Checks(
        mood=mood,
        kept=facts.kept_share,
        truth=1 - facts.untrue,
        fluency=fluency,
        sense=sense,
        lost=facts.lost,
        added=facts.added,
        contradicts=facts.contradicts,
        freshness=freshness,
        problems=tuple(problems),
        score=mood_fit(mood, intensity)
        * facts.kept_share
        * (1 - facts.untrue)
        * fluency
        * sense**2
        * freshness
        * PILED ** max(toned - ENOUGH, 0),
    )


def mood_score(heard: float, toned: int) -> float:
    """How well a text carries a mood, 0..1: a noisy-or of what is heard in it and whether it has words of the mood."""
    return 1 - (1 - heard) * (0.4 if toned else 1.0)


def mood_fit(mood: float, intensity: float) -> float:
    """How near a mood's score is to what the intensity asks for, 0..1: a faint mood is not to shout.

    The stronger a mood is to be, the more it counts beside all else.
    """
    return math.pow(1 - abs(mood - min(FAINTEST + intensity, 1.0)), 1 + 3 * intensity)


def tone_words(text: str, mood: Mood) -> int:
    """How many of the mood's own tone words a text has."""
    return len({word.lemma for word in read_words(text)} & phrase_lemmas(mood.tone))


def fluency_score(logprob: float | None) -> float:
    """From the mean log-probability of an answer's tokens: 1 at -0.5 or better, 0 at -4.5."""
    return 0.7 if logprob is None or math.isnan(logprob) else min(max((logprob + 4.5) / 4, 0.0), 1.0)


def form_problems(literal: str, answer: Answer) -> list[str]:
    """What is wrong with a text whatever it says."""
    text, words = answer.text, re.findall(r"[\w'’-]+", answer.text.lower())
    found = []
    if not words:
        return ["is empty"]
    if words == re.findall(r"[\w'’-]+", literal.lower()):
        found.append("is the literal caption")
    if len(words) > LONGEST:
        found.append("is too long")
    if not answer.finished or text[-1] not in ".!?…”\"'":
        found.append("breaks off")
    if re.search(r"[<>{}\[\]|#*_`@]|https?:", text):
        found.append("holds markup")
    if worn := [
        phrase for phrase in BANNED if re.search(rf"\b{phrase}\b", text.lower()) and phrase not in literal.lower()
    ]:
        found.append(f"says: {', '.join(worn)}")
    opener = next((one for one in OPENERS if f"{' '.join(words)} ".startswith(f"{one} ")), None)
    if opener and not literal.lower().startswith(opener):
        found.append(f"begins with: {opener}")
    if repeats(words, literal):
        found.append("repeats itself")
    return found


def repeats(words: Sequence[str], literal: str) -> bool:
    """Whether three words come again in a row, or one word twice in a row or over and over."""
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    told = re.findall(r"[\w'’-]+", literal.lower())
    triples -= Counter(zip(told, told[1:], told[2:], strict=False))
    own = Counter(word for word in words if word not in word_list("stop") and word not in literal.lower())
    twice = any(one == two for one, two in pairwise(words)) and not any(one == two for one, two in pairwise(told))
    return max(triples.values(), default=0) > 1 or twice or max(own.values(), default=0) >= OFTEN
