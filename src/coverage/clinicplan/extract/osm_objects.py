"""Read places, health objects and buildings from an OpenStreetMap file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import LayerError, Severity
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd

PLACE_RANKS: Final = {"hamlet": 0, "village": 1, "town": 2, "city": 3}
"""Places that become villages, by size."""
HEALTH_AMENITIES: Final = frozenset({"hospital", "clinic", "doctors", "pharmacy", "dentist", "nursing_home"})


@dataclass(frozen=True, eq=False)
class OsmObjects:
    """What an extract says besides its roads, in WGS84.

    Parameters
    ----------
    places
        `osm_id, name, rank, place, population (Int64, missing where not tagged), geometry` (points).
    health
        `osm_id, name, tags (dict), is_node, geometry` (points or areas).
    buildings
        `geometry` (areas).
    country_population
        Tag `population` of a `place=country|island|state|county` node, by name; for totals.
    unread_areas
        Areas whose rings could not be put together.
    """

    places: gpd.GeoDataFrame
    health: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    country_population: dict[str, int]
    unread_areas: int

    def __repr__(self) -> str:
        return f"OsmObjects({len(self.places)} places, {len(self.health)} health objects)"


def read_osm_objects(path: Path) -> OsmObjects:
    """Read places, health objects and building areas.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm`, `.osm.gz` or `.osm.bz2`.

    Returns
    -------
    objects
        In the order of the file.

    Raises
    ------
    LayerError
        If the file is missing or cannot be read.
    """
    if not path.is_file():
        raise LayerError(fault(Severity.ERROR, "missing_file", layer="roads", file=str(path)))
    try:
        return _collect(path)
    except RuntimeError as error:
        raise LayerError(
            fault(Severity.ERROR, "unreadable_extract", file=path.name, detail=str(error), subject="extract")
        ) from error


def whole_people(text: str | None) -> int | None:
    """Read a population tag; None where it is no whole number.

    Examples
    --------
    >>> whole_people("24 678"), whole_people("about 50"), whole_people(None)
    (24678, None, None)
    """
    digits = (text or "").replace(" ", "").replace(",", "")
    return int(digits) if digits.isdecimal() else None


def _collect(path: Path) -> OsmObjects:
    import geopandas as gpd
    import osmium
    import pandas as pd
    import shapely

    keys = osmium.filter.KeyFilter("place", "amenity", "healthcare", "building")
    areas = osmium.filter.KeyFilter("amenity", "healthcare", "building")
    factory = osmium.geom.WKBFactory()
    places: list[dict[str, Any]] = []
    health: list[dict[str, Any]] = []
    buildings: list[str] = []
    countries: dict[str, int] = {}
    unread = 0
    for item in osmium.FileProcessor(str(path)).with_areas(areas).with_filter(keys):
        tags = dict(item.tags)
        if isinstance(item, osmium.osm.Node):
            point = (item.location.lon, item.location.lat)
            if "place" in tags:
                _add_place(tags, item.id, point, places, countries)
            if _is_health(tags):
                health.append({"osm_id": f"n{item.id}", "tags": tags, "is_node": True, "shape": shapely.Point(point)})
        elif isinstance(item, osmium.osm.Area):
            try:
                shape = factory.create_multipolygon(item)
            except RuntimeError:
                unread += 1
                continue
            if "building" in tags:
                buildings.append(shape)
            if _is_health(tags):
                number = f"{'w' if item.from_way() else 'r'}{item.orig_id()}"
                area = shapely.from_wkb(shape)
                health.append({"osm_id": number, "tags": tags, "is_node": False, "shape": area})
    return OsmObjects(
        places=_frame(places, ["osm_id", "name", "place", "rank", "population"]),
        health=_frame([{**row, "name": _name(row["tags"])} for row in health], ["osm_id", "name", "tags", "is_node"]),
        buildings=gpd.GeoDataFrame(
            geometry=gpd.GeoSeries(shapely.from_wkb(pd.Series(buildings, dtype=object)), crs=4326)
        ),
        country_population=countries,
        unread_areas=unread,
    )


def _add_place(
    tags: dict[str, str],
    number: int,
    point: tuple[float, float],
    places: list[dict[str, Any]],
    countries: dict[str, int],
) -> None:
    import shapely

    kind, people = tags["place"], whole_people(tags.get("population"))
    if kind in {"country", "island", "state", "county"} and people:
        countries[_name(tags)] = people
    if kind in PLACE_RANKS and _name(tags):
        places.append(
            {"osm_id": f"n{number}", "name": _name(tags), "place": kind, "rank": PLACE_RANKS[kind],
             "population": people, "shape": shapely.Point(point)}
        )  # fmt: skip


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pandas as pd

    table = pd.DataFrame([{name: row[name] for name in columns} for row in rows], columns=columns)
    if "population" in table:
        table["population"] = table["population"].astype("Int64")
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([row["shape"] for row in rows], crs=4326))


def _name(tags: dict[str, str]) -> str:
    return tags.get("name", "").strip()


def _is_health(tags: dict[str, str]) -> bool:
    return tags.get("amenity") in HEALTH_AMENITIES or "healthcare" in tags
