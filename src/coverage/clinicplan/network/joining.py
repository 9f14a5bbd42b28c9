"""Join points to the road network: roads split where points enter, private roads turned into ways in and out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.network.crossings import Crossings, index_barriers
from clinicplan.network.pieces import RoadPieces
from clinicplan.network.private_roads import PRIVATE_LIMIT_MM, PrivateEdges, reach

if TYPE_CHECKING:
    from clinicplan.network.graph import RoadNetwork
    from clinicplan.network.snapping import AccessLegs

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_SEGMENT: Final = -1
"""Segment number and raw edge of the ways in and out that stand for private roads."""


@dataclass(frozen=True, eq=False)
class JoinedNetwork:
    """A road network that points can be searched from and to.

    Parameters
    ----------
    network
        The roads. Nodes of the raw network keep their numbers; nodes where points enter are appended.
    departure, arrival
        Shape (points): node where a trip from (to) the point starts (ends), -1 where it reaches no road. They differ
        only on private roads, so that nobody passes through.
    legs
        The walks between points and road.
    raw_edge
        Shape (edges of `network`): row of the raw edge that each is or is part of, -1 for ways on private roads.
    """

    network: RoadNetwork
    departure: Int32
    arrival: Int32
    legs: AccessLegs
    raw_edge: Int32

    def __repr__(self) -> str:
        return f"JoinedNetwork({self.departure.size:,} points on {self.network!r})"

    @cached_property
    def crossings(self) -> Crossings:
        """The barriers that walks must not cross; takes the place of `barrier_lines` in `straight_walks`."""
        known = self.legs.roads
        if known is not None and known.network.barrier_lines is self.network.barrier_lines:
            return known.crossings
        return index_barriers(self.network.barrier_lines)


@dataclass(frozen=True, eq=False)
class _Entries:
    """Where points enter the road.

    `node` is the entry of each point (-1: none). New nodes lie at `share` along `piece`, sorted, and are numbered from
    the raw network's node count upwards.
    """

    node: Int64
    piece: Int64
    share: Float64


@dataclass(frozen=True, eq=False)
class _Edges:
    """Directed edges with the raw edge they come from."""

    tail: Int64
    head: Int64
    time_ms: Int64
    length_mm: Int64
    raw_edge: Int64

    def only(self, chosen: NDArray[Any]) -> _Edges:
        return _Edges(*(values[chosen] for values in vars(self).values()))

    def and_then(self, others: _Edges) -> _Edges:
        return _Edges(*(np.concatenate(pair) for pair in zip(vars(self).values(), vars(others).values(), strict=True)))

    def private(self) -> PrivateEdges:
        return PrivateEdges(self.tail, self.head, self.time_ms, self.length_mm)


def join_points(network: RoadNetwork, legs: AccessLegs) -> JoinedNetwork:
    """Split the roads where points enter, so that each point has a node.

    Entries lie on a grid of whole millimetres along the straight piece: points that share a place share a node, and a
    point at the end of a piece gets the node that is there. Both directions are split at the same places. Times and
    lengths of the parts are differences of rounded running totals, so they add up to the whole to the millisecond and
    millimetre, and distances between raw nodes stay what they were.

    Private roads (`through` False) are taken out. A point on one departs from its entry by direct ways to every open
    node, and arrives by direct ways from every open node, within 500 m along private roads; if ways differ in which is
    quickest and which is shortest, all worth having are there. Two points on private roads have a direct way of at most
    1 km (the first and the last 500 m of one trip). Points on open roads never use private ones but to get to such a
    point. Entries that can reach no open road keep a node without ways.

    Parameters
    ----------
    network
        The raw roads.
    legs
        What `find_access` found on them.

    Returns
    -------
    joined
        The network with entries, and the nodes of the points.

    Examples
    --------
    >>> from clinicplan.network.graph import RoadNetwork
    >>> from clinicplan.network.snapping import find_access
    >>> road = RoadNetwork.from_edges([0, 1], [1, 0], [72, 72], length_m=[1000, 1000], x=[0, 1000], y=[0, 0])
    >>> joined = join_points(road, find_access(road, ["V1"], [250.0], [100.0]))
    >>> joined.departure.tolist(), joined.network.time_ms.tolist()
    ([2], [18000, 54000, 18000, 54000])
    """
    roads = legs.roads if legs.roads is not None and legs.roads.network is network else network.pieces
    entries = _entries(roads, legs)
    edges = _split(roads, entries)
    through = np.ones(edges.tail.size, dtype=bool) if network.through is None else network.through[edges.raw_edge]
    n_nodes = network.n_nodes + entries.piece.size
    departure = arrival = entries.node
    opened = edges.only(through)
    if not through.all():
        is_open = np.zeros(n_nodes, dtype=bool)
        is_open[opened.tail] = is_open[opened.head] = True
        inner = np.unique(entries.node[entries.node >= 0])
        inner = inner[~is_open[inner]]
        ways = _ways(edges.only(~through).private(), inner, is_open)
        opened = opened.and_then(ways)
        arrival = _arrivals(entries.node, inner, n_nodes)
    return _joined(roads, legs, entries, opened, departure, arrival)


def _entries(roads: RoadPieces, legs: AccessLegs) -> _Entries:
    """Place the entries of all points; at the ends of a piece its nodes serve."""
    node = np.full(legs.edge.size, -1, dtype=np.int64)
    points = np.flatnonzero(legs.edge >= 0)
    piece = roads.piece_of[legs.edge[points]].astype(np.int64)
    along = roads.network.tail[legs.edge[points]] == roads.start[piece]
    stop = roads.stop_mm(piece, np.where(along, legs.fraction[points], 1.0 - legs.fraction[points]))
    at_start, at_end = stop <= 0, stop >= roads.straight_mm[piece]
    node[points] = np.where(at_start, roads.start[piece], roads.end[piece])
    inside = np.flatnonzero(~at_start & ~at_end)
    places, number = np.unique(np.stack([piece[inside], stop[inside]], axis=1), axis=0, return_inverse=True)
    node[points[inside]] = roads.network.n_nodes + number.reshape(-1)
    return _Entries(node, places[:, 0], roads.stop_share(places[:, 0], places[:, 1]))


def _split(roads: RoadPieces, entries: _Entries) -> _Edges:
    """Return all edges, those of pieces with entries cut into parts: whole edges first, then parts by raw edge."""
    network = roads.network
    n_entries = np.bincount(entries.piece, minlength=roads.first_edge.size)
    is_split = n_entries[roads.piece_of] > 0
    whole, split = np.flatnonzero(~is_split), np.flatnonzero(is_split)
    arrays = (network.tail, network.head, network.time_ms, network.length_mm)
    tail, head, time_ms, length_mm = (values[whole].astype(np.int64) for values in arrays)
    kept = _Edges(tail, head, time_ms, length_mm, whole)
    return kept.and_then(_parts(roads, entries, split, n_entries))


def _parts(roads: RoadPieces, entries: _Entries, split: Int64, n_entries: Int64) -> _Edges:
    """Cut edges at the entries of their pieces.

    With entries 1 … k on a piece, part j of an edge runs from place j to place j + 1 (0 and k + 1 are the ends), and
    counted along the piece it takes round(time x share of place j + 1) - round(time x share of place j).
    """
    network = roads.network
    piece = roads.piece_of[split]
    first_entry = np.cumsum(n_entries) - n_entries
    count = n_entries[piece] + 1
    edge, own = np.repeat(split, count), np.repeat(piece, count)
    step = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
    entry = first_entry[own] + step
    opens, closes = step == 0, step == n_entries[own]
    padded_share = np.append(entries.share, 1.0)
    from_share = np.where(opens, 0.0, padded_share[entry - 1])
    to_share = np.where(closes, 1.0, padded_share[np.minimum(entry, entries.share.size)])
    from_node = np.where(opens, roads.start[own], network.n_nodes + entry - 1)
    to_node = np.where(closes, roads.end[own], network.n_nodes + entry)
    along = network.tail[edge] == roads.start[own]

    def share_out(total: Int32) -> Int64:
        running_to, running_from = np.rint(total[edge] * to_share), np.rint(total[edge] * from_share)
        return (running_to - running_from).astype(np.int64)

    return _Edges(
        np.where(along, from_node, to_node),
        np.where(along, to_node, from_node),
        share_out(network.time_ms),
        share_out(network.length_mm),
        edge,
    )


def _ways(private: PrivateEdges, inner: Int64, is_open: Flags) -> _Edges:
    """Return direct ways along private roads: from inner entries to open nodes, back, and between inner entries.

    Arrival nodes are numbered after all others, in the order of `inner`.
    """
    leaving, entering = private.leaving, private.entering
    arrival_of = {int(node): is_open.size + i for i, node in enumerate(inner.tolist())}
    rows: list[tuple[int, int, int, int]] = []
    for node in inner.tolist():
        for other, time_ms, length_mm in reach(leaving, [node], 2 * PRIVATE_LIMIT_MM):
            if other in arrival_of:
                rows.append((node, arrival_of[other], time_ms, length_mm))
            elif is_open[other] and length_mm <= PRIVATE_LIMIT_MM:
                rows.append((node, other, time_ms, length_mm))
        for other, time_ms, length_mm in reach(entering, [node], PRIVATE_LIMIT_MM):
            if is_open[other]:
                rows.append((other, arrival_of[node], time_ms, length_mm))
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    raw_edge = np.full(len(rows), NO_SEGMENT, dtype=np.int64)
    return _Edges(table[:, 0], table[:, 1], table[:, 2], table[:, 3], raw_edge)


def _arrivals(entry: Int64, inner: Int64, n_nodes: int) -> Int64:
    """Return the arrival node of every point: its entry, or a node apart where the entry is on a private road."""
    if inner.size == 0:
        return entry
    row = np.minimum(np.searchsorted(inner, entry), inner.size - 1)
    return np.where(inner[row] == entry, n_nodes + row, entry)


def _joined(
    roads: RoadPieces, legs: AccessLegs, entries: _Entries, edges: _Edges, departure: Int64, arrival: Int64
) -> JoinedNetwork:
    """Put the network together; new nodes lie where points enter, arrival nodes on their entry."""
    network = roads.network
    x, y = roads.place(entries.piece, entries.share)
    n_nodes = max(network.n_nodes + entries.piece.size, int(arrival.max(initial=-1)) + 1)
    return JoinedNetwork(
        network=replace(
            network,
            n_nodes=n_nodes,
            tail=edges.tail.astype(np.int32),
            head=edges.head.astype(np.int32),
            time_ms=edges.time_ms.astype(np.int32),
            length_mm=edges.length_mm.astype(np.int32),
            x=_appended(network.x, x, departure, arrival, n_nodes),
            y=_appended(network.y, y, departure, arrival, n_nodes),
            segment=_inherited(network.segment, edges.raw_edge, NO_SEGMENT),
            joinable=_inherited(network.joinable, edges.raw_edge, fill=False),
            through=None,
        ),
        departure=departure.astype(np.int32),
        arrival=arrival.astype(np.int32),
        legs=legs,
        raw_edge=edges.raw_edge.astype(np.int32),
    )


def _appended(raw: Float64 | None, new: Float64, departure: Int64, arrival: Int64, n_nodes: int) -> Float64:
    places = np.concatenate([np.zeros(0) if raw is None else raw, new])
    places = np.concatenate([places, np.zeros(n_nodes - places.size)])
    apart = arrival != departure
    places[arrival[apart]] = places[departure[apart]]
    return places


def _inherited(raw: NDArray[Any] | None, raw_edge: Int64, fill: Any) -> NDArray[Any] | None:
    """Carry an edge array on to the parts; ways along private roads get `fill`."""
    if raw is None:
        return None
    values = raw[np.maximum(raw_edge, 0)]
    values[raw_edge < 0] = fill
    return values
