"""What goes wrong with shapes, roads and the region file; see `mutations.py`."""

from __future__ import annotations

import county as drawing
from spoiling import AS_ROADS, AS_SHAPES, AS_XML, mutation

SHAPES = ("boundary", "townships")


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
    column, value = case.random.choice(
        ((0, "别处镇"), (0, None), (0, features.rows[at - 1][0]), (1, 7), (1, -5), (1, 10**9))
    )
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
    word = case.random.choice(
        ("Unclassified", "unclasified", "村道", "yes", "", "tertiary;residential", "unclassified ")
    )
    for number in case.random.sample([number for number in ways if number < 300], case.random.choice((1, 4))):
        ways[number][1]["highway"] = word


@mutation("roads", formats=AS_ROADS)
def write_oneway_otherwise(case, layer):
    word = case.random.choice(("1", "true", "YES", "yes ", "forward", "maybe", "是"))
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
    roads.nodes = {
        n: (lat, min(lon, 90.0), tags) if swap else (lon, lat, tags) for n, (lon, lat, tags) in moved.items()
    }


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
         (region["layers"]["villages"], "datum"), (region["standard"], "minutes"),
         (region["travel"], "mode"), (region["travel"], "modes"), (region["travel"], "margin_km"))
    )  # fmt: skip
    del table[key]


@mutation("region")
def add_unknown_key(case, layer):
    region = case.county.region
    table = case.random.choice(
        (region, region["layers"], region["layers"]["roads"], region["travel"], region["standard"])
    )
    table[case.random.choice(("minute", "Mode", "路径", "crs2", "villages_", "x"))] = case.random.choice(
        (1, "a", [], {})
    )


@mutation("region")
def write_wrong_value(case, layer):
    region = case.county.region
    table, key = case.random.choice(
        ((region, "name"), (region, "code"), (region, "policy"), (region, "crs"), (region["layers"], "villages"),
         (region["layers"]["villages"], "datum"), (region["layers"]["villages"], "path"),
         (region["standard"], "minutes"), (region["standard"], "bands"), (region["travel"], "mode"),
         (region["travel"], "modes"), (region["travel"], "margin_km"), (region["travel"], "access_kmh"),
         (region["travel"], "max_access_m"))
    )  # fmt: skip
    table[key] = case.random.choice((-1, 1e300, "x", [], ["x"], True, {"a": 1}, "", "../..", "\0", [-1, 2]))


@mutation("region")
def state_wrong_details(case, layer):
    layers = case.county.region["layers"]
    name, key, value = case.random.choice(
        (("villages", "datum", "bd09"), ("villages", "sheet", "第九页"),
         ("villages", "columns", {"population": "人数"}),
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
