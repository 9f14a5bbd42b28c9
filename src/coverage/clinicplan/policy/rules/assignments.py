"""Test that every unit has one institution that runs, tours or supports it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.layers.cells import read_yes_no
from clinicplan.policy.assigned import (
    NOBODY,
    Assigned,
    assign,
    drive_mode,
    nearest_institutions,
    tour_ms,
    unit_townships,
    units_phrase,
)
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of
from clinicplan.policy.conditions import cell_is_empty, cell_texts, condition_columns, meets
from clinicplan.policy.evidence import asked_cells, failing_cells, joined
from clinicplan.policy.findings import Finding, Listing, Measure, joined_holds
from clinicplan.policy.measures import share_measure
from clinicplan.policy.parameters import Assignment
from clinicplan.policy.printed import answer_cell, facility_names, minutes_cells
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.minimums import every, lacking, operation_remarks, undecided
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.words import phrase

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

COUNTY_TIERS: Final = ("county_hospital",)
NAMES_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class _Found:
    """What is known of the units of a clause."""

    units: Members
    towns: list[str]
    assigned: Assigned
    conditions: Flags3
    time_ms: Int64
    nearest: Int64
    nearest_ms: Int64

    @property
    def met(self) -> Flags3:
        return all_of(self.assigned.flags, self.conditions)

    @property
    def by_township(self) -> Flags:
        """Units whose institution is that of their township."""
        return np.isin(self.assigned.how, ("township", "nearest"))


@dataclass(frozen=True)
class _Support:
    """Whether a city hospital supports the county: three-valued, and how many county hospitals name one."""

    flag: int
    named: int
    hospitals: int
    written: tuple[str, ...]


@remarking_the_register
def assignment(clause: Clause, county: CountyRegister) -> Finding:
    """Test that every unit has an institution in charge: the one the register names, else that of its township.

    The nearest institution by time stands beside; it decides only among several of one township.

    Parameters
    ----------
    clause
        A clause of kind `assignment`.
    county
        The county.

    Returns
    -------
    finding
        Units that have one and meet the other conditions; where the clause asks so, then whether a city hospital
        supports the county. Silent where there is no unit.
    """
    asked = cast("Assignment", clause.parameters)
    units = county.members(asked.subjects)
    if not len(units):
        return Finding.silent()
    found = _find(county, asked, units)
    support = None if asked.county_column is None else _support(county, asked.county_column)
    open_rows = undecided(units.member, found.met)
    return Finding(
        joined_holds(every(units.member, found.met), *(() if support is None else (_holds(support.flag),))),
        (_measure(asked, found), *(() if support is None else (_support_measure(support),))),
        failing=units.cases(lacking(units.member, found.met), lambda at: _why(asked, found, at)),
        unknown=units.cases(open_rows, lambda at: _ask(asked, found, at)),
        needs=tuple(_needs(county, asked, open_rows, support)),
        figure=bool((found.met != UNKNOWN).any()) or (support is not None and support.flag != UNKNOWN),
        remarks=tuple(_remarks(county, asked, found, support)),
        listings=(_listing(county, found),),
    )


def _find(county: CountyRegister, asked: Assignment, units: Members) -> _Found:
    assigned = assign(county, units, asked)
    time = tour_ms(county, units, np.arange(len(units)), assigned.facility)
    nearest, nearest_ms = nearest_institutions(county, units, county.serving(asked.to_tiers))
    return _Found(
        units, unit_townships(units), assigned, meets(units.frame, asked.conditions), time, nearest, nearest_ms
    )


def _measure(asked: Assignment, found: _Found) -> Measure:
    name = phrase("policy_assignments.measure.assigned", units=units_phrase(asked.subjects))
    return share_measure(found.units.member, found.met, unit=found.units.layer, name=name, least=Fraction(1))


# --- support of the county --------------------------------------------------------------------------------------------


def _support(county: CountyRegister, column: str) -> _Support:
    """Return whether a county hospital names the city hospital that supports the county."""
    works = county.serving(COUNTY_TIERS)
    rows = np.flatnonzero(works != FALSE)
    cells = cell_texts(county.facilities.iloc[rows], column)
    flags = [_names_one(text) for text in cells]
    named = sum(flag == TRUE and works[row] == TRUE for flag, row in zip(flags, rows, strict=True))
    if named:
        flag = TRUE
    else:
        flag = FALSE if flags and all(item == FALSE for item in flags) and (works[rows] == TRUE).any() else UNKNOWN
    written = tuple(text for text, item in zip(cells, flags, strict=True) if item == TRUE)
    return _Support(flag, named, int(rows.size), written)


def _names_one(text: str) -> int:
    if cell_is_empty(text):
        return UNKNOWN
    return FALSE if read_yes_no(text) is False else TRUE


def _holds(flag: int) -> bool | None:
    return {TRUE: True, FALSE: False, UNKNOWN: None}[flag]


def _support_measure(support: _Support) -> Measure:
    doubtful = support.flag == UNKNOWN
    return Measure(
        "count",
        support.named,
        unit="hospitals",
        name=phrase("policy_assignments.measure.county"),
        low=Fraction(support.named) if doubtful else None,
        high=Fraction(max(support.hospitals, 1)) if doubtful else None,
        least=Fraction(1),
        shortfall=int(support.flag == FALSE),
    )


# --- what is said -----------------------------------------------------------------------------------------------------


def _why(asked: Assignment, found: _Found, at: int) -> Phrase:
    """Say what a unit misses: an institution, or the other conditions."""
    reasons, how = [], found.assigned.how[at]
    if found.assigned.flags[at] == FALSE:
        words = {"township": found.towns[at], "written": found.assigned.written[at]}
        reasons.append(phrase(f"policy_assignments.why.{how}", **words))
    if found.conditions[at] == FALSE:
        reasons.append(failing_cells(found.units, asked.conditions)(at))
    return joined(reasons)


def _ask(asked: Assignment, found: _Found, at: int) -> Phrase:
    """Say what is to be asked for before it is known whether a unit has its institution."""
    reasons, written = [], found.assigned.written[at]
    if found.assigned.flags[at] == UNKNOWN:
        empty, known = cell_is_empty(written), found.assigned.facility[at] != NOBODY
        entry = "empty" if empty else "operation" if known else "unknown_name"
        reasons.append(phrase(f"policy_assignments.why.{entry}", written=written))
    if found.conditions[at] == UNKNOWN or found.units.member[at] == UNKNOWN:
        reasons.append(asked_cells(found.units, condition_columns(asked.conditions))(at))
    return joined(reason for reason in reasons if reason.zh)


def _needs(county: CountyRegister, asked: Assignment, open_rows: Flags, support: _Support | None) -> Iterator[str]:
    """Name the columns that hold nothing and that an open unit hangs on."""
    if open_rows.any():
        columns = (() if asked.by_township else (asked.column,), condition_columns(asked.conditions))
        yield from county.missing(asked.subjects, (name for names in columns for name in names))
    if support is not None and support.flag == UNKNOWN and asked.county_column is not None:
        yield f"facilities.{asked.county_column}"


def _remarks(county: CountyRegister, asked: Assignment, found: _Found, support: _Support | None) -> Iterator[Phrase]:
    how = found.assigned.how
    if asked.by_township:
        counts = {name: how.count(name) for name in ("named", "township", "nearest")}
        counts["township"] += counts["nearest"]
        yield phrase("policy_assignments.remark.how", **counts)
    if (found.nearest != NOBODY).any():
        yield phrase("policy_assignments.remark.nearest", mode=phrase(f"general.mode.{drive_mode(county)}"))
    elsewhere = _elsewhere(county, found) & found.by_township
    if elsewhere.any():
        names = "、".join(case.name for case in found.units.cases(elsewhere)[:NAMES_SHOWN])
        yield phrase("policy_assignments.remark.elsewhere", count=int(elsewhere.sum()), names=names)
    unknown = sorted({text for text, way in zip(found.assigned.written, how, strict=True) if _is_unknown(text, way)})
    if unknown:
        yield phrase("policy_assignments.remark.unknown_names", names="、".join(unknown[:NAMES_SHOWN]))
    if found.assigned.several.any():
        yield phrase("policy_assignments.remark.several", count=int(found.assigned.several.sum()))
    if support is not None:
        entry = {TRUE: "county_met", FALSE: "county_none", UNKNOWN: "county_open"}[support.flag]
        yield phrase(f"policy_assignments.remark.{entry}", names="、".join(support.written[:NAMES_SHOWN]))
    yield from operation_remarks(county, asked.subjects)


def _is_unknown(text: str, how: str) -> bool:
    return how in ("told", "open") and not cell_is_empty(text) and read_yes_no(text) is None


def _elsewhere(county: CountyRegister, found: _Found) -> Flags:
    """Return the units whose nearest institution is in another township than their own."""
    names = facility_names(county)
    towns = zip(found.towns, found.nearest.tolist(), strict=True)
    flags = [
        row != NOBODY and bool(town) and bool(names[row].township) and names[row].township != town
        for town, row in towns
    ]
    return np.array(flags, dtype=bool)


def _listing(county: CountyRegister, found: _Found) -> Listing:
    """List every unit with its institution, how it was found, the way, and the nearest institution."""
    names, rows = facility_names(county), []
    elsewhere = _elsewhere(county, found)
    minutes, nearest_minutes = minutes_cells(found.time_ms), minutes_cells(found.nearest_ms)
    how = {name: phrase(f"policy_assignments.how.{name}") for name in set(found.assigned.how)}
    for at, (code, name) in enumerate(zip(found.units.ids, found.units.names, strict=True)):
        row, near = int(found.assigned.facility[at]), int(found.nearest[at])
        rows.append(
            (
                code,
                name,
                found.towns[at],
                names[row].name if row != NOBODY else found.assigned.written[at] or None,
                how[found.assigned.how[at]],
                minutes[at],
                names[near].name if near != NOBODY else None,
                names[near].township if near != NOBODY else None,
                nearest_minutes[at],
                answer_cell(int(elsewhere[at])),
            )
        )
    heads = [f"policy_assignments.column.{name}" for name in ("institution", "how")]
    beside = [
        f"policy_assignments.column.{name}" for name in ("nearest", "nearest_township", "nearest_minutes", "elsewhere")
    ]
    return Listing(
        "policy_assignments.list.assigned", ("id", "name", "township", *heads, "minutes", *beside), tuple(rows)
    )
