"""Rounds alternate, and medians, spreads and lines are right."""

from collections.abc import Callable
from itertools import count

import pytest

from benchmarks.rounds import alternate, line, spread


def test_rounds_alternate_and_the_warm_one_does_not_count() -> None:
    called: list[tuple[str, int]] = []
    told: list[str] = []
    clock = count()

    def caller(name: str) -> Callable[[int], None]:
        return lambda number: called.append((name, number))

    seconds = alternate({"a": caller("a"), "b": caller("b")}, 3, clock=lambda: float(next(clock)), told=told.append)
    numbers = [("b", -1), ("a", -1), ("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    assert called == numbers
    assert seconds == {"a": [1.0, 1.0, 1.0], "b": [1.0, 1.0, 1.0]}
    assert told[0] == "round 1 of 3, a: 1.000 s"
    assert len(told) == 6


def test_a_system_may_measure_itself() -> None:
    assert alternate({"own": lambda number: 0.5 + number}, 2, warm=0) == {"own": [0.5, 1.5]}


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert spread([5, 1, 3, 2, 4]) == (3, 2, 4, 5)
    assert spread([7.0]) == (7, 7, 7, 1)


def test_a_line_is_that_of_least_squares() -> None:
    exact = line([1, 8, 64], [2 + 0.5 * n for n in (1, 8, 64)])
    assert exact == pytest.approx((2, 0.5, 1))
    assert exact.at(10) == pytest.approx(7)
    a, b, fit = line([0, 1, 2], [0, 3, 3])
    assert (a, b, fit) == pytest.approx((0.5, 1.5, 0.75))
    assert line([1, 2], [3, 3]).fit == 1
