"""Find pairs of points near enough to walk straight from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.network.crossings import Crossings, Lines, index_barriers
from clinicplan.network.snapping import walking_ms
from clinicplan.standard import MM_PER_M

if TYPE_CHECKING:
    from clinicplan.network.snapping import AccessLegs

Int64 = NDArray[np.int64]


class StraightWalks(NamedTuple):
    """Walks from point to point off the road, ordered by origin, then destination.

    Parameters
    ----------
    origin, destination
        Shape (walks): row of the point among those of the legs.
    time_ms, length_mm
        Shape (walks): whole milliseconds and millimetres.
    """

    origin: Int64
    destination: Int64
    time_ms: Int64
    length_mm: Int64


def straight_walks(
    legs: AccessLegs,
    origins: NDArray[Any],
    destinations: NDArray[Any],
    *,
    access_kmh: float = 4.0,
    max_access_m: float = 2000.0,
    barrier_lines: Lines | Crossings | None = None,
) -> StraightWalks:
    """List the pairs of points at most `max_access_m` apart with no barrier between.

    Points need not reach a road. Two points at the same place are 0 ms apart, a point and itself too.

    Parameters
    ----------
    legs
        The points; those without coordinates walk nowhere.
    origins, destinations
        Rows of points, each at most once.
    access_kmh
        Walking speed.
    max_access_m
        Longest walk, inclusive, compared in whole millimetres.
    barrier_lines
        Lines that a walk must not cross, or their index (`JoinedNetwork.crossings`); None means no barrier.

    Returns
    -------
    walks
        Time and length of every pair, by origin, then destination.

    Examples
    --------
    >>> from clinicplan.network.graph import RoadNetwork
    >>> from clinicplan.network.snapping import find_access
    >>> road = RoadNetwork.from_edges([0, 1], [1, 0], [72, 72], x=[0, 1000], y=[0, 0])
    >>> legs = find_access(road, ["V1", "V2", "C1"], [0.0, 5000.0, 100.0], [0.0, 0.0, 0.0])
    >>> straight_walks(legs, np.array([0, 1]), np.array([2]))
    StraightWalks(origin=array([0]), destination=array([2]), time_ms=array([90000]), length_mm=array([100000]))
    """
    start, end = _near_pairs(legs, np.asarray(origins), np.asarray(destinations), max_access_m)
    length_mm = np.rint(np.hypot(legs.x[end] - legs.x[start], legs.y[end] - legs.y[start]) * MM_PER_M).astype(np.int64)
    near = np.flatnonzero(length_mm <= round(max_access_m * MM_PER_M))
    start, end, length_mm = start[near], end[near], length_mm[near]
    cut = index_barriers(barrier_lines).cut(legs.x[start], legs.y[start], legs.x[end], legs.y[end])
    start, end, length_mm = start[~cut], end[~cut], length_mm[~cut]
    order = np.lexsort((end, start))
    length_mm = length_mm[order]
    return StraightWalks(start[order], end[order], walking_ms(length_mm, access_kmh), length_mm)


def _near_pairs(
    legs: AccessLegs, origins: NDArray[Any], destinations: NDArray[Any], reach_m: float
) -> tuple[Int64, Int64]:
    """Return point rows of pairs whose boxes meet, a superset of the pairs within reach."""
    import shapely

    placed = ~(np.isnan(legs.x) | np.isnan(legs.y))
    starts, ends = (rows[placed[rows]].astype(np.int64) for rows in (origins, destinations))
    half_m = reach_m + 1 / MM_PER_M
    x, y = legs.x[starts], legs.y[starts]
    tree = shapely.STRtree(shapely.points(legs.x[ends], legs.y[ends]))
    start, end = tree.query(shapely.box(x - half_m, y - half_m, x + half_m, y + half_m))
    return starts[start], ends[end]
