"""Draw the outlines of what lies inside: valid polygons, nested from the smallest limit to the largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from clinicplan.isochrones.lattice import Window

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

GRID_DECIMALS: Final = 2
GRID_M: Final = 10.0**-GRID_DECIMALS
"""Coordinates are whole centimetres."""
FAR_INSIDE_M: Final = -1e12
NESTING_M: Final = 0.02
"""Where rounding lets a smaller circle stick out of a larger one, the larger takes it in with so much to spare."""


def outline(window: Window, level: NDArray[np.floating[Any]], cell_m: float) -> BaseGeometry:
    """Return the ground with a level below zero; holes and separate parts are kept.

    Levels are interpolated along lattice lines. They must not come nearer to zero than a few centimetres, so that no
    two rings meet. Holes smaller than one cell are filled: the lattice cannot tell them from none. (What a larger limit
    leaves out lies within what a smaller one leaves out, so that filling keeps circles nested.)

    Parameters
    ----------
    window, level
        The rectangle, and its levels of shape (rows, columns), positive on the rim.
    cell_m
        Distance between lattice points, metres.

    Returns
    -------
    area
        Polygon or MultiPolygon with coordinates in whole centimetres; empty where nothing lies inside.
    """
    from contourpy import FillType, contour_generator

    inside = level < 0
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not rows.size:
        return shapely.Polygon()
    down, across = slice(rows[0] - 1, rows[-1] + 2), slice(columns[0] - 1, columns[-1] + 2)
    x = (window.column + np.arange(window.columns)[across]) * cell_m
    y = (window.row + np.arange(window.rows)[down]) * cell_m
    generator = contour_generator(x, y, level[down, across], fill_type=FillType.ChunkCombinedOffsetOffset)
    points, rings, polygons = (np.asarray(part[0]) for part in generator.filled(FAR_INSIDE_M, 0.0))
    whole: Float64 = np.round(points, GRID_DECIMALS).astype(np.float64)
    return as_area(_polygons(whole, rings.astype(np.int64), polygons.astype(np.int64), cell_m**2))


def _polygons(xy: Float64, rings: Int64, polygons: Int64, smallest_hole_m2: float) -> NDArray[np.object_]:
    """Build polygons from rings: ring r is `xy[rings[r]:rings[r + 1]]`, the first ring of a polygon its shell."""
    step = xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]
    step[rings[1:-1] - 1] = 0.0
    area = np.abs(np.add.reduceat(step, rings[:-1])) / 2.0
    kept = area >= smallest_hole_m2
    kept[polygons[:-1]] = True
    size = np.diff(rings)
    before = np.concatenate([[0], np.cumsum(kept)])
    bounds = np.concatenate([[0], np.cumsum(size[kept])])
    parts: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, xy[np.repeat(kept, size)], (bounds, before[polygons])
    )
    return parts


def as_area(parts: NDArray[np.object_]) -> BaseGeometry:
    """Return polygons that do not overlap as one geometry: Polygon where there is one, else MultiPolygon."""
    return cast("BaseGeometry", parts[0] if len(parts) == 1 else shapely.multipolygons(parts))


def only_areas(geometry: BaseGeometry) -> BaseGeometry:
    """Return the polygons of a geometry without lines and points."""
    parts = shapely.get_parts(geometry)
    kept = parts[(shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)]
    return as_area(kept) if kept.size else shapely.Polygon()


def simplified(areas: Sequence[BaseGeometry], tolerance_m: float) -> list[BaseGeometry]:
    """Leave out points that bend an outline by less than `tolerance_m`, keeping areas valid and nested."""
    return nested([shapely.simplify(area, tolerance_m, preserve_topology=True) for area in areas])


def nested(areas: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Let every area hold the one before it, which in exact arithmetic it does already.

    Parameters
    ----------
    areas
        From the smallest limit to the largest.

    Returns
    -------
    areas
        The same, each grown by what rounding left out, with `NESTING_M` to spare.
    """
    result: list[BaseGeometry] = []
    for area in areas:
        if result and not result[-1].is_empty and not area.covers(result[-1]):
            area = only_areas(shapely.union(area, result[-1].buffer(NESTING_M)))  # noqa: PLW2901
        result.append(area)
    return result


def with_thin_roads(area: BaseGeometry, lines: NDArray[np.object_], points: Float64, width_m: float) -> BaseGeometry:
    """Add roads and places that an area leaves out, as ribbons `width_m` to each side.

    Ribbons end flat where their line ends; places become small discs.

    Parameters
    ----------
    area
        What is there already.
    lines
        Straight lines to be inside.
    points
        Shape (points, 2): places to be inside, not merely on the edge.
    width_m
        Half-width of a ribbon, radius of a disc, metres.

    Returns
    -------
    area
        The union, in whole centimetres.
    """
    shapely.prepare(area)
    thin = lines[~shapely.contains(area, lines)]
    lone = points[~shapely.contains_xy(area, points)] if len(points) else points
    if not thin.size and not len(lone):
        return area
    ribbons = shapely.buffer(thin, width_m, cap_style="flat", quad_segs=2)
    discs = shapely.buffer(shapely.points(lone), width_m, quad_segs=2)
    extra = shapely.union_all(np.concatenate([ribbons, discs]))
    return only_areas(shapely.union(area, extra, grid_size=GRID_M))


def with_discs(area: BaseGeometry, x: Float64, y: Float64, radius_m: Float64) -> BaseGeometry:
    """Add a disc about each place that the area does not hold."""
    missing = ~shapely.contains_xy(area, x, y)
    if not missing.any():
        return area
    discs = shapely.buffer(shapely.points(x[missing], y[missing]), radius_m[missing])
    return only_areas(shapely.union_all([area, *discs]))
