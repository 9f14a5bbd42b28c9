"""Close and slow roads as a scenario asks: by way, by area, by class, by season."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.datum import converter
from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.region import LayerSource, Region, RoadEdit, nearest_word
from clinicplan.scenario.elevation import read_heights
from clinicplan.scenario.places import edit_fault
from clinicplan.scenario.seasons import Season, nearest_season, read_season, season_names

if TYPE_CHECKING:
    from clinicplan.layers import CountyLayers
    from clinicplan.roads import RoadLayer

Flags = NDArray[np.bool_]
Factors = NDArray[np.float64]
MOST_SHOWN = 5


def edit_roads(
    region: Region, layers: CountyLayers, roads: RoadLayer, classes: frozenset[str]
) -> tuple[RoadLayer, tuple[Fault, ...]]:
    """Give every segment the factor that a scenario asks for.

    Parameters
    ----------
    region
        With `[edits]`.
    layers
        For the system and the ground.
    roads
        As the file has them.
    classes
        Highway classes that speeds know.

    Returns
    -------
    roads, faults
        Factors of several edits and of the season multiply. A segment meets an area where it touches it; one that
        crosses its edge counts as within.
    """
    edits = region.edits
    faults = [*_class_faults(region, classes), *_season_faults(region)]
    factor = np.ones(roads.segment_way.size)
    for number, edit in enumerate(edits.roads):
        chosen, found = _meant(region, number, edit, layers, roads)
        faults += found
        factor[chosen] *= edit.factor
    if faults or not (edits.roads or edits.season or edits.season_factors):
        return roads, tuple(faults)
    season = season_of(region)
    factor *= _season_factor(season, roads)
    if season.elevation_m and region.layers.elevation is not None:
        above, found = _height_factor(region, season, layers, roads)
        factor *= above
        faults += found
    return replace(roads, segment_factor=factor), tuple(faults)


def season_of(region: Region) -> Season:
    """Return the season of a region's edits, a neutral one where it names none."""
    return read_season(region.edits.season, region.edits.season_factors)


def mode_change(region: Region, mode: str) -> dict[str, float]:
    """Return the options of `RoadLayer.network` that a scenario asks for under a mode."""
    season = season_of(region)
    factor = region.edits.speeds.get(mode, 1.0) * season.modes.get(mode, 1.0)  # type: ignore[call-overload]
    return {"speed_factor": factor, "top_kmh": season.top_kmh.get(mode, np.inf)}


def _meant(
    region: Region, number: int, edit: RoadEdit, layers: CountyLayers, roads: RoadLayer
) -> tuple[Flags, list[Fault]]:
    """Flag the segments that an edit means; none, and faults, where it cannot be told."""
    nothing = np.zeros(roads.segment_way.size, dtype=np.bool_)
    faults: list[Fault] = []
    chosen = ~nothing
    if edit.ways:
        ways, found = _named_ways(region, number, edit, roads)
        faults += found
        chosen &= ways[roads.segment_way]
    if edit.classes:
        chosen &= roads.tags.among("highway", edit.classes)[roads.segment_way]
    shapes, found = _areas(region, number, edit, layers)
    faults += found
    if faults:
        return nothing, faults
    for shape in shapes:
        chosen &= _touching(shape, roads, chosen)
    if not chosen.any():
        return nothing, [edit_fault(region, "no_road_meant", "roads", number)]
    return chosen, []


def _named_ways(region: Region, number: int, edit: RoadEdit, roads: RoadLayer) -> tuple[Flags, list[Fault]]:
    known = roads.ways["way_id"].astype(str).to_numpy(dtype=object)
    wanted = {str(way) for way in edit.ways}
    missing = sorted(wanted - set(known))
    found = [
        edit_fault(
            region, "unknown_ways", "roads", number, field="ways", ids=tuple(missing), count=len(missing),
            ways=", ".join(missing[:MOST_SHOWN]), missing=len(missing), file_name=region.layers.roads.path,
        )
    ] if missing else []  # fmt: skip
    flags: Flags = np.isin(known.astype(str), sorted(wanted))
    return flags, found


def _areas(region: Region, number: int, edit: RoadEdit, layers: CountyLayers) -> tuple[list[Any], list[Fault]]:
    """Return the shapes that a road must touch, in the county's system."""
    import shapely

    shapes: list[Any] = []
    faults: list[Fault] = []
    if edit.polygon:
        x, y = converter("EPSG:4326", layers.crs).transform(*np.array(edit.polygon, dtype=np.float64).T)
        shape = shapely.Polygon(np.column_stack((x, y)))
        if shape.is_valid and shape.area > 0:
            shapes.append(shape)
        else:
            faults.append(edit_fault(region, "crossed_polygon", "roads", number, field="polygon"))
    if edit.area:
        shape, found = _area_of_file(region, number, edit.area, layers)
        shapes += [] if shape is None else [shape]
        faults += found
    return shapes, faults


def _area_of_file(region: Region, number: int, area: str, layers: CountyLayers) -> tuple[Any, list[Fault]]:
    from clinicplan.layers.projections import Ground
    from clinicplan.layers.shapes import read_urban_area

    path = region.folder / area
    if not path.is_file():
        return None, [edit_fault(region, "no_area_file", "roads", number, field="area", path=area)]
    try:
        reading = read_urban_area(LayerSource(path=area), path, Ground.from_boundary(layers.boundary))
    except LayerError as error:
        return None, [replace(item, layer="scenario") for item in error.faults]
    errors = [replace(item, layer="scenario") for item in reading.faults if item.severity is Severity.ERROR]
    if reading.frame is None or errors:
        return None, errors
    return reading.frame.geometry.union_all(), []


def _touching(shape: Any, roads: RoadLayer, among: Flags) -> Flags:
    """Flag the segments that touch a shape, of those flagged already."""
    import shapely

    x, y = roads.node_x, roads.node_y
    tail, head = roads.segment_tail, roads.segment_head
    west, south, east, north = shape.bounds
    near = among & (np.maximum(x[tail], x[head]) >= west) & (np.minimum(x[tail], x[head]) <= east)
    near &= (np.maximum(y[tail], y[head]) >= south) & (np.minimum(y[tail], y[head]) <= north)
    rows = np.flatnonzero(near)
    ends = np.stack((np.column_stack((x[tail[rows]], y[tail[rows]])), np.column_stack((x[head[rows]], y[head[rows]]))))
    shapely.prepare(shape)
    flags = np.zeros(tail.size, dtype=np.bool_)
    flags[rows] = shapely.intersects(shape, shapely.linestrings(ends.transpose(1, 0, 2)))
    return flags


def _season_factor(season: Season, roads: RoadLayer) -> Factors:
    """Return the factor of every segment by its class and tags."""
    factor = roads.tags.translate("highway", lambda value: season.classes.get(value, 1.0), 1.0)
    for key, share in season.tags.items():
        factor = np.where(roads.tags.has(key) & ~roads.tags.among(key, {"no"}), factor * share, factor)
    spread: Factors = factor[roads.segment_way]
    return spread


def _height_factor(
    region: Region, season: Season, layers: CountyLayers, roads: RoadLayer
) -> tuple[Factors, list[Fault]]:
    """Return the factor of every segment by the height of its upper end; 1 where the layer says nothing."""
    factor = np.ones(roads.segment_way.size)
    source = region.layers.elevation
    assert source is not None
    try:
        heights = read_heights(source, region.file("elevation"), layers.crs, roads.node_x, roads.node_y)
    except LayerError as error:
        return factor, list(error.faults)
    upper = np.fmax(heights[roads.segment_tail], heights[roads.segment_head])
    for height_m, share in sorted(season.elevation_m.items()):
        factor[upper >= height_m] = share
    return factor, []


def _class_faults(region: Region, classes: frozenset[str]) -> list[Fault]:
    """Name highway classes that no mode knows."""
    named = [
        ("roads", number, "classes", name) for number, edit in enumerate(region.edits.roads) for name in edit.classes
    ]
    named += [("season_factors", 0, name, name) for name in region.edits.season_factors]
    known = sorted(classes)
    return [
        edit_fault(
            region, "unknown_class", key, number, field=field, name=name, known=", ".join(known),
            near=nearest_word(name, known) or known[0],
        )
        for key, number, field, name in named
        if name not in classes
    ]  # fmt: skip


def _season_faults(region: Region) -> list[Fault]:
    season = region.edits.season
    if season is None or season.strip().lower() in season_names():
        return []
    near = nearest_season(season) or season_names()[0]
    return [edit_fault(region, "unknown_season", "season", name=season, known="、".join(season_names()), near=near)]
