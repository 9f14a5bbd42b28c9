"""Write the region folder of an extract: boundary, townships, villages, facilities, roads, region file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinicplan.errors import Fault, Language, LayerError, Severity, fault_line
from clinicplan.words import fault, word

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.extract.health import HealthFacilities
    from clinicplan.extract.osm_objects import OsmObjects
    from clinicplan.extract.settlements import Settlements

MARGIN_M = 20_000.0
"""Facilities as far as the default road margin beyond the boundary are written too, and marked by `read_layers`."""


@dataclass(frozen=True, eq=False)
class ExtractReport:
    """What was written, and every guess that was made.

    Parameters
    ----------
    folder
        The region folder.
    name
        Name of the region.
    settlements, facilities
        What became villages and facilities.
    faults
        Notes: modelled populations, places inside other counts, merged and unnamed objects.
    """

    folder: Path
    name: str
    settlements: Settlements
    facilities: HealthFacilities
    faults: tuple[Fault, ...]

    def lines(self, lang: Language) -> list[str]:
        """Return what to print."""
        villages = self.settlements.villages
        head = word(
            "extract.done", lang, name=self.name, folder=self.folder, villages=len(villages),
            people=f"{int(villages['population'].sum()):,}", facilities=len(self.facilities.facilities),
        )  # fmt: skip
        return [head, *(f"  {fault_line(item, lang)}" for item in self.faults), word("extract.next", lang)]

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        from clinicplan.extract.settlements import source_counts

        villages = self.settlements.villages
        return {
            "region": self.name,
            "villages": len(villages),
            "population": int(villages["population"].sum()),
            "population_sources": {
                name: {"villages": rows, "people": people} for name, (rows, people) in source_counts(villages).items()
            },
            "facilities": {str(k): int(v) for k, v in self.facilities.facilities["tier"].value_counts().items()},
            "merged": [list(item) for item in self.facilities.merged],
            "inside_other_counts": [list(item) for item in self.settlements.inside_other_counts],
        }


def write_region_from_extract(
    folder: str | Path,
    extract: str | Path,
    boundary: str | Path,
    *,
    name: str | None = None,
    tiers: str | Path | None = None,
    force: bool = False,
) -> ExtractReport:
    """Build a region folder from an OpenStreetMap extract and a boundary.

    Parameters
    ----------
    folder
        Folder to make.
    extract
        `.osm.pbf`, `.osm`, `.osm.gz` or `.osm.bz2`; copied into the folder as its roads.
    boundary
        A polygon file. With a column `admin_level` the lowest level is the county and the next one its townships.
    name
        Name of the region; default the boundary's `name`, else the file's stem.
    tiers
        A tier table of the planner's own.
    force
        Replace an earlier region folder that this program wrote.

    Returns
    -------
    report
        What was written, and every guess.

    Raises
    ------
    LayerError
        If a file cannot be read, or no place lies within the boundary.
    """
    from clinicplan.datum import metric_crs
    from clinicplan.extract.health import make_facilities, read_tier_rules
    from clinicplan.extract.osm_objects import read_osm_objects
    from clinicplan.extract.settlements import settle

    rules = read_tier_rules(Path(tiers) if tiers else None)
    county, townships, own_name = _read_boundary(Path(boundary))
    region_name = name or own_name or Path(boundary).stem
    objects = read_osm_objects(Path(extract))
    centre = county.geometry.union_all().centroid
    crs = metric_crs(centre.x, centre.y)
    county, townships, objects = _project(county, townships, objects, crs)
    area = county.geometry.union_all()
    places = objects.places[objects.places.within(area)].reset_index(drop=True)
    if places.empty:
        raise LayerError(
            fault(Severity.ERROR, "no_places", file=Path(extract).name, total=len(objects.places), subject="extract")
        )
    health = objects.health[objects.health.intersects(area.buffer(MARGIN_M))].reset_index(drop=True)
    buildings = objects.buildings[objects.buildings.intersects(area)].reset_index(drop=True)
    settlements = settle(places, townships, buildings, _county_total(county, objects, region_name))
    facilities = make_facilities(health, rules)
    faults = _notes(settlements, facilities, objects)
    _write(Path(folder), force, region_name, county, townships, settlements, facilities, Path(extract))
    return ExtractReport(Path(folder), region_name, settlements, facilities, faults)


def _read_boundary(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None, str]:
    """Return the county (WGS84), its townships where the file has them, and its name."""
    import geopandas as gpd
    import pandas as pd

    if not path.is_file():
        raise LayerError(fault(Severity.ERROR, "missing_file", layer="boundary", file=str(path)))
    try:
        frame = gpd.read_file(path)
    except Exception as error:
        raise LayerError(
            fault(Severity.ERROR, "unreadable_boundary", file=path.name, detail=str(error), subject="extract")
        ) from error
    frame = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    if frame.empty:
        raise LayerError(fault(Severity.ERROR, "no_polygon", file=path.name, subject="extract"))
    frame = frame.set_crs(4326) if frame.crs is None else frame.to_crs(4326)
    frame = frame.assign(geometry=frame.geometry.make_valid())
    if "admin_level" not in frame:
        name = str(frame["name"].iloc[0]) if "name" in frame and len(frame) == 1 else ""
        return frame.dissolve(), None, name
    level = pd.to_numeric(frame["admin_level"], errors="coerce")
    county = frame[level == level.min()]
    name = str(county["name"].iloc[0]) if "name" in county else ""
    lower = frame[level == level[level > level.min()].min()] if (level > level.min()).any() else None
    return county.dissolve(), _townships(lower), name


def _townships(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Keep named townships; unnamed slivers (exclaves) are nobody's."""
    import pandas as pd

    if frame is None or "name" not in frame:
        return None
    named = frame[frame["name"].notna() & (frame["name"] != "")].rename(columns={"name": "township"})
    columns = ["township", "geometry"]
    if "population" in named:
        named = named.assign(population=pd.to_numeric(named["population"], errors="coerce").astype("Int64"))
        if named["population"].notna().any():
            columns.insert(1, "population")
    return named[columns].sort_values("township", kind="stable").reset_index(drop=True)


def _project(
    county: gpd.GeoDataFrame, townships: gpd.GeoDataFrame | None, objects: OsmObjects, crs: str
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None, OsmObjects]:
    from dataclasses import replace

    moved = replace(
        objects,
        places=objects.places.to_crs(crs),
        health=objects.health.to_crs(crs),
        buildings=objects.buildings.to_crs(crs),
    )
    return county.to_crs(crs), None if townships is None else townships.to_crs(crs), moved


def _county_total(county: gpd.GeoDataFrame, objects: OsmObjects, name: str) -> int | None:
    """Return the county's residents from the boundary file, else from a tag of its name."""
    from clinicplan.extract.osm_objects import whole_people

    own = whole_people(str(county["population"].iloc[0])) if "population" in county else None
    return own or objects.country_population.get(name)


def _notes(settlements: Settlements, facilities: HealthFacilities, objects: OsmObjects) -> tuple[Fault, ...]:
    from clinicplan.extract.settlements import source_counts

    notes: list[Fault] = []

    def note(code: str, count: int, ids: tuple[str, ...] = (), **values: str) -> None:
        if count:
            values_and_ids: dict[str, Any] = {**values, "ids": ids}
            notes.append(fault(Severity.NOTE, code, count=count, subject="extract", **values_and_ids))

    for source, (rows, people) in source_counts(settlements.villages).items():
        if source != "tagged":
            note(f"population_{source}", rows, people=f"{people:,}", density=f"{settlements.people_per_m2 or 0:.4f}")
    inside = settlements.inside_other_counts
    note("inside_other_count", len(inside), pairs=", ".join(f"{a} ⊂ {b}" for a, b in inside[:8]))
    merged = facilities.merged
    note("merged", len(merged), pairs=", ".join(f"{drop} → {keep}" for keep, drop, _ in merged[:8]))
    note("unnamed_hospital", len(facilities.unnamed_hospitals), ids=facilities.unnamed_hospitals)
    note("unread_areas", objects.unread_areas)
    return tuple(notes)


def _write(
    folder: Path,
    force: bool,
    name: str,
    county: gpd.GeoDataFrame,
    townships: gpd.GeoDataFrame | None,
    settlements: Settlements,
    facilities: HealthFacilities,
    extract: Path,
) -> None:
    """Write the folder, complete or not at all."""
    from clinicplan.results import result_folder, write_csv, write_manifest

    roads = "roads" + _suffix(extract)
    with result_folder(folder, force=force) as draft:
        county[["geometry"]].to_crs(4326).to_file(draft / "boundary.geojson", driver="GeoJSON")
        if townships is not None:
            townships.to_file(draft / "townships.gpkg", layer="townships", driver="GPKG")
        write_csv(_table(settlements.villages), draft / "villages.csv")
        write_csv(_table(facilities.facilities), draft / "facilities.csv")
        shutil.copyfile(extract, draft / roads)
        (draft / "region.toml").write_text(_region_text(name, roads, townships is not None), encoding="utf-8")
        write_manifest(draft, {"region": name, "source": "© OpenStreetMap contributors, ODbL 1.0"})


def _suffix(extract: Path) -> str:
    """Return `.osm.pbf`, `.osm.gz` and the like."""
    return "".join(suffix for suffix in extract.suffixes if suffix in {".osm", ".pbf", ".gz", ".bz2"}) or ".osm.pbf"


def _table(frame: gpd.GeoDataFrame) -> Any:
    points = frame.to_crs(4326).geometry
    table = frame.drop(columns="geometry")
    return table.assign(lon=points.x.round(7), lat=points.y.round(7))


def _region_text(name: str, roads: str, with_townships: bool) -> str:
    townships = '\n[layers.townships]\npath = "townships.gpkg"\n' if with_townships else ""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f"""# Built from an OpenStreetMap extract (© OpenStreetMap contributors, ODbL 1.0).
# Correct what you know better.
name = "{quoted}"

[layers.boundary]
path = "boundary.geojson"
{townships}
[layers.villages]
path = "villages.csv"        # column population_source says which figures are modelled

[layers.facilities]
path = "facilities.csv"      # correct the tiers here

[layers.roads]
path = "{roads}"

[travel]
mode = "e_bike"              # 假设 / assumption
modes = ["walk", "e_bike", "car"]

[standard]
minutes = 15                 # 假设 / assumption: no policy is named
bands = [15, 20]
"""
