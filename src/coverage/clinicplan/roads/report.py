"""Say what was found in a file of roads, and what was assumed: counts and kilometres, and the notes made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clinicplan.errors import Fault
from clinicplan.roads.access_rules import (
    ONE_WAY,
    REVERSIBLE,
    TWO_WAY,
    UNDECIDED,
    access_meaning,
    duration_minutes,
    ferries,
    maxspeed_kmh,
)
from clinicplan.roads.faults import road_note
from clinicplan.roads.ways import Flags, TagTable
from clinicplan.speeds import Ferry, Speeds

MOST_VALUES_SHOWN = 8
SEASONAL_KEYS = ("seasonal", "winter_road", "ice_road")


@dataclass(frozen=True)
class RoadReport:
    """What a file of roads holds within the box, and what had to be assumed.

    Parameters
    ----------
    file
        Name of the file.
    ways, km
        Roads that some mode may use.
    class_ways, class_km
        The same by highway class.
    unknown_classes, closed_classes
        Ways and km by highway value: values that nobody knows, and those on the closed list. Neither is open.
    turn_restrictions
        Relations read and ignored, in the whole file.
    cut_ways, missing_nodes
        Ways with nodes that the file lacks, and how many such nodes.
    fords, seasonal, conditional, private, reversible
        Ways (fords: ways and nodes) of these kinds; see the notes for how they are treated.
    ferries, assumed_ferries
        Ferry ways, and those without a readable `duration`.
    ferry
        What the latter take.
    barriers, unknown_barriers
        Barrier nodes on roads by kind, and those of kinds that speeds.toml does not name.
    unreadable_maxspeed, unknown_access, unknown_oneway, unknown_quality
        Ways by value that could not be used; quality is `surface`, `tracktype` and `smoothness`.
    notes
        Notes of the reader of this kind of file.
    """

    file: str
    ways: int
    km: float
    class_ways: Mapping[str, int]
    class_km: Mapping[str, float]
    unknown_classes: Mapping[str, tuple[int, float]]
    closed_classes: Mapping[str, tuple[int, float]]
    turn_restrictions: int
    cut_ways: int
    missing_nodes: int
    fords: int
    seasonal: int
    conditional: int
    private: int
    reversible: int
    ferries: int
    assumed_ferries: int
    ferry: Ferry
    barriers: Mapping[str, int]
    unknown_barriers: Mapping[str, int]
    unreadable_maxspeed: Mapping[str, int]
    unknown_access: Mapping[str, int]
    unknown_oneway: Mapping[str, int]
    unknown_quality: Mapping[str, int]
    notes: tuple[Fault, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Notes for the check, in both languages; nothing here stops a run."""
        return (*self.notes, *self._of_classes(), *self._of_counts(), *self._of_values())

    def _note(self, code: str, count: int, **values: Any) -> Fault:
        return road_note(code, self.file, count, **values)

    def _of_classes(self) -> Iterator[Fault]:
        for code, found in (("unknown_classes", self.unknown_classes), ("closed_classes", self.closed_classes)):
            if found:
                count = sum(ways for ways, _ in found.values())
                yield self._note(code, count, values=_shown({k: f"{n}, {km:.1f} km" for k, (n, km) in found.items()}))

    def _of_counts(self) -> Iterator[Fault]:
        if self.cut_ways:
            yield self._note("missing_nodes", self.cut_ways, nodes=self.missing_nodes)
        counts = {
            "turn_restrictions": self.turn_restrictions,
            "conditional_access": self.conditional,
            "fords": self.fords,
            "seasonal_roads": self.seasonal,
            "private_roads": self.private,
            "reversible_roads": self.reversible,
        }
        yield from (self._note(code, count) for code, count in counts.items() if count)
        if self.assumed_ferries:
            rule = {"kmh": f"{self.ferry.kmh:g}", "wait_min": f"{self.ferry.wait_min:g}"}
            yield self._note("assumed_ferries", self.assumed_ferries, ferries=self.ferries, **rule)

    def _of_values(self) -> Iterator[Fault]:
        found = {
            "unknown_barriers": self.unknown_barriers,
            "unreadable_maxspeed": self.unreadable_maxspeed,
            "unknown_access": self.unknown_access,
            "unknown_oneway": self.unknown_oneway,
            "unknown_quality": self.unknown_quality,
        }
        for code, values in found.items():
            if values:
                yield self._note(code, sum(values.values()), values=_shown(values))


def _shown(values: Mapping[str, object]) -> str:
    parts = [f"{value} ({count})" for value, count in list(values.items())[:MOST_VALUES_SHOWN]]
    return ", ".join(parts) + (" ..." if len(values) > MOST_VALUES_SHOWN else "")


def class_sums(
    tags: TagTable, rows: Flags, way_km: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> dict[str, tuple[int, float]]:
    """Return ways and km by highway value, the longest first.

    Parameters
    ----------
    tags
        Tags of all ways; ferries without `highway` count as `ferry`.
    rows
        Which ways count.
    way_km
        Shape (ways): length.
    """
    classes = np.where(ferries(tags), "ferry", tags.column("highway"))[rows]
    names, index = np.unique(classes.astype(str), return_inverse=True)
    km = np.bincount(index, weights=way_km[rows], minlength=names.size)
    number = np.bincount(index, minlength=names.size)
    order = np.argsort(-km, kind="stable")
    return {str(names[i]): (int(number[i]), float(km[i])) for i in order}


def tag_counts(tags: TagTable, node_tags: TagTable, speeds: Speeds) -> dict[str, object]:
    """Count what the notes tell, on the ways and barrier nodes that are in use.

    Returns
    -------
    counts
        The fields of `RoadReport` from `fords` to `unknown_quality`.
    """
    walk = speeds.mode(speeds.modes[0])
    is_ferry = ferries(tags)
    timed = tags.translate("duration", lambda value: float(duration_minutes(value) is not None)) > 0
    known_barriers = speeds.barrier_kinds
    barriers = node_tags.counts("barrier")
    return {
        "fords": int(_stated(tags, "ford").sum() + _stated(node_tags, "ford").sum()),
        "seasonal": int(np.logical_or.reduce([_stated(tags, key) for key in SEASONAL_KEYS]).sum()),
        "conditional": int(tags.has("conditional").sum()),
        "private": int(_private(tags, speeds).sum()),
        "reversible": int(tags.among("oneway", REVERSIBLE).sum()),
        "ferries": int(is_ferry.sum()),
        "assumed_ferries": int((is_ferry & ~timed).sum()),
        "ferry": walk.ferry,
        "barriers": barriers,
        "unknown_barriers": {kind: count for kind, count in barriers.items() if kind not in known_barriers},
        "unreadable_maxspeed": {
            text: count
            for text, count in tags.counts("maxspeed").items()
            if maxspeed_kmh(text, walk.maxspeed_words) is None
        },
        "unknown_access": _unknown_access(tags, speeds),
        "unknown_oneway": _values_outside(tags, ("oneway", *speeds.oneway_keys), {*ONE_WAY, *TWO_WAY}),
        "unknown_quality": _unknown_quality(tags, speeds),
    }


def _stated(tags: TagTable, key: str) -> Flags:
    return tags.has(key) & ~tags.among(key, {"no"})


def _private(tags: TagTable, speeds: Speeds) -> Flags:
    """Tell which service roads and tracks are private by the general tag or that of motor traffic."""
    terms = speeds.access
    private = np.logical_or.reduce([tags.among(key, terms.private) for key in speeds.access_keys])
    flags: Flags = private & tags.among("highway", terms.private_classes)
    return flags


def _unknown_quality(tags: TagTable, speeds: Speeds) -> dict[str, int]:
    """Count values of surface and the like that no mode has a factor for."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for name in speeds.modes:
        for key, factors in speeds.mode(name).quality.items():
            known[key].update(factors)
    return {text: count for key in known for text, count in _values_outside(tags, (key,), known[key]).items()}


def _values_outside(tags: TagTable, keys: Iterable[str], known: Collection[str]) -> dict[str, int]:
    return {
        f"{key}={value}": count
        for key in keys
        for value, count in tags.counts(key).items()
        if value not in known
    }  # fmt: skip


def _unknown_access(tags: TagTable, speeds: Speeds) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in speeds.access_keys:
        for value, count in tags.counts(key).items():
            if access_meaning(value, speeds.access) == UNDECIDED:
                found[f"{key}={value}"] = count
    return found
