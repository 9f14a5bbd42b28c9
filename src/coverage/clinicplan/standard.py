"""State the service standard once: inclusive, compared in whole numbers, printed without crossing it.

`clinicplan` compares integers only. A village 15 minutes away to the millisecond is within a 15-minute circle; one
millisecond more is outside, and its printed minute says so (15.1, never 15.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

MS_PER_S: Final = 1_000
MS_PER_MIN: Final = 60_000
MM_PER_M: Final = 1_000
UNREACHED: Final = -1
"""Marks a time or length that does not exist, in arrays of whole milliseconds or millimetres."""


@dataclass(frozen=True)
class Standard:
    """The service circle that is tested.

    Parameters
    ----------
    limit_ms
        Largest travel time within the circle, milliseconds, inclusive; None where the circle is a distance.
    limit_mm
        Largest road length within the circle, millimetres, inclusive; None where the circle is a time.
    bands_ms
        Ascending upper ends of the time bands, milliseconds, inclusive.
    """

    limit_ms: int | None
    limit_mm: int | None
    bands_ms: tuple[int, ...]

    def __post_init__(self) -> None:
        if (self.limit_ms is None) == (self.limit_mm is None):
            raise ValueError("a standard is either minutes or metres: give exactly one limit")
        if list(self.bands_ms) != sorted(set(self.bands_ms)):
            raise ValueError("bands must ascend and differ")

    @classmethod
    def from_minutes(cls, minutes: float, bands: Sequence[float] = ()) -> Standard:
        """Return a circle of so many minutes; bands in minutes."""
        return cls(milliseconds(minutes), None, tuple(milliseconds(band) for band in sorted(set(bands))))

    @classmethod
    def from_distance(cls, distance_m: float, bands: Sequence[float] = ()) -> Standard:
        """Return a circle of so many metres by the shortest road; bands in minutes."""
        limit_mm = round(distance_m * MM_PER_M)
        return cls(None, limit_mm, tuple(milliseconds(band) for band in sorted(set(bands))))

    def holds(self, time_ms: ArrayLike, length_mm: ArrayLike) -> NDArray[np.bool_]:
        """Tell which trips lie within the circle; `UNREACHED` never does."""
        if self.limit_ms is not None:
            value, limit = np.asarray(time_ms, dtype=np.int64), self.limit_ms
        else:
            value, limit = np.asarray(length_mm, dtype=np.int64), int(self.limit_mm or 0)
        within: NDArray[np.bool_] = (value != UNREACHED) & (value <= limit)
        return within

    def band_of(self, time_ms: ArrayLike) -> NDArray[np.int64]:
        """Return the index of each time's band, `len(bands_ms)` beyond the last one and -1 where unreached."""
        value = np.asarray(time_ms, dtype=np.int64)
        index = np.searchsorted(np.asarray(self.bands_ms, dtype=np.int64), value, side="left")
        return np.where(value == UNREACHED, -1, index)


def milliseconds(minutes: float) -> int:
    """Return minutes as whole milliseconds."""
    return round(minutes * MS_PER_MIN)


def printed_minutes(time_ms: ArrayLike, limit_ms: int | None, bands_ms: Sequence[int] = ()) -> NDArray[np.float64]:
    """Round times to tenths of a minute: down inside the standard, up outside, and never across a band.

    Parameters
    ----------
    time_ms
        Times in milliseconds, `UNREACHED` where there is none.
    limit_ms
        The standard in milliseconds; None (a circle by distance) rounds to the nearest tenth.
    bands_ms
        Other limits that a printed minute must not cross.

    Returns
    -------
    minutes
        One decimal; NaN where unreached.

    Examples
    --------
    >>> printed_minutes([900_000, 900_001, 899_999], 900_000).tolist()
    [15.0, 15.1, 14.9]
    """
    value = np.asarray(time_ms, dtype=np.int64)
    tenth = MS_PER_MIN // 10
    if limit_ms is None:
        rounded = (value + tenth // 2) // tenth
    else:
        rounded = np.where(value <= limit_ms, value // tenth, -(-value // tenth))
    for limit in (*bands_ms, *(() if limit_ms is None else (limit_ms,))):
        lowest_outside, highest_inside = limit // tenth + 1, limit // tenth
        rounded = np.where(value > limit, np.maximum(rounded, lowest_outside), np.minimum(rounded, highest_inside))
    return np.where(value == UNREACHED, np.nan, rounded / 10.0)
