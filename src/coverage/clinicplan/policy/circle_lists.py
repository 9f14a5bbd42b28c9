"""Fill the lists of circles, and say of a village how far it is and what is to be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import TRUE, UNKNOWN, Flags3
from clinicplan.policy.circle_figures import CircleFigures
from clinicplan.policy.clinic_lists import possible_clinics
from clinicplan.policy.evidence import joined
from clinicplan.policy.findings import Case, Listing
from clinicplan.policy.printed import (
    answer_cell,
    facility_cases,
    facility_names,
    km_cell,
    minutes_cell,
    village_cases,
    village_names,
)
from clinicplan.policy.register import CountyRegister
from clinicplan.standard import MM_PER_M, MS_PER_MIN, UNREACHED, Standard
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

VILLAGE: Final = ("village_id", "village", "township", "population")


def standard_phrase(standard: Standard) -> Phrase:
    """Return a circle in words: so many minutes, or metres by road."""
    if standard.limit_ms is not None:
        return phrase("policy_circles.standard.minutes", limit=f"{standard.limit_ms / MS_PER_MIN:g}")
    return phrase("policy_circles.standard.metres", limit=f"{(standard.limit_mm or 0) / MM_PER_M:g}")


def nearest_phrase(county: CountyRegister, figures: CircleFigures, village: int) -> Phrase:
    """Say how far the nearest facility of a village outside the circle is."""
    minutes, km, facility = _nearest(county, figures, village)
    value = {"minutes": minutes} if figures.standard.limit_ms is not None else {"km": km}
    if facility is None or None in value.values():
        scattered = figures.trips.facility[village] >= 0
        return phrase("policy_circles.why.part" if scattered else "policy_circles.why.no_way")
    words = {name: f"{number:g}" for name, number in value.items()}
    return phrase(
        "policy_circles.why.outside" if "minutes" in value else "policy_circles.why.outside_km",
        facility=facility,
        **words,
    )


def pending_cases(county: CountyRegister, villages: Flags) -> tuple[Case, ...]:
    """Return villages that are set aside, each with what is to be asked for."""
    known = county.population.known
    return village_cases(
        county,
        villages,
        lambda row: phrase(
            f"policy_circles.why.{'pending' if known[row] or _wayless(county, row) else 'no_population'}"
        ),
    )


def doubtful_cases(county: CountyRegister, figures: CircleFigures) -> tuple[Case, ...]:
    """Return facilities whose operation or place is unknown, where that changes who is inside."""
    sure, best = figures.trips, figures.best_trips
    changes = figures.unplaced.any() or not np.array_equal(sure.people_within, best.people_within)
    unplaced = figures.unplaced
    return facility_cases(
        county,
        figures.doubtful_facilities & (changes or not np.array_equal(sure.within, best.within)),
        lambda row: phrase(f"policy_circles.why.{'coordinates' if unplaced[row] else 'operation'}"),
    )


def outside_list(county: CountyRegister, figures: CircleFigures) -> Listing:
    """List villages assessed that are not, or not certainly, within the circle, with the nearest facility."""
    people, rows = figures.trips.people_within, []
    for row in np.flatnonzero(figures.assessed & (figures.within != TRUE)).tolist():
        named = village_names(county)[row]
        outside = None if named.people is None else named.people - int(people[row])
        rows.append((*named, outside, *_nearest(county, figures, row)))
    columns = (*VILLAGE, "policy_circles.column.people_outside", "minutes", "km", "policy_circles.column.nearest")
    return Listing("policy_circles.list.outside", columns, tuple(rows))


def service_list(county: CountyRegister, ways: Mapping[str, Flags3], villages: Flags) -> Listing:
    """List how each village is served: every way that certainly holds."""
    rows = [(*village_names(county)[row], _ways(ways, row)) for row in np.flatnonzero(villages).tolist()]
    return Listing("policy_circles.list.service", (*VILLAGE, "policy_circles.column.way"), tuple(rows))


def exempt_list(county: CountyRegister, figures: CircleFigures | None, villages: Flags) -> Listing:
    """List exempt villages: the clinics they still have, and the nearest community institution."""
    rows = []
    for row in np.flatnonzero(villages).tolist():
        near = (None, None, None) if figures is None else _nearest(county, figures, row)
        covered = phrase("policy.unknown") if figures is None else answer_cell(int(figures.within[row]))
        rows.append((*village_names(county)[row], own_clinic_names(county, row) or None, *near, covered))
    heads = (
        "policy_circles.column.clinic",
        "minutes",
        "km",
        "policy_circles.column.nearest",
        "policy_circles.column.covered",
    )
    return Listing("policy_circles.list.exempt", (*VILLAGE, *heads), tuple(rows))


def own_clinic_names(county: CountyRegister, village: int) -> str:
    """Name the clinics that stand, or may stand, in a village and are not known to be out of operation."""
    rows = possible_clinics(county, county.profile.clinic_tiers).get(village, [])
    return "、".join(facility_names(county)[row].name for row in rows)


def _nearest(
    county: CountyRegister, figures: CircleFigures, village: int
) -> tuple[float | None, float | None, str | None]:
    """Return minutes of the farthest home, kilometres of the largest, and the nearest facility."""
    trips, standard = figures.trips, figures.standard
    facility = int(trips.facility[village])
    minutes = minutes_cell(int(trips.worst_ms[village]), standard.limit_ms)
    km = km_cell(int(trips.length_mm[village]) if facility >= 0 else UNREACHED, standard.limit_mm)
    return minutes, km, facility_names(county)[facility].name if facility >= 0 else None


def _ways(ways: Mapping[str, Flags3], village: int) -> Phrase:
    sure = [name for name, flags in ways.items() if flags[village] == TRUE]
    if sure:
        return joined((phrase(f"policy_circles.way.{name}") for name in sure), "and")
    doubtful = any(flags[village] == UNKNOWN for flags in ways.values())
    return phrase(f"policy_circles.way.{'open' if doubtful else 'none'}")


def _wayless(county: CountyRegister, village: int) -> bool:
    return bool(county.wayless[village])
