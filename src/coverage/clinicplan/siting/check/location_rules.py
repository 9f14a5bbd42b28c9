"""Check the plan of a location model: sites open and in number, who goes where, who is covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from clinicplan.siting.check import ids, objectives, times
from clinicplan.siting.check.claims import Offence, at_least, at_most, claim, people
from clinicplan.siting.check.money import exact
from clinicplan.siting.check.roads import PlannedRoads
from clinicplan.siting.check.rows import SiteRow
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check
from clinicplan.standard import UNREACHED

if TYPE_CHECKING:
    from clinicplan.siting.check.objectives import Value

COVERS_ALL: Final = {"set_cover": 1, "capacitated_cover": 1, "backup_cover": 1}
"""Models in which every village is covered, and by how many sites."""
EXACTLY_P: Final = ("p_median", "p_center", "p_dispersion", "capacitated_p_median")
AT_MOST_P: Final = ("max_cover", "backup_cover")


def check_location(world: PlanWorld) -> Iterator[Check]:
    """Check every claim that the plan of a location model makes."""
    roads = PlannedRoads(world, world.circles.rule.mode)
    trips = times.host_trips(world, roads)
    means = times.host_minutes(world, roads, trips)
    yield from ids.check_ids(world)
    yield from check_hosts(world)
    yield from times.check_minutes(world, means)
    yield from _check_sites(world)
    yield from _check_cover(world, roads)
    yield from _check_load(world)
    values: dict[str, Value] = {
        "sites": lambda: len(opened(world)),
        "demand_covered": lambda: covered_people(world, roads),
        "people_covered_twice": lambda: covered_people(world, roads, times=2),
        "person_time": lambda: objectives.person_time(roads, trips),
        "largest_time": lambda: largest_ms(means),
        "least_distance": lambda: least_mm(world, roads),
    }
    yield from objectives.check_values(world, values)
    yield from objectives.check_proof(world)


def opened(world: PlanWorld) -> tuple[SiteRow, ...]:
    """Return the sites that are in service afterwards."""
    return tuple(site for site in world.sites if site.is_open)


def check_hosts(world: PlanWorld) -> Iterator[Check]:
    """Check that every village goes to a site that is open."""
    names = {site.site_id for site in opened(world)}
    odd = [row for row in world.villages if row.host_id and row.host_id not in names]
    yield claim("hosts_open", (Offence(row.village_id, row.host_id) for row in odd))


def _check_sites(world: PlanWorld) -> Iterator[Check]:
    """Check the number of sites, and those that must and must not open."""
    model, p, count = str(world.plan.get("model")), world.siting.p, len(opened(world))
    wrong = p is not None and ((model in EXACTLY_P and count != p) or (model in AT_MOST_P and count > p))
    right = at_most(p or 0) if model in AT_MOST_P else p
    yield claim("site_count", [Offence("", count, right)] if wrong else ())
    names = {name for site in opened(world) for name in (site.site_id, site.facility_id, site.village_id)}
    yield claim("keep", (Offence(name) for name in world.siting.keep if name not in names))
    barred = set(world.siting.forbid)
    built = {site.site_id: {site.site_id, site.facility_id} for site in opened(world)}
    for site in opened(world):
        if site.action == "build":
            built[site.site_id].add(site.village_id)
    yield claim("forbid", (Offence(name) for name, known in built.items() if known & barred))


def _listed_homes(world: PlanWorld, roads: PlannedRoads) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    return {
        row.village_id: roads.homes_of[row.village_id] for row in world.villages if row.village_id in roads.homes_of
    }


def _sites_within(world: PlanWorld, roads: PlannedRoads) -> dict[str, list[int]]:
    """Return for each home of every listed village how many open sites lie within the standard."""
    homes = _listed_homes(world, roads)
    if not homes:
        return {}
    standard = world.circles.rule.standard
    names = [site.site_id for site in opened(world) if site.site_id in roads.place_row]
    joined = np.concatenate(list(homes.values())).astype(np.int64)
    count = roads.within(names, joined, limit_ms=standard.limit_ms, limit_mm=standard.limit_mm)
    cuts = np.cumsum([part.size for part in homes.values()])[:-1]
    return dict(zip(homes, (part.tolist() for part in np.split(np.array(count), cuts)), strict=True))


def covered_people(world: PlanWorld, roads: PlannedRoads, *, times: int = 1) -> int:
    """Return how many people of the listed villages live within the standard of so many open sites, home by home."""
    return sum(
        number
        for village, sites in _sites_within(world, roads).items()
        for number, count in zip(roads.people(village), sites, strict=True)
        if count >= times
    )


def _check_cover(world: PlanWorld, roads: PlannedRoads) -> Iterator[Check]:
    """Check that all are covered, often enough, or the share that is asked for."""
    model = str(world.plan.get("model"))
    times_asked = world.siting.times if model == "multi_cover" else COVERS_ALL.get(model, 0)
    near = _sites_within(world, roads) if times_asked else {}
    few = [
        Offence(name, min(count, default=0), at_least(times_asked))
        for name, count in near.items()
        if min(count, default=0) < times_asked
    ]
    yield claim("all_covered", [*few, *(_left_out(world, roads) if times_asked else ())])
    siting, total = world.siting, sum(world.people.get(row.village_id, 0) for row in world.villages)
    share = siting.target_share if siting.target_share is not None else world.county.region.standard.target_share
    if model != "partial_cover" or share is None:
        yield claim("share_covered", ())
        return
    found = covered_people(world, roads)
    short = found < exact(share) * total
    yield claim(
        "share_covered", [Offence("", people(found), at_least(people(int(exact(share) * total))))] if short else ()
    )


def _left_out(world: PlanWorld, roads: PlannedRoads) -> Iterator[Offence]:
    """Name the villages that a cover does not list although some home of theirs is beyond every service."""
    listed = {row.village_id for row in world.villages}
    trips = roads.to_service
    within = world.circles.rule.standard.holds(trips.time_ms, trips.length_mm)
    for name in world.village_ids:
        if name in world.members and name not in listed and not within[roads.homes_of[name]].all():
            yield Offence(name, 0, at_least(1))


def _check_load(world: PlanWorld) -> Iterator[Check]:
    """Check that no site serves more people than it can, where each village goes to one site."""
    most = world.siting.capacity_people
    asked = str(world.plan.get("model")).startswith("capacitated") and most is not None and not world.siting.split
    load: Counter[str] = Counter()
    for row in world.villages:
        if row.host_id:
            load[row.host_id] += world.people.get(row.village_id, 0)
    over = [
        Offence(name, people(count), at_most(people(int(most))))
        for name, count in load.items()
        if asked and most is not None and count > most
    ]
    yield claim("site_capacity", over)


def largest_ms(means: Mapping[str, int]) -> int:
    """Return the largest mean time of a village that has a host, -1 where none has."""
    return max((time for time in means.values() if time != UNREACHED), default=UNREACHED)


def least_mm(world: PlanWorld, roads: PlannedRoads) -> int | None:
    """Return the shortest road between two open sites; None with fewer than two."""
    names = [site.site_id for site in opened(world) if site.site_id in roads.place_row]
    pairs = list(combinations(names, 2))
    if not pairs:
        return None
    ways = roads.road_mm([one for one, _ in pairs], [other for _, other in pairs])
    return min((way for way in ways if way != UNREACHED), default=None)
