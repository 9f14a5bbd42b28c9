"""Find how each point reaches the road: the nearest piece it may use, and the walk to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.errors import NetworkError
from clinicplan.network.choice import (
    Admission,
    Choice,
    nearest_free,
    open_nodes,
    prefer_connected,
    tiny_parts,
)
from clinicplan.network.pieces import RoadPieces
from clinicplan.standard import MM_PER_M, UNREACHED

if TYPE_CHECKING:
    import pandas as pd

    from clinicplan.network.graph import RoadNetwork

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

COMPONENT_FACTOR: Final = 3.0
COMPONENT_EXTRA_M: Final = 50.0
"""The nearest road on a tiny cut-off part gives way to one at most this many times as far plus this many metres (假设:
on foot a village does not mind 150 m to the road that leads somewhere; beyond that the gap may be real)."""
TINY_SHARE: Final = 0.05
"""A part of the network is tiny when it is not the largest and holds less than this share of the directed edges (假设:
unconnected yards and drawing errors are far smaller; an island or a valley with its own roads is larger)."""


@dataclass(frozen=True, eq=False)
class AccessLegs:
    """How points reach the road, one row a point.

    Parameters
    ----------
    ids
        Shape (points): ids as text.
    x, y
        Shape (points): position, metres; NaN where unknown.
    edge
        Shape (points): row of a directed edge along the piece of road that is joined, -1 where none is. The point
        enters the piece in both directions as far as the mode may.
    fraction
        Shape (points): how far along that edge, 0 at its tail, 1 at its head; NaN where none.
    foot_x, foot_y
        Shape (points): where the road is entered, metres; NaN where none.
    access_mm, access_ms
        Shape (points): length of the straight leg and the time it takes, -1 where none.
    reason
        Shape (points): empty, or why no road is reached: `off_road` (none that may be used within `max_access_m`),
        `barrier` (every leg is cut), `pending` (no coordinates).
    second_choice
        Shape (points): a nearer road lies on a tiny cut-off part of the network and was passed over.
    private
        Shape (points): the leg ends on a private access road.
    nearest_mm
        Shape (points): distance to the nearest road that can be entered, whatever its part, barriers and the limit;
        -1 where there is none.
    roads
        The index that was used, for further points on the same network; None where made by hand.
    """

    ids: NDArray[np.object_]
    x: Float64
    y: Float64
    edge: Int32
    fraction: Float64
    foot_x: Float64
    foot_y: Float64
    access_mm: Int64
    access_ms: Int64
    reason: NDArray[np.object_]
    second_choice: Flags
    private: Flags
    nearest_mm: Int64
    roads: RoadPieces | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"AccessLegs({self.n_points:,} points, {int((self.edge >= 0).sum()):,} on the road)"

    @property
    def n_points(self) -> int:
        """Number of points."""
        return int(self.ids.size)

    def to_frame(self) -> pd.DataFrame:
        """Return the legs as a table: metres and seconds, NaN where there is no leg."""
        import pandas as pd

        none = self.edge < 0
        return pd.DataFrame(
            {
                "id": self.ids,
                "access_m": np.where(none, np.nan, self.access_mm / MM_PER_M),
                "access_s": np.where(none, np.nan, self.access_ms / 1000),
                "foot_x": self.foot_x,
                "foot_y": self.foot_y,
                "reason": self.reason,
                "second_choice": self.second_choice,
                "private": self.private,
                "nearest_road_m": np.where(self.nearest_mm < 0, np.nan, self.nearest_mm / MM_PER_M),
            }
        )


def find_access(
    network: RoadNetwork,
    ids: Sequence[str] | NDArray[Any],
    x: ArrayLike,
    y: ArrayLike,
    *,
    access_kmh: float = 4.0,
    max_access_m: float = 2000.0,
    component_factor: float = COMPONENT_FACTOR,
    component_extra_m: float = COMPONENT_EXTRA_M,
    tiny_share: float = TINY_SHARE,
    roads: RoadPieces | None = None,
) -> AccessLegs:
    """Find the nearest piece of road each point can walk to, and the walk.

    Points reach the nearest edge, not the nearest node, by a straight leg. Candidates are tried from near to far until
    a leg crosses no barrier line of the network. Distances are compared in whole millimetres; of pieces equally near
    the one with the smaller segment number, then the smaller edge row, is taken, so the order of points is of no
    account. A nearest road on a tiny cut-off part of the network (see `TINY_SHARE`; parts hang together when directions
    are ignored and private roads left out) gives way to a free one elsewhere at most `component_factor` times as far
    plus `component_extra_m`; otherwise it stays, and the trip is found impossible later (`separate_component`).
    A private road counts when the point can both leave along it to an open road and be reached within 500 m.

    It fails silently in one case: a one-way road that leads nowhere belongs to the network when directions are ignored,
    so a point beside it is joined there.

    Parameters
    ----------
    network
        Roads with positions in metres.
    ids
        Shape (points): ids of the points.
    x, y
        Shape (points): position in the system of the network; NaN where unknown.
    access_kmh
        Speed of the walk.
    max_access_m
        Longest leg, inclusive, compared in whole millimetres.
    component_factor, component_extra_m, tiny_share
        When another road is preferred to one on a cut-off part.
    roads
        Index of the same network from an earlier call (`AccessLegs.roads`); default a new one.

    Returns
    -------
    legs
        One row a point, in the order given.

    Raises
    ------
    NetworkError
        If the network has no positions, arrays differ in length, or speed or limit are out of range.

    Examples
    --------
    >>> from clinicplan.network.graph import RoadNetwork
    >>> road = RoadNetwork.from_edges([0, 1], [1, 0], [72, 72], length_m=[1000, 1000], x=[0, 1000], y=[0, 0])
    >>> legs = find_access(road, ["V1"], [250.0], [100.0])
    >>> legs.access_mm.tolist(), legs.access_ms.tolist(), legs.fraction.tolist()
    ([100000], [90000], [0.25])
    """
    point_x, point_y, names = _points(ids, x, y)
    _check_walk(access_kmh, max_access_m)
    index = network.pieces if roads is None else roads
    limit_mm = np.full(names.size, round(max_access_m * MM_PER_M), dtype=np.int64)
    nearest_mm = _nearest_mm(index, point_x, point_y)
    parts = network.open_part
    tiny = tiny_parts(network, parts, tiny_share)[parts]
    anywhere = Admission(index, np.ones(network.n_nodes, dtype=bool))
    choice = nearest_free(anywhere, point_x, point_y, nearest_mm, limit_mm)
    second_choice = np.zeros(names.size, dtype=bool)
    if tiny.any():
        connected, extra_mm = Admission(index, ~tiny), component_extra_m * MM_PER_M
        choice, second_choice = prefer_connected(
            choice, connected, point_x, point_y, limit_mm, component_factor, extra_mm
        )
    return _legs(index, names, point_x, point_y, choice, second_choice, nearest_mm, access_kmh)


def walking_ms(length_mm: Int64, access_kmh: float) -> Int64:
    """Return the time of walks, whole milliseconds, rounded once.

    Examples
    --------
    >>> walking_ms(np.array([100_000]), 4.0).tolist()
    [90000]
    """
    time_ms: Int64 = np.rint(length_mm * (3.6 / access_kmh)).astype(np.int64)
    return time_ms


def _points(ids: Sequence[str] | NDArray[Any], x: ArrayLike, y: ArrayLike) -> tuple[Float64, Float64, NDArray[Any]]:
    names = np.array([str(value) for value in ids], dtype=object)
    point_x, point_y = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (x, y))
    if not names.size == point_x.size == point_y.size:
        raise NetworkError(f"ids, x and y differ in length: {names.size}, {point_x.size}, {point_y.size}")
    unplaced = ~(np.isfinite(point_x) & np.isfinite(point_y))
    return np.where(unplaced, np.nan, point_x), np.where(unplaced, np.nan, point_y), names


def _check_walk(access_kmh: float, max_access_m: float) -> None:
    if not (np.isfinite(access_kmh) and access_kmh > 0):
        raise NetworkError(f"access_kmh must be a positive number of km/h, got {access_kmh}")
    if not (np.isfinite(max_access_m) and max_access_m >= 0):
        raise NetworkError(f"max_access_m must be metres, at least 0, got {max_access_m}")


def _nearest_mm(roads: RoadPieces, x: Float64, y: Float64) -> Int64:
    """Return the distance to the nearest piece that can be entered, -1 without one or without coordinates."""
    import shapely

    nearest = np.full(x.size, UNREACHED, dtype=np.int64)
    placed = np.flatnonzero(~np.isnan(x))
    if placed.size and roads.joinable_rows.size:
        point, row = roads.tree.query_nearest(shapely.points(x[placed], y[placed]), all_matches=False)
        distance_m = roads.project(roads.joinable_rows[row], x[placed[point]], y[placed[point]])[1]
        nearest[placed[point]] = np.rint(distance_m * MM_PER_M)
    return nearest


def _legs(
    roads: RoadPieces,
    ids: NDArray[Any],
    x: Float64,
    y: Float64,
    choice: Choice,
    second_choice: Flags,
    nearest_mm: Int64,
    access_kmh: float,
) -> AccessLegs:
    """Write the choices down, one row a point."""
    joined = np.flatnonzero(choice.piece >= 0)
    edge = np.full(ids.size, -1, dtype=np.int32)
    edge[joined] = roads.first_edge[choice.piece[joined]]
    foot_x, foot_y = np.full(ids.size, np.nan), np.full(ids.size, np.nan)
    foot_x[joined], foot_y[joined] = roads.place(choice.piece[joined], choice.fraction[joined])
    access_ms = np.full(ids.size, UNREACHED, dtype=np.int64)
    access_ms[joined] = walking_ms(choice.leg_mm[joined], access_kmh)
    private = np.zeros(ids.size, dtype=bool)
    private[joined] = _on_private_road(roads, choice.piece[joined], choice.fraction[joined])
    reason = np.full(ids.size, "", dtype=object)
    reason[choice.piece < 0] = np.where(choice.any_near, "barrier", "off_road")[choice.piece < 0]
    reason[np.isnan(x)] = "pending"
    return AccessLegs(
        ids, x, y, edge, choice.fraction, foot_x, foot_y, choice.leg_mm, access_ms, reason,
        second_choice, private, nearest_mm, roads,
    )  # fmt: skip


def _on_private_road(roads: RoadPieces, piece: Int64, fraction: Float64) -> Flags:
    """Tell which places lie on a private road and not at a node it shares with an open one."""
    if not roads.private.any():
        return np.zeros(piece.size, dtype=bool)
    stop, is_open = roads.stop_mm(piece, fraction), open_nodes(roads.network)
    at_open_start = (stop == 0) & is_open[roads.start[piece]]
    at_open_end = (stop == roads.straight_mm[piece]) & is_open[roads.end[piece]]
    private: Flags = roads.private[piece] & ~at_open_start & ~at_open_end
    return private
