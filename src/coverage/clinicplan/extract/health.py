"""Turn health objects into facilities with tiers by an editable table, one row a real facility."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import LayerError, Severity
from clinicplan.region import decode_toml
from clinicplan.terms import TIERS
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd

SAME_NAME_M: Final = 1000.0
"""Two objects of one name within this distance are one facility (assumption)."""


@dataclass(frozen=True)
class TierRule:
    """One rule of the tier table; every condition must hold.

    Parameters
    ----------
    tier
        What the object becomes.
    names
        Words of which the name must hold one; empty for any name.
    unnamed_node
        Whether the object must be a node without a name.
    tags
        Allowed values by tag; `*` stands for any value.
    """

    tier: str
    names: tuple[str, ...]
    unnamed_node: bool
    tags: tuple[tuple[str, tuple[str, ...]], ...]

    def takes(self, name: str, tags: dict[str, str], *, is_node: bool) -> bool:
        """Tell whether the rule decides an object."""
        if self.names and not any(word in name for word in self.names):
            return False
        if self.unnamed_node and (name or not is_node):
            return False
        return all(key in tags and ("*" in allowed or tags[key] in allowed) for key, allowed in self.tags)


@dataclass(frozen=True, eq=False)
class HealthFacilities:
    """Facilities of an extract.

    Parameters
    ----------
    facilities
        `facility_id, name, tier, osm_id, geometry` (points, metric system).
    merged
        (kept, dropped, reason) object ids; reason `inside` (a node in a building) or `same_name`.
    unnamed_hospitals
        Ids of hospital nodes without a name, which became `other`.
    skipped
        Objects that no rule took.
    """

    facilities: gpd.GeoDataFrame
    merged: tuple[tuple[str, str, str], ...]
    unnamed_hospitals: tuple[str, ...]
    skipped: int

    def __repr__(self) -> str:
        return f"HealthFacilities({len(self.facilities)}, {len(self.merged)} merged)"


def read_tier_rules(path: Path | None = None) -> tuple[TierRule, ...]:
    """Read the tier table: the package's, or a planner's copy.

    Raises
    ------
    LayerError
        If the file is missing or a rule names an unknown tier.
    """
    if path is None:
        text = resources.files("clinicplan.extract").joinpath("osm_tiers.toml").read_text(encoding="utf-8")
    elif not path.is_file():
        raise LayerError(fault(Severity.ERROR, "missing_file", file=str(path)))
    else:
        text = decode_toml(path)
    return tuple(_rule(row, path) for row in tomllib.loads(text).get("rule", []))


def make_facilities(health: gpd.GeoDataFrame, rules: tuple[TierRule, ...]) -> HealthFacilities:
    """Merge the objects that are one facility and give each a tier.

    A node within the area of another object of the same kind, and two objects of one name and kind within 1 km, are
    one facility; the area is kept before the node. Every merger is listed.

    Parameters
    ----------
    health
        As `OsmObjects.health`, in a metric system.
    rules
        The tier table.

    Returns
    -------
    facilities
        Points (inside the area where the object is one), in the order of the file.
    """
    import geopandas as gpd

    tiers = [_tier(row, rules) for row in health.itertuples()]
    objects = health.assign(tier=tiers)
    skipped = int(objects["tier"].isna().sum())
    objects = objects[objects["tier"].notna()].reset_index(drop=True)
    merged = _merges(objects)
    gone = {drop for _, drop, _ in merged}
    kept = objects[~objects["osm_id"].isin(gone)].reset_index(drop=True)
    facilities = gpd.GeoDataFrame(
        {
            "facility_id": [f"F{row + 1:04d}" for row in range(len(kept))],
            "name": kept["name"].where(kept["name"] != "", kept["osm_id"]),
            "tier": kept["tier"],
            "osm_id": kept["osm_id"],
        },
        geometry=kept.geometry.representative_point(),
        crs=health.crs,
    )
    return HealthFacilities(facilities, tuple(merged), _unnamed_hospitals(kept), skipped)


def _tier(row: Any, rules: tuple[TierRule, ...]) -> str | None:
    return next((rule.tier for rule in rules if rule.takes(row.name, row.tags, is_node=row.is_node)), None)


def _kind(tags: dict[str, str]) -> str:
    """Name what an object is, so that a pharmacy inside a hospital stays a pharmacy."""
    amenity = tags.get("amenity", "")
    return {"doctor": "doctors"}.get(tags.get("healthcare", ""), tags.get("healthcare", "")) or amenity


def _merges(objects: gpd.GeoDataFrame) -> list[tuple[str, str, str]]:
    """List (kept, dropped, reason); areas are kept before nodes, then the earlier object."""
    order = sorted(range(len(objects)), key=lambda row: (bool(objects["is_node"].iloc[row]), row))
    merges: list[tuple[str, str, str]] = []
    kept: list[int] = []
    for row in order:
        match = next(((other, why) for other in kept if (why := _same(objects, other, row))), None)
        if match is None:
            kept.append(row)
        else:
            merges.append((objects["osm_id"].iloc[match[0]], objects["osm_id"].iloc[row], match[1]))
    return merges


def _same(objects: gpd.GeoDataFrame, first: int, second: int) -> str:
    """Say why two objects are one facility; empty where they are not."""
    a, b = objects.iloc[first], objects.iloc[second]
    if _kind(a["tags"]) != _kind(b["tags"]) and a["tags"].get("amenity") != b["tags"].get("amenity"):
        return ""
    distance = a.geometry.distance(b.geometry)
    named_apart = a["name"] and b["name"] and a["name"] != b["name"]
    if distance == 0 and not named_apart and not a["is_node"]:
        return "inside"
    return "same_name" if a["name"] and a["name"] == b["name"] and distance <= SAME_NAME_M else ""


def _unnamed_hospitals(kept: gpd.GeoDataFrame) -> tuple[str, ...]:
    hospital = [
        tier == "other" and "hospital" in {tags.get("amenity"), tags.get("healthcare")}
        for tier, tags in zip(kept["tier"], kept["tags"], strict=True)
    ]
    return tuple(str(value) for value, unnamed in zip(kept["osm_id"], hospital, strict=True) if unnamed)


def _rule(row: dict[str, Any], path: Path | None) -> TierRule:
    tier = row.get("tier", "")
    if tier not in TIERS:
        file = path.name if path else "osm_tiers.toml"
        raise LayerError(
            fault(Severity.ERROR, "not_a_choice", file=file, key="tier", value=tier, allowed=", ".join(TIERS), near="")
        )
    tags = {key: tuple(value) for key, value in row.items() if key not in {"tier", "name", "unnamed_node"}}
    return TierRule(tier, tuple(row.get("name", ())), bool(row.get("unnamed_node", False)), tuple(tags.items()))
