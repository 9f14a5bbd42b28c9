"""Test that no doctor serves beyond an age, and say which clinics are about to lose their last one."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3
from clinicplan.policy.conditions import NumberList, amounts, cell_texts, number_lists
from clinicplan.policy.evidence import Told, asked_cells, asked_columns, shown_cells
from clinicplan.policy.findings import Finding, Listing, Measure
from clinicplan.policy.parameters import StaffAge
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.minimums import every, lacking, operation_remarks, undecided, unit_measure
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

HEADCOUNT: Final = "doctors"
"""Column of the number of doctors; 0 says that there is no age to know, more than ages say that some are missing."""
LISTED: Final = (
    "facility_id",
    "facility",
    "township",
    "doctors",
    "policy_ages.column.youngest",
    "policy_ages.column.leaves",
    "policy_ages.column.within",
)


@dataclass(frozen=True)
class _Clinic:
    """The doctors of one clinic.

    Parameters
    ----------
    ages
        Ages that are known, ascending.
    complete
        Whether they are those of all doctors.
    """

    ages: tuple[int, ...]
    complete: bool

    def keeps(self, limit: int) -> int:
        """Tell whether no doctor has reached the limit: 1, 0, or -1 unknown."""
        if self.ages and self.ages[-1] >= limit:
            return FALSE
        return TRUE if self.complete else UNKNOWN

    def is_left_within(self, limit: int, years: int) -> int:
        """Tell whether the last doctor reaches the limit within so many years; a clinic without doctors has none."""
        if self.ages and self.ages[0] + years < limit:
            return FALSE
        if not self.complete:
            return UNKNOWN
        return TRUE if self.ages else FALSE


@remarking_the_register
def staff_age(clause: Clause, county: CountyRegister) -> Finding:
    """Test that no doctor of a clinic has reached the age, and list the clinics whose last doctor soon does.

    Ages are those at the day of the audit; the age itself counts as reached. A register of ages gives no birthdays: a
    doctor of age A reaches the limit within h years when A + h is at least the limit. A list of ages is taken for
    complete unless the number of doctors is larger; a clinic known to have no doctor has no age to ask for.

    Parameters
    ----------
    clause
        A clause of kind `staff_age`.
    county
        The county.

    Returns
    -------
    finding
        How many clinics have nobody at or over the age, of how many; then, horizon by horizon, how many lose their
        last doctor. The list says in which year.
    """
    parameters = cast("StaffAge", clause.parameters)
    units = county.members(parameters.subjects)
    if not len(units):
        return Finding.silent()
    clinics = _clinics(units, parameters.column)
    met = np.array([clinic.keeps(parameters.age) for clinic in clinics], dtype=np.int8)
    failing = lacking(units.member, met)
    partial = np.array([not clinic.complete for clinic in clinics], dtype=bool)
    unknown = (undecided(units.member, met) | partial) & ~failing
    columns = asked_columns(parameters.subjects, (parameters.column,))
    return Finding(
        every(units.member, met),
        (
            unit_measure(units, met, phrase("policy_ages.none_over", age=parameters.age)),
            *(_losing(units, clinics, parameters.age, years) for years in parameters.horizons),
        ),
        failing=units.cases(failing, lambda place: _too_old(clinics[place], parameters.age)),
        unknown=units.cases(unknown, _asked(units, columns, parameters.column)),
        needs=county.missing(parameters.subjects, columns) if unknown.any() else (),
        figure=any(clinic.ages or clinic.complete for clinic in clinics),
        remarks=_remarks(county, parameters),
        listings=_listings(units, clinics, parameters, county.settings.day.year),
    )


def _remarks(county: CountyRegister, parameters: StaffAge) -> tuple[Phrase, ...]:
    said = phrase("policy_ages.assumption", day=county.settings.day.isoformat())
    return (said, *operation_remarks(county, parameters.subjects))


def _asked(units: Members, columns: tuple[str, ...], column: str) -> Told:
    """Return what tells of a clinic which cells are empty; where ages are given but not all, ages and headcount."""
    asked, shown = asked_cells(units, columns), shown_cells(units, (column, HEADCOUNT))
    ages = cell_texts(units.frame, column)
    return lambda place: shown(place) if ages[place] and units.member[place] == TRUE else asked(place)


def _clinics(units: Members, column: str) -> list[_Clinic]:
    heads = amounts(units.frame, HEADCOUNT)
    lists = number_lists(units.frame, column)
    return [
        _clinic(found, int(count) if known else None)
        for found, count, known in zip(lists, heads.value, heads.known, strict=True)
    ]


def _clinic(found: NumberList, headcount: int | None) -> _Clinic:
    """Return the doctors of a clinic; fewer ages than doctors leave some unknown, none of no doctors leave nothing."""
    if headcount == 0 and not found.numbers:
        return _Clinic((), complete=True)
    return _Clinic(found.numbers, found.complete and (headcount is None or headcount <= len(found.numbers)))


def _losing(units: Members, clinics: list[_Clinic], age: int, years: int) -> Measure:
    """Count the clinics whose last doctor reaches the age within so many years."""
    left = _left(units, clinics, age, years)
    sure, possible = int((left == TRUE).sum()), int((left != FALSE).sum())
    key = "this_year" if years == 0 else "within_years"
    return Measure(
        "count",
        sure,
        unit=units.layer,
        name=phrase(f"policy_ages.{key}", years=years),
        low=None if sure == possible else Fraction(sure),
        high=None if sure == possible else Fraction(possible),
    )


def _left(units: Members, clinics: list[_Clinic], age: int, years: int) -> Flags3:
    flags = np.array([clinic.is_left_within(age, years) for clinic in clinics], dtype=np.int8)
    return np.where((flags == TRUE) & (units.member == UNKNOWN), UNKNOWN, flags).astype(np.int8)


def _too_old(clinic: _Clinic, limit: int) -> Phrase:
    over = [str(age) for age in clinic.ages if age >= limit]
    return phrase("policy_ages.over", ages="、".join(over), count=len(over))


def _listings(units: Members, clinics: list[_Clinic], parameters: StaffAge, year: int) -> tuple[Listing, ...]:
    """List the clinics that certainly lose their last doctor within the longest horizon, the soonest first."""
    horizons = sorted(parameters.horizons)
    rows = [
        (max(0, parameters.age - clinic.ages[0]), place)
        for place, clinic in enumerate(clinics)
        if horizons and clinic.is_left_within(parameters.age, horizons[-1]) == TRUE
    ]
    ids, names, towns = units.ids, units.names, units.frame["township"].astype(str).to_list()
    cells = tuple(
        (
            ids[place], names[place], towns[place], len(clinics[place].ages), clinics[place].ages[0], year + years,
            next(horizon for horizon in horizons if horizon >= years),
        )
        for years, place in sorted(rows, key=lambda row: (row[0], ids[row[1]]))
    )  # fmt: skip
    return (Listing("policy_ages.list.last_doctor", LISTED, cells),) if cells else ()
