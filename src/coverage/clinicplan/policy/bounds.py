"""Reckon with unknown cells: three-valued flags, and shares under the worst and the best that they could hold.

Flags are whole numbers: 1 true, 0 false, -1 unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Flags3 = NDArray[np.int8]

TRUE: Final = 1
FALSE: Final = 0
UNKNOWN: Final = -1


def flags3(true: ArrayLike, unknown: ArrayLike = False) -> Flags3:
    """Return three-valued flags: unknown where said, else true or false."""
    sure = np.asarray(true, dtype=bool)
    return np.where(np.asarray(unknown, dtype=bool), UNKNOWN, sure).astype(np.int8)


def all_of(first: Flags3, *others: Flags3) -> Flags3:
    """Return whether all hold: false where any is false, unknown where any other is unknown.

    Examples
    --------
    >>> all_of(np.array([1, 1, 0], np.int8), np.array([1, -1, -1], np.int8)).tolist()
    [1, -1, 0]
    """
    stack = np.stack([first, *others])
    return np.where((stack == FALSE).any(axis=0), FALSE, stack.min(axis=0)).astype(np.int8)


def any_of(first: Flags3, *others: Flags3) -> Flags3:
    """Return whether any holds: true where one is true, unknown where another is unknown."""
    stack = np.stack([first, *others])
    best = stack.max(axis=0)
    return np.where(best == TRUE, TRUE, np.where((stack == UNKNOWN).any(axis=0), UNKNOWN, FALSE)).astype(np.int8)


def negated(flags: Flags3) -> Flags3:
    """Return the contrary; unknown stays unknown."""
    return np.where(flags == UNKNOWN, UNKNOWN, 1 - flags).astype(np.int8)


@dataclass(frozen=True)
class ShareBounds:
    """A share of units under the worst and the best that unknown cells could hold.

    Parameters
    ----------
    value
        Amount that is certainly a member and certainly good.
    of
        Amount that is, or may be, a member.
    certain
        Amount that is certainly a member; with nothing certain there may be nothing to count, so no verdict.
    worst, best
        Numerator and denominator under the worst and the best.
    """

    value: int
    of: int
    certain: int
    worst: tuple[int, int]
    best: tuple[int, int]

    @property
    def low(self) -> Fraction:
        """The worst share; 1 where nothing would be left to count."""
        return _ratio(self.worst)

    @property
    def high(self) -> Fraction:
        """The best share; 1 where nothing would be left to count."""
        return _ratio(self.best)

    def holds(self, required: Fraction, *, at_most: bool = False) -> bool | None:
        """Tell whether the share is certainly at least `required` (or at most), certainly not, or open."""
        if not self.certain:
            return None
        return compared(self.low, self.high, None if at_most else required, required if at_most else None)


def share_bounds(member: Flags3, good: Flags3, weight: ArrayLike | None = None) -> ShareBounds:
    """Return the share of members that are good, bounded.

    An unknown member counts where that makes the share worse, or better. Integers throughout.

    Parameters
    ----------
    member, good
        Shape (units): whether it is counted at all, and whether it meets the clause.
    weight
        Shape (units): whole amounts of at least 0 to count instead of ones; None for ones.

    Returns
    -------
    bounds
        Value, denominators, worst and best.

    Examples
    --------
    >>> share_bounds(np.array([1, 1, -1], np.int8), np.array([1, -1, 0], np.int8)).worst
    (1, 3)
    """
    amount = np.ones(member.size, dtype=np.int64) if weight is None else np.asarray(weight, dtype=np.int64)
    sure, maybe = member == TRUE, member == UNKNOWN

    def total(mask: NDArray[np.bool_]) -> int:
        return int(amount[mask].sum())

    return ShareBounds(
        value=total(sure & (good == TRUE)),
        of=total(sure | maybe),
        certain=total(sure),
        worst=(total(sure & (good == TRUE)), total(sure | (maybe & (good != TRUE)))),
        best=(total((sure | maybe) & (good != FALSE)), total(sure | (maybe & (good != FALSE)))),
    )


def _ratio(pair: tuple[int, int]) -> Fraction:
    return Fraction(pair[0], pair[1]) if pair[1] else Fraction(1)


def shortfall(value: int, of: int, required: Fraction, *, at_most: bool = False) -> int:
    """Return how many more units must be good for a share to be reached, or how many are too many; at least 0.

    Examples
    --------
    >>> shortfall(8, 10, Fraction(9, 10)), shortfall(9, 10, Fraction(9, 10))
    (1, 0)
    >>> shortfall(2, 10, Fraction(1, 20), at_most=True)
    2
    """
    limit = required * of
    return max(0, value - math.floor(limit)) if at_most else max(0, math.ceil(limit) - value)


def exact(number: float) -> Fraction:
    """Return a number of a profile as the fraction that its decimal digits say (0.65 is 13/20)."""
    return Fraction(str(number))


def compared(low: Fraction, high: Fraction | None, least: Fraction | None, most: Fraction | None) -> bool | None:
    """Tell whether a figure known to lie in [low, high] lies within [least, most]: certainly, certainly not, open.

    `high` None means that it has no upper end.

    Examples
    --------
    >>> compared(Fraction(2), Fraction(5), Fraction(2), None), compared(Fraction(2), None, None, Fraction(4))
    (True, None)
    """
    if least is not None and high is not None and high < least:
        return False
    if most is not None and low > most:
        return False
    above = least is None or low >= least
    below = most is None or (high is not None and high <= most)
    return True if above and below else None
