"""Ask the merge-and-add question of a county: what its region file sets, on the ground that was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.searches import trips_between
from clinicplan.errors import Fault, InfeasibleError, Severity, SitingError
from clinicplan.siting.county_obstacles import conflicts, county_fault
from clinicplan.siting.merge.earlier import earlier_plan, host_bounds, locked_villages, open_before, unlocked_arcs
from clinicplan.siting.merge.ground import (
    SitingGround,
    VillageWays,
    clinic_tiers,
    covered_by_fixed,
    covers,
    lawful_pairs,
    seats,
)
from clinicplan.siting.merge.question import FEN, NO_LIMIT, Limits, MergeQuestion, Money
from clinicplan.standard import UNREACHED, milliseconds
from clinicplan.terms import serving_as
from clinicplan.words import fault

if TYPE_CHECKING:
    from clinicplan.region import Siting

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Asked:
    """The question, and the ways behind it that the answer is written with.

    Parameters
    ----------
    question
        Arrays of the model.
    own, arcs
        Ways of each site's village to it, and of each arc.
    seat_ms
        Shape (villages): mean way to the township hospital in the village.
    fixed_ms
        Shape (villages): mean way to the nearest facility that the plan does not decide about, -1 without one.
    """

    question: MergeQuestion
    own: VillageWays
    arcs: VillageWays
    seat_ms: Int64
    fixed_ms: Int64


def ask(ground: SitingGround) -> Asked:
    """Turn the ground and the region's `[siting]` table into the arrays of the model.

    Raises
    ------
    SitingError
        If ids in keep, forbid or lock are unknown, or the baseline cannot be read.
    InfeasibleError
        If a site must open and must not: kept or locked, and forbidden, in a village to be relocated, or out of reach.
    """
    settings = ground.county.region.siting
    require_known(ground, settings)
    least, most = site_bounds(ground, settings)
    own = ground.own_ways()
    most &= (own.farthest_ms != UNREACHED) | ground.sites.stands
    arc_village, arc_site, arcs = lawful_pairs(ground, most)
    seat_id, seat_ms, seat_person = seats(ground)
    within, fixed_ms = covered_by_fixed(ground)
    home, cover_home, cover_site, lost = _covers(ground, within, most)
    allowed = _lost_limit(ground, settings)
    kept = _bearable(arcs.mean_ms, arc_village, allowed)
    seat_id = np.where(_bearable(seat_ms, np.arange(seat_ms.size), allowed), seat_id, "")
    most &= ground.sites.stands | _bearable(own.mean_ms, ground.sites.village, allowed)
    faults = conflicts(ground, settings, least, most)
    if faults:
        raise InfeasibleError(*faults)
    near = _near(ground, most, allowed, fixed_ms, ~_has_clinic(ground) | _outreach(ground, settings))
    earlier = earlier_plan(ground, settings)
    kept &= unlocked_arcs(ground, settings, earlier, arc_village, arc_site)
    arcs = _chosen(arcs, kept)
    host_least, host_most = host_bounds(ground, settings, earlier, most)
    question = MergeQuestion(
        village_ids=ground.villages["village_id"].astype(str).to_numpy(dtype=object),
        people=ground.people,
        township=ground.villages["township"].astype(str).to_numpy(dtype=object),
        has_clinic=_has_clinic(ground),
        outreach=_outreach(ground, settings),
        seat_id=seat_id.astype(object),
        seat_person_ms=seat_person,
        site_ids=ground.sites.site_id,
        site_village=ground.sites.village,
        facility_id=ground.sites.facility_id,
        stands=ground.sites.stands,
        central=ground.sites.central,
        open_least=least,
        open_most=most,
        host_least=host_least,
        host_most=host_most,
        build_fen=_build_fen(ground, settings),
        own_person_ms=own.person_ms,
        arc_village=arc_village[kept],
        arc_site=arc_site[kept],
        arc_person_ms=arcs.person_ms,
        home_village=ground.home_village[home],
        home_people=ground.home_people[home],
        cover_home=cover_home,
        cover_site=cover_site,
        covers_open=~_covers_as_host(ground),
        uncoverable_people=lost,
        **near,
        money=_money(settings),
        limits=_limits(ground, settings),
        baseline_open=None if earlier is None else open_before(ground, earlier),
        township_least=dict(settings.township_minimum),
        allow_close=settings.allow_close,
        complete=settings.complete,
        outreach_kind=settings.outreach[0] if settings.outreach else "",
        point_for_outreach=settings.outreach[:1] == ("service_point",),
    )
    return Asked(question, own, arcs, seat_ms, fixed_ms)


# --- what the planner forces and forbids ------------------------------------------------------------------------------


def require_known(ground: SitingGround, settings: Siting) -> None:
    """Raise SitingError for unknown ids in keep, forbid, lock and township_minimum; InfeasibleError for a conflict."""
    sites = {*ground.sites.site_id, *ground.circles.villages["village_id"].astype(str)}
    facilities = set(ground.circles.facilities["facility_id"].astype(str))
    towns = set(ground.circles.villages["township"].astype(str))
    region = ground.county.region
    faults = [
        _fault(f"unknown_{name}", file=region.siting_file(name), ids=tuple(unknown))
        for name, ids, known in (
            ("keep", settings.keep, sites | facilities),
            ("forbid", settings.forbid, sites | facilities),
            ("lock", settings.lock, towns),
            ("township_minimum", settings.township_minimum, towns),
        )
        if (unknown := [item for item in ids if item not in known])
    ]
    faults += _no_single_site(ground, settings)
    if faults:
        raise SitingError(*faults)
    both = sorted(set(settings.keep) & set(settings.forbid))
    if both:
        raise InfeasibleError(_fault("keep_and_forbid", file=region.siting_file(), ids=tuple(both)))


def _no_single_site(ground: SitingGround, settings: Siting) -> list[Fault]:
    """Name ids in keep and forbid of facilities that no plan decides about, and kept villages with several places."""
    sites, planned = ground.sites, ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    decided = {*sites.site_id, *planned}
    known = {*ground.circles.facilities["facility_id"].astype(str), *ground.circles.villages["village_id"].astype(str)}
    faults = [
        county_fault(ground, "not_a_site", ids=odd, key=key)
        for key, ids in (("keep", settings.keep), ("forbid", settings.forbid))
        if (odd := [item for item in ids if item in known and item not in decided])
    ]
    for village in np.flatnonzero(np.isin(planned, settings.keep)).tolist():
        own = sites.village == village
        named = sites.site_id[own]
        if not sites.stands[own].any() and named.size > 1 and not np.isin(named, settings.keep).any():
            faults.append(county_fault(ground, "keep_which", ids=[planned[village]], sites=", ".join(named)))
    return faults


def site_bounds(ground: SitingGround, settings: Siting) -> tuple[Flags, Flags]:
    """Return which sites must and which may open."""
    sites = ground.sites
    village_ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)[sites.village]
    moving = (ground.villages["status"] == "planned_relocation").to_numpy()[sites.village]
    named = np.isin(village_ids, settings.forbid)
    most = ~np.isin(sites.site_id, settings.forbid) & (sites.stands | ~(moving | named))
    least = np.isin(sites.site_id, settings.keep)
    sole = np.bincount(sites.village, minlength=ground.rows.size)[sites.village] == 1
    least |= np.isin(village_ids, settings.keep) & (sites.stands | sole)
    locked = locked_villages(ground, settings)[sites.village]
    before = open_before(ground, earlier_plan(ground, settings))
    return least | (locked & before), most & ~(locked & ~before)


# --- villages, covers, minutes ----------------------------------------------------------------------------------------


def _has_clinic(ground: SitingGround) -> Flags:
    return np.bincount(ground.sites.village, weights=ground.sites.stands, minlength=ground.rows.size) > 0


def _outreach(ground: SitingGround, settings: Siting) -> Flags:
    if not settings.outreach:
        return np.zeros(ground.rows.size, dtype=bool)
    return np.asarray(ground.people <= settings.outreach_max_people, dtype=bool)


def _covers_as_host(ground: SitingGround) -> Flags:
    """Tell which sites cover only as central clinics, since the circle's tiers count no ordinary clinic."""
    counting = set(serving_as(ground.circles.rule.tiers))
    if "village_clinic" in counting:
        return np.zeros(ground.point.size, dtype=bool)
    counted = set(ground.circles.facilities.loc[ground.circles.counted, "facility_id"].astype(str))
    stands = np.array([name in counted for name in ground.sites.facility_id], dtype=bool)
    return ~(stands & ground.sites.stands)


def _covers(ground: SitingGround, within: Flags, most: Flags) -> tuple[Int64, Int64, Int64, int]:
    """Return the homes that only sites may cover, the pairs of home and site, and people whom nothing can cover."""
    home, site = covers(ground)
    counting = set(serving_as(ground.circles.rule.tiers))
    useful = bool(counting & set(clinic_tiers(ground.county)))
    kept = ~within[home] & most[site] & useful
    home, site = home[kept], site[kept]
    coverable = np.zeros(within.size, dtype=bool)
    coverable[home] = True
    lost = int(ground.home_people[~within & ~coverable].sum())
    rows = np.flatnonzero(coverable)
    row_of = np.full(within.size, -1)
    row_of[rows] = np.arange(rows.size)
    return rows, row_of[home], site, lost


def _lost_limit(ground: SitingGround, settings: Siting) -> Int64:
    """Return the longest way each village may have, ms; -1 where nothing limits it."""
    if settings.max_minutes_lost is None:
        return np.full(ground.rows.size, NO_LIMIT, dtype=np.int64)
    today = ground.today_ms
    return np.where(today == UNREACHED, NO_LIMIT, today + milliseconds(settings.max_minutes_lost))


def _bearable(time_ms: Int64, village: Int64, allowed: Int64) -> Flags:
    limit = allowed[village]
    flags: Flags = (limit == NO_LIMIT) | ((time_ms != UNREACHED) & (time_ms <= limit))
    return flags


def _near(ground: SitingGround, most: Flags, allowed: Int64, fixed_ms: Int64, hostless: Flags) -> dict[str, Any]:
    """Return the sites near enough to villages that have nothing fixed near enough, and which villages these are.

    Only villages that may be left without a host need them. A site whose mean way is within the limit is so for some
    home, which is what the search looks for; the mean of all homes decides.
    """
    needed = hostless & (allowed != NO_LIMIT) & ~((fixed_ms != UNREACHED) & (fixed_ms <= allowed))
    sites = np.flatnonzero(most)
    homes = np.flatnonzero(needed[ground.home_village])
    if not homes.size or not sites.size:
        nothing = np.zeros(0, dtype=np.int64)
        return {"near_village": nothing, "near_site": nothing, "near_needed": needed}
    longest = int(allowed[needed].max())
    found = trips_between(ground.search.by_time, ground.homes[homes], ground.point[sites], limit_ms=longest)
    pairs = np.unique(np.c_[ground.home_village[homes[found.origin]], sites[found.destination]], axis=0)
    village, site = pairs[:, 0], pairs[:, 1]
    ways = ground.ways(village, ground.point[site])
    kept = (ways.farthest_ms != UNREACHED) & (ways.mean_ms <= allowed[village])
    return {"near_village": village[kept], "near_site": site[kept], "near_needed": needed}


# --- money and limits -------------------------------------------------------------------------------------------------


def _build_fen(ground: SitingGround, settings: Siting) -> Int64:
    price = np.where(np.isnan(ground.sites.build_cny), settings.cost.build, ground.sites.build_cny)
    return np.where(ground.sites.stands, 0, np.round(price * FEN)).astype(np.int64)


def _money(settings: Siting) -> Money:
    cost = settings.cost
    upgrade, point, run, doctor = (
        round(value * FEN) for value in (cost.upgrade, cost.service_point, cost.run_per_year, cost.doctor_per_year)
    )
    return Money(upgrade, point, run, doctor, cost.life_years)


def _limits(ground: SitingGround, settings: Siting) -> Limits:
    doctors, people = settings.doctors, int(ground.people.sum())
    share = ground.county.region.standard.target_share
    return Limits(
        build_fen=round(settings.budget.build_cny * FEN) or NO_LIMIT,
        running_fen=round(settings.budget.running_cny_per_year * FEN) or NO_LIMIT,
        doctors_least=0 if doctors.least_per_1000 is None else _rounded_up(doctors.least_per_1000, people),
        doctors_most=NO_LIMIT if doctors.available is None else doctors.available,
        changes=settings.max_changes or NO_LIMIT,
        people_outside=NO_LIMIT if share is None else people - _at_least(share, people),
        guests=settings.merge.max_guests,
    )


def _rounded_up(per_1000: float, people: int) -> int:
    from fractions import Fraction

    return -int(-(Fraction(str(per_1000)) * people / 1000) // 1)


def _at_least(share: float, people: int) -> int:
    from fractions import Fraction

    return -int(-(Fraction(str(share)) * people) // 1)


def _chosen(ways: VillageWays, kept: Flags) -> VillageWays:
    return VillageWays(ways.mean_ms[kept], ways.farthest_ms[kept], ways.farthest_mm[kept], ways.person_ms[kept])


def _fault(code: str, *, file: str = "", ids: tuple[str, ...] = (), **values: Any) -> Fault:
    return fault(Severity.ERROR, code, subject="siting_merge", file=file, ids=ids, **values)
