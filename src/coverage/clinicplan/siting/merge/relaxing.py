"""Find the fewest changes of limits that let a village without an arrangement share a clinic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.layer_columns import flags
from clinicplan.errors import Phrase
from clinicplan.policy.neighbours import find_neighbours
from clinicplan.siting.county_obstacles import site_names
from clinicplan.siting.merge.ground import SitingGround, VillageWays
from clinicplan.standard import MM_PER_M, MS_PER_MIN, UNREACHED, milliseconds
from clinicplan.words import phrase

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


def sharing_relaxation(ground: SitingGround, village: int, most: Flags) -> Phrase | None:
    """Say what in `[siting]` would have to be what for a village to share, and with whom: the fewest changes.

    Parameters
    ----------
    ground
        The county.
    village
        Row of the planned villages.
    most
        Shape (sites): may open.

    Returns
    -------
    change
        Of equally few changes those with the shortest way; None where the village is never to share or has no way.
    """
    merge = ground.county.region.siting.merge
    sites = np.flatnonzero(most & (ground.sites.village != village))
    if merge.max_guests == 0 or _must_keep(ground)[village] or not sites.size:
        return None
    repeated = np.full(sites.size, village)
    ways = ground.ways(repeated, ground.point[sites])
    road = ground.ways(repeated, ground.point[sites], shortest=True).farthest_mm
    able = np.flatnonzero((ways.farthest_ms != UNREACHED) & (road != UNREACHED))
    if not able.size:
        return None
    tests = _tests(ground, village, sites, ways, road)
    broken = np.sum([~holds for holds in tests.values()], axis=0)
    at = int(able[np.lexsort((ways.farthest_ms[able], broken[able]))[0]])
    lost = int(ways.mean_ms[at]) - int(ground.today_ms[village])
    values = {
        "merge.max_minutes": _tenths(int(ways.farthest_ms[at])),
        "merge.max_km": f"{-(-int(road[at]) // MM_PER_M) / 1000:g}",
        "merge.max_people": str(int(ground.people[village])), "merge.same_township": "false",
        "merge.adjacent": "false", "max_minutes_lost": _tenths(lost), "lock": "[]",
    }  # fmt: skip
    changes = ", ".join(f"{name} = {values[name]}" for name, holds in tests.items() if not holds[at])
    return phrase("siting_merge.relax.share", changes=changes, host=str(site_names(ground)[sites[at]]))


def _tests(ground: SitingGround, village: int, sites: Int64, ways: VillageWays, road_mm: Int64) -> dict[str, Flags]:
    """Return for every limit which sites pass it."""
    siting, host = ground.county.region.siting, ground.sites.village[sites]
    merge, town = siting.merge, ground.villages["township"].astype(str).to_numpy(dtype=object)
    every, today = np.ones(sites.size, dtype=bool), int(ground.today_ms[village])
    tests = {
        "merge.max_people": every & (merge.max_people is None or int(ground.people[village]) <= merge.max_people),
        "merge.max_minutes": every,
        "merge.max_km": every if merge.max_km is None else road_mm <= round(merge.max_km * 1000 * MM_PER_M),
        "merge.same_township": every if not merge.same_township else (town[host] == town[village]) & (town[host] != ""),
        "merge.adjacent": every,
        "max_minutes_lost": every,
        "lock": every & ~np.isin(town[host], siting.lock) & (town[village] not in siting.lock),
    }
    if merge.max_minutes is not None:
        tests["merge.max_minutes"] = ways.farthest_ms <= milliseconds(merge.max_minutes)
    if siting.max_minutes_lost is not None and today != UNREACHED:
        tests["max_minutes_lost"] = ways.mean_ms <= today + milliseconds(siting.max_minutes_lost)
    if merge.adjacent:
        near = find_neighbours(ground.circles.villages, ground.county.layers.village_areas)
        tests["merge.adjacent"] = near.adjacent(np.full(sites.size, ground.rows[village]), ground.rows[host]) == 1
    return tests


def _tenths(time_ms: int) -> str:
    return f"{-(-time_ms * 10 // MS_PER_MIN) / 10:g}"


def _must_keep(ground: SitingGround) -> Flags:
    villages = ground.villages
    return np.asarray(flags(villages, "must_keep_clinic"), dtype=bool)
