"""Convert between WGS84, CGCS2000, GCJ-02 and BD-09, and choose the metric system of a county.

GCJ-02 and BD-09 are the shifted coordinates of Chinese web maps. What stands here is the public approximation of those
shifts, for analysis only: it is neither an official transformation nor fit for surveying. WGS84 and CGCS2000 differ by
decimetres and are treated as the same.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyproj import CRS, Transformer

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Degrees = NDArray[np.float64]
Pair = tuple[Degrees, Degrees]

SHIFT_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)
"""Box outside which web maps do not shift: west, south, east, north in degrees."""
CHINA_BOX: Final = (73.0, 3.0, 136.0, 54.0)
"""Box of plausible positions in China, islands included: west, south, east, north in degrees."""

_SEMI_MAJOR_M: Final = 6378245.0
_ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
_BAIDU_ANGLE: Final = np.pi * 3000.0 / 180.0
_SETTLED_DEGREES: Final = 1e-8
"""A correction this small leaves an error of at most a fiftieth of it: some 0.02 mm on the ground."""
_MOST_ROUNDS: Final = 30
_CHUNK: Final = 32_768
"""Points converted at a time: the intermediate arrays stay in the processor's cache."""


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS84 positions to GCJ-02 by the public approximation, for analysis only.

    Parameters
    ----------
    lon, lat
        Degrees, any shape that broadcasts. NaN stays NaN; positions outside `SHIFT_BOX` stay as they are.

    Returns
    -------
    lon, lat
        Degrees, float64, in the common shape of the two.

    References
    ----------
    .. [1] The formula as published in open map software; ellipsoid of Krasovsky 1940.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02([120.9], [29.5])
    >>> round(float(lon[0]), 6), round(float(lat[0]), 6)
    (120.904016, 29.497272)
    """
    return _in_chunks(_shift, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo the shift of GCJ-02 by fixed-point iteration; the error is far below a millimetre.

    The public approximation, for analysis only. Positions outside `SHIFT_BOX` stay as they are, and so does the strip
    just inside its edge whose origin would lie outside.

    Parameters
    ----------
    lon, lat
        Degrees, any shape that broadcasts. NaN stays NaN.

    Returns
    -------
    lon, lat
        Degrees, float64.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(120.9, 29.5))
    >>> round(float(lon), 9), round(float(lat), 9)
    (120.9, 29.5)
    """
    return _in_chunks(_unshift, lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 positions on to BD-09; see `wgs84_to_gcj02` for parameters, limits and use."""
    return _in_chunks(_to_baidu, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo the shift from GCJ-02 to BD-09; see `gcj02_to_wgs84` for parameters, limits and use."""
    return _in_chunks(_from_baidu, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS84 positions to BD-09; see `wgs84_to_gcj02` for parameters, limits and use."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Undo both shifts of BD-09; see `gcj02_to_wgs84` for parameters, limits and use."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> Pair:
    """Return positions of a named datum as WGS84.

    Parameters
    ----------
    lon, lat
        Degrees. NaN stays NaN.
    datum
        `wgs84` and `cgcs2000` are returned unchanged (they differ by decimetres); `gcj02` and `bd09` are converted by
        the public approximation.

    Returns
    -------
    lon, lat
        Degrees, float64.

    Raises
    ------
    ValueError
        If the datum is none of the four.

    Examples
    --------
    >>> [float(value) for value in to_wgs84(120.9, 29.5, "cgcs2000")]
    [120.9, 29.5]
    """
    if datum in ("wgs84", "cgcs2000"):
        return _in_chunks(lambda x, y: (x, y), lon, lat)
    if datum == "gcj02":
        return gcj02_to_wgs84(lon, lat)
    if datum == "bd09":
        return bd09_to_wgs84(lon, lat)
    raise ValueError(f"datum {datum!r} is not known; give wgs84, cgcs2000, gcj02 or bd09")


def is_in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which positions lie in the box of plausible positions in China; NaN does not.

    Examples
    --------
    >>> is_in_china([120.9, 1.5, 29.5], [29.5, 42.5, 120.9]).tolist()
    [True, False, False]
    """
    return _inside(CHINA_BOX, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))


def metric_crs(lon: float, lat: float) -> str:
    """Name the metric system for a county around one position.

    In China the CGCS2000 3-degree Gauss-Krueger zone without the zone number in its eastings (scale error below 3e-4
    within the zone); elsewhere the UTM zone on WGS84, without the exceptions for Norway and Svalbard.

    Parameters
    ----------
    lon, lat
        Centre of the county, degrees.

    Returns
    -------
    crs
        `EPSG:` and the code.

    Raises
    ------
    ValueError
        If the position is not on the earth.

    References
    ----------
    .. [1] EPSG registry, 4534-4554 (central meridians 75E to 135E) and 32601-32760.

    Examples
    --------
    >>> metric_crs(120.9, 29.5), metric_crs(112.5, 33.0), metric_crs(1.5, 42.5), metric_crs(-58.4, -34.6)
    ('EPSG:4549', 'EPSG:4547', 'EPSG:32631', 'EPSG:32721')
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"no place on the earth: lon {lon}, lat {lat}; give degrees")
    if is_in_china(lon, lat):
        zone = min(max(math.floor(lon / 3 + 0.5), 25), 45)
        return f"EPSG:{4534 + zone - 25}"
    zone = min(math.floor((lon + 180) / 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


@functools.lru_cache(maxsize=16)
def converter(source: str | CRS, target: str | CRS) -> Transformer:
    """Return the conversion between two systems, east before north; made once, for that takes a fifth of a second."""
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


def _inside(box: tuple[float, float, float, float], lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    west, south, east, north = box
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _in_chunks(convert: Callable[[Degrees, Degrees], Pair], lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Convert in pieces that fit the cache, keeping the shape."""
    lon, lat = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    x, y = lon.ravel().copy(), lat.ravel().copy()
    for start in range(0, x.size, _CHUNK):
        piece = slice(start, start + _CHUNK)
        x[piece], y[piece] = convert(x[piece], y[piece])
    return x.reshape(lon.shape), y.reshape(lat.shape)


def _shift(lon: Degrees, lat: Degrees) -> Pair:
    east, north = _offset(lon, lat)
    inside = _inside(SHIFT_BOX, lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def _unshift(lon: Degrees, lat: Degrees) -> Pair:
    def forward(x: Degrees, y: Degrees) -> Pair:
        east, north = _offset(x, y)
        return x + east, y + north

    return _invert(forward, lon, lat)


def _to_baidu(lon: Degrees, lat: Degrees) -> Pair:
    x, y = _baidu_from_gcj02(lon, lat)
    inside = _inside(SHIFT_BOX, lon, lat)
    return np.where(inside, x, lon), np.where(inside, y, lat)


def _from_baidu(lon: Degrees, lat: Degrees) -> Pair:
    return _invert(_baidu_from_gcj02, lon, lat)


def _invert(forward: Callable[[Degrees, Degrees], Pair], lon: Degrees, lat: Degrees) -> Pair:
    """Find the origin of positions by fixed-point iteration, inside the box only.

    The shifts change slowly (derivative below 0.02), so each round shrinks the error at least fifty times.
    """
    inside = _inside(SHIFT_BOX, lon, lat)
    goal_x, goal_y = np.where(inside, lon, np.nan), np.where(inside, lat, np.nan)
    x, y = goal_x.copy(), goal_y.copy()
    for _ in range(_MOST_ROUNDS):
        reached_x, reached_y = forward(x, y)
        error_x, error_y = goal_x - reached_x, goal_y - reached_y
        x, y = x + error_x, y + error_y
        if _largest(error_x) < _SETTLED_DEGREES and _largest(error_y) < _SETTLED_DEGREES:
            break
    else:
        raise ArithmeticError("the inverse shift did not settle: a bug, please report the coordinates")
    origin_inside = _inside(SHIFT_BOX, x, y)
    return np.where(origin_inside, x, lon), np.where(origin_inside, y, lat)


def _largest(error: Degrees) -> float:
    """Return the largest absolute value, NaN left out, 0 where nothing is left."""
    return float(np.fmax.reduce(np.abs(error), initial=0.0))


def _offset(lon: Degrees, lat: Degrees) -> Pair:
    """Return the shift of GCJ-02 in degrees, without the box."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = np.sin(2 * np.pi * x)
    # 20 sin 6πx + 20 sin 2πx, by the triple-angle formula: one sine instead of two.
    wave = 20 * wave * (4 - 4 * wave * wave)
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (2 / 3) * (wave + _ripple(y, 160.0, 320.0))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (2 / 3) * (wave + _ripple(x, 150.0, 300.0))
    return _metres_to_degrees(east_m, north_m, lat)


def _ripple(along: Degrees, slow: float, slowest: float) -> Degrees:
    turn = along * np.pi
    ripple: Degrees = 20 * np.sin(turn) + 40 * np.sin(turn / 3) + slow * np.sin(turn / 12) + slowest * np.sin(turn / 30)
    return ripple


def _metres_to_degrees(east_m: Degrees, north_m: Degrees, lat: Degrees) -> Pair:
    """Return a shift in metres as degrees on the ellipsoid of the formula."""
    angle = np.radians(lat)
    flattening = 1 - _ECCENTRICITY_SQUARED * np.sin(angle) ** 2
    root = np.sqrt(flattening)
    east = np.degrees(east_m * root / (_SEMI_MAJOR_M * np.cos(angle)))
    north = np.degrees(north_m * flattening * root / (_SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED)))
    return east, north


def _baidu_from_gcj02(lon: Degrees, lat: Degrees) -> Pair:
    """Shift GCJ-02 to BD-09, without the box."""
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BAIDU_ANGLE)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BAIDU_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
