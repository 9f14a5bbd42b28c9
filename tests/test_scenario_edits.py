"""Edits of scenarios on a hand-drawn county of one road, and the replay of what was resolved.

The county is a square of 0.2 degrees around 120.9 E, 29.5 N with a road along the parallel from 120.85 to 120.95: a
western half (way 1, tertiary) and an eastern half (way 2, track). A village at each end and in the middle; the only
clinic at the eastern end. What follows can be told without a computer: a closed eastern half cuts the others off, a
halved one doubles the time on it.
"""

import json

import numpy as np
import pytest

from clinicplan import plan
from clinicplan.county import read_county
from clinicplan.errors import PlannerError, RegionError
from clinicplan.region import region_from_table
from clinicplan.scenario import read_scenario, region_under
from clinicplan.scenario.elevation import read_heights
from clinicplan.scenario.road_edits import mode_change, season_of
from clinicplan.scenario.seasons import read_season, season_names

REGION = """
name = "county"
crs = "EPSG:4549"
[layers.boundary]
path = "boundary.geojson"
[layers.villages]
path = "villages.csv"
[layers.facilities]
path = "facilities.csv"
[layers.roads]
path = "roads.geojson"
[travel]
mode = "car"
modes = ["car"]
[standard]
minutes = 10
"""
VILLAGES = """village_id,name,township,population,population_2035,lon,lat
V1,West,Town,101,50,120.85,29.5
V2,Middle,Town,200,60,120.9,29.5
V3,East,Hills,300,70,120.95,29.5
"""
FACILITIES = "facility_id,name,tier,village_id,lon,lat\nC1,East clinic,village_clinic,V3,120.95,29.5\n"


def feature(kind, coordinates, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def square(west, south, east, north):
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


@pytest.fixture
def county(tmp_path):
    (tmp_path / "region.toml").write_text(REGION, encoding="utf-8")
    (tmp_path / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    (tmp_path / "facilities.csv").write_text(FACILITIES, encoding="utf-8")
    boundary = feature("Polygon", square(120.8, 29.4, 121.0, 29.6), name="county")
    (tmp_path / "boundary.geojson").write_text(collection(boundary), encoding="utf-8")
    west = feature("LineString", [[120.85, 29.5], [120.875, 29.5], [120.9, 29.5]], osm_id=1, highway="tertiary")
    east = feature("LineString", [[120.9, 29.5], [120.925, 29.5], [120.95, 29.5]], osm_id=2, highway="track")
    (tmp_path / "roads.geojson").write_text(collection(west, east), encoding="utf-8")
    return tmp_path


def scenario(folder, edits, name="s.toml", base="region.toml"):
    path = folder / name
    path.write_text(f'base = "{base}"\n{edits}', encoding="utf-8")
    return path


def times(folder, edits=None):
    """Return the milliseconds of West, Middle and East; -1 without a way."""
    region = read_scenario(folder if edits is None else scenario(folder, edits))
    return plan.county_circles(read_county(region)).village_trips.time_ms


def layers(folder, edits):
    return read_county(read_scenario(scenario(folder, edits))).layers


def faults(folder, edits):
    with pytest.raises(PlannerError) as caught:
        read_county(read_scenario(scenario(folder, edits)))
    return caught.value.faults


def test_a_closed_road_cuts_off_who_needs_it(county):
    before, after = times(county), times(county, "[[edits.roads]]\nways = [2]\n")
    assert (before >= 0).all()
    assert after[0] < 0
    assert after[2] == before[2]


@pytest.mark.parametrize(
    "selector",
    [
        "ways = [2]", 'classes = ["track"]', "polygon = [[120.91, 29.4], [121, 29.4], [121, 29.6], [120.91, 29.6]]",
        'area = "wet.geojson"', 'ways = [1, 2]\nclasses = ["track"]',
    ],
)  # fmt: skip
def test_half_the_speed_on_the_eastern_half_doubles_its_time_however_it_is_named(county, selector):
    (county / "wet.geojson").write_text(
        collection(feature("Polygon", square(120.91, 29.4, 121.0, 29.6))), encoding="utf-8"
    )
    before, after = times(county), times(county, f"[[edits.roads]]\n{selector}\nfactor = 0.5\n")
    assert after[1] == pytest.approx(2 * before[1], rel=0.001)
    assert after[0] - after[1] == pytest.approx(before[0] - before[1], rel=0.001)


def test_edits_of_scenarios_are_appended_and_factors_multiply(county):
    scenario(county, "[[edits.roads]]\nways = [2]\nfactor = 0.5\n", name="one.toml")
    top = scenario(county, "[[edits.roads]]\nways = [2]\nfactor = 0.5\n", name="two.toml", base="one.toml")
    region = read_scenario(top)
    assert region.edit_place("roads", 0) == ("one.toml", "edits.roads[1]")
    assert region.edit_place("roads", 1) == ("two.toml", "edits.roads[1]")
    after = plan.county_circles(read_county(region)).village_trips.time_ms
    assert after[1] == pytest.approx(4 * times(county)[1], rel=0.001)


def test_a_season_slows_classes_and_caps_modes_and_own_factors_replace_its_own(county):
    season = read_season("冰雪")
    before, after = times(county), times(county, '[edits]\nseason = "冰雪"\n')
    assert after[1] == pytest.approx(before[1] / season.classes["track"], rel=0.001)
    own = times(county, '[edits]\nseason = "冰雪"\nseason_factors = { track = 1.0, tertiary = 1.0 }\n')
    assert own[1] == before[1]
    assert own[0] - own[1] == pytest.approx(4_850 / season.top_kmh["car"] * 3600, rel=0.01)


@pytest.mark.parametrize("name", season_names())
def test_every_number_of_a_season_has_a_source(name):
    season = read_season(name)
    assert season.sources
    assert all(item["source"].strip() for item in season.sources)
    assert all(0 <= value <= 1 for value in season.classes.values())


def test_speed_factors_are_those_of_one_mode(county):
    before, after = times(county), times(county, "[edits]\nspeeds = { car = 2.0, walk = 0.1 }\n")
    assert after[0] == pytest.approx(before[0] / 2, rel=0.001)
    region = read_scenario(scenario(county, "[edits]\nspeeds = { walk = 0.1 }\n"))
    assert mode_change(region, "walk")["speed_factor"] == 0.1
    assert mode_change(region, "car") == {"speed_factor": 1.0, "top_kmh": np.inf}


def test_facilities_are_added_closed_moved_and_retiered(county):
    text = """
[[edits.facilities]]
action = "add"
facility_id = "N1"
tier = "village_clinic"
lon = 120.85
lat = 29.5
village_id = "V1"
doctors = 2
[[edits.facilities]]
action = "close"
facility_id = "C1"
[[edits.facilities]]
action = "retier"
facility_id = "N1"
tier = "central_clinic"
"""
    after = layers(county, text).facilities
    assert after["facility_id"].tolist() == ["C1", "N1"]
    assert after["operating"].tolist() == ["no", "yes"]
    assert after["tier"].tolist() == ["village_clinic", "central_clinic"]
    assert (after["township"].iloc[1], int(after["doctors"].iloc[1])) == ("Town", 2)
    found = times(county, text)
    assert found[0] < found[1] < found[2]
    moved = times(county, '[[edits.facilities]]\naction = "move"\nfacility_id = "C1"\nlon = 120.85\nlat = 29.5\n')
    assert moved[0] < moved[1] < moved[2]


def test_villages_change_status_kind_people_and_place(county):
    text = """
[[edits.villages]]
village_id = "V1"
status = "relocated"
population = 7
[[edits.villages]]
village_id = "V2"
lon = 120.95
lat = 29.5
kind = "community"
"""
    after = layers(county, text).villages
    assert after["status"].tolist()[0] == "relocated"
    assert after["population"].tolist() == [7, 200, 300]
    assert after["kind"].tolist()[1] == "community"
    assert after.geometry.iloc[1].distance(after.geometry.iloc[2]) < 0.01


def test_people_are_multiplied_to_whole_people_or_read_from_another_column(county):
    text = "[edits.population]\nfactor = 0.5\ntownships = { Hills = 2.0 }\n"
    assert layers(county, text).villages["population"].tolist() == [50, 100, 600]
    other = '[edits.population]\ncolumn = "population_2035"\n'
    assert layers(county, other).villages["population"].tolist() == [50, 60, 70]


def test_every_wrong_edit_is_named_at_once_with_its_key(county):
    text = """
[edits]
season = "冰血"
season_factors = { trak = 0.5 }
population = { townships = { Tawn = 0.5 } }
[[edits.roads]]
ways = [2, 77]
[[edits.roads]]
area = "gone.geojson"
[[edits.roads]]
polygon = [[0, 0], [0.1, 0], [0, 0.1]]
[[edits.roads]]
polygon = [[0, 0], [1, 1], [1, 0], [0, 1]]
[[edits.villages]]
village_id = "V9"
status = "relocated"
[[edits.villages]]
village_id = "V1"
lon = 100.0
lat = 20.0
[[edits.facilities]]
action = "close"
facility_id = "C9"
[[edits.facilities]]
action = "add"
facility_id = "C1"
tier = "village_clinic"
lon = 120.9
lat = 29.5
township = "Nowhere"
village_id = "V8"
"""
    found = faults(county, text)
    assert sorted(item.code for item in found) == sorted(
        [
            "unknown_class", "unknown_season", "unknown_township", "unknown_ways", "no_area_file", "no_road_meant",
            "crossed_polygon", "unknown_village", "village_outside", "unknown_facility", "unknown_township",
            "unknown_village", "facility_taken",
        ]
    )  # fmt: skip
    assert {item.file for item in found} == {"s.toml"}
    said = "\n".join(item.found.en for item in found)
    for key in ("edits.roads[1].ways", "edits.roads[2].area", "edits.roads[3]", "edits.villages[1].village_id",
                "edits.facilities[2].township", "edits.season_factors.trak"):  # fmt: skip
        assert key in said


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("[[edits.roads]]\nfactor = 0.5\n", "edit_names_no_road", "edits.roads[1]"),
        ("[[edits.roads]]\npolygon = [[1, 1], [2, 2]]\n", "edit_short_polygon", "edits.roads[1]"),
        ("[[edits.roads]]\nways = [1]\nfactor = -1.0\n", "bad_value", "edits.roads[1].factor"),
        ("[[edits.roads]]\nways = [1]\nfaktor = 0.5\n", "unknown_key_near", "edits.roads[1].faktor"),
        ('[[edits.villages]]\nvillage_id = "V1"\n', "edit_changes_nothing", "edits.villages[1]"),
        ('[[edits.villages]]\nvillage_id = "V1"\nlon = 1.0\n', "edit_no_position", "edits.villages[1]"),
        ('[[edits.facilities]]\naction = "add"\nfacility_id = "N"\nlon = 1.0\nlat = 1.0\n', "edit_no_tier",
         "edits.facilities[1]"),
        ('[[edits.facilities]]\naction = "shut"\nfacility_id = "N"\n', "not_a_choice", "edits.facilities[1].action"),
        ("[edits]\nspeeds = { ebike = 0.5 }\n", "not_a_choice_near", "edits.speeds.ebike"),
    ],
)  # fmt: skip
def test_an_edit_that_says_too_little_is_refused_when_it_is_read(county, text, code, key):
    scenario(county, "[[edits.roads]]\nways = [1]\n", name="below.toml")
    with pytest.raises(RegionError) as caught:
        read_scenario(scenario(county, text, base="below.toml"))
    (found,) = caught.value.faults
    assert (found.code, found.file) == (code, "s.toml")
    assert key in found.found.en


def test_an_area_is_found_from_the_folder_of_its_scenario(county):
    (county / "later").mkdir()
    wet = collection(feature("Polygon", square(120.91, 29.4, 121.0, 29.6)))
    (county / "later" / "wet.geojson").write_text(wet, encoding="utf-8")
    path = scenario(county, '[[edits.roads]]\narea = "wet.geojson"\n', name="later/s.toml", base="../region.toml")
    region = read_scenario(path)
    assert region.input_files()["edit_area_1"].resolve() == county / "later" / "wet.geojson"
    assert plan.county_circles(read_county(region)).village_trips.time_ms[0] < 0


def test_what_was_resolved_replays_to_the_same_bytes(county):
    """Every .json but the manifest, every .csv and .html; the base need not be named again."""
    scenario(county, "[[edits.roads]]\nways = [1]\nfactor = 0.5\n", name="below.toml")
    top = scenario(county, 'name = "冬"\n[edits]\nseason = "冰雪"\nspeeds = { car = 0.9 }\n', base="below.toml")
    first, again = county.parent / "first", county.parent / "again"
    plan.run(county, scenario=top, out=first)
    top.unlink()
    plan.run(county, scenario=first / "scenario.json", out=again)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    for name in names:
        if name.endswith((".json", ".csv", ".html")) and name != "manifest.json":
            assert (first / name).read_bytes() == (again / name).read_bytes(), name
    manifest = json.loads((again / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["scenario"], manifest["season"][0]["item"]) == ("冬", "classes.motorway")


def test_a_resolved_scenario_needs_its_region(county, tmp_path):
    path = tmp_path / "scenario.json"
    path.write_text('{"name": "x"}', encoding="utf-8")
    for read, code in (
        (lambda: read_scenario(path), "resolved_alone"),
        (lambda: region_under(county, path), "not_resolved"),
    ):
        with pytest.raises(RegionError) as caught:
            read()
        assert caught.value.faults[0].code == code
    path.write_text('{"name": "x", "base": "other.toml", "files": [], "region": {}}', encoding="utf-8")
    with pytest.raises(RegionError) as caught:
        region_under(county, path)
    assert caught.value.faults[0].code == "other_region"


def test_heights_are_those_of_the_cell_and_the_upper_end_of_a_road_counts(county):
    """A grid of two cells: 100 m in the west, 900 m in the east; ice above 800 m slows once more."""
    head = "ncols 2\nnrows 1\nxllcorner 120.8\nyllcorner 29.45\ncellsize 0.1\nNODATA_value -9999\n"
    (county / "heights.asc").write_text(head + "100 900\n", encoding="utf-8")
    plain = times(county, '[edits]\nseason = "冰雪"\n')
    high = times(county, '[edits]\nseason = "冰雪"\n[layers.elevation]\npath = "heights.asc"\n')
    assert high[1] == pytest.approx(plain[1] / season_of(read_scenario(county / "s.toml")).elevation_m[800.0], rel=0.01)
    (county / "heights.asc").write_text("no grid", encoding="utf-8")
    edits = '[edits]\nseason = "冰雪"\n[layers.elevation]\npath = "heights.asc"\n'
    assert [item.code for item in faults(county, edits)] == ["no_grid"]


def test_cells_without_data_and_points_outside_have_no_height(tmp_path):
    path = tmp_path / "g.asc"
    path.write_text("ncols 2\nnrows 2\nxllcenter 500005\nyllcenter 5\ncellsize 10\n1 2\n3 -9999\n", encoding="utf-8")
    table = {"name": "x", "layers": {name: {"path": "a"} for name in ("boundary", "villages", "facilities", "roads")}}
    source = region_from_table(table, tmp_path / "region.toml").layers.roads
    x, y = np.array([500005.0, 500015.0, 500005.0, 500015.0, 0.0]), np.array([15.0, 15.0, 5.0, 5.0, 5.0])
    found = read_heights(source, path, "EPSG:4549", x, y)
    assert found[:3].tolist() == [1, 2, 3]
    assert np.isnan(found[3:]).all()
