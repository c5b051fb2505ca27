"""What a local writer is steered by while it writes, word by word: facts are locked, the mood's name comes harder.

A word that would name a thing, colour or number which the literal caption does not cover can hardly be drawn, so few
candidates are lost to inventions; words of the caption itself come a little easier, until they are said: a word that
says something comes harder again, in any of its forms. Words that name the mood come harder, since it is to be shown.
This reaches words that the writer's vocabulary holds whole. The checks read every candidate all the same.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from prompts import Mood

from .checks_content import Coverage
from .named import name_words
from .words import content_lemmas, is_claim, lemmatise, read_words, word_list

LOCKED = -12.0
NAMED = -1.5
OWN = 0.7
Vocabulary = Mapping[str, tuple[int, ...]]
"""Words in lower case, each with the tokens that are just that word."""


class Steering:
    """Biases on the tokens of one writer's vocabulary, kept for captions that come again."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._words = vocabulary
        self._tokens: dict[str, tuple[int, ...]] = {}
        for word, ids in vocabulary.items():
            self._tokens[lemmatise(word)] = (*self._tokens.get(lemmatise(word), ()), *ids)
        stop = word_list("stop")
        self.once = {token: ids for lemma, ids in self._tokens.items() if lemma not in stop for token in ids}
        """For each token of a word that says something, the tokens of all its forms."""
        self._claims = [lemma for lemma in self._tokens if is_claim(lemma)]
        self._locked = lru_cache(256)(self._locks)

    def bias(self, literal: str, mood: Mood, begun: bool = False) -> dict[int, float]:
        """What is added to the logits of tokens when that caption is written in that mood.

        Where the answer has `begun` with the caption, its words are said.
        """
        own = () if begun else content_lemmas(read_words(literal))
        named = dict.fromkeys((token for word in name_words(mood, self._words) for token in self._words[word]), NAMED)
        return named | self._of(own, OWN) | dict(self._locked(literal))

    def on(self, literal: str, mood: Mood, begun: bool, wished: Mapping[int, float]) -> Mapping[str, Any]:
        """All that a local writer takes with a question: biases, the reader's wishes over ours, and words by form."""
        return {"logit_bias": {**self.bias(literal, mood, begun), **wished}, "once": self.once}

    def _locks(self, literal: str) -> dict[int, float]:
        coverage = Coverage(literal)
        return self._of((lemma for lemma in self._claims if not coverage.covers(lemma)), LOCKED)

    def _of(self, lemmas: Iterable[str], bias: float) -> dict[int, float]:
        return {token: bias for lemma in lemmas for token in self._tokens.get(lemma, ())}
