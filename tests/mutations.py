"""Ways in which a county's files go wrong between one office and the next: what `test_fuzz.py` does to them.

An operator spoils a `Case`: the drawing of `county.py` before it is written, or the bytes afterwards. Each belongs to a
layer and is one of two kinds: `harmless` ones must be accepted and change no figure; the others must be refused, or
change no figure, or be told of by a warning about that layer.

What is not here, because no program could know it from the files alone: a plausible figure put in another's place (120
for 121, a byte flipped in a digit), a row taken out of the facilities (a village's row shows in its township's total),
a road taken out or closed or turned into a one-way street, a place moved by some hundred metres, a state or status cell
emptied, another standard, mode or speed in the region file. Operators keep to what can be told.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import county as drawing

PLACED_COLUMNS = ("经度", "纬度")
NEEDED_COLUMNS = {
    "villages": ("行政区划代码", "行政村名称", "乡镇", "常住人口", *PLACED_COLUMNS),
    "facilities": ("机构代码", "机构名称", "机构类型", *PLACED_COLUMNS),
}
CODES = {"villages": "行政区划代码", "facilities": "机构代码"}
NAMES = {"villages": "行政村名称", "facilities": "机构名称"}
STATES = {"villages": "村庄状态", "facilities": "运行状态"}
TABLES = ("villages", "facilities")
SHAPES = ("boundary", "townships")
FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")


@dataclass
class Case:
    """One county to spoil, with a seeded source of choices."""

    seed: int
    county: drawing.County = field(default_factory=drawing.draw_county)
    patches: list = field(default_factory=list)

    def __post_init__(self):
        self.random = random.Random(self.seed)

    def sheet(self, layer):
        return getattr(self.county, layer)

    def row(self, layer, *, placed=True):
        """Choose a row of a table, one with coordinates unless told otherwise."""
        rows = self.sheet(layer).rows
        return self.random.choice([row for row in rows if not placed or row[-1] is not None])

    def patch(self, layer, change):
        """Change the bytes of a layer's file (or of `region`) once it is written."""
        self.patches.append((layer, change))

    def write(self, folder):
        """Write the spoilt county and return its region file."""
        path = drawing.write_county(self.county, folder)
        for layer, change in self.patches:
            file = path if layer == "region" else folder / self.county.files[layer]
            file.write_bytes(change(file.read_bytes()))
        return path


@dataclass(frozen=True)
class Mutation:
    """One operator on one layer."""

    name: str
    layer: str
    spoil: Callable[[Case], None]
    harmless: bool
    formats: tuple[dict[str, str], ...]

    def __str__(self):
        return f"{self.name}-{self.layer}"


MUTATIONS: list[Mutation] = []
AS_TABLES = ({}, {"villages": "villages.csv", "facilities": "facilities.xlsx"})
AS_TEXT = ({"villages": "villages.csv"},)
AS_WORKBOOKS = ({"facilities": "facilities.xlsx"},)
IN_ANY_FORMAT = (*AS_TABLES, {"villages": "villages.gpkg", "facilities": "facilities.geojson"})
AS_SHAPES = ({}, {"boundary": "boundary.gpkg", "townships": "townships.geojson"})
AS_ROADS = ({}, {"roads": "roads.osm"})
AS_XML = ({"roads": "roads.osm"},)


def mutation(*layers, harmless=False, formats=({},)):
    """Enter an operator in the list, once a layer; it takes the case and the layer."""

    def enter(spoil):
        MUTATIONS.extend(
            Mutation(spoil.__name__, layer, lambda case, layer=layer: spoil(case, layer), harmless, tuple(formats))
            for layer in layers
        )
        return spoil

    return enter


# Tables: columns


@mutation(*TABLES, formats=AS_TABLES)
def drop_needed_column(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column(case.random.choice(NEEDED_COLUMNS[layer]))
    for row in (sheet.header, *sheet.rows, *([sheet.total] if sheet.total else [])):
        del row[position]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def blank_needed_column(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column(case.random.choice(NEEDED_COLUMNS[layer]))
    for row in sheet.rows:
        row[position] = None


@mutation(*TABLES, formats=AS_TABLES)
def repeat_column_with_other_values(case, layer):
    sheet = case.sheet(layer)
    name = case.random.choice(sheet.header[1:])
    at = case.random.choice((0, len(sheet.header)))
    values = [row[sheet.column(name)] for row in sheet.rows]
    case.random.shuffle(values)
    sheet.header.insert(at, name)
    for row, value in zip(sheet.rows, values, strict=True):
        row.insert(at, value)
    sheet.total = None


@mutation(*TABLES, harmless=True, formats=IN_ANY_FORMAT)
def shuffle_columns(case, layer):
    sheet = case.sheet(layer)
    order = list(range(len(sheet.header)))
    case.random.shuffle(order)
    sheet.header[:] = [sheet.header[position] for position in order]
    sheet.rows[:] = [[row[position] for position in order] for row in sheet.rows]
    sheet.total = None


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def rename_header(case, layer):
    sheet = case.sheet(layer)
    named = [name for name in sheet.header if name not in PLACED_COLUMNS and name != "序号"]
    sheet.header[sheet.column(case.random.choice(named))] = case.random.choice(
        ("字段7", "column", "人口密度", "？？", "备用", "户籍人口", "电话")
    )


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def dress_headers(case, layer):
    sheet = case.sheet(layer)
    dress = case.random.choice((" {} ", "{}*", "{}\n", "　{}", "【{}】", "{}：", "\u200b{}"))
    sheet.header[:] = [dress.format(name) for name in sheet.header]


@mutation("villages", formats=AS_TABLES)
def count_people_in_other_units(case, layer):
    sheet = case.sheet(layer)
    unit, factor = case.random.choice((("万人", 10_000), ("百人", 100)))
    position = sheet.column("常住人口")
    sheet.header[position] = f"常住人口（{unit}）"
    for row in sheet.rows:
        row[position] = row[position] / factor
    sheet.total = None


# Tables: rows


@mutation("villages", formats=IN_ANY_FORMAT)
def drop_row(case, layer):
    sheet = case.sheet(layer)
    del sheet.rows[case.random.randrange(len(sheet.rows))]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def repeat_row(case, layer):
    rows = case.sheet(layer).rows
    rows.insert(case.random.randrange(len(rows)), list(case.random.choice(rows)))


@mutation(*TABLES, harmless=True, formats=IN_ANY_FORMAT)
def shuffle_rows(case, layer):
    case.random.shuffle(case.sheet(layer).rows)


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def insert_blank_rows(case, layer):
    sheet = case.sheet(layer)
    for _ in range(3):
        sheet.rows.insert(case.random.randrange(len(sheet.rows) + 1), [None] * len(sheet.header))


@mutation("villages", harmless=True, formats=AS_TABLES)
def insert_total_row(case, layer):
    sheet = case.sheet(layer)
    row = [None] * len(sheet.header)
    row[case.random.choice((0, 2))] = case.random.choice(("合计", "小计", "总计", "全县合计", "合 计", "Total"))
    row[sheet.column("常住人口")] = 12345
    sheet.rows.insert(case.random.randrange(len(sheet.rows)), row)


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def repeat_header_row(case, layer):
    sheet = case.sheet(layer)
    sheet.rows.insert(case.random.randrange(1, len(sheet.rows)), list(sheet.header))


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def append_remarks(case, layer):
    sheet = case.sheet(layer)
    for text in ("注：数据截至2023年底", "填表人：张三"):
        sheet.rows.append([text, *[None] * (len(sheet.header) - 1)])
    sheet.total = None


# Tables: cells


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def empty_cell(case, layer):
    sheet = case.sheet(layer)
    case.row(layer)[sheet.column(case.random.choice(NEEDED_COLUMNS[layer]))] = None


@mutation(*TABLES, formats=AS_TABLES)
def write_words_for_numbers(case, layer):
    sheet = case.sheet(layer)
    names = ["常住人口", *PLACED_COLUMNS] if layer == "villages" else PLACED_COLUMNS
    word = case.random.choice(("很多", "约三百", "300-400", "#REF!", "NaN", "inf", "-inf", "1e999", "待核", "未知", "9" * 30))
    case.row(layer)[sheet.column(case.random.choice(names))] = word


@mutation("villages", formats=AS_TABLES)
def write_people_loosely(case, layer):
    sheet = case.sheet(layer)
    row = case.row(layer)
    position = sheet.column("常住人口")
    form = case.random.choice(("{}人", "约{}", "{}多", "0{}", "+{}", "{}.0", "{},000", "{}万", "{} ", "'{}"))
    row[position] = form.format(row[position])


@mutation("villages", formats=IN_ANY_FORMAT)
def spoil_people(case, layer):
    sheet = case.sheet(layer)
    row = case.row(layer)
    position = sheet.column("常住人口")
    value = row[position]
    row[position] = case.random.choice((-value, 0, value * 1000, 1e15, value + 0.5, value / 1000, 330624101201))


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def write_full_width(case, layer):
    sheet = case.sheet(layer)
    for row in sheet.rows:
        for position, cell in enumerate(row):
            if cell is not None and case.random.random() < 0.5:
                row[position] = str(cell).translate(FULL_WIDTH)


@mutation(*TABLES, harmless=True, formats=AS_TABLES)
def pad_cells(case, layer):
    sheet = case.sheet(layer)
    for row in sheet.rows:
        for position, cell in enumerate(row):
            if cell is not None and case.random.random() < 0.3:
                row[position] = case.random.choice((" {}", "{} ", "　{}", "{}\u200b", "\t{}")).format(cell)


@mutation(*TABLES, formats=AS_TABLES)
def write_codes_as_a_spreadsheet_does(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column("行政区划代码" if layer == "villages" else "所在村代码")
    form = case.random.choice(("{:.5E}", "{:.11E}", "{}.0", "{}.000", "'{}", "{:,}"))
    for row in sheet.rows:
        if row[position]:
            row[position] = form.format(int(row[position]))


@mutation("villages", formats=AS_WORKBOOKS)
def write_codes_as_numbers(case, layer):
    sheet = case.sheet(layer)
    for row in sheet.rows:
        row[1] = float(row[1])


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def repeat_id(case, layer):
    sheet = case.sheet(layer)
    position = sheet.column(CODES[layer])
    first, second = case.random.sample(sheet.rows, 2)
    second[position] = first[position]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def write_unknown_word(case, layer):
    sheet = case.sheet(layer)
    names = (STATES[layer], "机构类型") if layer == "facilities" else (STATES[layer], "乡镇")
    word = case.random.choice(("什么", "???", "药店", "x", "正常？不详", "Village"))
    case.row(layer)[sheet.column(case.random.choice(names))] = word


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def swap_coordinates(case, layer):
    sheet = case.sheet(layer)
    rows = sheet.rows if case.random.random() < 0.3 else [case.row(layer)]
    lon, lat = map(sheet.column, PLACED_COLUMNS)
    for row in rows:
        row[lon], row[lat] = row[lat], row[lon]


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def shift_by_a_degree(case, layer):
    sheet = case.sheet(layer)
    rows = sheet.rows if case.random.random() < 0.3 else [case.row(layer)]
    position = sheet.column(case.random.choice(PLACED_COLUMNS))
    step = case.random.choice((-1, 1, 10, -60))
    for row in rows:
        row[position] = None if row[position] is None else row[position] + step


@mutation(*TABLES, formats=IN_ANY_FORMAT)
def write_no_place(case, layer):
    sheet = case.sheet(layer)
    row = case.row(layer)
    lon, lat = map(sheet.column, PLACED_COLUMNS)
    row[lon], row[lat] = case.random.choice(((0.0, 0.0), (999.0, 999.0), (-row[lon], row[lat]), (row[lon], -row[lat])))


@mutation(*TABLES, formats=AS_TABLES)
def write_degrees_and_minutes(case, layer):
    sheet = case.sheet(layer)
    for name in PLACED_COLUMNS:
        position = sheet.column(name)
        for row in sheet.rows:
            if row[position] is not None:
                row[position] = _sexagesimal(row[position])


def _sexagesimal(degrees):
    minutes, whole = (degrees - int(degrees)) * 60, int(degrees)
    return f"{whole}°{int(minutes)}′{(minutes - int(minutes)) * 60:.5f}″"


@mutation("villages")
def write_formulas(case, layer):
    sheet = case.sheet(layer)
    name = case.random.choice(("常住人口", *PLACED_COLUMNS))
    row = case.row(layer)
    position = sheet.column(name)
    row[position] = ("=1+1", case.random.choice((row[position], 0, "", "#REF!", "#N/A")))


# Tables: bytes


@mutation("facilities", "villages", harmless=True, formats=AS_TEXT)
def save_in_another_encoding(case, layer):
    encoding = case.random.choice(("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"))
    case.patch(layer, lambda data: _text(data).encode(encoding))


@mutation("facilities", "villages", formats=AS_TEXT)
def save_in_an_odd_encoding(case, layer):
    encoding = case.random.choice(("utf-16-le", "utf-16-be", "big5", "ascii", "latin-1", "utf-32", "utf-7"))
    case.patch(layer, lambda data: _text(data).encode(encoding, errors="replace"))


@mutation("facilities", "villages", harmless=True, formats=AS_TEXT)
def save_with_other_marks(case, layer):
    delimiter = case.random.choice(("\t", ";", ","))
    end = case.random.choice(("\n", "\r\n", "\n\n"))
    case.patch(layer, lambda data: _text(data).replace(",", delimiter).replace("\r\n", end).encode("utf-8-sig"))


@mutation("facilities", "villages", formats=AS_TEXT)
def insert_stray_text(case, layer):
    stray = case.random.choice(('"', ",", "\0", "\ufeff", "\r", '",', '"\n', ",,,", "\x1a", "1,234,"))

    def insert(data):
        text = _text(data)
        at = case.random.randrange(text.index("\r\n") + 2, len(text))
        return (text[:at] + stray + text[at:]).encode("utf-8-sig")

    case.patch(layer, insert)


@mutation("facilities", "villages", formats=AS_TEXT)
def cut_table_inside_a_row(case, layer):
    def cut(data):
        lines = _text(data).splitlines()
        last = case.random.randrange(len(lines) // 2, len(lines))
        parts = lines[last].split(",")
        kept = ",".join(parts[: case.random.randrange(1, len(parts) - 1)])
        return "\r\n".join([*lines[:last], kept]).encode("utf-8-sig")

    case.patch(layer, cut)


def _text(data):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError


@mutation(*TABLES, "townships", "boundary", "roads")
def cut_short(case, layer):
    """Cut a file whose format says where it should end."""
    if case.county.files[layer].endswith(".csv"):
        case.county.rename(layer, "table.xlsx")
    share = case.random.random()
    case.patch(layer, lambda data: data[: int(share * len(data))])


@mutation("villages", "roads")
def flip_packed_bytes(case, layer):
    """Flip bytes of a file that carries check sums."""

    def flip(data):
        changed = bytearray(data)
        for _ in range(case.random.choice((1, 3, 20))):
            changed[case.random.randrange(len(changed))] ^= case.random.randrange(1, 256)
        return bytes(changed)

    case.patch(layer, flip)


@mutation("villages", "facilities", "townships", "boundary", "roads")
def replace_by_another_file(case, layer):
    other = case.random.choice([name for name in case.county.files if name != layer])
    case.county.region["layers"][layer]["path"] = case.county.files[other]


@mutation("facilities", "boundary", formats=({}, {"facilities": "facilities.geojson"}))
def insert_bad_bytes(case, layer):
    def insert(data):
        at = case.random.randrange(len(data))
        return data[:at] + case.random.choice((b"\xff\xff\xff", b"\x80\xff", b"\0\0\0")) + data[at:]

    case.patch(layer, insert)


# Shapes


@mutation(*SHAPES, harmless=True, formats=AS_SHAPES)
def forget_system(case, layer):
    getattr(case.county, layer).crs = None


@mutation(*SHAPES, formats=AS_SHAPES)
def cross_itself(case, layer):
    import shapely

    shapes = getattr(case.county, layer).shapes
    at = case.random.randrange(len(shapes))
    corners = list(shapes[at].exterior.coords)[:-1]
    first, second = case.random.sample(range(len(corners)), 2)
    corners[first], corners[second] = corners[second], corners[first]
    shapes[at] = shapely.Polygon(corners)


@mutation(*SHAPES, formats=AS_SHAPES)
def lose_shape(case, layer):
    import shapely

    shapes = getattr(case.county, layer).shapes
    shapes[case.random.randrange(len(shapes))] = case.random.choice((None, shapely.Polygon()))


@mutation(*SHAPES, formats=AS_SHAPES)
def reduce_shape(case, layer):
    import shapely

    shapes = getattr(case.county, layer).shapes
    at = case.random.randrange(len(shapes))
    line = shapely.LineString(shapes[at].exterior.coords)
    shapes[at] = case.random.choice((line, shapes[at].centroid, shapes[at].centroid.buffer(1e-4)))


@mutation(*SHAPES, formats=AS_SHAPES)
def move_shape(case, layer):
    import shapely

    features = getattr(case.county, layer)
    dx, dy = case.random.choice(((1, 0), (0, 1), (-30, 0), (0.05, 0.05), (0, 70)))
    features.shapes = [shapely.affinity.translate(shape, dx, dy) for shape in features.shapes]


@mutation(*SHAPES, formats=AS_SHAPES)
def swap_axes(case, layer):
    import shapely

    features = getattr(case.county, layer)
    features.shapes = [shapely.transform(shape, lambda positions: positions[:, ::-1]) for shape in features.shapes]


@mutation("boundary", formats=AS_SHAPES)
def pierce_boundary(case, layer):
    import shapely

    (shape,) = case.county.boundary.shapes
    place = case.random.choice([spot for spots in drawing.VILLAGE_SPOTS.values() for spot in spots[:5]])
    case.county.boundary.shapes = [shape.difference(shapely.Point(drawing.place(*place)).buffer(0.01))]


@mutation(*SHAPES, harmless=True, formats=AS_SHAPES)
def dress_shapes(case, layer):
    import shapely

    dress = case.random.choice((shapely.force_3d, shapely.reverse, lambda shape: shapely.MultiPolygon([shape])))
    features = getattr(case.county, layer)
    features.shapes = [dress(shape) for shape in features.shapes]


@mutation("townships", formats=AS_SHAPES)
def drop_township(case, layer):
    features = case.county.townships
    at = case.random.randrange(len(features.rows))
    del features.rows[at], features.shapes[at]


@mutation(*SHAPES, formats=AS_SHAPES)
def repeat_shape(case, layer):
    features = getattr(case.county, layer)
    at = case.random.randrange(len(features.rows))
    features.rows.append(list(features.rows[at]))
    features.shapes.append(features.shapes[at])


@mutation("townships", formats=AS_SHAPES)
def spoil_township_cells(case, layer):
    features = case.county.townships
    at = case.random.randrange(len(features.rows))
    column, value = case.random.choice(((0, "别处镇"), (0, None), (0, features.rows[at - 1][0]), (1, 7), (1, -5), (1, 10**9)))
    features.rows[at][column] = value


@mutation("boundary")
def break_json(case, layer):
    def spoil(data):
        marks = [at for at, byte in enumerate(data) if byte in b'{}[],:"']
        at = case.random.choice(marks)
        return data[:at] + case.random.choice((b"", b"{", b"]", b",", b'"', b"NaN")) + data[at + 1 :]

    case.patch(layer, spoil)


@mutation("boundary")
def state_a_wrong_system(case, layer):
    name = case.random.choice(("EPSG:4549", "EPSG:3857", "EPSG:99999", "urn:ogc:def:crs:EPSG::4549", "nonsense"))
    member = b'"crs": {"type": "name", "properties": {"name": "' + name.encode() + b'"}}, "features"'
    case.patch(layer, lambda data: data.replace(b'"features"', member, 1))


# Roads


@mutation("roads", harmless=True, formats=AS_ROADS)
def reverse_ways(case, layer):
    turned = {"yes": "-1", "-1": "yes"}
    for number, (refs, tags) in case.county.roads.ways.items():
        if case.random.random() < 0.5:
            oneway = {"oneway": turned[tags["oneway"]]} if "oneway" in tags else {}
            case.county.roads.ways[number] = (refs[::-1], tags | oneway)


@mutation("roads", harmless=True, formats=AS_ROADS)
def split_ways(case, layer):
    ways = case.county.roads.ways
    for number in case.random.sample([number for number in ways if number < 300], 5):
        refs, tags = ways[number]
        at = case.random.randrange(1, len(refs) - 1)
        ways[number], ways[number + 1000] = (refs[: at + 1], tags), (refs[at:], tags)


@mutation("roads", harmless=True, formats=AS_ROADS)
def add_harmless_ways(case, layer):
    roads = case.county.roads
    node = next(iter(roads.nodes))
    road = {"highway": "unclassified"}
    extra = (([], road), ([node], road), ([node, node], road), ([node, node, node], road), (roads.ways[104][0], {}))
    for number, way in enumerate(extra, start=5000):
        roads.ways[number] = way


@mutation("roads", harmless=True, formats=AS_ROADS)
def number_otherwise(case, layer):
    roads = case.county.roads
    step = case.random.choice((10**9, 10**11, -(10**6)))
    sign = -1 if step < 0 else 1
    roads.nodes = {sign * number + step: node for number, node in roads.nodes.items()}
    roads.ways = {number: ([sign * ref + step for ref in refs], tags) for number, (refs, tags) in roads.ways.items()}
    roads.nodes = dict(sorted(roads.nodes.items(), key=lambda item: (item[0] > 0, abs(item[0]))))
    roads.relations = {}


@mutation("roads", formats=AS_ROADS)
def lose_nodes(case, layer):
    nodes = case.county.roads.nodes
    on_roads = [number for number in nodes if number < 92]
    for number in case.random.sample(on_roads, case.random.choice((1, 5, 60))):
        del nodes[number]


@mutation("roads", formats=AS_ROADS)
def lose_roads_of_the_county(case, layer):
    ways = case.county.roads.ways
    for number in [number for number in ways if number not in (101, 108, 201, 208) or case.random.random() < 0.3]:
        del ways[number]


@mutation("roads", formats=AS_ROADS)
def write_unknown_class(case, layer):
    ways = case.county.roads.ways
    word = case.random.choice(("Unclassified", "unclasified", "村道", "yes", "", "tertiary;residential", "unclassified "))
    for number in case.random.sample([number for number in ways if number < 300], case.random.choice((1, 4))):
        ways[number][1]["highway"] = word


@mutation("roads", formats=AS_ROADS)
def write_oneway_otherwise(case, layer):
    word = case.random.choice(("1", "true", "YES", "yes ", "forward", "maybe", "", "是"))
    case.county.roads.ways[203][1]["oneway"] = word


@mutation("roads", formats=AS_ROADS)
def write_unknown_values(case, layer):
    key, word = case.random.choice(
        (("maxspeed", "fast"), ("maxspeed", "-5"), ("maxspeed", "０"), ("surface", "gravle"), ("surface", "砂石"),
         ("tracktype", "grade9"), ("smoothness", "so-so"), ("access", "sometimes"), ("bicycle", "maybe"),
         ("access", "Private?"))
    )  # fmt: skip
    for number in (103, 104, 105, 204):
        case.county.roads.ways[number][1][key] = word


@mutation("roads", formats=AS_ROADS)
def write_unknown_barrier(case, layer):
    number = next(number for number, node in case.county.roads.nodes.items() if node[2])
    case.county.roads.nodes[number][2]["barrier"] = case.random.choice(("Bollard", "wall_of_china", "石墩", ""))


@mutation("roads", formats=AS_ROADS)
def move_all_nodes(case, layer):
    roads = case.county.roads
    dx, dy, swap = case.random.choice(((1, 0, False), (0, 10, False), (0, 0, True), (-120.9, -29.5, False)))
    moved = {number: (lon + dx, lat + dy, tags) for number, (lon, lat, tags) in roads.nodes.items()}
    roads.nodes = {n: (lat, min(lon, 90.0), tags) if swap else (lon, lat, tags) for n, (lon, lat, tags) in moved.items()}


@mutation("roads", formats=AS_XML)
def break_xml(case, layer):
    def spoil(data):
        ends = [at for at, byte in enumerate(data) if byte in b'<>"=/']
        at = case.random.choice(ends)
        return data[:at] + case.random.choice((b"", b"<", b'"', b"&", b"\xff")) + data[at + 1 :]

    case.patch(layer, spoil)


@mutation("roads", formats=AS_XML)
def write_bad_positions(case, layer):
    value = case.random.choice((b"95.0", b"999", b"nan", b"", b"abc", b"1e400", b"-181"))
    at = case.random.randrange(1, 90)

    def spoil(data):
        head, mark, rest = data.partition(f'<node id="{at}" '.encode())
        name = case.random.choice((b"lon", b"lat"))
        before, _, after = rest.partition(name + b'="')
        return head + mark + before + name + b'="' + value + b'"' + after.partition(b'"')[2]

    case.patch(layer, spoil)


@mutation("roads", formats=AS_XML)
def write_ways_first(case, layer):
    def turn(data):
        lines = data.decode().splitlines()
        return "\n".join([lines[0], *reversed(lines[1:-1]), lines[-1]]).encode()

    case.patch(layer, turn)


@mutation("roads", formats=AS_XML)
def add_entities(case, layer):
    head = b'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY x "unclassified">]>\n'
    case.patch(layer, lambda data: head + data.replace(b'"unclassified"', b'"&x;"'))


# The region file


@mutation("region", harmless=True)
def save_region_in_another_encoding(case, layer):
    encoding = case.random.choice(("utf-8-sig", "gb18030", "utf-16"))
    case.patch(layer, lambda data: data.decode().replace("\n", "\r\n").encode(encoding))


@mutation("region")
def delete_key(case, layer):
    region = case.county.region
    table, key = case.random.choice(
        ((region, "name"), (region, "code"), (region, "layers"), (region["layers"], "roads"),
         (region["layers"], "boundary"), (region["layers"], "townships"), (region["layers"]["villages"], "path"),
         (region["layers"]["villages"], "datum"), (region["standard"], "minutes"), (region["standard"], "bands"),
         (region["travel"], "mode"), (region["travel"], "modes"), (region["travel"], "margin_km"))
    )  # fmt: skip
    del table[key]


@mutation("region")
def add_unknown_key(case, layer):
    region = case.county.region
    table = case.random.choice((region, region["layers"], region["layers"]["roads"], region["travel"], region["standard"]))
    table[case.random.choice(("minute", "Mode", "路径", "crs2", "villages_", "x"))] = case.random.choice((1, "a", [], {}))


@mutation("region")
def write_wrong_value(case, layer):
    region = case.county.region
    table, key = case.random.choice(
        ((region, "name"), (region, "code"), (region, "policy"), (region, "crs"), (region["layers"], "villages"),
         (region["layers"]["villages"], "datum"), (region["layers"]["villages"], "path"), (region["standard"], "minutes"),
         (region["standard"], "bands"), (region["travel"], "mode"), (region["travel"], "modes"),
         (region["travel"], "margin_km"), (region["travel"], "access_kmh"), (region["travel"], "max_access_m"))
    )  # fmt: skip
    table[key] = case.random.choice((-1, 1e300, "x", [], ["x"], True, {"a": 1}, "", "../..", "\0", [-1, 2]))


@mutation("region")
def state_wrong_details(case, layer):
    layers = case.county.region["layers"]
    name, key, value = case.random.choice(
        (("villages", "datum", "bd09"), ("villages", "sheet", "第九页"), ("villages", "columns", {"population": "人数"}),
         ("facilities", "encoding", "utf-8"), ("facilities", "encoding", "utf-16"), ("townships", "layer", "none"),
         ("boundary", "datum", "gcj02"), ("boundary", "crs", "EPSG:4549"), ("townships", "crs", "EPSG:99999"),
         ("facilities", "datum", "gcj02"), ("townships", "datum", "bd09"), ("villages", "crs", "EPSG:4549"))
    )  # fmt: skip
    layers[name][key] = value


@mutation("region", harmless=True)
def state_another_metric_system(case, layer):
    case.county.region["crs"] = case.random.choice(("EPSG:32651", "EPSG:4550", "EPSG:4528", "EPSG:4508"))


@mutation("region")
def break_toml(case, layer):
    def spoil(data):
        at = case.random.randrange(len(data))
        kind = case.random.choice(("cut", "insert", "repeat"))
        if kind == "cut":
            return data[:at]
        if kind == "repeat":
            return data + data
        return data[:at] + case.random.choice((b'"', b"[", b"=", b"\xff\xfe\xff", b"\0", b"\n]")) + data[at:]

    case.patch(layer, spoil)


def make_case(number):
    """Return operator, spoilt case and the formats it is written in, for one of the numbered cases."""
    chosen = MUTATIONS[number % len(MUTATIONS)]
    case = Case(number)
    formats = case.random.choice(chosen.formats)
    for layer, name in formats.items():
        case.county.rename(layer, name)
    chosen.spoil(case)
    return chosen, case, formats
