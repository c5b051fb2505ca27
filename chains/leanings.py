"""What a local writer leans to for a reader's sake: away from words never to be used, and from and to learnt ones.

This reaches words that the writer's vocabulary holds whole. The checks read every candidate all the same.
"""

from collections.abc import Iterable, Mapping

from .preferences import Preferences
from .taste import learn
from .wordforms import forms, tokens

NEVER = -100.0
LEARNT = 3.0
"""What a word gets whose every edit takes it in, and what one loses whose every edit leaves it out."""
Vocabulary = Mapping[str, tuple[int, ...]]
"""Words in lower case, each with the tokens that are just that word."""


def leanings(preferences: Preferences | None, mood: str, vocabulary: Vocabulary) -> dict[int, float]:
    """What is added to the logits of tokens for a reader, in that mood."""
    if preferences is None:
        return {}
    found: dict[int, float] = {}
    for word, value in learn(preferences.examples, mood).words.items():
        found |= dict.fromkeys(_tokens([word], vocabulary), LEARNT * value)
    never = [word for word in preferences.never if len(tokens(word)) == 1]
    return found | dict.fromkeys(_tokens(never, vocabulary), NEVER)


def _tokens(words: Iterable[str], vocabulary: Vocabulary) -> set[int]:
    return {token for word in words for form in forms(word) for token in vocabulary.get(form, ())}
