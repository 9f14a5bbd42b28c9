"""Contract a road network to its junctions without changing any answer between the nodes that are kept.

Dead ends that lead to no kept node go, and every chain of nodes with two neighbours becomes one edge per direction, its
time and length the sums of its parts. Between the same two nodes only the better edge stays: the quicker, among equally
quick the shorter (or the other way round for `weight="length"`). So the best route between any two kept nodes, and its
second figure, are the same to the millisecond and millimetre. They are so for one weight: a fast long chain beside a
slow short one loses one of them, hence one core network per weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import NetworkError
from clinicplan.network.graph import Flags, Int32, RoadNetwork

Int64 = NDArray[np.int64]
Weight = Literal["time", "length"]

LARGEST_WEIGHT: Final = 2**31 - 1
"""Largest time (ms) or length (mm) of one edge: 24 days, 2,147 km."""
HILBERT_BITS: Final = 16
LEAF_ROUNDS: Final = 40
"""Rounds of leaf removal before chains are contracted again; long dead ends are quicker gone as one contracted edge."""


@dataclass(frozen=True, eq=False)
class CoreNetwork:
    """A network of junctions that gives the same routes between the kept nodes as the network it was made from.

    Parameters
    ----------
    network
        Core nodes and edges; at most one edge per ordered pair of nodes, none from a node to itself.
    core_of
        Shape (raw nodes): number of the core node, -1 where the node is gone.
    raw_of
        Shape (core nodes): number of the raw node.
    weight
        The weight that routes minimise; the other one is carried along and settles ties.
    """

    network: RoadNetwork
    core_of: Int32
    raw_of: Int32
    weight: Weight = "time"

    def __repr__(self) -> str:
        return f"CoreNetwork({self.core_of.size:,} -> {self.raw_of.size:,} nodes, by {self.weight})"


def simplify(network: RoadNetwork, keep: ArrayLike, *, weight: Weight = "time") -> CoreNetwork:
    """Contract dead ends and chains, exactly for one weight.

    Parameters
    ----------
    network
        Roads of one mode.
    keep
        Node numbers that must stay (villages, facilities); repeats allowed. A kept node without roads stays too.
    weight
        What routes minimise first; ties take the smaller other figure.

    Returns
    -------
    core
        The contracted network, in Hilbert order of the plane where x and y are known, else in raw order.

    Raises
    ------
    NetworkError
        If `keep` holds a number that is no node, or a chain is longer than 24 days or 2,147 km.

    Examples
    --------
    >>> road = RoadNetwork.from_edges([0, 1, 2], [1, 2, 3], [10, 20, 5], length_m=[100, 200, 50])
    >>> core = simplify(road, [0, 2])
    >>> core.raw_of.tolist(), core.network.time_ms.tolist(), core.network.length_mm.tolist()
    ([0, 2], [30000], [300000])
    """
    kept = _kept_flags(network.n_nodes, keep)
    first, second = (network.time_ms, network.length_mm)[:: 1 if weight == "time" else -1]
    arcs = best_arcs(Arcs(network.n_nodes, network.tail, network.head, first.astype(np.int64), second.astype(np.int64)))
    before = -1
    while arcs.tail.size != before:
        before = arcs.tail.size
        arcs = best_arcs(_without_chains(_without_dead_ends(arcs, kept), kept))
    return _core(network, arcs, kept, weight)


def hilbert_order(x: ArrayLike, y: ArrayLike) -> Int64:
    """Return the order of points along a Hilbert curve over their bounding square; ties in the order given.

    References
    ----------
    .. [1] Skilling (2004). Programming the Hilbert curve. doi:10.1063/1.1751381
    """
    return np.argsort(_hilbert_index(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)), kind="stable")


class Arcs(NamedTuple):
    """Directed edges with the weight that is minimised and the one that settles ties."""

    n_nodes: int
    tail: Int32
    head: Int32
    first: NDArray[np.integer[Any]]
    second: NDArray[np.integer[Any]]

    def take(self, rows: NDArray[Any]) -> Arcs:
        """Return some of the edges."""
        return Arcs(self.n_nodes, self.tail[rows], self.head[rows], self.first[rows], self.second[rows])


class _Neighbours(NamedTuple):
    """Shape (nodes): how many different neighbours a node has in either direction, and the sum of their numbers.

    Of two neighbours, one is the sum less the other; of one, it is the sum.
    """

    number: Int64
    total: Int64


def best_arcs(arcs: Arcs) -> Arcs:
    """Sort edges by tail and head, drop loops, and keep the best of parallel ones."""
    key = arcs.tail.astype(np.int64) * arcs.n_nodes + arcs.head
    rows = np.flatnonzero(arcs.tail != arcs.head)
    rows = rows[np.argsort(key[rows], kind="stable")]
    key = key[rows]
    new = np.ones(rows.size, dtype=bool)
    new[1:] = key[1:] != key[:-1]
    if not new.all():
        crowded = np.flatnonzero(~(new & np.append(new[1:], True)))
        group = rows[crowded]
        rows[crowded] = group[np.lexsort((arcs.second[group], arcs.first[group], key[crowded]))]
        rows = rows[new]
    return arcs.take(rows)


def _kept_flags(n_nodes: int, keep: ArrayLike) -> Flags:
    numbers = np.atleast_1d(np.asarray(keep))
    kept = np.zeros(n_nodes, dtype=bool)
    if numbers.size == 0:
        return kept
    if not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0 or numbers.max() >= n_nodes:
        raise NetworkError(f"keep must hold node numbers from 0 to {n_nodes - 1}, got {np.unique(numbers)[[0, -1]]}")
    kept[numbers] = True
    return kept


def _neighbours(arcs: Arcs) -> _Neighbours:
    low, high = np.minimum(arcs.tail, arcs.head), np.maximum(arcs.tail, arcs.head)
    key = np.sort(low.astype(np.int64) * arcs.n_nodes + high)
    key = key[np.append(True, key[1:] != key[:-1])] if key.size else key
    low, high = (key // arcs.n_nodes).astype(np.int32), (key % arcs.n_nodes).astype(np.int32)
    number = np.bincount(low, minlength=arcs.n_nodes) + np.bincount(high, minlength=arcs.n_nodes)
    return _Neighbours(number, _sums(low, high, arcs.n_nodes) + _sums(high, low, arcs.n_nodes))


def _sums(at: Int32, value: Int32, size: int) -> Int64:
    # Exact: fewer than 2**21 neighbours of numbers below 2**31 stay below 2**53.
    return np.bincount(at, weights=value, minlength=size).astype(np.int64)


def _without_dead_ends(arcs: Arcs, kept: Flags) -> Arcs:
    """Remove nodes that lie on no way between kept nodes: one neighbour, or no way in, or no way out."""
    number, total = _neighbours(arcs)
    has_out, has_in = np.zeros(arcs.n_nodes, dtype=bool), np.zeros(arcs.n_nodes, dtype=bool)
    has_out[arcs.tail] = True
    has_in[arcs.head] = True
    gone = ~kept & ~(has_out & has_in)
    leaves = np.flatnonzero((number == 1) & ~kept)
    for _ in range(LEAF_ROUNDS):
        if leaves.size == 0:
            break
        gone[leaves] = True
        stem = total[leaves]
        # Two leaves that face each other are both gone already; the counts of gone nodes do not matter any more.
        np.subtract.at(number, stem, 1)
        np.subtract.at(total, stem, leaves)
        leaves = np.unique(stem)
        leaves = leaves[(number[leaves] == 1) & ~kept[leaves] & ~gone[leaves]]
    return arcs.take(np.flatnonzero(~(gone[arcs.tail] | gone[arcs.head]))) if gone.any() else arcs


def _without_chains(arcs: Arcs, kept: Flags) -> Arcs:
    """Replace every chain of nodes with two neighbours by one edge per passable direction.

    `arcs` are sorted by tail. An edge that ends inside a chain points to the edge that leads on; pointers and sums
    double until all of them end at a node that stays, or nowhere.
    """
    number, total = _neighbours(arcs)
    inside = (number == 2) & ~kept
    if not inside.any():
        return arcs
    follower = _followers(arcs, inside, total)
    end, first, second = arcs.head.copy(), arcs.first.copy(), arcs.second.copy()
    open_ = np.flatnonzero(follower >= 0)
    # A ring without a junction never ends: after as many doublings as it has edges, nobody waits for it.
    for _ in range(int(arcs.tail.size).bit_length()):
        if open_.size == 0:
            break
        ahead = follower[open_]
        first[open_], second[open_] = first[open_] + first[ahead], second[open_] + second[ahead]
        end[open_], follower[open_] = end[ahead], follower[ahead]
        open_ = open_[follower[open_] >= 0]
    whole = np.flatnonzero(~inside[arcs.tail] & (follower == _DONE) & ~inside[end])
    return _checked(Arcs(arcs.n_nodes, arcs.tail[whole], end[whole], first[whole], second[whole]))


_DONE: Final = -1
_NOWHERE: Final = -2


def _followers(arcs: Arcs, inside: Flags, total: Int64) -> Int64:
    """Return the edge that continues each edge inside its chain, `_DONE` at a node that stays, `_NOWHERE` if barred."""
    indptr = np.zeros(arcs.n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(arcs.tail, minlength=arcs.n_nodes), out=indptr[1:])
    follower = np.full(arcs.tail.size, _DONE, dtype=np.int64)
    rows = np.flatnonzero(inside[arcs.head])
    node = arcs.head[rows]
    beyond = total[node] - arcs.tail[rows]
    # A node inside a chain has at most two ways out, one of them back.
    last = max(arcs.tail.size - 1, 0)
    one, end = indptr[node], indptr[node + 1]
    two = np.minimum(one + 1, last)
    one_leads = (one < end) & (arcs.head[np.minimum(one, last)] == beyond)
    two_leads = (one + 1 < end) & (arcs.head[two] == beyond)
    follower[rows] = np.where(one_leads, one, np.where(two_leads, two, _NOWHERE))
    return follower


def _checked(arcs: Arcs) -> Arcs:
    if max(arcs.first.max(initial=0), arcs.second.max(initial=0)) > LARGEST_WEIGHT:
        raise NetworkError("a road without junctions is longer than 24 days or 2,147 km: check the units of its edges")
    return arcs


def _core(network: RoadNetwork, arcs: Arcs, kept: Flags, weight: Weight) -> CoreNetwork:
    stays = kept.copy()
    stays[arcs.tail] = True
    stays[arcs.head] = True
    raw_of = np.flatnonzero(stays)
    if network.x is not None and network.y is not None:
        raw_of = raw_of[hilbert_order(network.x[raw_of], network.y[raw_of])]
    core_of = np.full(network.n_nodes, -1, dtype=np.int32)
    core_of[raw_of] = np.arange(raw_of.size, dtype=np.int32)
    tail, head = core_of[arcs.tail], core_of[arcs.head]
    order = np.argsort(tail.astype(np.int64) * max(raw_of.size, 1) + head)
    first, second = arcs.first[order].astype(np.int32), arcs.second[order].astype(np.int32)
    core = RoadNetwork(
        n_nodes=raw_of.size,
        tail=tail[order],
        head=head[order],
        time_ms=first if weight == "time" else second,
        length_mm=second if weight == "time" else first,
        x=None if network.x is None else network.x[raw_of],
        y=None if network.y is None else network.y[raw_of],
        crs=network.crs,
        mode=network.mode,
    )
    return CoreNetwork(core, core_of, raw_of.astype(np.int32), weight)


def _hilbert_index(x: NDArray[np.float64], y: NDArray[np.float64]) -> Int64:
    """Return the place of each point along a Hilbert curve of 2**16 cells a side."""
    column, row = _cells(x, y)
    index = np.zeros(x.size, dtype=np.int64)
    side = 1 << (HILBERT_BITS - 1)
    while side:
        right, upper = (column & side) > 0, (row & side) > 0
        index += np.int64(side) * side * ((3 * right) ^ upper)
        flip = right & ~upper
        column = np.where(flip, 2 * side - 1 - (column & (2 * side - 1)), column)
        row = np.where(flip, 2 * side - 1 - (row & (2 * side - 1)), row)
        column, row = np.where(upper, column, row), np.where(upper, row, column)
        side >>= 1
    return index


def _cells(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[Int64, Int64]:
    """Return column and row of each point in a square grid over all of them; points without a place in cell 0, 0."""
    if x.size == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    placed = np.isfinite(x) & np.isfinite(y)
    if not placed.any():
        return np.zeros(x.size, dtype=np.int64), np.zeros(x.size, dtype=np.int64)
    left, lower = x[placed].min(), y[placed].min()
    span = max(x[placed].max() - left, y[placed].max() - lower, 1e-9)
    scale = ((1 << HILBERT_BITS) - 1) / span
    column, row = (np.where(placed, (v - low) * scale, 0).astype(np.int64) for v, low in ((x, left), (y, lower)))
    return column, row
