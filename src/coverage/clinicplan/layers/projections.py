"""Decide the coordinate system of a layer and bring it to the metric system of the county."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from pyproj.enums import TransformDirection

from clinicplan.datum import converter, is_in_china, metric_crs, to_wgs84

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from clinicplan.errors import Fault
    from clinicplan.layers.origin import Origin
    from clinicplan.region import LayerSource

Positions: TypeAlias = "NDArray[np.float64]"
"""Shape (positions, 2): east, north, or longitude, latitude."""

WGS84: Final = "EPSG:4326"
_DEGREES: Final = (WGS84, "EPSG:4490", "OGC:CRS84")
"""Geographic systems that are the same to a few decimetres."""
_MISSING, _POINT = -1, 0
_ZONES_3_DEGREES, _ZONES_6_DEGREES = range(25, 46), range(13, 24)
_PREFIXED_3, _PREFIXED_6, _PLAIN_3, _PLAIN_6 = 4513, 4491, 4534, 4502
_FITS_SHARE: Final = 0.5
"""Share of points that must fall into the county before a central meridian is taken for the right one."""
_OLD_DATUMS: Final = ("xian", "beijing", "西安", "北京")
_SAME_AS_WGS84: Final = (
    "world geodetic system",
    "wgs",
    "china 2000",
    "cgcs2000",
    "china_2000",
    "european terrestrial",
    "etrs",
)


@dataclass(frozen=True, eq=False)
class Ground:
    """The county a layer is read for.

    Parameters
    ----------
    crs
        Metric system that every layer is brought to.
    boundary
        The county, in `crs`.
    box
        West, south, east, north of the county in degrees of WGS84.
    is_chinese
        Whether positions outside China are impossible.
    """

    crs: str
    boundary: BaseGeometry
    box: tuple[float, float, float, float]
    is_chinese: bool

    @classmethod
    def from_boundary(cls, boundary: gpd.GeoDataFrame) -> Ground:
        """Return the ground of a dissolved boundary in its metric system."""
        west, south, east, north = (float(value) for value in move(boundary.geometry, WGS84).total_bounds)
        centre = (west + east) / 2, (south + north) / 2
        return cls(str(boundary.crs), boundary.geometry.iloc[0], (west, south, east, north), bool(is_in_china(*centre)))

    def is_near(self, lon: NDArray[np.float64], lat: NDArray[np.float64], margin: float = 2.0) -> NDArray[np.bool_]:
        """Tell which positions lie within so many degrees of the county's box."""
        west, south, east, north = self.box
        near: NDArray[np.bool_] = (
            (lon >= west - margin) & (lon <= east + margin) & (lat >= south - margin) & (lat <= north + margin)
        )
        return near


def check_crs(text: str, origin: Origin) -> pyproj.CRS:
    """Return a stated coordinate system; raise `LayerError` where PROJ does not know it."""
    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        raise origin.stop("bad_crs", crs=text) from None


def check_metric_crs(text: str, origin: Origin) -> str:
    """Return a stated metric system; raise `LayerError` unless it is projected and in metres."""
    crs = check_crs(text, origin)
    if not crs.is_projected or any(axis.unit_name not in ("metre", "meter") for axis in crs.axis_info[:2]):
        raise origin.stop("crs_not_metric", crs=text)
    return text


def decide_crs(
    shapes: gpd.GeoSeries, source: LayerSource, ground: Ground | None, origin: Origin, *, is_vector: bool = True
) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Give shapes their coordinate system: the file's, else the region's, else degrees, else a guess that is said.

    Parameters
    ----------
    shapes
        As read; the coordinate system may be missing.
    source
        `crs` where the file states none.
    ground
        The county, to tell central meridians apart; None when a layer is read alone.
    origin
        Layer and file, for the faults.
    is_vector
        Whether the file could have stated a system; columns of degrees cannot, and nothing is said about them.

    Returns
    -------
    shapes, faults
        With a coordinate system, and what was assumed.

    Raises
    ------
    LayerError
        If the coordinates are neither degrees nor a zone that can be told.
    """
    stated = check_crs(source.crs, origin) if source.crs else None
    if shapes.crs is not None and not _is_engineering(shapes.crs):
        differs = stated is not None and not pyproj.CRS(shapes.crs).equals(stated, ignore_axis_order=True)
        faults = [origin.note("crs_of_file", crs=crs_name(shapes.crs), stated=source.crs)] if differs else []
        return shapes, faults
    if stated is not None:
        return shapes.set_crs(stated, allow_override=True), []
    x, y = _sample(shapes)
    if x.size == 0 or (np.median(np.abs(x)) <= 180 and np.median(np.abs(y)) <= 180):
        faults = [origin.note("crs_assumed", crs=WGS84)] if is_vector else []
        return shapes.set_crs(WGS84, allow_override=True), faults
    guess = guess_zone(x, y, ground)
    if guess is None:
        raise origin.stop("crs_unknown", x=f"{np.median(x):.0f}", y=f"{np.median(y):.0f}")
    return shapes.set_crs(guess, allow_override=True), [origin.note("crs_guessed", crs=guess)]


def guess_zone(x: NDArray[np.float64], y: NDArray[np.float64], ground: Ground | None) -> str | None:
    """Guess the CGCS2000 zone of projected coordinates without a label.

    Eastings of eight digits carry their zone number. Six digits do not: then the central meridian is taken that puts
    most points into the county, if that is more than half of them.

    Parameters
    ----------
    x, y
        Eastings and northings, metres; NaN left out.
    ground
        The county; None leaves six-digit eastings undecided.

    Returns
    -------
    crs
        `EPSG:` and the code, or None.

    Examples
    --------
    >>> guess_zone(np.array([40_500_000.0]), np.array([3_260_000.0]), None)
    'EPSG:4528'
    >>> guess_zone(np.array([500_000.0]), np.array([3_260_000.0]), None) is None
    True
    """
    known = ~(np.isnan(x) | np.isnan(y))
    if not known.any():
        return None
    zone = int(np.median(x[known]) // 1_000_000)
    if zone in _ZONES_3_DEGREES:
        return f"EPSG:{_PREFIXED_3 + zone - 25}"
    if zone in _ZONES_6_DEGREES:
        return f"EPSG:{_PREFIXED_6 + zone - 13}"
    return _zone_by_county(x[known], y[known], ground) if ground is not None and zone == 0 else None


def _zone_by_county(x: NDArray[np.float64], y: NDArray[np.float64], ground: Ground) -> str | None:
    points = gpd.GeoSeries(shapely.points(x, y))
    shares = {crs: _share_inside(points, crs, ground) for crs in _candidate_zones(ground)}
    best = max(shares, key=lambda crs: shares[crs])
    return best if shares[best] > _FITS_SHARE else None


def _candidate_zones(ground: Ground) -> list[str]:
    """List the county's own system, the 3-degree zones around its centre and its 6-degree zone."""
    west, _, east, _ = ground.box
    lon = (west + east) / 2
    near = [round(lon / 3) + step for step in (0, -1, 1)]
    codes = [_PLAIN_3 + zone - 25 for zone in near if zone in _ZONES_3_DEGREES]
    six = int(lon // 6) + 1
    codes += [_PLAIN_6 + six - 13] if six in _ZONES_6_DEGREES else []
    return list(dict.fromkeys([ground.crs, *(f"EPSG:{code}" for code in codes)]))


def _share_inside(points: gpd.GeoSeries, crs: str, ground: Ground) -> float:
    moved = move(points.set_crs(crs), ground.crs)
    return float(moved.within(ground.boundary).mean())


def reproject(
    shapes: gpd.GeoSeries, source: LayerSource, target: str | None, origin: Origin
) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Bring shapes to the metric system, undoing a shifted datum first.

    Parameters
    ----------
    shapes
        With a coordinate system.
    source
        `datum` of geographic coordinates.
    target
        Metric system; None chooses one around the layer's middle.
    origin
        Layer and file, for the faults.

    Returns
    -------
    shapes, faults
        In the metric system; notes on shifts that are not exact.

    Raises
    ------
    LayerError
        If a shifted datum is stated for projected coordinates.
    """
    crs = pyproj.CRS(shapes.crs)
    if source.datum in ("gcj02", "bd09"):
        if not crs.is_geographic:
            raise origin.stop("datum_on_projected", datum=source.datum, crs=crs_name(crs))
        shapes = gpd.GeoSeries(shapely.transform(shapes.array, _without_shift(source)), index=shapes.index, crs=WGS84)
        faults = [origin.note("datum_converted", datum=source.datum.upper())]
    else:
        faults = _shift_faults(crs, origin)
    return move(shapes, target or metric_crs(*middle(shapes))), faults


def move(shapes: gpd.GeoSeries, target: str) -> gpd.GeoSeries:
    """Return shapes in another system; what lies beyond its reach becomes infinite, missing shapes stay missing.

    One conversion serves both directions and both geographic systems of WGS84 and CGCS2000, for PROJ takes a fifth of
    a second to make one.
    """
    positions = _to_degrees(shapes.crs) if target == WGS84 else _between(shapes.crs, target)
    moved = shapely.transform(np.asarray(shapes.array, dtype=object), positions)
    return gpd.GeoSeries(moved, index=shapes.index, crs=target)


def _between(source: pyproj.CRS, target: str) -> Callable[[Positions], Positions]:
    if source.is_geographic and crs_name(source) in _DEGREES:
        return _converted(WGS84, target, forward=True)
    return _unchanged if source == pyproj.CRS(target) else _converted(source, target, forward=True)


def _to_degrees(source: pyproj.CRS) -> Callable[[Positions], Positions]:
    if crs_name(source) in _DEGREES:
        return _unchanged
    return (
        _converted(WGS84, crs_name(source), forward=False)
        if source.to_authority()
        else _converted(source, WGS84, forward=True)
    )


def _unchanged(positions: Positions) -> Positions:
    return positions


def _converted(source: str | pyproj.CRS, target: str, *, forward: bool) -> Callable[[Positions], Positions]:
    transformer = converter(source, target)
    direction = TransformDirection.FORWARD if forward else TransformDirection.INVERSE

    def convert(positions: Positions) -> Positions:
        return np.column_stack(transformer.transform(positions[:, 0], positions[:, 1], direction=direction))

    return convert


def _without_shift(source: LayerSource) -> Callable[[Positions], Positions]:
    """Return the conversion of positions in a shifted datum to WGS84."""

    def convert(positions: Positions) -> Positions:
        lon, lat = to_wgs84(positions[:, 0], positions[:, 1], source.datum)
        return np.column_stack([lon, lat])

    return convert


def middle(shapes: gpd.GeoSeries) -> tuple[float, float]:
    """Return the median position of shapes as longitude and latitude."""
    lon, lat = lon_lat(shapes)
    return float(np.nanmedian(lon)), float(np.nanmedian(lat))


def lon_lat(shapes: gpd.GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a position of each shape in degrees, NaN where it has none or lies beyond its system's reach."""
    lon, lat = _to_degrees(shapes.crs)(np.column_stack(middles(shapes))).T
    lost = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)


def middles(shapes: gpd.GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of each shape in its own system, NaN where there is none."""
    array = np.asarray(shapes.array, dtype=object)
    kinds = shapely.get_type_id(array)
    points = array if np.isin(kinds, (_MISSING, _POINT)).all() else shapely.centroid(array)
    return shapely.get_x(points), shapely.get_y(points)


def _sample(shapes: gpd.GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = middles(shapes)
    known = ~(np.isnan(x) | np.isnan(y))
    return x[known], y[known]


def _shift_faults(crs: pyproj.CRS, origin: Origin) -> list[Fault]:
    """Say where the shift to WGS84 is not exact: the old Chinese datums, and others that PROJ only approximates."""
    geodetic = crs.geodetic_crs
    name = geodetic.datum.name.lower() if geodetic is not None and geodetic.datum is not None else ""
    if any(word in name for word in _OLD_DATUMS):
        return [origin.note("datum_shift_inexact", crs=crs_name(crs))]
    if any(word in name for word in _SAME_AS_WGS84) or _accuracy_m(crs) != -1:
        return []
    return [origin.note("datum_shift_unknown", crs=crs_name(crs))]


def _accuracy_m(crs: pyproj.CRS) -> float:
    """Return PROJ's accuracy of the shift to WGS84 in metres; -1 where it is only a guess."""
    with warnings.catch_warnings():
        # PROJ remarks that better grids exist which are not installed; the accuracy says what is used.
        warnings.simplefilter("ignore")
        group = pyproj.transformer.TransformerGroup(crs, WGS84, always_xy=True)
    return float(group.transformers[0].accuracy) if group.transformers else -1.0


def _is_engineering(crs: pyproj.CRS) -> bool:
    return not (pyproj.CRS(crs).is_geographic or pyproj.CRS(crs).is_projected or pyproj.CRS(crs).is_bound)


def crs_name(crs: object) -> str:
    """Return the code of a coordinate system where it has one, else its name."""
    known = pyproj.CRS(crs)
    code = known.to_authority()
    return ":".join(code) if code else known.name
