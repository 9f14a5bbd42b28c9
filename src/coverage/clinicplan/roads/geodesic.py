"""Measure short lines on the ellipsoid, many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EQUATOR_M = 6_378_137.0
"""Semi-major axis of WGS84; that of CGCS2000 is the same."""
FLATTENING = 1 / 298.257223563
LONG_LINE_M = 5_000.0
"""Longer lines are measured by the full inverse solution."""


def geodesic_mm(lon0: ArrayLike, lat0: ArrayLike, lon1: ArrayLike, lat1: ArrayLike) -> NDArray[np.int64]:
    """Return the length of geodesics in whole millimetres.

    Short lines by the mid-latitude formula (meridian and prime-vertical radii of curvature at the middle), whose
    relative error is below 1e-6 at 5 km and latitudes under 75 degrees; longer lines, and those near the poles, by the
    inverse solution of PROJ.

    Parameters
    ----------
    lon0, lat0, lon1, lat1
        Shape (lines): both ends in degrees, WGS84 or CGCS2000.

    Returns
    -------
    length_mm
        Shape (lines): rounded once.

    References
    ----------
    .. [1] Karney (2013). Algorithms for geodesics. doi:10.1007/s00190-012-0578-z (the inverse solution).

    Examples
    --------
    >>> geodesic_mm([120.0], [29.5], [120.001], [29.5]).tolist()
    [96966]
    """
    west, south, east, north = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (lon0, lat0, lon1, lat1))
    length_m = _mid_latitude_m(west, south, east, north)
    unsure = ~(length_m <= LONG_LINE_M) | (np.abs(south) > 75.0) | (np.abs(east - west) > 180.0)
    if unsure.any():
        import pyproj

        ends = (west[unsure], south[unsure], east[unsure], north[unsure])
        length_m[unsure] = pyproj.Geod(ellps="WGS84").inv(*ends)[2]
    return np.rint(length_m * 1000.0).astype(np.int64)


def _mid_latitude_m(
    west: NDArray[np.float64], south: NDArray[np.float64], east: NDArray[np.float64], north: NDArray[np.float64]
) -> NDArray[np.float64]:
    eccentricity_2 = FLATTENING * (2 - FLATTENING)
    middle = np.radians((south + north) / 2)
    w_2 = 1 - eccentricity_2 * np.sin(middle) ** 2
    prime_vertical = EQUATOR_M / np.sqrt(w_2)
    meridian = prime_vertical * (1 - eccentricity_2) / w_2
    northing = np.radians(north - south) * meridian
    easting = np.radians(east - west) * prime_vertical * np.cos(middle)
    length: NDArray[np.float64] = np.hypot(northing, easting)
    return length
