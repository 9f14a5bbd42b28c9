"""The audit of the first hand-worked town: every clause of the five documents finds what was worked out on paper.

The town is drawn in `audit_town_one.py`; verdict, figure, shortfall and failing units of each clause stand in
`goldens/audit_town_one.csv` with the sum that leads to them, and in `goldens/audit_town_one_changes.csv` what becomes
of some after a change of a few cells. `value`, `of` and `shortfall` are those of the clause's deciding figure, `asked`
the limits of every figure; an empty cell is none. Who fails: the units that lack what is asked, where the clause is not
met; of pooled sums those that are below the share by themselves.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import audit_town_one as town
from clinicplan.policy.audit import audit
from clinicplan.policy.profile import built_in_profiles, read_profile

GOLDEN = Path(__file__).with_name("goldens") / "audit_town_one.csv"
COLUMNS = ("status", "met", "overdue", "value", "of", "shortfall", "asked", "failing")


CHANGED = Path(__file__).with_name("goldens") / "audit_town_one_changes.csv"


def expectations(file):
    with file.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


ROWS, CHANGED_ROWS = expectations(GOLDEN), expectations(CHANGED)
each_row = pytest.mark.parametrize("row", [pytest.param(row, id=row["clause"]) for row in ROWS])


@pytest.fixture(scope="module")
def audits():
    county = town.layers()
    circles = town.circles(county)
    return {name: audit(county, circles, policy=name, settings=town.settings()) for name in built_in_profiles()}


@each_row
def test_the_clause_finds_what_stands_on_paper(audits, row):
    found = row_of(audits[row["policy"]][row["clause"]])
    expected = {name: row[name] for name in COLUMNS}
    assert found == expected, row["sum"]


def row_of(result):
    """Return a result in the words of the table of expectations."""
    finding = result.finding
    first = finding.measures[0] if finding.measures else None
    return {
        "status": str(result.status),
        "met": _flag(result.met),
        "overdue": _flag(result.overdue),
        "value": "" if first is None else str(first.value),
        "of": "" if first is None or first.of is None else str(first.of),
        "shortfall": "" if first is None or first.shortfall is None else str(first.shortfall),
        "asked": " | ".join(limits(measure) for measure in finding.measures).rstrip(" |"),
        "failing": ";".join(case.id for case in finding.failing),
    }


def limits(measure):
    """Return what is asked of a figure: 0.9 at least, ..0.05 at most, 1..1.5 between, nothing without a number."""
    least, most = (None if limit is None else f"{float(limit):g}" for limit in (measure.least, measure.most))
    if most is None:
        return least or ""
    return most if least == most else f"{least or ''}..{most}"


def _flag(value):
    return {True: "yes", False: "no", None: ""}[value]


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row['clause']}, {row['change']}") for row in CHANGED_ROWS])
def test_the_clause_finds_what_stands_on_paper_after_a_change(row, circles):
    """Residents on both sides of each limit, beds at the cap, one person less: `town.CHANGES`."""
    profile = read_profile(row["policy"])
    alone = profile.model_copy(update={"clauses": (profile.clause(row["clause"]),)})
    result = audit(town.changed_layers(row["change"]), circles, policy=alone, settings=town.settings())[row["clause"]]
    found = row_of(result)
    columns = tuple(name for name in COLUMNS if name != "overdue")
    assert {name: found[name] for name in columns} == {name: row[name] for name in columns}, row["sum"]


def test_every_change_is_worked_out():
    assert {row["change"] for row in CHANGED_ROWS} == set(town.CHANGES)


def test_every_clause_of_every_profile_is_worked_out():
    """No clause of a profile is without a row, and no row without a clause."""
    clauses = {(name, clause.id) for name in built_in_profiles() for clause in read_profile(name).clauses}
    assert {(row["policy"], row["clause"]) for row in ROWS} == clauses
    assert len(ROWS) == len(clauses)


def test_every_row_says_how_it_was_worked_out():
    assert [row["clause"] for row in ROWS if not row["sum"]] == []


# ---------------------------------------- the drawing


@pytest.fixture(scope="module")
def circles():
    return town.circles()


def test_times_of_the_drawing_are_those_of_the_roads(circles):
    """Nearest fixed facility by e-bike, milliseconds: V10 lies one beyond 15 minutes, V07 one beyond 20."""
    found = dict(zip(circles.villages["village_id"], circles.village_trips.time_ms, strict=True))
    assert found == {
        "V01": 0, "V02": 0, "V03": 600_000, "V04": 900_000, "V05": 90_000, "V06": 0, "V07": 1_200_001, "V08": 0,
        "V09": 1_200_000, "V10": 900_001, "V11": 240_000, "U1": 0,
    }  # fmt: skip


def test_the_sub_centre_stands_15_km_off_by_road_and_less_in_a_straight_line(circles):
    import numpy as np

    from clinicplan.policy.journeys import RoadJourneys

    journeys = RoadJourneys(circles)
    ids = list(circles.facilities["facility_id"])
    centre = np.array([ids.index("M1")] * 2)
    hospitals = np.array([ids.index("S1"), ids.index("H2")])
    assert journeys.roads_between(hospitals, centre, "car").tolist() == [15_000_000, 14_999_000]
    assert journeys.straight_mm(hospitals, centre).tolist() == [14_900_336, 14_999_000]


def test_the_sums_of_the_drawing_are_right():
    villages = {row["village_id"]: row for row in town.village_rows()}
    rural = [row["population"] for name, row in villages.items() if name.startswith("V") and name != "V11"]
    assert (len(villages), len(town.PLACES), len(rural), sum(rural)) == (12, 12, 10, 10_000)
    assert sum(row["population"] for row in town.TOWNSHIPS.values()) == 500_000
    totals = (
        "population",
        "contracted_people",
        "key_people",
        "contracted_key_people",
        "population_65",
        "managed_elders",
    )
    assert [sum(row[name] for row in villages.values()) for name in totals] == [20_000, 12_999, 1000, 900, 4000, 2999]


def test_the_order_of_rows_changes_nothing(audits):
    """Villages and facilities from the last to the first: the same verdicts, figures and failing units."""
    turned = town.layers(villages=town.village_rows()[::-1], facilities=town.facility_rows()[::-1])
    circles = town.circles(turned)
    for name, plain in audits.items():
        other = audit(turned, circles, policy=name, settings=town.settings())
        for first, second in zip(plain, other, strict=True):
            found, mixed = row_of(first), row_of(second)
            found["failing"], mixed["failing"] = (sorted(row["failing"].split(";")) for row in (found, mixed))
            assert found == mixed, first.clause.id
