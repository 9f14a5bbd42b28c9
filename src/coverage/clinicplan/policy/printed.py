"""Name units in lists and findings; print times and lengths so that none crosses its limit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN
from clinicplan.policy.findings import NOTHING, Case
from clinicplan.standard import MM_PER_M, UNREACHED, printed_minutes
from clinicplan.words import phrase

if TYPE_CHECKING:
    from clinicplan.policy.register import CountyRegister

_MM_PER_STEP: Final = 10_000
"""Kilometres are printed with two decimals: steps of 10 m."""
_STEPS_PER_KM: Final = 100


class Named(NamedTuple):
    """How lists name a village or a facility; `people` is None where unknown, and for facilities."""

    id: str
    name: str
    township: str
    people: int | None = None


def village_names(county: CountyRegister) -> list[Named]:
    """Return how lists name each village, row by row of the layer."""
    return county.recall("village names", lambda: _villages(county))


def facility_names(county: CountyRegister) -> list[Named]:
    """Return how lists name each facility, row by row of the layer."""
    return county.recall("facility names", lambda: _facilities(county))


def village_cases(
    county: CountyRegister, mask: NDArray[np.bool_], value: Callable[[int], Phrase] | Phrase = NOTHING
) -> tuple[Case, ...]:
    """Return the villages of a mask as cases, each with its value (a function of the row, or one for all)."""
    return _cases(village_names(county), mask, value)


def facility_cases(
    county: CountyRegister, mask: NDArray[np.bool_], value: Callable[[int], Phrase] | Phrase = NOTHING
) -> tuple[Case, ...]:
    """Return the facilities of a mask as cases; see `village_cases`."""
    return _cases(facility_names(county), mask, value)


def _cases(names: list[Named], mask: NDArray[np.bool_], value: Callable[[int], Phrase] | Phrase) -> tuple[Case, ...]:
    return tuple(
        Case(names[row].id, names[row].name, value if isinstance(value, Phrase) else value(row))
        for row in np.flatnonzero(mask).tolist()
    )


def _villages(county: CountyRegister) -> list[Named]:
    frame, people = county.villages, county.population
    known = [int(value) if there else None for value, there in zip(people.value, people.known, strict=True)]
    columns = (frame[name].astype(str).tolist() for name in ("village_id", "name", "township"))
    return [Named(*cells) for cells in zip(*columns, known, strict=True)]


def _facilities(county: CountyRegister) -> list[Named]:
    columns = (county.facilities[name].astype(str).tolist() for name in ("facility_id", "name", "township"))
    return [Named(*cells) for cells in zip(*columns, strict=True)]


def minutes_cell(time_ms: int, limit_ms: int | None = None) -> float | None:
    """Return a time as minutes with one decimal, down within the limit and up beyond it; None where there is none.

    Examples
    --------
    >>> minutes_cell(900_000, 900_000), minutes_cell(900_001, 900_000), minutes_cell(-1)
    (15.0, 15.1, None)
    """
    return None if time_ms == UNREACHED else float(printed_minutes(time_ms, limit_ms))


def minutes_cells(time_ms: NDArray[np.int64], limit_ms: int | None = None) -> list[float | None]:
    """Return many times as minutes; see `minutes_cell`."""
    return [None if np.isnan(value) else value for value in printed_minutes(time_ms, limit_ms).tolist()]


@functools.cache
def answer_cell(flag: int) -> Phrase:
    """Return a three-valued flag in words: yes, no or unknown."""
    return phrase("policy." + {TRUE: "yes", FALSE: "no", UNKNOWN: "unknown"}[flag])


def km_cell(length_mm: int, limit_mm: int | None = None) -> float | None:
    """Return a length as kilometres with two decimals, down within the limit and up beyond it; None where none.

    Examples
    --------
    >>> km_cell(5_000_000, 5_000_000), km_cell(5_000_001, 5_000_000), km_cell(-1)
    (5.0, 5.01, None)
    """
    if length_mm == UNREACHED:
        return None
    within = limit_mm is None or length_mm <= limit_mm
    return (length_mm // _MM_PER_STEP if within else -(-length_mm // _MM_PER_STEP)) / _STEPS_PER_KM


def km_text(length_mm: int) -> str:
    """Return a length as kilometres with three decimals, down, so that it never reaches a least one it falls short of.

    Examples
    --------
    >>> km_text(14_999_999), km_text(15_000_000)
    ('14.999', '15')
    """
    metres = length_mm // MM_PER_M
    return f"{metres // 1000}.{metres % 1000:03d}".rstrip("0").rstrip(".")
