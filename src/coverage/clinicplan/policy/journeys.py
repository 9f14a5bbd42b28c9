"""Answer what the rules ask of the roads: nearest facilities, ways between pairs, distances between facilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.circles import VillageTrips, by_village
from clinicplan.coverage.searches import HomeTrips, nearest_homes
from clinicplan.network.simplification import Weight
from clinicplan.network.straight_walks import StraightWalks, straight_walks
from clinicplan.standard import MM_PER_M, MS_PER_MIN, UNREACHED, Standard
from clinicplan.travel import SearchGraph, trips_within

if TYPE_CHECKING:
    from clinicplan.coverage import ServiceCircles

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

LIMITS_MS: Final = tuple(minutes * MS_PER_MIN for minutes in (30, 120, 24 * 60))
"""Ways are looked for within half an hour, then those not found within two hours, then within a day; no way within a
county takes longer."""
LIMITS_MM: Final = (20_000_000, 80_000_000, 500_000_000)
"""The same for lengths: 20, 80 and 500 km."""
SOURCES_AT_ONCE: Final = 256
"""Searches from this many points keep the table of what they reach small."""
EVER: Final = Standard(LIMITS_MS[-1], None, ())
"""A circle that leaves nobody out who has a way."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of some pairs, row by row.

    Parameters
    ----------
    time_ms, length_mm
        Shape (pairs): of the quickest way, or the shortest; `UNREACHED` where there is none. A village of several
        natural villages takes the one farthest off, and has no way where any has none.
    """

    time_ms: Int64
    length_mm: Int64


class Journeys(Protocol):
    """What the rules may ask. Rows are those of the villages and facilities layers."""

    @property
    def mode(self) -> str:
        """Mode of the standard."""

    @property
    def modes(self) -> tuple[str, ...]:
        """Every mode there are roads for, the mode of the standard first."""

    @property
    def set_aside(self) -> Flags:
        """Shape (villages): those that no circle can be tested for: without place or people, or off every road."""

    def nearest(self, facilities: Flags, mode: str, standard: Standard = EVER) -> VillageTrips:
        """Return each village's trip to the nearest of some facilities; within the standard or not."""

    def ways(self, villages: Int64, facilities: Int64, mode: str, *, shortest: bool = False) -> Ways:
        """Return the way from villages to facilities, pair by pair."""

    def drives(self, facilities: Int64, others: Int64, mode: str) -> Int64:
        """Return the time from facilities to others, milliseconds, pair by pair; -1 where there is no way."""

    def roads_between(self, facilities: Int64, others: Int64, mode: str) -> Int64:
        """Return the shortest road, millimetres, between facilities, pair by pair: the shorter of both directions."""

    def straight_mm(self, facilities: Int64, others: Int64) -> Int64:
        """Return the straight line between facilities, whole millimetres, pair by pair; -1 without a position."""


@dataclass(frozen=True, eq=False)
class RoadJourneys:
    """Journeys along the roads of a county's service circles; answers are kept, since clauses ask the same.

    Parameters
    ----------
    circles
        The service circles, whose networks are searched again.
    """

    circles: ServiceCircles
    _nearest: dict[tuple[str, Weight, bytes], HomeTrips] = field(default_factory=dict, repr=False)
    _roads: dict[tuple[str, Weight], SearchGraph] = field(default_factory=dict, repr=False)
    _walks: dict[str, StraightWalks] = field(default_factory=dict, repr=False)

    @property
    def mode(self) -> str:
        """Mode of the standard."""
        return self.circles.rule.mode

    @property
    def modes(self) -> tuple[str, ...]:
        """Every mode there are roads for, the mode of the standard first."""
        return (self.mode, *(mode for mode in self.circles.searches if mode != self.mode))

    @property
    def set_aside(self) -> Flags:
        """Shape (villages): those that no circle can be tested for: without place or people, or off every road."""
        flags: Flags = self.circles.group == "pending"
        return flags

    def nearest(self, facilities: Flags, mode: str, standard: Standard = EVER) -> VillageTrips:
        """Return each village's trip to the nearest of some facilities; within the standard or not."""
        weight: Weight = "time" if standard.limit_ms is not None else "length"
        key = (mode, weight, np.packbits(facilities).tobytes())
        if key not in self._nearest:
            self._nearest[key] = self._nearest_homes(facilities, mode, weight)
        return by_village(self._nearest[key], self.circles.homes, standard)

    def ways(self, villages: Int64, facilities: Int64, mode: str, *, shortest: bool = False) -> Ways:
        """Return the way from villages to facilities, pair by pair."""
        search = self.circles.searches[mode]
        first, count = self._homes
        pair = np.repeat(np.arange(villages.size), count[villages])
        step = np.arange(pair.size) - np.repeat(np.cumsum(count[villages]) - count[villages], count[villages])
        home = first[villages[pair]] + step
        graph = search.by_length if shortest else search.by_time
        time, length = pair_trips(graph, home, facilities[pair] + search.n_homes)
        return Ways(_farthest(pair, time, villages.size), _farthest(pair, length, villages.size))

    def drives(self, facilities: Int64, others: Int64, mode: str) -> Int64:
        """Return the time from facilities to others, milliseconds, pair by pair; -1 where there is no way."""
        search = self.circles.searches[mode]
        start, end = facilities + search.n_homes, others + search.n_homes
        # The roads of the other direction are turned round.
        turned = self.circles.rule.direction != "to_facility"
        return pair_trips(search.by_time, *((end, start) if turned else (start, end)))[0]

    def roads_between(self, facilities: Int64, others: Int64, mode: str) -> Int64:
        """Return the shortest road, millimetres, between facilities, pair by pair: the shorter of both directions.

        The walks between door and road at both ends count; a straight walk off the road does not.
        """
        start, end = (rows + self.circles.searches[mode].n_homes for rows in (facilities, others))
        graph = self._road_graph(mode, "length")
        there, back = (pair_trips(graph, *pair)[1] for pair in ((start, end), (end, start)))
        both = (there != UNREACHED) & (back != UNREACHED)
        return np.where(start == end, 0, np.where(both, np.minimum(there, back), np.maximum(there, back)))

    def straight_mm(self, facilities: Int64, others: Int64) -> Int64:
        """Return the straight line between facilities, whole millimetres, pair by pair; -1 without a position."""
        x, y = self._positions
        metres = np.hypot(x[facilities] - x[others], y[facilities] - y[others])
        return np.where(np.isfinite(metres), np.round(np.nan_to_num(metres) * MM_PER_M), UNREACHED).astype(np.int64)

    @cached_property
    def _homes(self) -> tuple[Int64, Int64]:
        """First home and number of homes of each village; homes stand in the order of the villages."""
        homes = self.circles.homes
        count = np.bincount(homes.village, minlength=homes.n_villages).astype(np.int64)
        return np.cumsum(count) - count, count

    @cached_property
    def _positions(self) -> tuple[Float64, Float64]:
        points = self.circles.facilities.geometry.representative_point()
        return points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float)

    def _road_graph(self, mode: str, weight: Weight) -> SearchGraph:
        """Return the graph of a mode without straight walks."""
        if (mode, weight) not in self._roads:
            search = self.circles.searches[mode]
            graph = search.by_time if weight == "time" else search.by_length
            self._roads[mode, weight] = replace(graph, max_access_m=0.0)
        return self._roads[mode, weight]

    def _nearest_homes(self, facilities: Flags, mode: str, weight: Weight) -> HomeTrips:
        """Return the best trip of every home: by road, or a straight walk, the walks having been found once."""
        search = self.circles.searches[mode]
        road = nearest_homes(search, facilities, self.circles.rule, graph=self._road_graph(mode, weight))
        walks = self._straight_walks(mode)
        facility = walks.destination - search.n_homes
        chosen = facilities[facility]
        homes = np.flatnonzero(road.facility >= 0)
        home = np.r_[homes, walks.origin[chosen]]
        goal = np.r_[road.facility[homes], facility[chosen]].astype(np.int64)
        time = np.r_[road.time_ms[homes], walks.time_ms[chosen]]
        length = np.r_[road.length_mm[homes], walks.length_mm[chosen]]
        direct = np.r_[road.direct[homes], np.ones(int(chosen.sum()), dtype=bool)]
        first, second = (time, length) if weight == "time" else (length, time)
        order = np.lexsort((direct, self._by_id[goal], second, first, home))
        best = order[np.unique(home[order], return_index=True)[1]]
        return _placed(search.n_homes, home[best], HomeTrips(goal[best], time[best], length[best], direct[best]))

    def _straight_walks(self, mode: str) -> StraightWalks:
        """Return the straight walks from every home to every facility."""
        if mode not in self._walks:
            search, graph = self.circles.searches[mode], self.circles.searches[mode].by_time
            self._walks[mode] = straight_walks(
                search.joined.legs,
                np.arange(search.n_homes),
                np.arange(search.n_homes, graph.n_points),
                access_kmh=graph.access_kmh,
                max_access_m=graph.max_access_m,
                barrier_lines=search.joined.crossings,
            )
        return self._walks[mode]

    @cached_property
    def _by_id(self) -> Int64:
        """Place of each facility by its id."""
        names = self.circles.facilities["facility_id"].astype(str).to_numpy(dtype=object)
        return np.argsort(np.argsort(names, kind="stable"), kind="stable")


def _placed(n_homes: int, home: Int64, found: HomeTrips) -> HomeTrips:
    """Put the trips of some homes into a table of all."""
    trips = HomeTrips(
        np.full(n_homes, -1, dtype=np.int32),
        np.full(n_homes, UNREACHED, dtype=np.int64),
        np.full(n_homes, UNREACHED, dtype=np.int64),
        np.zeros(n_homes, dtype=bool),
    )
    trips.facility[home], trips.time_ms[home] = found.facility, found.time_ms
    trips.length_mm[home], trips.direct[home] = found.length_mm, found.direct
    return trips


def pair_trips(graph: SearchGraph, start: Int64, end: Int64) -> tuple[Int64, Int64]:
    """Find the best trip of every pair of points, searching near first and far only for what is not found.

    Parameters
    ----------
    graph
        Roads contracted by the weight that is minimised.
    start, end
        Shape (pairs): numbers of points.

    Returns
    -------
    time_ms, length_mm
        Shape (pairs): of the best trip, `UNREACHED` where there is none within a day or 500 km.
    """
    time, length = (np.full(start.size, UNREACHED, dtype=np.int64) for _ in range(2))
    open_pairs = np.arange(start.size)
    for limit in LIMITS_MS if graph.weight == "time" else LIMITS_MM:
        for chunk in _chunks(start[open_pairs], end[open_pairs]):
            rows = open_pairs[chunk]
            time[rows], length[rows] = _within(graph, start[rows], end[rows], limit)
        open_pairs = open_pairs[time[open_pairs] == UNREACHED]
    return time, length


def _chunks(start: Int64, end: Int64) -> Iterator[Int64]:
    """Divide pairs so that each part has few points on the side that has fewer."""
    if not start.size:
        return
    sides = [np.unique(points, return_inverse=True) for points in (start, end)]
    found, place = min(sides, key=lambda side: side[0].size)
    order = np.argsort(place, kind="stable")
    cuts = np.searchsorted(place[order], np.arange(SOURCES_AT_ONCE, found.size, SOURCES_AT_ONCE))
    yield from np.split(order, cuts)


def _within(graph: SearchGraph, start: Int64, end: Int64, limit: int) -> tuple[Int64, Int64]:
    """Return time and length of the trips of pairs within a limit of the graph's weight."""
    first, origin = np.unique(start, return_inverse=True)
    last, destination = np.unique(end, return_inverse=True)
    bound = {"limit_ms": limit} if graph.weight == "time" else {"limit_mm": limit}
    found = trips_within(graph, first, last, **bound)
    key = found.origin.astype(np.int64) * last.size + found.destination  # ascending: trips come in this order
    wanted = origin * last.size + destination
    at = np.minimum(np.searchsorted(key, wanted), max(key.size - 1, 0))
    hit = key[at] == wanted if key.size else np.zeros(wanted.size, dtype=bool)
    return tuple(  # type: ignore[return-value]
        np.where(hit, values[at] if key.size else UNREACHED, UNREACHED) for values in (found.time_ms, found.length_mm)
    )


def _farthest(pair: Int64, value: Int64, n_pairs: int) -> Int64:
    """Return the largest value of each pair; `UNREACHED` where it has none, or any of them is."""
    most = np.full(n_pairs, UNREACHED, dtype=np.int64)
    np.maximum.at(most, pair, value)
    most[pair[value == UNREACHED]] = UNREACHED
    return most
