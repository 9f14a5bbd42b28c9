"""Hold roads as arrays: nodes, directed edges, whole milliseconds and millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import NetworkError
from clinicplan.standard import MM_PER_M, MS_PER_S

if TYPE_CHECKING:
    import networkx as nx

    from clinicplan.network.pieces import RoadPieces

Int32 = NDArray[np.int32]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Directed edges grouped by the node they leave (or, reversed, enter).

    Parameters
    ----------
    indptr
        Shape (nodes + 1): edges of node v are `edge[indptr[v]:indptr[v + 1]]`.
    neighbour
        Shape (edges): the node at the other end.
    edge
        Shape (edges): row of the edge in the network's arrays.
    """

    indptr: NDArray[np.int64]
    neighbour: Int32
    edge: Int32


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads open to one travel mode, as directed edges between numbered nodes.

    Make one with `from_edges`, `from_networkx` or `clinicplan.roads`; the plain constructor checks nothing but shapes.

    Parameters
    ----------
    n_nodes
        Number of nodes; nodes are 0 … n_nodes - 1.
    tail, head
        Shape (edges): where each directed edge starts and ends.
    time_ms
        Shape (edges): travel time, whole milliseconds, at least 0.
    length_mm
        Shape (edges): length, whole millimetres, at least 0 (all 0 where unknown).
    x, y
        Shape (nodes): position in metres in `crs`; None where unknown. Edges are straight between their nodes.
    segment
        Shape (edges): the two directions of one piece of road share a number; None where unknown.
    joinable
        Shape (edges): whether a point may enter the road here (not on motorways, ferries, tunnels); None means all.
    through
        Shape (edges): False on private access roads, usable only for the first and last 500 m; None means all True.
    barrier_lines
        Lines (shapely, in `crs`) that an access leg must not cross: rivers, railways, motorways, the planner's own.
    crs
        Projected coordinate system of x and y, such as "EPSG:4549"; empty where unknown.
    mode
        Travel mode, or empty.
    """

    n_nodes: int
    tail: Int32
    head: Int32
    time_ms: Int32
    length_mm: Int32
    x: Float64 | None = None
    y: Float64 | None = None
    segment: Int32 | None = None
    joinable: Flags | None = None
    through: Flags | None = None
    barrier_lines: NDArray[np.object_] | None = None
    crs: str = ""
    mode: str = ""

    def __post_init__(self) -> None:
        sizes = {a.size for a in (self.tail, self.head, self.time_ms, self.length_mm)}
        sizes |= {a.size for a in (self.segment, self.joinable, self.through) if a is not None}
        if len(sizes) != 1:
            raise NetworkError(f"edge arrays differ in length: {sorted(sizes)}")
        if any(a is not None and a.size != self.n_nodes for a in (self.x, self.y)):
            raise NetworkError(f"x and y must have one value per node ({self.n_nodes})")

    def __repr__(self) -> str:
        mode = f", {self.mode}" if self.mode else ""
        return f"RoadNetwork({self.n_nodes:,} nodes, {self.n_edges:,} directed edges{mode})"

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return int(self.tail.size)

    @classmethod
    def from_edges(
        cls,
        tail: ArrayLike,
        head: ArrayLike,
        time_s: ArrayLike,
        *,
        length_m: ArrayLike | None = None,
        x: ArrayLike | None = None,
        y: ArrayLike | None = None,
        n_nodes: int | None = None,
    ) -> RoadNetwork:
        """Make a network from directed edges.

        Parameters
        ----------
        tail, head
            Shape (edges): node numbers, 0 upwards.
        time_s
            Shape (edges): seconds, finite, at least 0; rounded once to whole milliseconds.
        length_m
            Shape (edges): metres, finite, at least 0; default unknown (0).
        x, y
            Shape (nodes): metres in a projected system; default unknown.
        n_nodes
            Number of nodes; default one more than the largest number used.

        Returns
        -------
        network
            Times and lengths as whole milliseconds and millimetres.

        Raises
        ------
        NetworkError
            If lengths differ, a node number is negative or too large, or a time or length is negative, not finite or
            beyond 24 days (2,147 km).

        Examples
        --------
        >>> RoadNetwork.from_edges([0, 1], [1, 0], [60.0, 60.0])
        RoadNetwork(2 nodes, 2 directed edges)
        """
        tails, heads = _node_numbers(tail, "tail"), _node_numbers(head, "head")
        seconds = np.atleast_1d(np.asarray(time_s, dtype=np.float64))
        metres = np.zeros(tails.size) if length_m is None else np.atleast_1d(np.asarray(length_m, dtype=np.float64))
        if not tails.size == heads.size == seconds.size == metres.size:
            sizes = f"{tails.size}, {heads.size}, {seconds.size}, {metres.size}"
            raise NetworkError(f"tail, head, time_s and length_m differ in length: {sizes}")
        largest = int(max(tails.max(initial=-1), heads.max(initial=-1)))
        count = largest + 1 if n_nodes is None else int(n_nodes)
        if largest >= count:
            raise NetworkError(f"an edge names node {largest}, but n_nodes is {count}")
        return cls(
            n_nodes=count,
            tail=tails.astype(np.int32),
            head=heads.astype(np.int32),
            time_ms=_whole(seconds, MS_PER_S, "time_s"),
            length_mm=_whole(metres, MM_PER_M, "length_m"),
            x=None if x is None else np.asarray(x, dtype=np.float64),
            y=None if y is None else np.asarray(y, dtype=np.float64),
        )

    @classmethod
    def from_networkx(cls, graph: nx.MultiDiGraph[Any] | nx.Graph[Any]) -> RoadNetwork:
        """Make a network from a networkx graph.

        Edges need `travel_time` (seconds, as OSMnx writes it) or `time_s`; `length` (metres) is read where present,
        and node attributes `x`, `y` where every node has them. An undirected graph gives both directions. Nodes are
        numbered in the graph's own order.

        Raises
        ------
        NetworkError
            If an edge has no time.

        Examples
        --------
        >>> import networkx
        >>> graph = networkx.DiGraph()
        >>> graph.add_edge("a", "b", time_s=30.0)
        >>> RoadNetwork.from_networkx(graph).n_edges
        1
        """
        number = {node: i for i, node in enumerate(graph.nodes)}
        directed = graph if graph.is_directed() else graph.to_directed()
        rows = [(number[u], number[v], data) for u, v, data in directed.edges(data=True)]
        times = [data.get("travel_time", data.get("time_s")) for _, _, data in rows]
        if any(time is None for time in times):
            missing = sum(time is None for time in times)
            raise NetworkError(f"{missing} of {len(rows)} edges have neither travel_time nor time_s (seconds)")
        placed = bool(number) and all("x" in data and "y" in data for _, data in graph.nodes(data=True))
        return cls.from_edges(
            [u for u, _, _ in rows],
            [v for _, v, _ in rows],
            np.array(times, dtype=np.float64),
            length_m=[data.get("length", data.get("length_m", 0.0)) for _, _, data in rows],
            x=[graph.nodes[node]["x"] for node in number] if placed else None,
            y=[graph.nodes[node]["y"] for node in number] if placed else None,
            n_nodes=len(number),
        )

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """Return a networkx graph: `time_s` and `length_m` on edges, `x` and `y` on nodes where known."""
        import networkx as nx

        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=self.crs or None)
        if self.x is not None and self.y is not None:
            places = zip(self.x.tolist(), self.y.tolist(), strict=True)
            graph.add_nodes_from((i, {"x": x, "y": y}) for i, (x, y) in enumerate(places))
        else:
            graph.add_nodes_from(range(self.n_nodes))
        seconds, metres = (self.time_ms / MS_PER_S).tolist(), (self.length_mm / MM_PER_M).tolist()
        for u, v, time_s, length_m in zip(self.tail.tolist(), self.head.tolist(), seconds, metres, strict=True):
            graph.add_edge(u, v, time_s=time_s, length_m=length_m)
        return graph

    def reversed(self) -> RoadNetwork:
        """Return the network with every edge turned round."""
        return replace(self, tail=self.head, head=self.tail)

    @cached_property
    def outgoing(self) -> Adjacency:
        """Edges grouped by the node they leave."""
        return group_edges(self.tail, self.head, self.n_nodes)

    @cached_property
    def incoming(self) -> Adjacency:
        """Edges grouped by the node they enter."""
        return group_edges(self.head, self.tail, self.n_nodes)

    @cached_property
    def pieces(self) -> RoadPieces:
        """The roads paired into two-way pieces and indexed by place; made once, when points first look for a road."""
        from clinicplan.network.pieces import index_roads

        return index_roads(self)

    @cached_property
    def component(self) -> Int32:
        """Shape (nodes): number of the weakly connected part, 0 the one with most nodes, then by falling size."""
        return connected_parts(self.n_nodes, self.tail, self.head)

    @cached_property
    def open_part(self) -> Int32:
        """Shape (nodes): as `component`, over roads that let traffic through alone."""
        if self.through is None or self.through.all():
            return self.component
        return connected_parts(self.n_nodes, self.tail[self.through], self.head[self.through])


def group_edges(start: Int32, end: Int32, n_nodes: int) -> Adjacency:
    """Group edges by their start node, keeping their order within a node."""
    order = np.argsort(start, kind="stable").astype(np.int32)
    indptr = np.zeros(n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(start, minlength=n_nodes), out=indptr[1:])
    return Adjacency(indptr, end[order], order)


def connected_parts(n_nodes: int, tail: Int32, head: Int32) -> Int32:
    """Return the weakly connected part of every node, numbered by falling size (ties: by the smallest node)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(tail.size, dtype=np.int8)
    graph = coo_array((ones, (tail, head)), shape=(n_nodes, n_nodes)).tocsr()
    count, label = connected_components(graph, directed=False)
    order = np.argsort(-np.bincount(label, minlength=count), kind="stable")
    rank = np.empty(count, dtype=np.int32)
    rank[order] = np.arange(count, dtype=np.int32)
    return rank[label]


def _node_numbers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    numbers = np.atleast_1d(np.asarray(values))
    if numbers.size == 0:
        return np.zeros(0, dtype=np.int64)
    if not np.issubdtype(numbers.dtype, np.integer):
        raise NetworkError(f"{name} must hold whole node numbers, got {numbers.dtype}")
    if numbers.min() < 0:
        raise NetworkError(f"{name} holds a negative node number: {numbers.min()}")
    return numbers.astype(np.int64)


def _whole(values: Float64, factor: int, name: str) -> Int32:
    bad: Sequence[float] = values[~np.isfinite(values) | (values < 0) | (values * factor >= 2**31)][:5].tolist()
    if bad:
        raise NetworkError(f"{name} must be finite, at least 0 and below {2**31 // factor}, got {bad}")
    return np.rint(values * factor).astype(np.int32)
