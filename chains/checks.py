"""Whether a rewrite may be shown: does it keep the facts, add none, read well, and carry the mood.

Each candidate gets scores in 0..1 and, where it fails, the problems in words. The best that has none wins. The mood is
a threshold, not the aim: what carries enough of it gains nothing by more, and loses where it names the mood rather than
show it, piles up its words, is worn, or much like what the reader has just seen.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models import FactReading
from prompts import Mood

from .freshness import Recent
from .hearing import Heard
from .kindness import unkind
from .named import names_mood, worn_words
from .records import Checks
from .truth import RuleChecker
from .words import lexicon, phrase_lemmas, read_words, word_list

LEAST_MOOD = 0.02
"""A candidate that carries the mood less than this, times the intensity, is not taken: a tenth of good rewrites would
not be, and half of the captions that they were made from."""
MOOD = 0.1
"""So much of a mood, times the intensity, is enough: half of the good rewrites carry more."""
LOUDEST = 0.4
"""A mood heard more than this, and the intensity on top, is louder than asked for."""
ENOUGH, PILED, MOST_TONE = 2, 0.9, 4
"""Words of the mood: so many are enough, each more costs a tenth of the score, and more than the last are piled up."""
NAMED, WORN = 0.6, 0.7
"""What is left of the score of a text that names its mood, and of one for each worn word."""
LEAST_KEPT = 0.7
LEAST_FLUENCY = 0.25
MOST_UNTRUE = 0.6
"""A text that a reader finds untrue or nonsense with more than this chance is not taken."""
LONGEST = 45  # words
BANNED: tuple[str, ...] = tuple(lexicon("worn")["phrases"])
OPENERS: tuple[str, ...] = tuple(lexicon("worn")["openers"])
SENSE = 2
"""The power of what a reader finds."""
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
    verdicts: NDArray[np.float64] | None = None,
) -> list[Checks]:
    """The checks of every answer, in order.

    `heard` holds what was heard in them; `recent` what the reader has seen before; `facts` how they hold against the
    caption, by the rules where nobody else was asked; `verdicts` (texts, 2) a reader's chances that a text could be
    published and that it is untrue, where one was asked. The score is faithfulness × truth × fluency² × sense² ×
    freshness × whether the mood is there × what is left for naming it, piling it up and worn words.
    """
    seen = recent or Recent()
    toned = [tone_words(answer.text, mood) for answer in answers]
    scores = [heard.of(i, mood) for i in range(len(answers))]
    read = [(1.0, 0.0)] * len(answers) if verdicts is None else verdicts.tolist()
    fresh = [seen.freshness(answer.text, literal) for answer in answers]
    held = RuleChecker().check([(literal, answer.text) for answer in answers]) if facts is None else facts
    each = zip(answers, held, scores, toned, read, fresh, strict=True)
    return [_check(literal, mood, intensity, *one) for one in each]


def _check(
    literal: str,
    mood: Mood,
    intensity: float,
    answer: Answer,
    facts: FactReading,
    carried: float,
    toned: int,
    read: tuple[float, float],
    freshness: float,
) -> Checks:
    fluency, (good, untrue) = fluency_score(answer.logprob), read
    problems = list(form_problems(literal, answer))
    if facts.added:
        problems.append(f"adds: {', '.join(facts.added)}")
    if facts.contradicts:
        problems.append(f"contradicts: {', '.join(facts.contradicts)}")
    if facts.lost_things:
        problems.append(f"loses: {', '.join(facts.lost_things)}")
    elif facts.kept_share < LEAST_KEPT:
        problems.append(f"loses: {', '.join(facts.lost)}")
    if cruel := unkind(literal, answer.text):
        problems.append(f"is unkind: {', '.join(cruel)}")
    if carried < LEAST_MOOD * intensity:
        problems.append("does not carry the mood")
    if toned > MOST_TONE:
        problems.append("piles up words of the mood")
    if fluency < LEAST_FLUENCY:
        problems.append("does not read well")
    if untrue > MOST_UNTRUE:
        problems.append("makes little sense")
    return Checks(
        mood=carried,
        kept=facts.kept_share,
        truth=(1 - facts.untrue) * (1 - untrue),
        fluency=fluency,
        sense=good,
        lost=facts.lost,
        added=facts.added,
        contradicts=facts.contradicts,
        freshness=freshness,
        problems=tuple(problems),
        score=facts.kept_share
        * (1 - facts.untrue)
        * fluency**2
        * (good * (1 - untrue)) ** SENSE
        * freshness
        * mood_fit(carried, intensity)
        * cost(answer.text, literal, mood, toned),
    )


def mood_fit(mood: float, intensity: float) -> float:
    """Whether a mood is there as the intensity asks for it: 1 from enough on, less below, and less where it shouts."""
    enough, loud = MOOD * intensity, min(LOUDEST + intensity, 1.0)
    return min(math.sqrt(mood / enough) if enough else 1.0, 1 - max(mood - loud, 0.0), 1.0)


def cost(text: str, literal: str, mood: Mood, toned: int) -> float:
    """What is left of the score of a text that names its mood, piles up its words, or is worn; 1 where it does not."""
    named = NAMED if names_mood(text, mood, literal) else 1.0
    return float(named * WORN ** len(worn_words(text, literal)) * PILED ** max(toned - ENOUGH, 0))


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
