"""Comparison of results: three villages on paper, then the folders that the commands write.

Before: A 10 min, B 20 min, C without a way; 100, 300 and 50 people. After: A 30 min, B 5 min, C 12 min, all 100, 300
and 50 people. The circle is 15 minutes. By hand: 100 people leave the circle, 350 join it; A loses 20 minutes (2,000
person-minutes), B gains 15 (4,500); person-minutes 7,000 before and 5,100 after.
"""

import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from clinicplan.cli import app
from clinicplan.errors import OutputError
from clinicplan.report.comparison_book import figure_table, write_comparison
from clinicplan.scenario.comparison import FIGURES, MOST_NAMED, compare_results, gini, worst_mean

PEOPLE = {"A": 100, "B": 300, "C": 50}
BEFORE, AFTER = {"A": 10.0, "B": 20.0, "C": None}, {"A": 30.0, "B": 5.0, "C": 12.0}
COSTS = {"build_cny": 60000.0, "running_cny_per_year": 20000.0, "yearly_cny": 24000.0}


def write_result(folder, minutes, *, scenario=None, code="330624", planned=None, clauses=(), people=PEOPLE):
    """Write the files of a result that a comparison reads."""
    folder.mkdir(parents=True)
    inside = {name: value is not None and value <= 15 for name, value in minutes.items()}

    def figures(within):
        crowd = sum(people[name] for name in within if within[name])
        total = sum(people.values())
        return {
            "villages": len(people), "population": total, "villages_covered": sum(within.values()),
            "people_covered": crowd, "people_covered_share": round(crowd / total, 6),
        }  # fmt: skip

    summary = {"region": "county", "mode": "car", "minutes": 15, "distance_m": None, "direction": "to_facility"}
    summary |= figures(inside)
    header = "village_id,name,township,group,population,time_min,within_standard"
    rows = [
        [name, f"village {name}", "Town", "village", people[name], "" if minutes[name] is None else minutes[name],
         str(inside[name]).lower()]
        for name in minutes
    ]  # fmt: skip
    if planned is not None:
        within = {name: value <= 15 for name, value in planned.items()}
        summary["planned"] = figures(within)
        header += ",planned_time_min,planned_within_standard"
        rows = [[*row, planned[row[0]], str(within[row[0]]).lower()] for row in rows]
        sites = [{"action": "build", "tier": "village_clinic"}, {"action": "build", "tier": "service_point"}]
        (folder / "plan.json").write_text(json.dumps({"sites": sites, "costs": COSTS}), encoding="utf-8")
    text = "\n".join([header, *(",".join(map(str, row)) for row in rows)])
    (folder / "villages.csv").write_text(text + "\n", encoding="utf-8-sig")
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"scenario": scenario, "code": code}), encoding="utf-8")
    if clauses:
        (folder / "audit.json").write_text(json.dumps(list(clauses)), encoding="utf-8")
    return folder


def clause(name, status, **more):
    return {"document": "d", "clause": name, "status": status, "actual": status, **more}


@pytest.fixture
def pair(tmp_path):
    before = write_result(tmp_path / "today", BEFORE, clauses=[clause("1", "pass"), clause("2", "fail")])
    return before, write_result(
        tmp_path / "later", AFTER, scenario="later on", clauses=[clause("1", "fail"), clause("2", "fail")]
    )


def test_gains_and_losses_are_those_of_the_paper(pair):
    (change,) = compare_results(pair).changes
    assert change["losing"]["villages"] == 1
    assert change["losing"]["people"] == 100
    assert change["losing"]["person_minutes"] == 2000
    assert [row["village_id"] for row in change["losing"]["worst_off"]] == ["A"]
    assert change["losing"]["worst_off"][0]["minutes_lost"] == 20.0
    assert change["losing"]["worst_off"][0]["name"] == "village A"
    assert (change["gaining"]["villages"], change["gaining"]["newly_reached"]) == (2, 1)
    assert change["gaining"]["person_minutes"] == 4500
    assert [row["village_id"] for row in change["gaining"]["best_off"]] == ["C", "B"]
    assert change["leaving_the_circle"] == {"villages": 1, "people": 100, "ids": ["A"]}
    assert change["joining_the_circle"] == {"villages": 2, "people": 350, "ids": ["B", "C"]}
    assert [(row["clause"], row["before"], row["after"]) for row in change["clauses"]] == [("1", "pass", "fail")]


def test_figures_are_those_of_the_paper(pair):
    found = compare_results(pair)
    first, second = found.figures
    assert (first["person_minutes"], second["person_minutes"]) == (7000, 5100)
    assert (first["people_without_way"], second["people_without_way"]) == (50, 0)
    assert first["mean_minutes"] == 17.5
    assert first["gini"] == pytest.approx(0.1071, abs=1e-4)
    assert second["worst_decile_minutes"] == 30.0
    assert found.changes[0]["figures"]["people_covered"] == 250
    assert found.labels == ("today", "later on")


def test_a_plan_is_taken_as_carried_out(pair, tmp_path):
    plan = write_result(
        tmp_path / "plan", BEFORE, planned=AFTER,
        clauses=[clause("1", "pass", planned_status="fail", planned_actual="0"), clause("2", "fail")],
    )  # fmt: skip
    first, found = compare_results([pair[0], plan]), compare_results(pair)
    assert first.outcomes[1].state == "planned"
    assert first.changes[0]["losing"] == found.changes[0]["losing"]
    assert first.changes[0]["clauses"][0]["actual_after"] == "0"
    assert {name: first.figures[1][name] for name in COSTS} == COSTS
    assert (first.figures[1]["sites_build"], first.figures[1]["sites_service_point"]) == (1, 1)
    assert first.figures[0]["build_cny"] is None


def test_a_result_does_not_differ_from_itself(pair):
    (change,) = compare_results([pair[0], pair[0]]).changes
    assert all(value in (0, None) for value in change["figures"].values())
    assert change["losing"]["villages"] == change["gaining"]["villages"] == 0
    assert change["clauses"] == []
    assert change["label"] == "today (2)"


def test_only_twenty_are_named_and_who_is_cut_off_comes_first(tmp_path):
    names = [f"V{number:02}" for number in range(30)]
    people = dict.fromkeys(names, 10)
    before = write_result(tmp_path / "a", dict.fromkeys(names, 10.0), people=people)
    later = {name: 10.0 + number for number, name in enumerate(names)} | {"V03": None}
    after = write_result(tmp_path / "b", later, people=people)
    (change,) = compare_results([before, after]).changes
    named = [row["village_id"] for row in change["losing"]["worst_off"]]
    assert len(named) == MOST_NAMED
    assert named[:3] == ["V03", "V29", "V28"]
    assert change["losing"]["cut_off"] == 1
    assert change["losing"]["villages"] == 29


def test_faults_come_all_at_once(pair, tmp_path):
    with pytest.raises(OutputError) as caught:
        compare_results([pair[0], tmp_path / "gone", tmp_path])
    assert [item.code for item in caught.value.faults] == ["not_comparable"] * 2
    with pytest.raises(OutputError) as caught:
        compare_results(pair[:1])
    assert [item.code for item in caught.value.faults] == ["too_few"]
    other = write_result(tmp_path / "other", BEFORE, code="330625")
    with pytest.raises(OutputError) as caught:
        compare_results([pair[0], other])
    assert [item.code for item in caught.value.faults] == ["other_county"]
    (pair[1] / "summary.json").write_text("[", encoding="utf-8")
    with pytest.raises(OutputError) as caught:
        compare_results(pair)
    assert caught.value.faults[0].file == str(pair[1])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_writes_tables_that_agree(pair, tmp_path, lang):
    import python_calamine

    out = tmp_path / "comparison"
    done = CliRunner().invoke(app, ["compare", *map(str, pair), "--out", str(out), "--lang", lang])
    assert done.exit_code == 0, done.output
    assert "250" in done.output
    names = {"compare.json", "compare.csv", "compare_villages.csv", "compare.xlsx", "manifest.json"}
    assert {path.name for path in out.iterdir()} == names
    table = json.loads((out / "compare.json").read_text(encoding="utf-8"))
    assert table == json.loads(json.dumps(compare_results(pair).to_json()))
    with (out / "compare.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == len(FIGURES) + 2
    numbers = {name: row[2:] for name, row in zip(FIGURES, rows[2:], strict=True)}
    assert numbers["people_covered"] == ["100", "350", "250"]
    book = python_calamine.CalamineWorkbook.from_path(out / "compare.xlsx")
    assert len(book.sheet_names) == 5
    sheet = book.get_sheet_by_index(0).to_python()
    assert sheet[0] == rows[0]
    assert len(sheet) == len(rows)


def test_the_same_results_give_the_same_bytes(pair, tmp_path):
    found = compare_results(pair)
    for name in ("one", "two"):
        write_comparison(found, tmp_path / name, lang="zh")
    for name in ("compare.json", "compare.csv", "compare_villages.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_comparison_never_replaces_what_it_compares(pair):
    with pytest.raises(OutputError) as caught:
        write_comparison(compare_results(pair), pair[0], lang="en", force=True)
    assert caught.value.faults[0].code == "output_holds_inputs"


def test_a_name_that_a_spreadsheet_would_run_is_defused(pair, tmp_path):
    evil = write_result(tmp_path / "evil", AFTER, scenario="=1+1")
    assert not [name for name in figure_table(compare_results([pair[0], evil]), "en").columns if name.startswith("=")]


@given(
    st.lists(st.tuples(st.floats(0, 500), st.integers(1, 1000)), min_size=1, max_size=12),
    st.floats(0.1, 10),
)
def test_gini_and_worst_tenth_keep_their_bounds(pairs, factor):
    """0 <= Gini < 1 and free of the unit; the worst tenth is no better than the mean and no worse than the worst."""
    values, people = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    share = gini(values, people)
    assert -1e-9 <= share < 1
    assert gini(values * factor, people) == pytest.approx(share, abs=1e-6)
    worst = worst_mean(values, people)
    assert np.average(values, weights=people) - 1e-6 <= worst <= values.max() + 1e-6


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 6)), min_size=1, max_size=6))
def test_gini_is_half_the_mean_difference_between_any_two_people(pairs):
    """The definition without a Lorenz curve: mean absolute difference over twice the mean, person by person."""
    each = np.repeat([value for value, _ in pairs], [count for _, count in pairs]).astype(float)
    values, people = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    mean = each.mean()
    expected = 0.0 if mean == 0 else np.abs(each[:, None] - each[None, :]).mean() / (2 * mean)
    assert gini(values, people) == pytest.approx(expected, abs=1e-9)
