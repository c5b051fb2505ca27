"""Beam search by transformers' rules, in plain Python: for small networks, where its tensors take longer than a step.

Where `early_stopping` is off, as it is by default, a search goes on until as many texts as it has beams are finished
and none of those still being written is better than the worst of them at its present length.
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


class Beam(NamedTuple):
    """One text so far: its tokens, and its log-probability or, if it is finished, that over its length."""

    score: float
    tokens: tuple[int, ...]


class Search:
    """The search for one text. It begins with one beam, the tokens that are given."""

    def __init__(self, start: Sequence[int], rules: Rules) -> None:
        self.rules, self.length = rules, 0
        self.running = [Beam(0.0, tuple(start))]
        self.finished: list[Beam] = []
        self.going = True

    def step(self, logprobs: Sequence[Sequence[float]], tokens: Sequence[Sequence[int]]) -> list[int]:
        """Go on by one token: the place of the beam that each of those now running came from.

        `logprobs` and `tokens` are, for each beam that was running, the likeliest next tokens, best first; there are
        as many as twice the beams and those that may not be repeated.
        """
        rules = self.rules
        self.length += 1
        found = []
        for place, (beam, row, ids) in enumerate(zip(self.running, logprobs, tokens, strict=True)):
            banned = repeating(beam.tokens, rules.no_repeat_ngram_size)
            found += [(beam.score + p, place, one) for p, one in zip(row, ids, strict=True) if one not in banned]
        best = sorted(found, key=lambda one: -one[0])[: 2 * rules.num_beams]
        made = [Beam(score, (*self.running[place].tokens, token)) for score, place, token in best]
        ends = [self.length == rules.max_new_tokens or token == rules.eos_token_id for _, _, token in best]
        self._finish([beam for beam, end in zip(made[: rules.num_beams], ends, strict=False) if end])
        left = [i for i, end in enumerate(ends) if not end][: rules.num_beams]
        self.running = [made[i] for i in left]
        self.going = bool(left) and (
            len(self.finished) < rules.num_beams or self._over_length(self.running[0]) > self.finished[-1].score
        )
        return [best[i][1] for i in left]

    def _finish(self, beams: Sequence[Beam]) -> None:
        ended = [Beam(self._over_length(beam), beam.tokens) for beam in beams]
        self.finished = sorted([*self.finished, *ended], key=lambda one: -one.score)[: self.rules.num_beams]

    def _over_length(self, beam: Beam) -> float:
        return beam.score / float(self.length**self.rules.length_penalty)


def repeating(tokens: Sequence[int], size: int) -> set[int]:
    """The tokens that would make a sequence of so many tokens that is there already; none where `size` is 0."""
    if not size or len(tokens) < size:
        return set()
    last = tuple(tokens[len(tokens) - size + 1 :])
    windows = range(len(tokens) - size + 1)
    return {tokens[i + size - 1] for i in windows if tuple(tokens[i : i + size - 1]) == last}
