"""Reading roads from OSM files: what becomes a segment, how long it takes, what is cut, counted and refused.

The small files are drawn around (120, 29.5), where 0.001 degrees are 96.966 m east and 110.85 m north.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
from pathlib import Path

import numpy as np
import pyproj
import pytest

from clinicplan.errors import Fault, NetworkError, Severity, fault_line
from clinicplan.network import RoadNetwork
from clinicplan.network.simplification import simplify
from clinicplan.roads import RoadLayer, read_roads, scan_roads
from clinicplan.roads.geodesic import geodesic_mm
from clinicplan.speeds import read_speeds
from clinicplan.terms import MODES
from osm_text import osm_text

SHARED = Path(__file__).resolve().parents[2] / "shared"
CRS = "EPSG:4549"
ROAD = {"highway": "unclassified"}
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared with the real extracts is absent")


def at(column: float, row: float = 0.0, **tags: str) -> tuple[float, float, dict[str, str]]:
    """A node so many thousandths of a degree east and north of (120, 29.5)."""
    return 120 + column / 1000, 29.5 + row / 1000, tags


ROW = {i: at(i) for i in range(1, 8)}


def scan(tmp_path: Path, nodes: dict, ways: dict, relations: dict | None = None, **options: object) -> RoadLayer:
    path = tmp_path / "roads.osm"
    path.write_text(osm_text(nodes, ways, relations), encoding="utf-8")
    return scan_roads(path, **{"crs": CRS, **options})


def network(layer: RoadLayer, mode: str = "car", **options: float) -> RoadNetwork:
    return layer.network(read_speeds().mode(mode), **options)


def codes(layer: RoadLayer) -> dict[str, Fault]:
    return {fault.code: fault for fault in layer.report.faults}


# -------------------- lengths and times


@pytest.mark.parametrize("reach", [1e-5, 1e-3, 0.05, 0.5, 5.0])
@pytest.mark.parametrize("lat", [0.0, 29.5, 53.0, 74.0, 88.0, -41.0])
def test_lengths_agree_with_proj(reach: float, lat: float) -> None:
    rng = np.random.default_rng(7)
    lon0, lat0 = rng.uniform(-179, 179, 300), lat + rng.uniform(-1, 1, 300)
    lon1, lat1 = lon0 + rng.uniform(-reach, reach, 300), np.clip(lat0 + rng.uniform(-reach, reach, 300), -90, 90)
    wanted = pyproj.Geod(ellps="WGS84").inv(lon0, lat0, lon1, lat1)[2] * 1000
    assert np.all(np.abs(geodesic_mm(lon0, lat0, lon1, lat1) - wanted) <= 0.5001 + 1e-5 * wanted)


def test_a_line_over_the_date_line_is_short() -> None:
    assert geodesic_mm([179.999], [10.0], [-179.999], [10.0])[0] < 300_000


def test_each_segment_is_rounded_once_to_whole_millimetres_and_milliseconds(tmp_path: Path) -> None:
    """A village road of two pieces: 96.966 m each at 30 km/h is 11.636 s."""
    layer = scan(tmp_path, ROW, {10: ([1, 2, 3], ROAD)})
    assert layer.segment_length_mm.tolist() == [96_966, 96_966]
    car = network(layer)
    assert car.time_ms.tolist() == [round(96_966 * 3.6 / 30)] * 4
    assert car.length_mm.tolist() == [96_966] * 4
    assert sorted(zip(car.tail.tolist(), car.head.tolist(), strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1)]
    assert car.segment.tolist() == [0, 1, 0, 1]
    assert (car.crs, car.mode) == (CRS, "car")


def test_positions_are_projected(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2], ROAD)})
    x, y = pyproj.Transformer.from_crs(4326, CRS, always_xy=True).transform(120.001, 29.5)
    assert network(layer).x[0] == pytest.approx(x)
    assert network(layer).y[0] == pytest.approx(y)


def test_every_piece_with_length_takes_at_least_a_millisecond(tmp_path: Path) -> None:
    nodes = {1: at(1), 2: (120.0010001, 29.5), 3: (120.0010001, 29.5), 4: at(4)}
    layer = scan(tmp_path, nodes, {10: ([1, 2, 3, 4], ROAD)})
    car = network(layer, speed_factor=1000.0)
    assert car.length_mm[:3].tolist()[:2] == [10, 0]
    assert car.time_ms[:2].tolist() == [1, 0]


def test_a_speed_factor_changes_times_and_not_lengths(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2], ROAD)})
    assert network(layer, speed_factor=2.0).time_ms[0] == round(96_966 * 3.6 / 60)
    assert network(layer, speed_factor=2.0).length_mm[0] == 96_966
    with pytest.raises(NetworkError, match="speed_factor"):
        network(layer, speed_factor=0.0)


# -------------------- topology


def test_ways_meet_at_shared_nodes_and_not_where_they_only_cross(tmp_path: Path) -> None:
    """10 and 11 share node 2; 12 passes over the same place with a node of its own (a bridge)."""
    nodes = {1: at(1), 2: at(2), 3: at(3), 4: at(2, 1), 5: at(2, -1), 6: at(2, 0), 7: at(2, 2)}
    layer = scan(tmp_path, nodes, {10: ([1, 2, 3], ROAD), 11: ([2, 4], ROAD), 12: ([5, 6, 7], ROAD)})
    assert network(layer).component.max() == 1


def test_opposite_directions_of_a_segment_share_its_number_and_find_its_way(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2], {**ROAD, "name": "后岸路"}), 11: ([2, 3], {**ROAD, "oneway": "-1"})})
    car = network(layer)
    assert layer.ways["way_id"].to_numpy()[layer.segment_way[car.segment]].tolist() == [10, 10, 11]
    last = car.segment.tolist().index(1)
    assert (int(car.tail[last]), int(car.head[last])) == (2, 1)
    assert layer.ways["name"].tolist() == ["后岸路", ""]


def test_a_mode_gets_only_the_nodes_it_uses(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2], ROAD), 11: ([2, 3, 4], {"highway": "steps"})})
    assert network(layer, "car").n_nodes == 2
    assert network(layer, "walk").n_nodes == 4


def test_repeated_nodes_make_no_loop(tmp_path: Path) -> None:
    assert network(scan(tmp_path, ROW, {10: ([1, 2, 2, 3], ROAD)})).n_edges == 4


# -------------------- barriers


def test_a_bollard_parts_cars_and_not_bicycles_also_after_simplification(tmp_path: Path) -> None:
    nodes = {**ROW, 3: at(3, barrier="bollard")}
    layer = scan(tmp_path, nodes, {10: ([1, 2, 3, 4, 5], ROAD)})
    car, bicycle = network(layer, "car"), network(layer, "bicycle")
    assert (car.n_nodes, car.component.max() + 1) == (6, 2)
    assert (bicycle.n_nodes, bicycle.component.max() + 1) == (5, 1)
    ends = [int(np.argmin(car.x)), int(np.argmax(car.x))]
    core = simplify(car, np.array(ends))
    kept = core.core_of[ends]
    assert core.network.component[kept[0]] != core.network.component[kept[1]]


def test_a_barrier_at_a_junction_lets_nobody_through_in_any_direction(tmp_path: Path) -> None:
    """Four arms meet at node 3; a car there has four nodes at one place."""
    nodes = {**ROW, 3: at(3, barrier="wall"), 8: at(3, 1), 9: at(3, -1)}
    layer = scan(tmp_path, nodes, {10: ([2, 3, 4], ROAD), 11: ([8, 3, 9], ROAD)})
    car = network(layer)
    assert (car.n_nodes, car.component.max() + 1) == (8, 4)
    assert np.unique(np.round(car.x[car.x == np.median(car.x)], 3)).size == 1


def test_a_barrier_on_a_loop_is_met_from_both_sides(tmp_path: Path) -> None:
    nodes = {1: at(1, barrier="block"), 2: at(2), 3: at(2, 1)}
    car = network(scan(tmp_path, nodes, {10: ([1, 2, 3, 1], ROAD)}))
    assert (car.n_nodes, car.n_edges) == (4, 6)


# -------------------- ferries


def test_a_ferry_takes_its_duration_shared_by_length(tmp_path: Path) -> None:
    """Pieces of 96.966 m and 290.9 m; 20 minutes in all, to the millisecond."""
    nodes = {1: at(1), 2: at(2), 3: at(5), 4: at(6)}
    ways = {10: ([1, 2, 3], {"route": "ferry", "duration": "00:20"}), 11: ([3, 4], ROAD)}
    layer = scan(tmp_path, nodes, ways)
    for mode in MODES:
        found = network(layer, mode)
        afloat = layer.ways["way_id"].to_numpy()[layer.segment_way[found.segment]] == 10
        assert found.time_ms[afloat].sum() == 2 * 20 * 60_000
        assert not found.joinable[afloat].any()
        assert found.joinable[~afloat].all()
    assert "assumed_ferries" not in codes(layer)
    assert layer.report.ferries == 1


def test_a_ferry_without_duration_takes_8_kmh_and_10_minutes_and_is_counted(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2, 3], {"route": "ferry"}), 11: ([3, 4], ROAD)})
    car = network(layer, speed_factor=3.0)
    ferry = car.time_ms[~car.joinable]
    assert ferry.sum() == 2 * round((2 * 96_966e-6 / 8 * 60 + 10) * 60_000)
    fault = codes(layer)["assumed_ferries"]
    assert fault.count == 1
    assert "假设" in fault_line(fault, "zh")
    assert "8 km/h" in fault_line(fault, "en")


def test_a_ferry_is_kept_whole_when_it_touches_the_box(tmp_path: Path) -> None:
    ways = {10: ([1, 2, 3, 4, 5], {"route": "ferry", "duration": "10"}), 11: ([1, 7], ROAD)}
    layer = scan(tmp_path, ROW, ways, box=(120.0005, 29.4, 120.0015, 29.6))
    assert np.count_nonzero(layer.ways["way_id"].to_numpy()[layer.segment_way] == 10) == 4


# -------------------- the box and the edge


def test_the_box_keeps_segments_with_an_end_inside(tmp_path: Path) -> None:
    """Nodes 3 and 4 lie in the box: pieces 2-3, 3-4, 4-5 stay."""
    layer = scan(tmp_path, ROW, {10: ([1, 2, 3, 4, 5, 6], ROAD)}, box=(120.0025, 29.4, 120.0045, 29.6))
    assert layer.segment_tail.size == 3
    assert layer.report.km == pytest.approx(3 * 0.096966)


def test_a_way_that_leaves_the_box_and_returns_is_drawn_as_two_lines(tmp_path: Path) -> None:
    nodes = {1: at(1), 2: at(2), 3: at(3, 9), 4: at(4, 9), 5: at(5), 6: at(6)}
    layer = scan(tmp_path, nodes, {10: ([1, 2, 3, 4, 5, 6], ROAD)}, box=(120.0, 29.4, 120.01, 29.501))
    lines = layer.lines()
    assert lines["way_id"].tolist() == [10, 10]
    assert lines.crs == CRS
    assert lines.length.sum() == pytest.approx(layer.segment_length_mm.sum() / 1000, rel=3e-4)


def test_ways_with_nodes_outside_the_file_are_cut_and_counted(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2, 99, 98, 3, 4], ROAD), 11: ([97, 5, 6], ROAD), 12: ([6, 7], ROAD)})
    assert layer.segment_tail.size == 4
    assert (layer.report.cut_ways, layer.report.missing_nodes) == (2, 3)
    assert codes(layer)["missing_nodes"].count == 2


def test_roads_elsewhere_say_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"longitude 120\.001 to 120\.007") as caught:
        scan(tmp_path, ROW, {10: (list(ROW), ROAD)}, box=(110.0, 29.4, 110.1, 29.6))
    assert caught.value.faults[0].code == "no_roads_in_box"


@pytest.mark.parametrize("box", [(1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 1.0, 0.0), (0.0, 0.0, float("nan"), 1.0)])
def test_a_box_that_is_none_is_refused(tmp_path: Path, box: tuple[float, ...]) -> None:
    with pytest.raises(NetworkError, match="box"):
        scan(tmp_path, ROW, {10: ([1, 2], ROAD)}, box=box)


# -------------------- what is counted


def test_what_is_closed_unknown_or_assumed_is_counted_with_kilometres(tmp_path: Path) -> None:
    ways = {
        10: ([1, 2], ROAD),
        11: ([2, 3], {"highway": "hyperloop"}),
        12: ([3, 4, 5], {"highway": "hyperloop"}),
        13: ([4, 5], {"highway": "construction"}),
        14: ([1, 3], {**ROAD, "ford": "yes"}),
        15: ([1, 4], {**ROAD, "seasonal": "summer"}),
        16: ([1, 5], {**ROAD, "winter_road": "yes", "access:conditional": "no @ (May-Oct)"}),
        17: ([1, 6], {"highway": "service", "access": "private"}),
        18: ([1, 7], {**ROAD, "oneway": "reversible", "maxspeed": "slow", "access": "maybe"}),
        19: ([2, 7], {**ROAD, "seasonal": "no", "ford": "no"}),
    }
    nodes = {**ROW, 2: at(2, barrier="dragon"), 3: at(3, ford="stepping_stones")}
    relations = {1: ([("way", 10, "from"), ("node", 2, "via"), ("way", 14, "to")], {"type": "restriction"})}
    layer = scan(tmp_path, nodes, ways, relations)
    report = layer.report
    assert report.unknown_classes == {"hyperloop": (2, pytest.approx(3 * 0.096966, abs=1e-5))}
    assert report.closed_classes == {"construction": (1, pytest.approx(0.096966, abs=1e-5))}
    assert (report.fords, report.seasonal, report.conditional, report.private, report.reversible) == (2, 2, 1, 1, 1)
    assert report.unreadable_maxspeed == {"slow": 1}
    assert report.unknown_access == {"access=maybe": 1}
    assert report.barriers == report.unknown_barriers == {"dragon": 1}
    assert report.turn_restrictions == 1
    assert set(codes(layer)) == {
        "unknown_classes",
        "closed_classes",
        "turn_restrictions",
        "conditional_access",
        "fords",
        "seasonal_roads",
        "private_roads",
        "reversible_roads",
        "unknown_barriers",
        "unreadable_maxspeed",
        "unknown_access",
    }
    assert all(fault.severity is Severity.NOTE for fault in report.faults)
    assert all(fault_line(fault, lang) for fault in report.faults for lang in ("zh", "en"))


def test_kilometres_by_class_add_up(tmp_path: Path) -> None:
    ways = {10: ([1, 2, 3], ROAD), 11: ([3, 4], {"highway": "track"}), 12: ([4, 7], {"route": "ferry"})}
    layer = scan(tmp_path, ROW, ways)
    table = layer.class_km()
    assert table["highway"].tolist() == ["ferry", "unclassified", "track"]
    assert table["km"].sum() == pytest.approx(layer.report.km, abs=0.002)
    assert layer.report.ways == 3


def test_a_plain_file_raises_no_notes(tmp_path: Path) -> None:
    assert scan(tmp_path, ROW, {10: ([1, 2], ROAD)}).report.faults == ()


def test_text_with_signs_of_every_kind_survives(tmp_path: Path) -> None:
    names = ["a b,c=d", "100%", "%20%", "村道 “一”<&>", "n1x2y3 w", "@#;:"]
    ways = {10 + i: ([1, 2], {**ROAD, "name": name}) for i, name in enumerate(names)}
    assert scan(tmp_path, ROW, ways).ways["name"].tolist() == names


# -------------------- barrier lines


def kinds(layer: RoadLayer) -> list[str]:
    assert layer.barrier_lines.size == layer.barrier_kind.size
    return sorted(layer.barrier_kind.tolist())


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"waterway": "river"}, "river"),
        ({"waterway": "canal"}, "canal"),
        ({"waterway": "stream"}, None),
        ({"waterway": "ditch"}, None),
        ({"waterway": "river", "tunnel": "culvert"}, None),
        ({"waterway": "canal", "bridge": "aqueduct"}, None),
        ({"waterway": "riverbank"}, "water"),
        ({"natural": "water"}, "water"),
        ({"natural": "water", "water": "river"}, "water"),
        ({"natural": "water", "water": "pond"}, None),
        ({"natural": "wood"}, None),
        ({"railway": "rail"}, "railway"),
        ({"railway": "rail", "tunnel": "yes"}, None),
        ({"railway": "rail", "bridge": "viaduct"}, None),
        ({"railway": "rail", "bridge": "no"}, "railway"),
        ({"railway": "abandoned"}, None),
        ({"railway": "tram"}, None),
        ({"highway": "motorway"}, "motorway"),
        ({"highway": "motorway_link"}, "motorway"),
        ({"highway": "motorway", "bridge": "yes"}, None),
        ({"highway": "motorway", "tunnel": "yes"}, None),
        ({"highway": "trunk"}, None),
    ],
)
def test_what_stops_a_walker_is_a_barrier_line_unless_it_runs_above_or_below(
    tmp_path: Path, tags: dict[str, str], kind: str | None
) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2], ROAD), 11: ([2, 3, 4], tags)})
    assert kinds(layer) == ([kind] if kind else [])
    if kind:
        x = network(layer, "walk").x.min()
        assert layer.barrier_lines[0].bounds[0] == pytest.approx(x + 96.97, rel=1e-3)
        assert network(layer, "walk").barrier_lines is layer.barrier_lines


def test_untagged_edges_of_a_water_relation_are_barriers_once(tmp_path: Path) -> None:
    ways = {10: ([1, 2], ROAD), 11: ([2, 3, 4], {}), 12: ([4, 5, 2], {"natural": "water"}), 13: ([5, 6], {})}
    water = (
        [("way", 11, "outer"), ("way", 12, "outer"), ("node", 1, "label")],
        {"natural": "water", "type": "multipolygon"},
    )
    layer = scan(tmp_path, ROW, ways, {1: water})
    assert kinds(layer) == ["water", "water"]


def test_barrier_lines_end_with_the_box_and_skip_missing_nodes(tmp_path: Path) -> None:
    ways = {10: ([1, 2], ROAD), 11: ([1, 2, 99, 3, 4, 5, 6, 7], {"waterway": "river"})}
    layer = scan(tmp_path, ROW, ways, box=(120.0, 29.4, 120.0045, 29.6))
    assert [len(line.coords) for line in layer.barrier_lines] == [2, 3]


# -------------------- files of all kinds


def written(tmp_path: Path, suffix: str) -> Path:
    import osmium

    plain = tmp_path / "plain.osm"
    nodes = {**ROW, 2: at(2, barrier="bollard")}
    ways = {10: ([1, 2, 3], {**ROAD, "name": "上村路"}), 11: ([3, 4], {"waterway": "river"}), 12: ([3, 7], {})}
    relations = {5: ([("way", 12, "outer")], {"type": "multipolygon", "natural": "water"})}
    plain.write_text(osm_text(nodes, ways, relations), encoding="utf-8")
    target = tmp_path / f"道路{suffix}"
    if suffix == ".osm.gz":
        target.write_bytes(gzip.compress(plain.read_bytes()))
    elif suffix == ".osm.bz2":
        target.write_bytes(bz2.compress(plain.read_bytes()))
    elif suffix == ".osm":
        target.write_bytes(plain.read_bytes())
    else:
        with osmium.SimpleWriter(str(target)) as writer:
            for item in osmium.FileProcessor(str(plain)):
                writer.add(item)
    return target


@pytest.mark.parametrize("suffix", [".osm", ".osm.gz", ".osm.bz2", ".osm.pbf"])
def test_each_format_of_osm_gives_the_same_roads(tmp_path: Path, suffix: str) -> None:
    layer = scan_roads(written(tmp_path, suffix), crs=CRS)
    assert layer.segment_length_mm.tolist() == [96_966, 96_966]
    assert layer.ways["name"].tolist() == ["上村路"]
    assert kinds(layer) == ["river", "water"]
    assert network(layer).component.max() == 1


def test_an_editors_file_with_negative_ids_is_read(tmp_path: Path) -> None:
    nodes = {-1: at(1), -2: at(2), 3: at(3), -9: at(4, barrier="block")}
    layer = scan(tmp_path, nodes, {-10: ([-1, -2, 3, -9, -99], ROAD), -11: ([3, -1], {"waterway": "river"})})
    assert layer.segment_tail.size == 3
    assert layer.ways["way_id"].tolist() == [-10]
    assert layer.report.missing_nodes == 1
    assert layer.report.barriers == {"block": 1}
    assert kinds(layer) == ["river"]


def test_metric_system_is_chosen_where_none_is_given(tmp_path: Path) -> None:
    assert scan(tmp_path, ROW, {10: ([1, 2], ROAD)}, crs=None).crs == "EPSG:4549"
    assert read_roads(tmp_path / "roads.osm", mode="walk").crs == "EPSG:4549"


def broken(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    good = osm_text(ROW, {10: ([1, 2], ROAD)}).encode()
    content = {
        "garbage.osm.pbf": b"garbage" * 100,
        "empty.osm.pbf": b"",
        "empty.osm": b"",
        "blank.osm": b"   ",
        "html.osm": b"<html>404</html>",
        "cut.osm": good[: len(good) // 2],
        "cut.osm.gz": gzip.compress(good)[:60],
        "cut.osm.bz2": bz2.compress(good)[:60],
        "wrong.osm.gz": good,
        "entities.osm": b'<!DOCTYPE osm [<!ENTITY a "b">]>' + good.replace(b"unclassified", b"&a;"),
        "letters.osm": good.replace(b'lat="29.5000000"', b'lat="north"'),
        "far.osm": good.replace(b'lat="29.5000000"', b'lat="295"'),
        "nodes.osm": osm_text(ROW, {}).encode(),
        "no_highway.osm": osm_text(ROW, {10: ([1, 2], {"building": "yes"})}).encode(),
        "only_unknown.osm": osm_text(ROW, {10: ([1, 2], {"highway": "hyperloop"})}).encode(),
        "unplaced.osm": osm_text({}, {10: ([1, 2], ROAD)}).encode(),
        "single.osm": osm_text(ROW, {10: ([1], ROAD)}).encode(),
    }
    path.write_bytes(content[name])
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("garbage.osm.pbf", "broken_osm"),
        ("empty.osm.pbf", "empty_file"),
        ("empty.osm", "empty_file"),
        ("blank.osm", "broken_osm"),
        ("html.osm", "broken_osm"),
        ("cut.osm", "broken_osm"),
        ("cut.osm.gz", "broken_osm"),
        ("cut.osm.bz2", "broken_osm"),
        ("entities.osm", "broken_osm"),
        ("letters.osm", "broken_osm"),
        ("far.osm", "broken_osm"),
        ("nodes.osm", "no_roads"),
        ("no_highway.osm", "no_roads"),
        ("only_unknown.osm", "no_roads"),
        ("unplaced.osm", "no_locations"),
        ("single.osm", "no_roads"),
    ],
)
def test_a_file_that_is_none_is_named_with_a_remedy(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(NetworkError) as caught:
        scan_roads(broken(tmp_path, name), crs=CRS)
    (fault,) = caught.value.faults
    assert (fault.code, fault.severity) == (code, Severity.ERROR)
    assert name in fault_line(fault, "zh")


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
def test_a_file_with_flipped_bytes_is_read_or_named_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(11)
    data = np.frombuffer(written(tmp_path, suffix).read_bytes(), dtype=np.uint8)
    for _ in range(60):
        changed = data.copy()
        changed[rng.integers(0, data.size, rng.choice([1, 1, 3]))] = rng.integers(0, 256)
        path = tmp_path / f"changed{suffix}"
        path.write_bytes(changed.tobytes())
        with contextlib.suppress(NetworkError):
            assert scan_roads(path, crs=CRS).segment_tail.size > 0


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.osm.pbf", "missing_file"), (tmp_path, "folder_not_file")):
        with pytest.raises(NetworkError) as caught:
            scan_roads(path, crs=CRS)
        assert caught.value.faults[0].code == code


def test_no_road_for_a_mode_is_said_in_words(tmp_path: Path) -> None:
    layer = scan(tmp_path, ROW, {10: ([1, 2], {"highway": "steps"})})
    with pytest.raises(NetworkError) as caught:
        network(layer, "car")
    assert "小汽车" in fault_line(caught.value.faults[0], "zh")


def test_no_temporary_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    scan_roads(written(tmp_path, ".osm.pbf"), crs=CRS)
    with pytest.raises(NetworkError):
        scan_roads(broken(tmp_path, "cut.osm"), crs=CRS)
    assert list(folder.iterdir()) == []


# -------------------- real extracts

EXTRACTS = {
    "andorra": SHARED / "data" / "andorra" / "andorra-2025-01-19.osm.pbf",
    "liechtenstein": SHARED / "data" / "liechtenstein" / "liechtenstein-2024-03-04.osm.pbf",
}


@needs_shared
@pytest.mark.parametrize("name", EXTRACTS)
def test_a_real_extract_agrees_with_a_plain_loop_over_pyosmium(name: str) -> None:
    """Ways and km of car roads, counted node by node with PROJ, without our reader or rules."""
    import osmium

    classes = set(read_speeds().mode("car").kmh) - {"service", "track"}
    geod = pyproj.Geod(ellps="WGS84")
    ways, km = 0, 0.0
    for item in (
        osmium.FileProcessor(str(EXTRACTS[name])).with_locations().with_filter(osmium.filter.KeyFilter("highway"))
    ):
        if item.is_way() and item.tags["highway"] in classes:
            places = [(node.lon, node.lat) for node in item.nodes]
            ways += 1
            km += geod.line_length(*zip(*places, strict=True)) / 1000
    report = scan_roads(EXTRACTS[name]).report
    assert sum(count for cls, count in report.class_ways.items() if cls in classes) == ways
    assert sum(part for cls, part in report.class_km.items() if cls in classes) == pytest.approx(km, rel=1e-5)


@needs_shared
@pytest.mark.parametrize("name", EXTRACTS)
def test_a_real_extract_is_mostly_one_network_in_every_mode(name: str) -> None:
    layer = scan_roads(EXTRACTS[name])
    for mode in MODES:
        found = network(layer, mode)
        assert np.mean(found.component == 0) > 0.85, mode
        assert (found.time_ms[found.length_mm > 0] >= 1).all()
    assert set(layer.barrier_kind) >= {"river", "water"}


@needs_shared
def test_a_box_cut_keeps_the_times_of_what_is_inside() -> None:
    whole, part = (
        scan_roads(EXTRACTS["andorra"], crs="EPSG:32631", box=box) for box in (None, (1.5, 42.49, 1.55, 42.53))
    )
    walks = [network(layer, "walk") for layer in (whole, part)]

    def edges(found: RoadNetwork) -> set[tuple[float, ...]]:
        ends = (found.x[found.tail], found.y[found.tail], found.x[found.head], found.y[found.head])
        return set(zip(*(np.round(end, 3).tolist() for end in ends), found.time_ms.tolist(), strict=True))

    assert edges(walks[1]) < edges(walks[0])
    assert 0 < walks[1].n_edges < walks[0].n_edges / 4


@needs_shared
def test_a_truncated_real_pbf_is_refused(tmp_path: Path) -> None:
    data = EXTRACTS["liechtenstein"].read_bytes()
    path = tmp_path / "cut.osm.pbf"
    for share in (0.3, 0.6, 0.9):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(NetworkError) as caught:
            scan_roads(path)
        assert caught.value.faults[0].code == "broken_osm"
