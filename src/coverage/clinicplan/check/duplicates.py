"""List facilities that may be one and the same: two rows of one tier close together, or of one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clinicplan.check.layer_columns import Float64, positions, texts
from clinicplan.check.place_names import plain_text, same_name_key
from clinicplan.errors import Language
from clinicplan.standard import MM_PER_M
from clinicplan.terms import COUNTS_AS
from clinicplan.words import word

if TYPE_CHECKING:
    import geopandas as gpd

VILLAGE_TIERS: Final = ("village_clinic", "central_clinic", "community_station", "service_point")
"""Tiers that belong to one village or community and bear its name."""
DUPLICATE_NEAR_M: Final = 150.0
DUPLICATE_NAME_M: Final = 1_000.0


@dataclass(frozen=True)
class SuspectedDuplicate:
    """Two facilities that may be one.

    Parameters
    ----------
    first_id, second_id
        Facility ids, in layer order.
    first_row, second_row
        Positions in the layer.
    distance_m
        Metres apart, NaN where a position is missing.
    reason
        `same_place`, `near`, `same_name` or `same_name_unplaced`.
    name
        The reduced name that both share, else empty.
    """

    first_id: str
    second_id: str
    first_row: int
    second_row: int
    distance_m: float
    reason: str
    name: str

    def sentence(self, lang: Language) -> str:
        """Return the reason in words."""
        shown = "" if np.isnan(self.distance_m) else f"{self.distance_m:.0f}"
        return word(f"matching.reason.{self.reason}", lang, distance_m=shown, name=self.name)


def suspected_duplicates(facilities: gpd.GeoDataFrame) -> tuple[SuspectedDuplicate, ...]:
    """List pairs of facilities that may be one and the same.

    A pair counts as one tier when both serve as the same basic tier (a central clinic is a village clinic). It is
    suspected within 150 m, or within 1 km with equal reduced names, or with equal names in one township where a
    position is missing. Facilities of tier `other` are many kinds of thing and are suspected by name alone.

    Parameters
    ----------
    facilities
        The facilities layer in a projected system.

    Returns
    -------
    pairs
        In layer order, each pair once.
    """
    x, y = positions(facilities)
    names = _duplicate_names(facilities)
    ids = texts(facilities, "facility_id")
    family = [COUNTS_AS.get(tier, (tier,))[-1] for tier in facilities["tier"]]
    found: list[SuspectedDuplicate] = []
    for first, second in sorted(_pairs_within(x, y, DUPLICATE_NAME_M) | _unplaced_pairs(facilities, names, x)):
        if family[first] != family[second]:
            continue
        distance_m = float(np.hypot(x[first] - x[second], y[first] - y[second]))
        shared = names[first] if names[first] and names[first] == names[second] else ""
        reason = _duplicate_reason(distance_m, bool(shared), family[first])
        if reason:
            found.append(SuspectedDuplicate(ids[first], ids[second], first, second, distance_m, reason, shared))
    return tuple(found)


def _duplicate_reason(distance_m: float, shares_name: bool, family: str) -> str:
    if np.isnan(distance_m):
        return "same_name_unplaced" if shares_name else ""
    near = round(distance_m * MM_PER_M) <= DUPLICATE_NEAR_M * MM_PER_M
    if shares_name and round(distance_m * MM_PER_M) <= DUPLICATE_NAME_M * MM_PER_M:
        return "same_name"
    if not near or family == "other":
        return ""
    return "same_place" if distance_m == 0 else "near"


def _duplicate_names(facilities: gpd.GeoDataFrame) -> list[str]:
    """Reduce names for comparison: of village-level tiers to the village, of others as `plain_text` does."""
    townships = texts(facilities, "township")
    rows = zip(texts(facilities, "name"), facilities["tier"], townships, strict=True)
    return [same_name_key(name, town) if tier in VILLAGE_TIERS else plain_text(name) for name, tier, town in rows]


def _pairs_within(x: Float64, y: Float64, limit_m: float) -> set[tuple[int, int]]:
    from scipy.spatial import cKDTree

    placed = np.flatnonzero(np.isfinite(x))
    if placed.size < 2:
        return set()
    # A hair more than the limit: the comparison itself is made on whole millimetres.
    pairs = cKDTree(np.c_[x[placed], y[placed]]).query_pairs(limit_m + 0.001, output_type="ndarray")
    return {(int(placed[a]), int(placed[b])) for a, b in pairs}


def _unplaced_pairs(facilities: gpd.GeoDataFrame, names: Sequence[str], x: Float64) -> set[tuple[int, int]]:
    """Pair rows of one township and one name where at least one has no position."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (name, township) in enumerate(zip(names, texts(facilities, "township"), strict=True)):
        if name and township:
            groups[name, township].append(row)
    return {
        (first, second)
        for rows in groups.values()
        for place, first in enumerate(rows)
        for second in rows[place + 1 :]
        if not (np.isfinite(x[first]) and np.isfinite(x[second]))
    }
