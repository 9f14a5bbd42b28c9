"""Fill the lists that come with one village one clinic, and say of a village why it has none or is open."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.arrangements import Arrangements, fixed_tiers
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3
from clinicplan.policy.conditions import amounts
from clinicplan.policy.evidence import joined
from clinicplan.policy.findings import Listing
from clinicplan.policy.places import NOWHERE, facilities_by_village, facility_places
from clinicplan.policy.printed import answer_cell, facility_names, km_cell, minutes_cell, village_names
from clinicplan.policy.register import CountyRegister
from clinicplan.policy.sharing import MM_PER_KM, TESTS, Sharing, own_clinics
from clinicplan.standard import milliseconds
from clinicplan.words import phrase

Flags = NDArray[np.bool_]
Int64 = NDArray[np.int64]

VILLAGE: Final = ("village_id", "village", "township", "population")
NAMES_SHOWN: Final = 5


# --- why --------------------------------------------------------------------------------------------------------------


def why_not(county: CountyRegister, arranged: Arrangements, village: int) -> Phrase:
    """Say why a village is not provided for: no clinic to share, the thresholds that the best one misses, no place."""
    pairs = arranged.sharing
    pair = int(pairs.best[village])
    if pair == NOWHERE:
        return phrase("policy_clinics.why.no_host")
    names = _pair_names(county, pairs, pair)
    if arranged.may_share[village] == TRUE:
        return phrase("policy_clinics.why.no_place", **names)
    missed = missed_thresholds(county, pairs, pair)
    if not missed:
        return phrase("policy_clinics.why.no_clinic")
    return phrase("policy_clinics.why.misses", way=_way(county, pairs, pair), misses=joined(missed, "and"), **names)


def missed_thresholds(county: CountyRegister, pairs: Sharing, pair: int) -> list[Phrase]:
    """Return the thresholds that a village and a clinic certainly miss."""
    limits = _limits(county)
    return [
        phrase(f"policy_clinics.missed.{name}", limit=limits[name])
        for name in TESTS
        if pairs.tests[name][pair] == FALSE
    ]


def open_reason(county: CountyRegister, arranged: Arrangements, village: int) -> Phrase:
    """Say what is to be asked for before it is known how a village is provided for."""
    reasons = []
    for flags, entry, tiers in (
        (arranged.own, "own", county.profile.clinic_tiers),
        (arranged.seat, "seat", county.profile.township_tiers),
    ):
        if flags[village] == UNKNOWN:
            reasons.append(phrase(f"policy_clinics.open.{entry}", clinics=_doubtful(county, village, tiers)))
    if arranged.shared[village] == UNKNOWN:
        reasons.append(_open_sharing(arranged, village))
    return joined(reasons)


def _open_sharing(arranged: Arrangements, village: int) -> Phrase:
    if arranged.may_share[village] != UNKNOWN:
        return phrase("policy_clinics.open.fixed_place")
    pairs = arranged.sharing
    pair = int(pairs.best[village])
    reasons = [phrase(f"policy_clinics.open.{name}") for name in TESTS if pairs.tests[name][pair] == UNKNOWN]
    if not pairs.host_known[pair]:
        reasons.append(phrase("policy_clinics.open.host"))
    if not pairs.complete:
        reasons.append(phrase("policy_clinics.open.thresholds"))
    return phrase("policy_clinics.open.sharing", reasons=joined(dict.fromkeys(reasons), "and"))


def _doubtful(county: CountyRegister, village: int, tiers: tuple[str, ...]) -> str:
    """Name the facilities that may be the village's, the first few."""
    found = possible_clinics(county, tiers).get(village, [])
    return "、".join(facility_names(county)[row].name for row in found[:NAMES_SHOWN])


def possible_clinics(county: CountyRegister, tiers: tuple[str, ...]) -> dict[int, list[int]]:
    """Return the facilities of some tiers that stand, or could stand, in each village."""
    return county.recall(("in village", tiers), lambda: facilities_by_village(county, county.serving(tiers)))


def _pair_names(county: CountyRegister, pairs: Sharing, pair: int) -> dict[str, str]:
    host, clinic = int(pairs.host[pair]), int(pairs.clinic[pair])
    return {"host": village_names(county)[host].name, "clinic": facility_names(county)[clinic].name}


def _way(county: CountyRegister, pairs: Sharing, pair: int) -> Phrase:
    minutes, km = _way_cells(county, pairs, pair)
    if minutes is None:
        return phrase("policy_clinics.why.no_way")
    return phrase("policy_clinics.why.way", minutes=f"{minutes:g}", km=f"{km or 0:g}")


def _way_cells(county: CountyRegister, pairs: Sharing, pair: int) -> tuple[float | None, float | None]:
    merge = county.settings.merge
    limit_ms = None if merge.max_minutes is None else milliseconds(merge.max_minutes)
    limit_mm = None if merge.max_km is None else round(merge.max_km * MM_PER_KM)
    return minutes_cell(int(pairs.time_ms[pair]), limit_ms), km_cell(int(pairs.length_mm[pair]), limit_mm)


def _limits(county: CountyRegister) -> dict[str, str]:
    merge = county.settings.merge
    given = {"people": merge.max_people, "minutes": merge.max_minutes, "km": merge.max_km}
    return {name: "" if value is None else f"{value:g}" for name, value in given.items()} | dict.fromkeys(
        ("township", "adjacent"), ""
    )


# --- remarks ----------------------------------------------------------------------------------------------------------


def threshold_remarks(county: CountyRegister, pairs: Sharing, *, adjacent: bool) -> tuple[Phrase, ...]:
    """Print the planner's thresholds, and how it is told who is adjacent where that is asked."""
    merge, limits = county.settings.merge, _limits(county)
    adjacent = adjacent or merge.adjacent
    mode = phrase(f"general.mode.{county.journeys.mode}")
    asked = [name for name in ("people", "minutes", "km") if limits[name]]
    asked += ["township"] if merge.same_township else []
    asked += ["adjacent"] if adjacent else []
    parts = [phrase(f"policy_clinics.threshold.{name}", limit=limits[name], mode=mode) for name in asked]
    remarks = [phrase("policy_clinics.remark.thresholds", thresholds=joined(parts, "and"))] if parts else []
    if not pairs.complete:
        remarks.append(phrase("policy_clinics.remark.no_thresholds"))
    return (*remarks, *((_adjacency_remark(county),) if adjacent else ()))


def _adjacency_remark(county: CountyRegister) -> Phrase:
    areas, n = county.neighbours.n_areas, len(county.villages)
    name = "by_points" if areas == 0 else "by_area" if areas == n else "by_both"
    return phrase(f"policy_clinics.remark.{name}", count=areas)


def guest_remarks(county: CountyRegister, pairs: Sharing, villages: Int64) -> tuple[Phrase, ...]:
    """Name the clinics that more villages would share than the planner allows, if each took the one shown."""
    most = county.settings.merge.max_guests
    best = pairs.best[villages]
    chosen = best[(best != NOWHERE)]
    guests = Counter(pairs.clinic[chosen[pairs.lawful[chosen] == TRUE]].tolist())
    names = sorted(facility_names(county)[row].name for row, count in guests.items() if count > most)
    if not names:
        return ()
    return (phrase("policy_clinics.remark.guests", max_guests=most, names="、".join(names[:NAMES_SHOWN])),)


def register_remarks(county: CountyRegister) -> tuple[Phrase, ...]:
    """Say that the register says of no facility whether it operates, and how many clinics fit no village."""
    remarks = [phrase("policy_minimums.by_register_only")] if county.by_register else []
    places, works = facility_places(county), county.serving(county.profile.clinic_tiers)
    lost = int(((works != FALSE) & (places.village == NOWHERE)).sum())
    return (*remarks, *((phrase("policy_clinics.remark.unmatched", count=lost),) if lost else ()))


# --- lists ------------------------------------------------------------------------------------------------------------


def villages_without_clinic(county: CountyRegister, arranged: Arrangements, villages: Flags) -> Listing:
    """List 机构空白村: villages without a clinic in operation, and whether the register has one."""
    registered = own_clinics(county.registered)
    names = village_names(county)
    rows = [
        (
            *names[row],
            answer_cell(int(registered[row])),
            answer_cell(int(arranged.own[row])),
            _arrangement(arranged, row),
        )
        for row in np.flatnonzero(villages & (arranged.own != TRUE)).tolist()
    ]
    columns = (*VILLAGE, *(f"policy_clinics.column.{name}" for name in ("by_register", "in_operation", "arrangement")))
    return Listing("policy_clinics.list.no_clinic", columns, tuple(rows))


def villages_without_doctor(county: CountyRegister, villages: Flags) -> tuple[Listing, tuple[Phrase, ...]]:
    """List 人员空白村: villages whose clinics in operation have no doctor, and say of how many that is not known.

    A clinic is without a doctor when its doctors are 0 and no licensed ones are given; where doctors are not given and
    no licensed ones either, nobody knows.
    """
    doctors, licensed = (amounts(county.facilities, name) for name in ("doctors", "licensed_doctors"))
    staffed = (doctors.value > 0) | (licensed.value > 0)
    without = ~staffed & doctors.known & (doctors.value == 0)
    clinics = _clinics_of(county)
    rows, unknown = [], 0
    for village in np.flatnonzero(villages).tolist():
        here = clinics.get(village, [])
        if here and not staffed[here].any():
            if without[here].all():
                listed = "、".join(facility_names(county)[row].name for row in here)
                rows.append((*village_names(county)[village], listed, 0))
            else:
                unknown += 1
    columns = (*VILLAGE, "policy_clinics.column.clinic", "policy_clinics.column.doctors")
    remarks = (phrase("policy_clinics.remark.doctors_unknown", count=unknown),) if unknown else ()
    return Listing("policy_clinics.list.no_doctor", columns, tuple(rows)), remarks


def clinics_out_of_operation(county: CountyRegister) -> Listing:
    """List the registered clinics of the county that are known to be out of operation."""
    works = county.registered.serving(county.profile.clinic_tiers)
    places, names, villages = facility_places(county), facility_names(county), village_names(county)
    rows = []
    for row in np.flatnonzero((works == TRUE) & (county.facilities["works"] == FALSE).to_numpy()).tolist():
        at = int(places.village[row])
        home = villages[at].name if at != NOWHERE else None
        rows.append((names[row].id, names[row].name, names[row].township, home))
    return Listing(
        "policy_clinics.list.out_of_operation", ("facility_id", "facility", "township", "village"), tuple(rows)
    )


def sharing_list(county: CountyRegister, pairs: Sharing, villages: Flags) -> Listing:
    """List villages without a clinic: the clinic that each could share, or the one that it misses least."""
    names, best = village_names(county), pairs.best
    rows = [(*names[row], *_pair_cells(county, pairs, int(best[row]))) for row in np.flatnonzero(villages).tolist()]
    own = ("host_village", "clinic", "clinic_id", "may_share", "misses")
    heads = [f"policy_clinics.column.{name}" for name in own]
    columns = (*VILLAGE, *heads[:3], "minutes", "km", *heads[3:])
    return Listing("policy_clinics.list.sharing", columns, tuple(rows))


def fixed_places_list(county: CountyRegister, villages: Flags, flags: Flags3) -> Listing:
    """List villages without a clinic of their own, and whether they keep a fixed place of service."""
    places, names = facility_places(county), facility_names(county)
    works = county.serving(fixed_tiers(county.profile))
    held: dict[int, list[str]] = defaultdict(list)
    for row in np.flatnonzero((works != FALSE) & (places.village != NOWHERE)).tolist():
        held[int(places.village[row])].append(names[row].name)
    rows = [
        (*village_names(county)[row], answer_cell(int(flags[row])), "、".join(held[row][:NAMES_SHOWN]) or None)
        for row in np.flatnonzero(villages).tolist()
    ]
    columns = (*VILLAGE, "policy_clinics.column.fixed_place", "facility")
    return Listing("policy_clinics.list.fixed_place", columns, tuple(rows))


def _clinics_of(county: CountyRegister) -> dict[int, list[int]]:
    """Return the clinics certainly in operation of each village."""
    places, works = facility_places(county), county.serving(county.profile.clinic_tiers)
    found: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero((works == TRUE) & (places.village != NOWHERE)).tolist():
        found[int(places.village[row])].append(row)
    return found


def _pair_cells(county: CountyRegister, pairs: Sharing, pair: int) -> tuple[str | float | Phrase | None, ...]:
    if pair == NOWHERE:
        return (None, None, None, None, None, phrase("policy.no"), phrase("policy_clinics.why.no_host"))
    clinic = facility_names(county)[int(pairs.clinic[pair])]
    home = village_names(county)[int(pairs.host[pair])].name
    missed = joined(missed_thresholds(county, pairs, pair), "and")
    return (
        home,
        clinic.name,
        clinic.id,
        *_way_cells(county, pairs, pair),
        answer_cell(int(pairs.lawful[pair])),
        missed,
    )


def _arrangement(arranged: Arrangements, village: int) -> Phrase:
    return phrase(f"policy_clinics.arrangement.{arranged.kind(village)}")
