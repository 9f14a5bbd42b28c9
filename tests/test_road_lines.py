"""A county's own road layer: classes from Chinese fields, joined at shared vertices, every guess counted.

One layer is drawn in EPSG:4549, metres, around (500000, 3264000): a 县道 from (0, 0) to (2000, 0) with a vertex at
(1000, 0), a 村道 from there north to (1000, 600), a 机耕路 that ends 0.5 m short of the 县道 at (1500, 0.5), and a
bridge road that crosses the 县道 at (500, 0) without a vertex.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, MultiLineString, Point, affinity

from clinicplan.datum import wgs84_to_gcj02
from clinicplan.errors import NetworkError, fault_line
from clinicplan.region import LayerSource
from clinicplan.roads import RoadLayer, scan_roads
from clinicplan.roads.lines import road_class
from clinicplan.speeds import read_speeds

CRS = "EPSG:4549"
X, Y = 500_000.0, 3_264_000.0


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(X + x, Y + y) for x, y in points])


LINES = [
    line((0, 0), (1000, 0), (2000, 0)),
    line((1000, 0), (1000, 600)),
    line((1500, 0.5), (1500, 900)),
    line((500, -300), (500, 300)),
]
FIELDS = {
    "行政等级": ["县道", "村道", "", "乡道"],
    "技术等级": ["三级", "四级公路", "机耕路", ""],
    "路面类型": ["沥青混凝土", "水泥", "土路", ""],
    "路线名称": ["拔茅线", "后岸村道", None, "大桥路"],
    "限速": [40, 20, 0, np.nan],
    "单行": ["否", "", "", "是"],
    "OBJECTID": [11, 12, 13, 14],
}


def county_roads(**changes: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({**FIELDS, **changes}, geometry=LINES, crs=CRS)


def read(tmp_path: Path, frame: gpd.GeoDataFrame, name: str = "农村公路.gpkg", **options: object) -> RoadLayer:
    path = tmp_path / name
    frame.to_file(path, **options)
    return scan_roads(path, crs=CRS)


def noted(layer: RoadLayer) -> dict[str, int]:
    return {fault.code: fault.count for fault in layer.report.faults}


def test_chinese_fields_become_classes_surfaces_and_limits(tmp_path: Path) -> None:
    ways = read(tmp_path, county_roads()).ways
    assert ways["way_id"].tolist() == [11, 12, 13, 14]
    assert ways["highway"].tolist() == ["tertiary", "unclassified", "track", "tertiary"]
    assert ways["surface"].tolist() == ["asphalt", "concrete", "dirt", ""]
    assert ways["name"].tolist() == ["拔茅线", "后岸村道", "", "大桥路"]
    assert ways["maxspeed"].tolist() == ["40", "20", "", ""]
    assert ways["oneway"].tolist() == ["no", "", "", "yes"]


def test_lines_join_at_shared_vertices_only(tmp_path: Path) -> None:
    layer = read(tmp_path, county_roads())
    car = layer.network(read_speeds().mode("car"))
    assert layer.segment_tail.size == 5
    assert np.bincount(car.component).tolist() == [4, 2, 2]
    assert noted(layer)["loose_ends"] == 1


def test_times_come_from_class_surface_and_limit(tmp_path: Path) -> None:
    """600 m of 村道 at 20 km/h (its limit; the class has 30) is 108 s, up to the map scale."""
    layer = read(tmp_path, county_roads())
    car = layer.network(read_speeds().mode("car"))
    assert car.time_ms[car.segment == 2] / 1000 == pytest.approx(108, rel=1e-3)
    assert car.time_ms[car.segment == 3] / 1000 == pytest.approx(899.5 * 3.6 / (15 * 0.7), rel=1e-3)


def test_lengths_are_those_of_the_ground_and_not_of_the_map(tmp_path: Path) -> None:
    shifted = county_roads()
    shifted["geometry"] = [affinity.translate(shape, 140_000) for shape in LINES]
    layer = read(tmp_path, shifted)
    ground = layer.segment_length_mm.sum() / 1000
    assert shifted.length.sum() / ground == pytest.approx(1 + (140_000 / 6.37e6) ** 2 / 2, rel=2e-5)


@pytest.mark.parametrize(("encoding", "length"), [("UTF-8", 3), ("GBK", 4)])
def test_a_shapefile_without_a_codepage_file_is_read(tmp_path: Path, encoding: str, length: int) -> None:
    """Its names have at most ten bytes: 行政等 in UTF-8, 行政等级 in GBK."""
    frame = county_roads()[["行政等级", "路线名称", "geometry"]].rename(
        columns=lambda name: name[:length] if name != "geometry" else name
    )
    path = tmp_path / "roads.shp"
    frame.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    layer = scan_roads(path, crs=CRS)
    assert layer.ways["highway"].tolist() == ["secondary", "unclassified", "unclassified", "tertiary"]
    assert layer.ways["name"].tolist()[:2] == ["拔茅线", "后岸村道"]


def test_a_shifted_datum_is_undone(tmp_path: Path) -> None:
    plain = read(tmp_path, county_roads(), "plain.gpkg")
    moved = county_roads().to_crs(4326)
    moved["geometry"] = [
        LineString(np.column_stack(wgs84_to_gcj02(*np.array(shape.coords).T))) for shape in moved.geometry
    ]
    path = tmp_path / "moved.geojson"
    moved.to_file(path, COORDINATE_PRECISION=12)
    layer = scan_roads(path, crs=CRS, source=LayerSource(path=str(path), datum="gcj02"))
    assert layer.node_x.size == plain.node_x.size
    assert np.sort(layer.node_x) == pytest.approx(np.sort(plain.node_x), abs=0.02)


def test_a_row_without_a_known_class_takes_the_default_and_is_counted(tmp_path: Path) -> None:
    layer = read(tmp_path, county_roads(行政等级=["县道", "村道", "?", ""], 技术等级=["", "", "9", ""]))
    assert layer.ways["highway"].tolist() == ["secondary", "unclassified", "unclassified", "unclassified"]
    assert noted(layer)["default_classes"] == 2
    note = next(fault for fault in layer.report.faults if fault.code == "default_classes")
    assert "9 / ? (1)" in fault_line(note, "zh")
    assert "假设" in fault_line(note, "zh")


def test_a_layer_without_a_class_field_says_which_fields_it_has(tmp_path: Path) -> None:
    layer = read(tmp_path, gpd.GeoDataFrame({"a": [1, 2, 3, 4]}, geometry=LINES, crs=CRS))
    assert set(layer.ways["highway"]) == {"unclassified"}
    assert noted(layer)["no_class_field"] == 4


def test_an_own_table_adds_words(tmp_path: Path) -> None:
    own = tmp_path / "speeds.toml"
    own.write_text('[road_layer]\nclass_fields = ["JB"]\n[road_layer.classes]\n"九级" = "track"\n', encoding="utf-8")
    path = tmp_path / "roads.gpkg"
    gpd.GeoDataFrame({"jb": ["九级", "四级", "一级", "二级"]}, geometry=LINES, crs=CRS).to_file(path)
    layer = scan_roads(path, crs=CRS, speeds=read_speeds(own))
    assert layer.ways["highway"].tolist() == ["track", "unclassified", "trunk", "primary"]


@pytest.mark.parametrize(
    ("text", "highway"),
    [
        ("国道", "trunk"),
        ("省道", "primary"),
        ("县道", "secondary"),
        ("乡道", "tertiary"),
        ("村道", "unclassified"),
        ("G104", "trunk"),
        ("X301", "secondary"),
        ("Y012330624", "tertiary"),
        ("C", "unclassified"),
        ("四级公路", "unclassified"),
        ("四级（双车道）", "unclassified"),
        ("一级公路", "trunk"),
        ("等外路", "track"),
        ("Residential", "residential"),
        ("track_grade3", "track"),
        ("construction", "construction"),
        ("Cinder", ""),
        ("", ""),
        ("7", ""),
    ],
)
def test_each_word_of_a_class_field_has_one_meaning(text: str, highway: str) -> None:
    assert road_class(text, read_speeds()) == highway


def test_geofabriks_own_columns_are_understood(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "osm_id": ["5", "6", "7", "8"],
            "fclass": ["primary", "track_grade4", "steps", "motorway"],
            "oneway": ["B", "F", "T", "F"],
            "maxspeed": [0, 30, 0, 100],
            "bridge": ["F", "T", "F", "F"],
            "tunnel": ["F", "F", "T", "F"],
        },
        geometry=LINES,
        crs=CRS,
    )
    layer = read(tmp_path, frame)
    assert layer.ways["oneway"].tolist() == ["no", "yes", "-1", "yes"]
    assert layer.ways["maxspeed"].tolist() == ["", "30", "", "100"]
    assert layer.ways["bridge"].tolist() == ["", "yes", "", ""]
    assert layer.ways["tunnel"].tolist() == ["", "", "yes", ""]
    assert layer.barrier_kind.tolist() == ["motorway"]


def test_parts_of_a_multiline_are_one_way_and_heights_are_dropped(tmp_path: Path) -> None:
    shape = MultiLineString([[(X, Y, 5.0), (X + 100, Y, 9.0)], [(X + 300, Y, 5.0), (X + 400, Y, 5.0)]])
    layer = read(tmp_path, gpd.GeoDataFrame({"highway": ["track"]}, geometry=[shape], crs=CRS))
    assert layer.ways["way_id"].tolist() == [1, 1]
    assert layer.segment_tail.size == 2


def test_points_or_areas_are_no_roads(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"highway": ["track"]}, geometry=[Point(X, Y)], crs=CRS)
    with pytest.raises(NetworkError) as caught:
        read(tmp_path, points)
    assert caught.value.faults[0].code == "not_lines"
    assert "Point" in str(caught.value)


def test_a_file_that_gdal_cannot_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    path.write_bytes(b"no geopackage at all")
    with pytest.raises(NetworkError, match=r"roads\.gpkg"):
        scan_roads(path, crs=CRS)
    (tmp_path / "roads.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(NetworkError):
        scan_roads(tmp_path / "roads.csv", crs=CRS)
