"""Travel times between points and roads: bounded tables, the nearest facility, times of every node.

A trip is the quicker of two: the road, with a walk to it at one end and from it at the other, and the straight walk
where the points are near and nothing bars the way. Times are whole milliseconds, lengths whole millimetres, limits
inclusive.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import NetworkError
from clinicplan.network.graph import Int32, RoadNetwork
from clinicplan.network.simplification import CoreNetwork, Weight, simplify
from clinicplan.standard import MS_PER_S, milliseconds
from clinicplan.travel.nearest import nearest_seeds
from clinicplan.travel.placed_layers import place_layers
from clinicplan.travel.search import LARGEST_LIMIT, SearchArcs, node_numbers, reached_table, search_arcs
from clinicplan.travel.trips import Groups, Pairs, TravelTimes, row_pairs

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_matrix

    from clinicplan.network.joining import JoinedNetwork

__all__ = [
    "Direction",
    "SearchGraph",
    "TravelTimes",
    "nearest_trips",
    "node_times",
    "prepare_search",
    "travel_times",
    "trips_within",
]

Int64 = NDArray[np.int64]
Direction = Literal["to_facility", "from_facility"]


@dataclass(frozen=True, eq=False)
class SearchGraph:
    """A contracted network with the points that trips start and end at; make one with `prepare_search`.

    Parameters
    ----------
    joined
        Roads with entries, and the walks to them.
    core
        The contracted roads, exact for `core.weight`.
    departure, arrival
        Shape (points): core node where a trip from (to) the point enters (leaves) the road, -1 where none.
    access_kmh, max_access_m
        Speed and longest length of straight walks from point to point.
    """

    joined: JoinedNetwork = field(repr=False)
    core: CoreNetwork
    departure: Int32 = field(repr=False)
    arrival: Int32 = field(repr=False)
    access_kmh: float
    max_access_m: float

    @property
    def weight(self) -> Weight:
        """The weight that routes minimise."""
        return self.core.weight

    @property
    def n_points(self) -> int:
        """Number of points that were joined."""
        return int(self.departure.size)

    @cached_property
    def forward(self) -> SearchArcs:
        """Core edges in their direction."""
        return search_arcs(self.core.network, weight=self.weight)

    @cached_property
    def backward(self) -> SearchArcs:
        """Core edges against their direction."""
        return search_arcs(self.core.network, weight=self.weight, backward=True)

    @cached_property
    def legs(self) -> _Legs:
        """Walks between points and road in the order of the weights: the minimised one first."""
        return _Legs(*_by_weight(self.weight, self.joined.legs.access_ms, self.joined.legs.access_mm))


class _Legs(NamedTuple):
    first: Int64
    second: Int64


def prepare_search(
    joined: JoinedNetwork, *, weight: Weight = "time", access_kmh: float = 4.0, max_access_m: float = 2000.0
) -> SearchGraph:
    """Contract the roads of some points for one weight.

    Parameters
    ----------
    joined
        Roads and points, from `clinicplan.network.joining.join_points`.
    weight
        What trips minimise: `time` for circles by minutes, `length` for circles by distance.
    access_kmh, max_access_m
        Speed and longest length of straight walks from point to point.

    Returns
    -------
    graph
        What `trips_within` and `nearest_trips` search; it holds for any choice of origins and destinations.
    """
    kept = np.concatenate([joined.departure, joined.arrival])
    core = simplify(joined.network, kept[kept >= 0], weight=weight)
    departure, arrival = (_core_nodes(core, nodes) for nodes in (joined.departure, joined.arrival))
    return SearchGraph(joined, core, departure, arrival, access_kmh, max_access_m)


def trips_within(
    graph: SearchGraph,
    origins: ArrayLike,
    destinations: ArrayLike,
    *,
    limit_ms: int | None = None,
    limit_mm: int | None = None,
) -> TravelTimes:
    """Find every trip from an origin to a destination within a limit.

    Of road and straight walk the better by the graph's weight is taken, at equal weight the better by the other, at
    equality the road. The search runs from whichever side has fewer places.

    Parameters
    ----------
    graph
        Roads contracted by the weight that the limit is about.
    origins, destinations
        Numbers of points, in the order they were joined; repeats allowed.
    limit_ms, limit_mm
        Largest time or length of the whole trip, inclusive. The one of the graph's weight is needed; the other, if
        given, drops trips afterwards and does not look for detours.

    Returns
    -------
    trips
        Rows refer to the two lists as given.

    Raises
    ------
    NetworkError
        If a number is no point or the limit is missing or negative.
    """
    first_limit, second_limit = _by_weight(graph.weight, limit_ms, limit_mm)
    if first_limit is None or first_limit < 0:
        raise NetworkError(
            f"a graph by {graph.weight} needs a limit of at least 0 in {'ms' if graph.weight == 'time' else 'mm'}"
        )
    starts, ends = _points(graph, origins, "origins"), _points(graph, destinations, "destinations")
    by_road = _road_trips(graph, starts.point, ends.point, first_limit)
    candidates = Pairs.joined(by_road, _straight(graph, starts, ends))
    best = candidates.only(candidates.first <= first_limit).best_of_pair()
    if second_limit is not None:
        best = best.only(best.second <= second_limit)
    return _travel_times(graph, starts, ends, best)


def nearest_trips(graph: SearchGraph, origins: ArrayLike, destinations: ArrayLike) -> TravelTimes:
    """Find the best trip from each origin to any destination, however far.

    Ties by the graph's weight take the smaller other figure, then the smaller destination id.

    Parameters
    ----------
    graph
        Roads contracted by the weight that decides.
    origins, destinations
        Numbers of points, in the order they were joined; repeats allowed.

    Returns
    -------
    trips
        At most one row an origin; origins that reach nothing have none.
    """
    starts, ends = _points(graph, origins, "origins"), _points(graph, destinations, "destinations")
    ranked = _by_id(graph, ends)
    by_road = _nearest_by_road(graph, starts.point, ranked.point)
    candidates = Pairs.joined(by_road, _straight(graph, starts, ranked))
    return _travel_times(graph, starts, ranked, candidates.best_of_origin())


def node_times(
    network: RoadNetwork,
    sources: ArrayLike,
    *,
    limit_s: float,
    direction: Direction = "to_facility",
    targets: ArrayLike | None = None,
) -> csr_matrix:
    """Compute travel times between source nodes and all nodes, or some, within a limit.

    Parameters
    ----------
    network
        Roads of one mode, searched as they are: without access legs, private roads like any other.
    sources
        Node numbers of the facilities; repeats allowed.
    limit_s
        Largest time in seconds, inclusive, compared in whole milliseconds.
    direction
        `to_facility`: the time from the node to the source; `from_facility`: from the source to the node.
    targets
        Node numbers of the columns, in this order, repeats allowed; default all nodes.

    Returns
    -------
    times
        Shape (sources, nodes or targets): seconds, whole milliseconds. A stored zero is zero seconds, an absent entry
        is beyond the limit.

    Raises
    ------
    NetworkError
        If a source or target is no node, the limit is negative, not finite or beyond 24 days, or the direction unknown.

    Examples
    --------
    >>> road = RoadNetwork.from_edges([0, 1], [1, 2], [60.0, 90.0])
    >>> times = node_times(road, [2], limit_s=100)
    >>> times.indices.tolist(), times.data.tolist()
    ([1, 2], [90.0, 0.0])
    """
    from scipy.sparse import csr_matrix

    if direction not in ("to_facility", "from_facility"):
        raise NetworkError(f"direction must be to_facility or from_facility, got {direction!r}")
    arcs = _prepared_arcs(network, backward=direction == "to_facility")
    wanted = None if targets is None else node_numbers(targets, network.n_nodes, "targets")
    column, distinct = _columns(network.n_nodes, wanted)
    found = reached_table(arcs, sources, limit=_limit_ms(limit_s), column=column)
    width = network.n_nodes if distinct is None else distinct.size
    table = csr_matrix((found.first / MS_PER_S, found.column, found.indptr), shape=(found.rows.size, width))
    if wanted is not None and distinct is not None and distinct.size < wanted.size:
        table = table[:, np.searchsorted(distinct, wanted)]
        table.sort_indices()
    return table


def travel_times(
    network: RoadNetwork,
    origins: gpd.GeoDataFrame,
    destinations: gpd.GeoDataFrame,
    *,
    limit_min: float,
    access_kmh: float = 4.0,
    max_access_m: float = 2000.0,
) -> TravelTimes:
    """Travel time from every origin to every destination within a limit, walks to and from the road included.

    Points join the nearest road that the mode may use, part-way along it. Rows without a place, off the road or behind
    a barrier have no trips by road. Layers are reprojected to the network's coordinate system; areas and lines are
    represented by a point inside them.

    Parameters
    ----------
    network
        Roads of one mode.
    origins, destinations
        Layers with ids in `village_id`, `facility_id`, `natural_village_id`, `candidate_id` or `id`, else the index.
    limit_min
        Largest time of the whole trip in minutes, inclusive. Must be positive.
    access_kmh
        Speed of the walks.
    max_access_m
        Longest walk.

    Returns
    -------
    times
        One row a pair within the limit; `to_frame()` gives ids, `time_s`, `length_m`, `way`.

    Raises
    ------
    LayerError
        If an id is repeated or a layer has no coordinate system.
    NetworkError
        If the limit is not positive and finite.
    """
    from clinicplan.network.joining import join_points
    from clinicplan.network.snapping import find_access

    if not np.isfinite(limit_min) or limit_min <= 0:
        raise NetworkError(f"limit_min must be positive and finite, got {limit_min}")
    start, end = place_layers(network, origins, destinations)
    ids, x, y = (np.concatenate(pair) for pair in zip(start[1:], end[1:], strict=True))
    legs = find_access(network, ids, x, y, access_kmh=access_kmh, max_access_m=max_access_m)
    graph = prepare_search(join_points(network, legs), access_kmh=access_kmh, max_access_m=max_access_m)
    number = np.arange(ids.size)
    found = trips_within(graph, number[: start.ids.size], number[start.ids.size :], limit_ms=milliseconds(limit_min))
    names = (start.name, end.name) if start.name != end.name else ("origin_id", "destination_id")
    return replace(found, origin_name=names[0], destination_name=names[1])


# --- points -----------------------------------------------------------------------------------------------------------


class _Points(NamedTuple):
    """Distinct points of a list, and which of them stands at each place of the list."""

    asked: Int64
    point: Int64
    place: Int64


def _points(graph: SearchGraph, numbers: ArrayLike, name: str) -> _Points:
    asked = node_numbers(numbers, graph.n_points, name).astype(np.int64)
    point, place = np.unique(asked, return_inverse=True)
    return _Points(asked, point, place)


def _by_id(graph: SearchGraph, points: _Points) -> _Points:
    """Order distinct points by id, so that the smaller row is the smaller id."""
    order = np.argsort(graph.joined.legs.ids[points.point].astype(str), kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return _Points(points.asked, points.point[order], rank[points.place])


def _core_nodes(core: CoreNetwork, nodes: Int32) -> Int32:
    return np.where(nodes >= 0, core.core_of[np.maximum(nodes, 0)], -1).astype(np.int32)


def _by_weight(weight: Weight, time: Any, length: Any) -> tuple[Any, Any]:
    return (time, length) if weight == "time" else (length, time)


# --- trips ------------------------------------------------------------------------------------------------------------


def _road_trips(graph: SearchGraph, start: Int64, end: Int64, limit: int) -> Pairs:
    """Find the trips by road between two lists of distinct points."""
    out, back = Groups.of(graph.departure[start]), Groups.of(graph.arrival[end])
    # No trip is shorter than the shortest walks at its ends, so the roads are searched only for the rest.
    rest = limit - _least(graph.legs.first[start[out.row]]) - _least(graph.legs.first[end[back.row]])
    if rest < 0:
        return Pairs.none()
    forward = out.key.size <= back.key.size
    near, far = (out, back) if forward else (back, out)
    column = np.full(graph.core.raw_of.size, -1, dtype=np.int32)
    column[far.key] = np.arange(far.key.size, dtype=np.int32)
    found = reached_table(
        graph.forward if forward else graph.backward, near.key, limit=min(rest, LARGEST_LIMIT), column=column, both=True
    )
    row = np.repeat(np.arange(near.key.size), np.diff(found.indptr))
    near_row, far_row, entry = row_pairs(near, far, row, found.column)
    origin, destination = (near_row, far_row) if forward else (far_row, near_row)
    trips = _with_legs(graph, start[origin], end[destination], found.first[entry], found.second[entry])
    return trips._replace(origin=origin, destination=destination).only(trips.first <= limit)


def _least(values: Int64) -> int:
    return int(values.min(initial=LARGEST_LIMIT + 1))


def _with_legs(graph: SearchGraph, start: Int64, end: Int64, first: Int64, second: Int64) -> Pairs:
    """Add the walks at both ends to what the roads take."""
    legs = graph.legs
    return Pairs(
        start,
        end,
        first + legs.first[start] + legs.first[end],
        second + legs.second[start] + legs.second[end],
        np.zeros(start.size, dtype=bool),
    )


def _nearest_by_road(graph: SearchGraph, start: Int64, end: Int64) -> Pairs:
    """Find the best destination of each origin by road; ties take the destination listed first."""
    starts, ends = np.flatnonzero(graph.departure[start] >= 0), np.flatnonzero(graph.arrival[end] >= 0)
    legs, goal = graph.legs, end[ends]
    best = nearest_seeds(graph.backward, graph.arrival[goal], legs.first[goal], legs.second[goal])
    node = graph.departure[start[starts]]
    reached = best.seed[node] >= 0
    starts, node = starts[reached], node[reached]
    first, second = (best.first[node] + legs.first[start[starts]], best.second[node] + legs.second[start[starts]])
    return Pairs(starts, ends[best.seed[node]], first, second, np.zeros(starts.size, dtype=bool))


def _straight(graph: SearchGraph, starts: _Points, ends: _Points) -> Pairs:
    """Find the straight walks between two lists of distinct points."""
    from clinicplan.network.straight_walks import straight_walks

    walks = straight_walks(
        graph.joined.legs,
        starts.point,
        ends.point,
        access_kmh=graph.access_kmh,
        max_access_m=graph.max_access_m,
        barrier_lines=graph.joined.crossings,
    )
    row = np.empty(graph.n_points, dtype=np.int64)
    row[starts.point] = np.arange(starts.point.size)
    origin = row[walks.origin]
    row[ends.point] = np.arange(ends.point.size)
    first, second = _by_weight(graph.weight, walks.time_ms, walks.length_mm)
    return Pairs(origin, row[walks.destination], first, second, np.ones(origin.size, dtype=bool))


def _travel_times(graph: SearchGraph, starts: _Points, ends: _Points, trips: Pairs) -> TravelTimes:
    """Bring trips between distinct points back to the lists as asked, by origin, then destination."""
    origin, destination, trip = row_pairs(
        Groups.of(starts.place), Groups.of(ends.place), trips.origin, trips.destination
    )
    order = np.lexsort((destination, origin))
    trip = trip[order]
    time_ms, length_mm = _by_weight(graph.weight, trips.first[trip], trips.second[trip])
    ids = graph.joined.legs.ids
    return TravelTimes(
        origin_ids=ids[starts.asked],
        destination_ids=ids[ends.asked],
        origin=origin[order].astype(np.int32),
        destination=destination[order].astype(np.int32),
        time_ms=time_ms,
        length_mm=length_mm,
        direct=trips.direct[trip],
    )


# --- nodes ------------------------------------------------------------------------------------------------------------

_arcs_of: weakref.WeakKeyDictionary[RoadNetwork, dict[bool, SearchArcs]] = weakref.WeakKeyDictionary()
_arcs_lock = threading.Lock()


def _prepared_arcs(network: RoadNetwork, *, backward: bool) -> SearchArcs:
    """Group the edges once per network and direction; forgotten with the network."""
    with _arcs_lock:
        known = _arcs_of.setdefault(network, {})
        if backward not in known:
            known[backward] = search_arcs(network, backward=backward)
        return known[backward]


def _limit_ms(limit_s: float) -> int:
    if not np.isfinite(limit_s) or limit_s < 0:
        raise NetworkError(f"limit_s must be finite and at least 0, got {limit_s}")
    return round(limit_s * MS_PER_S)


def _columns(n_nodes: int, targets: Int32 | None) -> tuple[Int32 | None, NDArray[np.int32] | None]:
    """Return the column of each node and the node of each column where targets repeat.

    Distinct targets have the columns asked; with repeats, columns are those of the sorted distinct targets.
    """
    if targets is None:
        return None, None
    column = np.full(n_nodes, -1, dtype=np.int32)
    column[targets] = np.arange(targets.size, dtype=np.int32)
    distinct = targets
    if (column[targets] != np.arange(targets.size)).any():
        distinct = np.unique(targets)
        column[distinct] = np.arange(distinct.size, dtype=np.int32)
    return column, distinct
