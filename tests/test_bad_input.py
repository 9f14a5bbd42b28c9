"""Bad input gives exit code 2 and a message that names file, found, allowed and remedy, in Chinese and in English.

Never a traceback, never a half-written folder, and every fault of every layer in one go. The county is that of
`county.py`; each test spoils one thing of it and goes in by the door that users go in by: the command line.
"""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys

import pytest

import county as drawing
from clinicplan import cli, plan, terms
from osm_text import osm_text

HUNDRED_LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
"""
LAYERS = ("boundary", "townships", "villages", "facilities", "roads")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The files of the unspoilt county."""
    folder = tmp_path_factory.mktemp("county") / "region"
    drawing.write_county(drawing.draw_county(), folder)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    """A copy of the county's files that a test may spoil."""
    return shutil.copytree(written, tmp_path / "region")


class Program:
    """The command line, called as a shell would call it."""

    def __init__(self, monkeypatch, capsys, tmp_path):
        self.monkeypatch, self.capsys, self.tmp_path = monkeypatch, capsys, tmp_path

    def call(self, *arguments):
        """Return exit code, standard output and standard error."""
        self.capsys.readouterr()
        self.monkeypatch.setattr(sys, "argv", ["clinicplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = self.capsys.readouterr()
        return stopped.value.code, out, err

    def refuse(self, folder, *more, command="run"):
        """Check that the county is refused in good order, in both languages; return the errors by code."""
        before = set(self.tmp_path.iterdir())
        for lang in ("zh", "en"):
            code, out, err = self.call(
                command, folder, "--out", self.tmp_path / "results", "--lang", lang, "--json", *more
            )
            assert code == 2, err
            assert "Traceback" not in out + err
            faults = json.loads(out)["faults"]
            errors = [fault for fault in faults if fault["severity"] == "error"]
            assert errors
            for fault in errors:
                assert fault["file"], fault
                assert fault["found"], fault
                assert fault["allowed"], fault
                assert fault["remedy"], fault
                assert fault["found"] in err
                assert fault["file"] in err
                assert is_chinese(fault["found"] + fault["remedy"]) == (lang == "zh")
        assert set(self.tmp_path.iterdir()) == before
        return {fault["code"]: fault for fault in errors}

    def accept(self, folder, *more):
        """Check that the county runs and return its summary."""
        code, out, err = self.call("coverage", folder, "--out", self.tmp_path / "results", "--json", "--force", *more)
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def program(monkeypatch, capsys, tmp_path):
    return Program(monkeypatch, capsys, tmp_path)


def is_chinese(text):
    """Tell whether a message is in Chinese; names in it may be so in either language."""
    return any(mark in text for mark in "。，；：")


def totals(summary):
    """Return the figures that must not change in silence."""
    names = ("villages", "population", "villages_covered", "people_covered", "pending", "communities", "exempt")
    return {name: summary[name] for name in names}


def path_of(folder, layer):
    return folder / drawing.draw_county().files[layer]


def redraw(folder, spoil):
    """Write the county anew, spoilt."""
    county = drawing.draw_county()
    spoil(county)
    return drawing.write_county(county, folder).parent


@pytest.fixture(scope="module")
def expected(written):
    """Figures of the unspoilt county."""
    return totals(plan.run(written, products=terms.COVERAGE_PRODUCTS).summary)


# Files


@pytest.mark.parametrize("layer", LAYERS)
def test_a_missing_file_is_named(program, folder, layer):
    path_of(folder, layer).unlink()
    faults = program.refuse(folder)
    assert faults["missing_file"]["layer"] == layer
    assert path_of(folder, layer).name in faults["missing_file"]["file"]


def test_all_missing_files_are_named_at_once(program, folder):
    for layer in LAYERS:
        path_of(folder, layer).unlink()
    code, out, _ = program.call("run", folder, "--out", program.tmp_path / "results", "--json")
    assert code == 2
    assert [fault["layer"] for fault in json.loads(out)["faults"]] == list(plan.read_region(folder).layers.present())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_folder_in_place_of_a_file_is_named(program, folder, layer):
    path_of(folder, layer).unlink()
    path_of(folder, layer).mkdir()
    assert program.refuse(folder)["folder_not_file"]["layer"] == layer


def test_a_missing_region_file_is_named(program, folder):
    assert "missing_file" in program.refuse(folder / "county.toml")
    (folder / "region.toml").unlink()
    assert "missing_file" in program.refuse(folder)


def test_a_missing_file_of_speeds_is_named(program, folder):
    redraw(folder, lambda county: county.region["travel"].update(speeds="speeds.toml"))
    assert program.refuse(folder)["missing_file"]["layer"] == "speeds"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_file_of_no_bytes_is_named(program, folder, layer):
    path_of(folder, layer).write_bytes(b"")
    (fault,) = program.refuse(folder).values()
    assert fault["layer"] == layer


@pytest.mark.parametrize("layer", ["boundary", "townships", "villages", "facilities"])
def test_a_layer_without_rows_is_named(program, folder, layer):
    def empty(county):
        drawn = getattr(county, layer)
        drawn.rows = []
        if hasattr(drawn, "shapes"):
            drawn.shapes = []
        else:
            drawn.total = None

    assert program.refuse(redraw(folder, empty))["empty_layer"]["layer"] == layer


@pytest.mark.parametrize("name", ["roads.osm.pbf", "roads.osm"])
def test_a_file_without_roads_is_named(program, folder, name):
    def empty(county):
        county.roads.ways = {}
        county.rename("roads", name)

    assert program.refuse(redraw(folder, empty))["no_roads"]["layer"] == "roads"


# Encodings


def test_a_table_in_no_known_encoding_is_named(program, folder):
    path = path_of(folder, "facilities")
    path.write_bytes(path.read_bytes().replace("卫生室".encode("gb18030"), b"\xff\xff\xff"))
    assert program.refuse(folder)["unreadable_text"]["file"] == path.name


@pytest.mark.parametrize("layer", ["boundary", "facilities"])
def test_a_text_layer_with_zero_bytes_is_never_read_in_part(program, folder, layer):
    name = f"{layer}.geojson"
    redraw(folder, lambda county: county.rename(layer, name))
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2] + b"\0\0" + data[len(data) // 2 :])
    assert program.refuse(folder)["unreadable_text"]["file"] == name


def test_a_stated_encoding_that_is_wrong_is_named(program, folder):
    redraw(folder, lambda county: county.region["layers"]["facilities"].update(encoding="utf-8"))
    assert program.refuse(folder)["unreadable_text"]["layer"] == "facilities"


def test_a_stated_encoding_that_does_not_exist_is_named(program, folder):
    redraw(folder, lambda county: county.region["layers"]["facilities"].update(encoding="klingon"))
    assert program.refuse(folder)["unreadable_text"]["layer"] == "facilities"


def test_text_of_another_country_is_not_read_as_chinese(program, folder):
    path = path_of(folder, "facilities")
    path.write_bytes("医療機関コード,名称ヲ書ク,種別,緯度,経度\r\nあ,い,う,え,お\r\n".encode("shift-jis"))
    assert {fault["layer"] for fault in program.refuse(folder).values()} == {"facilities"}


def test_utf16_without_its_mark_is_named(program, folder):
    path = path_of(folder, "facilities")
    path.write_bytes(path.read_bytes().decode("gb18030").encode("utf-16-le"))
    assert {fault["layer"] for fault in program.refuse(folder).values()} == {"facilities"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_every_encoding_of_a_table_gives_the_same_figures(program, folder, expected, encoding):
    path = path_of(folder, "facilities")
    path.write_bytes(path.read_bytes().decode("gb18030").encode(encoding))
    assert totals(program.accept(folder)) == expected


def test_a_region_file_in_no_known_encoding_is_named(program, folder):
    (folder / "region.toml").write_bytes(b'name = "\xff\xff"\n')
    assert "unreadable_text" in program.refuse(folder)


# Roads


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_extract_is_named(program, folder, share):
    path = path_of(folder, "roads")
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert program.refuse(folder)["broken_osm"]["file"] == path.name


@pytest.mark.parametrize(
    "data", [b"\0" * 5000, b"\xff" * 5000, b"<html>404 not found</html>", b"PK\x03\x04 not a zip", "道路".encode() * 99]
)
@pytest.mark.parametrize(
    "name", ["roads.osm.pbf", "roads.osm", "roads.osm.gz", "roads.osm.bz2", "roads.graphml", "roads.gpkg"]
)
def test_garbage_for_roads_is_named(program, folder, name, data):
    redraw_name(folder, "roads", name).write_bytes(data)
    (fault,) = program.refuse(folder).values()
    assert fault["file"] == name


@pytest.mark.parametrize("layer", ["boundary", "townships", "villages", "facilities"])
@pytest.mark.parametrize("data", [b"\0" * 5000, b"\xff" * 5000, b"<html>404 not found</html>", b"PK\x03\x04 not a zip"])
def test_garbage_for_a_layer_is_named(program, folder, layer, data):
    path_of(folder, layer).write_bytes(data)
    (fault,) = program.refuse(folder).values()
    assert fault["layer"] == layer


@pytest.mark.parametrize("layer", ["boundary", "townships", "villages", "facilities"])
def test_a_truncated_layer_is_never_read_in_part(program, folder, layer):
    path = path_of(folder, layer)
    data = path.read_bytes()
    for share in (0.2, 0.5, 0.8):
        path.write_bytes(data[: int(share * len(data)) | 1])
        code, out, err = program.call("run", folder, "--out", program.tmp_path / "results", "--json", "--force")
        assert code == 2 or "short_rows" in out, (share, err)
        assert "Traceback" not in out + err


@pytest.mark.parametrize("name", ["roads.osm", "roads.graphml", "roads.gml", "roads.kml"])
def test_entities_in_the_roads_are_refused(program, folder, name):
    body = osm_text({1: (120.9, 29.5)}, {1: ([1], {"highway": "track", "name": "X"})})
    redraw_name(folder, "roads", name).write_text(HUNDRED_LAUGHS + body.replace('"X"', '"&lol2;"'), encoding="utf-8")
    (fault,) = program.refuse(folder).values()
    assert fault["file"] == name


@pytest.mark.parametrize("layer", ["boundary", "villages"])
@pytest.mark.parametrize("suffix", [".kml", ".gml", ".svg"])
def test_entities_in_a_layer_are_refused(program, folder, layer, suffix):
    drawn = drawing.as_features(getattr(drawing.draw_county(), layer))
    text = drawing.kml_text(drawn).partition("\n")[2]
    path = redraw_name(folder, layer, f"layer{suffix}")
    path.write_text(HUNDRED_LAUGHS + text.replace("<value>", "<value>&lol2;"), encoding="utf-8")
    (fault,) = program.refuse(folder).values()
    assert fault["layer"] == layer


def redraw_name(folder, layer, name):
    """Name another file in the region file."""
    county = drawing.draw_county()
    county.rename(layer, name)
    drawing.write_county(county, folder, only=["region"])
    return folder / name


@pytest.mark.parametrize("spot", ["999", "-181", "nan", "1e9"])
def test_a_node_off_the_earth_never_ends_the_process(program, folder, spot):
    redraw(folder, lambda county: county.rename("roads", "roads.osm"))
    path = folder / "roads.osm"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('lon="120.', f'lon="{spot}" was="120.', 1), encoding="utf-8")
    code, out, err = program.call("coverage", folder, "--out", program.tmp_path / "results", "--json", "--lang", "en")
    assert code == 2 or "missing_nodes" in out
    assert "Traceback" not in err


def test_a_node_far_from_its_neighbours_is_said_and_its_road_left_out(program, folder, expected):
    def move(county):
        lon, lat, tags = county.roads.nodes[1]
        county.roads.nodes[1] = (lon - 20, lat, tags)

    summary = program.accept(redraw(folder, move))
    (said,) = [item for item in summary["warnings"] if item["code"] == "misplaced_nodes"]
    assert said["count"] == 2
    assert totals(summary) == expected


def test_roads_of_another_place_are_named(program, folder):
    def move(county):
        county.roads.nodes = {number: (lon + 3, lat, tags) for number, (lon, lat, tags) in county.roads.nodes.items()}

    assert program.refuse(redraw(folder, move))["no_roads_in_box"]["layer"] == "roads"


def test_roads_in_the_margin_alone_are_named(program, folder):
    def keep_outermost(county):
        county.roads.ways = {number: county.roads.ways[number] for number in (101, 108, 201, 208)}

    assert "no_roads_in_county" in program.refuse(redraw(folder, keep_outermost))


def test_a_boundary_of_another_place_is_named(program, folder):
    import shapely

    def move(county):
        county.boundary.shapes = [shapely.affinity.translate(shape, -5, 2) for shape in county.boundary.shapes]

    assert {"all_outside"} <= set(program.refuse(redraw(folder, move)))


def test_a_county_with_every_village_off_the_road_is_named(program, folder):
    redraw(folder, lambda county: county.region["travel"].update(max_access_m=1))
    assert program.refuse(folder)["all_off_road"]["layer"] == "villages"


# Rows


def test_facilities_of_no_known_tier_are_named(program, folder):
    def spoil(county):
        for row in county.facilities.rows:
            row[county.facilities.column("机构类型")] = "药店"

    assert program.refuse(redraw(folder, spoil))["no_known_tier"]["layer"] == "facilities"


@pytest.mark.parametrize("layer", ["villages", "facilities"])
def test_a_layer_without_any_coordinates_is_named(program, folder, layer):
    def spoil(county):
        for row in getattr(county, layer).rows:
            row[-2:] = [None, None]

    assert program.refuse(redraw(folder, spoil))["no_place_at_all"]["layer"] == layer


@pytest.mark.parametrize("layer", ["villages", "facilities"])
def test_repeated_ids_are_named(program, folder, layer):
    def spoil(county):
        sheet = getattr(county, layer)
        code = sheet.column("行政区划代码" if layer == "villages" else "机构代码")
        sheet.rows[4][code] = sheet.rows[3][code]

    fault = program.refuse(redraw(folder, spoil))["duplicate_id"]
    assert fault["layer"] == layer
    assert len(fault["rows"]) == 2


# The region file


@pytest.mark.parametrize("value", [-15, 0, "fifteen", True, [15], 1e9, "NaN"])
def test_minutes_that_are_none_are_named(program, folder, value):
    redraw(folder, lambda county: county.region["standard"].update(minutes=value))
    assert program.refuse(folder)["bad_value"]["found"].startswith("standard.minutes")


def test_minutes_that_are_not_finite_are_named(program, folder):
    path = folder / "region.toml"
    for word in ("nan", "inf", "-inf"):
        path.write_text(path.read_text(encoding="utf-8").replace("minutes = 5", f"minutes = {word}"), encoding="utf-8")
        assert "bad_value" in program.refuse(folder)


def test_an_unknown_key_is_named_with_the_nearest(program, folder):
    def spoil(county):
        county.region["standard"]["minute"] = 15
        county.region["layers"]["villages"]["colums"] = {}
        county.region["color"] = "red"

    faults = program.refuse(redraw(folder, spoil))
    assert "minutes" in faults["unknown_key_near"]["remedy"] or "columns" in faults["unknown_key_near"]["remedy"]


def test_an_unknown_mode_is_named_with_the_nearest(program, folder):
    redraw(folder, lambda county: county.region["travel"].update(mode="ebike"))
    assert "e_bike" in program.refuse(folder)["not_a_choice_near"]["remedy"]


def test_an_unknown_policy_is_named_with_the_nearest(program, folder):
    redraw(folder, lambda county: county.region.update(policy="xinchang-2020"))
    assert "xinchang-2022" in program.refuse(folder)["unknown_policy_near"]["remedy"]
    redraw(folder, lambda county: county.region.update(policy="???"))
    assert "xinchang-2022" in program.refuse(folder)["unknown_policy"]["allowed"]


def test_a_county_without_a_standard_is_named(program, folder):
    redraw(folder, lambda county: county.region["standard"].pop("minutes"))
    assert "no_standard" in program.refuse(folder)


def test_a_county_with_two_standards_is_named(program, folder):
    redraw(folder, lambda county: county.region["standard"].update(distance_m=3000))
    assert "minutes_and_distance" in program.refuse(folder)


def test_a_region_file_that_is_no_toml_is_named_with_its_line(program, folder):
    path = folder / "region.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n[travel\n", encoding="utf-8")
    assert program.refuse(folder)["toml_syntax"]["rows"]


@pytest.mark.parametrize("key", ["name", "layers"])
def test_a_missing_key_is_named(program, folder, key):
    redraw(folder, lambda county: county.region.pop(key))
    assert key in program.refuse(folder)["missing_key"]["found"]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:99999999", "metres"])
def test_a_system_that_is_not_metric_is_named(program, folder, crs):
    redraw(folder, lambda county: county.region.update(crs=crs))
    assert {"crs_not_metric", "bad_crs"} & set(program.refuse(folder))


# Several at once


def test_faults_of_several_layers_are_all_named_in_one_go(program, folder):
    def spoil(county):
        county.region["crs"] = "EPSG:4326"
        county.boundary.rows, county.boundary.shapes = [], []
        county.villages.rows[2][1] = county.villages.rows[1][1]
        county.villages.rows[5][4] = -20
        county.villages.rows[6][4] = "很多"
        county.facilities.header[county.facilities.column("机构名称")] = "什么"
        for row in county.facilities.rows:
            row[-2:] = [None, None]

    faults = program.refuse(redraw(folder, spoil))
    assert set(faults) >= {
        "crs_not_metric", "empty_layer", "duplicate_id", "negative_population", "unreadable_population",
        "no_place_at_all",
    }  # fmt: skip
    assert {fault["layer"] for fault in faults.values()} == {"region", "boundary", "villages", "facilities"}
    assert faults["negative_population"]["rows"] == [8]


def test_faults_of_the_region_file_are_all_named_in_one_go(program, folder):
    def spoil(county):
        county.region["travel"] |= {"mode": "plane", "access_kmh": -1, "margin_km": "far"}
        county.region["standard"] |= {"minutes": "soon", "banda": [1]}
        del county.region["layers"]["roads"]

    redraw(folder, spoil)
    code, out, _ = program.call("run", folder, "--json", "--out", program.tmp_path / "results")
    found = " ".join(fault["found"] for fault in json.loads(out)["faults"])
    assert code == 2
    for key in ("travel.mode", "travel.access_kmh", "travel.margin_km", "standard.minutes", "banda", "layers.roads"):
        assert key in found


# What is mended, and said


def test_a_boundary_that_crosses_itself_is_repaired_and_said(program, folder, expected):
    import shapely

    def twist(county):
        (shape,) = county.boundary.shapes
        corners = list(shape.exterior.coords)[:-1]
        # A little bow tie hangs on the first corner; the county itself stays whole.
        x, y = corners[0]
        tie = [(x - 0.002, y - 0.002), (x - 0.002, y - 0.001), (x - 0.001, y - 0.002), (x - 0.001, y - 0.001)]
        county.boundary.shapes = [shapely.Polygon([corners[0], *tie, *corners[1:]])]
        assert not county.boundary.shapes[0].is_valid

    summary = program.accept(redraw(folder, twist))
    (said,) = [item for item in summary["warnings"] if item["code"] == "shape_repaired"]
    assert said["layer"] == "boundary"
    assert totals(summary) == expected


@pytest.mark.parametrize(
    "systems",
    [
        {"boundary": "EPSG:4549", "townships": "EPSG:32651", "villages": "EPSG:4490", "facilities": "EPSG:3857"},
        {"boundary": "EPSG:4490", "townships": "EPSG:4528", "villages": "EPSG:4528", "facilities": "EPSG:4508"},
    ],
)
def test_layers_in_different_systems_give_equal_figures(program, folder, expected, systems):
    from clinicplan.datum import gcj02_to_wgs84

    def move(county):
        for row in county.villages.rows[:-1]:
            row[-2:] = [float(part) for part in gcj02_to_wgs84(*row[-2:])]
        del county.region["layers"]["villages"]["datum"]
        for layer, crs in systems.items():
            county.rename(layer, f"{layer}.gpkg")
            county.crs[layer] = crs

    assert totals(program.accept(redraw(folder, move))) == expected


@pytest.mark.parametrize(
    "names",
    [
        {"villages": "villages.csv", "facilities": "facilities.xlsx", "roads": "roads.osm"},
        {"villages": "villages.gpkg", "facilities": "facilities.geojson", "boundary": "boundary.gpkg"},
        {"villages": "villages.shp", "facilities": "facilities.shp", "boundary": "boundary.shp", "townships": "t.shp"},
        {"villages": "villages.kml", "facilities": "facilities.kml", "boundary": "boundary.kml", "townships": "t.kml"},
    ],
)
def test_the_same_county_in_other_formats_gives_equal_figures(program, folder, expected, names):
    def rename(county):
        for layer, name in names.items():
            county.rename(layer, name)
            if name.endswith(".shp"):
                county.encodings[layer] = "GB18030"
                shorten_headers(getattr(county, layer))

    assert totals(program.accept(redraw(folder, rename))) == expected


def shorten_headers(drawn):
    """Give headers that a shapefile can hold: five characters of GB18030."""
    short = {"行政区划代码": "村代码", "行政村名称": "村名", "所在村代码": "村代码"}
    headers = drawn.names if isinstance(drawn, drawing.Features) else drawn.header
    headers[:] = [short.get(header, header) for header in headers]


def test_a_county_without_townships_gives_equal_figures(program, folder, expected):
    redraw(folder, lambda county: county.region["layers"].pop("townships"))
    assert totals(program.accept(folder)) == expected


def test_a_header_that_is_not_recognised_is_said(program, folder):
    def rename(county):
        county.facilities.header[county.facilities.column("运行状态")] = "运转与否"

    summary = program.accept(redraw(folder, rename))
    (said,) = [item for item in summary["warnings"] if item["code"] == "header_unknown"]
    assert said["layer"] == "facilities"
    assert "运转与否" in said["text"]


def test_a_total_written_with_blanks_is_no_village(program, folder, expected):
    def add(county):
        county.villages.rows.insert(6, ["合　计", None, None, None, 9999, None, None, None])

    assert totals(program.accept(redraw(folder, add))) == expected


# The result folder


def test_an_earlier_result_is_replaced_only_when_asked(program, folder):
    program.accept(folder)
    out = program.tmp_path / "results"
    (out / "mine.txt").write_text("x")
    code, _, err = program.call("coverage", folder, "--out", out, "--lang", "en")
    assert code == 2
    assert "--force" in err
    assert (out / "mine.txt").exists()
    program.accept(folder)
    assert not (out / "mine.txt").exists()


def test_a_folder_that_is_no_result_is_never_replaced(program, folder):
    out = program.tmp_path / "results"
    out.mkdir()
    (out / "precious.txt").write_text("x")
    for force in ([], ["--force"]):
        code, _, err = program.call("run", folder, "--out", out, "--lang", "en", *force)
        assert code == 2
        assert "Traceback" not in err
        assert [path.name for path in out.iterdir()] == ["precious.txt"]


def test_an_earlier_result_stays_when_a_new_run_fails(program, folder):
    program.accept(folder)
    out = program.tmp_path / "results"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    path_of(folder, "villages").write_bytes(b"")
    code, _, _ = program.call("coverage", folder, "--out", out, "--force")
    assert code == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_output_folder_below_a_file_is_named(program, folder):
    (program.tmp_path / "file").write_text("x")
    code, _, err = program.call("coverage", folder, "--out", program.tmp_path / "file" / "results", "--lang", "en")
    assert code == 2
    assert "Traceback" not in err


WRITERS = ("pathlib.Path.write_text", "pandas.DataFrame.to_csv", "pandas.DataFrame.to_parquet",
           "geopandas.GeoDataFrame.to_file", "pyogrio.write_dataframe", "pathlib.Path.write_bytes",
           "tempfile.mkdtemp")  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_leaves_nothing_behind(program, folder, writer):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    with program.monkeypatch.context() as patch:
        patch.setattr(writer, full)
        before = set(program.tmp_path.iterdir())
        for lang, word in (("zh", "磁盘"), ("en", "disk")):
            code, out, err = program.call("run", folder, "--out", program.tmp_path / "results", "--lang", lang)
            assert code == 2, err
            assert "Traceback" not in out + err
            assert word in err
            assert set(program.tmp_path.iterdir()) == before


# A real process


def shell(*arguments, limit_bytes=None):
    """Run the program as a process of its own; `limit_bytes` makes every longer file fail to be written."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes})); "
    code = f"{limit if limit_bytes else ''}from clinicplan.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_a_process_reports_bad_input_and_leaves_nothing(folder, tmp_path):
    path_of(folder, "villages").write_bytes(b"PK\x03\x04")
    path_of(folder, "facilities").write_bytes(b"\xff\xfe\xff")
    found = shell("run", folder, "--out", tmp_path / "results")
    assert found.returncode == 2, found.stderr
    assert "Traceback" not in found.stderr
    assert "villages.xlsx" in found.stderr
    assert "facilities.csv" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["region"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("limit_bytes", [400, 30_000, 120_000])
def test_a_process_that_cannot_write_leaves_nothing(folder, tmp_path, limit_bytes):
    found = shell("run", folder, "--out", tmp_path / "results", "--lang", "en", limit_bytes=limit_bytes)
    assert found.returncode == 2, found.stderr
    assert "Traceback" not in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["region"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_sample_that_cannot_be_written_leaves_nothing(tmp_path):
    found = shell("demo", "--out", tmp_path / "demo", "--lang", "en", limit_bytes=20_000)
    assert found.returncode == 2, found.stderr
    assert "cannot write" in found.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
