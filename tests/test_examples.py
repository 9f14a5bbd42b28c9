"""The scenarios of examples/: known keys only, planned with every check holding, each answering its question.

The sample county is read once; its scenarios of siting change nothing but `[siting]` (a test holds that), so that
circles are shared; those that edit the world have circles of their own. Figures are not pinned here: conditions of the
scenarios are, read from the files and tested on the plans.
"""

from __future__ import annotations

import csv
import functools
import json
import re
import shutil
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from clinicplan import plan
from clinicplan.county import build_networks, county_speeds
from clinicplan.extract import write_region_from_extract
from clinicplan.region import Region, read_region, region_from_table
from clinicplan.scenario import merge_tables, read_scenario
from clinicplan.scenario.edits import edit_county
from clinicplan.siting.check import check_plan
from clinicplan.siting.county import plan_county

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = PROJECT / "examples"
SHARED = PROJECT.parent / "shared" / "data"
FILES = sorted(EXAMPLES.glob("*.toml"))
SAMPLE = ("budget_800000", "share", "sub_centre")
EDITED = ("close_bridge", "winter")
COUNTRIES = ("andorra", "liechtenstein")
LAYERS = ("boundary", "villages", "facilities", "roads")
STUB = "".join(f'[layers.{name}]\npath = "{name}.csv"\n' for name in LAYERS)
"""Layers of a region file; the files themselves are not read with it."""
pytestmark = pytest.mark.xdist_group("sample")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data of ../shared are not here")


def lay_out(folder):
    """Copy the examples to a folder in which their bases can be put as the README says."""
    shutil.copytree(EXAMPLES, folder / "examples")
    return folder


@pytest.fixture(scope="module")
def project(sample_folder, tmp_path_factory):
    """A project folder with the examples and the sample county where they look for it."""
    folder = lay_out(tmp_path_factory.mktemp("project"))
    shutil.copytree(sample_folder, folder / "demo" / "region")
    return folder


@pytest.fixture(scope="module")
def planned(project, sample_result):
    """Plan the sample county under a scenario, some keys of `[siting]` replaced; hold every check.

    Returns the county's circles, the proposal and what stands in `plan.json`.
    """

    @functools.cache
    def solve(name, changes=""):
        read = read_scenario(project / "examples" / f"{name}.toml")
        if changes:
            table = merge_tables(read.model_dump(mode="json", exclude_none=True), tomllib.loads(changes))
            read = region_from_table(table, read.path)
        county, circles = replace(sample_result.county, region=read), sample_result.circles
        proposal = plan_county(county, circles)
        table = proposal.to_json("zh")
        checks = check_plan(county, circles, table)
        assert checks
        assert [check.rule for check in checks if not check.holds] == []
        return circles, proposal, table

    return solve


def villages_of(circles):
    """Return people, township and status by village."""
    known = circles.villages[circles.villages["population"].notna()]
    return {
        str(row.village_id): (int(row.population), str(row.township), str(row.status)) for row in known.itertuples()
    }


def value_of(table, name):
    return next(item["value"] for item in table["objectives"] if item["name"] == name)


def outside_today(circles):
    """Return how many people of ordinary villages are outside the circle today."""
    rows = circles.group == "village"
    people = circles.villages["population"].to_numpy(dtype=float)[rows]
    return int(people.sum()) - int(circles.village_trips.people_within[rows].sum())


# --- the files --------------------------------------------------------------------------------------------------------


def test_the_examples_are_those_of_the_readme():
    """Each file has its command in the README, on the region that the file names as its base."""
    assert {path.stem for path in FILES} == {*SAMPLE, *EDITED, *COUNTRIES}
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"clinicplan (?:site|run) (\S+) --scenario (\S+) --out ([^\s`]+)", text)
    bases = {scenario: folder for folder, scenario, _ in commands}
    assert len(commands) == len(bases) == len(FILES)
    assert len({out for *_, out in commands}) == len(FILES)
    for path in FILES:
        base = tomllib.loads(path.read_text(encoding="utf-8"))["base"]
        assert base == f"../{bases[f'examples/{path.name}']}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_names_only_known_keys_and_says_what_it_asks(path, tmp_path):
    """Read over a region that has four layers and sets nothing: what the example writes is what the region then has."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# 问题：")
    table = tomllib.loads(text)
    project = lay_out(tmp_path)
    base = project / "examples" / table["base"]
    base.mkdir(parents=True)
    (base / "region.toml").write_text(f'name = "x"\n{STUB}', encoding="utf-8")
    region = read_scenario(project / "examples" / path.name)
    assert region.scenario == table["name"]
    given = region.siting.model_dump()
    edits = region.edits.model_dump(mode="json", exclude_defaults=True)
    assert edits == table.get("edits", {})
    for key, value in table.get("siting", {}).items():
        if isinstance(value, dict):
            assert {name: given[key][name] for name in value} == value
        else:
            assert given[key] == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("name", SAMPLE)
def test_the_scenarios_of_the_sample_change_only_the_siting(project, name):
    usual = read_region(project / "demo" / "region")
    changed = read_scenario(project / "examples" / f"{name}.toml")
    keys = [key for key, field in Region.model_fields.items() if not field.exclude]
    assert [key for key in keys if getattr(usual, key) != getattr(changed, key)] in ([], ["siting"])


# --- the sample county ------------------------------------------------------------------------------------------------


def test_small_villages_near_a_neighbour_share_its_clinic(planned):
    """Fewer than 500 people, at most 10 minutes, the same township, a central clinic with at most three guests."""
    circles, proposal, table = planned("share")
    villages, sites = villages_of(circles), {site["site_id"]: site for site in table["sites"]}
    guests = [row for row in table["villages"] if row["arrangement"] == "shared"]
    assert len(guests) > 20
    for row in guests:
        host = sites[row["host_id"]]
        assert villages[row["village_id"]][0] < 500
        assert 0 <= row["time_ms"] <= 10 * 60_000
        assert host["tier"] == "central_clinic"
        assert host["village_id"] != row["village_id"]
        assert villages[host["village_id"]][1] == villages[row["village_id"]][1]
    assert max(Counter(row["host_id"] for row in guests).values()) <= 3
    assert proposal.status == "optimal"
    assert proposal.count("build") > 0
    assert proposal.count("close") == 0
    assert value_of(table, "people_outside") < outside_today(circles)


def test_without_money_to_count_only_places_that_move_away_are_left(planned):
    circles, _, table = planned("share")
    left = [row["village_id"] for row in table["villages"] if row["arrangement"] == "none"]
    assert {villages_of(circles)[name][2] for name in left} <= {"planned_relocation"}


def test_eight_hundred_thousand_yuan_are_not_overspent_and_take_people_into_the_circle(planned):
    circles, proposal, table = planned("budget_800000")
    assert 0 < table["costs"]["build_cny"] <= 800_000
    assert table["costs"]["build_cny"] == sum(site["cost"] for site in table["sites"])
    assert proposal.status == "optimal"
    assert value_of(table, "people_outside") < outside_today(circles)
    _, free, _ = planned("share")
    assert free.costs["build_cny"] > 800_000


def test_each_point_of_the_frontier_buys_more_and_the_plan_lies_on_it(planned):
    circles, proposal, table = planned("budget_800000")
    points = proposal.pareto
    assert 2 <= len(points) <= 15
    assert all(point["exact"] for point in points)
    money, outside = ([point[key] for point in points] for key in ("build_cny", "people_outside"))
    assert money == sorted(set(money))
    assert outside == sorted(set(outside), reverse=True)
    assert (money[0], outside[0]) == (0, outside_today(circles))
    bought = min(point["people_outside"] for point in points if point["build_cny"] <= 800_000)
    assert value_of(table, "people_outside") == bought


def test_a_point_of_the_frontier_is_the_plan_for_its_money(planned):
    """Not only its people outside: whoever asks for a plan with that money gets the figures of the row."""
    _, proposal, _ = planned("budget_800000")
    point = proposal.pareto[len(proposal.pareto) // 2]
    _, own, table = planned("budget_800000", f"[siting]\npareto = 0\nbudget = {{ build_cny = {point['build_cny']} }}\n")
    assert own.status == "optimal"
    assert value_of(table, "people_outside") == point["people_outside"]
    assert value_of(table, "people_without_arrangement") == point["people_without_arrangement"]
    assert table["costs"]["yearly_cny"] == point["yearly_cny"]
    assert table["costs"]["build_cny"] == point["build_cny"]
    assert (own.count("build"), own.count("upgrade")) == (point["built"], point["upgraded"])


def test_the_second_sub_centre_has_its_town_and_every_other_what_it_lacks(planned):
    circles, proposal, table = planned("sub_centre")
    tiers = dict(zip(circles.facilities["facility_id"], circles.facilities["tier"], strict=True))
    actions = {site["site_id"]: site["action"] for site in table["sites"]}
    (standing,) = [name for name, action in actions.items() if action == "keep"]
    (second,) = set(actions) - {standing}
    assert (standing, tiers[standing]) == ("SL00017", "sub_centre")
    assert (actions[second], tiers[second]) == ("upgrade", "central_township_hospital")
    assert proposal.status == "optimal"
    hospitals = {row["facility_id"]: row for row in table["sub_centres"] if row["row"] == "hospital"}
    assert all(hospitals[name]["road_km"] >= 15 for name in actions)
    for name, row in hospitals.items():
        if name not in actions:
            assert row["lacks"] or row["extra_person_minutes"] >= 0
    sets = [row for row in table["sub_centres"] if row["row"] == "set"]
    assert [row["chosen"] for row in sets] == [True] + [False] * (len(sets) - 1)
    assert sets[0]["person_minutes"] == min(row["person_minutes"] for row in sets)
    assert all(standing in row["sites"] and row["gap_share"] <= 0.2 for row in sets)


@pytest.fixture(scope="module")
def edited(project, sample_result):
    """Compute the circles of the sample county under an example that edits the world."""

    @functools.cache
    def solve(name):
        region = read_scenario(project / "examples" / f"{name}.toml")
        layers, roads = sample_result.county.layers, sample_result.county.roads
        classes = county_speeds(region).known_classes
        layers, roads = edit_county(region, layers, roads, classes=classes)
        networks = build_networks(region, roads, layers)
        county = replace(sample_result.county, region=region, layers=layers, roads=roads, networks=networks)
        return plan.county_circles(county)

    return solve


def test_a_closed_bridge_takes_villages_of_one_township_out_of_the_circle(edited, sample_result):
    """No village gains; those that lose stand in the township of the bridge, and some leave the circle."""
    before, after = sample_result.circles.village_trips, edited("close_bridge").village_trips
    longer = after.time_ms > before.time_ms
    assert (after.time_ms >= before.time_ms)[before.time_ms >= 0].all()
    far = after.time_ms - before.time_ms > 60_000
    assert set(sample_result.circles.villages["township"][far]) == {"蕴泉镇"}
    assert 0 < (before.within & ~after.within).sum() <= longer.sum()
    assert not (~before.within & after.within).any()


def test_in_winter_no_way_is_shorter_and_the_circle_shrinks(edited, sample_result):
    before, after = sample_result.circles.village_trips, edited("winter").village_trips
    assert (after.time_ms >= before.time_ms)[before.time_ms >= 0].all()
    assert (after.time_ms >= 0).sum() == (before.time_ms >= 0).sum()
    assert (before.within & ~after.within).sum() > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_the_command_of_the_readme_writes_the_plan(project, tmp_path, planned, name):
    """From the files alone: the folder is written, its plan is the one of the library."""
    scenario = project / "examples" / f"{name}.toml"
    plan.propose(project / "demo" / "region", scenario=scenario, out=tmp_path / "out")
    written = json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
    assert all(check["holds"] for check in written["checks"])
    _, _, table = planned(name)
    for key in ("status", "objectives", "villages", "sites", "costs", "sub_centres"):
        assert written[key] == json.loads(json.dumps(table[key])), key


# --- real countries ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """Plan a country from its extract as the README says; return plan.json, the villages and the summary."""
    project = lay_out(tmp_path_factory.mktemp("countries"))

    @functools.cache
    def solve(name):
        (extract,) = (SHARED / name).glob("*.osm.pbf")
        region = project / "demo" / name
        write_region_from_extract(region, extract=extract, boundary=SHARED / name / "admin_osm.geojson")
        out = project / "demo" / f"{name}-plan"
        plan.propose(region, scenario=project / "examples" / f"{name}.toml", out=out)
        with (out / "villages.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = {row["village_id"]: row for row in csv.DictReader(file)}
        return *(json.loads((out / f"{part}.json").read_text(encoding="utf-8")) for part in ("plan", "summary")), rows

    return solve


@needs_shared
@pytest.mark.parametrize("name", COUNTRIES)
def test_a_country_is_planned_and_every_check_holds(country, name):
    table, summary, rows = country(name)
    assert (table["status"], table["gap"]) == ("optimal", 0)
    assert table["checks"]
    assert all(check["holds"] for check in table["checks"])
    arrangements = Counter(row["arrangement"] for row in table["villages"])
    assert arrangements["shared"] >= 1
    assert summary["plan"]["actions"]["build"] >= 1
    assert arrangements["none"] == 0
    assert len(table["villages"]) == len(rows)
    assert summary["plan"]["people_outside_planned"] < summary["plan"]["people_outside_today"]
    for row in table["villages"]:
        people = int(rows[row["village_id"]]["population"])
        if row["arrangement"] == "shared":
            assert people <= 600
            assert row["time_min"] <= 10
        if row["arrangement"] == "touring":
            assert people <= 100


@needs_shared
def test_nothing_is_built_on_the_alp_of_liechtenstein(country):
    """Lawena has 83 people by its buildings and is forbidden: a doctor tours, and its people alone stay outside."""
    table, summary, rows = country("liechtenstein")
    (alp,) = [name for name, row in rows.items() if row["name"] == "Lawena"]
    assert {row["arrangement"] for row in table["villages"] if row["village_id"] == alp} == {"touring"}
    assert alp not in {site["village_id"] for site in table["sites"]}
    assert summary["plan"]["people_outside_planned"] == int(rows[alp]["population"])


@needs_shared
def test_all_of_andorra_is_inside_the_circle(country):
    _, summary, _ = country("andorra")
    assert summary["plan"]["people_outside_planned"] == 0
