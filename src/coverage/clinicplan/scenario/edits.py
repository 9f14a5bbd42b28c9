"""Apply the edits of a scenario to what was read, all faults at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinicplan.errors import RegionError
from clinicplan.region import Region
from clinicplan.scenario.layer_edits import edit_layers
from clinicplan.scenario.road_edits import edit_roads

if TYPE_CHECKING:
    from clinicplan.layers import CountyLayers
    from clinicplan.roads import RoadLayer


def edit_county(
    region: Region, layers: CountyLayers, roads: RoadLayer, *, classes: frozenset[str]
) -> tuple[CountyLayers, RoadLayer]:
    """Return layers and roads as `[edits]` has them.

    Parameters
    ----------
    region
        With `[edits]`; without any the layers and roads come back as they are.
    layers, roads
        As the files have them.
    classes
        Highway classes that speeds know.

    Returns
    -------
    layers, roads
        Copies where anything changes.

    Raises
    ------
    RegionError
        With every edit that names what is not there.
    """
    if region.edits.are_none:
        return layers, roads
    changed, layer_faults = edit_layers(region, layers)
    slowed, road_faults = edit_roads(region, changed, roads, classes)
    faults = (*road_faults, *layer_faults)
    if faults:
        raise RegionError(*faults)
    return changed, slowed
