"""Beam search by transformers' rules, in plain Python: for small networks, where its tensors take longer than a step.

Where `early_stopping` is off, as it is by default, a search goes on until as many texts as it has beams are finished
and none of those still being written is better than the worst of them at its present length. Beyond transformers' rules
it can be told how true each word is as it is said, and goes by that too.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Rules(NamedTuple):
    """What of transformers' `GenerationConfig` the search goes by."""

    num_beams: int
    max_new_tokens: int
    eos_token_id: int
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    truth: float = 0.0
    """What the log-probability that all words are true counts beside the mean log-probability of the tokens."""


class Beam(NamedTuple):
    """One text so far: its tokens, and its log-probability or, if it is finished, that over its length."""

    score: float
    tokens: tuple[int, ...]
    last: float = 0.0
    """The log-probability of its last token."""
    truth: float = 0.0
    """The log-probability that all its words are true, as far as that was told."""
    weakest: float = 0.0
    """The same of the least likely of them."""


class Search:
    """The search for one text. It begins with one beam, the tokens that are given."""

    def __init__(self, start: Sequence[int], rules: Rules) -> None:
        self.rules, self.length = rules, 0
        self.running = [Beam(0.0, tuple(start))]
        self.finished: list[Beam] = []
        self.going = True

    def step(
        self,
        logprobs: Sequence[Sequence[float]],
        tokens: Sequence[Sequence[int]],
        true: Sequence[float] | None = None,
    ) -> list[int]:
        """Go on by one token: the place of the beam that each of those now running came from.

        `logprobs` and `tokens` are, for each beam that was running, the likeliest next tokens, best first; there are
        as many as twice the beams and those that may not be repeated. `true` is the log-probability that the last word
        of each is true.
        """
        rules = self.rules
        if true is not None:
            self.running = [
                beam._replace(truth=beam.truth + one, weakest=min(beam.weakest, one))
                for beam, one in zip(self.running, true, strict=True)
            ]
        self.length += 1
        made = []
        for place, (beam, row, ids) in enumerate(zip(self.running, logprobs, tokens, strict=True)):
            banned = repeating(beam.tokens, rules.no_repeat_ngram_size)
            made += [
                (beam._replace(score=beam.score + p, tokens=(*beam.tokens, one), last=p), place)
                for p, one in zip(row, ids, strict=True)
                if one not in banned
            ]
        best = sorted(made, key=lambda one: -self._worth(self._over_length(one[0])))[: 2 * rules.num_beams]
        ends = [self.length == rules.max_new_tokens or beam.tokens[-1] == rules.eos_token_id for beam, _ in best]
        self._finish([beam for (beam, _), end in zip(best[: rules.num_beams], ends, strict=False) if end])
        left = [i for i, end in enumerate(ends) if not end][: rules.num_beams]
        self.running = [best[i][0] for i in left]
        self.going = bool(left) and (
            len(self.finished) < rules.num_beams
            or self._worth(self._over_length(self.running[0])) > self._worth(self.finished[-1])
        )
        return [best[i][1] for i in left]

    def _finish(self, beams: Sequence[Beam]) -> None:
        ended = [self._over_length(beam) for beam in beams]
        self.finished = sorted([*self.finished, *ended], key=lambda one: -self._worth(one))[: self.rules.num_beams]

    def _over_length(self, beam: Beam) -> Beam:
        return beam._replace(score=beam.score / float(self.length**self.rules.length_penalty))

    def _worth(self, beam: Beam) -> float:
        """How good a beam is whose score is over its length."""
        return beam.score + self.rules.truth * beam.truth


def repeating(tokens: Sequence[int], size: int) -> set[int]:
    """The tokens that would make a sequence of so many tokens that is there already; none where `size` is 0."""
    if not size or len(tokens) < size:
        return set()
    last = tuple(tokens[len(tokens) - size + 1 :])
    windows = range(len(tokens) - size + 1)
    return {tokens[i + size - 1] for i in windows if tuple(tokens[i : i + size - 1]) == last}
