"""Match every village clinic to its own village.

A clinic belongs to the village its register names; where it names none, township and name decide, then the village
polygon around it, then the nearest village by road. Whatever fits more than one village is listed, never guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.duplicates import VILLAGE_TIERS, SuspectedDuplicate, suspected_duplicates
from clinicplan.check.layer_columns import flags, positions, texts
from clinicplan.check.place_names import (
    NameForm,
    clinic_forms,
    township_in,
    township_named,
    village_form,
)
from clinicplan.errors import Language
from clinicplan.standard import MM_PER_M
from clinicplan.words import word

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Rows = NDArray[np.int64]
Float64 = NDArray[np.float64]
RoadDistance = Callable[[Rows, Rows], Float64]
"""Metres by road from facility rows to village rows, pair by pair; NaN or infinite where there is no way."""

METHODS: Final = ("id", "name", "polygon", "nearest_road", "ambiguous", "unmatched", "not_applicable")
MATCHED: Final = METHODS[:4]
NEAREST_LIMIT_M: Final = 1_000.0
"""A clinic farther than this by road from every village is not matched by nearness."""
NEAREST_TIE_M: Final = 50.0
"""Two villages whose road distances differ by no more than this are equally near: points stand no better than that."""


class _Finding(NamedTuple):
    """What one rule says about one clinic; several villages mean that it is ambiguous."""

    villages: tuple[str, ...]
    detail: str
    distance_m: float = float("nan")


@dataclass(frozen=True, eq=False)
class ClinicMatches:
    """The own village of every facility, and how it was found.

    Parameters
    ----------
    facility_id, village_id
        Shape (facilities): in the order of the layer; an empty village id where none was found.
    method
        Shape (facilities): one of `METHODS`.
    detail
        Shape (facilities): why, a key of `words/matching.toml`.
    candidates
        For each facility the villages that an ambiguous match could mean, else empty.
    distance_m
        Shape (facilities): metres by road where the nearest village was taken, else NaN.
    """

    facility_id: NDArray[np.object_]
    village_id: NDArray[np.object_]
    method: NDArray[np.object_]
    detail: NDArray[np.object_]
    candidates: tuple[tuple[str, ...], ...]
    distance_m: Float64

    def __repr__(self) -> str:
        counts = ", ".join(f"{method} {count}" for method, count in self.counts().items() if count)
        return f"ClinicMatches({self.facility_id.size} facilities: {counts})"

    def counts(self) -> dict[str, int]:
        """Return the number of facilities by method, every method listed."""
        return {method: int((self.method == method).sum()) for method in METHODS}

    @cached_property
    def clinics_of(self) -> Mapping[str, tuple[str, ...]]:
        """Facilities of each village that has any, in layer order."""
        clinics: dict[str, list[str]] = defaultdict(list)
        for facility, village in zip(self.facility_id, self.village_id, strict=True):
            if village:
                clinics[village].append(facility)
        return {village: tuple(found) for village, found in clinics.items()}

    def villages_without(self, village_ids: Iterable[str]) -> tuple[str, ...]:
        """Return those villages that no facility was matched to, in the order given."""
        return tuple(village for village in village_ids if village not in self.clinics_of)

    def to_frame(self, lang: Language = "zh") -> pd.DataFrame:
        """Return one row a facility: `facility_id, village_id, method, detail`, the detail as a sentence."""
        import pandas as pd

        return pd.DataFrame(
            {
                "facility_id": self.facility_id,
                "village_id": self.village_id,
                "method": self.method,
                "detail": [self.sentence(row, lang) for row in range(self.facility_id.size)],
            }
        )

    def sentence(self, row: int, lang: Language) -> str:
        """Return why one facility was matched as it was, or was not."""
        metres = self.distance_m[row]
        shown = "" if np.isnan(metres) else f"{metres:.0f}"
        return word(
            f"matching.detail.{self.detail[row]}", lang, villages="、".join(self.candidates[row]), distance_m=shown
        )


def match_own_clinics(
    villages: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    *,
    townships: gpd.GeoDataFrame | None = None,
    polygons: gpd.GeoDataFrame | None = None,
    road_distance: RoadDistance | None = None,
) -> ClinicMatches:
    """Find the own village of every village-level facility.

    In this order: the `village_id` of the row; township and name, reduced as in `place_names`; the village
    polygon that holds the point; the nearest village within 1 km by road. A rule that fits several villages ends the
    search as ambiguous. A township that the row does not name is taken from the facility's name, else from the
    township polygon around it. Facilities beyond the county line are matched by id and name only.

    Parameters
    ----------
    villages, facilities
        Layers of one projected system with the columns of DESIGN section 2; geometries may be missing.
    townships
        Township polygons, or None.
    polygons
        Village polygons with `village_id`; default the villages layer where it holds polygons.
    road_distance
        Gives metres by road for pairs of facility and village rows; None leaves the last rule out, and says so.

    Returns
    -------
    matches
        One row a facility, in layer order.

    Examples
    --------
    >>> import geopandas as gpd
    >>> villages = gpd.GeoDataFrame(
    ...     {"village_id": ["V1"], "name": ["后岸村委会"], "township": ["儒岙镇"]},
    ...     geometry=gpd.points_from_xy([0], [0]),
    ... )
    >>> clinics = gpd.GeoDataFrame(
    ...     {"facility_id": ["F1"], "name": ["后岸村第一卫生室"], "township": ["儒岙"], "tier": ["village_clinic"]},
    ...     geometry=gpd.points_from_xy([300], [0]),
    ... )
    >>> match_own_clinics(villages, clinics).to_frame("en")[["village_id", "method"]].values.tolist()
    [['V1', 'name']]
    """
    rules = _Rules.prepare(villages, facilities, townships, polygons)
    nearest = _nearest_villages(villages, facilities, rules.open_rows, road_distance)
    findings = [rules.judge(row, nearest.get(row)) for row in range(len(facilities))]
    return _as_matches(facilities, findings)


@dataclass(frozen=True, eq=False)
class _Rules:
    """What the rules look up, prepared once."""

    facilities: gpd.GeoDataFrame
    ids: Mapping[str, int]
    by_township: Mapping[str, tuple[tuple[NameForm, str], ...]]
    township: tuple[str, ...]
    inside: Mapping[int, tuple[str, ...]]
    names: tuple[str, ...]
    named_village: tuple[str, ...]
    outside: tuple[bool, ...]
    placed: tuple[bool, ...]

    @classmethod
    def prepare(
        cls,
        villages: gpd.GeoDataFrame,
        facilities: gpd.GeoDataFrame,
        townships: gpd.GeoDataFrame | None,
        polygons: gpd.GeoDataFrame | None,
    ) -> _Rules:
        by_township: dict[str, list[tuple[NameForm, str]]] = defaultdict(list)
        ids: dict[str, int] = defaultdict(int)
        columns = (texts(villages, name) for name in ("village_id", "name", "township"))
        for village, name, township in zip(*columns, strict=True):
            ids[village] += 1
            by_township[township].append((village_form(name), village))
        x, _ = positions(facilities)
        return cls(
            facilities=facilities,
            ids=ids,
            by_township={township: tuple(rows) for township, rows in by_township.items()},
            township=_townships_of(facilities, tuple(by_township), townships),
            inside=_polygons_around(villages, facilities, polygons),
            names=tuple(texts(facilities, "name")),
            named_village=tuple(texts(facilities, "village_id")),
            outside=tuple(flags(facilities, "outside_county")),
            placed=tuple(np.isfinite(x)),
        )

    @property
    def open_rows(self) -> list[int]:
        """Rows that earlier rules leave open, so that roads need to be searched for them only."""
        return [row for row in range(len(self.facilities)) if self._is_open(row)]

    def judge(self, row: int, nearest: _Finding | None) -> tuple[str, _Finding]:
        """Return the method and finding of one facility."""
        if self.facilities["tier"].iloc[row] not in VILLAGE_TIERS:
            return "not_applicable", _Finding((), "other_tier")
        for method, finding in self._findings(row):
            if finding is not None:
                return _verdict(method, finding)
        if self.outside[row]:
            return "not_applicable", _Finding((), "outside_county")
        if not self.placed[row]:
            return "unmatched", _Finding((), "no_position")
        return _verdict("nearest_road", nearest or _Finding((), "no_roads"))

    def _is_open(self, row: int) -> bool:
        if self.facilities["tier"].iloc[row] not in VILLAGE_TIERS or self.outside[row] or not self.placed[row]:
            return False
        return all(finding is None for _, finding in self._findings(row))

    def _findings(self, row: int) -> Iterable[tuple[str, _Finding | None]]:
        yield "id", self._by_id(row)
        yield "name", self._by_name(row)
        yield "polygon", self._by_polygon(row)

    def _by_id(self, row: int) -> _Finding | None:
        village = self.named_village[row]
        rows = self.ids.get(village, 0) if village else 0
        if rows == 0:
            return None
        return _Finding((village,), "same_id") if rows == 1 else _Finding((village,) * rows, "several_ids")

    def _by_name(self, row: int) -> _Finding | None:
        township = self.township[row]
        known = self.by_township.get(township, ()) if township or len(self.by_township) == 1 else ()
        for place, form in enumerate(clinic_forms(self.names[row], township)):
            alike = [(other, village) for other, village in known if other.core == form.core]
            same = [village for other, village in alike if form.unit and other.unit == form.unit]
            found = same or [village for _, village in alike]
            if found:
                detail = "looser_name" if place else "same_name"
                contrary = not same and form.unit and alike[0][0].unit
                return _Finding(
                    tuple(found), "several_names" if len(found) > 1 else "other_unit" if contrary else detail
                )
        return None

    def _by_polygon(self, row: int) -> _Finding | None:
        around = () if self.outside[row] else self.inside.get(row, ())
        if not around:
            return None
        return _Finding(around, "inside" if len(around) == 1 else "several_polygons")


def _verdict(method: str, finding: _Finding) -> tuple[str, _Finding]:
    if not finding.villages:
        return "unmatched", finding
    return (method, finding) if len(finding.villages) == 1 else ("ambiguous", finding)


def _as_matches(facilities: gpd.GeoDataFrame, judged: Sequence[tuple[str, _Finding]]) -> ClinicMatches:
    methods = [method for method, _ in judged]
    findings = [finding for _, finding in judged]
    villages = [
        finding.villages[0] if method in MATCHED else "" for method, finding in zip(methods, findings, strict=True)
    ]
    candidates = tuple(tuple(dict.fromkeys(item.villages)) if len(item.villages) > 1 else () for item in findings)
    return ClinicMatches(
        facility_id=np.array(texts(facilities, "facility_id"), dtype=object),
        village_id=np.array(villages, dtype=object),
        method=np.array(methods, dtype=object),
        detail=np.array([finding.detail for finding in findings], dtype=object),
        candidates=candidates,
        distance_m=np.array([finding.distance_m for finding in findings], dtype=np.float64),
    )


def facility_townships(
    villages: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, townships: gpd.GeoDataFrame | None = None
) -> tuple[str, ...]:
    """Return the township of each facility as the villages layer writes it, empty where nothing tells.

    From its cell, else its name, else the township polygon around it.
    """
    return _townships_of(facilities, tuple(dict.fromkeys(texts(villages, "township"))), townships)


def _townships_of(
    facilities: gpd.GeoDataFrame, known: tuple[str, ...], townships: gpd.GeoDataFrame | None
) -> tuple[str, ...]:
    """Return the township of each facility as the villages layer writes it: from its cell, its name, its place."""
    around = {} if townships is None else _holders(townships, "township", facilities)
    named = [name for name in known if name]
    resolved: dict[str, str] = {}
    found = []
    for row, (cell, name) in enumerate(zip(texts(facilities, "township"), texts(facilities, "name"), strict=True)):
        if cell not in resolved:
            resolved[cell] = township_named(cell, named) if cell else ""
        by_place = around.get(row, ())
        holder = township_named(by_place[0], named) if len(by_place) == 1 else ""
        found.append(resolved[cell] or township_in(name, named) or holder)
    return tuple(found)


def _polygons_around(
    villages: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, polygons: gpd.GeoDataFrame | None
) -> Mapping[int, tuple[str, ...]]:
    layer = villages if polygons is None else polygons
    areas = layer[layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    return _holders(areas, "village_id", facilities) if len(areas) else {}


def _holders(areas: gpd.GeoDataFrame, column: str, points: gpd.GeoDataFrame) -> dict[int, tuple[str, ...]]:
    """Return, for each row of points, what the polygons around it (their edge included) are called."""
    x, y = positions(points)
    placed = np.flatnonzero(np.isfinite(x))
    if not placed.size or not len(areas):
        return {}
    import shapely

    tree = shapely.STRtree(areas.geometry.to_numpy())
    which, area = tree.query(shapely.points(x[placed], y[placed]), predicate="intersects")
    names = texts(areas, column)
    found: dict[int, list[str]] = defaultdict(list)
    pairs: list[list[int]] = np.stack([placed[which], area], axis=1).tolist()
    for row, name in sorted((row, names[place]) for row, place in pairs):
        if name and name not in found[row]:
            found[row].append(name)
    return {row: tuple(held) for row, held in found.items()}


def _nearest_villages(
    villages: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    rows: Sequence[int],
    road_distance: RoadDistance | None,
) -> dict[int, _Finding]:
    """Return the nearest village by road of each row, asking for roads only between points at most 1 km apart."""
    if road_distance is None:
        return {}
    pairs = _pairs_between(facilities, villages, np.asarray(rows, dtype=np.int64), NEAREST_LIMIT_M)
    metres = np.asarray(road_distance(pairs[:, 0], pairs[:, 1]), dtype=np.float64)
    ids = texts(villages, "village_id")
    within: dict[int, list[tuple[float, str]]] = {row: [] for row in rows}
    for (facility, village), distance_m in zip(pairs.tolist(), metres.tolist(), strict=True):
        if np.isfinite(distance_m) and round(distance_m * MM_PER_M) <= NEAREST_LIMIT_M * MM_PER_M:
            within[facility].append((distance_m, ids[village]))
    return {row: _nearest_of(sorted(found)) for row, found in within.items()}


def _nearest_of(found: list[tuple[float, str]]) -> _Finding:
    if not found:
        return _Finding((), "nothing_near")
    nearest_m = found[0][0]
    tied = tuple(village for distance_m, village in found if distance_m - nearest_m <= NEAREST_TIE_M)
    return _Finding(tied, "nearest" if len(tied) == 1 else "several_nearest", nearest_m)


def _pairs_between(start: gpd.GeoDataFrame, end: gpd.GeoDataFrame, rows: Rows, limit_m: float) -> Rows:
    """Return pairs of rows at most so far apart in a straight line, shape (pairs, 2)."""
    from scipy.spatial import cKDTree

    (x, y), (end_x, end_y) = positions(start), positions(end)
    placed = np.flatnonzero(np.isfinite(end_x))
    if not rows.size or not placed.size:
        return np.zeros((0, 2), dtype=np.int64)
    tree = cKDTree(np.c_[end_x[placed], end_y[placed]])
    near: Any = tree.query_ball_point(np.c_[x[rows], y[rows]], limit_m + 0.001, return_sorted=True)
    pairs = [(int(row), int(placed[other])) for row, others in zip(rows, near, strict=True) for other in others]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


__all__ = [
    "METHODS",
    "ClinicMatches",
    "RoadDistance",
    "SuspectedDuplicate",
    "facility_townships",
    "match_own_clinics",
    "suspected_duplicates",
]
