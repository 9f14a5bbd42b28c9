"""Make geometry small enough for a web page: simplified in metres, written in hundred-thousandths of a degree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from clinicplan.report.style import ROADS, road_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WEB_CRS: Final = "EPSG:4326"
UNITS_PER_DEGREE: Final = 100_000
"""Five decimals: about one metre."""
TOLERANCE_M: Final = 15.0
"""Drawn lines stay this close to the true ones; half a pixel when a county fills the screen is 30 m."""
SMALLEST_AREA_M2: Final = 2_500.0
"""Parts and holes below 50 m x 50 m are not drawn: under one pixel when a county fills the screen."""
MOST_AREA_VERTICES: Final = 60_000
MOST_ROAD_VERTICES: Final = 140_000
"""With the areas this keeps a page under the 200 000 vertices that a browser redraws without a pause."""
LABEL_GRID: Final = 24
"""Points tried along each side of an area for its name."""

Packed = list[Any]
"""Nested lists; the innermost hold whole numbers latitude, longitude, then differences, latitude first."""


@dataclass(frozen=True, eq=False)
class DrawnShape:
    """Geometry ready for the page.

    Parameters
    ----------
    parts
        Lines, or polygons of rings; see `Packed`.
    vertices
        How many points are drawn.
    tolerance_m
        How far drawn lines may lie from the true ones.
    """

    parts: Packed
    vertices: int
    tolerance_m: float


@dataclass(frozen=True, eq=False)
class DrawnRoads:
    """Roads ready for the page, and what was left out.

    Parameters
    ----------
    classes
        Name of a road class and its lines, in the order of `style.ROADS`; classes without a road are absent.
    dropped_km
        Length of the classes left out because the page would grow too large, by name of class.
    """

    classes: tuple[tuple[str, DrawnShape], ...]
    dropped_km: tuple[tuple[str, float], ...]


def geographic(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Reproject a layer for the page, keeping rows without a position."""
    return frame.to_crs(WEB_CRS)


def pieces(geometry: Sequence[shapely.Geometry]) -> NDArray[np.object_]:
    """Return the single points, lines and polygons of any geometry, collections of collections included."""
    shapes = np.asarray(geometry, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    while (shapely.get_type_id(shapes) > shapely.GeometryType.POLYGON).any():
        shapes = shapely.get_parts(shapes)
    return np.asarray(shapes, dtype=object)


def draw_areas(
    geometry: Sequence[shapely.Geometry], crs: object, *, most_vertices: int = MOST_AREA_VERTICES
) -> list[DrawnShape]:
    """Simplify polygons until all of them together stay within a number of vertices.

    The tolerance starts at `TOLERANCE_M` and doubles while there are too many vertices.

    Parameters
    ----------
    geometry
        Polygons in a metric system; empty ones give no parts.
    crs
        Their reference system.
    most_vertices
        For all polygons together.

    Returns
    -------
    shapes
        One a polygon, in the same order, all with the same tolerance.
    """
    tolerance_m = TOLERANCE_M
    while True:
        simpler = shapely.simplify([_without_specks(shape) for shape in geometry], tolerance_m)
        vertices = int(shapely.get_num_coordinates(simpler).sum())
        if vertices <= most_vertices or tolerance_m >= 16 * TOLERANCE_M:
            break
        tolerance_m *= 2
    return [DrawnShape(parts, _vertices(parts), tolerance_m) for parts in map(_pack_areas, _to_degrees(simpler, crs))]


def draw_lines(geometry: Sequence[shapely.Geometry], crs: object) -> DrawnShape:
    """Join lines that meet end to end, simplify them and write them for the page.

    Parameters
    ----------
    geometry
        Lines in a metric system.
    crs
        Their reference system.

    Returns
    -------
    shape
        All lines together.
    """
    lines = _lines_of(geometry)
    if not lines:
        return DrawnShape([], 0, TOLERANCE_M)
    merged = shapely.line_merge(shapely.multilinestrings(lines))
    simpler = shapely.simplify(shapely.get_parts(merged), TOLERANCE_M)
    parts = [_pack(shapely.get_coordinates(line)) for line in _to_degrees(simpler, crs)]
    parts = [part for part in parts if len(part) > 2]
    return DrawnShape(parts, _vertices(parts), TOLERANCE_M)


def draw_borders(areas: Sequence[shapely.Geometry], crs: object) -> DrawnShape:
    """Draw the lines between areas, each line once although two areas share it."""
    return draw_lines([shapely.union_all(shapely.boundary(np.asarray(areas, dtype=object)))], crs)


def draw_roads(roads: gpd.GeoDataFrame, *, most_vertices: int = MOST_ROAD_VERTICES) -> DrawnRoads:
    """Draw roads class by class, from major to minor, as far as the page has room.

    Parameters
    ----------
    roads
        `highway, geometry` in a metric system.
    most_vertices
        The first class that would exceed it is left out, and every class below it.

    Returns
    -------
    drawn
        The classes drawn, and the length of those left out.
    """
    names = roads["highway"].map(lambda value: road_class(str(value)).name).to_numpy()
    drawn: list[tuple[str, DrawnShape]] = []
    dropped: list[tuple[str, float]] = []
    vertices = 0
    for style in ROADS:
        lines = roads.geometry.to_numpy()[names == style.name]
        if not len(lines):
            continue
        shape = draw_lines(lines, roads.crs) if not dropped else None
        if shape is None or vertices + shape.vertices > most_vertices:
            dropped.append((style.name, float(shapely.length(lines).sum() / 1000)))
            continue
        vertices += shape.vertices
        drawn.append((style.name, shape))
    return DrawnRoads(tuple(drawn), tuple(dropped))


def disjoint_circles(circles: gpd.GeoDataFrame) -> list[tuple[float, shapely.Geometry]]:
    """Cut the smaller circle out of each larger one, so that colours do not mix.

    Parameters
    ----------
    circles
        `minutes, geometry`, in any order.

    Returns
    -------
    rings
        Minutes and what the circle adds to the next smaller one, from small to large.
    """
    minutes = circles["minutes"].astype(float).to_numpy()
    rings: list[tuple[float, shapely.Geometry]] = []
    inner: shapely.Geometry = shapely.Polygon()
    for value in sorted(set(minutes)):
        circle = shapely.make_valid(shapely.union_all(circles.geometry.to_numpy()[minutes == value]))
        rings.append((float(value), shapely.difference(circle, inner)))
        inner = shapely.union(inner, circle)
    return rings


def place_labels(areas: gpd.GeoSeries, symbols: NDArray[np.float64]) -> list[shapely.Point]:
    """Find a place for each area's name: inside it, away from its edge and from the symbols.

    The roomiest of a grid of points is taken; a name is wider than high, so that room to the side counts half.

    Parameters
    ----------
    areas
        Polygons in a metric system.
    symbols
        Shape (symbols, 2): where something is drawn, same system.

    Returns
    -------
    places
        One point an area; a point on the surface where no point of the grid lies inside.
    """
    squeeze = np.array([0.5, 1.0])
    tree = cKDTree(symbols * squeeze) if len(symbols) else None
    return [_roomiest(area, tree, squeeze) for area in areas]


def _roomiest(area: Any, tree: cKDTree | None, squeeze: NDArray[np.float64]) -> shapely.Point:
    west, south, east, north = area.bounds
    steps = np.linspace(0.5 / LABEL_GRID, 1 - 0.5 / LABEL_GRID, LABEL_GRID)
    grid = np.array([(west + (east - west) * x, south + (north - south) * y) for y in steps for x in steps])
    grid = grid[shapely.contains_xy(area, grid)]
    if not len(grid):
        return shapely.Point(area.representative_point())
    room = shapely.distance(area.boundary, shapely.points(grid)) / 2
    if tree is not None:
        room = np.minimum(room, tree.query(grid * squeeze)[0])
    return shapely.Point(grid[int(room.argmax())])


def _without_specks(shape: shapely.Geometry) -> shapely.Geometry:
    """Leave out parts and holes too small to be seen."""
    kept = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon" and part.area >= SMALLEST_AREA_M2:
            holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= SMALLEST_AREA_M2]
            kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.MultiPolygon(kept)


def _to_degrees(geometry: NDArray[np.object_], crs: object) -> NDArray[np.object_]:
    return np.asarray(gpd.GeoSeries(geometry, crs=crs).to_crs(WEB_CRS).to_numpy(), dtype=object)


def _lines_of(geometry: Sequence[shapely.Geometry]) -> list[shapely.Geometry]:
    """Return the single lines of any geometry; outlines where it is an area."""
    shapes = pieces(geometry)
    areas = shapely.get_dimensions(shapes) == 2
    shapes[areas] = shapely.boundary(shapes[areas])
    return [line for line in shapely.get_parts(shapes) if line.geom_type in ("LineString", "LinearRing")]


def _pack_areas(shape: shapely.Geometry) -> Packed:
    """Write polygons as lists of rings; rings that shrink to nothing at five decimals are left out."""
    packed = []
    for part in shapely.get_parts(shape):
        rings = [_pack(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
        if len(rings[0]) > 6:
            packed.append([rings[0], *(ring for ring in rings[1:] if len(ring) > 6)])
    return packed


def _pack(coordinates: NDArray[np.float64]) -> list[int]:
    """Write a line as its first point and the differences after it, repeated points left out.

    Positions are rounded before they are subtracted: errors do not add up.
    """
    whole = np.round(coordinates[:, ::-1] * UNITS_PER_DEGREE).astype(np.int64)
    moved = np.ones(len(whole), dtype=bool)
    moved[1:] = (np.diff(whole, axis=0) != 0).any(axis=1)
    whole = whole[moved]
    return [int(number) for number in np.vstack([whole[:1], np.diff(whole, axis=0)]).ravel()]


def _vertices(parts: Packed) -> int:
    """Count the points of packed geometry."""
    if not parts:
        return 0
    return len(parts) // 2 if isinstance(parts[0], int) else sum(_vertices(part) for part in parts)
