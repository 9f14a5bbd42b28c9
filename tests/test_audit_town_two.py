"""The second town under all five documents, clause by clause, against sums worked out on paper.

`goldens/audit_town_two.csv` has one row a clause: status, whether it is met, whether its deadline is past, the first
(deciding) figure with what is missing and the range of the unknown cells, who fails, who is unknown, and what to ask
for. Its columns `sum` and `note` say how. Lists of ids are compared as sets, shares as fractions.
"""

import csv
from fractions import Fraction
from pathlib import Path

import pytest

import audit_town_two as town
from clinicplan.policy.audit import audit
from clinicplan.policy.profile import built_in_profiles, read_profile

GOLDEN = Path(__file__).parent / "goldens" / "audit_town_two.csv"
ROWS = list(csv.DictReader(GOLDEN.read_text(encoding="utf-8").splitlines()))
COMPARED = (
    "status", "met", "overdue", "value", "of", "shortfall", "low", "high", "failing", "unknown", "needs",
)  # fmt: skip


@pytest.fixture(scope="module")
def audits():
    """The town audited under every built-in document."""
    layers = town.layers()
    times = town.circles(layers)
    return {name: audit(layers, times, policy=name, settings=town.settings()) for name in built_in_profiles()}


@pytest.mark.parametrize("row", ROWS, ids=[row["clause"] for row in ROWS])
def test_the_audit_says_what_was_worked_out_on_paper(audits, row):
    assert found_row(audits[row["policy"]][row["clause"]]) == expected_row(row), row["sum"]


def test_every_clause_of_every_document_has_a_row_with_its_sum():
    named = {(row["policy"], row["clause"]) for row in ROWS}
    assert len(named) == len(ROWS)
    assert named == {(name, clause.id) for name in built_in_profiles() for clause in read_profile(name).clauses}
    assert all(row["sum"] for row in ROWS)


def test_the_order_of_rows_changes_nothing(audits):
    """Villages and facilities turned round: the same verdicts and figures, by id."""
    layers = town.layers(backwards=True)
    times = town.circles(layers)
    for name, forwards in audits.items():
        backwards = audit(layers, times, policy=name, settings=town.settings())
        for one, other in zip(forwards, backwards, strict=True):
            assert found_row(one) == found_row(other), one.clause.id


def expected_row(row):
    """Return the cells of a golden row that are compared, lists as sets and numbers as fractions."""
    return {name: _read(name, row[name]) for name in COMPARED}


def found_row(result):
    """Return the same of a result; where nothing could be counted its figure is left out."""
    finding = result.finding
    measure = finding.measures[0] if finding.measures and finding.figure and finding.applicable else None
    return {
        "status": str(result.status),
        "met": result.met,
        "overdue": result.overdue,
        **{name: getattr(measure, name, None) for name in ("value", "of", "shortfall", "low", "high")},
        "failing": {case.id for case in finding.failing},
        "unknown": {case.id for case in finding.unknown},
        "needs": set(finding.needs),
    }


def _read(name, text):
    if name in ("failing", "unknown", "needs"):
        return set(text.split(";")) - {""}
    if name in ("met", "overdue"):
        return {"true": True, "false": False, "": None}[text]
    if name == "status":
        return text
    return Fraction(text) if text else None
