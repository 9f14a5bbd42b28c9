"""Reckon with numbers that are known only between two ends, because cells are empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import compared

if TYPE_CHECKING:
    from clinicplan.policy.conditions import Amounts
    from clinicplan.policy.register import People


@dataclass(frozen=True)
class Span:
    """A number that is not negative and lies between two ends, both included.

    Parameters
    ----------
    low
        Lower end.
    high
        Upper end; None where there is none.
    """

    low: Fraction
    high: Fraction | None

    @classmethod
    def known(cls, value: int | Fraction) -> Span:
        """Return a number that is known."""
        return cls(Fraction(value), Fraction(value))

    @classmethod
    def between(cls, low: int | Fraction, high: int | Fraction | None) -> Span:
        """Return a number between two whole numbers or fractions; `high` None for no upper end."""
        return cls(Fraction(low), None if high is None else Fraction(high))

    @classmethod
    def of_people(cls, people: People) -> Span:
        """Return a number of people, open upwards where some village's population is unknown."""
        return cls.between(people.known, people.known if people.complete else None)

    @property
    def is_known(self) -> bool:
        """Whether both ends are one."""
        return self.low == self.high

    def __add__(self, other: Span) -> Span:
        high = None if self.high is None or other.high is None else self.high + other.high
        return Span(self.low + other.low, high)

    def rising(self, function: Callable[[Fraction], Fraction], beyond: Fraction | None = None) -> Span:
        """Return the span of a function that never falls; `beyond` is what it tends to (None: no upper end)."""
        return Span(function(self.low), beyond if self.high is None else function(self.high))


NOTHING_YET = Span.known(0)
UNKNOWN_NUMBER = Span.between(0, None)


def total(spans: Iterable[Span]) -> Span:
    """Return the sum of spans; 0 of none.

    Examples
    --------
    >>> total([Span.known(2), Span.between(1, 3)])
    Span(low=Fraction(3, 1), high=Fraction(5, 1))
    """
    return reduce(Span.__add__, spans, NOTHING_YET)


def spans_of(cells: Amounts) -> list[Span]:
    """Return the numbers of a column; an empty cell is at least 0 and has no upper end."""
    return [
        Span.known(int(value)) if known else UNKNOWN_NUMBER
        for value, known in zip(cells.value, cells.known, strict=True)
    ]


def counted_span(cells: Amounts, sure: NDArray[np.bool_]) -> Span:
    """Return the sum over units of which some are not certainly counted: these add at least nothing."""
    low = int(cells.value[sure & cells.known].sum())
    return Span.between(low, int(cells.value.sum()) if cells.known.all() else None)


def within(number: Span, least: Span | None, most: Span | None) -> bool | None:
    """Tell whether a number lies between limits that are spans themselves: certainly, certainly not, or open.

    Examples
    --------
    >>> within(Span.known(20), Span.between(20, 24), None), within(Span.known(24), Span.between(20, 24), None)
    (None, True)
    """
    strictest = compared(
        number.low,
        number.high,
        None if least is None else least.high,
        None if most is None else most.low,
    )
    mildest = compared(
        number.low, number.high, None if least is None else least.low, None if most is None else most.high
    )
    if mildest is False:
        return False
    endless = least is not None and least.high is None
    return True if strictest and not endless else None
