"""Work out every village's minutes and minutes lost again, and compare them with what the plan says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinicplan.siting.check.claims import Offence, at_most, claim, minutes
from clinicplan.siting.check.roads import PlannedRoads
from clinicplan.siting.check.rows import VillageRow
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check
from clinicplan.standard import MS_PER_MIN, UNREACHED, milliseconds

DIGITS = 4
"""Decimals of the minutes that stand beside the milliseconds."""


def host_trips(world: PlanWorld, roads: PlannedRoads) -> dict[str, list[int]]:
    """Return the milliseconds from every home of a village to its host, for villages that have a known one."""
    hosted = {
        row.village_id: row.host_id
        for row in world.villages
        if row.host_id in roads.place_row and row.village_id in world.village_row
    }
    return dict(zip(hosted, roads.trips(list(hosted.items())), strict=True))


def host_minutes(world: PlanWorld, roads: PlannedRoads, trips: Mapping[str, list[int]]) -> dict[str, int]:
    """Return the mean milliseconds from every listed village to its host; -1 without one."""
    return {
        row.village_id: roads.mean_ms(row.village_id, trips[row.village_id]) if row.village_id in trips else UNREACHED
        for row in world.villages
        if row.village_id in world.village_row
    }


def check_minutes(world: PlanWorld, means: Mapping[str, int]) -> Iterator[Check]:
    """Check the time of every listed village, in milliseconds and in minutes."""
    known = [(row, means[row.village_id]) for row in world.villages if row.village_id in means]
    odd = [
        Offence(row.village_id, minutes(row.time_ms), minutes(right)) for row, right in known if row.time_ms != right
    ]
    yield claim("village_minutes", odd)
    unlike = [row for row, _ in known if not _agree(row.time_ms, row.time_min)]
    yield claim("minutes_printed", (Offence(row.village_id, str(row.time_min), minutes(row.time_ms)) for row in unlike))


def _agree(time_ms: int | None, time_min: float | None) -> bool:
    if time_ms is None or time_ms < 0:
        return time_min is None
    return time_min == round(time_ms / MS_PER_MIN, DIGITS)


def check_minutes_lost(world: PlanWorld, roads: PlannedRoads, means: Mapping[str, int]) -> Iterator[Check]:
    """Check the minutes every listed village loses, and that none loses more than the region allows."""
    known = [row for row in world.villages if row.village_id in means]
    right = {row.village_id: lost_ms(world, row, means[row.village_id]) for row in known}
    odd = [
        Offence(row.village_id, minutes(row.lost_ms), minutes(right[row.village_id]))
        for row in known
        if row.lost_ms != right[row.village_id] or not _agree(row.lost_ms, row.minutes_lost)
    ]
    yield claim("minutes_lost", odd)
    most = world.siting.max_minutes_lost
    limit = None if most is None else milliseconds(most)
    losses = [] if limit is None else [(row, _loss_ms(world, roads, row, means)) for row in known]
    yield claim(
        "max_minutes_lost",
        (
            Offence(row.village_id, minutes(loss), at_most(minutes(limit)))
            for row, loss in losses
            if limit is not None and not 0 <= loss <= limit
        ),
    )


def lost_ms(world: PlanWorld, row: VillageRow, mean_ms: int) -> int:
    """Return how much longer a village's way becomes; 0 where its own clinic stays, -1 where either is unknown."""
    if row.arrangement == "own" and row.village_id in world.clinics_of:
        return 0
    today = today_ms(world, row.village_id)
    return UNREACHED if UNREACHED in (today, mean_ms) else max(0, mean_ms - today)


def today_ms(world: PlanWorld, village: str) -> int:
    """Return the mean time to the nearest service of today, -1 where there is none."""
    return int(world.circles.village_trips.time_ms[world.village_row[village]])


def _loss_ms(world: PlanWorld, roads: PlannedRoads, row: VillageRow, means: Mapping[str, int]) -> int:
    """Return what a village loses, -1 where it has no way any more; without a host its nearest service counts."""
    today = today_ms(world, row.village_id)
    if row.village_id not in world.members or today == UNREACHED:
        return 0
    if row.host_id:
        return lost_ms(world, row, means[row.village_id])
    after = roads.mean_to_service_ms(row.village_id)
    return UNREACHED if after == UNREACHED else max(0, after - today)
