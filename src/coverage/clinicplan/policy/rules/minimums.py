"""Test what every single unit must have: staff, things, premises."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, any_of, negated
from clinicplan.policy.conditions import condition_columns, meets
from clinicplan.policy.evidence import asked_cells, asked_columns, failing_cells, joined
from clinicplan.policy.findings import NOTHING, Case, Finding, Measure
from clinicplan.policy.parameters import Condition, Equipment, Minimum, Premises, Subjects
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.policy.rules.served import served_people
from clinicplan.policy.spans import Span, within
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

NAMES_SHOWN: Final = 5


@remarking_the_register
def minimum(clause: Clause, county: CountyRegister) -> Finding:
    """Test that every unit meets all conditions.

    Parameters
    ----------
    clause
        A clause of kind `minimum`.
    county
        The county.

    Returns
    -------
    finding
        How many units meet it, of how many; then, where the clause has them, how many meet the conditions beside.
    """
    parameters = cast("Minimum", clause.parameters)
    return every_unit(county, parameters.subjects, parameters.conditions, parameters.beside)


@remarking_the_register
def premises(clause: Clause, county: CountyRegister) -> Finding:
    """Test where every unit is housed; see `minimum`."""
    parameters = cast("Premises", clause.parameters)
    return every_unit(county, parameters.subjects, parameters.conditions)


def every_unit(
    county: CountyRegister,
    subjects: Subjects,
    conditions: tuple[Condition, ...],
    beside: tuple[Condition, ...] = (),
) -> Finding:
    """Test that every unit meets all conditions; unknown cells leave open what they could decide.

    Parameters
    ----------
    county
        The county.
    subjects
        Units.
    conditions
        All must hold.
    beside
        Conditions whose count stands beside and decides nothing.

    Returns
    -------
    finding
        Silent where there is certainly no unit.
    """
    units = county.members(subjects)
    if not len(units):
        return Finding.silent()
    met = meets(units.frame, conditions)
    failing, unknown = lacking(units.member, met), undecided(units.member, met)
    columns = asked_columns(subjects, condition_columns(conditions))
    measures = [unit_measure(units, met)]
    if beside:
        measures.append(unit_measure(units, meets(units.frame, beside), phrase("policy_minimums.beside"), asks=False))
    return Finding(
        every(units.member, met),
        tuple(measures),
        failing=units.cases(failing, failing_cells(units, conditions)),
        unknown=units.cases(unknown, asked_cells(units, columns)),
        needs=county.missing(subjects, columns) if unknown.any() else (),
        figure=bool((met != UNKNOWN).any()),
        remarks=operation_remarks(county, subjects),
    )


def lacking(member: Flags3, met: Flags3) -> Flags:
    """Return which units certainly are what the clause speaks of and certainly do not meet it."""
    failing: Flags = (member == TRUE) & (met == FALSE)
    return failing


def undecided(member: Flags3, met: Flags3) -> Flags:
    """Return the units to ask for: those that may fail; where none is certainly a unit, every one that may be."""
    doubtful: Flags = (met == UNKNOWN) | ((member == UNKNOWN) & (met == FALSE))
    possible: Flags = member != FALSE
    return doubtful & possible if (member == TRUE).any() else possible


def every(member: Flags3, met: Flags3) -> bool | None:
    """Tell whether every unit certainly meets a clause, one certainly does not, or it is open.

    A unit that may not be one leaves the answer open only where it fails. Where no unit is certain there may be none.

    Examples
    --------
    >>> every(np.array([1, -1], np.int8), np.array([1, 1], np.int8))
    True
    >>> every(np.array([-1], np.int8), np.array([1], np.int8)) is None
    True
    """
    if lacking(member, met).any():
        return False
    return None if undecided(member, met).any() else True


def kept_units(units: Members, kept: Flags) -> Members:
    """Return some of the units, shape (units) flags."""
    return Members(units.layer, units.row[kept], units.member[kept], units.frame[kept].reset_index(drop=True))


def unit_measure(units: Members, met: Flags3, name: Phrase = NOTHING, *, asks: bool = True) -> Measure:
    """Return how many units certainly meet something, of how many, and how many certainly do not.

    Where cells are unknown, `low` and `high` say how many units could meet it in all.
    """
    sure = int(((units.member == TRUE) & (met == TRUE)).sum())
    most = int((met != FALSE).sum())
    doubtful = bool((units.member == UNKNOWN).any() or (met == UNKNOWN).any())
    return Measure(
        "count",
        sure,
        len(units),
        unit=units.layer,
        name=name,
        low=Fraction(sure) if doubtful else None,
        high=Fraction(most) if doubtful else None,
        shortfall=int(lacking(units.member, met).sum()) if asks else None,
    )


def operation_remarks(county: CountyRegister, *subjects: Subjects) -> tuple[Phrase, ...]:
    """Say so where facilities count because the register says of none whether it is in operation."""
    if county.by_register and any(item.layer == "facilities" for item in subjects):
        return (phrase("policy_minimums.by_register_only"),)
    return ()


# Equipment


@remarking_the_register
def equipment(clause: Clause, county: CountyRegister) -> Finding:
    """Test thing by thing what every unit has, where the clause says so only units that serve enough people.

    People served are the residents of the township, split by catchment where it has several such hospitals; a hospital
    that may or may not serve more than the limit may or may not be a unit of the clause.

    Parameters
    ----------
    clause
        A clause of kind `equipment`.
    county
        The county.

    Returns
    -------
    finding
        Where it binds and names several things, how many units have all; then how many have each. Failing and unknown
        units say which things.
    """
    parameters = cast("Equipment", clause.parameters)
    units = county.members(parameters.subjects)
    held = np.array([meets(units.frame, (item.condition,)) for item in parameters.items], dtype=np.int8)
    if parameters.served_more_than is None:
        return _equipped(clause, county, units, held)
    large = _large_hospitals(county, parameters, units)
    kept = large.by_split != FALSE
    finding = _equipped(clause, county, replace(kept_units(units, kept), member=large.by_split[kept]), held[:, kept])
    return _with_people(finding, units, large, all_of(held[0], *held[1:]))


def _equipped(clause: Clause, county: CountyRegister, units: Members, held: NDArray[np.int8]) -> Finding:
    parameters = cast("Equipment", clause.parameters)
    if not len(units):
        return Finding.silent()
    names = [Phrase(item.name, item.name_en) for item in parameters.items]
    everything = all_of(held[0], *held[1:])
    measures = [unit_measure(units, flags, name) for flags, name in zip(held, names, strict=True)]
    if len(names) > 1 and clause.strength == "must":
        measures.insert(0, unit_measure(units, everything, phrase("policy_minimums.all_items")))
    unknown = undecided(units.member, everything)
    columns = asked_columns(parameters.subjects, condition_columns(item.condition for item in parameters.items))
    return Finding(
        every(units.member, everything),
        tuple(measures),
        failing=units.cases(lacking(units.member, everything), lambda place: _absent(names, held[:, place])),
        unknown=units.cases(unknown, lambda place: _to_ask(names, held[:, place])),
        needs=county.missing(parameters.subjects, columns) if unknown.any() else (),
        figure=bool((held != UNKNOWN).any()),
        remarks=operation_remarks(county, parameters.subjects),
    )


def _absent(names: list[Phrase], held: Flags3) -> Phrase:
    return phrase("policy_minimums.without", items=_listed(names, held == FALSE))


def _to_ask(names: list[Phrase], held: Flags3) -> Phrase:
    if not (held == UNKNOWN).any():
        return phrase("policy_minimums.perhaps_one")
    return phrase("policy_minimums.to_ask", items=_listed(names, held == UNKNOWN))


def _listed(names: list[Phrase], chosen: Flags) -> Phrase:
    return joined((name for name, take in zip(names, chosen, strict=True) if take), "and")


# People served


class _Large(NamedTuple):
    """Which units serve more people than the limit, as far as that is known.

    Parameters
    ----------
    by_split, by_township
        Shape (units): by catchment where a township has several hospitals; by its whole township.
    rivals
        Hospitals whose operation is unknown, on which the catchment of an undecided unit hangs.
    needs
        Data without which an undecided unit stays so.
    """

    by_split: Flags3
    by_township: Flags3
    rivals: tuple[Case, ...]
    needs: tuple[str, ...]


def _large_hospitals(county: CountyRegister, parameters: Equipment, units: Members) -> _Large:
    hospitals = county.members(parameters.subjects.model_copy(update={"where": ()}))
    served = served_people(county, hospitals)
    place = np.searchsorted(hospitals.row, units.row)
    limit = Span.known(parameters.served_more_than or 0)
    by_split, by_township = (
        np.array([_exceeds(people[at], limit) for at in place], dtype=np.int8)
        for people in (served.split, served.whole)
    )
    towns = hospitals.frame["township"].astype(str).to_numpy()
    doubtful = np.isin(towns, towns[place[by_split == UNKNOWN]])
    return _Large(
        all_of(units.member, by_split),
        all_of(units.member, by_township),
        hospitals.cases(doubtful & (hospitals.member == UNKNOWN), asked_cells(hospitals, ())),
        _people_needed(towns[place], by_split, by_township),
    )


def _exceeds(people: Span, limit: Span) -> int:
    inside = within(people, None, limit)
    return UNKNOWN if inside is None else (FALSE if inside else TRUE)


def _people_needed(towns: NDArray[np.object_], by_split: Flags3, by_township: Flags3) -> tuple[str, ...]:
    unknown_town = ((by_split == UNKNOWN) & (towns == "")).any()
    unknown_people = ((by_split == UNKNOWN) & (by_township == UNKNOWN) & (towns != "")).any()
    return (*(("facilities.township",) if unknown_town else ()), *(("villages.population",) if unknown_people else ()))


def _with_people(finding: Finding, units: Members, large: _Large, met: Flags3) -> Finding:
    """Name the hospitals that would stand otherwise if each served its whole township: fine, failing or open."""
    by_split, by_township = (any_of(negated(member), met) for member in (large.by_split, large.by_township))
    flipped = units.cases(by_split != by_township)
    shown = "、".join(case.name for case in flipped[:NAMES_SHOWN])
    remarks = (phrase("policy_minimums.split_flips", names=shown, count=len(flipped)),) if flipped else ()
    doubtful = finding.holds is None and finding.applicable
    asked = {case.id: case for case in (*large.rivals, *finding.unknown)} if doubtful else {}
    return replace(
        finding,
        unknown=tuple(asked.values()) or finding.unknown,
        needs=tuple(dict.fromkeys((*finding.needs, *large.needs))) if doubtful else finding.needs,
        remarks=(*finding.remarks, *remarks),
    )
