"""Count what every township must have, and how many townships have it."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, ShareBounds, exact, share_bounds
from clinicplan.policy.conditions import Amounts
from clinicplan.policy.findings import NOTHING, Case, Finding, Measure
from clinicplan.policy.parameters import Quota, QuotaPart
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.limits import (
    Asked,
    Limits,
    asked_of,
    asked_units,
    cells_of,
    follows_people,
    missing_of,
    unit_of,
)
from clinicplan.policy.rules.served import towns_of, township_people, townships_of
from clinicplan.policy.spans import Span, counted_span
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

TOWNSHIP_TYPES: Final = ("乡", "镇", "街道")
NAMES_SHOWN: Final = 5
NOWHERE: Final = ""
"""Township of units that name none."""


class Towns(NamedTuple):
    """Townships of the county, row by row.

    Parameters
    ----------
    names
        Every township, those that only units name among them.
    addressed
        Whether the document speaks of it: 1, 0, or -1 where its name tells no type.
    held
        What each has.
    met
        Whether that is enough: 1, 0, -1.
    stray
        What stands in no known township.
    """

    names: list[str]
    addressed: Flags3
    held: list[Span]
    met: Flags3
    stray: Span


def quota_of_townships(part: QuotaPart, parameters: Quota, county: CountyRegister) -> Finding:
    """Count one part in every township that the document addresses.

    Parameters
    ----------
    part
        What each must have; at least one where the clause gives no number.
    parameters
        The clause.
    county
        The county.

    Returns
    -------
    finding
        One measure in townships; those that certainly lack it are the failing units.
    """
    units = county.members(part.subjects)
    cells = cells_of(units, part)
    towns = _towns(part, parameters, county, units, cells)
    if not (towns.addressed != FALSE).any():
        return Finding.silent()
    required = exact(1 if part.share_of_townships is None else part.share_of_townships)
    filled = _filled_by_strays(towns, part)
    bounds = share_bounds(towns.addressed, filled)
    missing = missing_of(county, part)
    lacking, doubtful = _lacking_and_doubtful(towns, filled)
    return Finding(
        bounds.holds(required),
        (_measure(part, bounds, required),),
        failing=_cases(part, towns, lacking),
        unknown=(*_cases(part, towns, doubtful), *_asked_in(part, towns, doubtful, units, cells)),
        needs=missing,
        figure=not missing or bounds.value > 0,
        remarks=_remarks(parameters, county, towns),
    )


def _towns(part: QuotaPart, parameters: Quota, county: CountyRegister, units: Members, cells: Amounts) -> Towns:
    names = townships_of(county, units)
    of_unit = towns_of(units.frame)
    sure = units.member == TRUE
    held = [_held(cells, sure, of_unit == name) for name in names]
    met = [_is_met(part, county, name, span) for name, span in zip(names, held, strict=True)]
    return Towns(
        names,
        np.array([_addressed(name, parameters.township_types) for name in names], dtype=np.int8),
        held,
        np.array([UNKNOWN if holds is None else int(holds) for holds in met], dtype=np.int8),
        _held(cells, sure, of_unit == NOWHERE),
    )


def _held(cells: Amounts, sure: Flags, here: Flags) -> Span:
    return counted_span(Amounts(cells.value[here], cells.known[here]), sure[here])


def _addressed(name: str, types: tuple[str, ...]) -> int:
    """Tell whether a township is of one of the types; a name that ends in none of them leaves it open."""
    if set(types) == set(TOWNSHIP_TYPES) or name.endswith(types):
        return TRUE
    return FALSE if name.endswith(TOWNSHIP_TYPES) else UNKNOWN


def _is_met(part: QuotaPart, county: CountyRegister, name: str, held: Span) -> bool | None:
    if follows_people(part):
        return asked_of(part, township_people(county, name, "residents")).holds(held)
    return Asked((_plain_limits(part),)).holds(held)


def _plain_limits(part: QuotaPart) -> Limits:
    no_number = part.minimum is None and part.maximum is None
    return Limits(1 if no_number else part.minimum, part.maximum)


def _filled_by_strays(towns: Towns, part: QuotaPart) -> Flags3:
    """Return what is met, with as many lacking townships left open as units without a township could fill.

    A stray unit can fill one township only: those that lack least are tried first.
    """
    wanted = _plain_limits(part).least or 0
    missing = {
        place: wanted - held.high
        for place, held in enumerate(towns.held)
        if towns.met[place] == FALSE and towns.addressed[place] == TRUE and held.high is not None and held.high < wanted
    }
    left, met = towns.stray.high, towns.met.copy()
    for place in sorted(missing, key=lambda place: missing[place]):
        if left is not None and left < missing[place]:
            break
        left = None if left is None else left - missing[place]
        met[place] = UNKNOWN
    return met


def _lacking_and_doubtful(towns: Towns, filled: Flags3) -> tuple[Flags, Flags]:
    """Return which townships certainly lack it, and which may: where strays could fill one, none is certain."""
    lacking = (towns.met == FALSE) & (towns.addressed == TRUE)
    doubtful = (towns.met == UNKNOWN) | ((towns.met == FALSE) & (towns.addressed == UNKNOWN))
    doubtful &= towns.addressed != FALSE
    if (filled != towns.met).any():
        return np.zeros_like(lacking), doubtful | lacking
    return lacking, doubtful


def _asked_in(part: QuotaPart, towns: Towns, doubtful: Flags, units: Members, cells: Amounts) -> tuple[Case, ...]:
    """Return the units to ask for: those whose unknown cells leave their township open."""
    names = {NOWHERE, *(towns.names[place] for place in np.flatnonzero(doubtful).tolist())}
    here = np.isin(towns_of(units.frame), list(names))
    asked, told = asked_units(units, part, cells)
    return units.cases(asked & here, told) if doubtful.any() and part.subjects.layer != "townships" else ()


def _measure(part: QuotaPart, bounds: ShareBounds, required: Fraction) -> Measure:
    is_share = part.share_of_townships is not None
    scale = Fraction(1) if is_share else Fraction(bounds.of)
    is_open = bounds.low != bounds.high
    return Measure(
        "share" if is_share else "count",
        bounds.value,
        bounds.of,
        "townships",
        Phrase(part.name, part.name_en),
        low=bounds.low * scale if is_open else None,
        high=bounds.high * scale if is_open else None,
        least=required * scale,
        shortfall=max(0, -(-required.numerator * bounds.of // required.denominator) - bounds.value),
    )


def _cases(part: QuotaPart, towns: Towns, mask: Flags) -> tuple[Case, ...]:
    """Return townships, each with what it certainly has."""
    unit, named = phrase(f"policy.unit.{unit_of(part)}"), Phrase(part.name, part.name_en)
    cases = []
    for place in np.flatnonzero(mask).tolist():
        has = phrase("policy_quotas.has", count=int(towns.held[place].low), unit=unit)
        value = has if named == NOTHING else phrase("policy_quotas.named", name=named, has=has)
        cases.append(Case(towns.names[place], towns.names[place], value))
    return tuple(cases)


def _remarks(parameters: Quota, county: CountyRegister, towns: Towns) -> tuple[Phrase, ...]:
    listed = set(towns_of(county.townships).tolist())
    further = [name for name in towns.names if name not in listed]
    left_out = int((towns.addressed == FALSE).sum())
    said = []
    if further:
        said.append(phrase("policy_quotas.unlisted", count=len(further), names="、".join(further[:NAMES_SHOWN])))
    if towns.stray.high != 0:
        said.append(phrase("policy_quotas.stray"))
    if left_out:
        types = "、".join(parameters.township_types)
        said.append(phrase("policy_quotas.left_out", count=left_out, types=types))
    return tuple(said)
