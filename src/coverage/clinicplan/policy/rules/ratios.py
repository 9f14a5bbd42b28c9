"""Compare so many per 1,000 residents, or of one per other, over the county or for every township or facility."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, NamedTuple, cast

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import compared
from clinicplan.policy.conditions import subject_columns
from clinicplan.policy.findings import Case, Finding, Measure
from clinicplan.policy.parameters import Ratio
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister
from clinicplan.policy.rules.limits import unit_of_column
from clinicplan.policy.rules.minimums import operation_remarks
from clinicplan.policy.rules.norms import lacking, limits_of, norm_of
from clinicplan.policy.rules.pooled import pooled_ratio
from clinicplan.policy.rules.ratio_units import RatioUnit, asked_rows, facility_units, township_units
from clinicplan.policy.rules.ratio_words import column_name, listing_of, unit_name, what_it_has
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.policy.spans import total, within
from clinicplan.words import phrase

NAMES_SHOWN: Final = 5


class _Sums(NamedTuple):
    """A ratio to be judged: its units, those to ask for, what nothing is known of, what the reader must know."""

    units: Sequence[RatioUnit]
    asked: tuple[Case, ...]
    missing: tuple[str, ...]
    said: tuple[Phrase, ...]


@remarking_the_register
def ratio(clause: Clause, county: CountyRegister) -> Finding:
    """Compare a ratio with its range: the county's total, or every township or facility by itself.

    Below the range fails; above it fails only where the clause says so and is a note otherwise. Compared as fractions.

    Parameters
    ----------
    clause
        A clause of kind `ratio`.
    county
        The county.

    Returns
    -------
    finding
        The ratio of the sums first, its shortfall that of the county or of the units that fail; where every unit is
        judged by itself, how many keep to it comes second. Units are listed.
    """
    parameters = cast("Ratio", clause.parameters)
    members = county.members(parameters.subjects)
    by_facility = parameters.level == "facility" or parameters.over == "column"
    units = (facility_units if by_facility else township_units)(county, parameters, members)
    sums = _Sums(
        units,
        asked_rows(county, parameters, members, units),
        _missing(county, parameters, units),
        operation_remarks(county, parameters.subjects),
    )
    return (_of_county if parameters.level == "county" else _of_each)(parameters, sums)


def _missing(county: CountyRegister, parameters: Ratio, units: Sequence[RatioUnit]) -> tuple[str, ...]:
    """Return what nothing is known of."""
    subjects = parameters.subjects
    columns = [*subject_columns(subjects), parameters.column]
    if parameters.over_column is not None:
        columns.append(parameters.over_column)
    lacks = county.missing(subjects.model_copy(update={"where": ()}), dict.fromkeys(columns))
    people = total(unit.base for unit in units)
    if parameters.over == "column" or people.low or people.high is not None:
        return lacks
    return (*lacks, "villages.population")


# The county's total


def _of_county(parameters: Ratio, sums: _Sums) -> Finding:
    if all(unit.base.high == 0 for unit in sums.units):
        return Finding.silent(phrase("policy_ratios.no_base"))
    span = pooled_ratio(sums.units)
    low, high = span.low * parameters.per, None if span.high is None else span.high * parameters.per
    least, most = limits_of(parameters)
    holds = compared(low, high, least, most if parameters.high_fails else None)
    measure = _summed(parameters, sums.units)
    people = measure.of or 0
    short = None if least is None else max(0, math.ceil(least * people / parameters.per) - measure.value)
    return Finding(
        holds if any(unit.is_sure for unit in sums.units) else None,
        (replace(measure, shortfall=short),),
        unknown=sums.asked,
        needs=sums.missing,
        figure=not sums.missing,
        remarks=(*_above_total(parameters, low, measure.value, people), *sums.said),
        listings=(listing_of(parameters, sums.units),),
    )


def _summed(parameters: Ratio, units: Sequence[RatioUnit]) -> Measure:
    """Return the ratio of the units' sums, with its ends where something is unknown."""
    span = pooled_ratio(units)
    least, most = limits_of(parameters)
    return Measure(
        "ratio",
        int(total(unit.amount for unit in units if unit.is_sure).low),
        math.floor(total(unit.base for unit in units).low),
        unit_of_column(parameters.column),
        column_name(parameters.column),
        per=parameters.per,
        low=None if span.is_known else span.low * parameters.per,
        high=None if span.is_known or span.high is None else span.high * parameters.per,
        least=least,
        most=most,
    )


def _above_total(parameters: Ratio, low: Fraction, value: int, people: int) -> tuple[Phrase, ...]:
    most = limits_of(parameters)[1]
    if most is None or low <= most:
        return ()
    count = value - math.floor(most * people / parameters.per)
    return (phrase("policy_ratios.above_total", count=count, unit=unit_name(parameters)),)


# Every township or facility by itself


def _of_each(parameters: Ratio, sums: _Sums) -> Finding:
    named = [unit for unit in sums.units if unit.id]
    units = [unit for unit in named if parameters.over != "column" or unit.base.high != 0]
    baseless = len(named) - len(units)
    said = (phrase("policy_ratios.baseless", count=baseless),) if baseless else ()
    if not units:
        return Finding.silent(*said)
    verdicts = [_verdict(parameters, unit) for unit in units]
    judged = list(zip(units, verdicts, strict=True))
    failing = [unit for unit, met in judged if met is False and unit.is_sure]
    doubtful = {unit.id for unit, met in judged if met is None or (met is False and not unit.is_sure)}
    sure = any(unit.is_sure for unit in units)
    return Finding(
        False if failing else (True if sure and not doubtful else None),
        _measures(parameters, judged, failing),
        failing=tuple(Case(unit.id, unit.name, what_it_has(parameters, unit)) for unit in failing),
        unknown=_asked_of_each(parameters, sums, units, doubtful),
        needs=sums.missing,
        figure=not sums.missing or any(verdict is not None for verdict in verdicts),
        remarks=(*said, *_split_remarks(parameters, judged), *_above_remarks(parameters, units), *sums.said),
        listings=(listing_of(parameters, units),),
    )


def _verdict(parameters: Ratio, unit: RatioUnit) -> bool | None:
    least, most = norm_of(parameters, unit)
    return within(unit.amount, least, most if parameters.high_fails else None)


def _asked_of_each(parameters: Ratio, sums: _Sums, units: Sequence[RatioUnit], doubtful: set[str]) -> tuple[Case, ...]:
    """Return the open units, each with what is to be asked for where that is its own cell."""
    told = {case.id: case for case in sums.asked}
    if parameters.level == "township":
        return tuple(Case(unit.id, unit.name) for unit in units if unit.id in doubtful)
    return tuple(told.get(unit.id, Case(unit.id, unit.name)) for unit in units if unit.id in doubtful)


def _measures(
    parameters: Ratio, judged: Sequence[tuple[RatioUnit, bool | None]], failing: Sequence[RatioUnit]
) -> tuple[Measure, Measure]:
    """Return the ratio of the units' sums with what the failing ones lack, and how many units keep to it."""
    limited = limits_of(parameters)[0] is not None or parameters.floor is not None
    short = sum(lacking(parameters, unit) for unit in failing) if limited else None
    kept = sum(unit.is_sure and met is True for unit, met in judged)
    possible = sum(met is not False for _, met in judged)
    is_open = any(met is None or not unit.is_sure for unit, met in judged)
    kind = "townships" if parameters.level == "township" else "facilities"
    keeping = Measure(
        "count", kept, len(judged), kind, phrase("policy_ratios.keeping"),
        low=Fraction(kept) if is_open else None, high=Fraction(possible) if is_open else None, shortfall=len(failing),
    )  # fmt: skip
    return replace(_summed(parameters, [unit for unit, _ in judged]), shortfall=short), keeping


def _split_remarks(parameters: Ratio, judged: Sequence[tuple[RatioUnit, bool | None]]) -> tuple[Phrase, ...]:
    """Name the units that would be judged otherwise by the residents of the whole township."""
    turned = [
        unit.name
        for unit, verdict in judged
        if unit.whole != unit.base and _verdict(parameters, replace(unit, base=unit.whole)) is not verdict
    ]
    if not turned:
        return ()
    return (phrase("policy_ratios.split_decides", count=len(turned), names=_names(turned)),)


def _above_remarks(parameters: Ratio, units: Sequence[RatioUnit]) -> tuple[Phrase, ...]:
    """Name the units certainly above the range."""
    above = [unit.name for unit in units if unit.is_sure and _is_above(parameters, unit)]
    return (phrase("policy_ratios.above", count=len(above), names=_names(above)),) if above else ()


def _is_above(parameters: Ratio, unit: RatioUnit) -> bool:
    most = norm_of(parameters, unit)[1]
    return most is not None and most.high is not None and unit.amount.low > most.high


def _names(names: Sequence[str]) -> str:
    return "、".join(names[:NAMES_SHOWN])
