"""Read a result folder back for its figures; take roads, townships and water anew from inputs that have not changed."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import OutputError, PlannerError, Severity
from clinicplan.region import Region, region_from_table
from clinicplan.report.style import ROADS, road_class
from clinicplan.results import MANIFEST, checksum
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from clinicplan.roads import RoadLayer

FAR_CLASSES: Final = ("trunk", "secondary")
"""Roads that are drawn beyond the county line too."""
ROAD_TOLERANCE_M: Final = 6.0
"""A quarter of a millimetre at 1:25 000; less on smaller scales."""
CIRCLE_DETAIL: Final = 4000
"""Outlines of circles are simplified by this part of the county's size: 13 m for 50 km, a twentieth of a millimetre."""
CIRCLE_SPECK: Final = 500
"""Patches and holes narrower than this part of the county's size are left out: 100 m for 50 km, 0.4 mm on paper."""
NEEDED: Final = ("summary.json", "coverage.gpkg", "townships.csv")


@dataclass(frozen=True, eq=False)
class Ground:
    """What lies under the results; each part may be missing.

    Parameters
    ----------
    townships, natural_villages
        `township, geometry` and `name, geometry` in the region's system.
    roads
        Lines by class of `report.style`: within the county, and beyond it (major classes only).
    water_lines, water_areas
        Within the county.
    layer
        The roads themselves, for searches.
    population_years
        Years of the population figures.
    changed
        Input layers that are gone or not what they were when the result was made; nothing is drawn from any then.
    """

    townships: gpd.GeoDataFrame | None = None
    natural_villages: gpd.GeoDataFrame | None = None
    roads: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    water_lines: Any = None
    water_areas: Any = None
    layer: RoadLayer | None = None
    population_years: tuple[int, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ResultRecord:
    """A result folder read back.

    Parameters
    ----------
    folder
        Where it stands.
    manifest, summary
        The two files.
    region
        The region as it was resolved.
    boundary, villages, facilities, circles
        Layers of `coverage.gpkg`; circles are those of all counted facilities: `minutes, geometry`.
    planned_circles, proposals
        The same with the plan carried out, and the sites of the plan; None without them.
    townships
        `townships.csv`, the total row last.
    plan
        `plan.json`, or None.
    pareto
        `pareto.csv`, or None.
    ground
        Roads, townships, water.
    """

    folder: Path
    manifest: dict[str, Any]
    summary: dict[str, Any]
    region: Region
    boundary: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    circles: gpd.GeoDataFrame
    planned_circles: gpd.GeoDataFrame | None
    proposals: gpd.GeoDataFrame | None
    townships: pd.DataFrame
    plan: dict[str, Any] | None
    pareto: pd.DataFrame | None
    ground: Ground

    def __repr__(self) -> str:
        return f"ResultRecord({self.folder.name}, {len(self.villages)} villages, plan: {self.plan is not None})"

    @functools.cached_property
    def land(self) -> Any:
        """The county's area."""
        return self.boundary.geometry.union_all()

    @functools.cached_property
    def rings(self) -> dict[float, tuple[Any, Any]]:
        """What each circle adds to the next smaller one, and what lies beyond it, within the county, by minutes."""
        return rings_within(self.circles, self.land)

    @functools.cached_property
    def planned_rings(self) -> dict[float, tuple[Any, Any]]:
        """The same with the plan carried out; empty without one."""
        return {} if self.planned_circles is None else rings_within(self.planned_circles, self.land)

    @property
    def bands_min(self) -> tuple[float, ...]:
        """Upper ends of the time bands, minutes, ascending."""
        return tuple(float(band["upto_min"]) for band in self.summary["bands"] if band["upto_min"] is not None)

    @property
    def limit_min(self) -> float | None:
        """The standard in minutes; None for a circle by distance."""
        minutes = self.summary["minutes"]
        return None if minutes is None else float(minutes)


def rings_within(circles: gpd.GeoDataFrame, land: Any) -> dict[float, tuple[Any, Any]]:
    """Divide nested circles into rings, cut at the county line and simplified as far as nobody sees.

    Parameters
    ----------
    circles
        `minutes, geometry`.
    land
        The county.

    Returns
    -------
    rings
        By minutes, ascending: what the circle adds to the smaller ones, and what lies beyond it.
    """
    import numpy as np
    import shapely

    size = _size_m(land)
    minutes = circles["minutes"].astype(float).to_numpy()
    shapes = circles.geometry.to_numpy()
    inner: Any = shapely.Polygon()
    rings = {}
    for value in np.unique(minutes):
        circle = shapely.make_valid(shapely.union_all(shapes[minutes == value]))
        circle = shapely.intersection(shapely.simplify(circle, size / CIRCLE_DETAIL), land)
        whole = without_specks(shapely.union(circle, inner), land)
        rings[float(value)] = (shapely.difference(whole, inner), shapely.difference(land, whole))
        inner = whole
    return rings


def _size_m(land: Any) -> float:
    """Return the longer side of a county."""
    west, south, east, north = land.bounds
    return float(max(east - west, north - south))


def without_specks(shape: Any, land: Any) -> Any:
    """Leave out parts and holes of an area too small to be seen when the whole county is on paper."""
    import shapely

    least_m2 = (_size_m(land) / CIRCLE_SPECK) ** 2
    kept = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon" and part.area >= least_m2:
            holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= least_m2]
            kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.MultiPolygon(kept)


def read_record(folder: str | Path) -> ResultRecord:
    """Read what the figures of a result need.

    Parameters
    ----------
    folder
        A result folder.

    Returns
    -------
    record
        Everything in the region's projected system.

    Raises
    ------
    OutputError
        If the folder is no complete result of `run` or `site`.
    """
    import pandas as pd

    path = Path(folder)
    manifest = _manifest(path)
    absent = [name for name in NEEDED if not (path / name).is_file()]
    if absent:
        raise OutputError(
            fault(Severity.ERROR, "incomplete_result", subject="figures", folder=str(path), files=", ".join(absent))
        )
    region = region_from_table(_without_none(manifest["region"]), Path(manifest["region_file"]))
    layers = _layers(path / "coverage.gpkg")
    pareto = path / "pareto.csv"
    plan = path / "plan.json"
    return ResultRecord(
        folder=path,
        manifest=manifest,
        summary=_json(path / "summary.json"),
        region=region,
        boundary=layers["boundary"],
        villages=layers["villages"],
        facilities=layers["facilities"],
        circles=layers["isochrones"],
        planned_circles=layers.get("planned_isochrones"),
        proposals=layers.get("proposals"),
        townships=pd.read_csv(path / "townships.csv", encoding="utf-8-sig"),
        plan=_json(plan) if plan.is_file() else None,
        pareto=pd.read_csv(pareto, encoding="utf-8-sig") if pareto.is_file() else None,
        ground=read_ground(region, manifest, layers["boundary"]),
    )


def _json(path: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return table


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    entries = _json(file) if file.is_file() else {}
    if "region_file" not in entries or "region" not in entries:
        raise OutputError(fault(Severity.ERROR, "not_a_result", folder=str(folder)))
    return entries


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    """Leave out keys that were not set: the file did not have them either."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _layers(path: Path) -> dict[str, gpd.GeoDataFrame]:
    """Read the layers of the result; of the circles only those of all facilities together."""
    import geopandas as gpd
    import pyogrio

    wanted = ("boundary", "villages", "facilities", "isochrones", "planned_isochrones", "proposals")
    have = {str(name) for name in pyogrio.list_layers(path)[:, 0]}
    together = "facility_id = '' or facility_id is null"
    return {
        name: gpd.read_file(path, layer=name, engine="pyogrio", **({"where": together} if name == "isochrones" else {}))
        for name in wanted
        if name in have
    }


def read_ground(region: Region, manifest: dict[str, Any], boundary: gpd.GeoDataFrame) -> Ground:
    """Read roads, townships, natural villages and water again, as long as those files are what they were.

    Parameters
    ----------
    region
        As resolved in the manifest.
    manifest
        Holds the checksums of the inputs.
    boundary
        The county, in the system to draw in.

    Returns
    -------
    ground
        Empty, with the names of the changed layers, where a file is gone or another one.
    """
    import pandas as pd

    from clinicplan.county import county_speeds, scan_county_roads
    from clinicplan.layers import read_layers
    from clinicplan.scenario.edits import edit_county

    changed = tuple(name for name in region.layers.present() if _changed(region, manifest, name))
    if changed:
        return Ground(changed=changed)
    try:
        layers = read_layers(region)
        roads = scan_county_roads(region, layers)
        layers, roads = edit_county(region, layers, roads, classes=county_speeds(region).known_classes)
    except PlannerError as error:
        return Ground(changed=tuple(dict.fromkeys(item.layer for item in error.faults)) or ("roads",))
    years = layers.villages.get("population_year", [])
    numbers = pd.to_numeric(pd.Series(years), errors="coerce").dropna()
    crs = boundary.crs
    natural = layers.natural_villages
    water_lines, water_areas = _water(roads, boundary)
    return Ground(
        townships=None if layers.townships is None else layers.townships[["township", "geometry"]].to_crs(crs),
        natural_villages=None if natural is None else natural[["name", "village_id", "geometry"]].to_crs(crs),
        roads=_roads_by_class(roads, boundary),
        water_lines=water_lines,
        water_areas=water_areas,
        layer=roads,
        population_years=tuple(sorted({int(year) for year in numbers})),
    )


def _changed(region: Region, manifest: dict[str, Any], layer: str) -> bool:
    entry, path = manifest["inputs"].get(layer), region.file(layer)
    if entry is None:
        return not path.exists()
    return not path.is_file() or path.stat().st_size != entry["bytes"] or checksum(path) != entry["sha256"]


def _roads_by_class(roads: Any, boundary: gpd.GeoDataFrame) -> dict[str, tuple[Any, Any]]:
    """Join the lines of each class and divide them at the county line."""
    import shapely

    lines = roads.lines()
    if lines.empty:
        return {}
    land = boundary.geometry.union_all()
    names = lines["highway"].map(lambda value: road_class(str(value)).name).to_numpy()
    shapes = lines.geometry.to_crs(boundary.crs).to_numpy()
    shapely.prepare(land)
    divided = {}
    for look in reversed(ROADS):
        chosen = shapes[names == look.name]
        inside = chosen[shapely.intersects(chosen, land)]
        within = shapely.intersection(_joined(inside), land)
        beyond = shapely.difference(_joined(chosen), land) if look.name in FAR_CLASSES else None
        if len(chosen):
            divided[look.name] = (within, beyond)
    return divided


def _joined(lines: Any) -> Any:
    import shapely

    merged = shapely.line_merge(shapely.MultiLineString(list(shapely.get_parts(lines))))
    return shapely.simplify(merged, ROAD_TOLERANCE_M)


def _water(roads: Any, boundary: gpd.GeoDataFrame) -> tuple[Any, Any]:
    """Return rivers and canals as lines, and lakes as areas, within the county; None where there are none."""
    import geopandas as gpd
    import numpy as np
    import shapely

    wet = np.isin(roads.barrier_kind, ["river", "canal", "water"])
    if not wet.any():
        return None, None
    shapes = gpd.GeoSeries(list(roads.barrier_lines[wet]), crs=roads.crs).to_crs(boundary.crs).to_numpy()
    land = boundary.geometry.union_all()
    inside = shapely.simplify(shapes[shapely.intersects(shapes, land)], ROAD_TOLERANCE_M)
    areas = inside[shapely.get_dimensions(inside) == 2]
    lines = inside[shapely.get_dimensions(inside) == 1]
    return (
        shapely.intersection(shapely.union_all(lines), land) if len(lines) else None,
        shapely.intersection(shapely.union_all(areas), land) if len(areas) else None,
    )
