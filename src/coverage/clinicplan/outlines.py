"""Draw the outlines of what lies inside: valid polygons, nested from the smallest limit to the largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from clinicplan.lattice import Window

Float64 = NDArray[np.float64]

GRID_M: Final = 0.01
"""Coordinates are whole centimetres."""
NESTING_M: Final = 0.02
"""Where rounding lets a smaller circle stick out of a larger one, the larger takes it in with so much to spare."""


def outline(window: Window, level: Float64, cell_m: float) -> BaseGeometry:
    """Return the ground with a level below zero; holes and separate parts are kept.

    Levels are interpolated along lattice lines. They must not come nearer to zero than a few centimetres, so that no
    two rings meet.

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

    if not level.size or not (level < 0).any():
        return shapely.Polygon()
    x = (window.column + np.arange(window.columns)) * cell_m
    y = (window.row + np.arange(window.rows)) * cell_m
    generator = contour_generator(x, y, level, fill_type=FillType.ChunkCombinedOffsetOffset)
    points, rings, polygons = (part[0] for part in generator.filled(-np.inf if False else -1e12, 0.0))
    rounded = np.round(np.asarray(points) / GRID_M) * GRID_M
    parts = shapely.from_ragged_array(shapely.GeometryType.POLYGON, np.round(rounded, 2), (rings, polygons))
    return as_area(parts)
