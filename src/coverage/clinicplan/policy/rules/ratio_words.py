"""Write ratios out: what a unit has and should have, and the list of all units; no figure is rounded across a limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from clinicplan.errors import Phrase
from clinicplan.policy.findings import Listing
from clinicplan.policy.parameters import Ratio
from clinicplan.policy.rules.limits import unit_of_column
from clinicplan.policy.rules.norms import lacking, limits_of, norm_of
from clinicplan.policy.rules.ratio_units import RatioUnit
from clinicplan.policy.sources import column_title
from clinicplan.policy.spans import Span
from clinicplan.words import phrase

NAMED_COLUMNS: Final = ("beds", "posts", "doctors", "nurses", "gps", "physicians")
"""Numbers that have a word of their own; others are called by their usual header."""
Cell = str | int | float | Phrase | None


def column_name(column: str) -> Phrase:
    """Return what a number is called."""
    if column in NAMED_COLUMNS:
        return phrase(f"policy_ratios.column.{column}")
    return column_title("facilities", column)


def unit_name(parameters: Ratio) -> Phrase:
    """Return the unit that the numerator is counted in."""
    return phrase(f"policy.unit.{unit_of_column(parameters.column)}")


def what_it_has(parameters: Ratio, unit: RatioUnit) -> Phrase:
    """Say what a unit has and what it should have, in whole numbers."""
    least, most = norm_of(parameters, unit)
    low = 0 if least is None else math.ceil(least.low)
    values = {"count": _count(unit.amount), "unit": unit_name(parameters), "low": low}
    if most is None or not most.is_known or math.floor(most.low) < low:
        return phrase("policy_ratios.has_at_least", **values)
    if math.floor(most.low) == low:
        return phrase("policy_ratios.has_exactly", **values)
    return phrase("policy_ratios.has_between", **values, high=math.floor(most.low))


def listing_of(parameters: Ratio, units: Sequence[RatioUnit]) -> Listing:
    """List every unit with its number, what that is divided by, its norm and what it lacks."""
    by_facility = parameters.level == "facility" or parameters.over == "column"
    first = ("facility_id", "facility", "township") if by_facility else ("township",)
    base = "people" if parameters.over != "column" else "policy_ratios.of"
    rows = tuple(
        (*((unit.id, unit.name, unit.township) if by_facility else (unit.township,)), *_figures(parameters, unit))
        for unit in units
        if unit.id
    )
    key = "policy_ratios.list.facilities" if by_facility else "policy_ratios.list.townships"
    return Listing(key, (*first, "count", base, "ratio", "low", "high", "shortfall"), rows)


def _count(number: Span) -> int | str:
    """Return a whole number, or text where it is not fully known."""
    whole = math.floor(number.low)
    return whole if number.is_known else f"≥{whole}"


def _figures(parameters: Ratio, unit: RatioUnit) -> tuple[Cell, ...]:
    least, most = norm_of(parameters, unit)
    missing = None if least is None or unit.amount.high is None else lacking(parameters, unit)
    return (
        _count(unit.amount),
        _count(unit.base),
        _ratio(parameters, unit),
        None if least is None or not least.is_known else math.ceil(least.low),
        None if most is None or not most.is_known else math.floor(most.low),
        missing,
    )


def _ratio(parameters: Ratio, unit: RatioUnit) -> float | None:
    """Return the ratio to two decimals: up where it lies above the range, down otherwise."""
    if not (unit.amount.is_known and unit.base.is_known) or not unit.base.low:
        return None
    hundredths = unit.amount.low * parameters.per * 100 / unit.base.low
    most = limits_of(parameters)[1]
    up = most is not None and hundredths > most * 100
    return (math.ceil(hundredths) if up else math.floor(hundredths)) / 100
