"""Report who tours whom, what telemedicine reaches, the steps of referral, and absences that must be covered."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.assigned import (
    NOBODY,
    drive_mode,
    nearest_institutions,
    tour_ms,
    township_institutions,
    unit_townships,
    units_phrase,
)
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, exact, flags3
from clinicplan.policy.conditions import Amounts, amounts, condition_columns, meets
from clinicplan.policy.evidence import asked_cells, asked_columns, failing_cells, joined
from clinicplan.policy.findings import Case, Finding, Listing, Measure, joined_holds
from clinicplan.policy.measures import share_measure
from clinicplan.policy.parameters import ReferralChain, Remote, Rotation, Subjects, Touring
from clinicplan.policy.printed import facility_names, minutes_cell, minutes_cells, village_names
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.minimums import every, lacking, operation_remarks, undecided
from clinicplan.standard import UNREACHED
from clinicplan.words import phrase

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAYS_A_MONTH: Final = 30
STEPS_LISTED: Final = 6
VILLAGE: Final = ("village_id", "village", "township", "population")


# --- touring ----------------------------------------------------------------------------------------------------------


def touring(clause: Clause, county: CountyRegister) -> Finding:
    """Report which institution tours each unit, and how long the way is.

    Parameters
    ----------
    clause
        A clause of kind `touring`.
    county
        The county.

    Returns
    -------
    finding
        Units that have an institution to tour them; mean and longest time, over units. `holds` says whether all have.
    """
    asked = cast("Touring", clause.parameters)
    units = county.members(asked.subjects)
    if not len(units):
        return Finding.silent()
    works = county.serving(asked.from_tiers)
    if asked.within_township:
        facility, toured = township_institutions(county, units, asked.from_tiers)
        time = tour_ms(county, units, np.arange(len(units)), facility)
    else:
        facility, time = nearest_institutions(county, units, works)
        toured = flags3(facility != NOBODY, (facility == NOBODY) & _may_be_toured(county, units, works))
    why = "none" if asked.within_township else "none_county"
    return Finding(
        every(units.member, toured),
        tuple(_touring_measures(county, asked, units, toured, time)),
        failing=units.cases(lacking(units.member, toured), phrase(f"policy_reach.why.{why}")),
        unknown=units.cases(undecided(units.member, toured), phrase("policy_reach.why.doubtful")),
        remarks=tuple(_touring_remarks(county, asked)),
        listings=(_by_township(units, toured, time), _toured(county, units, facility, time)),
    )


def _may_be_toured(county: CountyRegister, units: Members, works: Flags3) -> Flags:
    """Return the units that an institution of unknown operation or place could tour, or whose own place is unknown."""
    doubtful = (works != FALSE) & ((works == UNKNOWN) | county.facilities.geometry.isna().to_numpy())
    if units.layer == "villages":
        placeless = county.wayless[units.row]
    elif units.layer == "facilities":
        placeless = county.facilities.geometry.isna().to_numpy()[units.row]
    else:
        placeless = np.ones(len(units), dtype=bool)
    flags: Flags = (placeless & (works != FALSE).any()) | doubtful.any()
    return flags


def _touring_measures(
    county: CountyRegister, asked: Touring, units: Members, toured: Flags3, time: Int64
) -> Iterator[Measure]:
    name = phrase("policy_reach.measure.toured", units=units_phrase(asked.subjects))
    yield share_measure(units.member, toured, unit=units.layer, name=name)
    yield from _times(time[time != UNREACHED], phrase(f"general.mode.{drive_mode(county)}"))


def _times(time: Int64, mode: Phrase, prefix: str = "", **words: Phrase) -> Iterator[Measure]:
    """Give the mean, rounded half up, and the longest of some times."""
    if time.size:
        mean = (2 * int(time.sum()) + time.size) // (2 * time.size)
        for name, value in (("mean", mean), ("longest", int(time.max()))):
            title = phrase(f"policy_reach.measure.{prefix}{name}", mode=mode, **words)
            yield Measure("minutes", value, unit="milliseconds", name=title)


def _touring_remarks(county: CountyRegister, asked: Touring) -> Iterator[Phrase]:
    yield phrase(f"policy_reach.remark.{'within_township' if asked.within_township else 'in_county'}")
    yield _mode_remark(county)
    if asked.subjects.layer == "villages":
        yield phrase("policy_reach.remark.village_way")
    yield from operation_remarks(county, asked.subjects)


def _mode_remark(county: CountyRegister) -> Phrase:
    mode = drive_mode(county)
    return phrase(f"policy_reach.remark.{'mode' if mode == 'car' else 'no_car'}", mode=phrase(f"general.mode.{mode}"))


def _by_township(units: Members, toured: Flags3, time: Int64) -> Listing:
    """List the townships: units, units toured, mean and longest minutes."""
    towns, rows = np.array(unit_townships(units), dtype=object), []
    for town in sorted(set(towns.tolist())):
        here = towns == town
        known = time[here & (time != UNREACHED)]
        mean = minutes_cell((2 * int(known.sum()) + known.size) // (2 * known.size)) if known.size else None
        longest = minutes_cell(int(known.max())) if known.size else None
        rows.append((town, int(here.sum()), int((toured[here] == TRUE).sum()), mean, longest))
    names = ("units", "toured", "mean_minutes", "longest_minutes")
    return Listing(
        "policy_reach.list.touring", ("township", *(f"policy_reach.column.{name}" for name in names)), tuple(rows)
    )


def _toured(county: CountyRegister, units: Members, facility: Int64, time: Int64) -> Listing:
    """List every unit with its institution and the way."""
    names, towns = facility_names(county), unit_townships(units)
    rows = [
        (code, name, town, names[row].name if row != NOBODY else None, minutes)
        for code, name, town, row, minutes in zip(
            units.ids, units.names, towns, facility.tolist(), minutes_cells(time), strict=True
        )
    ]
    columns = ("id", "name", "township", "policy_reach.column.institution", "minutes")
    return Listing("policy_reach.list.toured", columns, tuple(rows))


# --- telemedicine -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Group:
    """One group of units and which of them are reached."""

    subjects: Subjects
    units: Members
    reached: Flags3


def remote(clause: Clause, county: CountyRegister) -> Finding:
    """Report how many units of each group telemedicine, or what the clause speaks of, reaches.

    Parameters
    ----------
    clause
        A clause of kind `remote`.
    county
        The county.

    Returns
    -------
    finding
        One share a group; `holds` says whether all units of all groups are reached. Silent where there is no unit.
    """
    asked = cast("Remote", clause.parameters)
    groups = [_group(county, subjects, asked) for subjects in asked.subjects]
    groups = [group for group in groups if len(group.units)]
    if not groups:
        return Finding.silent()
    columns = condition_columns((asked.condition,))
    failing = [_group_cases(group, lacking, failing_cells(group.units, (asked.condition,))) for group in groups]
    unknown = [
        _group_cases(group, undecided, asked_cells(group.units, asked_columns(group.subjects, columns)))
        for group in groups
    ]
    return Finding(
        joined_holds(*(every(group.units.member, group.reached) for group in groups)),
        tuple(_group_measure(group) for group in groups),
        failing=tuple(case for cases in failing for case in cases),
        unknown=tuple(case for cases in unknown for case in cases),
        needs=tuple(dict.fromkeys(need for group in groups for need in county.missing(group.subjects, columns))),
        figure=any((group.reached != UNKNOWN).any() for group in groups),
        remarks=operation_remarks(county, *asked.subjects),
    )


def _group(county: CountyRegister, subjects: Subjects, asked: Remote) -> _Group:
    units = county.members(subjects)
    return _Group(subjects, units, meets(units.frame, (asked.condition,)))


def _group_measure(group: _Group) -> Measure:
    name = units_phrase(group.subjects)
    return share_measure(group.units.member, group.reached, unit=group.units.layer, name=name)


def _group_cases(
    group: _Group, chosen: Callable[[Flags3, Flags3], Flags], value: Callable[[int], Phrase]
) -> tuple[Case, ...]:
    return group.units.cases(chosen(group.units.member, group.reached), value)


# --- the chain of referral --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Step:
    """One step of the chain: the nearest institution of every village, and the way to it."""

    name: Phrase
    mode: Phrase
    facility: Int64
    time_ms: Int64
    reached: Flags3
    exists: bool


def referral_chain(clause: Clause, county: CountyRegister) -> Finding:
    """Report the minutes from every village to the nearest institution of each step.

    The first step by the mode of the standard, the others by car; a village takes its farthest natural village.

    Parameters
    ----------
    clause
        A clause of kind `referral_chain`.
    county
        The county.

    Returns
    -------
    finding
        For each step the villages with a way, mean and longest time; `holds` says whether every village reaches all.
    """
    asked = cast("ReferralChain", clause.parameters)
    units = county.members(Subjects(layer="villages"))
    if not len(units):
        return Finding.silent()
    steps = [_step(county, units, tiers, first=place == 0) for place, tiers in enumerate(asked.steps)]
    everywhere = all_of(*(step.reached for step in steps))
    # A step that the county does not have is said once, not of every village.
    here = [step for step in steps if step.exists]
    nearly = all_of(np.ones(len(units), dtype=np.int8), *(step.reached for step in here))
    return Finding(
        every(units.member, everywhere),
        tuple(measure for step in steps for measure in _step_measures(units, step)),
        failing=units.cases(lacking(units.member, nearly), lambda at: _lost_steps(here, at, FALSE)),
        unknown=units.cases(undecided(units.member, nearly), lambda at: _lost_steps(here, at, UNKNOWN)),
        remarks=tuple(_chain_remarks(county, steps)),
        listings=(_chain(county, units, steps),),
    )


def _step(county: CountyRegister, units: Members, tiers: tuple[str, ...], *, first: bool) -> _Step:
    mode = county.journeys.mode if first else drive_mode(county)
    works = county.serving(tiers)
    trips = county.journeys.nearest(works == TRUE, mode)
    facility, time = trips.facility[units.row].astype(np.int64), trips.worst_ms[units.row]
    reached = flags3(time != UNREACHED, (time == UNREACHED) & _may_be_toured(county, units, works))
    name = joined((phrase(f"general.tier.{tier}") for tier in tiers), "and")
    exists = bool((works != FALSE).any())
    return _Step(name, phrase(f"general.mode.{mode}"), facility, time, reached, exists)


def _step_measures(units: Members, step: _Step) -> Iterator[Measure]:
    name = phrase("policy_reach.measure.step", step=step.name)
    yield share_measure(units.member, step.reached, unit="villages", name=name)
    yield from _times(step.time_ms[step.time_ms != UNREACHED], step.mode, "step_", step=step.name)


def _lost_steps(steps: list[_Step], at: int, flag: int) -> Phrase:
    return joined((step.name for step in steps if step.reached[at] == flag), "and")


def _chain_remarks(county: CountyRegister, steps: list[_Step]) -> Iterator[Phrase]:
    yield phrase(
        "policy_reach.remark.first_step", first=steps[0].mode, mode=phrase(f"general.mode.{drive_mode(county)}")
    )
    for step in steps:
        if not step.exists:
            yield phrase("policy_reach.remark.missing_step", step=step.name)


def _chain(county: CountyRegister, units: Members, steps: list[_Step]) -> Listing:
    """List every village with the nearest institution of each step."""
    names, homes, listed = facility_names(county), village_names(county), steps[:STEPS_LISTED]
    minutes = [minutes_cells(step.time_ms) for step in listed]
    rows = []
    for at, row in enumerate(units.row.tolist()):
        cells: list[str | float | None] = []
        for step, times in zip(listed, minutes, strict=True):
            facility = int(step.facility[at])
            cells += [names[facility].name if facility != NOBODY else None, times[at]]
        rows.append((*homes[row], *cells))
    heads = [f"policy_reach.column.{name}{place + 1}" for place in range(len(listed)) for name in ("step", "minutes")]
    return Listing("policy_reach.list.chain", (*VILLAGE, *heads), tuple(rows))


# --- rotation ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rates:
    """What one person's absences come to in a year."""

    absences: Fraction
    low_days: Fraction
    high_days: Fraction

    @classmethod
    def of(cls, asked: Rotation) -> _Rates:
        """Add the yearly days to a year's part of the longer absence, the rarest and shortest, the most and longest."""
        least, most = exact(asked.months_away), exact(asked.most_months_away or asked.months_away)
        seldom, often = exact(asked.every_years_high), exact(asked.every_years_low)
        days = exact(asked.days_per_year)
        return cls(
            exact(asked.times_per_year),
            days + (least * DAYS_A_MONTH / seldom if seldom else 0),
            days + (most * DAYS_A_MONTH / often if often else 0),
        )


def rotation(clause: Clause, county: CountyRegister) -> Finding:
    """Report the person-days a year that others must cover while people of the units train or rotate.

    Parameters
    ----------
    clause
        A clause of kind `rotation`.
    county
        The county.

    Returns
    -------
    finding
        People, absences and person-days a year, the last between the least and the most that the document allows; by
        township in a list. Without a figure where no unit gives its people.
    """
    asked = cast("Rotation", clause.parameters)
    units = county.members(asked.subjects)
    if not len(units):
        return Finding.silent()
    people, rates = amounts(units.frame, asked.column), _Rates.of(asked)
    unknown = ~people.known
    return Finding(
        None,
        tuple(_rotation_measures(units, people, rates)),
        unknown=units.cases(
            unknown | (units.member == UNKNOWN), asked_cells(units, asked_columns(asked.subjects, (asked.column,)))
        ),
        needs=county.missing(asked.subjects, (asked.column,)),
        figure=bool(people.known.any()),
        remarks=tuple(_rotation_remarks(county, asked, int(unknown.sum()))),
        listings=(_rotation_list(units, people, rates),),
    )


def _rotation_measures(units: Members, people: Amounts, rates: _Rates) -> Iterator[Measure]:
    sure = int(people.value[(units.member == TRUE) & people.known].sum())
    most = None if not people.known.all() else int(people.value.sum())
    yield _yearly(Fraction(1), sure, most, "doctors", phrase("policy_reach.measure.people"))
    if rates.absences:
        yield _yearly(rates.absences, sure, most, "absences", phrase("policy_reach.measure.absences"))
    days = {"least": rates.low_days, "most": rates.high_days}
    if rates.low_days == rates.high_days:
        days = {"days": rates.low_days}
    for name, rate in days.items():
        yield _yearly(rate, sure, most, "days", phrase(f"policy_reach.measure.person_{name}"))


def _yearly(rate: Fraction, sure: int, most: int | None, unit: str, name: Phrase) -> Measure:
    """Return what so many people come to, rounded up; open upwards where some number of people is unknown."""
    low, high = math.ceil(rate * sure), None if most is None else math.ceil(rate * most)
    doubtful = high != low
    return Measure(
        "count",
        low,
        unit=unit,
        name=name,
        low=Fraction(low) if doubtful else None,
        high=None if high is None or not doubtful else Fraction(high),
    )


def _rotation_remarks(county: CountyRegister, asked: Rotation, unknown: int) -> Iterator[Phrase]:
    if asked.months_away:
        yield phrase("policy_reach.remark.thirty_days")
    yield phrase("policy_reach.remark.township_of_clinic")
    if unknown:
        yield phrase("policy_reach.remark.doctors_unknown", count=unknown)
    yield from operation_remarks(county, asked.subjects)


def _rotation_list(units: Members, people: Amounts, rates: _Rates) -> Listing:
    """List the townships: units, people, person-days at least and at most."""
    towns, rows = np.array(unit_townships(units), dtype=object), []
    for town in sorted(set(towns.tolist())):
        here = towns == town
        count = int(people.value[here].sum())
        days = (math.ceil(rate * count) for rate in (rates.low_days, rates.high_days))
        rows.append((town, int(here.sum()), count, *days))
    heads = ("units", "people", "person_days_low", "person_days_high")
    return Listing(
        "policy_reach.list.rotation", ("township", *(f"policy_reach.column.{name}" for name in heads)), tuple(rows)
    )
