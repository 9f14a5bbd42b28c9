"""`clinicplan site` where no plan exists, or the input is bad: exit code, files, reason, and a relaxation that works.

The county is the drawn one of `county.py`: fifteen villages, a circle of 5 minutes, one township hospital.
"""

import json
import re

import pytest

from clinicplan import plan
from clinicplan.errors import InfeasibleError, LayerError, RegionError
from clinicplan.region import read_region
from clinicplan.siting.check import check_plan
from clinicplan.siting.county import plan_county
from county import draw_county, write_county
from test_site_command import NOT_PLAN, program, read_json

WITHOUT_PLAN = NOT_PLAN - {"audit.json", "audit.xlsx"}
"""The county names no policy here."""
LEAVING = "330624101205"
"""东戊, 330 people: to be relocated in one county."""


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    return write_county(draw_county(), tmp_path_factory.mktemp("county"))


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """The county with one village to be relocated."""
    drawing = draw_county()
    column = drawing.villages.column("村庄状态")
    for row in drawing.villages.rows:
        if row[drawing.villages.column("行政区划代码")] == LEAVING:
            row[column] = "搬迁撤并类"
    return write_county(drawing, tmp_path_factory.mktemp("moving"))


def scenario(folder, region, siting, standard=""):
    path = folder / "s.toml"
    path.write_text(f'base = "{region.as_posix()}"\n[standard]\n{standard}\n[siting]\n{siting}\n', encoding="utf-8")
    return path


def planned(folder, region, siting, standard=""):
    """Return the plan under a scenario, computed without writing; raises as the command does."""
    return plan.propose(region, scenario=scenario(folder, region, siting, standard)).proposal


NO_PLAN = [
    # set cover, a village that may have no site: the nearest, and the standard that would do
    (f'model = "set_cover"\nforbid = ["{LEAVING}"]', "东戊村", r"\(([\d.]+) min reaches all\)", "minutes = {}", True),
    # too few sites: villages with separate reach, and the number that works
    ('model = "set_cover"\np = 2', "2 site(s) are too few: homes in 11 village(s)", r"Raise p to (\d+)", "p = {}",
     False),
    ('model = "partial_cover"\ntarget_share = 0.9\np = 2', "at least 10 are needed", r"Raise p to (\d+)", "p = {}",
     False),
    ("complete = true\nbudget = { build_cny = 100000 }", "Building money of 100,000 yuan",
     r"Raise budget.build_cny to ([\d,]+)", "budget.build_cny = {}", False),
    ("complete = true\nbudget = { running_cny_per_year = 100000 }", "Running money of 100,000 yuan",
     r"Raise budget.running_cny_per_year to ([\d,]+)", "budget.running_cny_per_year = {}", False),
    ("complete = true\ndoctors = { available = 2 }", "2 doctors do not suffice: 3 short",
     r"Raise doctors.available to (\d+)", "doctors.available = {}", False),
    ("complete = true\nmax_changes = 1", "1 change(s) do not suffice", r"Raise max_changes to (\d+)",
     "max_changes = {}", False),
    ('township_minimum = { "东山镇" = 9 }', "only 7 possible site(s)", r"Ask for (\d+)",
     'township_minimum."东山镇" = {}', False),
    ('forbid = ["C06"]\nmax_minutes_lost = 4.0\ncomplete = true', "西戊村 (333 people): named in forbid",
     r"with max_minutes_lost = ([\d.]+) it could share", "max_minutes_lost = {}", False),
    ('model = "capacitated_p_median"\np = 3\ncapacity_people = 1000.0', "3 site(s) take 3000 at most",
     r"Raise p to (\d+)", "p = 8", False),
    ('model = "capacitated_cover"\ncapacity_people = 400.0', "larger than any site in their reach",
     r"\(the largest: (\d+)\)", "capacity_people = {}.0", False),
]  # fmt: skip


def relaxed(siting, change, value):
    """Return the siting table with one key put to what the message offers."""
    line = change.format(value.replace(",", ""))
    key = line.split(" = ")[0]
    lines = [item for item in siting.splitlines() if item.split(" = ")[0].split(".")[0] != key.split(".")[0]]
    return "\n".join([*lines, line])


@pytest.mark.parametrize(("siting", "reason", "offer", "change", "of_standard"), NO_PLAN)
def test_without_a_plan_the_reason_comes_with_a_relaxation_that_works(
    region, tmp_path, monkeypatch, capsys, siting, reason, offer, change, of_standard
):
    out = tmp_path / "out"
    file = scenario(tmp_path, region, siting)
    assert program("site", region, "--scenario", file, "--out", out, "--lang", "en", monkeypatch=monkeypatch) == 3
    assert {path.name for path in out.iterdir()} == WITHOUT_PLAN | {"scenario.json"}
    assert "planned" not in read_json(out, "summary.json")
    text = capsys.readouterr().err
    assert reason in text
    assert "Traceback" not in text
    value = re.search(offer, text).group(1)
    if of_standard:
        assert planned(tmp_path, region, siting, change.format(value)).sites
    else:
        assert planned(tmp_path, region, relaxed(siting, change, value)).sites


@pytest.mark.parametrize(
    ("siting", "offer"),
    [
        ("complete = true\nbudget.build_cny = {}", r"Raise budget.build_cny to ([\d,]+)"),
        ("complete = true\ndoctors.available = {}", r"Raise doctors.available to (\d+)"),
        ("complete = true\nmax_changes = {}", r"Raise max_changes to (\d+)"),
        ('model = "set_cover"\np = {}', r"Raise p to (\d+)"),
    ],
)
def test_the_relaxation_is_the_smallest(region, tmp_path, siting, offer):
    """One less than what is offered has no plan either."""

    def offered(value):
        with pytest.raises(InfeasibleError) as caught:
            planned(tmp_path, region, siting.format(value))
        return int(re.search(offer, caught.value.faults[0].remedy.en).group(1).replace(",", ""))

    least = offered(1)
    assert least > 2
    assert offered(least - 1) == least
    assert planned(tmp_path, region, siting.format(least)).sites


def codes(folder, region, siting, standard=""):
    with pytest.raises(InfeasibleError) as caught:
        planned(folder, region, siting, standard)
    return {item.code: item for item in caught.value.faults}


def test_a_budget_too_small_says_what_it_reaches(region, tmp_path):
    item = codes(tmp_path, region, "complete = true\nbudget = { build_cny = 100000 }")["limit.build_budget"]
    best = planned(tmp_path, region, "budget = { build_cny = 100000 }")
    outside, bare = (objective.value for objective in best.objectives[:2])
    assert f"{outside:,} people outside" in item.allowed.en
    assert f"{bare:,} without" in item.allowed.en


def test_a_village_to_be_relocated_is_explained_by_that(moving, tmp_path):
    """Nothing is built there; a little more for sharing is enough."""
    item = codes(tmp_path, moving, "complete = true\nmerge = { max_minutes = 5.0 }")["unprovided"]
    assert item.ids == (LEAVING,)
    assert "所在村为搬迁撤并类，不新建" in item.found.zh
    assert "forbid" not in item.found.zh
    minutes = re.search(r"merge.max_minutes = ([\d.]+) ", item.found.zh).group(1)
    found = planned(tmp_path, moving, f"complete = true\nmerge = {{ max_minutes = {minutes} }}")
    assert {row.village_id: row.arrangement for row in found.villages}[LEAVING] == "shared"


@pytest.mark.parametrize("model", ["", 'model = "set_cover"\n', 'model = "p_median"\np = 3\n'])
def test_what_must_open_and_must_not_is_named(moving, tmp_path, model):
    assert codes(tmp_path, moving, f'{model}keep = ["C01"]\nforbid = ["C01"]')["keep_and_forbid"].ids == ("C01",)
    item = codes(tmp_path, moving, f'{model}keep = ["{LEAVING}"]')["conflict"]
    assert item.ids == (LEAVING,)
    assert "relocated" in item.found.en
    item = codes(tmp_path, moving, f'{model}keep = ["330624101201"]\nforbid = ["C01"]')["conflict"]
    assert "东甲村卫生室（列入 forbid）" in item.found.zh
    item = codes(tmp_path, moving, f'{model}lock = ["中溪镇"]\nkeep = ["330624102206"]')["conflict"]
    assert "its township is locked" in item.found.en


def test_a_share_that_cannot_be_had_names_the_villages_no_site_reaches(moving, tmp_path):
    found = codes(tmp_path, moving, "", "target_share = 1.0")
    assert set(found) == {"limit.outside_limit", "unreached"}
    assert found["unreached"].ids == (LEAVING,)
    minutes = re.search(r"\(([\d.]+) min reaches all\)", found["unreached"].remedy.en).group(1)
    assert planned(tmp_path, moving, "", f"target_share = 1.0\nminutes = {minutes}").objectives[0].value == 0


def test_a_quota_above_the_eligible_hospitals_says_how_many_there_are(region, tmp_path):
    item = codes(tmp_path, region, 'model = "quota"\nquota = { tiers = ["township_hospital"], count = 5 }')["too_few"]
    assert "1" in item.found.en
    assert "5" in item.found.en
    item = codes(tmp_path, region, 'model = "quota"\nquota = { tiers = ["township_hospital"] }')["townships_short"]
    assert len(item.ids) == 2


def test_minutes_lost_that_conflict_say_which_would_do(region, tmp_path):
    """西戊 must give its clinic up and may share, but not so far: the bound itself is what stands in the way."""
    table = 'forbid = ["C06"]\noutreach = ["touring"]\noutreach_max_people = 400\ncomplete = true\n'
    item = codes(tmp_path, region, f"{table}max_minutes_lost = 4.0")["limit.minutes_lost_least"]
    minutes = float(re.search(r"max_minutes_lost to ([\d.]+)", item.remedy.en).group(1))
    assert planned(tmp_path, region, f"{table}max_minutes_lost = {minutes}").sites
    with pytest.raises(InfeasibleError):
        planned(tmp_path, region, f"{table}max_minutes_lost = {minutes - 0.1:.1f}")


# --- a plan that does not hold ----------------------------------------------------------------------------------------


def test_a_plan_with_one_wrong_minute_is_a_bug_and_not_written(region, tmp_path, monkeypatch, capsys):
    """The solver is made to tell one village's way a second shorter; the check finds it from roads and plan alone."""
    import tempfile
    from dataclasses import replace

    def spoilt(county, circles):
        proposal = plan_county(county, circles)
        rows = [row for row in proposal.villages if row.time_ms > 1000]
        wrong = {rows[0].village_id: rows[0].time_ms - 1000}
        return replace(
            proposal,
            villages=tuple(replace(row, time_ms=wrong.get(row.village_id, row.time_ms)) for row in proposal.villages),
        )

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("clinicplan.siting.county.plan_county", spoilt)
    out = tmp_path / "out"
    assert program("site", region, "--out", out, monkeypatch=monkeypatch) == 1
    assert not out.exists()
    assert "village_minutes" in capsys.readouterr().err
    with pytest.raises(plan.PlanBrokenError, match="village_minutes"):
        plan.propose(region)


# --- bad input --------------------------------------------------------------------------------------------------------


def test_negative_populations_stop_the_command_with_their_rows(tmp_path, monkeypatch, capsys):
    drawing = draw_county()
    column = drawing.villages.column("常住人口")
    drawing.villages.rows[1][column] = -5
    drawing.villages.rows[4][column] = -7
    file = write_county(drawing, tmp_path / "bad")
    assert program("site", file, "--out", tmp_path / "out", "--lang", "en", monkeypatch=monkeypatch) == 2
    assert not (tmp_path / "out").exists()
    text = capsys.readouterr().err
    assert "villages.xlsx, row 4, 7" in text
    assert "-5" in text
    assert "Traceback" not in text
    with pytest.raises(LayerError):
        plan.propose(file)


@pytest.mark.parametrize("value", ["NaN", ""])
def test_an_unknown_population_is_set_aside_and_counted(tmp_path, value):
    """Empty is unknown, never zero: the village is neither planned for nor counted as covered."""
    drawing = draw_county()
    drawing.villages.rows[4][drawing.villages.column("常住人口")] = value
    found = plan.propose(write_county(drawing, tmp_path / "unknown"))
    assert LEAVING not in {row.village_id for row in found.proposal.villages}
    assert found.summary["pending"]["villages"] == 2
    assert found.summary["planned"]["pending"]["villages"] == 2


def test_nobody_in_a_village_is_a_note_of_the_plan(tmp_path):
    drawing = draw_county()
    drawing.villages.rows[4][drawing.villages.column("常住人口")] = 0
    found = plan.propose(write_county(drawing, tmp_path / "empty"))
    assert [item.ids for item in found.proposal.notes if item.code == "no_people"] == [(LEAVING,)]


@pytest.mark.parametrize(
    ("siting", "told"),
    [
        ("time_limit_s = nan", "time_limit_s"),
        ("max_minutes_lost = -1.0", "max_minutes_lost"),
        ("cost = { build = -60000.0 }", "cost.build"),
        ('model = "p_median"\np = -3', "siting.p"),
        ('model = "p_median"\np = 2.5', "siting.p"),
        ('model = "p_median"\np = 500', "p is 500"),
        ('model = "p_medain"\np = 5', "p_median"),
        ('model = "p_median"', "needs [siting] p"),
        ('model = "set_cover"\nkeep = ["X1", "X2"]\nforbid = ["X3"]', "X1, X2"),
        ("merge = { max_minutes = 900.0 }", "merge.max_minutes"),
        ('baseline = "nowhere"', "nowhere"),
    ],
)
def test_bad_settings_stop_the_command(region, tmp_path, monkeypatch, capsys, siting, told):
    """Without a traceback, before anything is written, and all at once."""
    out = tmp_path / "out"
    file = scenario(tmp_path, region, siting)
    assert program("site", region, "--scenario", file, "--out", out, "--lang", "en", monkeypatch=monkeypatch) == 2
    assert not out.exists()
    text = capsys.readouterr().err
    assert told in text
    assert "Traceback" not in text


def test_every_unknown_id_is_told_at_once(region, tmp_path, monkeypatch, capsys):
    siting = 'keep = ["X1"]\nforbid = ["X2"]\nlock = ["X3"]\ntownship_minimum = { "X4" = 1 }'
    file = scenario(tmp_path, region, siting)
    arguments = ("--scenario", file, "--out", tmp_path / "out", "--json")
    assert program("site", region, *arguments, monkeypatch=monkeypatch) == 2
    text = "".join(capsys.readouterr())
    assert all(name in text for name in ("X1", "X2", "X3", "X4"))
    with pytest.raises(RegionError):
        plan.propose(region, scenario=tmp_path / "missing.toml")


# --- the same again, stable, and compared -----------------------------------------------------------------------------

FULL = "pareto = 15\nalternatives = 2\nalternatives_share = 0.5\n"


@pytest.fixture(scope="module")
def twice(region, tmp_path_factory):
    """The same real plan, written twice."""
    folder = tmp_path_factory.mktemp("twice")
    file = scenario(folder, region, FULL)
    return [plan.propose(region, scenario=file, out=folder / name) for name in ("one", "two")]


def test_the_same_inputs_give_the_same_bytes(twice):
    one, two = twice
    for path in sorted(one.out.iterdir()):
        if path.suffix in {".json", ".csv", ".html"} and path.name != "manifest.json":
            assert path.read_bytes() == (two.out / path.name).read_bytes(), path.name
    assert "seconds" not in read_json(one.out, "plan.json")


def test_the_frontier_holds_at_least_the_points_asked_for_or_all(twice):
    """Money in steps of one clinic: no more points than steps; each is the best there is for its money."""
    rows = twice[0].proposal.pareto
    money, people = [row["build_cny"] for row in rows], [row["people_outside"] for row in rows]
    assert money == sorted(set(money))
    assert people == sorted(set(people), reverse=True)
    assert all(row["exact"] and row["gap"] == 0 for row in rows)
    steps = round((money[-1] - money[0]) / 5_000)
    assert len(rows) >= min(9, steps)
    lines = (twice[0].out / "pareto.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == len(rows) + 1


def test_every_point_of_the_frontier_is_the_best_for_its_money(twice, region, tmp_path):
    for row in twice[0].proposal.pareto[::3]:
        found = planned(tmp_path, region, f"budget = {{ build_cny = {max(row['build_cny'], 1)} }}")
        assert found.objectives[0].value == row["people_outside"]


def test_other_plans_stand_beside_the_plan(twice):
    rows = read_json(twice[0].out, "plan.json")["alternatives"]
    assert rows
    opened = {site.site_id for site in twice[0].proposal.sites if site.action in {"keep", "build", "upgrade"}}
    for row in rows:
        assert row["opened"] or row["left_out"]
        assert set(row["left_out"]) <= opened
        assert not set(row["opened"]) & opened
        assert row["extra_share"] <= 0.5


def test_an_earlier_plan_is_changed_in_as_few_sites_as_can_be(twice, region, tmp_path):
    """Asked again with the plan as baseline nothing changes; with one of its sites forbidden little does."""
    base = f'baseline = "{twice[0].out.as_posix()}"\n'
    same = planned(tmp_path, region, base)
    values = {item.name: item.value for item in same.objectives}
    assert values["changes_from_baseline"] == 0
    built = next(site for site in twice[0].proposal.sites if site.action == "build" and site.tier != "service_point")
    other = planned(tmp_path, region, f'{base}forbid = ["{built.village_id}", "{built.site_id}"]\n')
    assert {item.name: item.value for item in other.objectives}["changes_from_baseline"] >= 1


def test_a_locked_township_stays_as_it_is(region, tmp_path):
    found = planned(tmp_path, region, 'lock = ["东山镇"]')
    names = {"C01", "C02"}
    assert {site.site_id: site.action for site in found.sites if site.site_id in names} == dict.fromkeys(names, "keep")
    assert not [site for site in found.sites if site.action == "build" and site.village_id.startswith("330624101")]


def test_a_locked_township_keeps_what_the_circulated_plan_shares(region, tmp_path):
    """The circulated plan has villages share; with a township locked its shares, hosts and sites stay as they were."""
    wide = "merge = { max_minutes = 30.0 }\nmax_minutes_lost = 30.0\ncomplete = true\n"
    first = plan.propose(
        region, scenario=scenario(tmp_path, region, f'{wide}forbid = ["C06", "330624101202"]'), out=tmp_path / "first"
    )
    base = f'{wide}baseline = "first"\n'

    def town(proposal):
        shares = {(row.village_id, row.host_id) for row in proposal.villages if row.arrangement == "shared"}
        sites = {(row.site_id, row.action, row.tier) for row in proposal.sites}
        return tuple(
            {row for row in rows if row[0].startswith("330624101") or row[0] in {"C01", "C02"}}
            for rows in (shares, sites)
        )

    assert len(town(first.proposal)[0]) == 3
    again = planned(tmp_path, region, f'{base}lock = ["东山镇"]')
    assert town(again) == town(first.proposal)
    free = planned(tmp_path, region, base)
    assert {item.name: item.value for item in free.objectives}["changes_from_baseline"] <= {
        item.name: item.value for item in again.objectives
    }["changes_from_baseline"] + len(first.proposal.sites)


def test_planned_columns_stand_in_summary_villages_and_audit(twice):
    summary = read_json(twice[0].out, "summary.json")
    assert summary["planned"]["people_covered"] > summary["people_covered"]
    head = (twice[0].out / "villages.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert head.endswith("planned_facility_id,planned_time_min,planned_within_standard,arrangement")


def test_the_plan_in_english_has_no_chinese_but_names(twice, region, tmp_path):
    """Keys, sentences and notes; what stays Chinese are names that the county's own files give."""
    found = plan.propose(region, scenario=scenario(tmp_path, region, FULL), out=tmp_path / "en", lang="en")
    names = {str(name) for layer in (found.circles.villages, found.circles.facilities) for name in layer["name"]}
    text = json.dumps(read_json(found.out, "plan.json"), ensure_ascii=False)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    assert re.findall("[一-鿿]+", text) == []


@pytest.mark.parametrize(
    ("siting", "second", "third"),
    [
        ('model = "set_cover"', "Chosen 11 (kept 3, built 8) for 11 villages of their own and ", "One-off CNY "),
        ('model = "quota"\nquota = { tiers = ["township_hospital"], count = 1 }',
         "Chosen 1 facilities that stand, 0 of them to be upgraded", "no money is counted"),
    ],
)  # fmt: skip
def test_five_lines_speak_of_what_the_model_knows(region, tmp_path, monkeypatch, capsys, siting, second, third):
    """A location model knows no sharing, a choice among facilities no money."""
    file, out = scenario(tmp_path, region, siting), tmp_path / "out"
    assert program("site", region, "--scenario", file, "--out", out, "--lang", "en", monkeypatch=monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert "proven optimal" in lines[0]
    assert second in lines[1]
    assert third in lines[2]
    assert not any("—" in line for line in lines)


def test_the_checks_of_a_written_plan_can_be_derived_again(twice, region):
    found = twice[0]
    table = read_json(found.out, "plan.json")
    again = check_plan(found.county, found.circles, table)
    assert [(item.rule, item.holds) for item in again] == [(row["rule"], row["holds"]) for row in table["checks"]]
    assert read_region(region).siting.model == "merge"
