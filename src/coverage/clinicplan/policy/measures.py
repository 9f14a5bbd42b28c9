"""Make the figures of a finding from three-valued flags of its units."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, share_bounds, shortfall
from clinicplan.policy.conditions import Amounts
from clinicplan.policy.findings import NOTHING, Measure

Int64 = NDArray[np.int64]


def share_measure(
    member: Flags3,
    good: Flags3,
    *,
    unit: str,
    name: Phrase = NOTHING,
    least: Fraction | None = None,
    weight: Int64 | None = None,
) -> Measure:
    """Return how large a part of the units certainly meets something, with its range where cells are unknown.

    Parameters
    ----------
    member, good
        Shape (units): whether a unit counts at all, and whether it meets it.
    unit
        What is counted, a key under `unit` of `words/policy.toml`.
    name
        What is measured.
    least
        Share that is asked for; None where none is.
    weight
        Shape (units): whole amounts to count instead of ones.
    """
    bounds = share_bounds(member, good, weight)
    doubtful = bool((member == UNKNOWN).any() or ((member == TRUE) & (good == UNKNOWN)).any()) and bounds.of > 0
    return Measure(
        "share",
        bounds.value,
        bounds.of,
        unit=unit,
        name=name,
        low=bounds.low if doubtful else None,
        high=bounds.high if doubtful else None,
        least=least,
        shortfall=None if least is None else shortfall(bounds.value, bounds.of, least),
    )


def people_measure(people: Amounts, member: Flags3, good: Flags3, *, name: Phrase = NOTHING) -> Measure:
    """Return how large a part of the people lives in units that certainly meet something.

    Where a unit's people are not known it could hold nearly all of them: the range goes down to nobody if that unit may
    not be good, and up to everybody if it may.

    Parameters
    ----------
    people
        Shape (units): residents.
    member, good
        Shape (units): whether a unit counts at all, and whether it meets it.
    name
        What is measured.
    """
    measure = share_measure(member, good, unit="people", name=name, weight=people.value)
    nameless = (member != FALSE) & ~people.known
    if not nameless.any():
        return measure
    known = Fraction(measure.value, measure.of) if measure.of else None
    low = known if measure.low is None else measure.low
    high = known if measure.high is None else measure.high
    least = Fraction(0) if low is None or (nameless & (good != TRUE)).any() else low
    most = Fraction(1) if high is None or (nameless & (good != FALSE)).any() else high
    return replace(measure, low=least, high=most)
