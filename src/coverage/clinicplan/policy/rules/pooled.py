"""Bound the ratio of two sums, where units may or may not count and their numbers lie between two ends."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from clinicplan.policy.rules.ratio_units import RatioUnit
from clinicplan.policy.spans import Span


class _Pair(NamedTuple):
    """One unit's numerator and denominator at the end that is looked at."""

    amount: Fraction
    base: Fraction
    is_sure: bool


def pooled_ratio(units: Sequence[RatioUnit]) -> Span:
    """Return the ratio of the units' sums under the worst and the best that unknown cells could hold.

    A unit that may not count is in or out with both its numbers.

    Parameters
    ----------
    units
        What is summed.

    Returns
    -------
    ratio
        No upper end where the numerator has none, or the denominator may be 0.

    References
    ----------
    .. [1] Dinkelbach (1967). On nonlinear fractional programming. doi:10.1287/mnsc.13.7.492
    """
    return Span(_smallest(units), _largest(units))


def _largest(units: Sequence[RatioUnit]) -> Fraction | None:
    pairs = []
    for unit in units:
        if unit.amount.high is None:
            return None
        pairs.append(_Pair(unit.amount.high, unit.base.low, unit.is_sure))
    return _best(pairs, sign=1)


def _smallest(units: Sequence[RatioUnit]) -> Fraction:
    pairs = []
    for unit in units:
        if unit.base.high is None:
            return Fraction(0)
        pairs.append(_Pair(unit.amount.low, unit.base.high, unit.is_sure))
    return _best(pairs, sign=-1) or Fraction(0)


def _best(pairs: Sequence[_Pair], *, sign: int) -> Fraction | None:
    """Return the largest (sign 1) or smallest ratio over all choices of the units that are not sure.

    From any choice, taking exactly the units that lie on the better side of its ratio gives a better one, until none
    does: finitely many steps, since each choice has one ratio.
    """
    if sign > 0 and _may_divide_by_nothing(pairs):
        return None
    chosen = list(pairs)
    ratio: Fraction | None = None
    while True:
        amount, base = sum(pair.amount for pair in chosen), sum(pair.base for pair in chosen)
        if base == 0:
            return ratio
        better = Fraction(amount) / base
        if ratio is not None and sign * (better - ratio) <= 0:
            return ratio
        ratio = better
        chosen = [pair for pair in pairs if pair.is_sure or sign * (pair.amount - ratio * pair.base) > 0]


def _may_divide_by_nothing(pairs: Sequence[_Pair]) -> bool:
    """Tell whether some choice has a numerator and no denominator."""
    alone = [pair for pair in pairs if pair.is_sure or pair.base == 0]
    return sum(pair.base for pair in alone) == 0 and sum(pair.amount for pair in alone) > 0
