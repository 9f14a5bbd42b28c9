"""Make the sample county from a seed and write its folder."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry import shape

from clinicplan.datum import wgs84_to_gcj02
from clinicplan.sample.attributes import describe_sites
from clinicplan.sample.curves import bend_roads
from clinicplan.sample.files import (
    VillageFacts,
    write_boundary,
    write_facilities,
    write_natural_villages,
    write_region,
    write_townships,
    write_urban_area,
    write_villages,
)
from clinicplan.sample.goals import add_goals, township_goals, village_goals
from clinicplan.sample.landscape import Landscape, make_landscape
from clinicplan.sample.lattice import FloatArray
from clinicplan.sample.mapping import draw_map
from clinicplan.sample.names import HAMLETS
from clinicplan.sample.osm_file import write_osm
from clinicplan.sample.services import exempt_units, place_services
from clinicplan.sample.townships import draw_townships, draw_urban_area
from clinicplan.sample.units import Units, assign_townships, settle_units, share_out

SEED: Final = 330624
CRS: Final = "EPSG:4549"
"""CGCS2000, three-degree zone of 120 degrees east."""
TOWN_DEGREES: Final = (120.905, 29.495)
"""About where the county town stands."""
N_WITHOUT_COORDINATES: Final = 3
N_WITH_HAMLETS: Final = 6


def write_sample(folder: Path, *, seed: int = SEED) -> Path:
    """Write the files of the sample county, as a planner would have them.

    The same seed gives the same bytes with the same versions of the libraries that write the files. Files of the
    same names are replaced.

    Parameters
    ----------
    folder
        Where to; made where it does not exist.
    seed
        Any whole number not below 0. Not every seed gives every case that `tests/test_sample.py` lists; the default
        does.

    Returns
    -------
    path
        The region file, `region.toml`.

    Raises
    ------
    OSError
        If the folder cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> write_sample(Path("demo/region"))  # doctest: +SKIP
    PosixPath('demo/region/region.toml')
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    degrees = read_boundary()
    land = _make_land(degrees, seed)
    curves = bend_roads(land.lattice, land.classes, land.terrain.crossing_km2)
    drawing = draw_map(land, curves, seed)
    label = assign_townships(land)
    units = settle_units(land, label, curves.node, seed)
    sites = place_services(land, drawing, units, seed)
    write_osm(folder / "roads.osm.pbf", drawing, CRS)
    write_boundary(folder, degrees)
    townships = draw_townships(land.lattice, label, land.boundary)
    write_townships(folder, townships, units, township_goals(seed), CRS)
    write_urban_area(folder, shapely.transform(draw_urban_area(units, land.boundary), _degrees))
    facts = _gather_facts(land, units, seed)
    lon, lat = wgs84_to_gcj02(*_to_degrees(units.x, units.y))
    hidden = np.flatnonzero(facts.coord_source == "")
    lon[hidden] = lat[hidden] = np.nan
    write_villages(folder, units, facts, village_goals(sites, units, facts.contracted, facts.old, seed), lon, lat)
    x, y = np.asarray([site.x for site in sites]), np.asarray([site.y for site in sites])
    rows = add_goals(sites, describe_sites(sites, units, seed), units, seed)
    write_facilities(folder, rows, *_to_degrees(x, y))
    write_natural_villages(folder, _list_hamlets(land, units, seed))
    return write_region(folder)


def read_boundary() -> Polygon:
    """Return the real boundary of the county in degrees (CGCS2000), from the package."""
    text = resources.files("clinicplan.sample").joinpath("data/330624.geojson").read_text(encoding="utf-8")
    boundary = shape(json.loads(text)["features"][0]["geometry"])
    assert isinstance(boundary, Polygon)
    return boundary


def _make_land(degrees: Polygon, seed: int) -> Landscape:
    from pyproj import Transformer

    transformer = Transformer.from_crs("EPSG:4490", CRS, always_xy=True)
    boundary = shapely.transform(degrees, lambda points: np.column_stack(transformer.transform(*points.T)))
    town = transformer.transform(*TOWN_DEGREES)
    return make_landscape(boundary, town, seed)


def _to_degrees(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(CRS, "EPSG:4490", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def _degrees(points: FloatArray) -> FloatArray:
    lon, lat = _to_degrees(points[:, 0], points[:, 1])
    return np.column_stack([lon.round(6), lat.round(6)])


def _gather_facts(land: Landscape, units: Units, seed: int) -> VillageFacts:
    """Make up what the village table says beside names, places and people."""
    random = np.random.default_rng([seed, 13])
    count, village = len(units), units.kind == "village"
    relocated, urbanised = exempt_units(land, units).tolist()
    status = np.full(count, "正常", dtype=object)
    status[relocated], status[urbanised] = "整体搬迁", "整体拆迁城镇化改造"
    plain = _plain_villages(units, {relocated, urbanised})
    height = land.terrain.height_m[units.node]
    status[plain[np.argsort(-height[plain], kind="stable")[:5]]] = "搬迁撤并类"
    source = np.asarray(["实测", "地名点", "手工点选"], dtype=object)[random.choice(3, count, p=[0.7, 0.22, 0.08])]
    source[random.choice(plain, N_WITHOUT_COORDINATES, replace=False)] = ""
    development = np.where(
        village,
        np.asarray(["鼓励发展村", "适当发展村", "转型发展村"], dtype=object)[
            random.choice(3, count, p=[0.3, 0.5, 0.2])
        ],
        "",
    )
    registered = np.where(village, random.uniform(1.05, 1.45, count), random.uniform(0.55, 0.95, count))
    old = np.where(village, random.uniform(0.22, 0.38, count), random.uniform(0.08, 0.15, count))
    remote = village & (land.town_reach[units.node] > 6.0) & (height > np.quantile(height[village], 0.75))
    encouraged = np.flatnonzero(development == "鼓励发展村")
    upgraded = np.zeros(count, dtype=bool)
    upgraded[encouraged[:37]] = True
    return VillageFacts(
        status, development.astype(object), source, (units.people * registered).astype(np.int64),
        (units.people * old).astype(np.int64), village & (random.random(count) < 0.04), remote, upgraded,
        random.random(count) < 0.93,
    )  # fmt: skip


def _plain_villages(units: Units, besides: set[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the rows of villages that are no special case."""
    special = {*units.seats.tolist(), units.off_road, units.cut_off, *units.twins, *besides}
    return np.asarray([row for row in np.flatnonzero(units.kind == "village").tolist() if row not in special])


def _list_hamlets(land: Landscape, units: Units, seed: int) -> list[tuple[str, str, str, int, float, float]]:
    """List the hamlets of a few villages with three or more; their people add up to the village's."""
    from scipy.spatial import cKDTree

    random = np.random.default_rng([seed, 14])
    villages = np.flatnonzero(units.kind == "village")
    tree = cKDTree(np.column_stack([units.x[villages], units.y[villages]]))
    x, y = land.lattice.x[land.hamlets], land.lattice.y[land.hamlets]
    distance, nearest = tree.query(np.column_stack([x, y]))
    rows: list[tuple[str, str, str, int, float, float]] = []
    plain = set(_plain_villages(units, set(exempt_units(land, units).tolist())).tolist())
    chosen = [
        row for row in villages.tolist()
        if row in plain and np.count_nonzero((villages[nearest] == row) & (distance < 2_600.0)) >= 3
    ][:N_WITH_HAMLETS]  # fmt: skip
    for row in chosen:
        own = np.flatnonzero((villages[nearest] == row) & (distance < 2_600.0))
        places = np.column_stack([np.append(units.x[row], x[own] + 18.0), np.append(units.y[row], y[own] + 12.0)])
        people = share_out(int(units.people[row]), np.append(2.2, random.uniform(0.4, 1.0, len(own))), 5)
        lon, lat = wgs84_to_gcj02(*_to_degrees(places[:, 0], places[:, 1]))
        rows += [
            (
                f"{units.code[row]}{n:03d}",
                str(units.code[row]),
                HAMLETS[n % len(HAMLETS)],
                int(who),
                float(east),
                float(north),
            )
            for n, (who, east, north) in enumerate(zip(people, lon, lat, strict=True))
        ]
    return rows
