"""Each question of the check has a case that triggers it and one that does not; the lines say what a planner needs."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import Point, box

from clinicplan.check.datum_check import identify_datum
from clinicplan.check.duplicates import suspected_duplicates
from clinicplan.check.inspection import MOST_LINES_OF_A_KIND, Figure, Inspection
from clinicplan.check.layer_check import (
    CheckedLayer,
    faults_of_coarse_coordinates,
    faults_of_copied_coordinates,
    faults_of_datum,
    faults_of_duplicates,
    faults_of_empty_townships,
    faults_of_matches,
    faults_of_township_sums,
    faults_of_unknown_villages,
    faults_of_villages_without_clinic,
)
from clinicplan.check.matching import match_own_clinics
from clinicplan.check.road_check import (
    PointsOnRoads,
    faults_of_cut_off_parts,
    faults_of_extent,
    faults_of_villages_off_roads,
    road_parts,
)
from clinicplan.check.road_distance import road_distance_between
from clinicplan.datum import wgs84_to_gcj02
from clinicplan.errors import Fault, Phrase, Severity
from clinicplan.network import RoadNetwork
from clinicplan.network.snapping import find_access

CRS = "EPSG:4549"
SHARED = Path(__file__).resolve().parents[2] / "shared"
COUNTY = box(500_000, 3_260_000, 530_000, 3_290_000)


def layer(name, places, /, **columns):
    """A layer of points; the first column is its id, file rows start at 3."""
    frame = gpd.GeoDataFrame(
        {**columns, "source_row": np.arange(3, 3 + len(places))},
        geometry=gpd.GeoSeries([None if place is None else Point(*place) for place in places], crs=CRS),
    )
    return CheckedLayer(name, f"{name}.xlsx", frame)


def villages(places, **columns):
    n = len(places)
    table = {
        "village_id": [f"V{i}" for i in range(n)],
        "name": [f"村{i}" for i in range(n)],
        "township": ["儒岙镇"] * n,
        "kind": ["village"] * n,
        "status": ["ordinary"] * n,
        "population": pd.array([100] * n, dtype="Int64"),
        "pending": [""] * n,
    }
    return layer("villages", places, **(table | columns))


def facilities(places, **columns):
    n = len(places)
    table = {
        "facility_id": [f"F{i}" for i in range(n)],
        "name": [f"机构{i}" for i in range(n)],
        "tier": ["village_clinic"] * n,
        "township": ["儒岙镇"] * n,
        "village_id": [""] * n,
        "operating": ["yes"] * n,
        "outside_county": [False] * n,
        "pending": [""] * n,
    }
    return layer("facilities", places, **(table | columns))


def townships(names, **columns):
    shapes = [box(0, 0, 1, 1)] * len(names)
    frame = gpd.GeoDataFrame({"township": names, **columns, "source_row": range(2, 2 + len(names))}, geometry=shapes)
    return CheckedLayer("townships", "townships.gpkg", frame.set_crs(CRS))


def codes(faults):
    return [item.code for item in faults]


# Layers


def test_copied_coordinates_are_listed_by_group_with_rows_and_ids():
    found = faults_of_copied_coordinates(villages([(0, 0), (5, 5), (0, 0), (5, 5), (0, 0), (9, 9), None, None]))
    assert [(item.rows, item.ids, item.count) for item in found] == [
        ((3, 5, 7), ("V0", "V2", "V4"), 3),
        ((4, 6), ("V1", "V3"), 2),
    ]
    assert all(item.severity is Severity.NOTE for item in found)


def test_different_or_missing_coordinates_are_not_copies():
    assert faults_of_copied_coordinates(villages([(0, 0), (0, 0.01), None, None])) == []


def test_three_decimals_are_coarse_and_five_are_not():
    places = villages([(0, 0)] * 4)
    lon = np.array([120.912, 120.91234, 120.9, np.nan])
    lat = np.array([29.501, 29.50123, 29.51, np.nan])
    [found] = faults_of_coarse_coordinates(places, lon, lat)
    assert found.ids == ("V0", "V2")
    assert faults_of_coarse_coordinates(places, lon + 0.00012, lat) == []


def test_coarse_coordinates_are_recognised_after_conversion_from_gcj02():
    """120.912, 29.501 in GCJ-02, converted on reading, is still seen to have three decimals in the file."""
    from pyproj import Transformer

    from clinicplan.check.questions import file_degrees
    from clinicplan.datum import gcj02_to_wgs84

    there = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform
    x, y = there(*gcj02_to_wgs84([120.912, 120.91234], [29.501, 29.50123]))
    places = villages(list(zip(x, y, strict=True)))
    lon, lat = file_degrees(places.frame, CRS, "gcj02")
    np.testing.assert_allclose(lon, [120.912, 120.91234], atol=1e-8)
    [found] = faults_of_coarse_coordinates(places, lon, lat)
    assert found.ids == ("V0",)


@pytest.mark.parametrize(("total", "found"), [(330, 0), (334, 1), (273, 0), (272, 1)])
def test_a_township_may_differ_by_ten_percent_inclusive(total, found):
    """300 people in villages: 10 % of 330 is 33 (30 apart), of 334 33.4 (34), of 273 27.3 (27), of 272 27.2 (28)."""
    sums = faults_of_township_sums(villages([(0, 0)] * 3), townships(["儒岙镇"], population=[total]))
    assert len(sums) == found


def test_a_township_sum_says_how_many_villages_gave_no_figure():
    people = pd.array([100, None, 100], dtype="Int64")
    [item] = faults_of_township_sums(
        villages([(0, 0)] * 3, population=people), townships(["儒岙镇"], population=[1000])
    )
    assert item.code == "township_sum_incomplete"
    assert "200" in item.found.zh
    assert "1 个村" in item.found.zh
    assert "80.0%" in item.found.zh
    assert item.rows == (2,)


def test_rural_totals_are_compared_with_villages_only():
    homes = villages([(0, 0)] * 3, kind=["village", "village", "community"])
    assert faults_of_township_sums(homes, townships(["儒岙镇"], rural_population=[200])) == []
    assert len(faults_of_township_sums(homes, townships(["儒岙镇"], rural_population=[300]))) == 1


def test_townships_without_a_total_or_villages_have_no_sum():
    assert faults_of_township_sums(villages([(0, 0)]), townships(["儒岙镇", "沃洲镇"])) == []
    assert faults_of_township_sums(villages([(0, 0)]), townships(["沃洲镇"], population=[5])) == []


def test_a_township_that_no_village_names_is_listed():
    homes = villages([(0, 0)], township=["儒岙"])
    [item] = faults_of_empty_townships(homes, townships(["儒岙镇", "沃洲镇"]))
    assert item.ids == ("沃洲镇",)


@pytest.mark.parametrize(
    ("name", "code", "severity"),
    [
        ("facilities", "facilities_unknown_village", Severity.NOTE),
        ("natural_villages", "natural_villages_unknown_village", Severity.PENDING),
        ("candidates", "candidates_unknown_village", Severity.NOTE),
    ],
)
def test_village_ids_that_no_village_has_are_listed(name, code, severity):
    ids = {"facilities": "facility_id", "natural_villages": "natural_village_id", "candidates": "candidate_id"}
    rows = layer(name, [(0, 0)] * 3, **{ids[name]: ["A", "B", "C"]}, village_id=["V0", "V9", ""])
    [item] = faults_of_unknown_villages(rows, ["V0", "V1"])
    assert (item.code, item.severity, item.ids, item.rows) == (code, severity, ("B",), (4,))
    assert "V9" in item.found.zh
    assert faults_of_unknown_villages(rows, ["V0", "V9"]) == []


def test_clinics_that_fit_no_village_or_several_are_listed():
    homes = villages([(0, 0), (9_000, 0), (20_000, 0)], name=["新村", "新村", "后岸村"])
    clinics = facilities([(0, 0), (500, 0), None, (20_000, 0)], name=["新村卫生室", "惠民", "康民", "后岸村卫生室"])

    def metres(rows, _):
        return np.full(len(rows), 400.0)

    found = faults_of_matches(clinics, match_own_clinics(homes.frame, clinics.frame, road_distance=metres))
    assert codes(found) == ["clinic_ambiguous", "clinic_unmatched", "clinic_by_nearness"]
    assert [item.ids for item in found] == [("F0",), ("F2",), ("F1",)]
    assert "V0、V1" in found[0].found.zh


def test_matched_clinics_raise_nothing():
    homes = villages([(0, 0)], name=["后岸村"])
    clinics = facilities([(0, 0)], name=["后岸村卫生室"])
    assert faults_of_matches(clinics, match_own_clinics(homes.frame, clinics.frame)) == []


def test_villages_without_clinic_leave_out_communities_and_exempt_villages():
    """V0 has a clinic, V1 a service point, V2 only a closed clinic, V3 nothing; V4 is relocated, V5 a community."""
    homes = villages(
        [(0, 0)] * 6,
        kind=["village"] * 5 + ["community"],
        status=["ordinary"] * 4 + ["relocated", "ordinary"],
    )
    clinics = facilities(
        [(0, 0)] * 3,
        village_id=["V0", "V1", "V2"],
        tier=["village_clinic", "service_point", "central_clinic"],
        operating=["", "yes", "no"],
    )
    without, closed = faults_of_villages_without_clinic(homes, clinics, match_own_clinics(homes.frame, clinics.frame))
    assert (without.code, without.ids) == ("village_without_clinic", ("V1", "V3"))
    assert "4 个行政村" in without.found.zh
    assert "1 个只有服务点" in without.found.zh
    assert (closed.code, closed.ids) == ("village_clinic_closed", ("V2",))


def test_a_county_where_every_village_has_a_clinic_raises_nothing():
    homes = villages([(0, 0)])
    clinics = facilities([(0, 0)], village_id=["V0"])
    assert faults_of_villages_without_clinic(homes, clinics, match_own_clinics(homes.frame, clinics.frame)) == []


def test_suspected_duplicates_name_both_and_why():
    clinics = facilities([(0, 0), (0, 80), (0, 5_000)], name=["后岸村卫生室", "上坑村卫生室", "下坑村卫生室"])
    [item] = faults_of_duplicates(clinics, suspected_duplicates(clinics.frame))
    assert item.rows == (3, 4)
    assert "后岸村卫生室 与 上坑村卫生室，相距 80 米" in item.found.zh
    assert faults_of_duplicates(clinics, ()) == []


def test_more_than_two_suspected_duplicates_are_one_note():
    """Doctors in one house: F0, F1, F2 each within 100 m of the next; F3 and F4 are another pair; F5 is alone."""
    clinics = facilities([(0, 0), (100, 0), (200, 0), (9_000, 0), (9_050, 0), (20_000, 0)])
    several, pair = faults_of_duplicates(clinics, suspected_duplicates(clinics.frame))
    assert (several.code, several.ids) == ("suspected_duplicates", ("F0", "F1", "F2"))
    assert (pair.code, pair.ids) == ("suspected_duplicate", ("F3", "F4"))


def test_a_datum_that_is_not_the_declared_one_is_said_in_numbers():
    from pyproj import Transformer

    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(500_000, 530_000, 60))
    y = 3_270_000 + 3_000 * np.sin((x - 500_000) / 900)
    road = np.array([shapely.linestrings(np.c_[x, y])])
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    homes = villages(list(zip(x, y, strict=True)))
    right = identify_datum(lon, lat, road, CRS, declared="cgcs2000")
    assert faults_of_datum(homes, right) == []
    wrong = identify_datum(*wgs84_to_gcj02(lon, lat), road, CRS, declared="cgcs2000")
    [item] = faults_of_datum(homes, wrong, source="微信定位")
    assert item.code == "datum_differs"
    assert 'datum = "gcj02"' in item.remedy.zh
    assert "微信定位" in item.found.zh


# Roads


def grid_of_nodes(west, south, east, north, step=500):
    x, y = np.meshgrid(np.arange(west, east + 1, step), np.arange(south, north + 1, step))
    return x.ravel().astype(float), y.ravel().astype(float)


def test_roads_that_reach_the_margin_raise_nothing():
    x, y = grid_of_nodes(482_000, 3_242_000, 548_000, 3_308_000)
    assert faults_of_extent(x, y, COUNTY, 20, "roads.osm.pbf") == []


def test_an_extract_that_ends_inside_the_margin_names_the_sides():
    x, y = grid_of_nodes(482_000, 3_242_000, 535_000, 3_289_000)
    [item] = faults_of_extent(x, y, COUNTY, 20, "roads.osm.pbf")
    assert (item.code, item.severity, item.count) == ("extract_ends", Severity.NOTE, 2)
    assert "东侧只到县界外 5.0 公里" in item.found.zh
    assert "北侧在县界内 1.0 公里处即止" in item.found.zh
    assert "西侧" not in item.found.zh


def test_one_way_that_runs_on_does_not_hide_the_end_of_an_extract():
    x, y = grid_of_nodes(482_000, 3_242_000, 535_000, 3_308_000)
    x, y = np.append(x, [548_000] * 5), np.append(y, [3_270_000] * 5)
    assert codes(faults_of_extent(x, y, COUNTY, 20, "")) == ["extract_ends"]


def test_roads_of_another_place_are_an_error():
    x, y = grid_of_nodes(700_000, 3_242_000, 720_000, 3_262_000)
    [item] = faults_of_extent(x, y, COUNTY, 20, "roads.osm.pbf")
    assert (item.code, item.severity) == ("roads_elsewhere", Severity.ERROR)
    assert "196 公里" in item.found.zh


def test_roads_only_around_the_county_and_no_roads_at_all_are_errors():
    x, y = grid_of_nodes(535_000, 3_242_000, 548_000, 3_308_000)
    assert codes(faults_of_extent(x, y, COUNTY, 20, "")) == ["no_roads_in_county"]
    assert codes(faults_of_extent(x[:0], y[:0], COUNTY, 20, "")) == ["no_roads"]


def test_without_a_margin_no_side_is_asked_for():
    x, y = grid_of_nodes(505_000, 3_265_000, 525_000, 3_285_000)
    assert faults_of_extent(x, y, COUNTY, 0, "") == []


def two_roads():
    """A road of 2 km along y = 0 (nodes 0-2) and, cut off from it, one of 300 m along y = 5,000 (nodes 3-4)."""
    one_way = {"tail": [0, 1, 3], "head": [1, 2, 4], "length_m": [1_000, 1_000, 300]}
    tail, head = one_way["tail"] + one_way["head"], one_way["head"] + one_way["tail"]
    x, y = [0, 1_000, 2_000, 0, 300], [0, 0, 0, 5_000, 5_000]
    return RoadNetwork.from_edges(tail, head, [60] * 6, length_m=one_way["length_m"] * 2, x=x, y=y)


def points_on(network, places, prefix):
    x, y = np.array(places, dtype=float).reshape(-1, 2).T
    legs = find_access(network, [f"{prefix}{i}" for i in range(len(places))], x, y, tiny_share=0.0)
    return PointsOnRoads(legs.ids, legs.edge)


def test_a_part_that_is_cut_off_names_its_villages_facilities_and_length():
    network = two_roads()
    homes = points_on(network, [(100, 10), (900, 0), (100, 5_000)], "V")
    clinics = points_on(network, [(200, 5_010)], "F")
    parts = road_parts(network, homes)
    assert parts.n_parts == 2
    assert parts.length_m.tolist() == [2_000, 300]
    [item] = faults_of_cut_off_parts(network, parts, homes, clinics, mode="car", file="roads.osm.pbf")
    assert item.ids == ("V2", "F0")
    assert "1 个村、1 个机构所在的道路（约 0.3 公里）" in item.found.zh


def test_parts_without_villages_or_facilities_are_not_listed():
    network = two_roads()
    homes, nobody = points_on(network, [(100, 10)], "V"), points_on(network, [], "F")
    assert faults_of_cut_off_parts(network, road_parts(network, homes), homes, nobody, mode="car", file="") == []


def test_the_main_part_is_the_one_that_most_villages_are_on():
    network = two_roads()
    homes = points_on(network, [(100, 10), (100, 5_000), (200, 5_000)], "V")
    parts = road_parts(network, homes)
    assert parts.main == 1
    [item] = faults_of_cut_off_parts(network, parts, homes, points_on(network, [], "F"), mode="walk", file="")
    assert item.ids == ("V0",)


def test_a_road_drawn_in_both_directions_counts_once():
    network = two_roads()
    numbered = replace(network, segment=np.array([0, 1, 2, 0, 1, 2], dtype=np.int32))
    homes = points_on(network, [(100, 10)], "V")
    assert road_parts(numbered, homes).length_m.tolist() == road_parts(network, homes).length_m.tolist()


def test_it_is_an_error_only_when_every_village_is_off_the_road():
    [item] = faults_of_villages_off_roads(["off_road", "barrier"], mode="walk", limit_m=2000, file="villages.csv")
    assert (item.severity, item.count) == (Severity.ERROR, 2)
    assert "2,000 米" in item.found.zh
    assert faults_of_villages_off_roads(["off_road", ""], mode="walk", limit_m=2000, file="") == []
    assert faults_of_villages_off_roads([], mode="walk", limit_m=2000, file="") == []


def test_road_distance_counts_both_walks_and_finds_no_way_across_a_gap():
    """On the 2 km road: F0 at 200 m + 30 m off, V0 at 900 m: 730 m. V1 at 1,900 m is over 1 km away, V2 cut off."""
    network = two_roads()
    legs = find_access(
        network, ["V0", "V1", "V2", "F0"], [900, 1_900, 200, 200], [0, 0, 5_000, 30], max_access_m=500, tiny_share=0.0
    )
    metres = road_distance_between(network, legs, np.array([3]), np.array([0, 1, 2]))
    found = metres(np.array([0, 0, 0]), np.array([0, 1, 2]))
    assert found.tolist() == [730.0, np.inf, np.inf]
    assert metres(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)).size == 0


def test_road_distance_agrees_with_networkx_on_a_random_network():
    import networkx as nx

    rng = np.random.default_rng(3)
    n = 60
    x, y = rng.uniform(0, 1_500, n), rng.uniform(0, 1_500, n)
    pairs = {tuple(sorted(pair)) for pair in rng.integers(0, n, (150, 2)).tolist() if pair[0] != pair[1]}
    tail, head = np.array(sorted(pairs)).T
    length = np.rint(np.hypot(x[tail] - x[head], y[tail] - y[head]) * 1000) / 1000
    network = RoadNetwork.from_edges(
        np.r_[tail, head], np.r_[head, tail], np.ones(2 * tail.size), length_m=np.r_[length, length], x=x, y=y
    )
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(tail.tolist(), head.tolist(), length.tolist(), strict=True))
    nodes = np.unique(np.r_[tail, head])
    legs = find_access(network, [str(node) for node in nodes], x[nodes], y[nodes], max_access_m=1.0)
    every = np.arange(nodes.size)
    start, end = (part.ravel() for part in np.meshgrid(every, every))
    metres = road_distance_between(network, legs, every, every)(start, end)
    for first, second, found in zip(nodes[start], nodes[end], metres, strict=True):
        right = nx.dijkstra_path_length(graph, first, second) if nx.has_path(graph, first, second) else np.inf
        assert found == (pytest.approx(right, abs=0.1) if right <= 999.9 else np.inf) or right > 999.9


# The report


def some_inspection(n_notes=12):
    def note(row):
        text = Phrase(f"第{row}条", f"note {row}")
        return Fault(
            Severity.NOTE, "some", text, Phrase("", ""), Phrase("", ""), "villages", "v.xlsx", (row,), (f"V{row}",)
        )

    nothing = Phrase("", "")
    bad = Fault(Severity.ERROR, "bad", Phrase("坏", "bad"), nothing, nothing, "roads", "r.pbf")
    homes, clinics = villages([(0, 0)]).frame, facilities([(0, 0)]).frame
    figures = (Figure("villages", "rows", 253, "count"), Figure("villages", "datum", "gcj02"))
    return Inspection((bad, *(note(row) for row in range(n_notes))), figures, match_own_clinics(homes, clinics))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_lines_start_with_the_counts_and_group_by_severity(lang):
    lines = some_inspection().lines(lang)
    assert (
        lines[0]
        == {
            "zh": "数据检查：错误 1 条，待核 0 条，提示 12 条。",
            "en": "Data check: 1 errors, 0 pending, 12 notes.",
        }[lang]
    )
    headings = [line for line in lines if line.startswith(("【", "["))]
    assert (
        headings
        == {
            "zh": ["【错误】", "【提示】", "【数据概况】"],
            "en": ["[error]", "[note]", "[The data in figures]"],
        }[lang]
    )


def test_many_faults_of_a_kind_are_cut_short_on_the_screen_and_complete_in_the_table():
    inspection = some_inspection(MOST_LINES_OF_A_KIND + 7)
    assert any("7 条同类" in line for line in inspection.lines("zh"))
    table = inspection.to_frame("zh")
    assert len(table) == 1 + MOST_LINES_OF_A_KIND + 7
    assert table.loc[1, ["severity", "layer", "file", "row", "id"]].tolist() == ["提示", "行政村", "v.xlsx", 0, "V0"]
    assert inspection.counts == {"error": 1, "pending": 0, "note": MOST_LINES_OF_A_KIND + 7}


def test_a_fault_of_several_rows_has_a_table_row_each():
    fault = faults_of_copied_coordinates(villages([(0, 0), (0, 0)]))[0]
    table = replace(some_inspection(0), faults=(fault,)).to_frame("en")
    assert some_inspection(0).to_frame("en")["row"].isna().all()
    assert table[["fault", "row", "id"]].to_numpy().tolist() == [[1, 3, "V0"], [1, 4, "V1"]]


def test_figures_are_words_and_numbers_of_one_language():
    inspection = some_inspection()
    assert inspection.statistics == {"villages.rows": 253, "villages.datum": "gcj02"}
    assert inspection.figures_frame("zh")["name"].tolist() == ["总数", "按道路判断的坐标系"]
    assert any("GCJ-02" in line for line in inspection.lines("en"))


def test_every_fault_of_the_check_speaks_both_languages():
    from clinicplan.words import _subject

    for key, pair in _subject("check").items():
        assert pair["zh"] or pair["en"] == "", key
        assert "  " not in pair["zh"]


# The whole check


def a_county(shift=lambda lon, lat: (lon, lat), datum="wgs84"):
    """A county of 30 km with a grid of roads every 2 km, 60 villages 15 m off them, a clinic in 40 of these.

    The villages' file is in the datum that `shift` makes; the layer holds what reading as `datum` would give.
    """
    from pyproj import Transformer

    from clinicplan.datum import to_wgs84
    from clinicplan.layers import CountyLayers
    from clinicplan.region import region_from_table

    rng = np.random.default_rng(7)
    network, roads = grid_roads()
    x = 501_000 + 2_000 * rng.permutation(60) % 28_000 + 15.0 + rng.uniform(0, 1, 60)
    y = 3_261_200 + 460.0 * np.arange(60) + rng.uniform(0, 100, 60)
    there = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
    back = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    read_x, read_y = there.transform(*to_wgs84(*shift(*back.transform(x, y)), datum))
    homes = villages(list(zip(read_x, read_y, strict=True)), name=[f"第{i}村" for i in range(60)])
    clinics = facilities(list(zip(x[:40] + 30, y[:40], strict=True)), village_id=[f"V{i}" for i in range(40)])
    boundary = gpd.GeoDataFrame({"name": ["示例县"]}, geometry=[COUNTY], crs=CRS)
    layers = CountyLayers(CRS, boundary, homes.frame, clinics.frame)
    files = {"boundary": "boundary.geojson", "villages": "villages.xlsx", "facilities": "f.csv", "roads": "r.osm.pbf"}
    table = {"name": "示例县", "code": "330624", "layers": {name: {"path": path} for name, path in files.items()}}
    table["layers"]["villages"]["datum"] = datum
    return region_from_table(table, Path("region.toml")), layers, roads, {"e_bike": network}


def grid_roads():
    """Roads every 2 km and 21 km beyond the county on every side, as a network and as a scanned layer would look."""
    from types import SimpleNamespace

    side = np.arange(479_000, 552_000, 2_000)
    n = side.size
    x, y = (part.ravel().astype(float) for part in np.meshgrid(side, side + 2_760_000))
    at = np.arange(n * n).reshape(n, n)
    tail = np.r_[at[:, :-1].ravel(), at[:-1].ravel()]
    head = np.r_[at[:, 1:].ravel(), at[1:].ravel()]
    both = {"length_m": np.full(2 * tail.size, 2_000.0), "x": x, "y": y}
    network = RoadNetwork.from_edges(np.r_[tail, head], np.r_[head, tail], np.full(2 * tail.size, 300.0), **both)
    layer = SimpleNamespace(node_x=x, node_y=y, segment_tail=tail, segment_head=head, report=SimpleNamespace(faults=()))
    return replace(network, crs=CRS, mode="e_bike"), layer


def test_a_county_in_order_has_only_figures_and_information():
    from clinicplan.check import inspect

    inspection = inspect(*a_county())
    assert {item.code for item in inspection.faults} == {"access_legs", "village_without_clinic"}
    figures = inspection.statistics
    assert figures["villages.rows"] == 60
    assert figures["villages.without_clinic"] == 20
    assert figures["villages.datum"] == "wgs84"
    assert figures["villages.access_median"] == pytest.approx(15.5, abs=0.5)
    assert figures["facilities.matched"] == 40
    assert figures["roads.parts"] == 1


@pytest.mark.parametrize(("datum", "answer"), [("wgs84", ("datum_differs", "gcj02")), ("gcj02", None)])
def test_villages_in_gcj02_are_reported_unless_declared(datum, answer):
    from clinicplan.check import inspect

    inspection = inspect(*a_county(wgs84_to_gcj02, datum))
    found = [item for item in inspection.faults if item.code.startswith("datum")]
    assert inspection.statistics["villages.datum"] == "gcj02"
    assert inspection.statistics["facilities.datum"] == "wgs84"
    if answer is None:
        assert found == []
    else:
        assert [item.layer for item in found] == ["villages"]
        assert found[0].file == "villages.xlsx"
        assert answer[1] in found[0].remedy.en


def test_phone_pins_within_a_survey_are_reported_by_their_source():
    from clinicplan.check import inspect

    region, layers, roads, networks = a_county(wgs84_to_gcj02, "wgs84")
    _, right, _, _ = a_county()
    survey = np.arange(60) >= 20
    frame = layers.villages.copy()
    frame["geometry"] = gpd.GeoSeries(np.where(survey, right.villages.geometry.array, frame.geometry.array), crs=CRS)
    frame["coord_source"] = np.where(survey, "实测", "微信")
    found = inspect(region, replace(layers, villages=frame), roads, networks).faults
    by_source = [item for item in found if item.code == "datum_differs"]
    assert len(by_source) == 1
    assert "微信" in by_source[0].found.zh
    assert "datum_mixed" in {item.code for item in found}


def test_roads_of_another_county_give_one_error_and_no_hundred_consequences():
    from clinicplan.check import inspect

    region, layers, roads, networks = a_county()
    roads.node_x = roads.node_x + 300_000
    inspection = inspect(region, layers, roads, networks)
    assert [item.code for item in inspection.faults if item.severity is Severity.ERROR] == ["roads_elsewhere"]
    assert "access_legs" not in {item.code for item in inspection.faults}


def test_faults_of_access_legs_get_the_rows_of_the_file():
    from clinicplan.check import inspect

    region, layers, roads, networks = a_county()
    frame = layers.villages.copy()
    frame.loc[5, "geometry"] = Point(512_000, 3_272_000)
    region = region.model_copy(update={"travel": region.travel.model_copy(update={"max_access_m": 600.0})})
    found = inspect(region, replace(layers, villages=frame), roads, networks).faults
    [item] = [item for item in found if item.code == "off_road"]
    assert (item.severity, item.rows, item.ids, item.file) == (Severity.PENDING, (8,), ("V5",), "villages.xlsx")


def test_the_check_does_not_depend_on_the_order_of_rows():
    from clinicplan.check import inspect

    region, layers, roads, networks = a_county(wgs84_to_gcj02, "wgs84")
    turned = replace(layers, villages=layers.villages[::-1].reset_index(drop=True))
    first, second = (inspect(region, item, roads, networks) for item in (layers, turned))
    assert first.statistics == second.statistics
    assert sorted(codes(first.faults)) == sorted(codes(second.faults))


@pytest.mark.skipif(not (SHARED / "data" / "andorra").exists(), reason="the extract of Andorra in shared is absent")
def test_andorra_is_checked_from_end_to_end(tmp_path):
    """A region made from an extract alone: no error, no datum outside China, roads that end at the border."""
    from clinicplan import county
    from clinicplan.check import inspect
    from clinicplan.extract import write_region_from_extract
    from clinicplan.layers import read_layers
    from clinicplan.region import read_region

    source = SHARED / "data" / "andorra"
    write_region_from_extract(tmp_path / "andorra", source / "andorra-2025-01-19.osm.pbf", source / "admin_osm.geojson")
    region = read_region(tmp_path / "andorra")
    layers = read_layers(region)
    roads = county.scan_county_roads(region, layers)
    inspection = inspect(region, layers, roads, county.build_networks(region, roads, layers))
    assert inspection.counts["error"] == 0
    assert "extract_ends" in codes(inspection.faults)
    assert not any(code.startswith("datum") for code in codes(inspection.faults))
    assert "villages.datum" not in inspection.statistics
    assert inspection.statistics["villages.access_median"] < 50
    assert all(line.strip() for lang in ("zh", "en") for line in inspection.lines(lang))
