"""Find the place of each row: from shapes, or from columns of degrees, minutes and seconds, or projected metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import shapely

from clinicplan.datum import is_in_china
from clinicplan.layers.cells import Angle, clean, read_angle, read_number
from clinicplan.layers.projections import WGS84, Ground, decide_crs, lon_lat, middles, reproject
from clinicplan.layers.tables import shown_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyproj
    from numpy.typing import NDArray

    from clinicplan.errors import Fault
    from clinicplan.layers.origin import Origin
    from clinicplan.layers.tables import RawTable
    from clinicplan.region import LayerSource

POSITION_COLUMNS: Final = (
    "lon", "lat", "lonlat", "x", "y", "wkt", "lon_degrees", "lon_minutes", "lon_seconds", "lat_degrees", "lat_minutes",
    "lat_seconds",
)  # fmt: skip
_SMALLEST_PROJECTED: Final = 1_000.0
"""Numbers above this are metres, not degrees."""
_SMALLEST_NORTHING: Final = 1_500_000.0
"""Northings of the Chinese mainland lie above this, plain eastings below."""
_SMALLEST_PREFIXED: Final = 13_000_000.0
"""Eastings that carry a zone number lie above this, northings below."""


@dataclass(frozen=True, eq=False)
class Positions:
    """The place of every row of a layer.

    Parameters
    ----------
    points
        In the metric system; None where a row has no place.
    problem
        Shape (rows): empty text, or why a row has no place: `empty`, `unreadable`, `out_of_range`, `swapped`.
    areas
        The polygons of rows that are given by polygons, in the metric system; None for layers of points.
    faults
        What was guessed, and rows whose coordinates are swapped.
    """

    points: gpd.GeoSeries
    problem: NDArray[np.object_]
    areas: gpd.GeoSeries | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Coordinates read from columns, before their system is known."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    unreadable: NDArray[np.bool_]
    projected: bool
    faults: tuple[Fault, ...]


def locate_rows(
    table: RawTable, source: LayerSource, ground: Ground | None, origin: Origin, ids: list[str]
) -> Positions:
    """Find the place of each row in the metric system.

    Parameters
    ----------
    table
        The layer as it stands in the file.
    source
        Datum and coordinate system as the region states them.
    ground
        The county; None when a layer is read alone: then a metric system is chosen around the layer's middle, and
        positions outside China are refused only where most rows lie in China.
    origin
        Layer and file, for the faults.
    ids
        Id of each row, for the faults.

    Returns
    -------
    positions
        Rows that are empty, zero, unreadable, swapped or off the map have no place.

    Raises
    ------
    LayerError
        No position columns, all rows swapped, no row with a place, a coordinate system that cannot be told.
    """
    faults: list[Fault] = []
    if table.geometry is not None and not table.geometry.isna().all():
        shapes, unreadable = table.geometry, np.zeros(len(table.rows), dtype=bool)
    elif any(cell.strip() for cell in table.cells("wkt")):
        shapes, unreadable, faults = _from_wkt(table)
    else:
        shapes, unreadable, faults = _from_columns(table, ground, origin)
    shapes, crs_faults = decide_crs(shapes, source, ground, origin, is_vector=table.geometry is not None)
    problem = _problems(shapes, unreadable, ground)
    _check_places(problem, table, origin)
    swapped = problem == "swapped"
    if swapped.any():
        faults.append(origin.pending("swapped_coordinates", rows=table.rows[swapped], ids=_chosen(ids, swapped)))
    placed = shapes.where(problem == "", None).set_crs(shapes.crs, allow_override=True)
    moved, shift_faults = reproject(placed, source, ground.crs if ground else None, origin)
    points, areas, kind_faults = _as_points(moved, table, origin)
    problem = np.where(points.isna() & (problem == ""), "unreadable", problem)
    every = (*faults, *crs_faults, *shift_faults, *kind_faults)
    return Positions(points, problem, areas, every)


def _chosen(ids: list[str], mask: NDArray[np.bool_]) -> list[str]:
    return [ids[row] for row in np.flatnonzero(mask)]


# Columns


def _from_wkt(table: RawTable) -> tuple[gpd.GeoSeries, NDArray[np.bool_], list[Fault]]:
    texts = table.cells("wkt")
    shapes = shapely.from_wkt([text.strip() or None for text in texts], on_invalid="ignore")
    unreadable = np.array([shape is None and bool(text.strip()) for shape, text in zip(shapes, texts, strict=True)])
    return gpd.GeoSeries(shapes), unreadable, []


def _from_columns(
    table: RawTable, ground: Ground | None, origin: Origin
) -> tuple[gpd.GeoSeries, NDArray[np.bool_], list[Fault]]:
    columns = _read_columns(table, origin)
    x, y, faults = columns.x, columns.y, list(columns.faults)
    if columns.projected:
        x, y, turned = _easting_northing(x, y, ground)
        if turned:
            names = ", ".join(
                table.headers.get(name, name) for name in ("x", "y", "lon", "lat") if name in table.headers
            )
            faults.append(origin.note("northing_first", headers=names))
    known = ~(np.isnan(x) | np.isnan(y))
    points: Any = shapely.points(np.where(known, x, 0.0), np.where(known, y, 0.0))
    shapes = gpd.GeoSeries(points).where(known, None)
    if not columns.projected:
        # Degrees, even where a few numbers are too large for them: those rows are off the map.
        shapes = shapes.where(_on_earth(x, y), None)
        columns.unreadable[known & ~_on_earth(x, y)] = True
    return shapes, columns.unreadable, faults


def _on_earth(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which pairs are degrees in one order or the other."""
    return (np.abs(x) <= 180) & (np.abs(y) <= 180)


def _read_columns(table: RawTable, origin: Origin) -> _Columns:
    """Read whichever columns hold the position."""
    present = set(table.frame.columns)
    if {"lon", "lat"} <= present:
        return _pair(table, "lon", "lat", origin)
    if {"lon_degrees", "lat_degrees"} <= present:
        return _sexagesimal_columns(table, origin)
    if "lonlat" in present:
        return _joint_column(table, origin)
    if {"x", "y"} <= present:
        return _pair(table, "x", "y", origin)
    seen = shown_headers(
        [*table.headers.values(), *(str(name) for name in table.frame.columns if name not in table.headers)]
    )
    raise origin.stop("no_position_columns", seen=seen)


def _pair(table: RawTable, first: str, second: str, origin: Origin) -> _Columns:
    """Read two columns as degrees or, where the numbers are large, as metres."""
    x, y = ([read_angle(cell) for cell in table.cells(name)] for name in (first, second))
    sizes = np.array([abs(angle.degrees) for angle in (*x, *y)])
    metres = _metres(table, first, second)
    if np.isfinite(sizes).any() and np.nanmedian(sizes) > _SMALLEST_PROJECTED:
        return metres
    if not np.isfinite(sizes).any() and np.isfinite(metres.x).any() and np.nanmedian(metres.x) > _SMALLEST_PROJECTED:
        return metres
    return _degrees(x, y, table, origin)


def _degrees(x: list[Angle], y: list[Angle], table: RawTable, origin: Origin) -> _Columns:
    guessed = np.array([a.guessed or b.guessed for a, b in zip(x, y, strict=True)], dtype=bool)
    unreadable = np.array([not (a.readable and b.readable) for a, b in zip(x, y, strict=True)], dtype=bool)
    faults = [origin.note("degrees_guessed", rows=table.rows[guessed])] if guessed.any() else []
    lon, lat = (np.array([angle.degrees for angle in angles], dtype=np.float64) for angles in (x, y))
    return _Columns(lon, lat, unreadable, projected=False, faults=tuple(faults))


def _metres(table: RawTable, first: str, second: str) -> _Columns:
    numbers = [[read_number(cell) for cell in table.cells(name)] for name in (first, second)]
    values = [np.array([float(n.value) if n.value is not None else np.nan for n in column]) for column in numbers]
    unreadable = np.array([not (a.readable and b.readable) for a, b in zip(*numbers, strict=True)], dtype=bool)
    return _Columns(values[0], values[1], unreadable, projected=True, faults=())


def _sexagesimal_columns(table: RawTable, origin: Origin) -> _Columns:
    """Read degrees, minutes and seconds that stand in columns of their own."""
    sides = []
    for side in ("lon", "lat"):
        parts = [[clean(cell) for cell in table.cells(f"{side}_{part}")] for part in ("degrees", "minutes", "seconds")]
        sides.append([_joined_angle(*cells) for cells in zip(*parts, strict=True)])
    return _degrees(sides[0], sides[1], table, origin)


def _joined_angle(degrees: str, minutes: str, seconds: str) -> Angle:
    if not minutes and not seconds:
        return read_angle(degrees)
    return read_angle(f"{degrees or 0}°{minutes or 0}′{seconds or 0}″")


def _joint_column(table: RawTable, origin: Origin) -> _Columns:
    """Read `120.9,29.5` or `29.5,120.9`: the order that puts most rows into China, else as written."""
    pairs = [_split_pair(cell) for cell in table.cells("lonlat")]
    x, y = ([read_angle(pair[side]) for pair in pairs] for side in (0, 1))
    columns = _degrees(x, y, table, origin)
    unreadable = columns.unreadable | np.array([pair == ("?", "?") for pair in pairs], dtype=bool)
    turned = is_in_china(columns.y, columns.x).sum() > is_in_china(columns.x, columns.y).sum()
    lon, lat = (columns.y, columns.x) if turned else (columns.x, columns.y)
    faults = [*columns.faults, *([origin.note("latitude_first")] if turned else [])]
    return _Columns(lon, lat, unreadable, projected=False, faults=tuple(faults))


def _split_pair(cell: str) -> tuple[str, str]:
    text = clean(cell).strip("()[]")
    if not text:
        return "", ""
    for mark in (",", ";", "/", "、", " "):
        parts = [part for part in text.split(mark) if part.strip()]
        if len(parts) == 2:
            return parts[0], parts[1]
    return "?", "?"


def _easting_northing(
    x: NDArray[np.float64], y: NDArray[np.float64], ground: Ground | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Tell eastings from northings by their size; Chinese tables often call the northing X.

    Outside China the columns are taken as they are called.
    """
    if ground is not None and not ground.is_chinese:
        return x, y, False
    first, second = float(np.nanmedian(x)), float(np.nanmedian(y))
    turned = _is_northing(first) and not _is_northing(second)
    return (y, x, True) if turned else (x, y, False)


def _is_northing(value: float) -> bool:
    return _SMALLEST_NORTHING <= value < _SMALLEST_PREFIXED


# Plausibility


def _problems(shapes: gpd.GeoSeries, unreadable: NDArray[np.bool_], ground: Ground | None) -> NDArray[np.object_]:
    """Tell why rows have no place."""
    missing = (shapes.isna() | shapes.is_empty).to_numpy()
    lon, lat = lon_lat(shapes)
    is_degrees = shapes.crs.is_geographic
    if is_degrees:
        # PROJ has no answer for latitudes beyond 90, which is what swapped degrees look like.
        lon, lat = _raw_degrees(shapes)
    zero = _zero(shapes)
    china = ground.is_chinese if ground else _mostly_china(lon, lat)
    swapped = _swapped(shapes, lon, lat, ground, china=china)
    sane = is_in_china(lon, lat) if china else (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    problem = np.where(sane & ~zero, "", np.where(swapped, "swapped", "out_of_range")).astype(object)
    problem[swapped] = "swapped"
    problem[zero | missing] = "empty"
    problem[unreadable] = "unreadable"
    return problem


def _raw_degrees(shapes: gpd.GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return middles(shapes)


def _zero(shapes: gpd.GeoSeries) -> NDArray[np.bool_]:
    x, y = _raw_degrees(shapes)
    zero: NDArray[np.bool_] = (x == 0) & (y == 0)
    return zero


def _mostly_china(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> bool:
    known = ~(np.isnan(lon) | np.isnan(lat))
    inside = is_in_china(lon, lat) | is_in_china(lat, lon)
    return bool(known.any() and inside[known].mean() > 0.5)


def _swapped(
    shapes: gpd.GeoSeries,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    ground: Ground | None,
    *,
    china: bool,
) -> NDArray[np.bool_]:
    """Tell which rows make sense only with their two numbers exchanged."""
    x, y = _raw_degrees(shapes)
    if shapes.crs.is_geographic:
        back_lon, back_lat = lat, lon
    else:
        back_lon, back_lat = _transformed(shapes.crs, y, x)
    swapped = np.zeros(len(shapes), dtype=bool)
    if ground is not None:
        swapped |= ~ground.is_near(lon, lat) & ground.is_near(back_lon, back_lat)
    if china:
        swapped |= ~is_in_china(lon, lat) & is_in_china(back_lon, back_lat)
    return swapped


def _transformed(
    crs: pyproj.CRS, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return lon_lat(gpd.GeoSeries(shapely.points(x, y), crs=crs))


def _check_places(problem: NDArray[np.object_], table: RawTable, origin: Origin) -> None:
    """Stop where no row has a place, or all that have coordinates have them swapped."""
    swapped, given = problem == "swapped", problem != "empty"
    if swapped.any() and swapped.sum() == given.sum():
        raise origin.stop("all_swapped", rows=table.rows[swapped], count=int(swapped.sum()))
    if (problem != "").all():
        raise origin.stop(
            "no_place_at_all",
            count=problem.size,
            empty=int((problem == "empty").sum()),
            unreadable=int((problem == "unreadable").sum()),
            out_of_range=int(((problem == "out_of_range") | swapped).sum()),
        )


# Shapes


def _as_points(
    shapes: gpd.GeoSeries, table: RawTable, origin: Origin
) -> tuple[gpd.GeoSeries, gpd.GeoSeries | None, list[Fault]]:
    """Reduce shapes to points: polygons to a point inside, points in a collection to their centre; lines have none."""
    kinds = shapely.get_type_id(np.asarray(shapes.array, dtype=object))
    areal, several, linear = np.isin(kinds, (3, 6)), kinds == 4, np.isin(kinds, (1, 2, 5, 7))
    flat = gpd.GeoSeries(shapely.force_2d(np.asarray(shapes.array, dtype=object)), crs=shapes.crs)
    faults = []
    areas = None
    if areal.any():
        areas = gpd.GeoSeries(_valid(flat.where(areal, None)), crs=shapes.crs)
        faults.append(origin.note("areas_to_points", count=int(areal.sum())))
    points = np.asarray(flat.array, dtype=object).copy()
    _replace(points, areal, shapely.point_on_surface)
    _replace(points, several, shapely.centroid)
    points[linear] = None
    if linear.any():
        faults.append(origin.note("not_a_place", rows=table.rows[linear]))
    return gpd.GeoSeries(points, crs=shapes.crs), areas, faults


def _valid(shapes: gpd.GeoSeries) -> NDArray[np.object_]:
    valid: NDArray[np.object_] = shapely.make_valid(np.asarray(shapes.array, dtype=object), method="structure")
    return valid


def _replace(
    points: NDArray[np.object_], mask: NDArray[np.bool_], reduce: Callable[[NDArray[np.object_]], NDArray[np.object_]]
) -> None:
    """Reduce some of the shapes, in place: the array is this module's own copy."""
    if mask.any():
        points[mask] = reduce(points[mask])


__all__ = ["POSITION_COLUMNS", "WGS84", "Positions", "locate_rows"]
