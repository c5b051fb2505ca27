"""How things are measured: in rounds of alternating order, told by medians and spreads, and fitted by least squares.

What else a machine does changes from minute to minute. Systems that are to be compared take turns within one run, and
the order is turned round in every other round, so that neither always meets the warmer caches or the busier minute.
"""

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

Clock = Callable[[], float]
Say = Callable[[str], None]
Thing = TypeVar("Thing")


class Spread(NamedTuple):
    """The median of repeated measurements, their quartiles and how many there were."""

    median: float
    low: float
    high: float
    rounds: int


class Line(NamedTuple):
    """`a + b·n` by least squares; `fit` is the share of the variance that it explains (R²)."""

    a: float
    b: float
    fit: float

    def at(self, n: float) -> float:
        """The line's value at n."""
        return self.a + self.b * n


def alternate(
    systems: Mapping[str, Callable[[int], object]],
    rounds: int,
    warm: int = 1,
    clock: Clock = time.perf_counter,
    told: Say = lambda line: None,
) -> dict[str, list[float]]:
    """The seconds of every system in every round; each is called with the round's number.

    A system that returns a float has measured its seconds itself. Rounds before 0 (`warm` of them)
    are not counted. Odd rounds go through the systems backwards.
    """
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for number in range(-warm, rounds):
        for name in order_of(list(systems), number):
            gc.collect(1)  # what an earlier system left over is not this one's to clear away
            before = clock()
            own = systems[name](number)
            took = own if isinstance(own, float) else clock() - before
            if number >= 0:
                seconds[name].append(took)
                told(f"round {number + 1} of {rounds}, {name}: {took:.3f} s")
    return seconds


def order_of(things: Sequence[Thing], number: int) -> list[Thing]:
    """Things in the order of a round: as they are in even ones, backwards in odd ones."""
    return list(things) if number % 2 == 0 else list(reversed(things))


def spread(values: Sequence[float]) -> Spread:
    """The median and the quartiles of some values."""
    low, median, high = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(low), float(high), len(values))


def line(places: Sequence[float], values: Sequence[float]) -> Line:
    """The line of least squares through values at places."""
    x, y = np.asarray(places, float), np.asarray(values, float)
    b, a = np.polyfit(x, y, 1)
    around = float(((y - y.mean()) ** 2).sum())
    left = float(((y - a - b * x) ** 2).sum())
    return Line(float(a), float(b), 1 - left / around if around else 1.0)


def say(text: str) -> None:
    """Tell on stderr how far it is."""
    print(text, file=sys.stderr, flush=True)
