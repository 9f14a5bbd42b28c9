"""Search from homes to facilities under one mode: the nearest, and all within a limit."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.homes import Homes
from clinicplan.network.joining import JoinedNetwork, join_points
from clinicplan.network.snapping import find_access
from clinicplan.standard import Standard
from clinicplan.terms import FIXED_TIERS
from clinicplan.travel import SearchGraph, TravelTimes, nearest_trips, prepare_search, trips_within

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.network import RoadNetwork

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class CircleRule:
    """What counts, and how people travel.

    Parameters
    ----------
    standard
        The circle.
    mode
        The mode of the standard; its network must be among those given.
    tiers
        Tiers that count as the service; others never do.
    count_neighbours
        Whether facilities beyond the county line count.
    direction
        `to_facility` or `from_facility`.
    access_kmh, max_access_m
        Speed and longest way between a point and its road.
    """

    standard: Standard
    mode: str
    tiers: tuple[str, ...] = FIXED_TIERS
    count_neighbours: bool = False
    direction: str = "to_facility"
    access_kmh: float = 4.0
    max_access_m: float = 2000.0

    @property
    def search_limit_ms(self) -> int:
        """The largest of the standard and the bands, milliseconds."""
        return max((*self.standard.bands_ms, self.standard.limit_ms or 0))


@dataclass(frozen=True, eq=False)
class HomeTrips:
    """The best trip of every home to one set of facilities; rows are homes.

    Parameters
    ----------
    facility
        Row in the facilities layer, -1 where none is reached.
    time_ms, length_mm
        Whole trip with both access legs, -1 where none.
    direct
        Whether the straight walk is the better way.
    """

    facility: NDArray[np.int32]
    time_ms: Int64
    length_mm: Int64
    direct: Flags


@dataclass(frozen=True, eq=False)
class ModeSearch:
    """One mode's roads with homes and facilities on them: points are homes first, then facilities.

    Trips run from homes to facilities; where the direction is the other, every road of `network` is turned round.
    """

    mode: str
    network: RoadNetwork
    joined: JoinedNetwork
    by_time: SearchGraph
    by_length: SearchGraph
    n_homes: int


def searches_of(
    networks: Mapping[str, RoadNetwork], homes: Homes, facilities: gpd.GeoDataFrame, rule: CircleRule
) -> dict[str, ModeSearch]:
    """Put homes and facilities on the roads of every mode; modes in turn on the processors there are."""
    with ThreadPoolExecutor() as pool:
        jobs = {mode: pool.submit(search_of, mode, roads, homes, facilities, rule) for mode, roads in networks.items()}
        return {mode: job.result() for mode, job in jobs.items()}


def search_of(
    mode: str, network: RoadNetwork, homes: Homes, facilities: gpd.GeoDataFrame, rule: CircleRule
) -> ModeSearch:
    """Put homes and facilities on one mode's roads and contract the rest."""
    roads = network if rule.direction == "to_facility" else network.reversed()
    points = facilities.geometry.representative_point()
    ids = np.r_[homes.ids, facilities["facility_id"].to_numpy(dtype=object)]
    x, y = np.r_[homes.x, points.x.to_numpy(dtype=float)], np.r_[homes.y, points.y.to_numpy(dtype=float)]
    legs = find_access(roads, ids, x, y, access_kmh=rule.access_kmh, max_access_m=rule.max_access_m)
    joined = join_points(roads, legs)
    by_time, by_length = (
        prepare_search(joined, weight=weight, access_kmh=rule.access_kmh, max_access_m=rule.max_access_m)
        for weight in ("time", "length")
    )
    return ModeSearch(mode, roads, joined, by_time, by_length, homes.village.size)


def graph_of(search: ModeSearch, rule: CircleRule) -> SearchGraph:
    """Choose the graph whose best route the standard is about."""
    return search.by_time if rule.standard.limit_ms is not None else search.by_length


def nearest_homes(
    search: ModeSearch, facility: Flags, rule: CircleRule, *, graph: SearchGraph | None = None
) -> HomeTrips:
    """Find the nearest of some facilities for every home."""
    n = search.n_homes
    rows = np.flatnonzero(facility)
    best = HomeTrips(np.full(n, -1, np.int32), np.full(n, -1), np.full(n, -1), np.zeros(n, dtype=bool))
    if rows.size and n:
        found = nearest_trips(graph or graph_of(search, rule), np.arange(n), rows + n)
        best.facility[found.origin] = rows[found.destination]
        best.time_ms[found.origin] = found.time_ms
        best.length_mm[found.origin] = found.length_mm
        best.direct[found.origin] = found.direct
    return best


def trips_between(
    graph: SearchGraph, origins: Int64, destinations: Int64, *, limit_ms: int | None = None, limit_mm: int | None = None
) -> TravelTimes:
    """Return the trips within a limit: milliseconds on a time graph, millimetres on a length graph."""
    return trips_within(graph, origins, destinations, limit_ms=limit_ms, limit_mm=limit_mm)
