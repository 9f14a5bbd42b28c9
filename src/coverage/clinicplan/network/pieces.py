"""Hold the straight pieces of road that points can enter: directed edges paired, placed and indexed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import NetworkError
from clinicplan.network.crossings import Crossings, index_barriers, straight_lines
from clinicplan.network.private_roads import PrivateEdges
from clinicplan.standard import MM_PER_M

if TYPE_CHECKING:
    import shapely

    from clinicplan.network.graph import RoadNetwork

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RoadPieces:
    """Straight pieces of road, each with the directed edges that run along it; make one with `index_roads`.

    Edges are straight between their nodes, so all edges between the same two nodes that share a `segment` number are
    one piece. Without segment numbers, edges between the same two nodes of equal length are. A piece runs from
    `start` to `end`, the tail and head of its first edge.

    Parameters
    ----------
    network
        The roads.
    first_edge
        Shape (pieces): smallest row among its directed edges.
    piece_of
        Shape (edges): the piece a directed edge runs along.
    forward_edge, backward_edge
        Shape (pieces): first edge from start to end and from end to start, -1 where there is none.
    joinable
        Shape (pieces): whether a point may enter here (any of its edges is joinable).
    private
        Shape (pieces): whether it is a private access road (none of its edges lets traffic through).
    """

    network: RoadNetwork
    first_edge: Int32
    piece_of: Int32
    forward_edge: Int32
    backward_edge: Int32
    joinable: Flags
    private: Flags

    def __repr__(self) -> str:
        return f"RoadPieces({self.first_edge.size:,} pieces, {int(self.joinable.sum()):,} joinable)"

    @cached_property
    def start(self) -> Int32:
        """Shape (pieces): node where the piece starts."""
        return self.network.tail[self.first_edge]

    @cached_property
    def end(self) -> Int32:
        """Shape (pieces): node where the piece ends."""
        return self.network.head[self.first_edge]

    @cached_property
    def tie_rank(self) -> Int32:
        """Shape (pieces): order among pieces equally near, by segment number, then by first edge."""
        segment = self.network.segment
        first = self.first_edge
        order = np.argsort(first) if segment is None else np.lexsort((first, segment[first]))
        rank = np.empty(order.size, dtype=np.int32)
        rank[order] = np.arange(order.size, dtype=np.int32)
        return rank

    @cached_property
    def ends_xy(self) -> Float64:
        """Shape (pieces, 4): x and y of the start, x and y of the end, metres."""
        x, y = places_of(self.network)
        return np.stack([x[self.start], y[self.start], x[self.end], y[self.end]], axis=1)

    @cached_property
    def straight_mm(self) -> Int64:
        """Shape (pieces): straight distance between both ends, whole millimetres (the grid of places to enter)."""
        x0, y0, x1, y1 = self.ends_xy.T
        straight_mm: Int64 = np.rint(np.hypot(x1 - x0, y1 - y0) * MM_PER_M).astype(np.int64)
        return straight_mm

    @cached_property
    def joinable_rows(self) -> Int64:
        """Pieces that can be entered; the rows of `tree`."""
        return np.flatnonzero(self.joinable)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index of the joinable pieces."""
        import shapely

        ends = self.ends_xy[self.joinable_rows].reshape(-1, 2, 2)
        return shapely.STRtree(straight_lines(ends))

    @cached_property
    def crossings(self) -> Crossings:
        """The barriers that access legs must not cross."""
        return index_barriers(self.network.barrier_lines)

    @cached_property
    def private_edges(self) -> PrivateEdges:
        """The directed edges of private roads."""
        network = self.network
        closed = np.zeros(0, dtype=np.int64) if network.through is None else np.flatnonzero(~network.through)
        return PrivateEdges(
            network.tail[closed], network.head[closed], network.time_ms[closed], network.length_mm[closed]
        )

    def project(self, piece: NDArray[Any], x: Float64, y: Float64) -> tuple[Float64, Float64]:
        """Return how far along its piece each point's foot lies (0 … 1) and how far off the point is, metres."""
        x0, y0, x1, y1 = self.ends_xy[piece].T
        dx, dy = x1 - x0, y1 - y0
        squared = dx * dx + dy * dy
        along = np.divide((x - x0) * dx + (y - y0) * dy, squared, out=np.zeros_like(squared), where=squared > 0)
        fraction = np.clip(along, 0.0, 1.0)
        return fraction, np.hypot(x - (x0 + fraction * dx), y - (y0 + fraction * dy))

    def place(self, piece: NDArray[Any], fraction: Float64) -> tuple[Float64, Float64]:
        """Return x and y of places along pieces; exactly the node's at either end."""
        x0, y0, x1, y1 = self.ends_xy[piece].T
        x, y = x0 + fraction * (x1 - x0), y0 + fraction * (y1 - y0)
        return np.where(fraction == 1.0, x1, x), np.where(fraction == 1.0, y1, y)

    def stop_mm(self, piece: NDArray[Any], fraction: Float64) -> Int64:
        """Return where along its piece a place is entered, whole millimetres of `straight_mm`."""
        stop_mm: Int64 = np.rint(fraction * self.straight_mm[piece]).astype(np.int64)
        return stop_mm

    def stop_share(self, piece: NDArray[Any], stop_mm: Int64) -> Float64:
        """Return the share of the piece before an entry, 0 on pieces of no length."""
        whole = self.straight_mm[piece]
        share: Float64 = np.divide(stop_mm, whole, out=np.zeros(whole.size), where=whole > 0)
        return share


def index_roads(network: RoadNetwork) -> RoadPieces:
    """Pair the directed edges of a network into pieces of road.

    Parameters
    ----------
    network
        Roads with positions.

    Returns
    -------
    pieces
        The pieces; spatial indexes are made when first asked for, so one value serves any number of snappings.

    Raises
    ------
    NetworkError
        If the network has no positions.
    """
    places_of(network)
    piece_of, first_edge = _paired_edges(network)
    forward = network.tail == network.tail[first_edge][piece_of]
    joinable = np.ones(network.n_edges, dtype=bool) if network.joinable is None else network.joinable
    through = np.ones(network.n_edges, dtype=bool) if network.through is None else network.through
    return RoadPieces(
        network=network,
        first_edge=first_edge,
        piece_of=piece_of,
        forward_edge=_first_of_each(np.flatnonzero(forward), piece_of, first_edge.size),
        backward_edge=_first_of_each(np.flatnonzero(~forward), piece_of, first_edge.size),
        joinable=_any_of_each(joinable, piece_of, first_edge.size),
        private=~_any_of_each(through, piece_of, first_edge.size),
    )


def places_of(network: RoadNetwork) -> tuple[Float64, Float64]:
    """Return x and y of the nodes.

    Raises
    ------
    NetworkError
        If the network has none.
    """
    if network.x is None or network.y is None:
        raise NetworkError("points cannot be joined to a network without x and y; give metres in a projected system")
    return network.x, network.y


def _paired_edges(network: RoadNetwork) -> tuple[Int32, Int32]:
    """Return the piece of every edge and the first edge of every piece, pieces numbered by their first edge."""
    low = np.minimum(network.tail, network.head).astype(np.int64)
    pair = low * network.n_nodes + np.maximum(network.tail, network.head)
    mark = network.length_mm if network.segment is None else network.segment
    order = np.lexsort((mark, pair))
    opens = np.ones(order.size, dtype=bool)
    opens[1:] = (pair[order][1:] != pair[order][:-1]) | (mark[order][1:] != mark[order][:-1])
    first_edge = order[opens]
    rank = np.empty(first_edge.size, dtype=np.int32)
    rank[np.argsort(first_edge)] = np.arange(first_edge.size, dtype=np.int32)
    piece_of = np.empty(order.size, dtype=np.int32)
    piece_of[order] = rank[np.cumsum(opens) - 1]
    return piece_of, np.sort(first_edge).astype(np.int32)


def _first_of_each(edges: Int64, piece_of: Int32, n_pieces: int) -> Int32:
    first = np.full(n_pieces, -1, dtype=np.int32)
    first[piece_of[edges[::-1]]] = edges[::-1]
    return first


def _any_of_each(flags: Flags, piece_of: Int32, n_pieces: int) -> Flags:
    held = np.zeros(n_pieces, dtype=bool)
    held[piece_of[flags]] = True
    return held
