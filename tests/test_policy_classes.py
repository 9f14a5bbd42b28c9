"""Units in classes, and villages of a development class: counted, compared with a limit or a target, never judged."""

import numpy as np
import pytest

from audit_county import audit_county, clause
from clinicplan.policy.findings import Status, status_of
from clinicplan.policy.rules.classes import classification, village_class

HOSPITALS = {"tiers": ["township_hospital"]}
STRONG = {
    "name": "次中心或达标", "name_en": "strong", "tiers": ["sub_centre"],
    "any_of": [{"column": "standard", "at_least": "recommended"}],
}  # fmt: skip
GENERAL = {"name": "一般", "name_en": "general"}


def limited(rule, most):
    return rule | {"limit": {"column": "surgery_level", "at_most": most}}


def classed(rows, *classes):
    """Return what the rule finds for township hospitals, and the clause."""
    asked = clause("classification", strength="report", subjects=HOSPITALS, classes=list(classes or (STRONG, GENERAL)))
    full = [{"tier": "township_hospital"} | row for row in rows]
    return classification(asked, audit_county([{}], full)), asked


def ids(cases):
    return [case.id for case in cases]


def test_units_are_counted_by_class():
    """F1 is a sub-centre of no known standard, F2 reaches the standard, F3 does not."""
    rows = [{"tier": "sub_centre", "standard": ""}, {"standard": "recommended"}, {"standard": "basic"}]
    finding, asked = classed(rows)
    assert [(measure.name.zh, measure.value, measure.low) for measure in finding.measures] == [
        ("次中心或达标", 2, None),
        ("一般", 1, None),
    ]
    assert (status_of(asked, finding), finding.holds) == (Status.REPORTED, None)
    assert [(row[0], row[3].zh) for row in finding.listings[0].rows] == [
        ("F1", "次中心或达标"), ("F2", "次中心或达标"), ("F3", "一般"),
    ]  # fmt: skip


def test_an_unknown_cell_leaves_the_class_open():
    finding, _ = classed([{"standard": "recommended"}, {"standard": ""}])
    assert [(measure.value, measure.low, measure.high) for measure in finding.measures] == [(1, 1, 2), (0, 0, 1)]
    assert ids(finding.unknown) == ["F2"]
    assert finding.listings[0].rows[1][3].zh == "待定（次中心或达标、一般）"


def test_without_the_column_there_is_no_figure_unless_a_tier_tells():
    finding, asked = classed([{}])
    assert (status_of(asked, finding), finding.needs) == (Status.NOT_ASSESSED, ("facilities.standard",))
    tiers, asked = classed([{"tier": "sub_centre"}, {}])
    assert status_of(asked, tiers) is Status.REPORTED
    silent, asked = classed([{"tier": "village_clinic"}])
    assert status_of(asked, silent) is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("standard", "level", "holds"),
    [
        ("basic", 2, True),
        ("basic", 3, False),
        ("recommended", 3, True),
        ("recommended", 4, False),
        ("", 2, True),
        ("", 3, None),
        ("", 4, False),
        ("basic", None, None),
    ],
)
def test_a_class_keeps_to_its_limit_whichever_it_may_be(standard, level, holds):
    """Level 2 in general hospitals, 3 in strong ones; a hospital of unknown standard may be either."""
    finding, _ = classed([{"standard": standard, "surgery_level": level}], limited(STRONG, 3), limited(GENERAL, 2))
    assert finding.holds is holds
    assert ids(finding.failing) == (["F1"] if holds is False else [])
    assert ids(finding.unknown) == ([] if standard and level else ["F1"])


def test_a_unit_beyond_its_limit_says_so():
    finding, _ = classed([{"standard": "basic", "surgery_level": 3}], limited(STRONG, 3), limited(GENERAL, 2))
    assert finding.failing[0].value.zh == "一般；手术级别：3"


def test_classes_are_tried_in_their_order():
    """Of three classes the first that fits is taken, the last takes the rest."""
    classes = [
        {"name": "甲", "name_en": "A", "any_of": [{"column": "beds", "at_least": 50}]},
        {"name": "乙", "name_en": "B", "any_of": [{"column": "beds", "at_least": 20}]},
        {"name": "丙", "name_en": "C"},
    ]
    finding, _ = classed([{"beds": number} for number in (50, 49, 20, 19, None)], *classes)
    assert [(measure.value, measure.high) for measure in finding.measures] == [(1, 2), (2, 3), (1, 2)]


# Villages

UPGRADED = {"column": "upgraded", "equals": True}


def villages_of(rows, target=2):
    """Return what the rule finds for encouraged villages, and the clause."""
    asked = clause("village_class", strength="report", class_words=["鼓励发展", "鼓励类"], done=UPGRADED, target=target)
    return village_class(asked, audit_county(rows, [])), asked


def encouraged(*upgraded):
    return [{"development_class": "鼓励发展村", "upgraded": flag} for flag in upgraded]


@pytest.mark.parametrize(
    ("flags", "holds", "value", "shortfall"),
    [
        ((True, True, False), True, 2, 0),
        ((True, False, False), False, 1, 1),
        ((True, None, False), None, 1, 1),
        ((True, True, None), True, 2, 0),
        ((None, False), False, 0, 2),
    ],
)
def test_villages_done_are_counted_beside_the_target(flags, holds, value, shortfall):
    finding, asked = villages_of(encouraged(*flags))
    measure = finding.measures[0]
    assert (finding.holds, measure.value, measure.shortfall, measure.least) == (holds, value, shortfall, 2)
    assert status_of(asked, finding) is Status.REPORTED
    assert len(finding.failing) == (flags.count(False) if holds is False else 0)


def test_only_villages_of_the_class_count_and_every_class_is_shown():
    """An upgraded village of another class, a community and an exempt village add nothing."""
    rows = [
        *encouraged(True),
        {"development_class": "适当发展村", "upgraded": True},
        {"development_class": "非鼓励发展村", "upgraded": True},
        {"development_class": "鼓励发展村", "upgraded": True, "kind": "community"},
        {"development_class": "鼓励发展村", "upgraded": True, "status": "relocated"},
        {"development_class": "鼓励类", "upgraded": False},
    ]
    finding, _ = villages_of(rows)
    assert (finding.measures[0].value, finding.holds) == (1, False)
    assert [(measure.name.zh, measure.value) for measure in finding.measures[1:]] == [
        ("鼓励发展村", 1), ("适当发展村", 1), ("非鼓励发展村", 1), ("鼓励类", 1),
    ]  # fmt: skip
    assert [row[0] for row in finding.listings[0].rows] == ["V1", "V6"]


def test_a_village_of_unknown_class_may_count_where_it_was_upgraded():
    rows = [
        *encouraged(True),
        {"development_class": "", "upgraded": True},
        {"development_class": "", "upgraded": False},
    ]
    finding, _ = villages_of(rows)
    assert (finding.holds, finding.measures[0].low, finding.measures[0].high) == (None, 1, 2)
    assert ids(finding.unknown) == ["V2"]


def test_without_the_class_column_there_is_no_figure():
    finding, asked = villages_of([{"upgraded": True}])
    assert (status_of(asked, finding), finding.needs) == (Status.NOT_ASSESSED, ("villages.development_class",))
    nobody, asked = villages_of([{"kind": "community"}])
    assert status_of(asked, nobody) is Status.NOT_APPLICABLE


def test_the_order_of_rows_changes_no_count():
    rows = [{"standard": word, "facility_id": f"F{at}"} for at, word in enumerate(["basic", "", "recommended", "none"])]
    shuffled = [rows[at] for at in np.random.default_rng(3).permutation(len(rows))]
    (one, _), (other, _) = classed(rows), classed(shuffled)
    assert (one.holds, one.measures) == (other.holds, other.measures)
