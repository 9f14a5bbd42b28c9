"""Scenario files: a small difference over a region, checked as strictly as the region itself."""

import json
import tomllib

import pytest

from clinicplan.errors import RegionError
from clinicplan.region import Region, read_region
from clinicplan.scenario import merge_tables, read_scenario, region_under, resolved_scenario

REGION = """
name = "新昌县"
code = "330624"
[layers.boundary]
path = "boundary.geojson"
[layers.villages]
path = "villages.xlsx"
datum = "gcj02"
[layers.facilities]
path = "facilities.csv"
[layers.roads]
path = "roads.osm.pbf"
[standard]
minutes = 20
bands = [15, 20]
[siting.merge]
max_people = 500
max_guests = 3
"""


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def base(tmp_path):
    return write(tmp_path, "region.toml", REGION)


def codes_of(path):
    with pytest.raises(RegionError) as caught:
        read_scenario(path)
    return [(item.code, item.file) for item in caught.value.faults], caught.value.faults


def test_a_key_of_siting_is_blamed_on_the_file_that_wrote_it(base, tmp_path):
    """Also when the resolved scenario is replayed, whose notes must be the same bytes."""
    write(tmp_path, "one.toml", 'base = "region.toml"\n[siting]\nkeep = ["A"]\nlock = ["B"]\n')
    path = write(tmp_path, "two.toml", 'base = "one.toml"\n[siting]\nkeep = ["C"]\n')
    resolved = write(tmp_path, "scenario.json", json.dumps(resolved_scenario(read_scenario(path))))
    for region in (read_scenario(path), region_under(base, resolved)):
        assert [region.siting_file(key) for key in ("keep", "lock", "merge", "forbid")] == [
            "two.toml", "one.toml", "region.toml", "region.toml",
        ]  # fmt: skip
        assert region.siting_file() == "region.toml + two.toml + one.toml"
    assert read_region(base).siting_file() == read_region(base).siting_file("keep") == "region.toml"


def test_tables_are_merged_key_by_key_and_the_rest_stays(base, tmp_path):
    path = write(tmp_path, "s.toml", 'base = "region.toml"\nname = "近期"\n[siting.merge]\nmax_people = 800\n')
    region = read_scenario(path)
    assert (region.siting.merge.max_people, region.siting.merge.max_guests) == (800, 3)
    assert (region.scenario, region.name, region.path) == ("近期", "新昌县", tmp_path / "region.toml")
    assert region.input_files()["scenario"] == path
    plain = read_region(base)
    assert plain.scenario == ""
    changed = region.model_dump()
    changed["siting"]["merge"]["max_people"] = 500
    assert changed == plain.model_dump()


def test_without_a_change_the_region_is_the_base(base, tmp_path):
    region = read_scenario(write(tmp_path, "empty.toml", 'base = "."\n'))
    assert region.model_dump() == read_region(base).model_dump()
    assert region.scenario == "empty"


def test_scenarios_stand_on_scenarios_and_the_topmost_wins(base, tmp_path):
    write(tmp_path, "one.toml", 'base = "region.toml"\n[siting]\nmax_changes = 3\nkeep = ["A", "B"]\n')
    top = write(tmp_path, "two.toml", 'base = "one.toml"\nname = "two"\n[siting]\nkeep = ["C"]\n')
    region = read_scenario(top)
    assert (region.siting.max_changes, region.siting.keep) == (3, ("C",))
    assert [path.name for path in region.scenario_files] == ["one.toml", "two.toml"]
    assert set(region.input_files()) >= {"region", "scenario", "scenario_2"}
    table = resolved_scenario(region)
    assert (table["name"], table["files"]) == ("two", ["region.toml", "one.toml", "two.toml"])
    assert table["region"]["siting"]["keep"] == ["C"]
    json.dumps(table, allow_nan=False)


def test_paths_are_relative_to_the_file_they_stand_in(base, tmp_path):
    text = (
        'base = "../region.toml"\npolicy = "own.toml"\n[layers.facilities]\npath = "new.csv"\n'
        '[travel]\nspeeds = "speeds.toml"\n[siting]\nbaseline = "../results"\n'
    )
    region = read_scenario(write(tmp_path, "later/s.toml", text))
    assert region.file("facilities").resolve() == tmp_path / "later" / "new.csv"
    assert region.file("villages").resolve() == tmp_path / "villages.xlsx"
    assert region.layers.villages.datum == "gcj02"
    assert (region.travel.speeds, region.siting.baseline, region.policy) == (
        "later/speeds.toml",
        "results",
        "later/own.toml",
    )
    assert region.input_files()["baseline"].name == "plan.json"


def test_a_built_in_policy_keeps_its_name_wherever_the_scenario_stands(base, tmp_path):
    text = 'base = "../region.toml"\npolicy = "xinchang-2022"\n'
    assert read_scenario(write(tmp_path, "later/s.toml", text)).policy == "xinchang-2022"


def test_a_circle_by_distance_takes_the_place_of_minutes(base, tmp_path):
    region = read_scenario(write(tmp_path, "s.toml", 'base = "region.toml"\n[standard]\ndistance_m = 3000\n'))
    assert (region.standard.minutes, region.standard.distance_m) == (None, 3000)
    both = write(tmp_path, "b.toml", 'base = "region.toml"\n[standard]\ndistance_m = 3000\nminutes = 15\n')
    assert codes_of(both)[0] == [("minutes_and_distance", "b.toml")]


def test_every_fault_comes_at_once_and_names_the_file_that_wrote_it(base, tmp_path):
    write(tmp_path, "one.toml", 'base = "region.toml"\n[siting.merge]\nmax_poeple = 3\n')
    text = 'base = "one.toml"\nname = ""\ncolour = 1\n[siting]\ntime_limit_s = -1\n[edits]\nsaeson = "冰雪"\n'
    codes, faults = codes_of(write(tmp_path, "two.toml", text))
    assert set(codes) == {
        ("bad_name", "two.toml"), ("unknown_key_near", "two.toml"), ("unknown_key_near", "one.toml"),
        ("unknown_key", "two.toml"), ("bad_value", "two.toml"),
    }  # fmt: skip
    assert any("max_people" in item.remedy.en for item in faults)
    assert any("edits.season" in item.remedy.en for item in faults)


def test_a_fault_of_the_base_names_the_base(tmp_path):
    write(tmp_path, "region.toml", REGION.replace("minutes = 20", "minutes = -20"))
    path = write(tmp_path, "s.toml", 'base = "region.toml"\n[standard]\nbands = [10]\n')
    assert codes_of(path)[0] == [("bad_value", "region.toml")]


@pytest.mark.parametrize("text", ["name = 1\n", 'base = 3\nname = "x"\n', 'base = " "\n'])
def test_a_base_is_needed(tmp_path, text):
    assert codes_of(write(tmp_path, "s.toml", text))[0] == [("no_base", "s.toml")]


def test_scenarios_that_stand_on_each_other_are_refused(tmp_path):
    write(tmp_path, "a.toml", 'base = "b.toml"\n')
    path = write(tmp_path, "b.toml", 'base = "a.toml"\n')
    codes, faults = codes_of(path)
    assert codes == [("cycle", "a.toml")]
    assert "b.toml → a.toml → b.toml" in faults[0].found.zh


def test_a_missing_base_is_named(tmp_path):
    codes, faults = codes_of(write(tmp_path, "s.toml", 'base = "gone.toml"\n'))
    assert codes == [("missing_file", str(tmp_path / "gone.toml"))]
    assert faults[0].layer == "scenario"


def test_a_scenario_that_is_no_toml_says_which_line(tmp_path):
    codes, faults = codes_of(write(tmp_path, "s.toml", 'base = "region.toml"\nname = 近期\n'))
    assert codes == [("toml_syntax", "s.toml")]
    assert faults[0].rows == (2,)


def test_a_scenario_of_another_region_is_refused(base, tmp_path):
    write(tmp_path, "other/region.toml", REGION)
    path = write(tmp_path, "s.toml", 'base = "other/region.toml"\n')
    with pytest.raises(RegionError) as caught:
        region_under(base, path)
    assert caught.value.faults[0].code == "other_region"
    assert region_under(tmp_path / "other", path).scenario == "s"
    assert region_under(base, None) == read_region(base)


def test_a_scenario_may_not_write_what_the_reader_sets(base, tmp_path):
    text = 'base = "region.toml"\npath = "x"\nscenario = "y"\nscenario_files = ["z"]\n'
    codes, _ = codes_of(write(tmp_path, "s.toml", text))
    assert [code.removesuffix("_near") for code, _ in codes] == ["unknown_key"] * 3


def test_merging_leaves_what_is_merged_as_it_was():
    table = tomllib.loads(REGION)
    before = json.dumps(table, sort_keys=True)
    merge_tables(table, {"standard": {"distance_m": 1}, "siting": {"merge": {"max_people": 1}}})
    assert json.dumps(table, sort_keys=True) == before


def test_every_key_of_a_region_may_stand_in_a_scenario(base, tmp_path):
    """All but those the reader sets; the name is the scenario's own."""
    keys = {name for name, field in Region.model_fields.items() if not field.exclude}
    assert keys == {
        "name", "code", "policy", "crs", "population_basis", "layers", "travel", "standard", "siting", "document",
        "edits",
    }  # fmt: skip
    text = 'base = "region.toml"\ncode = "330624"\ncrs = "EPSG:4549"\npopulation_basis = "hukou"\n'
    region = read_scenario(write(tmp_path, "s.toml", text + '[document]\nversion = "送审稿"\n'))
    assert (region.crs, region.population_basis, region.document.version) == ("EPSG:4549", "hukou", "送审稿")
