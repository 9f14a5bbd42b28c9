"""Draw the townships, areas nearest by road to each seat that together are exactly the county, and the town itself."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from clinicplan.sample.lattice import FloatArray, IntArray, Lattice
from clinicplan.sample.units import Units

STREETS: Final = 3
"""The first townships of the list: the streets that make up the town."""
YARDS_M: Final = 450.0
"""Built-up land around the middle of a community of the town."""


def draw_townships(lattice: Lattice, label: IntArray, boundary: Polygon, count: int = 12) -> list[BaseGeometry]:
    """Return one area a township; neighbours share their border point by point.

    Borders run from cell to cell of the lattice between nodes of two townships, rounded, and are cut at the county
    boundary. A splinter that a border cuts off at the boundary goes to the township of the node nearest to it.
    """
    lines = shapely.line_merge(shapely.multilinestrings(_borders(lattice, label)))
    arcs: list[BaseGeometry] = [
        shapely.LineString(_round(shapely.get_coordinates(line))) for line in shapely.get_parts(lines)
    ]
    rings = shapely.union_all([*arcs, boundary.boundary])
    faces = list(shapely.get_parts(shapely.polygonize(list(shapely.get_parts(rings)))))
    inside = [face for face in faces if shapely.contains(boundary.buffer(1.0), face)]
    owner = _owners(lattice, label, inside)
    return [
        shapely.union_all([face for face, row in zip(inside, owner, strict=True) if row == t]) for t in range(count)
    ]


def _borders(lattice: Lattice, label: IntArray) -> list[FloatArray]:
    """Return the dual of every axis edge whose ends lie in two townships: the line between the cells on its sides."""
    x, y = lattice.cell_mean(lattice.x), lattice.cell_mean(lattice.y)
    axis = np.arange(lattice.n_axis_edges)
    one, two = label[lattice.tail[axis]], label[lattice.head[axis]]
    differing = axis[(one != two) & (one >= 0) & (two >= 0)]
    sides = lattice.cell_sides()
    cell = np.repeat(np.arange(len(x)), 4)
    edge = sides.ravel()
    kept = np.isin(edge, differing)
    order = np.argsort(edge[kept], kind="stable")
    pairs = cell[kept][order].reshape(-1, 2)
    return [np.column_stack([x[pair], y[pair]]) for pair in pairs]


def _round(line: FloatArray) -> FloatArray:
    """Even out the steps of a border, its ends in place."""
    from scipy.ndimage import gaussian_filter1d

    if len(line) < 5:
        return line
    smooth = gaussian_filter1d(line, 1.6, axis=0, mode="nearest")
    return np.concatenate([line[:1], smooth[1:-1], line[-1:]])


def _owners(lattice: Lattice, label: IntArray, faces: list[Polygon]) -> list[int]:
    from scipy.spatial import cKDTree

    known = np.flatnonzero(label >= 0)
    tree = cKDTree(np.column_stack([lattice.x[known], lattice.y[known]]))
    inner = shapely.get_coordinates([face.representative_point() for face in faces])
    return [int(row) for row in label[known[tree.query(inner)[1]]]]


def draw_urban_area(units: Units, boundary: Polygon) -> Polygon:
    """Return the built-up area of the county seat: the land around the communities of its streets, in one piece."""
    town = (units.kind == "community") & (units.township < STREETS)
    yards = shapely.union_all(shapely.buffer(shapely.points(units.x[town], units.y[town]), YARDS_M))
    closed = yards.buffer(2 * YARDS_M).buffer(-2 * YARDS_M).simplify(15.0).intersection(boundary)
    parts = [part for part in shapely.get_parts(closed) if isinstance(part, Polygon)]
    return shapely.Polygon(max(parts, key=lambda part: part.area).exterior)
