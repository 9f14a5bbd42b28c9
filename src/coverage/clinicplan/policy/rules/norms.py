"""Say how many of something one township or facility should have, with its floor and its cap."""

from __future__ import annotations

import math
from fractions import Fraction

from clinicplan.policy.bounds import exact
from clinicplan.policy.parameters import Ratio
from clinicplan.policy.rules.ratio_units import RatioUnit
from clinicplan.policy.spans import Span


def limits_of(parameters: Ratio) -> tuple[Fraction | None, Fraction | None]:
    """Return the least and the largest ratio as exact fractions; None where the clause sets none."""
    least = None if parameters.low is None else exact(parameters.low)
    return least, None if parameters.high is None else exact(parameters.high)


def norm_of(parameters: Ratio, unit: RatioUnit) -> tuple[Span | None, Span | None]:
    """Return the least and the largest number of one unit.

    With P the unit's base: least = min(cap, max(floor, low P)), largest = max(floor, min(cap, high P)). The floor
    binds the upper end too: otherwise a small township would have to have more beds than it may.

    Parameters
    ----------
    parameters
        The clause.
    unit
        One facility or township.

    Returns
    -------
    least, largest
        None where the clause sets none; spans where P is not fully known.
    """
    low, high = limits_of(parameters)
    cap = _cap(parameters, unit)
    floor = Fraction(0) if parameters.floor is None else exact(parameters.floor)

    def least(base: Fraction) -> Fraction:
        number = max(floor, (low or Fraction(0)) * base / parameters.per)
        return number if cap is None else min(cap, number)

    def largest(base: Fraction) -> Fraction:
        number = (high or Fraction(0)) * base / parameters.per
        return max(floor, number if cap is None else min(cap, number))

    beyond = cap if low else least(Fraction(0))
    return (
        None if low is None and not floor else unit.base.rising(least, beyond),
        None if high is None else unit.base.rising(largest, None if cap is None else max(floor, cap)),
    )


def lacking(parameters: Ratio, unit: RatioUnit) -> int:
    """Return how many a unit certainly lacks: the least number rounded up, less what it may have."""
    least = norm_of(parameters, unit)[0]
    if least is None or unit.amount.high is None:
        return 0
    return max(0, math.ceil(least.low) - math.floor(unit.amount.high))


def _cap(parameters: Ratio, unit: RatioUnit) -> Fraction | None:
    central = unit.is_central and parameters.central_cap is not None
    cap = parameters.central_cap if central else parameters.cap
    return None if cap is None else exact(cap)
