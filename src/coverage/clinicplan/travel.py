"""Travel times between points and roads: bounded tables, the nearest facility, times of every node.

A trip is the quicker of two: the road, with a walk to it at one end and from it at the other, and the straight walk where
the points are near and nothing bars the way. Times are whole milliseconds, lengths whole millimetres, limits inclusive.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import Fault, LayerError, NetworkError, Severity
from clinicplan.network import Flags, Int32, RoadNetwork
from clinicplan.search import SearchArcs, nearest_seeds, node_numbers, reached_table, search_arcs
from clinicplan.simplification import CoreNetwork, Weight, simplify
from clinicplan.standard import MM_PER_M, MS_PER_S, milliseconds
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from scipy.sparse import csr_matrix

    from clinicplan.joining import JoinedNetwork

Int64 = NDArray[np.int64]
Direction = Literal["to_facility", "from_facility"]

ID_COLUMNS: Final = ("village_id", "facility_id", "natural_village_id", "candidate_id", "id")
"""Columns that hold the ids of a layer, the first present one is taken."""


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Trips from origins to destinations in long form, one row a pair; pairs without a trip are absent.

    Parameters
    ----------
    origin_ids, destination_ids
        Ids of all points asked, with or without a trip.
    origin, destination
        Shape (trips): rows into the ids; trips ascend by origin, then destination.
    time_ms, length_mm
        Shape (trips): whole milliseconds and millimetres, walks at both ends included.
    direct
        Shape (trips): the trip is a straight walk off the road.
    origin_name, destination_name
        Column names of the ids in `to_frame`.
    """

    origin_ids: NDArray[np.object_]
    destination_ids: NDArray[np.object_]
    origin: Int32
    destination: Int32
    time_ms: Int64
    length_mm: Int64
    direct: Flags
    origin_name: str = "origin_id"
    destination_name: str = "destination_id"

    def __repr__(self) -> str:
        return (
            f"TravelTimes({self.origin.size:,} trips, {self.origin_ids.size:,} x {self.destination_ids.size:,} points)"
        )

    def __len__(self) -> int:
        return int(self.origin.size)

    def to_frame(self) -> pd.DataFrame:
        """Return the trips as a table: ids, `time_s`, `length_m` and `way` (road or direct)."""
        import pandas as pd

        return pd.DataFrame(
            {
                self.origin_name: self.origin_ids[self.origin],
                self.destination_name: self.destination_ids[self.destination],
                "time_s": self.time_ms / MS_PER_S,
                "length_m": self.length_mm / MM_PER_M,
                "way": np.where(self.direct, "direct", "road").astype(object),
            }
        )


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


class _Trips(NamedTuple):
    """Candidate trips between rows of two lists of points, by the two weights in the order that is minimised."""

    origin: Int64
    destination: Int64
    first: Int64
    second: Int64
    direct: Flags

    def only(self, rows: NDArray[Any]) -> _Trips:
        return _Trips(*(values[rows] for values in self))


def prepare_search(
    joined: JoinedNetwork, *, weight: Weight = "time", access_kmh: float = 4.0, max_access_m: float = 2000.0
) -> SearchGraph:
    """Contract the roads of some points for one weight.

    Parameters
    ----------
    joined
        Roads and points, from `clinicplan.joining.join_points`.
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
        raise NetworkError(f"a graph by {graph.weight} needs a limit of at least 0 in {_unit(graph.weight)}")
    starts, ends = _points(graph, origins, "origins"), _points(graph, destinations, "destinations")
    candidates = _joined_trips(
        _road_trips(graph, starts.point, ends.point, first_limit), _straight(graph, starts, ends)
    )
    held = candidates.first <= first_limit
    if second_limit is not None:
        held &= candidates.second <= second_limit
    best = _best_by(candidates.only(held), by_destination=True)
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
    candidates = _joined_trips(_nearest_by_road(graph, starts.point, ranked.point), _straight(graph, starts, ranked))
    return _travel_times(graph, starts, ranked, _best_by(candidates, by_destination=False))


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
        Shape (sources, nodes or targets): seconds, whole milliseconds. A stored zero is zero seconds, an absent entry is
        beyond the limit.

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
    from clinicplan.joining import join_points
    from clinicplan.snapping import find_access

    if not np.isfinite(limit_min) or limit_min <= 0:
        raise NetworkError(f"limit_min must be positive and finite, got {limit_min}")
    start, end = _place_layers(network, origins, destinations)
    ids, x, y = (np.concatenate(pair) for pair in zip(start[1:], end[1:], strict=True))
    legs = find_access(network, ids, x, y, access_kmh=access_kmh, max_access_m=max_access_m)
    graph = prepare_search(join_points(network, legs), access_kmh=access_kmh, max_access_m=max_access_m)
    number = np.arange(ids.size)
    found = trips_within(graph, number[: start.ids.size], number[start.ids.size :], limit_ms=milliseconds(limit_min))
    names = (start.name, end.name) if start.name != end.name else ("origin_id", "destination_id")
    return replace(found, origin_name=names[0], destination_name=names[1])


# --- points -----------------------------------------------------------------------------------------------------------


class _Points(NamedTuple):
    """Distinct points of a list, and where in the list each stands."""

    asked: Int64
    point: Int64
    place: Int64


def _points(graph: SearchGraph, numbers: ArrayLike, name: str) -> _Points:
    asked = node_numbers(numbers, graph.n_points, name).astype(np.int64)
    point, place = np.unique(asked, return_inverse=True)
    return _Points(asked, point, place)


def _by_id(graph: SearchGraph, points: _Points) -> _Points:
    """Number distinct points by ascending id, so that the smaller number is the smaller id."""
    ids = graph.joined.legs.ids[points.point].astype(str)
    order = np.argsort(ids, kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return _Points(points.asked, points.point[order], rank[points.place])


def _core_nodes(core: CoreNetwork, nodes: Int32) -> Int32:
    return np.where(nodes >= 0, core.core_of[np.maximum(nodes, 0)], -1).astype(np.int32)


def _by_weight(weight: Weight, time: Any, length: Any) -> tuple[Any, Any]:
    return (time, length) if weight == "time" else (length, time)


def _unit(weight: Weight) -> str:
    return "ms" if weight == "time" else "mm"


# --- trips ------------------------------------------------------------------------------------------------------------


def _road_trips(graph: SearchGraph, start: Int64, end: Int64, limit: int) -> _Trips:
    """Find the trips by road between two lists of distinct points."""
    out, back = _Side.of(graph.departure[start]), _Side.of(graph.arrival[end])
    least = sum(
        int(graph.legs.first[side.on(points)].min(initial=2**62)) for side, points in ((out, start), (back, end))
    )
    road_limit = limit - least
    if road_limit < 0:
        return _no_trips()
    forward = out.node.size <= back.node.size
    near, far = (out, back) if forward else (back, out)
    column = np.full(graph.core.raw_of.size, -1, dtype=np.int32)
    column[far.node] = np.arange(far.node.size, dtype=np.int32)
    arcs = graph.forward if forward else graph.backward
    found = reached_table(arcs, near.node, limit=road_limit, column=column, both=True)
    row = np.repeat(np.arange(near.node.size), np.diff(found.indptr))
    one, other, entry = _point_pairs(near, far, row, found.column)
    origin, destination = (one, other) if forward else (other, one)
    legs, a, b = graph.legs, start[origin], end[destination]
    first, second = (
        found.first[entry] + legs.first[a] + legs.first[b],
        found.second[entry] + legs.second[a] + legs.second[b],
    )
    trips = _Trips(origin, destination, first, second, np.zeros(first.size, dtype=bool))
    return trips.only(first <= limit)


class _Side(NamedTuple):
    """Points grouped by the core node they use: those of node i are `point[indptr[i]:indptr[i + 1]]`."""

    node: Int32
    indptr: Int64
    point: Int64

    @classmethod
    def of(cls, nodes: Int32) -> _Side:
        rows = np.flatnonzero(nodes >= 0)
        rows = rows[np.argsort(nodes[rows], kind="stable")]
        node, first = np.unique(nodes[rows], return_index=True)
        return cls(node, np.append(first, rows.size), rows)

    def on(self, points: Int64) -> Int64:
        return points[self.point]


def _point_pairs(near: _Side, far: _Side, row: Int64, column: Int32) -> tuple[Int64, Int64, Int64]:
    """Turn pairs of nodes into pairs of points: rows of both lists, and of the pair of nodes."""
    many = np.diff(far.indptr)[column]
    count = np.diff(near.indptr)[row] * many
    entry = np.repeat(np.arange(row.size), count)
    step = np.arange(entry.size) - np.repeat(np.cumsum(count) - count, count)
    one = near.point[near.indptr[row[entry]] + step // many[entry]]
    other = far.point[far.indptr[column[entry]] + step % many[entry]]
    return one, other, entry


def _nearest_by_road(graph: SearchGraph, start: Int64, end: Int64) -> _Trips:
    """Find the best destination of each origin by road; ties take the destination listed first."""
    ends = np.flatnonzero(graph.arrival[end] >= 0)
    starts = np.flatnonzero(graph.departure[start] >= 0)
    if ends.size == 0 or starts.size == 0:
        return _no_trips()
    legs, goal, source = graph.legs, end[ends], start[starts]
    best = nearest_seeds(graph.backward, graph.arrival[goal], legs.first[goal], legs.second[goal])
    node = graph.departure[source]
    trips = _Trips(
        starts,
        ends[best.seed[node]],
        best.first[node] + legs.first[source],
        best.second[node] + legs.second[source],
        np.zeros(starts.size, dtype=bool),
    )
    return trips.only(best.seed[node] >= 0)


def _straight(graph: SearchGraph, starts: _Points, ends: _Points) -> _Trips:
    """Find the straight walks between two lists of distinct points."""
    from clinicplan.straight_walks import straight_walks

    if starts.point.size == 0 or ends.point.size == 0:
        return _no_trips()
    walks = straight_walks(
        graph.joined.legs,
        starts.point,
        ends.point,
        access_kmh=graph.access_kmh,
        max_access_m=graph.max_access_m,
        barrier_lines=graph.joined.crossings,
    )
    first, second = _by_weight(graph.weight, walks.time_ms, walks.length_mm)
    row_of = np.full(graph.n_points, -1, dtype=np.int64)
    row_of[starts.point] = np.arange(starts.point.size)
    origin = row_of[walks.origin]
    row_of[ends.point] = np.arange(ends.point.size)
    return _Trips(origin, row_of[walks.destination], first, second, np.ones(origin.size, dtype=bool))


def _no_trips() -> _Trips:
    none = np.zeros(0, dtype=np.int64)
    return _Trips(none, none, none, none, none.astype(bool))


def _joined_trips(*parts: _Trips) -> _Trips:
    return _Trips(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _best_by(trips: _Trips, *, by_destination: bool) -> _Trips:
    """Keep the best trip of each pair, or of each origin: least first, second, destination, road before straight walk."""
    keys = (trips.direct, trips.destination, trips.second, trips.first, trips.origin)
    if by_destination:
        keys = (trips.direct, trips.second, trips.first, trips.destination, trips.origin)
    ordered = trips.only(np.lexsort(keys))
    new = np.ones(ordered.origin.size, dtype=bool)
    new[1:] = ordered.origin[1:] != ordered.origin[:-1]
    if by_destination:
        new[1:] |= ordered.destination[1:] != ordered.destination[:-1]
    return ordered.only(new)


def _travel_times(graph: SearchGraph, starts: _Points, ends: _Points, trips: _Trips) -> TravelTimes:
    """Bring trips between distinct points back to the lists as asked."""
    from_all, to_all = _Side.of(starts.place.astype(np.int32)), _Side.of(ends.place.astype(np.int32))
    origin, destination, entry = _point_pairs(from_all, to_all, trips.origin, trips.destination.astype(np.int32))
    if not np.array_equal(starts.place, np.arange(starts.place.size)) or ends.place.size:
        order = np.lexsort((destination, origin))
        origin, destination, entry = origin[order], destination[order], entry[order]
    time_ms, length_mm = _by_weight(graph.weight, trips.first[entry], trips.second[entry])
    ids = graph.joined.legs.ids
    return TravelTimes(
        ids[starts.asked], ids[ends.asked], origin.astype(np.int32), destination.astype(np.int32),
        time_ms, length_mm, trips.direct[entry],
    )  # fmt: skip


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


# --- layers -----------------------------------------------------------------------------------------------------------


class _Layer(NamedTuple):
    name: str
    ids: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


def _place_layers(
    network: RoadNetwork, origins: gpd.GeoDataFrame, destinations: gpd.GeoDataFrame
) -> tuple[_Layer, _Layer]:
    layers = (("origins", origins), ("destinations", destinations))
    faults = tuple(found for name, layer in layers for found in _layer_faults(network, name, layer))
    if faults:
        raise LayerError(*faults)
    if not network.crs and origins.crs != destinations.crs:
        destinations = destinations.to_crs(origins.crs)
    return _placed(network, origins), _placed(network, destinations)


def _layer_faults(network: RoadNetwork, name: str, layer: gpd.GeoDataFrame) -> Iterator[Fault]:
    if layer.crs is None:
        yield fault(Severity.ERROR, "missing_crs", layer=name, subject="travel")
    elif not network.crs and not layer.crs.is_projected:
        yield fault(Severity.ERROR, "other_crs", layer=name, subject="travel", found=layer.crs.to_string())
    column, ids = _ids(layer)
    repeated = ids[_repeats(ids)]
    if repeated.size:
        yield fault(
            Severity.ERROR, "repeated_id", layer=name, subject="travel", column=column,
            ids=tuple(np.unique(repeated.astype(str)).tolist()), count=int(repeated.size),
        )  # fmt: skip


def _ids(layer: gpd.GeoDataFrame) -> tuple[str, NDArray[np.object_]]:
    column = next((name for name in ID_COLUMNS if name in layer.columns), "")
    values = layer[column] if column else layer.index.to_series()
    return column or "index", values.astype(str).to_numpy(dtype=object)


def _repeats(ids: NDArray[np.object_]) -> Flags:
    _, place, count = np.unique(ids.astype(str), return_inverse=True, return_counts=True)
    return np.asarray(count[place] > 1)


def _placed(network: RoadNetwork, layer: gpd.GeoDataFrame) -> _Layer:
    column, ids = _ids(layer)
    placed = layer.geometry.to_crs(network.crs) if network.crs else layer.geometry
    points = placed.representative_point()
    return _Layer(column, ids, points.x.to_numpy(dtype=np.float64), points.y.to_numpy(dtype=np.float64))
