"""Inspect the data of a county: everything doubtful at once, in three severities, with the figures to judge it by.

`inspect` is the list of questions; the questions stand in `layer_check`, `road_check`, `matching`, `duplicates` and
`datum_check`, and what reading the files already told is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.access_report import access_faults
from clinicplan.check.inspection import Figure, Inspection, layer_figures, road_figures
from clinicplan.check.layer_check import (
    CheckedLayer,
    faults_of_coarse_coordinates,
    faults_of_copied_coordinates,
    faults_of_datum,
    faults_of_duplicates,
    faults_of_empty_townships,
    faults_of_matches,
    faults_of_township_sums,
    faults_of_unknown_villages,
    faults_of_villages_without_clinic,
)
from clinicplan.check.layer_columns import flags, positions, texts
from clinicplan.check.matching import ClinicMatches, match_own_clinics, suspected_duplicates
from clinicplan.check.road_check import (
    PointsOnRoads,
    faults_of_cut_off_parts,
    faults_of_extent,
    faults_of_villages_off_roads,
    road_parts,
)
from clinicplan.datum import CHINA_BOX, wgs84_to_bd09, wgs84_to_gcj02
from clinicplan.errors import Fault, Severity

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.check.datum_check import DatumGuess
    from clinicplan.layers.county import CountyLayers
    from clinicplan.network.graph import RoadNetwork
    from clinicplan.network.snapping import AccessLegs
    from clinicplan.region import Region
    from clinicplan.roads.reading import RoadLayer

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

POINT_LAYERS: Final = ("villages", "facilities", "natural_villages", "candidates")
ON_ROADS: Final = ("villages", "facilities", "natural_villages")
"""Layers whose points are joined to the roads."""


@dataclass(frozen=True, eq=False)
class CountyOnRoads:
    """The points of a county joined to the roads of the mode of the standard.

    Parameters
    ----------
    network
        Roads of that mode.
    legs
        The walks of all points.
    points
        Rows of `legs` that belong to each layer, in the order of the layer.
    """

    network: RoadNetwork
    legs: AccessLegs
    points: Mapping[str, Int64]


def inspect(
    region: Region,
    layers: CountyLayers,
    roads: RoadLayer,
    networks: Mapping[str, RoadNetwork],
) -> Inspection:
    """Ask every question about the data of a county at once.

    Access legs, parts cut off and nearness of clinics are those of the mode of the standard. Where the roads are not
    those of the county, the questions that need roads are left out: the answer would say the same a hundred times.

    Parameters
    ----------
    region
        The region file.
    layers
        As `read_layers` gives them, with what it found.
    roads
        As scanned, before any mode.
    networks
        Roads by mode; the mode of the standard must be among them.

    Returns
    -------
    inspection
        Faults by severity, then layer; figures; own clinics of villages. Errors among the faults are for the caller
        to raise.
    """
    checked = checked_layers(region, layers)
    extent = _extent_faults(region, layers, roads)
    found = [*layers.faults, *roads.report.faults, *extent, *_cell_faults(region, layers, checked)]
    on_roads = None
    if not any(item.severity is Severity.ERROR for item in extent):
        on_roads = join_to_roads(region, checked, networks[region.travel.mode])
        found += _road_faults(region, checked, on_roads)
    matches = match_clinics(layers, on_roads)
    duplicates = suspected_duplicates(layers.facilities)
    guesses = guess_data(region, layers, roads, checked) if on_roads else {}
    found += [
        *faults_of_matches(checked["facilities"], matches),
        *faults_of_villages_without_clinic(checked["villages"], checked["facilities"], matches),
        *faults_of_duplicates(checked["facilities"], duplicates),
        *(item for name, guess in guesses.items() for item in _datum_faults(checked, *name, guess)),
    ]
    figures = [*layer_figures(checked, matches, len(duplicates)), *_datum_figures(guesses)]
    if on_roads is not None:
        figures += _figures_on_roads(on_roads)
    return Inspection(_in_order(_with_rows(found, checked)), tuple(figures), matches)


def checked_layers(region: Region, layers: CountyLayers) -> dict[str, CheckedLayer]:
    """Return the layers that there are, each with its file name, by name."""
    sources = region.layers.present()
    frames = {name: getattr(layers, name) for name in (*POINT_LAYERS, "townships")}
    return {
        name: CheckedLayer(name, sources[name].path if name in sources else "", frame)
        for name, frame in frames.items()
        if frame is not None
    }


def join_to_roads(region: Region, checked: Mapping[str, CheckedLayer], network: RoadNetwork) -> CountyOnRoads:
    """Find the walk of every village, facility and natural village that is in use to the roads of one mode."""
    from clinicplan.network.snapping import find_access

    names = [name for name in ON_ROADS if name in checked]
    places = [_places_in_use(checked[name]) for name in names]
    sizes = np.cumsum([0, *(x.size for x, _ in places)])
    legs = find_access(
        network,
        [code for name in names for code in checked[name].ids],
        np.concatenate([x for x, _ in places]),
        np.concatenate([y for _, y in places]),
        access_kmh=region.travel.access_kmh,
        max_access_m=region.travel.max_access_m,
    )
    points = {name: np.arange(sizes[k], sizes[k + 1]) for k, name in enumerate(names)}
    return CountyOnRoads(network, legs, points)


def match_clinics(layers: CountyLayers, on_roads: CountyOnRoads | None) -> ClinicMatches:
    """Match clinics to villages; the nearest village by road counts only where the roads are known."""
    distance = None
    if on_roads is not None:
        from clinicplan.check.road_distance import road_distance_between

        points = on_roads.points
        distance = road_distance_between(on_roads.network, on_roads.legs, points["facilities"], points["villages"])
    return match_own_clinics(
        layers.villages, layers.facilities, townships=layers.townships,
        polygons=getattr(layers, "village_areas", None), road_distance=distance,
    )  # fmt: skip


def guess_data(
    region: Region, layers: CountyLayers, roads: RoadLayer, checked: Mapping[str, CheckedLayer]
) -> dict[tuple[str, str], DatumGuess]:
    """Guess the datum of each layer of points, and of each coordinate source within it.

    Outside China maps are not shifted, and nothing is guessed.

    Returns
    -------
    guesses
        By layer and source; the source is empty for the whole layer.
    """
    from clinicplan.check.datum_check import identify_datum

    if not _is_in_china(layers):
        return {}
    import shapely

    lines = shapely.STRtree(road_lines(roads))
    guesses = {}
    for name in POINT_LAYERS:
        source = region.layers.present().get(name)
        if name not in checked or source is None:
            continue
        lon, lat = file_degrees(checked[name].frame, layers.crs, source.datum)
        for group, rows in _groups_by_source(checked[name]).items():
            if np.isfinite(lon[rows]).any() and len(lines):
                guesses[name, group] = identify_datum(lon[rows], lat[rows], lines, layers.crs, declared=source.datum)
    return guesses


def road_lines(roads: RoadLayer) -> NDArray[np.object_]:
    """Return every segment of road as a straight line."""
    import shapely

    tail = np.c_[roads.node_x[roads.segment_tail], roads.node_y[roads.segment_tail]]
    head = np.c_[roads.node_x[roads.segment_head], roads.node_y[roads.segment_head]]
    return np.asarray(shapely.linestrings(np.stack([tail, head], axis=1)), dtype=object)


def file_degrees(frame: gpd.GeoDataFrame, crs: str, datum: str) -> tuple[Float64, Float64]:
    """Return longitude and latitude of a layer as its file has them: back from the metric system, in its own datum.

    Parameters
    ----------
    frame
        The layer in `crs`.
    crs
        The metric system.
    datum
        The datum that the region file declares; the conversion made on reading is undone.

    Returns
    -------
    lon, lat
        Shape (rows): degrees, NaN where there is no place.
    """
    from clinicplan.datum import converter

    shift: dict[str, Callable[..., tuple[Float64, Float64]]] = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
    x, y = positions(frame)
    placed = np.isfinite(x)
    lon, lat = np.full(x.size, np.nan), np.full(x.size, np.nan)
    lon[placed], lat[placed] = converter(crs, "EPSG:4326").transform(x[placed], y[placed])
    return shift[datum](lon, lat) if datum in shift else (lon, lat)


def _cell_faults(region: Region, layers: CountyLayers, checked: Mapping[str, CheckedLayer]) -> list[Fault]:
    """Ask what needs no roads."""
    found = []
    for name in (name for name in POINT_LAYERS if name in checked):
        layer, source = checked[name], region.layers.present().get(name)
        found += faults_of_copied_coordinates(layer)
        if source is not None:
            found += faults_of_coarse_coordinates(layer, *file_degrees(layer.frame, layers.crs, source.datum))
        if name != "villages":
            found += faults_of_unknown_villages(layer, checked["villages"].ids)
    if "townships" in checked:
        found += faults_of_township_sums(checked["villages"], checked["townships"])
        found += faults_of_empty_townships(checked["villages"], checked["townships"])
    return found


def _extent_faults(region: Region, layers: CountyLayers, roads: RoadLayer) -> list[Fault]:
    used = np.union1d(roads.segment_tail, roads.segment_head)
    county = layers.boundary.geometry.union_all()
    file = region.layers.roads.path
    return faults_of_extent(roads.node_x[used], roads.node_y[used], county, region.travel.margin_km, file)


def _road_faults(region: Region, checked: Mapping[str, CheckedLayer], on_roads: CountyOnRoads) -> list[Fault]:
    """Ask how points reach the roads, and which roads are cut off."""
    legs, travel = on_roads.legs, region.travel
    mode, file = travel.mode, region.layers.roads.path
    homes = legs.reason[on_roads.points["villages"]]
    found = faults_of_villages_off_roads(
        [reason for reason in homes if reason != "pending"],
        mode=mode, limit_m=travel.max_access_m, file=checked["villages"].file,
    )  # fmt: skip
    for name, rows in on_roads.points.items():
        found += access_faults(legs, rows, layer=name, max_access_m=travel.max_access_m, file=checked[name].file)
    villages, facilities = _on_roads(on_roads, "villages"), _county_facilities(on_roads, checked)
    parts = road_parts(on_roads.network, villages)
    return found + faults_of_cut_off_parts(on_roads.network, parts, villages, facilities, mode=mode, file=file)


def _on_roads(on_roads: CountyOnRoads, name: str) -> PointsOnRoads:
    rows = on_roads.points[name]
    return PointsOnRoads(on_roads.legs.ids[rows], on_roads.legs.edge[rows])


def _county_facilities(on_roads: CountyOnRoads, checked: Mapping[str, CheckedLayer]) -> PointsOnRoads:
    """Return the facilities within the county: a neighbour's on a road of its own is no matter of ours."""
    every = _on_roads(on_roads, "facilities")
    ours = ~flags(checked["facilities"].frame, "outside_county")
    return PointsOnRoads(every.ids[ours], every.edge[ours])


def _figures_on_roads(on_roads: CountyOnRoads) -> list[Figure]:
    villages = _on_roads(on_roads, "villages")
    parts = road_parts(on_roads.network, villages)
    off_main = parts.of_points(on_roads.network, villages)
    cut_off = int(((off_main >= 0) & (off_main != parts.main)).sum())
    return road_figures(on_roads.legs, on_roads.points, parts, cut_off)


def _places_in_use(layer: CheckedLayer) -> tuple[Float64, Float64]:
    """Return positions, NaN for rows set aside when the layer was read, except those that only lack people."""
    x, y = positions(layer.frame)
    aside = np.array([reason not in ("", "no_population") for reason in texts(layer.frame, "pending")], dtype=np.bool_)
    return np.where(aside, np.nan, x), np.where(aside, np.nan, y)


def _groups_by_source(layer: CheckedLayer) -> dict[str, Int64]:
    """Return the rows of the whole layer and, where several are named, of each coordinate source with 15 rows."""
    from clinicplan.check.datum_check import FEWEST_PLACES

    sources = np.array(texts(layer.frame, "coord_source"), dtype=object)
    groups = {"": np.arange(len(layer.frame))}
    named = sorted({source for source in sources if source})
    if len(set(sources)) > 1:
        groups |= {source: np.flatnonzero(sources == source) for source in named}
    return {source: rows for source, rows in groups.items() if not source or rows.size >= FEWEST_PLACES}


def _datum_faults(checked: Mapping[str, CheckedLayer], name: str, source: str, guess: DatumGuess) -> list[Fault]:
    return faults_of_datum(checked[name], guess, source)


def _datum_figures(guesses: Mapping[tuple[str, str], DatumGuess]) -> list[Figure]:
    return [
        Figure(name, "datum", guess.answer or "cannot_tell") for (name, source), guess in guesses.items() if not source
    ]


def _is_in_china(layers: CountyLayers) -> bool:
    west, south, east, north = layers.boundary.to_crs("EPSG:4326").total_bounds
    return bool(
        CHINA_BOX[0] <= (west + east) / 2 <= CHINA_BOX[2] and CHINA_BOX[1] <= (south + north) / 2 <= CHINA_BOX[3]
    )


def _with_rows(faults: Iterable[Fault], checked: Mapping[str, CheckedLayer]) -> list[Fault]:
    """Add file rows to faults that name ids of a layer but no rows."""
    rows_of = {
        name: dict(zip(layer.ids, layer.file_rows, strict=True)) for name, layer in checked.items() if layer.file_rows
    }
    return [_with_rows_of(item, rows_of.get(item.layer, {})) for item in faults]


def _with_rows_of(item: Fault, rows_of: Mapping[str, int]) -> Fault:
    if item.rows or not item.ids or not all(code in rows_of for code in item.ids):
        return item
    return replace(item, rows=tuple(rows_of[code] for code in item.ids))


def _in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sort faults by severity, then by layer; within a layer they keep the order of the questions."""
    from clinicplan.check.inspection import LAYER_ORDER, SEVERITIES

    def place(item: Fault) -> tuple[int, int]:
        layer = LAYER_ORDER.index(item.layer) if item.layer in LAYER_ORDER else len(LAYER_ORDER)
        return SEVERITIES.index(item.severity), layer

    return tuple(sorted(faults, key=place))


__all__ = ["Inspection", "inspect"]
