"""The sample county: it passes for a county, is delivered as one, and holds every case that planners meet.

The county is written once, read by the package itself, and measured with the package's own engine where a case is about
travel; its likeness is measured against Andorra and the rural part of Porto.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree
from shapely.geometry import shape

from clinicplan.county import build_networks, read_county, scan_county_roads
from clinicplan.layers import read_layers
from clinicplan.plan import circle_rule
from clinicplan.region import read_region
from clinicplan.sample import write_sample
from clinicplan.sample.county import read_boundary
from clinicplan.sample.files import FACILITY_HEADERS
from clinicplan.sample.likeness import (
    COMPARED,
    REFERENCE,
    Area,
    allowed_range,
    measure_network,
    read_segments,
    rural_cells,
)
from clinicplan.sample.names import FIRST, FRONT, SECOND, TOWNSHIPS
from clinicplan.sample.units import share_out
from clinicplan.terms import TIERS
from clinicplan.travel import travel_times

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"
MEASURES = (*(f"km_{name}" for name in COMPARED), "dead_end_share", "three_arm_share", "four_arm_share",
            "detour_short", "detour_long")  # fmt: skip
needs_shared = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="real data of ../shared is not there")
pytestmark = pytest.mark.xdist_group("sample")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("sample") / "region"
    assert write_sample(target) == target / "region.toml"
    return target


@pytest.fixture(scope="module")
def county(folder):
    return read_county(folder)


@pytest.fixture(scope="module")
def circles(county):
    from clinicplan.coverage import service_circles

    layers = county.layers
    return service_circles(
        layers.villages,
        layers.facilities,
        county.networks,
        circle_rule(county),
        natural_villages=layers.natural_villages,
    )


@pytest.fixture(scope="module")
def results(circles):
    from clinicplan.report.tables import village_table

    return village_table(circles).set_index("village_id", drop=False)


@pytest.fixture(scope="module")
def register(folder):
    with (folder / "facilities.csv").open(encoding="gb18030", newline="") as file:
        return pd.DataFrame(list(csv.DictReader(file)))


@pytest.fixture(scope="module")
def ways(folder):
    """Every way as (tags, line), degrees."""
    processor = osmium.FileProcessor(str(folder / "roads.osm.pbf")).with_locations()
    return [
        (
            dict(way.tags),
            shapely.LineString([(node.lon, node.lat) for node in way.nodes]),
            [node.ref for node in way.nodes],
        )
        for way in processor
        if way.is_way()
    ]


# ---------------------------------------- it passes for a county


def test_roads_are_like_those_of_real_mountain_regions(folder, capsys):
    """Density by class, junction arms, dead ends and detours lie in the range of Andorra and rural Porto."""
    boundary = gpd.GeoSeries([read_boundary()], crs=4326).to_crs(4549).iloc[0]
    sample = measure_network(read_segments(folder / "roads.osm.pbf", "EPSG:4549"), Area(boundary.area / 1e6, boundary))
    lines = [f"{'measure':18s}{'Andorra':>9s}{'Porto*':>9s}{'sample':>9s}   allowed"]
    outside = []
    for measure in MEASURES:
        low, high = allowed_range(measure)
        real = (REFERENCE["andorra"][measure], REFERENCE["porto"][measure])
        lines.append(f"{measure:18s}{real[0]:9.3f}{real[1]:9.3f}{sample[measure]:9.3f}   {low:.3f} - {high:.3f}")
        outside += [] if low <= sample[measure] <= high else [measure]
    with capsys.disabled():
        print("\n" + "\n".join(lines) + "\n* rural cells; km are km a km2")  # noqa: T201 - the table is the evidence
    assert not outside


@needs_shared
def test_references_are_what_the_real_extracts_measure():
    """The figures kept in the module are measured again on Andorra and Porto."""
    folder = SHARED / "data" / "andorra"
    country = json.loads((folder / "admin_osm.geojson").read_text(encoding="utf-8"))
    border = next(shape(f["geometry"]) for f in country["features"] if str(f["properties"].get("admin_level")) == "2")
    border = gpd.GeoSeries([border], crs=4326).to_crs(32631).iloc[0]
    andorra = measure_network(
        read_segments(next(folder.glob("*.osm.pbf")), "EPSG:32631"), Area(border.area / 1e6, border)
    )
    segments = read_segments(next((SHARED / "data" / "porto").glob("*.osm.pbf")), "EPSG:32629")
    porto = measure_network(segments, rural_cells(segments))
    for name, measured in (("andorra", andorra), ("porto", porto)):
        assert {key: round(measured[key], 3) for key in MEASURES} == pytest.approx(REFERENCE[name], abs=0.002)


def test_every_road_class_of_a_county_is_there(ways):
    classes = {tags.get("highway") for tags, _, _ in ways}
    assert classes >= {*COMPARED, "motorway_link"}


def test_road_facts_that_decide_are_there(folder, ways):
    """One-way motorways, roundabouts, private drives, tunnels, a ferry, fords, barriers, surfaces, limits."""
    tags = [tags for tags, _, _ in ways]
    assert all(each.get("oneway") == "yes" for each in tags if each.get("highway") == "motorway")
    assert sum(each.get("junction") == "roundabout" for each in tags) >= 3
    assert sum(each.get("access") == "private" for each in tags) > 20
    assert sum(each.get("route") == "ferry" for each in tags) == 1
    assert {"asphalt", "concrete", "gravel", "ground"} <= {each.get("surface") for each in tags}
    assert {"80", "60", "40", "30"} <= {each.get("maxspeed") for each in tags}
    assert any(each.get("railway") == "rail" for each in tags)
    assert sum(each.get("tunnel") == "yes" for each in tags) > 5
    nodes = osmium.FileProcessor(str(folder / "roads.osm.pbf"), osmium.osm.NODE)
    node_tags = [dict(node.tags) for node in nodes if len(node.tags)]
    assert sum("barrier" in each for each in node_tags) > 20
    assert sum("ford" in each for each in node_tags) > 20


def test_water_is_crossed_on_bridges_and_fords_only(folder, ways):
    """Wherever a road or track meets a river or stream, the way is a bridge or a tunnel, or the point is a ford."""
    streams = [line for tags, line, _ in ways if "waterway" in tags]
    fords = {
        (round(node.location.lon, 6), round(node.location.lat, 6))
        for node in osmium.FileProcessor(str(folder / "roads.osm.pbf"), osmium.osm.NODE)
        if "ford" in node.tags
    }
    roads = [line for tags, line, _ in ways if "highway" in tags and "bridge" not in tags and "tunnel" not in tags]
    one, two = shapely.STRtree(streams).query(roads, predicate="intersects")
    for road, stream in zip(one.tolist(), two.tolist(), strict=True):
        for point in shapely.get_coordinates(shapely.intersection(roads[road], streams[stream])):
            assert min(np.hypot(point[0] - x, point[1] - y) for x, y in fords) < 2e-6


def test_no_road_lies_under_a_reservoir(ways):
    lakes = [shapely.Polygon(line.coords) for tags, line, _ in ways if tags.get("water") == "reservoir"]
    dry = [line for tags, line, _ in ways if "highway" in tags and "motorway" not in tags["highway"]]
    assert len(lakes) >= 2
    assert not shapely.STRtree(dry).query(lakes, predicate="intersects").size


def test_roads_cross_each_other_only_where_they_share_a_point(ways):
    """Expressways apart, the network is planar: ways that meet share a node there."""
    plain = [
        (line, refs) for tags, line, refs in ways if "highway" in tags and not tags["highway"].startswith("motorway")
    ]
    lines = [line for line, _ in plain]
    one, two = shapely.STRtree(lines).query(lines, predicate="intersects")
    unjoined = [
        (a, b)
        for a, b in zip(one.tolist(), two.tolist(), strict=True)
        if a < b and not set(plain[a][1]) & set(plain[b][1])
    ]
    assert not unjoined


def test_roads_reach_twenty_kilometres_beyond_the_boundary(ways):
    extent = shapely.total_bounds([line for tags, line, _ in ways if "highway" in tags])
    extent = gpd.GeoSeries([shapely.box(*extent)], crs=4326).to_crs(4549).total_bounds
    county = gpd.GeoSeries([read_boundary()], crs=4326).to_crs(4549).total_bounds
    assert np.all(county[:2] - extent[:2] > 20_000)
    assert np.all(extent[2:] - county[2:] > 20_000)


def test_extract_is_moderate_and_its_ids_ascend(folder):
    ids = {"n": [], "w": []}
    for item in osmium.FileProcessor(str(folder / "roads.osm.pbf")):
        ids[item.type_str()].append(item.id)
    assert 60_000 < len(ids["n"]) < 150_000
    assert all(np.all(np.diff(values) > 0) for values in ids.values())
    assert (folder / "roads.osm.pbf").stat().st_size < 4_000_000


# ---------------------------------------- it is delivered as a county


def test_same_seed_gives_the_same_bytes(folder, tmp_path):
    """A second run writes every file byte for byte; another seed does not."""
    write_sample(tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        one, two = (hashlib.sha256((place / name).read_bytes()).hexdigest() for place in (folder, tmp_path))
        assert one == two, name


def test_published_totals_are_met_exactly(county):
    villages = county.layers.villages
    assert len(villages) == 292
    assert villages.kind.value_counts().to_dict() == {"village": 253, "community": 36, "other": 3}
    assert villages.population.sum() == 419_036
    urban = villages.population[villages.kind != "village"].sum()
    assert round(100 * urban / 419_036, 2) == 62.35
    assert villages.township.nunique() == 12


def test_townships_fill_the_county_and_carry_their_people(folder, county):
    areas, villages = county.layers.townships, county.layers.villages
    assert len(areas) == 12
    boundary = county.layers.boundary.geometry.iloc[0]
    assert areas.geometry.is_valid.all()
    assert shapely.union_all(areas.geometry.to_numpy()).symmetric_difference(boundary).area < 1.0
    assert areas.geometry.area.sum() == pytest.approx(boundary.area, rel=1e-9)
    people = villages.groupby("township").population.sum()
    assert dict(zip(areas.township, areas.population, strict=True)) == people.to_dict()
    placed = villages[villages.geometry.notna()]
    inside = gpd.sjoin(placed, areas[["township", "geometry"]], predicate="within", lsuffix="own", rsuffix="area")
    assert (inside.township_own == inside.township_area).mean() > 0.97


def test_files_look_like_those_of_a_bureau(folder):
    """A merged title, a sender's line, the header, a total and a remark; GB18030; labelled as sample data."""
    sheet = pd.read_excel(folder / "villages.xlsx", header=None, dtype=object, engine="calamine")
    assert "示例数据" in sheet.iloc[0, 0]
    assert sheet.iloc[1, 0].startswith("填报单位")
    assert list(sheet.iloc[2, 1:4]) == ["行政区划代码", "乡镇(街道)", "行政村名称"]
    assert sheet.iloc[295, 0] == "合计"
    assert sheet.iloc[295, 6] == 419_036
    assert sheet.iloc[296, 0].startswith("注")
    assert sheet[2].notna().sum() < 20
    assert any(not isinstance(code, str) for code in sheet.iloc[3:295, 1])
    with pytest.raises(UnicodeDecodeError):
        (folder / "facilities.csv").read_text(encoding="utf-8")
    assert "示例数据" in read_region(folder).name
    assert "示例数据" in (folder / "boundary.geojson").read_text(encoding="utf-8")
    assert "示例数据" in (folder / "示例数据说明.txt").read_text(encoding="utf-8-sig")


def test_package_reads_it_without_an_error(county):
    assert not [fault for fault in county.inspection.faults if fault.severity.name == "ERROR"]
    assert set(county.layers.facilities.tier) == set(TIERS)
    assert county.standard.limit_ms == 20 * 60_000


def test_village_points_are_in_the_declared_datum(county):
    """Read as GCJ-02 the villages stand at roads; read as WGS84 they would stand some 500 m away."""
    network, villages = county.networks["car"], county.layers.villages
    placed = villages.geometry.dropna()
    distance, _ = cKDTree(np.column_stack([network.x, network.y])).query(np.column_stack([placed.x, placed.y]))
    assert np.median(distance) < 60


def test_codes_follow_the_statistical_form(county):
    codes = county.layers.villages.village_id
    assert codes.str.fullmatch(r"330624\d{6}").all()
    assert codes.is_unique
    assert codes.str[:9].nunique() == 12


@needs_shared
def test_no_village_bears_the_name_of_a_real_one(county):
    """Neither the names used nor any that the syllables can make."""
    real = pd.read_csv(SHARED / "data" / "cn-villages-2023" / "villages_2023.csv", dtype=str)
    real = real[real.county_code == "330624"]
    bare = {
        name.removesuffix("委会").removesuffix("居").removesuffix("村").removesuffix("社区") for name in real.village
    }
    possible = {one + two for one in FIRST for two in SECOND}
    possible |= {front + name for front in FRONT for name in possible}
    assert not possible & (bare | set(real.village))
    assert not set(TOWNSHIPS) & set(real.town)
    used = county.layers.villages.name.str.removesuffix("林场管理区").str.removesuffix("村").str.removesuffix("社区")
    assert set(used) <= possible


def test_made_up_characters_are_in_every_chinese_font():
    (FIRST + SECOND + FRONT + "".join(TOWNSHIPS)).encode("gb2312")


@needs_shared
def test_boundaries_are_those_of_the_source(folder):
    ours = json.loads((PROJECT / "data" / "boundaries" / "counties_tianditu_wgs84.geojson").read_text(encoding="utf-8"))
    source = SHARED / "data" / "cn-boundaries" / "counties_tianditu_wgs84.geojson"
    assert ours == json.loads(source.read_text(encoding="utf-8"))
    written = json.loads((folder / "boundary.geojson").read_text(encoding="utf-8"))["features"][0]["geometry"]
    real = next(f["geometry"] for f in ours["features"] if f["properties"]["district_adcode"] == 330624)
    assert shape(written).equals(shape(real))


def test_boundaries_are_thirty_four_valid_counties():
    path = PROJECT / "data" / "boundaries" / "counties_tianditu_wgs84.geojson"
    counties = gpd.read_file(path)
    assert len(counties) == counties.district_adcode.nunique() == 34
    assert counties.geometry.is_valid.all()
    assert (path.parent / "SOURCE.md").is_file()


# ---------------------------------------- it contains what planners meet


def test_circle_leaves_some_out(results):
    """By e-bike within 20 minutes 85-93 % of villagers, within 15 fewer; some villages beyond."""
    counted = results[(results.kind == "village") & (results.status == "ordinary") & results.population.notna()]
    people = counted.population.sum()
    within = {m: counted.population[counted.time_min <= m].sum() / people for m in (15, 20)}
    assert 0.85 <= within[20] <= 0.93
    assert within[15] < within[20] - 0.01
    assert (counted.reason == "too_far").sum() >= 10


def test_one_village_lies_off_every_road_and_one_on_roads_cut_off(results):
    assert (results.reason == "off_road").sum() == 1
    assert (results.reason == "separate_component").sum() == 1
    assert (results.reason == "barrier").sum() == 0


def test_off_road_village_is_two_kilometres_from_any_road(county, ways, results):
    village = county.layers.villages.set_index("village_id").loc[results.index[results.reason == "off_road"][0]]
    lines = gpd.GeoSeries([line for tags, line, _ in ways if "highway" in tags], crs=4326).to_crs(county.layers.crs)
    assert lines.distance(village.geometry).min() > 2_000


def test_three_villages_have_no_coordinates(county):
    villages = county.layers.villages
    assert (villages.pending == "no_coordinates").sum() == 3
    assert villages.geometry.isna().sum() == 3


def test_one_village_moved_away_and_one_became_town(county):
    status = county.layers.villages.status.value_counts()
    assert status["relocated"] == 1
    assert status["urbanised"] == 1
    assert status["planned_relocation"] >= 3


def test_some_villages_are_nearer_to_a_clinic_over_the_border(results):
    nearer = results[(results.nearest_outside_min < results.time_min) & (results.kind == "village")]
    assert len(nearer) >= 1
    assert (nearer.reason == "too_far").any()


def test_seat_village_is_served_by_its_hospital_without_a_clinic(county, results):
    facilities = county.layers.facilities
    hospitals = facilities[facilities.tier.isin(["township_hospital", "central_township_hospital", "sub_centre"])]
    own = set(facilities.village_id[facilities.tier.isin(["village_clinic", "central_clinic"])])
    seats = [code for code in hospitals.village_id if code and code not in own and code in results.index]
    assert seats
    assert (results.loc[seats, "reason"] == "").all()


def test_clinics_show_what_a_register_hides(register):
    """In a doctor's home, out of operation, without a doctor, never opened, of unknown state, one doctor of 69."""
    clinics = register[register["机构类别"] == "村卫生室"]
    assert (clinics["业务用房性质"] == "村医家中").any()
    assert {"停诊", "有室无医", "挂牌未营业", ""} <= set(clinics["运行状态"])
    assert (clinics["乡村医生数"] == "0").any()
    assert (clinics["村医年龄"] == "69").sum() == 1
    assert tuple(register.columns) == FACILITY_HEADERS
    assert (
        230
        <= len(register[register["机构类别"].isin(["村卫生室", "中心村卫生室"]) & (register["乡镇"] != "邻县")])
        <= 260
    )


def test_two_villages_lie_600_metres_apart(county):
    placed = county.layers.villages.dropna(subset=["geometry"]).query("kind == 'village'").geometry
    place = np.column_stack([placed.x, placed.y])
    pairs = cKDTree(place).query_pairs(601.0, output_type="ndarray")
    gaps = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    assert np.any(np.abs(gaps - 600.0) < 1.0)


def test_two_township_hospitals_stand_either_side_of_fifteen_kilometres(county):
    """14.6 and 15.3 km by the shortest way for a car, door to door, from the county medical centre."""
    facilities = county.layers.facilities
    centre = facilities[facilities.tier == "county_medical_centre"]
    hospitals = facilities[facilities.tier == "township_hospital"]
    hospitals = hospitals[~hospitals.outside_county]
    metres = _shortest_metres(county.networks["car"], centre, hospitals)
    assert min(abs(metres - 14_600)) < 100
    assert min(abs(metres - 15_300)) < 100


def _shortest_metres(network, origin, destinations):
    """Return the shortest way by road from the one origin to each destination, with both access legs, by scipy."""
    size, lines = (
        network.n_nodes,
        np.stack([np.column_stack([network.x[k], network.y[k]]) for k in (network.tail, network.head)], axis=1),
    )
    edges = shapely.linestrings(lines)
    tree = shapely.STRtree(edges)
    length = network.length_mm / 1e3
    graph = sparse.csr_matrix((length, (network.tail, network.head)), shape=(size, size))

    def foot(point):
        edge = int(tree.nearest(point))
        share = shapely.line_locate_point(edges[edge], point, normalized=True)
        return edge, share, point.distance(edges[edge])

    edge, share, leg = foot(origin.geometry.iloc[0])
    ends = [(network.head[edge], (1 - share) * length[edge]), (network.tail[edge], share * length[edge])]
    reach = np.min([csgraph.dijkstra(graph, indices=int(node)) + extra for node, extra in ends], axis=0)
    found = []
    for point in destinations.geometry:
        edge, share, other = foot(point)
        by = min(
            reach[network.tail[edge]] + share * length[edge], reach[network.head[edge]] + (1 - share) * length[edge]
        )
        found.append(by + leg + other)
    return np.asarray(found)


def test_hospital_distances_hold_in_the_package_itself(county):
    """The trip of least time need not be the shortest, but is never shorter."""
    facilities = county.layers.facilities
    centre = facilities[facilities.tier == "county_medical_centre"]
    hospitals = facilities[(facilities.tier == "township_hospital") & ~facilities.outside_county]
    fastest = travel_times(county.networks["car"], _points(centre), _points(hospitals), limit_min=120).to_frame()
    shortest = dict(
        zip(hospitals.facility_id, _shortest_metres(county.networks["car"], centre, hospitals), strict=True)
    )
    assert len(fastest) == len(hospitals)
    for code, metres in zip(fastest.iloc[:, 1], fastest.length_m, strict=True):
        assert metres >= shortest[code] - 5.0


def _points(facilities):
    return facilities[["facility_id", "geometry"]]


def test_quicker_way_between_two_villages_leaves_the_county(county):
    """With the roads beyond the line taken away, some trip between two villages takes at least 3 minutes longer."""
    network, villages = county.networks["e_bike"], county.layers.villages.dropna(subset=["geometry"])
    boundary = county.layers.boundary.geometry.iloc[0]
    near = villages[villages.geometry.distance(boundary.boundary) < 2_500]
    nodes = cKDTree(np.column_stack([network.x, network.y])).query(np.column_stack([near.geometry.x, near.geometry.y]))[
        1
    ]
    inside = shapely.contains_xy(boundary, network.x, network.y)
    kept = inside[network.tail] & inside[network.head]
    minutes = []
    for chosen in (slice(None), kept):
        cost = network.time_ms[chosen] / 60_000
        graph = sparse.csr_matrix((cost, (network.tail[chosen], network.head[chosen])), shape=(network.n_nodes,) * 2)
        minutes.append(csgraph.dijkstra(graph, indices=nodes, limit=60.0)[:, nodes])
    everywhere, within = minutes
    longer = np.isfinite(everywhere) & np.isfinite(within) & (everywhere < 25.0) & (within > everywhere + 3.0)
    assert longer.any()


def test_villages_of_several_hamlets_share_out_their_people(county):
    hamlets, villages = county.layers.natural_villages, county.layers.villages.set_index("village_id")
    people = hamlets.groupby("village_id").population.agg(["sum", "size"])
    assert len(people) >= 3
    assert (people["size"] >= 3).all()
    assert (people["sum"] == villages.population[people.index]).all()


def test_facilities_beyond_the_line_are_marked(county):
    outside = county.layers.facilities[county.layers.facilities.outside_county]
    assert {"village_clinic", "township_hospital"} <= set(outside.tier)
    assert outside.name.str.startswith("邻县").all()


# ---------------------------------------- small parts


@pytest.mark.parametrize("total", [60, 61, 157_767])
def test_shares_add_up_whatever_the_weights(total):
    weight = np.random.default_rng(total).lognormal(0, 1, 6)
    shares = share_out(total, weight, 10)
    assert shares.sum() == total
    assert shares.min() >= 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 7])
def test_other_seeds_give_other_counties_that_can_be_read(tmp_path, seed):
    region = read_region(write_sample(tmp_path, seed=seed))
    layers = read_layers(region)
    assert layers.villages.population.sum() == 419_036
    assert build_networks(region, scan_county_roads(region, layers), layers)["car"].n_nodes > 10_000
