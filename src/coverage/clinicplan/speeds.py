"""State how fast and where each travel mode may go, each number with its source or 假设.

The numbers stand in `speeds.toml` beside this module; a planner's own file holds only what differs.
"""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinicplan.errors import Fault, NetworkError, Severity
from clinicplan.terms import MODES
from clinicplan.words import fault

if TYPE_CHECKING:
    import pandas as pd

QUALITIES = ("surface", "tracktype", "smoothness")
FASTEST_KMH = 200.0
"""Larger speeds in a file are taken for slips of the pen."""
OPEN_TABLES = ("kmh", "kmh_if_allowed", *QUALITIES, "maxspeed_words", "barriers", "classes", "surfaces")
"""Tables to which a planner may add keys of his own."""
OWN_FILE = "own file"


@dataclass(frozen=True)
class Ferry:
    """How long a ferry without a `duration` takes.

    Parameters
    ----------
    kmh
        Speed on the water.
    wait_min
        Minutes of waiting, once a ferry way.
    """

    kmh: float
    wait_min: float


@dataclass(frozen=True)
class AccessValues:
    """What the values of OSM access tags mean.

    Parameters
    ----------
    open, private, closed
        Values that admit everybody, the owner and his guests, nobody. Other values decide nothing.
    private_classes
        Highway classes on which a private way is open for the first and last 500 m.
    """

    open: frozenset[str]
    private: frozenset[str]
    closed: frozenset[str]
    private_classes: frozenset[str]


@dataclass(frozen=True)
class RoadLayerTerms:
    """How a county's own road layer names classes, surfaces and fields.

    Parameters
    ----------
    class_fields, name_fields, surface_fields, maxspeed_fields, oneway_fields, id_fields
        Field names, the first that decides counts.
    classes, surfaces
        Field value to OSM `highway` and `surface` value.
    default_class
        Highway class of rows that say nothing known.
    """

    class_fields: tuple[str, ...]
    name_fields: tuple[str, ...]
    surface_fields: tuple[str, ...]
    maxspeed_fields: tuple[str, ...]
    oneway_fields: tuple[str, ...]
    id_fields: tuple[str, ...]
    classes: Mapping[str, str]
    surfaces: Mapping[str, str]
    default_class: str


@dataclass(frozen=True)
class TravelMode:
    """Speeds and rights of way of one mode.

    Parameters
    ----------
    name
        One of `terms.MODES`.
    kmh
        Speed by highway class, km/h, on classes open unless a tag closes them.
    kmh_if_allowed
        Speed by highway class, km/h, on classes open only where a tag of this mode says so.
    quality
        Factor 0 ... 1 by value of `surface`, `tracktype`, `smoothness`; empty where quality does not matter.
    top_kmh
        The mode is never faster than this.
    access_keys
        Access tags that bind the mode, the most specific first.
    oneway_keys
        One-way tags of the mode itself, which override `oneway`.
    ignores_oneway
        Whether `oneway` does not bind the mode (walking).
    contraflow_cycleways
        Whether `cycleway=opposite*` opens a one-way street both ways.
    is_motor
        Whether `maxspeed` caps the speed.
    uses_motorroads
        Whether `motorroad=yes` is open.
    passes
        Barrier nodes that the mode passes.
    known_barriers
        Barrier nodes that the table names; others are passed and counted.
    ferry, access, maxspeed_words
        Rules shared by all modes.
    """

    name: str
    kmh: Mapping[str, float]
    kmh_if_allowed: Mapping[str, float]
    quality: Mapping[str, Mapping[str, float]]
    top_kmh: float
    access_keys: tuple[str, ...]
    oneway_keys: tuple[str, ...]
    ignores_oneway: bool
    contraflow_cycleways: bool
    is_motor: bool
    uses_motorroads: bool
    passes: frozenset[str]
    known_barriers: frozenset[str]
    ferry: Ferry
    access: AccessValues
    maxspeed_words: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Speeds:
    """All modes and the rules that they share; make one with `read_speeds`.

    Parameters
    ----------
    entries
        The file as read: tables of `(number, source)` pairs, lists and switches.
    """

    entries: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Speeds({', '.join(self.entries['modes'])})"

    def mode(self, name: str) -> TravelMode:
        """Return one mode.

        Raises
        ------
        NetworkError
            If there is no such mode.

        Examples
        --------
        >>> read_speeds().mode("walk").kmh["track"]
        5.0
        """
        if name not in self.entries["modes"]:
            raise NetworkError(_unknown("unknown_mode", name, tuple(self.entries["modes"]), ""))
        table = self.entries["modes"][name]
        barriers = self.entries["barriers"]
        return TravelMode(
            name=name,
            kmh=_numbers(table["kmh"]),
            kmh_if_allowed=_numbers(table["kmh_if_allowed"]),
            quality=self._quality() if table["uses_quality"] else {},
            top_kmh=table["top_kmh"][0],
            access_keys=tuple(table["access"]),
            oneway_keys=tuple(table["oneway"]),
            ignores_oneway=table["ignores_oneway"],
            contraflow_cycleways=table["contraflow_cycleways"],
            is_motor=table["motor"],
            uses_motorroads=table["motorroad"],
            passes=frozenset(kind for kind, modes in barriers.items() if name in modes),
            known_barriers=frozenset(barriers),
            ferry=Ferry(self.entries["ferry"]["kmh"][0], self.entries["ferry"]["wait_min"][0]),
            access=self.access,
            maxspeed_words=_numbers(self.entries["maxspeed_words"]),
        )

    def _quality(self) -> dict[str, Mapping[str, float]]:
        return {name: _numbers(self.entries["quality"][name]) for name in QUALITIES}

    @property
    def modes(self) -> tuple[str, ...]:
        """Names of all modes."""
        return tuple(self.entries["modes"])

    @property
    def closed_classes(self) -> frozenset[str]:
        """Highway values closed to every mode."""
        return frozenset(self.entries["closed"]["highway"])

    @property
    def known_classes(self) -> frozenset[str]:
        """Highway values that at least one mode has a speed for."""
        tables = self.entries["modes"].values()
        return frozenset(name for table in tables for part in ("kmh", "kmh_if_allowed") for name in table[part])

    @property
    def access(self) -> AccessValues:
        """Meaning of access values."""
        table = self.entries["access"]
        parts = (table[name] for name in ("open", "private", "closed", "private_classes"))
        return AccessValues(*(frozenset(part) for part in parts))

    @property
    def access_keys(self) -> tuple[str, ...]:
        """Every access tag that binds some mode."""
        return tuple(dict.fromkeys(key for table in self.entries["modes"].values() for key in table["access"]))

    @property
    def oneway_keys(self) -> tuple[str, ...]:
        """Every one-way tag of a single mode."""
        return tuple(dict.fromkeys(key for table in self.entries["modes"].values() for key in table["oneway"]))

    @property
    def barrier_kinds(self) -> frozenset[str]:
        """Barrier nodes that the table names."""
        return frozenset(self.entries["barriers"])

    @property
    def road_layer(self) -> RoadLayerTerms:
        """Words of a county's own road layer."""
        table = self.entries["road_layer"]
        fields: dict[str, Any] = {name: tuple(value) for name, value in table.items() if name.endswith("_fields")}
        return RoadLayerTerms(**fields, **{name: table[name] for name in ("classes", "surfaces", "default_class")})

    def table(self) -> pd.DataFrame:
        """Return every number with its unit and source.

        Returns
        -------
        numbers
            One row a number: `mode` (empty for shared rules), `item`, `value`, `unit`, `source`.
        """
        import pandas as pd

        return pd.DataFrame(_number_rows(self.entries), columns=["mode", "item", "value", "unit", "source"])


def read_speeds(path: str | Path | None = None) -> Speeds:
    """Read the built-in speeds, and over them a planner's own file.

    Parameters
    ----------
    path
        A `.toml` file in the form of the built-in `speeds.toml` that holds only what differs; numbers may stand bare.

    Returns
    -------
    speeds
        Speeds and rules of all modes.

    Raises
    ------
    NetworkError
        If the file is missing or not TOML, or holds unknown keys or impossible numbers: all of them at once.

    Examples
    --------
    >>> read_speeds().modes
    ('walk', 'bicycle', 'e_bike', 'tricycle', 'motorcycle', 'car')
    """
    if path is None:
        return _built_in()
    own, name = _read_toml(Path(path)), Path(path).name
    faults: list[Fault] = []
    merged = _overlay(_built_in().entries, own, (), name, faults)
    if faults:
        raise NetworkError(*faults)
    return Speeds(merged)


@functools.cache
def _built_in() -> Speeds:
    text = resources.files("clinicplan").joinpath("speeds.toml").read_text(encoding="utf-8")
    return Speeds(tomllib.loads(text))


def _read_toml(path: Path) -> dict[str, Any]:
    """Read a planner's file in UTF-8 (with or without a mark) or GB18030."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NetworkError(fault(Severity.ERROR, "missing_file", layer="speeds", file=str(path))) from error
    try:
        return tomllib.loads(_decoded(data).replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise NetworkError(fault(Severity.ERROR, "unreadable_text", layer="speeds", file=path.name)) from error
    except tomllib.TOMLDecodeError as error:
        problem = fault(Severity.ERROR, "toml_syntax", layer="speeds", file=path.name, detail=error)
        raise NetworkError(problem) from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def _overlay(
    base: Mapping[str, Any], own: Mapping[str, Any], place: tuple[str, ...], file: str, faults: list[Fault]
) -> dict[str, Any]:
    """Return the base with the planner's entries in place of its own; faults are added to the list."""
    merged = dict(base)
    is_open = bool(place) and place[-1] in OPEN_TABLES
    for key, value in own.items():
        here = (*place, key)
        if key not in base and not is_open:
            faults.append(_unknown("unknown_speed_key", ".".join(here), tuple(base), file))
            continue
        pattern = base[key] if key in base else next(iter(base.values()))
        if isinstance(pattern, Mapping) and isinstance(value, Mapping):
            merged[key] = _overlay(pattern, value, here, file, faults)
        else:
            merged[key] = _checked(pattern, value, here, file, faults)
    return merged


def _checked(pattern: object, value: object, place: tuple[str, ...], file: str, faults: list[Fault]) -> Any:
    """Return a planner's value in the form of the built-in one."""
    if _is_pair(pattern):
        pair: list[Any] = value if isinstance(value, list) else [value, OWN_FILE]
        if _is_pair(pair) and _lowest(place) <= pair[0] <= _highest(place):
            return [float(pair[0]), pair[1]]
    elif isinstance(pattern, list):
        if isinstance(value, list) and all(isinstance(item, str) for item in value) and _are_modes(place, value):
            return value
    elif type(pattern) is type(value) and not isinstance(pattern, Mapping):
        return value
    allowed = _allowed(pattern, place)
    faults.append(
        fault(Severity.ERROR, "bad_value", layer="speeds", file=file, key=".".join(place), value=value, allowed=allowed)
    )
    return pattern


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_number(value[0]) and isinstance(value[1], str)


def _are_modes(place: tuple[str, ...], value: list[str]) -> bool:
    return place[0] != "barriers" or set(value) <= set(MODES)


def _is_share(place: tuple[str, ...]) -> bool:
    return place[0] == "quality"


def _lowest(place: tuple[str, ...]) -> float:
    return 0.0 if _is_share(place) or place[-1] == "wait_min" else 0.1


def _highest(place: tuple[str, ...]) -> float:
    return 1.0 if _is_share(place) else FASTEST_KMH


def _allowed(pattern: object, place: tuple[str, ...]) -> str:
    """Say what a value should have been, in signs that need no translation."""
    if _is_pair(pattern):
        return f"{_lowest(place):g} ... {_highest(place):g}"
    if place[0] == "barriers":
        return str(list(MODES))
    return {list: '["...", "..."]', bool: "true / false", str: '"..."'}.get(type(pattern), "[...]")


def _unknown(code: str, key: str, known: tuple[str, ...], file: str) -> Fault:
    near = difflib.get_close_matches(key.rpartition(".")[2], known, n=1)
    code, nearest = (f"{code}_near", near[0]) if near else (code, "")
    shown = ", ".join(known)
    return fault(Severity.ERROR, code, layer="speeds", file=file, subject="roads", key=key, known=shown, near=nearest)


def _numbers(table: Mapping[str, Any]) -> dict[str, float]:
    return {key: float(pair[0]) for key, pair in table.items()}


def _number_rows(entries: Mapping[str, Any], place: tuple[str, ...] = ()) -> Iterator[tuple[str, str, float, str, str]]:
    """Yield one row for every number of the file, in its order."""
    for key, value in entries.items():
        here = (*place, key)
        if isinstance(value, Mapping):
            yield from _number_rows(value, here)
        elif _is_pair(value):
            mode, item = (here[1], here[2:]) if here[0] == "modes" else ("", here)
            yield mode, ".".join(item), float(value[0]), _unit(here), value[1]


def _unit(place: tuple[str, ...]) -> str:
    if _is_share(place):
        return ""
    return "min" if place[-1] == "wait_min" else "km/h"
