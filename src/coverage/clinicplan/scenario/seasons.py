"""State what a season does to speeds, each number with its source or 假设; the numbers stand in `seasons.toml`."""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

PARTS: Final = ("classes", "modes", "top_kmh", "tags", "elevation_m")
OWN: Final = "season_factors"
"""What stands as the source of a factor that the scenario gives."""


@dataclass(frozen=True, eq=False)
class Season:
    """What a season does to speeds.

    Parameters
    ----------
    name
        As the scenario names it.
    classes, tags, modes
        Factor by highway class, by way tag (any value but `no`) and by mode; 0 closes.
    top_kmh
        By mode: no faster than this, km/h.
    elevation_m
        Factor above a height in metres; the highest that a road reaches counts.
    sources
        One entry a number: `item`, `value`, `source`.
    """

    name: str
    classes: Mapping[str, float]
    modes: Mapping[str, float]
    top_kmh: Mapping[str, float]
    tags: Mapping[str, float]
    elevation_m: Mapping[float, float]
    sources: tuple[Mapping[str, Any], ...]

    def __repr__(self) -> str:
        return f"Season({self.name}, {len(self.classes)} classes)"


def season_names() -> tuple[str, ...]:
    """Return every name that a season goes by.

    Examples
    --------
    >>> season_names()[:2]
    ('冰雪', '冰冻')
    """
    return tuple(name for entry in _entries().values() for name in entry["names"])


def nearest_season(name: str) -> str:
    """Return the known name most like the given one, or an empty text."""
    near = difflib.get_close_matches(name.strip().lower(), season_names(), n=1, cutoff=0.5)
    return near[0] if near else ""


def read_season(name: str | None, factors: Mapping[str, float] | None = None) -> Season:
    """Return a season by one of its names, a scenario's own factors over its own.

    Parameters
    ----------
    name
        Such as 冰雪 or 汛期; None for no season.
    factors
        Factor by highway class, in place of the season's.

    Returns
    -------
    season
        The factors and their sources.

    Raises
    ------
    KeyError
        If no season has the name: ask `season_names` first.

    Examples
    --------
    >>> read_season("冰雪").top_kmh["car"]
    30.0
    >>> dict(read_season(None, {"track": 0.5}).classes)
    {'track': 0.5}
    """
    entry = _entry(name) if name else {part: {} for part in PARTS}
    own = {key: [float(value), OWN] for key, value in (factors or {}).items()}
    parts: dict[str, dict[str, list[Any]]] = {part: dict(entry[part]) for part in PARTS}
    parts["classes"] |= own
    sources = tuple(
        {"item": f"{part}.{key}", "value": value, "source": source}
        for part in PARTS
        for key, (value, source) in parts[part].items()
    )
    numbers = {part: {key: float(value) for key, (value, _) in parts[part].items()} for part in PARTS}
    heights = {float(key): value for key, value in numbers.pop("elevation_m").items()}
    return Season(name=name or "", elevation_m=heights, sources=sources, **numbers)


def _entry(name: str) -> Mapping[str, Any]:
    wanted = name.strip().lower()
    for entry in _entries().values():
        if wanted in entry["names"]:
            found: Mapping[str, Any] = entry
            return found
    raise KeyError(name)


@functools.cache
def _entries() -> dict[str, Any]:
    text = resources.files("clinicplan.scenario").joinpath("seasons.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
