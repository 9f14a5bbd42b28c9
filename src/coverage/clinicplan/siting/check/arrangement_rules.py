"""Check that every village's arrangement is lawful under the region's thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from clinicplan.check.layer_columns import flags, texts
from clinicplan.siting.check.claims import Offence, at_most, claim, kilometres, minutes, people
from clinicplan.siting.check.money import exact
from clinicplan.siting.check.roads import NOWHERE, PlannedRoads
from clinicplan.siting.check.rows import CENTRAL, VillageRow
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check
from clinicplan.standard import MM_PER_M, UNREACHED, milliseconds
from clinicplan.terms import serving_as

if TYPE_CHECKING:
    import geopandas as gpd

ARRANGEMENTS: Final = (
    "own", "shared", "township_hospital", "service_point", "touring", "stationed", "telemedicine", "none",
)  # fmt: skip
OUTREACH: Final = ("service_point", "touring", "stationed", "telemedicine")
SEAT_M: Final = 500
"""A hospital off every polygon stands in the village whose point is the nearest within this straight line."""
MM_PER_KM: Final = 1_000_000
COMMUNITY: Final = ("community_centre", "community_station")
UNKNOWN: Final = -2
"""Place of a host that nobody knows."""


def check_own(world: PlanWorld) -> Iterator[Check]:
    """Check the words, and that the villages with an open clinic are those with one of their own."""
    yield claim(
        "arrangement_words",
        (Offence(row.village_id, row.arrangement) for row in world.member_rows if row.arrangement not in ARRANGEMENTS),
    )
    odd = [row for row in world.member_rows if (row.arrangement == "own") != (row.village_id in world.open_in)]
    yield claim("own_is_open", (Offence(row.village_id, row.arrangement) for row in odd))
    away = [
        Offence(row.village_id, row.host_id)
        for row in world.arranged("own")
        if row.host_id not in {site.site_id for site in world.open_in.get(row.village_id, ())}
    ]
    yield claim("own_host", away)


def check_shared(world: PlanWorld, roads: PlannedRoads) -> Iterator[Check]:
    """Check host, guests, people, minutes, kilometres, township, neighbourhood and villages that must not share."""
    merge, rows = world.siting.merge, world.arranged("shared")
    yield claim("shared_host", (Offence(row.village_id, row.host_id) for row in rows if not _may_host(world, row)))
    guests = Counter(row.host_id for row in rows)
    crowded = [
        Offence(host, count, at_most(merge.max_guests)) for host, count in guests.items() if count > merge.max_guests
    ]
    yield claim("shared_guests", crowded)
    yield claim("shared_people", _too_large(world, rows, merge.max_people))
    yield claim("shared_must_keep", (Offence(row.village_id) for row in rows if row.village_id in world.must_keep))
    yield from _check_ways(world, roads, rows)
    hosted = [(row, world.site_of[row.host_id].village_id) for row in rows if row.host_id in world.site_of]
    apart = [
        Offence(row.village_id, world.township[row.village_id], world.township.get(village, ""))
        for row, village in hosted
        if merge.same_township and world.township[row.village_id] != world.township.get(village)
    ]
    yield claim("shared_township", apart)
    yield claim("shared_adjacent", _not_adjacent(world, hosted) if merge.adjacent else ())


def _may_host(world: PlanWorld, row: VillageRow) -> bool:
    site = world.site_of.get(row.host_id)
    return site is not None and site in world.open_sites and site.village_id != row.village_id and site.tier == CENTRAL


def _too_large(world: PlanWorld, rows: tuple[VillageRow, ...], most: int | None) -> list[Offence]:
    if most is None:
        return []
    count = world.people
    return [
        Offence(row.village_id, people(count[row.village_id]), at_most(people(most)))
        for row in rows
        if count[row.village_id] > most
    ]


def _check_ways(world: PlanWorld, roads: PlannedRoads, rows: tuple[VillageRow, ...]) -> Iterator[Check]:
    """Test the farthest home of every sharing village by time and by length, limits included."""
    merge = world.siting.merge
    placed = [row for row in rows if row.host_id in roads.place_row]
    pairs = [(row.village_id, row.host_id) for row in placed]
    limits = (
        ("shared_minutes", "time", None if merge.max_minutes is None else milliseconds(merge.max_minutes), minutes),
        ("shared_km", "length", None if merge.max_km is None else round(exact(merge.max_km) * MM_PER_KM), kilometres),
    )
    for rule, weight, limit, shown in limits:
        if limit is None:
            yield claim(rule, ())
            continue
        far = [(row, _farthest(trips)) for row, trips in zip(placed, roads.trips(pairs, weight=weight), strict=True)]
        yield claim(
            rule,
            (
                Offence(row.village_id, shown(value), at_most(shown(limit)))
                for row, value in far
                if value == UNREACHED or value > limit
            ),
        )


def _farthest(trips: list[int]) -> int:
    return UNREACHED if not trips or UNREACHED in trips else max(trips)


def _not_adjacent(world: PlanWorld, hosted: list[tuple[VillageRow, str]]) -> list[Offence]:
    from clinicplan.policy.bounds import TRUE
    from clinicplan.policy.neighbours import find_neighbours

    known = [(row, village) for row, village in hosted if village in world.village_row]
    if not known:
        return []
    near = find_neighbours(world.circles.villages, world.county.layers.village_areas)
    one = np.array([world.village_row[row.village_id] for row, _ in known], dtype=np.int64)
    other = np.array([world.village_row[village] for _, village in known], dtype=np.int64)
    hits = near.adjacent(one, other) == TRUE
    return [Offence(row.village_id, village) for (row, village), hit in zip(known, hits, strict=True) if not hit]


def check_township_hospitals(world: PlanWorld) -> Iterator[Check]:
    """Check that a village left to the township's institution has it within its bounds, and in operation."""
    rows = world.arranged("township_hospital")
    odd = [row for row in rows if row.village_id not in _seat(world, row.host_id)] if rows else []
    yield claim("township_hospital", (Offence(row.village_id, row.host_id) for row in odd))


def _seat(world: PlanWorld, facility: str) -> tuple[str, ...]:
    """Return the villages that a township's institution may be said to stand in; none for anything else."""
    row = world.facility_row.get(facility)
    if row is None:
        return ()
    layer = world.facilities.iloc[[row]]
    serving = layer["tier"].isin(serving_as(["township_hospital", "community_centre"])).iloc[0]
    if not serving or layer["operating"].iloc[0] == "no" or flags(layer, "outside_county")[0]:
        return ()
    named = texts(layer, "village_id")[0]
    if named in world.village_row:
        return (named,)
    point = layer.geometry.representative_point().iloc[0]
    return () if point is None or point.is_empty else _around(world, point)


def _around(world: PlanWorld, point: gpd.GeoSeries) -> tuple[str, ...]:
    """Return the villages whose polygon holds a point, else the one whose own point is nearest within reach."""
    areas = world.county.layers.village_areas
    drawn: set[str] = set()
    if areas is not None:
        names = areas["village_id"].astype(str)
        drawn = set(names)
        held = tuple(names[areas.geometry.intersects(point)])
        if held:
            return held
    places = world.circles.villages.geometry.representative_point()
    metres = dict(zip(world.village_ids, places.distance(point), strict=True))
    near = {
        name: round(value * MM_PER_M)
        for name, value in metres.items()
        if name not in drawn
        and round(value * MM_PER_M if value == value else SEAT_M * MM_PER_M + 1) <= SEAT_M * MM_PER_M  # noqa: PLR0124
    }
    return tuple(name for name, value in near.items() if value == min(near.values()))


def check_outreach(world: PlanWorld) -> Iterator[Check]:
    """Check that outreach stands for a clinic only where the region allows it, and for few people."""
    siting, rows = world.siting, world.arranged(*OUTREACH)
    yield claim(
        "outreach_allowed",
        (Offence(row.village_id, row.arrangement) for row in rows if row.arrangement not in siting.outreach),
    )
    yield claim("outreach_people", _too_large(world, rows, siting.outreach_max_people))
    hosted = [row for row in world.arranged(*OUTREACH, "none") if row.host_id]
    yield claim("no_host", (Offence(row.village_id, row.host_id) for row in hosted))


def check_none(world: PlanWorld) -> Iterator[Check]:
    """Check that only villages without a clinic today are left without an arrangement, and none where that is asked."""
    rows = world.arranged("none")
    yield claim("none_had_no_clinic", (Offence(row.village_id) for row in rows if row.village_id in world.clinics_of))
    yield claim("complete", (Offence(row.village_id) for row in rows if world.siting.complete))


def check_service_points(world: PlanWorld) -> Iterator[Check]:
    """Check that every sharing or service-point village has a service point, and that none is built elsewhere."""
    wanted = {row.village_id for row in world.arranged("shared", "service_point")}
    converted = {site.village_id for site in world.sites if site.action == "convert"}
    built = Counter(site.village_id for site in world.sites if site.is_new_point)
    lacking = [name for name in sorted(wanted) if name not in converted and not built[name]]
    yield claim("service_point_there", (Offence(name) for name in lacking))
    spare = [name for name, count in built.items() if name not in wanted or count > 1 or name in converted]
    yield claim("service_point_needed", (Offence(name) for name in spare))


def check_exempt(world: PlanWorld, roads: PlannedRoads) -> Iterator[Check]:
    """Check that exempt villages are left to the nearest institution in service: of the community, or any."""
    rows = [row for row in world.villages if row.village_id in world.exempt]
    yield claim(
        "exempt_community", (Offence(row.village_id, row.arrangement) for row in rows if row.arrangement != "community")
    )
    yield claim("exempt_nearest", _not_nearest(roads, rows))


def _not_nearest(roads: PlannedRoads, rows: list[VillageRow]) -> list[Offence]:
    """Return the villages whose host is neither the nearest service nor the nearest community institution."""
    if not rows:
        return []
    community = roads.counted & roads.places["tier"].isin(COMMUNITY).to_numpy(dtype=bool)
    today = roads.counted.copy()
    today[len(roads.world.facilities) :] = False
    nearest = [roads.to_nearest(chosen) for chosen in (roads.counted, today, community)]
    odd: list[Offence] = []
    for row in rows:
        homes = roads.homes_of[row.village_id]
        found = {int(place) for trips in nearest for place in trips.facility[homes]}
        lawful = found - {NOWHERE} or {NOWHERE}
        if (roads.place_row.get(row.host_id, UNKNOWN) if row.host_id else NOWHERE) not in lawful:
            odd.append(Offence(row.village_id, row.host_id))
    return odd
