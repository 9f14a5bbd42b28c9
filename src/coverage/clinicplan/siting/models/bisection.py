"""Find the first of many ordered values that a plan attains, asking the cheap questions first."""

from __future__ import annotations

import time
from typing import Final, Protocol

IMPOSSIBLE: Final = -1
"""Answer of `decide` where no plan attains the value."""


class Question(Protocol):
    """Tell which values, numbered from the most to the least wanted, a plan attains.

    A plan that attains a value attains every later one.
    """

    def attain(self, at: int) -> int | None:
        """Return the first value, `at` or earlier, that a quickly made plan attains; None where it attains none."""

    def refute(self, at: int) -> bool:
        """Tell whether a quick bound proves that no plan attains a value."""

    def decide(self, at: int) -> int | None:
        """Return the first value that a plan attains, `IMPOSSIBLE`, or None where time ran out."""


def bisect(values: int, question: Question, deadline: float) -> tuple[int, int]:
    """Return the first value not proven impossible and the first one attained.

    Three rounds, each a bisection of what the one before left: plans that are quick to make, bounds that are quick to
    prove, and the search itself. Both results are the same where the answer is proven; `values` stands for none.

    Parameters
    ----------
    values
        How many values there are.
    question
        What is asked of each.
    deadline
        When to stop, by the clock of `time.perf_counter`.
    """
    possible, attained = 0, values
    floor = 0
    while floor < attained and time.perf_counter() < deadline:
        at = (floor + attained) // 2
        found = question.attain(at)
        floor, attained = (at + 1, attained) if found is None else (floor, found)
    ceiling = attained
    while possible < ceiling and time.perf_counter() < deadline:
        at = (possible + ceiling) // 2
        possible, ceiling = (at + 1, ceiling) if question.refute(at) else (possible, at)
    while possible < attained and time.perf_counter() < deadline:
        at = (possible + attained) // 2
        answer = question.decide(at)
        if answer is None:
            break
        possible, attained = (at + 1, attained) if answer == IMPOSSIBLE else (possible, min(at, answer))
    return possible, attained
