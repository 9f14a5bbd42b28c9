"""A county's layers are read into one system; what is wrong stops the run, sets a row aside or is said.

The county of these tests is a square of 0.2 degrees around 120.9E 29.5N, with two townships that share it at 120.9E.
"""

import json
import tomllib
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from clinicplan import datum, words
from clinicplan.errors import LayerError, Severity, fault_line
from clinicplan.layers import read_layers
from clinicplan.layers.facilities import read_candidates, read_facilities
from clinicplan.layers.projections import Ground
from clinicplan.layers.shapes import read_barriers, read_boundary, read_townships, read_urban_area
from clinicplan.layers.villages import read_natural_villages, read_villages
from clinicplan.region import LayerSource, read_region, region_from_table
from clinicplan.terms import TIERS

SHARED = Path(__file__).resolve().parents[2] / "shared"
SQUARE = shapely.box(120.8, 29.4, 121.0, 29.6)
VILLAGES = """区划代码,行政村名称,乡镇,常住人口,经度,纬度
330624102201,后岸村,甲镇,300,120.85,29.50
330624102202,前岸村,甲镇,500,120.86,29.51
330624103201,上村,乙乡,200,120.95,29.50
330624103001,中社区,乙乡,900,120.96,29.51
"""
FACILITIES = """机构代码,机构名称,机构类别,乡镇,所在村代码,经度,纬度,运行状态
A1,后岸村卫生室,村卫生室,甲镇,330624102201,120.85,29.50,正常运行
A2,甲镇中心卫生院,中心卫生院,甲镇,330624102202,120.86,29.51,
A3,邻县医院,县级医院,丙镇,,121.10,29.50,正常运行
"""
HOMES = """自然村代码,行政村代码,自然村名称,人口,经度,纬度
N1,330624102201,东湾,100,120.851,29.501
N2,330624102201,西湾,200,120.852,29.502
"""


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def polygons(path, shapes, crs=4326, **columns):
    pyogrio.write_dataframe(gpd.GeoDataFrame(columns, geometry=shapes, crs=crs), path)
    return path


@pytest.fixture
def folder(tmp_path):
    polygons(tmp_path / "boundary.geojson", [SQUARE], 名称=["某县"], 代码=["330624"])
    halves = [shapely.box(120.8, 29.4, 120.9, 29.6), shapely.box(120.9, 29.4, 121.0, 29.6)]
    polygons(tmp_path / "townships.gpkg", halves, 4490, 乡镇=["甲镇", "乙乡"], 常住人口=[1000, 1500])
    write(tmp_path / "villages.csv", VILLAGES)
    write(tmp_path / "facilities.csv", FACILITIES, "gb18030")
    write(tmp_path / "roads.osm", "<osm/>")
    return tmp_path


def county(folder, *, drop=(), **changes):
    files = {
        "boundary": {"path": "boundary.geojson"},
        "townships": {"path": "townships.gpkg"},
        "villages": {"path": "villages.csv"},
        "facilities": {"path": "facilities.csv"},
        "roads": {"path": "roads.osm"},
    }
    layers = {
        name: {**files.get(name, {}), **changes.get(name, {})}
        for name in (*files, *LAYERS)
        if name in {**files, **changes} and name not in drop
    }
    settings = {name: value for name, value in changes.items() if name not in (*files, *LAYERS)}
    return region_from_table({"name": "某县", "code": "330624", "layers": layers, **settings}, folder / "region.toml")


LAYERS = ("natural_villages", "candidates", "urban_area", "barriers", "elevation")


def faults_of(region):
    with pytest.raises(LayerError) as caught:
        read_layers(region)
    for fault in caught.value.faults:
        assert fault_line(fault, "zh")
        assert fault_line(fault, "en")
    return [fault for fault in caught.value.faults if fault.severity == Severity.ERROR]


def error_of(region):
    (fault,) = faults_of(region)
    return fault


def by_code(layers):
    return {fault.code: fault for fault in layers.faults}


def villages(folder, text, **settings):
    """Read a village list for the county of these tests."""
    path = write(folder / "list.csv", text)
    ground = Ground.from_boundary(read_boundary(LayerSource(path="b"), folder / "boundary.geojson").checked())
    townships = read_townships(LayerSource(path="t"), folder / "townships.gpkg", ground).checked()
    return read_villages(LayerSource(path="list.csv", **settings), path, ground, townships=townships)


def facilities(folder, text, **settings):
    path = write(folder / "list.csv", text)
    ground = Ground.from_boundary(read_boundary(LayerSource(path="b"), folder / "boundary.geojson").checked())
    return read_facilities(LayerSource(path="list.csv", **settings), path, ground)


def codes(reading):
    return {fault.code: fault for fault in reading.faults}


def wanted_error(reading):
    (fault,) = reading.errors
    assert reading.frame is None
    with pytest.raises(LayerError):
        reading.checked()
    return fault


class TestCounty:
    def test_an_ordinary_county(self, folder):
        layers = read_layers(county(folder))
        assert layers.crs == "EPSG:4549"
        assert {frame.crs.to_string() for frame in layers.to_frames().values()} == {"EPSG:4549"}
        assert layers.villages["village_id"].tolist() == [f"330624{n}" for n in (102201, 102202, 103201, 103001)]
        assert layers.villages["kind"].tolist() == ["village"] * 3 + ["community"]
        assert layers.villages["status"].tolist() == ["ordinary"] * 4
        assert layers.villages["population"].dtype == "Int64"
        assert layers.villages["population"].sum() == 1900
        assert layers.villages["population_imputed"].tolist() == [False] * 4
        assert layers.villages["source_row"].tolist() == [2, 3, 4, 5]
        assert (layers.villages["pending"] == "").all()
        assert layers.facilities["tier"].tolist() == ["village_clinic", "central_township_hospital", "county_hospital"]
        assert layers.facilities["operating"].tolist() == ["yes", "", "yes"]
        assert layers.facilities["outside_county"].tolist() == [False, False, True]
        assert layers.facilities["village_id"].tolist() == ["330624102201", "330624102202", ""]
        assert layers.facilities["township"].tolist() == ["甲镇", "甲镇", "丙镇"]
        assert layers.natural_villages is None
        assert not layers.faults
        assert repr(layers) == "CountyLayers(4 villages (0 pending), 3 facilities, EPSG:4549)"
        for frame in layers.to_frames().values():
            assert isinstance(frame.index, pd.RangeIndex)

    def test_every_position_is_where_the_file_says(self, folder):
        layers = read_layers(county(folder))
        back = layers.villages.to_crs(4326).geometry
        assert np.allclose(back.x, [120.85, 120.86, 120.95, 120.96], atol=1e-9)
        assert np.allclose(back.y, [29.50, 29.51, 29.50, 29.51], atol=1e-9)

    def test_every_other_layer(self, folder):
        write(folder / "homes.csv", HOMES)
        write(folder / "candidates.csv", "编号,名称,所在村,经度,纬度,建设投资(万元)\n1,旧校,后岸村,120.85,29.5,6.5\n")
        polygons(folder / "city.geojson", [shapely.box(120.9, 29.5, 120.92, 29.52)], name=["城区"])
        polygons(folder / "wall.geojson", [shapely.LineString([(120.85, 29.5), (120.86, 29.5)])], name=["高速"])
        write(folder / "dem.tif", "x")
        layers = read_layers(
            county(
                folder,
                natural_villages={"path": "homes.csv"},
                candidates={"path": "candidates.csv"},
                urban_area={"path": "city.geojson"},
                barriers={"path": "wall.geojson"},
                elevation={"path": "dem.tif"},
            )
        )
        assert layers.natural_villages["natural_village_id"].tolist() == ["N1", "N2"]
        assert layers.natural_villages["population"].tolist() == [100, 200]
        assert layers.villages["population"].tolist()[0] == 300  # never added to
        assert layers.candidates["village_id"].tolist() == ["330624102201"]
        assert layers.candidates["build_cost"].tolist() == [65_000.0]
        assert layers.urban_area.geometry.area.iloc[0] > 1e6
        assert layers.barriers.geometry.length.iloc[0] == pytest.approx(970, abs=5)
        assert {"village_by_name", "header_unit"} <= set(by_code(layers))

    def test_all_errors_of_all_layers_come_at_once(self, folder):
        write(folder / "villages.csv", VILLAGES.replace("500", "abc").replace("330624103201", "330624102201"))
        write(folder / "facilities.csv", FACILITIES.replace("经度", "a").replace("纬度", "b"))
        (folder / "roads.osm").unlink()
        found = faults_of(county(folder, natural_villages={"path": "none.csv"}, crs="EPSG:4326"))
        assert sorted((fault.layer, fault.code) for fault in found) == [
            ("facilities", "no_position_columns"),
            ("natural_villages", "missing_file"),
            ("region", "crs_not_metric"),
            ("roads", "missing_file"),
            ("villages", "duplicate_id"),
            ("villages", "unreadable_population"),
        ]

    def test_errors_come_first_and_every_row_set_aside_is_still_there(self, folder):
        write(folder / "villages.csv", VILLAGES.replace("120.85,29.50", ",").replace("500", "x"))
        with pytest.raises(LayerError) as caught:
            read_layers(county(folder))
        assert [fault.severity for fault in caught.value.faults] == ["error", "pending"]

    def test_a_broken_boundary_does_not_hide_the_faults_of_other_layers(self, folder):
        write(folder / "boundary.geojson", "{")
        write(folder / "villages.csv", VILLAGES.replace("300", "-300"))
        found = faults_of(county(folder))
        assert [(fault.layer, fault.code) for fault in found] == [
            ("boundary", "unreadable_file"),
            ("villages", "negative_population"),
        ]

    def test_the_same_county_in_other_files_is_the_same_county(self, folder):
        plain = read_layers(county(folder)).villages
        frame = pd.read_csv(folder / "villages.csv", dtype=str)
        lon, lat = frame["经度"].astype(float), frame["纬度"].astype(float)
        gcj = datum.wgs84_to_gcj02(lon, lat)
        frame.assign(经度=gcj[0], 纬度=gcj[1]).to_csv(folder / "gcj.csv", index=False, encoding="gb18030")
        x, y = pyproj.Transformer.from_crs(4326, 4528, always_xy=True).transform(lon, lat)
        frame.assign(X坐标=y, Y坐标=x).drop(columns=["经度", "纬度"]).to_csv(folder / "zone.csv", index=False)
        shapes = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=4326).to_crs(4499)
        pyogrio.write_dataframe(shapes.drop(columns=["经度", "纬度"]), folder / "v.gpkg")
        for source in ({"path": "gcj.csv", "datum": "gcj02"}, {"path": "zone.csv"}, {"path": "v.gpkg"}):
            again = read_layers(county(folder, villages=source)).villages
            assert again.geometry.distance(plain.geometry).max() < 0.001, source
            pd.testing.assert_frame_equal(
                again.drop(columns=["geometry", "source_row"]), plain.drop(columns=["geometry", "source_row"])
            )

    def test_the_region_may_state_the_metric_system(self, folder):
        layers = read_layers(county(folder, crs="EPSG:4528"))
        assert layers.crs == "EPSG:4528"
        assert layers.villages.geometry.x.min() > 40_000_000
        assert error_of(county(folder, crs="EPSG:9999999")).code == "bad_crs"


class TestBoundary:
    def read(self, folder, shapes, **settings):
        crs = settings.pop("file_crs", 4326)
        code = settings.pop("code", "")
        path = folder / "b.gpkg"
        path.unlink(missing_ok=True)
        polygons(path, shapes, crs, **settings.pop("columns", {"a": [1] * len(shapes)}))
        return read_boundary(LayerSource(path="b.gpkg", **settings), path, code=code)

    def test_a_self_intersecting_boundary_is_repaired_and_said(self, tmp_path):
        bow = shapely.Polygon([(120.8, 29.4), (121.0, 29.6), (121.0, 29.4), (120.8, 29.6)])
        reading = self.read(tmp_path, [bow])
        assert reading.checked().geometry.iloc[0].is_valid
        assert reading.checked().geometry.iloc[0].area > 1e8
        assert "shape_repaired" in codes(reading)

    def test_several_shapes_are_dissolved_and_said(self, tmp_path):
        halves = [shapely.box(120.8, 29.4, 120.9, 29.6), shapely.box(120.9, 29.4, 121.0, 29.6)]
        reading = self.read(tmp_path, halves)
        assert reading.checked().geometry.iloc[0].geom_type == "Polygon"
        assert codes(reading)["shapes_dissolved"].count == 2

    def test_the_county_is_picked_by_its_code(self, tmp_path):
        both = [SQUARE, shapely.box(100, 29, 101, 30)]
        reading = self.read(tmp_path, both, columns={"adcode": [330624, 110109]}, code="330624")
        assert str(reading.checked().crs) == "EPSG:4549"
        assert "county_picked" in codes(reading)

    def test_lines_points_and_nothing_are_no_boundary(self, tmp_path):
        assert wanted_error(self.read(tmp_path, [shapely.LineString(SQUARE.exterior)])).code == "not_polygons"
        assert wanted_error(self.read(tmp_path, [SQUARE.centroid])).code == "not_polygons"
        assert wanted_error(self.read(tmp_path, [None])).code == "no_shapes"
        assert wanted_error(self.read(tmp_path, [shapely.Polygon()])).code == "no_shapes"

    def test_a_flat_polygon_has_no_area(self, tmp_path):
        flat = shapely.Polygon([(120.9, 29.4), (120.9001, 29.4), (120.90005, 29.4)])
        assert wanted_error(self.read(tmp_path, [flat])).code in ("boundary_empty", "not_polygons")

    def test_exchanged_and_impossible_numbers(self, tmp_path):
        swapped = shapely.transform(SQUARE, lambda xy: xy[:, ::-1])
        assert wanted_error(self.read(tmp_path, [swapped])).code == "all_swapped"
        assert wanted_error(self.read(tmp_path, [shapely.box(500, 500, 501, 501)])).code == "off_the_earth"

    def test_heights_are_dropped(self, tmp_path):
        reading = self.read(tmp_path, [shapely.force_3d(SQUARE, 100.0)])
        assert not reading.checked().geometry.iloc[0].has_z

    def test_a_shifted_boundary_is_shifted_back(self, tmp_path):
        shifted = shapely.transform(SQUARE, lambda xy: np.column_stack(datum.wgs84_to_gcj02(xy[:, 0], xy[:, 1])))
        reading = self.read(tmp_path, [shifted], datum="gcj02")
        back = reading.checked().to_crs(4326).geometry.iloc[0]
        assert shapely.hausdorff_distance(back, SQUARE) < 1e-8
        assert "datum_converted" in codes(reading)

    def test_a_shifted_datum_does_not_go_with_metres(self, tmp_path):
        metres = gpd.GeoSeries([SQUARE], crs=4326).to_crs(4549).iloc[0]
        assert wanted_error(self.read(tmp_path, [metres], file_crs=4549, datum="gcj02")).code == "datum_on_projected"

    @pytest.mark.parametrize("crs", [4610, 4214, 2327 + 43, 2436])
    def test_old_datums_are_said_to_be_inexact(self, tmp_path, crs):
        old = gpd.GeoSeries([SQUARE], crs=4490).to_crs(crs).iloc[0]
        assert "datum_shift_inexact" in codes(self.read(tmp_path, [old], file_crs=crs))

    @pytest.mark.parametrize("crs", [4326, 4490, 4549, 4528, 32651])
    def test_others_are_not(self, tmp_path, crs):
        shape = gpd.GeoSeries([SQUARE], crs=4326).to_crs(crs).iloc[0]
        assert not self.read(tmp_path, [shape], file_crs=crs).faults

    def test_utm_outside_china(self, tmp_path):
        assert str(self.read(tmp_path, [shapely.box(1.4, 42.4, 1.8, 42.7)]).checked().crs) == "EPSG:32631"

    def test_a_file_without_a_system(self, tmp_path):
        shape = gpd.GeoSeries([SQUARE], crs=4326).to_crs(4528).iloc[0]
        for name, geometry, code in (("a", SQUARE, "crs_assumed"), ("b", shape, "crs_guessed")):
            path = tmp_path / f"{name}.shp"
            polygons(path, [geometry], a=[1])
            path.with_suffix(".prj").unlink()
            reading = read_boundary(LayerSource(path=path.name), path)
            assert code in codes(reading)
            assert str(reading.checked().crs) == "EPSG:4549"
        plain = gpd.GeoSeries([SQUARE], crs=4326).to_crs(4549).iloc[0]
        path = tmp_path / "c.shp"
        polygons(path, [plain], a=[1])
        path.with_suffix(".prj").unlink()
        assert wanted_error(read_boundary(LayerSource(path="c.shp"), path)).code == "crs_unknown"
        assert not read_boundary(LayerSource(path="c.shp", crs="EPSG:4549"), path).faults
        assert wanted_error(read_boundary(LayerSource(path="c.shp", crs="nonsense"), path)).code == "bad_crs"


class TestPositions:
    HEAD = "区划代码,行政村名称,乡镇,常住人口,"

    def test_rows_without_a_place_are_set_aside(self, folder):
        lines = ["120.85,29.5", ",", "0,0", "某处,29.5", "1.5,42.5", "29.5,120.85", "120.5,29.5", "120.85,"]
        rows = [f"3306241022{n:02d},村{n},甲镇,10,{line}" for n, line in enumerate(lines, start=1)]
        reading = villages(folder, "\n".join([self.HEAD + "经度,纬度", *rows]))
        assert reading.checked()["pending"].tolist() == [
            "", *["no_coordinates"] * 5, "outside_county", "no_coordinates",
        ]  # fmt: skip
        found = codes(reading)
        assert found["no_coordinates"].rows == (3, 4, 5, 6, 9)
        assert "空 3，无法识别 1，超出范围 1" in found["no_coordinates"].found.zh
        assert found["swapped_coordinates"].rows == (7,)
        assert found["outside_county"].rows == (8,)
        assert {found[code].severity for code in found} == {Severity.PENDING}
        missing = reading.checked().geometry.isna()
        assert missing.tolist() == [place == "no_coordinates" for place in reading.checked()["pending"]]

    @pytest.mark.parametrize(
        ("head", "place", "note"),
        [
            ("经度,纬度", "120°51′00″,29°30′00″", "degrees_guessed"),
            ("经度,纬度", "120.51.00,29.30.00", "degrees_guessed"),
            ("经度,纬度", "E120.85,N29.5", "degrees_guessed"),
            ("经度,纬度", "１２０．８５,２９．５", ""),
            ("经度(度),经度(分),经度(秒),纬度(度),纬度(分),纬度(秒)", "120,51,0,29,30,0", "degrees_guessed"),
            ("经度(度),纬度(度)", "120.85,29.5", ""),
            ("X,Y", "120.85,29.5", ""),
            ("lng,lat", "120.85,29.5", ""),
            ("经纬度", '"120.85,29.5"', ""),
            ("坐标", '"29.5,120.85"', "latitude_first"),
            ("wkt", "POINT (120.85 29.5)", ""),
        ],
    )
    def test_ways_to_write_a_place(self, folder, head, place, note):
        reading = villages(folder, f"{self.HEAD}{head}\n330624102201,甲村,甲镇,10,{place}\n")
        back = reading.checked().to_crs(4326).geometry.iloc[0]
        assert (back.x, back.y) == (pytest.approx(120.85, abs=1e-9), pytest.approx(29.5, abs=1e-9))
        assert set(codes(reading)) == ({note} if note else set())

    @pytest.mark.parametrize("crs", [4528, 4549, 4499, 4510, 4550])
    @pytest.mark.parametrize("northing_first", [False, True])
    def test_projected_columns_without_a_label(self, folder, crs, northing_first):
        x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(120.85, 29.5)
        pair = f"{y:.4f},{x:.4f}" if northing_first else f"{x:.4f},{y:.4f}"
        reading = villages(folder, f"{self.HEAD}X,Y\n330624102201,甲村,甲镇,10,{pair}\n")
        back = reading.checked().to_crs(4326).geometry.iloc[0]
        assert (back.x, back.y) == (pytest.approx(120.85, abs=1e-7), pytest.approx(29.5, abs=1e-7))
        assert set(codes(reading)) == {"crs_guessed", *(["northing_first"] if northing_first else [])}

    def test_projected_columns_with_a_stated_system(self, folder):
        x, y = pyproj.Transformer.from_crs(4326, 32651, always_xy=True).transform(120.85, 29.5)
        reading = villages(folder, f"{self.HEAD}X,Y\n330624102201,甲村,甲镇,10,{x},{y}\n", crs="EPSG:32651")
        assert reading.checked().to_crs(4326).geometry.iloc[0].x == pytest.approx(120.85, abs=1e-7)

    def test_plain_eastings_that_fit_no_zone_are_not_guessed(self, folder):
        reading = villages(folder, f"{self.HEAD}X,Y\n330624102201,甲村,甲镇,10,500000,4500000\n")
        assert wanted_error(reading).code == "crs_unknown"

    def test_all_swapped_all_missing_and_all_outside_stop(self, folder):
        swapped = VILLAGES.replace("经度,纬度", "纬度,经度")
        assert wanted_error(villages(folder, swapped)).code == "all_swapped"
        empty = "\n".join(line.rsplit(",", 2)[0] + ",," for line in VILLAGES.splitlines()[1:])
        fault = wanted_error(villages(folder, VILLAGES.splitlines()[0] + "\n" + empty))
        assert (fault.code, fault.count) == ("no_place_at_all", 4)
        elsewhere = VILLAGES.replace(",120.", ",110.")
        assert wanted_error(villages(folder, elsewhere)).code == "all_outside"
        assert wanted_error(villages(folder, VILLAGES.replace("经度", "a"))).code == "no_position_columns"

    def test_exchanged_headers_are_mended_as_the_message_says(self, folder):
        swapped = VILLAGES.replace("经度,纬度", "纬度,经度")
        reading = villages(folder, swapped, columns={"lon": "纬度", "lat": "经度"})
        assert (reading.checked()["pending"] == "").all()

    def test_a_village_on_the_line_is_inside(self, folder):
        path = write(folder / "v.csv", f"{self.HEAD}经度,纬度\n330624102201,甲村,甲镇,10,120.8,29.4\n")
        ground = Ground.from_boundary(read_boundary(LayerSource(path="b"), folder / "boundary.geojson").checked())
        corner = shapely.Point(shapely.get_coordinates(ground.boundary)[0])
        assert ground.boundary.intersects(corner)
        assert read_villages(LayerSource(path="v.csv"), path, ground).frame is not None

    def test_swapped_rows_outside_china_are_told_by_the_boundary(self, tmp_path):
        polygons(tmp_path / "b.geojson", [shapely.box(1.4, 42.4, 1.8, 42.7)], a=[1])
        ground = Ground.from_boundary(read_boundary(LayerSource(path="b"), tmp_path / "b.geojson").checked())
        path = write(tmp_path / "v.csv", "id,name,population,lon,lat\n1,A,5,1.5,42.5\n2,B,5,42.5,1.5\n")
        reading = read_villages(LayerSource(path="v.csv"), path, ground)
        assert reading.checked()["pending"].tolist() == ["", "no_coordinates"]
        assert "swapped_coordinates" in codes(reading)

    def test_a_layer_read_alone_chooses_its_own_system(self, folder):
        reading = read_villages(LayerSource(path="v"), folder / "villages.csv")
        assert str(reading.checked().crs) == "EPSG:4549"
        assert (reading.checked()["pending"] == "").all()
        reading = read_facilities(LayerSource(path="f"), folder / "facilities.csv")
        assert not reading.checked()["outside_county"].any()

    def test_areas_become_points_inside_and_lines_have_no_place(self, folder):
        area = shapely.box(120.84, 29.49, 120.86, 29.51)
        line = shapely.LineString([(120.84, 29.49), (120.86, 29.51)])
        several = shapely.MultiPoint([(120.84, 29.49), (120.86, 29.51)])
        polygons(folder / "v.gpkg", [area, line, several], name=["甲村", "乙村", "丙村"], population=[1, 2, 3])
        reading = read_villages(LayerSource(path="v"), folder / "v.gpkg")
        assert reading.checked()["pending"].tolist() == ["", "no_coordinates", ""]
        assert reading.checked().geometry.geom_type.dropna().unique().tolist() == ["Point"]
        assert {"areas_to_points", "not_a_place"} <= set(codes(reading))
        assert reading.areas["village_id"].tolist() == ["V0001"]
        assert reading.areas.crs == reading.frame.crs


class TestPopulation:
    HEAD = "区划代码,行政村名称,乡镇,常住人口,经度,纬度\n"

    def rows(self, *people, town="甲镇"):
        return self.HEAD + "".join(
            f'3306241022{n:02d},村{n},{town},"{text}",120.85,29.5\n' for n, text in enumerate(people, start=1)
        )

    def test_guesses_are_listed_with_their_rows(self, folder):
        reading = villages(folder, self.rows("1,234", "1.2万", "约300", "300人", "５０", "7.6"))
        assert reading.checked()["population"].tolist() == [1234, 12000, 300, 300, 50, 8]
        found = codes(reading)
        assert found["numbers_guessed"].rows == (2, 3, 4, 5)
        assert "1.2万 = 12000" in found["numbers_guessed"].found.zh
        assert found["rounded"].rows == (7,)

    @pytest.mark.parametrize("text", ["abc", "三百", "300-400", "1e99"])
    def test_words_stop_the_run(self, folder, text):
        fault = wanted_error(villages(folder, self.rows("10", text)))
        assert (fault.code, fault.rows, fault.ids) == ("unreadable_population", (3,), ("330624102202",))
        assert text in fault.found.en

    def test_negative_people_stop_the_run(self, folder):
        assert wanted_error(villages(folder, self.rows("10", "-5"))).code == "negative_population"

    def test_empty_is_set_aside_and_zero_is_said(self, folder):
        reading = villages(folder, self.rows("10", "", "0", "—"))
        assert reading.checked()["pending"].tolist() == ["", "no_population", "", "no_population"]
        assert reading.checked()["population"].isna().tolist() == [False, True, False, True]
        assert codes(reading)["no_population"].rows == (3, 5)
        assert codes(reading)["zero_population"].rows == (4,)

    def test_the_unit_of_the_header_counts(self, folder):
        reading = villages(folder, self.rows("0.12", "1.5").replace("常住人口", "常住人口（万人）"))
        assert reading.checked()["population"].tolist() == [1200, 15000]
        assert "header_unit" in codes(reading)

    def test_a_header_that_does_not_say_whose_is_said(self, folder):
        assert "people_taken_as_resident" in codes(villages(folder, self.rows("1").replace("常住人口", "总人口")))

    def test_a_figure_no_village_has_is_doubted(self, folder):
        assert "large_population" in codes(villages(folder, self.rows("330624102")))

    def test_missing_people_share_what_is_left_of_the_township(self, folder):
        """甲镇 has 1000 people; 300 are known and three villages have none: 700 = 234 + 233 + 233."""
        reading = villages(folder, self.rows("300", "", "", ""), missing_population="model")
        frame = reading.checked()
        assert frame["population"].tolist() == [300, 234, 233, 233]
        assert frame["population"].sum() == 1000
        assert frame["population_imputed"].tolist() == [False, True, True, True]
        assert (frame["pending"] == "").all()
        assert codes(reading)["population_imputed"].rows == (3, 4, 5)

    def test_without_a_total_missing_people_are_the_median(self, folder):
        reading = villages(folder, self.rows("100", "300", "500", "", town="丁镇"), missing_population="model")
        assert reading.checked()["population"].tolist() == [100, 300, 500, 300]
        reading = villages(folder, self.rows("900", "300", ""), missing_population="model")
        assert reading.checked()["population"].tolist() == [900, 300, 600]

    def test_registered_people_only_on_request(self, folder):
        text = self.rows("10", "20").replace("常住人口", "户籍人口")
        assert wanted_error(villages(folder, text)).code == "only_registered_people"
        path = write(folder / "v.csv", text)
        reading = read_villages(LayerSource(path="v.csv"), path, basis="hukou")
        assert reading.checked()["population"].tolist() == [10, 20]
        assert reading.checked()["population_hukou"].tolist() == [10, 20]
        assert "registered_people" in codes(reading)

    def test_both_figures_stay_apart(self, folder):
        text = self.HEAD.replace("\n", ",户籍人口\n") + "330624102201,甲村,甲镇,10,120.85,29.5,30\n"
        frame = villages(folder, text).checked()
        assert (frame["population"].tolist(), frame["population_hukou"].tolist()) == ([10], [30])


class TestVillages:
    def test_required_columns_are_asked_for_with_the_headers_seen(self, folder):
        fault = wanted_error(villages(folder, VILLAGES.replace("常住人口", "人囗数量")))
        assert fault.code.startswith("missing_column")
        assert "人囗数量" in fault.allowed.zh
        assert "population" in fault.found.en

    def test_duplicate_ids_name_the_rows(self, folder):
        fault = wanted_error(villages(folder, VILLAGES.replace("330624102202", "330624102201")))
        assert (fault.code, fault.rows, fault.ids) == ("duplicate_id", (2, 3), ("330624102201",))

    def test_digits_that_a_spreadsheet_lost_stop_the_run(self, folder):
        text = "区划代码,行政村名称,常住人口,经度,纬度\n3.30624E+11,甲村,1,120.85,29.5\n"
        assert wanted_error(villages(folder, text)).code == "code_digits_lost"

    def test_without_ids_rows_are_numbered(self, folder):
        text = "行政村名称,常住人口,经度,纬度\n甲村,1,120.85,29.5\n乙社区,2,120.85,29.5\n"
        reading = villages(folder, text)
        assert reading.checked()["village_id"].tolist() == ["V0001", "V0002"]
        assert reading.checked()["kind"].tolist() == ["village", "village"]
        assert codes(reading)["communities_as_villages"].ids == ("V0002",)
        some = villages(folder, VILLAGES.replace("330624102202", ""))
        assert some.checked()["village_id"].tolist()[1] == "V0002"
        assert codes(some)["some_ids_made"].rows == (3,)

    def test_a_code_that_lost_a_digit_is_said(self, folder):
        reading = villages(folder, VILLAGES.replace("330624102202", "33062410220"))
        assert codes(reading)["odd_codes"].ids == ("33062410220",)

    def test_nameless_rows_are_called_by_their_id(self, folder):
        reading = villages(folder, VILLAGES.replace("前岸村", ""))
        assert reading.checked()["name"].tolist()[1] == "330624102202"
        assert codes(reading)["nameless"].rows == (3,)

    def test_names_keep_their_own_brackets(self, folder):
        reading = villages(folder, VILLAGES.replace("前岸村", "　前岸（畲族）村 "))
        assert reading.checked()["name"].tolist()[1] == "前岸（畲族）村"

    def test_kinds_and_statuses(self, folder):
        text = (
            "区划代码,行政村名称,类型,村庄状态,常住人口,经度,纬度\n"
            "330624102201,甲村,,整体搬迁,1,120.85,29.5\n330624102001,乙,,整体拆迁城镇化改造,1,120.85,29.5\n"
            "330624102500,丙林场,,搬迁撤并类,1,120.85,29.5\n330624102204,丁村,社区,正常,1,120.85,29.5\n"
            "330624102205,戊村,怪,怪,1,120.85,29.5\n"
        )
        reading = villages(folder, text)
        assert reading.checked()["kind"].tolist() == ["village", "community", "other", "community", "village"]
        assert reading.checked()["status"].tolist() == [
            "relocated", "urbanised", "planned_relocation", "ordinary", "ordinary",
        ]  # fmt: skip
        assert [fault.rows for fault in reading.faults if fault.code == "unknown_word"] == [(6,), (6,)]

    def test_townships_from_code_polygon_and_the_cell_above(self, folder):
        blank = (
            VILLAGES.replace("前岸村,甲镇", "前岸村,").replace("上村,乙乡", "上村,").replace("中社区,乙乡", "中社区,")
        )
        reading = villages(folder, blank)
        assert reading.checked()["township"].tolist() == ["甲镇", "甲镇", "乙乡", "乙乡"]
        assert codes(reading)["township_from_code"].rows == (3,)
        assert codes(reading)["township_from_polygon"].rows == (4, 5)
        towns = ["甲镇", "", "乙乡", ""]
        rows = [f"{town},村{row},1,120.95,29.5" for row, town in enumerate(towns)]
        unmerged = "\n".join(["乡镇,行政村名称,常住人口,经度,纬度", *rows])
        reading = read_villages(LayerSource(path="v.csv"), write(folder / "v.csv", unmerged))
        assert reading.checked()["township"].tolist() == ["甲镇", "甲镇", "乙乡", "乙乡"]
        assert codes(reading)["township_from_above"].rows == (3, 5)

    def test_unknown_and_missing_townships_are_said(self, folder):
        assert codes(villages(folder, VILLAGES.replace("乙乡", "乙镇")))["unknown_township"].count == 2
        path = write(folder / "v.csv", VILLAGES.replace("甲镇", "").replace("乙乡", ""))
        reading = read_villages(LayerSource(path="v.csv"), path)
        assert reading.checked()["township"].tolist() == [""] * 4
        assert codes(reading)["no_township"].count == 4

    def test_optional_columns_are_typed_and_others_kept(self, folder):
        text = (
            "区划代码,行政村名称,常住人口,经度,纬度,65岁及以上,人口年份,边远村,必须保留卫生室,发展类型,坐标来源,心理服务,邮编\n"
            "330624102201,甲村,1,120.85,29.5,12,2020,是,否,鼓励发展村,实测,是,312500\n"
            "330624102202,乙村,1,120.85,29.5,,,,也许,,,,\n"
        )
        frame = villages(folder, text).checked()
        assert frame["population_65"].tolist() == [12, pd.NA]
        assert frame["population_year"].dtype == "Int64"
        assert frame["remote"].tolist() == [True, pd.NA]
        assert frame["must_keep_clinic"].tolist() == [False, pd.NA]
        assert frame["development_class"].tolist() == ["鼓励发展村", ""]
        assert frame["psych_service"].tolist() == [True, pd.NA]
        assert frame["邮编"].tolist() == ["312500", ""]
        assert codes(villages(folder, text))["unknown_flag"].rows == (3,)

    def test_results_read_back_do_not_confuse(self, folder):
        text = "village_id,name,township,population,lon,lat,pending,source_row,geometry,population_imputed\n"
        reading = villages(folder, text + "330624102201,甲村,甲镇,5,120.85,29.5,no_population,9,,True\n")
        frame = reading.checked()
        assert (frame["pending"].tolist(), frame["source_row"].tolist()) == ([""], [2])


class TestNaturalVillages:
    def read(self, folder, text):
        path = write(folder / "homes.csv", text)
        known = read_villages(LayerSource(path="v"), folder / "villages.csv").checked()
        return read_natural_villages(LayerSource(path="homes.csv"), path, villages=known)

    def test_rows_of_unknown_villages_are_set_aside(self, folder):
        reading = self.read(folder, HOMES + "N3,330624109999,北湾,5,120.85,29.5\n")
        assert reading.checked()["natural_village_id"].tolist() == ["N1", "N2"]
        assert (codes(reading)["unknown_village"].severity, codes(reading)["unknown_village"].ids) == (
            "pending",
            ("N3",),
        )

    def test_villages_are_found_by_name(self, folder):
        text = "所属行政村,自然村,经度,纬度\n后岸村委会,东湾,120.85,29.5\n前岸村,西湾,,\n"
        reading = self.read(folder, text)
        assert reading.checked()["village_id"].tolist() == ["330624102201", "330624102202"]
        assert reading.checked()["natural_village_id"].tolist() == ["N0001", "N0002"]
        assert reading.checked()["pending"].tolist() == ["", "no_coordinates"]

    def test_a_name_that_two_villages_bear_is_not_guessed(self, folder):
        write(folder / "villages.csv", VILLAGES.replace("前岸村", "后岸村"))
        text = "所属行政村,自然村,经度,纬度\n后岸村,东湾,120.85,29.5\n前岸,x,120.85,29.5\n上村,西湾,120.85,29.5\n"
        reading = self.read(folder, text)
        assert reading.checked()["village_id"].tolist() == ["330624103201"]
        assert codes(reading)["unknown_village"].count == 2

    def test_without_village_or_name_it_stops(self, folder):
        reading = self.read(folder, "自然村,人口,经度,纬度\n东湾,5,120.85,29.5\n")
        assert wanted_error(reading).code.startswith("missing_column")


class TestFacilities:
    HEAD = "机构代码,机构名称,机构类别,经度,纬度"

    def test_tiers_guessed_from_words_and_names_are_listed(self, folder):
        text = (
            f"{self.HEAD}\nA,甲,甲级村卫生室,120.85,29.5\nB,后岸村卫生室,,120.85,29.5\nC,丙,药房,120.85,29.5\n"
            "D,某县人民医院,综合医院,120.85,29.5\nE,戊,乡镇卫生院,120.85,29.5\nF,己,村卫生宝,120.85,29.5\n"
        )
        reading = facilities(folder, text)
        assert reading.checked()["tier"].tolist() == [
            "village_clinic", "village_clinic", "other", "county_hospital", "township_hospital", "other",
        ]  # fmt: skip
        assert set(reading.checked()["tier"]) <= set(TIERS)
        found = codes(reading)
        assert found["tier_from_name"].rows == (3,)
        assert found["tier_guessed"].rows == (2, 5)
        assert found["unknown_tier"].rows == (4, 7)
        assert "村卫生宝 (≈ 村卫生" in found["unknown_tier"].found.zh

    def test_no_known_tier_stops_the_run(self, folder):
        fault = wanted_error(facilities(folder, f"{self.HEAD}\nA,甲,药房,120.85,29.5\nB,乙,超市,120.85,29.5\n"))
        assert fault.code == "no_known_tier"
        assert "药房" in fault.found.zh

    def test_register_codes_ask_the_name(self, folder):
        reading = facilities(folder, f"{self.HEAD}\nA,后岸村卫生室,D600,120.85,29.5\n")
        assert reading.checked()["tier"].tolist() == ["village_clinic"]
        assert "tier_guessed" in codes(reading)

    def test_columns_of_the_design(self, folder):
        extra = (
            "床位数,房屋产权,业务用房性质,主办单位,服务能力标准,医保定点,村医年龄,设备,业务用房面积(m2),年诊疗人次,"
            "中医馆,备注"
        )
        cells = '12张,公有,村医家中,村办,未达标,是,58；63,听诊器、血压计,80.5,"1,200",是,新'
        text = f"{self.HEAD},{extra}\nA,甲,村卫生室,120.85,29.5,{cells}\n"
        row = facilities(folder, text).checked().iloc[0]
        assert (row["beds"], row["visits"], row["floor_area_m2"]) == (12, 1200, 80.5)
        assert (row["ownership"], row["premises"], row["sponsor"], row["standard"]) == (
            "public", "doctor_home", "village", "none",
        )  # fmt: skip
        assert (row["insured"], row["doctor_ages"], row["equipment"]) == (True, "58;63", "听诊器;血压计")
        assert (row["tcm_hall"], row["备注"]) == (True, "新")

    def test_an_empty_cell_is_unknown_never_zero_or_no(self, folder):
        text = f"{self.HEAD},床位数,医保定点,房屋产权,运行状态,村医年龄\nA,甲,村卫生室,120.85,29.5,,,,,\n"
        row = facilities(folder, text).checked().iloc[0]
        assert pd.isna(row["beds"])
        assert pd.isna(row["insured"])
        assert (row["ownership"], row["operating"], row["doctor_ages"]) == ("", "", "")

    def test_public_title_as_a_question(self, folder):
        text = f"{self.HEAD},公有产权\nA,甲,村卫生室,120.85,29.5,是\nB,乙,村卫生室,120.85,29.5,否\n"
        assert facilities(folder, text).checked()["ownership"].tolist() == ["public", "private"]

    def test_operating_words(self, folder):
        cells = ["正常运行", "停诊", "注销", "挂牌未营业", "有室无医", "", "半开"]
        rows = "\n".join(f"A{n},甲,村卫生室,120.85,29.5,{text}" for n, text in enumerate(cells))
        reading = facilities(folder, f"{self.HEAD},运行状态\n{rows}\n")
        assert reading.checked()["operating"].tolist() == ["yes", "no", "no", "no", "no", "", ""]
        assert codes(reading)["unknown_word"].rows == (8,)

    def test_negative_and_unreadable_figures_are_unknown_and_said(self, folder):
        text = f"{self.HEAD},床位数\nA,甲,村卫生室,120.85,29.5,-1\nB,乙,村卫生室,120.85,29.5,若干\n"
        reading = facilities(folder, text)
        assert reading.checked()["beds"].isna().all()
        assert {"negative_number", "unreadable_number"} <= set(codes(reading))

    def test_facilities_over_the_border_are_allowed(self, folder):
        reading = facilities(folder, f"{self.HEAD}\nA,甲,村卫生室,121.5,29.5\nB,乙,村卫生室,,\n")
        assert reading.checked()["outside_county"].tolist() == [True, False]
        assert reading.checked()["pending"].tolist() == ["", "no_coordinates"]

    def test_without_ids_or_a_type_column(self, folder):
        reading = facilities(folder, "机构名称,经度,纬度\n后岸村卫生室,120.85,29.5\n某药店,120.85,29.5\n")
        assert reading.checked()["facility_id"].tolist() == ["F0001", "F0002"]
        assert reading.checked()["tier"].tolist() == ["village_clinic", "other"]
        assert {"ids_made", "tier_from_name", "unknown_tier"} <= set(codes(reading))

    def test_candidates_without_a_village_are_unknown(self, folder):
        path = write(folder / "c.csv", "编号,名称,经度,纬度\n1,旧校,120.85,29.5\n2,,120.85,\n")
        frame = read_candidates(LayerSource(path="c.csv"), path).checked()
        assert frame["candidate_id"].tolist() == ["1", "2"]
        assert frame["village_id"].tolist() == ["", ""]
        assert frame["name"].tolist() == ["旧校", "2"]
        assert frame["pending"].tolist() == ["", "no_coordinates"]


class TestShapes:
    def test_parts_of_a_township_are_joined(self, tmp_path):
        shapes = [shapely.box(0.1 * n, 0, 0.1 * n + 0.1, 0.1) for n in range(3)]
        path = polygons(tmp_path / "t.gpkg", shapes, 乡镇=["甲镇", "乙乡", "甲镇"], 人口=[5, 6, 5])
        reading = read_townships(LayerSource(path="t"), path)
        assert reading.checked()["township"].tolist() == ["甲镇", "乙乡"]
        assert reading.checked()["population"].tolist() == [5, 6]
        assert reading.checked().geometry.iloc[0].geom_type == "MultiPolygon"
        assert "township_parts_joined" in codes(reading)

    def test_townships_need_names_and_polygons(self, tmp_path):
        path = polygons(tmp_path / "t.gpkg", [shapely.box(0, 0, 1, 1)], q=["甲镇"])
        assert wanted_error(read_townships(LayerSource(path="t"), path)).code.startswith("missing_column")
        path = write(tmp_path / "t.csv", "乡镇,常住人口\n甲镇,5\n")
        assert wanted_error(read_townships(LayerSource(path="t.csv"), path)).code == "no_shapes"

    def test_barriers_are_lines_or_polygons(self, tmp_path):
        shapes = [shapely.LineString([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1), shapely.Point(0, 0)]
        path = polygons(tmp_path / "w.geojson", shapes, name=["a", "b", "c"])
        reading = read_barriers(LayerSource(path="w"), path)
        assert reading.checked().geometry.geom_type.tolist() == ["LineString", "Polygon"]
        assert codes(reading)["shapes_left_out"].rows == (3,)
        path = polygons(tmp_path / "p.geojson", [shapely.Point(0, 0)], name=["c"])
        assert wanted_error(read_barriers(LayerSource(path="p"), path)).code == "not_lines"

    def test_built_up_area(self, tmp_path):
        path = polygons(tmp_path / "u.geojson", [shapely.box(0, 0, 0.1, 0.1), shapely.Point(0, 0)], name=["a", "b"])
        reading = read_urban_area(LayerSource(path="u"), path)
        assert len(reading.checked()) == 1
        assert "shapes_left_out" in codes(reading)


class TestWords:
    def test_every_fault_says_something_in_both_languages_with_the_same_values(self):
        import string

        text = resources.files("clinicplan.words").joinpath("layers.toml").read_text(encoding="utf-8")
        for code, parts in tomllib.loads(text).items():
            assert set(parts) == {"found", "allowed", "remedy"}, code
            assert parts["found"]["zh"], code
            for part in parts.values():
                fields = [
                    {field for _, field, _, _ in string.Formatter().parse(part[lang]) if field} for lang in ("zh", "en")
                ]
                assert fields[0] == fields[1], code
                assert bool(part["zh"]) == bool(part["en"]), code

    def test_words_are_found_by_name(self):
        assert words.phrase("layers.zero_population.found", count=3).zh.startswith("3")


class TestRealData:
    def test_the_counties_of_the_client(self):
        path = SHARED / "data" / "cn-boundaries" / "counties_tianditu_wgs84.geojson"
        if not path.is_file():
            pytest.skip("real boundaries are not here")
        reading = read_boundary(LayerSource(path=path.name), path, code="330624")
        assert str(reading.checked().crs) == "EPSG:4549"
        assert reading.checked().geometry.iloc[0].area == pytest.approx(1.21e9, rel=0.02)
        assert "county_picked" in codes(reading)

    def test_andorra(self):
        path = SHARED / "data" / "andorra" / "admin_osm.geojson"
        if not path.is_file():
            pytest.skip("the extract is not here")
        reading = read_townships(LayerSource(path=path.name, columns={"township": "name"}), path)
        assert str(reading.checked().crs) == "EPSG:32631"
        assert len(reading.checked()) >= 7

    def test_village_codes_of_five_places(self, tmp_path):
        path = SHARED / "data" / "cn-villages-2023" / "villages_2023.csv"
        if not path.is_file():
            pytest.skip("the village lists are not here")
        frame = pd.read_csv(path, dtype=str)
        frame["population"], frame["lon"], frame["lat"] = "100", "120.9", "29.5"
        frame.to_csv(tmp_path / "v.csv", index=False, encoding="gb18030")
        reading = read_villages(LayerSource(path="v.csv"), tmp_path / "v.csv")
        villages = reading.checked()
        assert villages["village_id"].tolist() == frame["village_code"].tolist()
        assert villages["name"].tolist() == frame["village"].tolist()
        assert villages["township"].tolist() == frame["town"].tolist()
        assert not reading.faults


def test_the_region_file_is_all_it_takes(folder):
    write(
        folder / "region.toml",
        'name = "某县"\ncode = "330624"\n[layers.boundary]\npath = "boundary.geojson"\n[layers.villages]\n'
        'path = "villages.csv"\n[layers.facilities]\npath = "facilities.csv"\n[layers.roads]\npath = "roads.osm"\n',
    )
    assert len(read_layers(read_region(folder)).villages) == 4


@pytest.mark.parametrize("case", json.loads("[0, 1, 2, 3, 4, 5]"))
def test_no_change_of_a_file_changes_totals_in_silence(folder, case):
    """Each mutation ends in an error, in a warning, or in the same total of 1,900 people in four villages."""
    lines = VILLAGES.splitlines()
    mutations = [
        [*lines, lines[1]],
        [*lines[:2], lines[2] + ",x", *lines[3:]],
        [lines[0], "合计,,,1900,,", *lines[1:]],
        [line.replace(",", "\t") for line in lines],
        [*lines[:3], *[line.replace("200", "２００") for line in lines[3:]]],
        [*lines[:3], '"' + lines[3], *lines[4:]],
    ]
    write(folder / "villages.csv", "\n".join(mutations[case]))
    try:
        layers = read_layers(county(folder))
    except LayerError:
        return
    assert layers.faults or (layers.villages["population"].sum() == 1900 and len(layers.villages) == 4)
