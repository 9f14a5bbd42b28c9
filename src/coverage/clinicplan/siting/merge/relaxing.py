"""Find the smallest change of the sharing thresholds that lets a village without an arrangement share a clinic."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.layer_columns import flags
from clinicplan.errors import Phrase
from clinicplan.policy.neighbours import find_neighbours
from clinicplan.siting.county_obstacles import site_names
from clinicplan.siting.merge.ground import SitingGround
from clinicplan.standard import MM_PER_M, MS_PER_MIN, UNREACHED, milliseconds
from clinicplan.words import phrase

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

TRIED: Final = (
    ("max_minutes",), ("max_km",), ("max_minutes", "max_km"), ("adjacent",), ("same_township",), ("max_people",),
)  # fmt: skip
"""Thresholds lifted, least intrusive first; the first that helps is told."""


def sharing_relaxation(ground: SitingGround, village: int, most: Flags) -> Phrase | None:
    """Say which threshold of `[siting.merge]` would have to be what, and with whom the village could share then.

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
        None where lifting no threshold of `TRIED` is enough, or the village is never to share.
    """
    merge = ground.county.region.siting.merge
    if merge.max_guests == 0 or _must_keep(ground)[village]:
        return None
    sites = np.flatnonzero(most & (ground.sites.village != village))
    if not sites.size:
        return None
    repeated = np.full(sites.size, village)
    ways = ground.ways(repeated, ground.point[sites])
    road = ground.ways(repeated, ground.point[sites], shortest=True).farthest_mm
    tests = _tests(ground, village, sites, ways.farthest_ms, road)
    for lifted in TRIED:
        kept = [holds for name, holds in tests.items() if name not in lifted]
        able = np.flatnonzero(np.logical_and.reduce([*kept, ways.farthest_ms != UNREACHED, road != UNREACHED]))
        if able.size:
            measure = road if lifted == ("max_km",) else ways.farthest_ms
            at = int(able[measure[able].argmin()])
            host = str(site_names(ground)[sites[at]])
            return _told(lifted, host, int(ways.farthest_ms[at]), int(road[at]), int(ground.people[village]))
    return None


def _tests(ground: SitingGround, village: int, sites: Int64, time_ms: Int64, road_mm: Int64) -> dict[str, Flags]:
    """Return for every threshold which sites pass it."""
    merge, host = ground.county.region.siting.merge, ground.sites.village[sites]
    town = ground.villages["township"].astype(str).to_numpy(dtype=object)
    every = np.ones(sites.size, dtype=bool)
    tests = {
        "max_minutes": every if merge.max_minutes is None else time_ms <= milliseconds(merge.max_minutes),
        "max_km": every if merge.max_km is None else road_mm <= round(merge.max_km * 1000 * MM_PER_M),
        "max_people": every & (merge.max_people is None or int(ground.people[village]) <= merge.max_people),
        "same_township": every if not merge.same_township else (town[host] == town[village]) & (town[host] != ""),
        "adjacent": every,
    }
    if merge.adjacent:
        near = find_neighbours(ground.circles.villages, ground.county.layers.village_areas)
        tests["adjacent"] = near.adjacent(np.full(sites.size, ground.rows[village]), ground.rows[host]) == 1
    return tests


def _told(lifted: tuple[str, ...], host: str, time_ms: int, road_mm: int, people: int) -> Phrase:
    values = {
        "max_minutes": f"{-(-time_ms * 10 // MS_PER_MIN) / 10:g}",
        "max_km": f"{-(-road_mm // MM_PER_M) / 1000:g}",
        "max_people": str(people), "adjacent": "false", "same_township": "false",
    }  # fmt: skip
    changes = ", ".join(f"merge.{name} = {values[name]}" for name in lifted)
    return phrase("siting_merge.relax.share", changes=changes, host=host)


def _must_keep(ground: SitingGround) -> Flags:
    villages = ground.villages
    return np.asarray(flags(villages, "must_keep_clinic"), dtype=bool)
