"""Tell which straight walks cross a river, a railway, a motorway or another barrier line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import shapely

Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]
Lines = NDArray[np.object_]

END_TOLERANCE_M: Final = 0.001
"""A walk may touch a barrier this close to its own ends: the road it reaches may run on the barrier line itself, and a
foot computed in floating point lies a little before or behind it. Metres; the unit lengths are rounded to."""


@dataclass(frozen=True, eq=False)
class Crossings:
    """Barrier lines cut into straight pieces, ready to be asked about walks; make one with `index_barriers`.

    Parameters
    ----------
    n_pieces
        Number of straight barrier pieces; 0 where nothing bars the way.
    tree
        Spatial index of the pieces; None without pieces.
    """

    n_pieces: int
    tree: shapely.STRtree | None

    def __repr__(self) -> str:
        return f"Crossings({self.n_pieces:,} straight barrier pieces)"

    def cut(self, x0: Float64, y0: Float64, x1: Float64, y1: Float64) -> Flags:
        """Tell which straight walks cross a barrier.

        A walk is cut when it meets a barrier anywhere but within a millimetre of its own two ends: a road may run on
        the barrier line (a dyke, a boundary drawn along the road), and a point may stand on it. A walk that follows a
        barrier line, or passes through its tip, is cut. A walk of no length never is.

        Parameters
        ----------
        x0, y0, x1, y1
            Shape (walks): the two ends, metres in the system of the barriers.

        Returns
        -------
        cut
            Shape (walks).
        """
        cut = np.zeros(x0.size, dtype=bool)
        if self.tree is None:
            return cut
        length = np.hypot(x1 - x0, y1 - y0)
        rows = np.flatnonzero(length > 2 * END_TOLERANCE_M)
        if rows.size:
            walks = _withdrawn_walks(x0[rows], y0[rows], x1[rows], y1[rows], length[rows])
            cut[rows[self.tree.query(walks, predicate="intersects")[0]]] = True
        return cut


def index_barriers(barrier_lines: Lines | Crossings | None) -> Crossings:
    """Cut barrier lines into straight pieces and index them.

    Long rivers are what makes the plain intersection test slow, since their boxes cover half a county.

    Parameters
    ----------
    barrier_lines
        Lines (shapely), missing and empty ones left out; of polygons the outline counts. An index made before is
        returned as it is; None means no barrier.

    Returns
    -------
    crossings
        The index.

    Examples
    --------
    >>> import shapely
    >>> river = index_barriers(np.array([shapely.LineString([(0, 0), (0, 100)])]))
    >>> river.cut(np.array([-5.0]), np.array([50.0]), np.array([5.0]), np.array([50.0])).tolist()
    [True]
    """
    if isinstance(barrier_lines, Crossings):
        return barrier_lines
    if barrier_lines is None or len(barrier_lines) == 0:
        return Crossings(0, None)
    import shapely

    pieces = _straight_pieces(np.asarray(barrier_lines, dtype=object))
    if pieces.shape[0] == 0:
        return Crossings(0, None)
    return Crossings(pieces.shape[0], shapely.STRtree(straight_lines(pieces)))


def straight_lines(ends: Float64) -> NDArray[Any]:
    """Return lines between places, shape (lines, 2 ends, 2 coordinates)."""
    import shapely

    return np.asarray(shapely.linestrings(ends), dtype=object)


def _straight_pieces(geometries: Lines) -> Float64:
    """Return shape (pieces, 2 ends, 2 coordinates) of all lines, outlines in place of polygons."""
    import shapely

    present = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    flat: NDArray[Any] = shapely.get_parts(present)
    areas = shapely.get_dimensions(flat) == 2
    lines = np.concatenate([flat[~areas], shapely.get_parts(shapely.boundary(flat[areas]))])
    places, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    pieces: Float64 = np.stack([places[:-1][joined], places[1:][joined]], axis=1)
    return pieces


def _withdrawn_walks(x0: Float64, y0: Float64, x1: Float64, y1: Float64, length: Float64) -> NDArray[Any]:
    """Return the walks as lines, both ends withdrawn by the tolerance."""
    step_x, step_y = (x1 - x0) / length * END_TOLERANCE_M, (y1 - y0) / length * END_TOLERANCE_M
    starts = np.stack([x0 + step_x, y0 + step_y], axis=1)
    ends = np.stack([x1 - step_x, y1 - step_y], axis=1)
    return straight_lines(np.stack([starts, ends], axis=1))
