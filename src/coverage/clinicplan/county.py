"""Hold a county and the answer for it: what the steps read and found, for whoever writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinicplan.policy import Profile
from clinicplan.region import Region
from clinicplan.standard import Standard
from clinicplan.terms import ALL_PRODUCTS

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.check import Inspection
    from clinicplan.coverage import ServiceCircles
    from clinicplan.layers import CountyLayers
    from clinicplan.network import RoadNetwork
    from clinicplan.roads import RoadLayer


@dataclass(frozen=True, eq=False)
class County:
    """A county read and checked: everything that the steps after it need.

    Parameters
    ----------
    region
        The region file.
    profile
        The policy, or None.
    standard
        The circle, from the region or else the policy.
    layers, roads
        What the files hold.
    networks
        Roads by mode, the mode of the standard first.
    inspection
        What was found in the data.
    """

    region: Region
    profile: Profile | None
    standard: Standard
    layers: CountyLayers
    roads: RoadLayer
    networks: Mapping[str, RoadNetwork]
    inspection: Inspection

    def __repr__(self) -> str:
        return f"County({self.region.name}, {len(self.layers.villages)} villages, {len(self.networks)} modes)"


@dataclass(frozen=True, eq=False)
class CountyResult:
    """The answer for a county, as written to its result folder.

    Parameters
    ----------
    county
        What was read.
    circles
        The service circles.
    circle_areas
        Area within each band of any counted facility: `minutes, geometry`.
    facility_areas
        Isochrones of every counted facility, or None where not asked for.
    summary
        What stands in `summary.json`.
    out
        The result folder, or None where nothing was written.
    """

    county: County
    circles: ServiceCircles
    circle_areas: gpd.GeoDataFrame
    facility_areas: gpd.GeoDataFrame | None
    summary: dict[str, Any]
    out: Path | None = None
    products: frozenset[str] = field(default=ALL_PRODUCTS)

    def __repr__(self) -> str:
        share = self.summary["people_covered_share"]
        return f"CountyResult({self.county.region.name}, people covered {share})"
