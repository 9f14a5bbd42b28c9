"""Choose the piece of road each point joins: the nearest one that counts and that a free leg leads to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.network.pieces import RoadPieces
from clinicplan.network.private_roads import PRIVATE_LIMIT_MM, lengths_to
from clinicplan.standard import MM_PER_M, UNREACHED

if TYPE_CHECKING:
    from clinicplan.network.graph import RoadNetwork

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

RING_GROWTH: Final = 4
FIRST_RING_MM: Final = 100_000
"""Where the nearest road will not do, rings around the point widen from 100 m fourfold; this only affects speed."""


@dataclass(frozen=True, eq=False)
class Admission:
    """Which places on the road count: pieces by their part, private ones by the open roads they lead to.

    Parameters
    ----------
    roads
        The pieces of road.
    good_node
        Shape (nodes): whether an open road here counts.
    """

    roads: RoadPieces
    good_node: Flags

    @cached_property
    def open_piece(self) -> Flags:
        """Shape (pieces): an open road that counts."""
        return ~self.roads.private & self.good_node[self.roads.start]

    @cached_property
    def leave_mm(self) -> Int64:
        """Shape (nodes): private way to the nearest open node that counts, `BEYOND_MM` where it is too long."""
        return lengths_to(self._goals, self.roads.private_edges.entering)

    @cached_property
    def enter_mm(self) -> Int64:
        """Shape (nodes): private way from the nearest open node that counts, `BEYOND_MM` where it is too long."""
        return lengths_to(self._goals, self.roads.private_edges.leaving)

    @cached_property
    def _goals(self) -> Flags:
        return self.good_node & open_nodes(self.roads.network)

    def holds(self, piece: Int64, fraction: Float64) -> Flags:
        """Tell whether each place counts: a private one when it can be left and reached within 500 m."""
        held = self.open_piece[piece]
        rows = np.flatnonzero(self.roads.private[piece])
        if rows.size:
            held[rows] = self._private_holds(piece[rows], fraction[rows])
        return held

    def _private_holds(self, piece: Int64, fraction: Float64) -> Flags:
        roads, length_mm = self.roads, self.roads.network.length_mm
        start, end, stop = roads.start[piece], roads.end[piece], roads.stop_mm(piece, fraction)
        share = roads.stop_share(piece, stop)
        forward, backward = roads.forward_edge[piece], roads.backward_edge[piece]
        before = np.rint(length_mm[forward] * share).astype(np.int64)
        after = length_mm[forward] - before
        before_back = np.rint(length_mm[backward] * share).astype(np.int64)
        after_back = length_mm[backward] - before_back
        ways = (
            (forward >= 0, after + self.leave_mm[end], before + self.enter_mm[start]),
            (backward >= 0, before_back + self.leave_mm[start], after_back + self.enter_mm[end]),
            (stop == 0, self.leave_mm[start], self.enter_mm[start]),
            (stop == roads.straight_mm[piece], self.leave_mm[end], self.enter_mm[end]),
        )
        leaves = [there & (leave_mm <= PRIVATE_LIMIT_MM) for there, leave_mm, _ in ways]
        enters = [there & (enter_mm <= PRIVATE_LIMIT_MM) for there, _, enter_mm in ways]
        held: Flags = np.logical_or.reduce(leaves) & np.logical_or.reduce(enters)
        return held


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs of a point (its row) and a piece of road, by point, then nearest first."""

    point: Int64
    piece: Int64
    fraction: Float64
    leg_mm: Int64

    def only(self, chosen: NDArray[Any]) -> Candidates:
        """Return the candidates of some rows."""
        return Candidates(self.point[chosen], self.piece[chosen], self.fraction[chosen], self.leg_mm[chosen])

    def first_of_each_point(self) -> Flags:
        """Tell which candidates are the nearest of their point."""
        first = np.ones(self.point.size, dtype=bool)
        first[1:] = self.point[1:] != self.point[:-1]
        return first


@dataclass(frozen=True, eq=False)
class Choice:
    """What each point joins.

    Parameters
    ----------
    piece
        Shape (points): the piece of road, -1 for none.
    fraction
        Shape (points): how far along it.
    leg_mm
        Shape (points): how far off it the point is, -1 without a piece.
    any_near
        Shape (points): whether any piece that counts is near enough, free or not.
    """

    piece: Int64
    fraction: Float64
    leg_mm: Int64
    any_near: Flags


def tiny_parts(network: RoadNetwork, parts: Int32, tiny_share: float) -> Flags:
    """Tell which parts are tiny: not the largest (part 0) and with less than a share of the open directed edges.

    Parameters
    ----------
    network
        The roads.
    parts
        Shape (nodes): part of each node, as `RoadNetwork.open_part` numbers them.
    tiny_share
        The share, 0 to 1.

    Returns
    -------
    tiny
        Shape (parts).
    """
    edges = network.tail if network.through is None else network.tail[network.through]
    edges_of_part = np.bincount(parts[edges], minlength=int(parts.max(initial=0)) + 1)
    tiny: Flags = edges_of_part < tiny_share * edges.size
    tiny[0] = False
    return tiny


def open_nodes(network: RoadNetwork) -> Flags:
    """Tell which nodes lie on a road that lets traffic through."""
    through = slice(None) if network.through is None else network.through
    touched = np.zeros(network.n_nodes, dtype=bool)
    touched[network.tail[through]] = True
    touched[network.head[through]] = True
    return touched


def nearest_free(admission: Admission, x: Float64, y: Float64, inner_mm: Int64, limit_mm: Int64) -> Choice:
    """Choose for each point the nearest admitted piece whose leg is free, searching in widening rings.

    Parameters
    ----------
    admission
        Which places count.
    x, y
        Shape (points): positions, metres.
    inner_mm
        Shape (points): a distance below which there is nothing to find, -1 for points to leave out.
    limit_mm
        Shape (points): longest leg, inclusive.

    Returns
    -------
    choice
        One row a point.
    """
    piece, leg_mm = np.full(x.size, -1, dtype=np.int64), np.full(x.size, UNREACHED, dtype=np.int64)
    fraction, any_near = np.full(x.size, np.nan), np.zeros(x.size, dtype=bool)
    waiting = np.flatnonzero((inner_mm >= 0) & (inner_mm <= limit_mm))
    done_mm, ring_mm = np.full(x.size, -1, dtype=np.int64), inner_mm
    while waiting.size:
        near = _candidates(admission, waiting, x, y, done_mm, ring_mm)
        found = _first_free(admission.roads, near, x, y)
        any_near[near.point] = True
        piece[found.point], fraction[found.point], leg_mm[found.point] = found.piece, found.fraction, found.leg_mm
        done_mm = ring_mm
        ring_mm = np.minimum(np.maximum(RING_GROWTH * ring_mm, FIRST_RING_MM), limit_mm)
        waiting = waiting[(piece[waiting] < 0) & (done_mm[waiting] < limit_mm[waiting])]
    return Choice(piece, fraction, leg_mm, any_near)


def _candidates(
    admission: Admission, points: Int64, x: Float64, y: Float64, done_mm: Int64, ring_mm: Int64
) -> Candidates:
    """List the admitted pieces farther than `done_mm` and at most `ring_mm` from each point, nearest first."""
    import shapely

    roads = admission.roads
    px, py = x[points], y[points]
    half_m = (ring_mm[points] + 1) / MM_PER_M
    pairs = roads.tree.query(shapely.box(px - half_m, py - half_m, px + half_m, py + half_m))
    point, piece = points[pairs[0]], roads.joinable_rows[pairs[1]]
    fraction, distance_m = roads.project(piece, x[point], y[point])
    leg_mm = np.rint(distance_m * MM_PER_M).astype(np.int64)
    near = np.flatnonzero((leg_mm > done_mm[point]) & (leg_mm <= ring_mm[point]))
    near = near[admission.holds(piece[near], fraction[near])]
    near = near[np.lexsort((roads.tie_rank[piece[near]], leg_mm[near], point[near]))]
    return Candidates(point[near], piece[near], fraction[near], leg_mm[near])


def _first_free(roads: RoadPieces, candidates: Candidates, x: Float64, y: Float64) -> Candidates:
    """Keep each point's first candidate whose leg crosses no barrier; few legs are tested where the first are free."""
    if roads.crossings.n_pieces == 0:
        return candidates.only(candidates.first_of_each_point())
    starts = np.flatnonzero(candidates.first_of_each_point())
    rank = np.arange(candidates.point.size) - np.repeat(starts, np.diff(np.append(starts, candidates.point.size)))
    waiting = np.ones(candidates.point.size, dtype=bool)
    kept: list[NDArray[Any]] = []
    tested, block = 0, 1
    while waiting.any():
        rows = np.flatnonzero(waiting & (rank < tested + block))
        free = rows[~_leg_is_cut(roads, candidates.only(rows), x, y)]
        first = free[np.unique(candidates.point[free], return_index=True)[1]]
        kept.append(first)
        waiting[rows] = False
        waiting &= ~np.isin(candidates.point, candidates.point[first])
        tested, block = tested + block, block * RING_GROWTH
    return candidates.only(np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64))


def _leg_is_cut(roads: RoadPieces, candidates: Candidates, x: Float64, y: Float64) -> Flags:
    foot_x, foot_y = roads.place(candidates.piece, candidates.fraction)
    return roads.crossings.cut(x[candidates.point], y[candidates.point], foot_x, foot_y)


def prefer_connected(
    choice: Choice, connected: Admission, x: Float64, y: Float64, limit_mm: Int64, factor: float, extra_mm: float
) -> tuple[Choice, Flags]:
    """Move points from tiny parts to connected roads not much farther.

    Parameters
    ----------
    choice
        What the points join when parts do not matter.
    connected
        Which places lie on parts that are not tiny.
    x, y
        Shape (points): positions, metres.
    limit_mm
        Shape (points): longest leg, inclusive.
    factor, extra_mm
        The other leg is at most `factor` times as long plus `extra_mm`, inclusive.

    Returns
    -------
    choice, moved
        What the points join then, and which were moved.
    """
    rows = np.flatnonzero(choice.piece >= 0)
    stray = rows[~connected.holds(choice.piece[rows], choice.fraction[rows])]
    inner_mm = np.full(x.size, UNREACHED, dtype=np.int64)
    inner_mm[stray] = choice.leg_mm[stray]
    farthest_mm = np.floor(factor * np.maximum(choice.leg_mm, 0) + extra_mm).astype(np.int64)
    other = nearest_free(connected, x, y, inner_mm, np.minimum(farthest_mm, limit_mm))
    moved = other.piece >= 0
    chosen = Choice(
        np.where(moved, other.piece, choice.piece),
        np.where(moved, other.fraction, choice.fraction),
        np.where(moved, other.leg_mm, choice.leg_mm),
        choice.any_near,
    )
    return chosen, moved
