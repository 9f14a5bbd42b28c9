"""Reckon with unknown numbers: shares of sums (posts, doctors, visits, people) under the worst and the best cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from clinicplan.policy.bounds import FALSE, TRUE

Pair = tuple[int, int]

NOTHING_ADDED: Final[Pair] = (0, 0)
PART_AND_WHOLE: Final[Pair] = (1, 1)
WHOLE_ALONE: Final[Pair] = (0, 1)


@dataclass(frozen=True)
class Cell:
    """What one unit may add to numerator and denominator of a share.

    It may add any of the corners, or what lies between them, and any amount of the directions on top.

    Parameters
    ----------
    corners
        Pairs of part and whole; one alone where everything is known.
    directions
        Pairs that may be added without end, where the whole is unknown.
    """

    corners: tuple[Pair, ...]
    directions: tuple[Pair, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether nothing is unknown."""
        return len(self.corners) == 1 and not self.directions

    @property
    def rest(self) -> Cell:
        """The same with the rest of the whole as its part (vacant posts: approved less filled)."""
        return Cell(
            *(tuple((whole - part, whole) for part, whole in pairs) for pairs in (self.corners, self.directions))
        )

    def perhaps(self) -> Cell:
        """Return the same for a unit that may not be counted at all."""
        return Cell(tuple(dict.fromkeys((NOTHING_ADDED, *self.corners))), self.directions)

    def holds(self, required: Fraction, *, at_most: bool = False) -> bool | None:
        """Tell whether the unit's own share is at least `required` (or at most); open where it may have no whole."""
        if not min(whole for _, whole in self.corners):
            return None
        least, most = self.least(required), self.most(required)
        return _verdict(-most, -least) if at_most else _verdict(least, most)

    def least(self, share: Fraction) -> float:
        """Return the least surplus of the part over a share of the whole, times the share's denominator."""
        if any(_surplus(pair, share) < 0 for pair in self.directions):
            return -math.inf
        return min(_surplus(pair, share) for pair in self.corners)

    def most(self, share: Fraction) -> float:
        """Return the largest such surplus."""
        if any(_surplus(pair, share) > 0 for pair in self.directions):
            return math.inf
        return max(_surplus(pair, share) for pair in self.corners)


def whole_cell(whole: int | None, counts: int) -> Cell:
    """Return what a unit adds when its whole amount is the part, or none of it.

    Parameters
    ----------
    whole
        The amount; None unknown.
    counts
        Whether it belongs to the numerator: 1, 0, or -1 unknown.

    Examples
    --------
    >>> whole_cell(7, -1).corners
    ((0, 7), (7, 7))
    """
    if whole is not None:
        return Cell(_counted(whole, whole, counts))
    grows = ((WHOLE_ALONE,) if counts != TRUE else ()) + ((PART_AND_WHOLE,) if counts != FALSE else ())
    return Cell((NOTHING_ADDED,), grows)


def part_cell(part: int | None, whole: int | None, counts: int = TRUE) -> Cell:
    """Return what a unit adds that gives a part of its own whole (professional posts of all posts).

    The part is never more than its whole: an unknown part lies between 0 and the whole, an unknown whole is no less
    than the part. A part that is written larger than its whole contradicts itself and is taken for unknown.

    Parameters
    ----------
    part, whole
        The amounts; None unknown.
    counts
        Whether the part belongs to the numerator: 1, 0, or -1 unknown.

    Examples
    --------
    >>> part_cell(None, 10).corners, part_cell(12, 10).corners
    (((0, 10), (10, 10)), ((0, 10), (10, 10)))
    >>> part_cell(3, None)
    Cell(corners=((3, 3),), directions=((0, 1),))
    """
    if whole is None:
        grows = (WHOLE_ALONE,) if part is not None or counts == FALSE else (WHOLE_ALONE, PART_AND_WHOLE)
        return Cell(_counted(part or 0, part or 0, counts), grows)
    if part is None or part > whole:
        return Cell(((0, whole),) if counts == FALSE else tuple(dict.fromkeys(((0, whole), (whole, whole)))))
    return Cell(_counted(part, whole, counts))


def _counted(part: int, whole: int, counts: int) -> tuple[Pair, ...]:
    if counts == TRUE:
        return ((part, whole),)
    return ((0, whole),) if counts == FALSE else tuple(dict.fromkeys(((0, whole), (part, whole))))


@dataclass(frozen=True)
class SumShare:
    """The share of a sum in another, with what is unknown.

    Parameters
    ----------
    cells
        One a unit.
    """

    cells: tuple[Cell, ...]

    @classmethod
    def of_cells(cls, cells: Iterable[Cell]) -> SumShare:
        """Return the share with all that is known in one cell."""
        listed = list(cells)
        known = _added(cell.corners[0] for cell in listed if cell.closed)
        return cls((Cell((known,)), *(cell for cell in listed if not cell.closed)))

    @property
    def value(self) -> int:
        """Amount that is certainly in the numerator."""
        return sum(min(part for part, _ in cell.corners) for cell in self.cells)

    @property
    def of(self) -> int:
        """Amount that is known to be, or may be, in the denominator."""
        return sum(max(whole for _, whole in cell.corners) for cell in self.cells)

    @property
    def certain(self) -> int:
        """Amount that is certainly in the denominator."""
        return sum(min(whole for _, whole in cell.corners) for cell in self.cells)

    @property
    def known(self) -> bool:
        """Whether no cell is unknown."""
        return all(cell.closed for cell in self.cells)

    @property
    def empty(self) -> bool:
        """Whether there is certainly nothing in the denominator."""
        return self.of == 0 and self.known

    @property
    def low(self) -> Fraction:
        """The least share; 0 where the denominator has no upper end."""
        if any(part == 0 for cell in self.cells for part, _ in cell.directions):
            return Fraction(0)
        return self._least()

    @property
    def high(self) -> Fraction:
        """The largest share, or what it comes close to; 1 where part and whole may both grow without end."""
        return 1 - SumShare(tuple(cell.rest for cell in self.cells)).low

    def holds(self, required: Fraction, *, at_most: bool = False) -> bool | None:
        """Tell whether the share is certainly at least `required` (or at most), certainly not, or open.

        Whole numbers: part * denominator of the share is compared with its numerator * whole, unit by unit at its
        worst and at its best, since each adds its own surplus.
        """
        if not self.certain:
            return None
        least = sum(cell.least(required) for cell in self.cells)
        most = sum(cell.most(required) for cell in self.cells)
        return _verdict(-most, -least) if at_most else _verdict(least, most)

    def _least(self) -> Fraction:
        """Return the least share over all corners (Dinkelbach: each step takes the corners worst at the last share)."""
        share = _share(_added(max(cell.corners, key=lambda pair: pair[1]) for cell in self.cells))
        while True:
            worst = [min(cell.corners, key=lambda pair: (_surplus(pair, share), -pair[1])) for cell in self.cells]
            total = _added(worst)
            if not total[1] or _share(total) >= share:
                return share
            share = _share(total)


def _verdict(least: float, most: float) -> bool | None:
    return True if least >= 0 else (False if most < 0 else None)


def _surplus(pair: Pair, share: Fraction) -> int:
    return pair[0] * share.denominator - pair[1] * share.numerator


def _added(pairs: Iterable[Pair]) -> Pair:
    listed = list(pairs)
    return sum(part for part, _ in listed), sum(whole for _, whole in listed)


def _share(pair: Pair) -> Fraction:
    return Fraction(pair[0], pair[1]) if pair[1] else Fraction(0)
