"""Draw a small complete county and write its files as a planner's are: workbook, GB18030 table, GeoJSON, GPKG, PBF.

Eighteen units of three townships, ten facilities and a grid of eight roads each way, which reach past the boundary
and its 2 km margin. The drawing is plain Python values (`County`), so that a test may spoil one of them before it is
written; the same drawing always gives the same figures. Kilometres count east and north of (120.9, 29.5).

Seventeen units have a place: fifteen villages that count, one relocated, one community; the last has no coordinates.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import warnings
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from osm_text import osm_text

CENTRE = (120.9, 29.5)
KM_PER_DEGREE = (96.95, 110.85)
"""East and north at the centre."""
HALF_KM = 3.1
GRID_KM = (-5.05, -3.75, -2.25, -0.75, 0.75, 2.25, 3.75, 5.05)
"""Eight roads each way; the outermost lie 1.95 km beyond the county."""
TOWNSHIPS = {"东山镇": (1.0, 3.1), "中溪镇": (-1.0, 1.0), "西岭乡": (-3.1, -1.0)}
"""Each township is a strip of the county: from x to x, km."""
TOWNSHIP_CODES = {"东山镇": "330624101", "中溪镇": "330624102", "西岭乡": "330624201"}
VILLAGE_SPOTS = {
    "东山镇": ((1.4, -2.22), (2.6, -2.22), (2.28, -0.1), (2.6, 0.78), (2.28, 1.6), (2.6, 2.28)),
    "中溪镇": ((-0.4, -2.22), (0.78, -1.6), (0.2, -0.72), (-0.72, 0.1), (-0.4, 2.28), (0.78, 1.8)),
    "西岭乡": ((-2.6, -2.22), (-2.22, -1.5), (-2.0, -0.72), (-2.22, 0.3), (-2.6, 2.28), (-2.22, 1.6)),
}
"""Thirty metres off a road that runs east (north of it) or north (east of it): a shift to any side shows."""
PEOPLE = (412, 377, 298, 351, 330, 265, 287, 344, 391, 402, 279, 318, 366, 305, 254, 289, 333, 401)
"""In the order of the villages; each is more than a tenth of its township, so that a lost row shows in the total."""
VILLAGE_HEADER = ("序号", "行政区划代码", "行政村名称", "乡镇", "常住人口", "村庄状态", "经度", "纬度")
FACILITY_HEADER = ("机构代码", "机构名称", "机构类型", "所在村代码", "乡镇", "运行状态", "经度", "纬度")
CLINIC_VILLAGES = (0, 3, 5, 8, 13, 16)
"""Rows of the villages that have a clinic; that of row 5 is out of operation."""


@dataclass
class Sheet:
    """A table with a title row above its header and a total below, as workbooks have them."""

    header: list[str]
    rows: list[list]
    title: str = ""
    total: list | None = None

    def column(self, name):
        """Return the position of a column."""
        return self.header.index(name)


@dataclass
class Features:
    """Shapes with attributes, in degrees of WGS84 until written."""

    names: list[str]
    rows: list[list]
    shapes: list
    crs: str | None = "EPSG:4326"


@dataclass
class Roads:
    """Nodes `(lon, lat, tags)`, ways `(nodes, tags)` and relations `(members, tags)` by number."""

    nodes: dict
    ways: dict
    relations: dict


@dataclass
class County:
    """All that is written, and under which name."""

    region: dict
    boundary: Features
    townships: Features
    villages: Sheet
    facilities: Sheet
    roads: Roads
    natural_villages: Sheet | None = None
    files: dict = field(default_factory=dict)
    encodings: dict = field(default_factory=dict)
    crs: dict = field(default_factory=dict)
    """Systems of vector files other than WGS84, by layer."""

    def rename(self, layer, name):
        """Write a layer under another name, which decides its format."""
        self.files[layer] = name
        self.region["layers"][layer]["path"] = name


def draw_county(**standard):
    """Return a county that has nothing to complain of but what is listed above; `standard` is added to its table."""
    county = copy.deepcopy(_DRAWING)
    county.region["standard"].update(standard)
    return county


def place(x_km, y_km):
    """Return degrees of a place in the drawing, as files round them."""
    lon, lat = CENTRE[0] + x_km / KM_PER_DEGREE[0], CENTRE[1] + y_km / KM_PER_DEGREE[1]
    return round(lon, 7), round(lat, 7)


def write_county(county, folder, *, only=None):
    """Write the files of a county, or of some layers of it (`region` is one); return the region file."""
    folder.mkdir(parents=True, exist_ok=True)
    for layer in only or ("region", *county.files):
        if layer == "region":
            (folder / "region.toml").write_text(toml_text(county.region), encoding="utf-8")
        elif (drawn := getattr(county, layer)) is not None:
            write_layer(county, layer, drawn, folder / county.files[layer])
    return folder / "region.toml"


def write_layer(county, layer, drawn, path):
    """Write one layer in the format that its name says."""
    suffix = path.suffix
    if isinstance(drawn, Roads):
        write_roads(drawn, path)
    elif suffix == ".xlsx":
        write_workbook(drawn, path)
    elif suffix == ".csv":
        path.write_bytes(csv_text(drawn).encode(county.encodings.get(layer, "utf-8-sig")))
    elif suffix == ".kml":
        path.write_text(kml_text(as_features(drawn)), encoding="utf-8")
    else:
        write_vector(as_features(drawn), path, county.crs.get(layer), county.encodings.get(layer))


# Formats


def toml_text(table, prefix=""):
    """Return a table as TOML."""
    lines = [f"{key} = {_toml_value(value)}" for key, value in table.items() if not isinstance(value, dict)]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += ["", f"[{prefix}{key}]", toml_text(value, f"{prefix}{key}.")]
    return "\n".join(lines) + "\n"


def _toml_value(value):
    return json.dumps(value, ensure_ascii=False)


def write_workbook(sheet, path, *, formula=None):
    """Write an .xlsx: title over all columns, header, rows, total; text as text and numbers as numbers.

    A cell that is a tuple `(formula, value)` is written as a formula with what the spreadsheet last computed.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        page = book.add_worksheet("村庄")
        if sheet.title:
            page.merge_range(0, 0, 0, max(len(sheet.header) - 1, 1), sheet.title)
        rows = [sheet.header, *sheet.rows, *([sheet.total] if sheet.total else [])]
        for number, row in enumerate(rows, start=1 if sheet.title else 0):
            for column, cell in enumerate(row):
                _write_cell(page, number, column, cell)


def _write_cell(page, row, column, cell):
    if isinstance(cell, tuple):
        page.write_formula(row, column, cell[0], None, cell[1])
    elif isinstance(cell, str):
        page.write_string(row, column, cell)
    elif cell is not None:
        page.write_number(row, column, cell)


def csv_text(sheet):
    """Return a table as comma-separated text."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if sheet.title:
        writer.writerow([sheet.title])
    writer.writerow(sheet.header)
    writer.writerows(["" if cell is None else cell for cell in row] for row in sheet.rows)
    return text.getvalue()


def as_features(drawn):
    """Return a table with its coordinates turned into points; features stay as they are."""
    import shapely

    if isinstance(drawn, Features):
        return drawn
    lon, lat = drawn.column("经度"), drawn.column("纬度")
    kept = [position for position in range(len(drawn.header)) if position not in (lon, lat)]
    shapes = [None if None in (row[lon], row[lat]) else shapely.Point(row[lon], row[lat]) for row in drawn.rows]
    rows = [[row[position] for position in kept] for row in drawn.rows]
    return Features([drawn.header[position] for position in kept], rows, shapes)


def write_vector(features, path, crs=None, encoding=None):
    """Write .geojson, .gpkg or .shp through GDAL, in another system where asked."""
    import geopandas as gpd
    import pandas as pd

    path.unlink(missing_ok=True)
    frame = pd.DataFrame(features.rows, columns=features.names)
    frame = gpd.GeoDataFrame(frame, geometry=features.shapes, crs=features.crs)
    if crs:
        frame = frame.to_crs(crs)
    more = {"encoding": encoding} if encoding and path.suffix == ".shp" else {}
    with warnings.catch_warnings():
        # Odd files are what some tests are about; GDAL does not survive a warning turned into an error.
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", **more)


def kml_text(features):
    """Return features as KML with their attributes as extended data."""
    marks = [_placemark(features.names, row, shape) for row, shape in zip(features.rows, features.shapes, strict=True)]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    return head + "\n".join(marks) + "</Document></kml>\n"


def _placemark(names, row, shape):
    data = "".join(
        f'<Data name="{escape(name)}"><value>{escape(str(value))}</value></Data>'
        for name, value in zip(names, row, strict=True)
        if value is not None
    )
    return f"<Placemark><ExtendedData>{data}</ExtendedData>{_kml_shape(shape)}</Placemark>"


def _kml_shape(shape):
    if shape is None:
        return ""
    if shape.geom_type == "Point":
        return f"<Point><coordinates>{shape.x},{shape.y}</coordinates></Point>"
    ring = " ".join(f"{x},{y}" for x, y in shape.exterior.coords)
    return (
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    )


def write_roads(roads, path):
    """Write .osm as text, anything else through pyosmium."""
    if path.name.endswith(".osm"):
        path.write_text(osm_text(roads.nodes, roads.ways, roads.relations), encoding="utf-8")
        return
    import osmium
    from osmium.osm import mutable

    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, (lon, lat, tags) in roads.nodes.items():
            writer.add_node(mutable.Node(id=number, location=(lon, lat), tags=tags))
        for number, (refs, tags) in roads.ways.items():
            writer.add_way(mutable.Way(id=number, nodes=list(refs), tags=tags))
        for number, (members, tags) in roads.relations.items():
            listed = [(kind[0], ref, role) for kind, ref, role in members]
            writer.add_relation(mutable.Relation(id=number, members=listed, tags=tags))


# The drawing


def _region():
    layers = {
        "boundary": "boundary.geojson",
        "townships": "townships.gpkg",
        "villages": "villages.xlsx",
        "facilities": "facilities.csv",
        "roads": "roads.osm.pbf",
    }
    return {
        "name": "试验县",
        "code": "330624",
        "layers": {name: {"path": path} for name, path in layers.items()} | {
            "villages": {"path": "villages.xlsx", "datum": "gcj02"}
        },
        "travel": {"mode": "e_bike", "modes": ["e_bike"], "max_access_m": 500, "margin_km": 2},
        "standard": {"minutes": 5, "bands": [5, 10]},
    }  # fmt: skip


def _strip(west, east, north=HALF_KM):
    import shapely

    return shapely.Polygon([place(x, y) for x, y in ((west, -north), (east, -north), (east, north), (west, north))])


def _boundary():
    return Features(["名称", "代码"], [["试验县", "330624"]], [_strip(-HALF_KM, HALF_KM)])


def _townships():
    homes = [town for town, spots in VILLAGE_SPOTS.items() for _ in spots]
    totals = {town: sum(n for n, home in zip(PEOPLE, homes, strict=True) if home == town) for town in TOWNSHIPS}
    rows = [[town, totals[town]] for town in TOWNSHIPS]
    return Features(["乡镇", "常住人口"], rows, [_strip(*span) for span in TOWNSHIPS.values()])


def _villages():
    from clinicplan.datum import wgs84_to_gcj02

    rows = []
    for town, spots in VILLAGE_SPOTS.items():
        for number, (x, y) in enumerate(spots, start=1):
            row = len(rows)
            lon, lat = (round(float(part), 7) for part in wgs84_to_gcj02(*place(x, y)))
            code = f"{TOWNSHIP_CODES[town]}{'001' if row == 8 else f'{200 + number}'}"
            name = f"{town[0]}{'甲乙丙丁戊己'[number - 1]}{'社区' if row == 8 else '村'}"
            status = "整体搬迁" if row == 14 else "正常"
            rows.append([row + 1, code, name, town, PEOPLE[row], status, lon, lat])
    rows[-1][-2:] = [None, None]
    total = [None, None, "合计", None, sum(PEOPLE), None, None, None]
    return Sheet(list(VILLAGE_HEADER), rows, "试验县行政村基本情况表", total)


def _facilities(villages):
    spots = [spot for spots in VILLAGE_SPOTS.values() for spot in spots]
    rows = []
    for number, row in enumerate(CLINIC_VILLAGES, start=1):
        _, code, name, town, *_ = villages.rows[row]
        state = "停诊" if row == 5 else "正常运行"
        where = place(spots[row][0] + 0.03, spots[row][1] + 0.02)
        rows.append([f"C{number:02d}", f"{name}卫生室", "村卫生室", code, town, state, *where])
    others = (
        ("H01", "试验县人民医院", "县级医院", "中溪镇", (0.7, 0.78)),
        ("H02", "西岭乡卫生院", "乡镇卫生院", "西岭乡", (-2.2, 0.78)),
        ("P01", "东街诊所", "诊所", "东山镇", (2.3, -0.73)),
        ("N01", "邻县外村卫生室", "村卫生室", "外乡镇", (4.2, -0.73)),
    )
    rows += [[code, name, tier, None, town, "正常运行", *place(*spot)] for code, name, tier, town, spot in others]
    return Sheet(list(FACILITY_HEADER), rows)


def _roads():
    nodes, ways, numbers = {}, {}, {}

    def node_at(x, y):
        if (x, y) not in numbers:
            numbers[x, y] = len(numbers) + 1
            nodes[numbers[x, y]] = (*place(x, y), {})
        return numbers[x, y]

    edge = (GRID_KM[0], GRID_KM[-1])
    for line, fixed in enumerate(GRID_KM):
        along = GRID_KM if fixed not in edge else sorted((*GRID_KM, *(step + 0.6 for step in GRID_KM[:-1])))
        for number, spots in ((101 + line, [(x, fixed) for x in along]), (201 + line, [(fixed, y) for y in along])):
            ways[number] = ([node_at(*spot) for spot in spots], {"highway": "unclassified", "name": f"路{number}"})
    for number, tags in _TAGS.items():
        ways[number][1].update(tags)
    nodes[node_at(0.75, -2.25)][2]["barrier"] = "bollard"
    river = [(-6.0, 1.5), (0.0, 1.45), (6.0, 1.5)]
    ways[301] = ([node_at(*spot) for spot in river], {"waterway": "river"})
    members = [("way", 104, "from"), ("node", numbers[-0.75, -0.75], "via"), ("way", 204, "to")]
    return Roads(nodes, ways, {401: (members, {"type": "restriction", "restriction": "no_left_turn"})})


_TAGS = {
    104: {"highway": "secondary", "maxspeed": "60"},
    204: {"highway": "tertiary", "surface": "asphalt"},
    103: {"highway": "track", "surface": "gravel"},
    203: {"oneway": "yes"},
    206: {"oneway": "-1"},
    106: {"highway": "residential"},
}
"""Tags of single roads; the others are plain village roads."""


def _drawing():
    villages = _villages()
    county = County(_region(), _boundary(), _townships(), villages, _facilities(villages), _roads())
    county.files = {name: source["path"] for name, source in county.region["layers"].items()}
    county.encodings = {"facilities": "gb18030"}
    return county


_DRAWING = _drawing()
