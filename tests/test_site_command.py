"""`clinicplan site`: the result folder with a plan, without one, and with one that does not hold."""

import csv
import json
import sys

import pyogrio
import pytest

from clinicplan import cli, plan
from clinicplan.errors import InfeasibleError, RegionError
from county import draw_county, write_county
from hand_plan import SITES, VILLAGES, hand_plan, stand_in

NOT_PLAN = {
    "summary.json", "villages.csv", "facilities.csv", "townships.csv", "travel_times.parquet", "coverage.gpkg",
    "map.html", "manifest.json", "audit.json", "audit.xlsx",
}  # fmt: skip
PLAN = {"plan.json", "plan.xlsx", "pareto.csv"}
SCENARIO = 'base = "region.toml"\nname = "近期"\n[siting]\nmax_changes = 9\n'


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    drawing = draw_county()
    drawing.region["policy"] = "xinchang-2022"
    file = write_county(drawing, tmp_path_factory.mktemp("county"))
    (file.parent / "near.toml").write_text(SCENARIO, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def result(region, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch, hand_plan())
        out = tmp_path_factory.mktemp("site") / "results"
        return plan.propose(region, scenario=region.parent / "near.toml", out=out)


def read_json(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def program(*arguments, monkeypatch):
    """Run a command as `main` does; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["clinicplan", *map(str, arguments)])
    return cli._guarded(lambda: cli.app(list(map(str, arguments)), standalone_mode=False))


def test_the_folder_has_everything_a_run_writes_and_the_plan(result):
    assert {path.name for path in result.out.iterdir()} == NOT_PLAN | PLAN | {"scenario.json"}
    written = NOT_PLAN - {"manifest.json"} | PLAN | {"scenario.json"}
    assert set(read_json(result.out, "manifest.json")["files"]) == written


def test_the_plan_stands_with_its_checks(result):
    table = read_json(result.out, "plan.json")
    assert len(table["villages"]) == len(VILLAGES)
    assert len(table["sites"]) == len(SITES)
    assert table["checks"] == [{"rule": "every_village_once", "holds": True, "detail": "逐村核对"}]


def test_the_summary_has_the_planned_figures_under_the_same_keys(result):
    """By hand: outside today less 东己 (265), which opens again, plus 西戊 (333), which becomes a service point."""
    summary = read_json(result.out, "summary.json")
    today = {"villages", "people_covered", "share_range", "bands", "ladder", "mean_minutes", "area_covered_share"}
    assert today <= set(summary["planned"]) <= set(summary)
    assert summary["planned"]["population"] == summary["population"]
    assert summary["scenario"] == "近期"
    figures = summary["plan"]
    assert figures["actions"] == {"keep": 2, "build": 2, "upgrade": 1, "convert": 1, "close": 0}
    assert figures["arrangements"]["shared"] == 1
    assert figures["people_outside_today"] == summary["population"] - summary["people_covered"]
    assert figures["people_outside_planned"] == figures["people_outside_today"] - 265 + 333
    assert figures["villages_outside_planned"] == figures["villages_outside_today"]


def test_villages_say_what_becomes_of_them(result):
    """By hand: 东己 (265 people) was 8.6 minutes from a clinic and has its own again; 西戊 loses its own, a service
    point does not count; 西己 has no coordinates and no verdict."""
    rows = {row["village_id"]: row for row in rows_of(result.out / "villages.csv")}
    reopened, turned, pending = rows["330624101206"], rows["330624201205"], rows["330624201206"]
    assert (reopened["within_standard"], reopened["planned_within_standard"]) == ("false", "true")
    assert reopened["planned_facility_id"] == "C03"
    assert (turned["within_standard"], turned["planned_within_standard"]) == ("true", "false")
    assert turned["arrangement"] == "service_point"
    assert rows["330624102206"]["planned_facility_id"] == "330624102206"
    assert (pending["planned_within_standard"], pending["arrangement"]) == ("", "")
    assert list(pending)[-4:] == ["planned_facility_id", "planned_time_min", "planned_within_standard", "arrangement"]


def test_the_sites_are_a_styled_layer(result):
    path = result.out / "coverage.gpkg"
    frame = pyogrio.read_dataframe(path, layer="proposals")
    assert frame["site_id"].tolist() == [site.site_id for site in SITES]
    assert frame["action"].tolist() == [site.action for site in SITES]
    assert not frame.geometry.is_empty.any()
    assert frame.geometry.notna().all()
    styles = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")["styleQML"]
    assert all(action in styles["proposals"] for action in ("keep", "build", "upgrade", "convert", "close"))


def test_the_audit_tells_both_states(result):
    rows = read_json(result.out, "audit.json")
    assert all(row["planned_status"] for row in rows)
    assert result.audit is not None


def test_the_manifest_names_solver_and_scenario(result, region):
    table = read_json(result.out, "manifest.json")
    assert (table["command"], table["scenario"]) == ("site", "近期")
    assert table["plan"]["engine"] == "HiGHS 1"
    assert table["plan"]["stopped_on_time"] is True
    assert [item["name"] for item in table["plan"]["objectives"]] == ["people_outside", "yearly_cost"]
    assert {"scenario", "region", "villages"} <= set(table["inputs"])
    assert {"site", "site_check", "planned", "circles"} <= set(table["seconds"])
    assert read_json(result.out, "scenario.json")["region"]["siting"]["max_changes"] == 9


def test_the_audit_command_takes_the_new_plan(result, region):
    (audit,) = plan.audit_county(region, plan=result.out)
    written = {row["clause"]: row["planned_status"] for row in read_json(result.out, "audit.json")}
    assert {item.clause.id: str(item.planned_status) for item in audit} == written


def test_the_same_inputs_give_the_same_bytes(result, region, tmp_path, monkeypatch):
    stand_in(monkeypatch, hand_plan())
    again = plan.propose(region, scenario=region.parent / "near.toml", out=tmp_path / "again")
    names = [name for name in sorted(NOT_PLAN | PLAN | {"scenario.json"}) if name.endswith((".json", ".csv", ".html"))]
    for name in names:
        if name != "manifest.json":
            assert (again.out / name).read_bytes() == (result.out / name).read_bytes(), name


def test_a_plan_that_does_not_hold_is_a_bug_and_nothing_is_written(region, tmp_path, monkeypatch, capsys):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stand_in(monkeypatch, hand_plan(), holds=False)
    out = tmp_path / "out"
    assert program("site", region, "--out", out, monkeypatch=monkeypatch) == 1
    assert not out.exists()
    error = capsys.readouterr().err
    assert "every_village_once" in error
    assert "程序出错" in error
    with pytest.raises(plan.PlanBrokenError):
        plan.propose(region)


@pytest.mark.parametrize("answer", [InfeasibleError("3 villages no candidate can reach"), hand_plan(status="unknown")])
def test_without_a_plan_everything_else_is_written(region, tmp_path, monkeypatch, capsys, answer):
    stand_in(monkeypatch, answer)
    out = tmp_path / "out"
    assert program("site", region, "--out", out, "--lang", "en", monkeypatch=monkeypatch) == 3
    assert {path.name for path in out.iterdir()} == NOT_PLAN
    summary = read_json(out, "summary.json")
    assert "planned" not in summary
    assert "plan" not in summary
    assert read_json(out, "manifest.json")["command"] == "site"
    assert all("planned_status" not in row for row in read_json(out, "audit.json"))
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.endswith(f"the results without one (circles, tables, map) stand in {out}.")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_five_lines_tell_the_plan(region, tmp_path, monkeypatch, capsys, lang):
    stand_in(monkeypatch, hand_plan())
    out = tmp_path / "out"
    options = ("--out", out, "--scenario", region.parent / "near.toml", "--lang", lang)
    assert program("site", region, *options, monkeypatch=monkeypatch) == 0
    lines = capsys.readouterr().out.replace(str(out), "OUT").splitlines()
    assert len(lines) == 5
    golden = (plan_golden(lang)).read_text(encoding="utf-8").splitlines()
    assert lines == golden


def plan_golden(lang):
    from pathlib import Path

    return Path(__file__).parent / "goldens" / f"site.{lang}.txt"


def test_json_is_the_summary(region, tmp_path, monkeypatch, capsys):
    stand_in(monkeypatch, hand_plan())
    options = ("--out", tmp_path / "out", "--json", "--quiet")
    assert program("site", region, *options, monkeypatch=monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == read_json(tmp_path / "out", "summary.json")


def test_a_bad_scenario_stops_before_anything_is_written(region, tmp_path, monkeypatch):
    bad = tmp_path / "bad.toml"
    bad.write_text(f'base = "{region.as_posix()}"\n[edits]\nclose = []\n', encoding="utf-8")
    assert program("site", region, "--scenario", bad, "--out", tmp_path / "out", monkeypatch=monkeypatch) == 2
    assert not (tmp_path / "out").exists()
    with pytest.raises(RegionError):
        plan.run(region, scenario=bad)


def test_run_takes_a_scenario_and_its_map_is_drawn_from_it_again(region, tmp_path):
    strict = region.parent / "strict.toml"
    strict.write_text('base = "region.toml"\nname = "四分钟"\n[standard]\nminutes = 4\n', encoding="utf-8")
    found = plan.run(region, scenario=strict, out=tmp_path / "out")
    assert (found.summary["minutes"], found.summary["scenario"]) == (4, "四分钟")
    assert "plan" not in read_json(found.out, "manifest.json")
    before = (found.out / "map.html").read_bytes()
    plan.redraw_map(found.out, lang="zh", tiles=None, tianditu_key=None)
    assert (found.out / "map.html").read_bytes() == before
