"""Cells against conditions: what is met, what is not, and what nobody can say; things in lists; numbers and ages."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from audit_county import audit_county
from clinicplan.policy.conditions import (
    NumberList,
    amounts,
    column_is_empty,
    condition_columns,
    meets,
    missing_columns,
    number_lists,
    subject_columns,
)
from clinicplan.policy.evidence import asked_cells, cell_phrase, failing_cells
from clinicplan.policy.inventories import has_item, named_in
from clinicplan.policy.subjects import Condition, Subjects

MET, MISSED, UNKNOWN = 1, 0, -1


def flag(cell, dtype=object, **comparison):
    """Return how one cell stands to one comparison."""
    frame = pd.DataFrame({"a": pd.array([cell], dtype=dtype)})
    return int(meets(frame, (Condition(column="a", **comparison),))[0])


# Numbers


@pytest.mark.parametrize(
    ("comparison", "cell", "expected"),
    [
        ({"at_least": 16}, 16, MET), ({"at_least": 16}, 15, MISSED),
        ({"at_most": 1000}, 1000, MET), ({"at_most": 1000}, 1001, MISSED),
        ({"more_than": 50000}, 50001, MET), ({"more_than": 50000}, 50000, MISSED),
        ({"less_than": 65}, 64, MET), ({"less_than": 65}, 65, MISSED),
        ({"at_least": 1, "at_most": 2}, 2, MET), ({"at_least": 1, "at_most": 2}, 3, MISSED),
        ({"at_least": 1}, pd.NA, UNKNOWN),
    ],
)  # fmt: skip
def test_numbers_are_compared_on_both_sides_of_the_limit(comparison, cell, expected):
    assert flag(cell, "Int64", **comparison) == expected


@pytest.mark.parametrize(("cell", "expected"), [(60.0, MET), (59.99, MISSED), (float("nan"), UNKNOWN)])
def test_fractions_are_not_cut_before_they_are_compared(cell, expected):
    assert flag(cell, "float64", at_least=60) == expected
    assert flag("60.5", at_most=60) == MISSED


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("7", 7),
        ("1,200", 1200),
        ("约300人", 300),
        ("1.2万", 12000),
        ("2.5", 3),
        ("针刺;艾灸;拔罐", 3),
        ("针刺;艾灸;针刺", 2),
        ("6类", 6),
        ("100余种", 100),
        ("80个病种", 80),
        ("中医科", 1),
        ("20-30种", None),
        ("-3", None),
        ("", None),
        ("不详", None),
        ("无", None),
    ],
)
def test_a_cell_gives_a_number_or_the_length_of_its_list(cell, number):
    """A single word with digits that is no number is unknown rather than a list of one."""
    found = amounts(pd.DataFrame({"a": [cell]}), "a")
    assert (found.known[0], found.value[0]) == (number is not None, number or 0)


def test_a_column_that_is_not_there_is_unknown_everywhere():
    frame = pd.DataFrame({"b": ["1", "2"]})
    assert meets(frame, (Condition(column="a", at_least=1),)).tolist() == [UNKNOWN, UNKNOWN]
    assert not amounts(frame, "a").known.any()
    assert missing_columns(
        frame, (Condition(column="a", at_least=1), Condition(column="b", at_least=1)), "villages"
    ) == ("villages.a",)


def test_no_condition_at_all_holds_everywhere():
    assert meets(pd.DataFrame({"a": ["", "1"]}), ()).tolist() == [MET, MET]


def test_all_conditions_must_hold_and_a_certain_miss_beats_an_unknown():
    frame = pd.DataFrame({"a": ["1", "0", "1"], "b": ["", "", "1"]})
    both = (Condition(column="a", at_least=1), Condition(column="b", at_least=1))
    assert meets(frame, both).tolist() == [UNKNOWN, MISSED, MET]


def test_it_is_enough_that_one_of_several_columns_holds():
    frame = pd.DataFrame({"own": ["1", "0", "0", ""], "posted": ["", "1", "0", "0"]})
    condition = Condition(column="own", or_columns=("posted",), at_least=1)
    assert meets(frame, (condition,)).tolist() == [MET, MET, MISSED, UNKNOWN]
    assert condition_columns((condition,)) == ("own", "posted")


# Words


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (True, MET),
        (False, MISSED),
        (pd.NA, UNKNOWN),
        ("是", MET),
        ("否", MISSED),
        ("无", MISSED),
        ("有", MET),
        ("可能", UNKNOWN),
    ],
)
def test_yes_and_no_are_read_as_registers_write_them(cell, expected):
    """无 answers a yes or no; in a list or a number it is an empty cell."""
    assert flag(cell, equals=True) == expected
    assert flag(cell, equals=False) == {MET: MISSED, MISSED: MET, UNKNOWN: UNKNOWN}[expected]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("collective", MET),
        ("public", MET),
        ("doctor_home", MISSED),
        ("", UNKNOWN),
        ("不详", UNKNOWN),
        (" Public ", MET),
    ],
)
def test_a_word_is_one_of_several(cell, expected):
    assert flag(cell, equals=("collective", "public")) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("none", MISSED),
        ("basic", MISSED),
        ("recommended", MET),
        ("community_hospital", MET),
        ("", UNKNOWN),
        ("甲等", UNKNOWN),
    ],
)
def test_levels_of_the_standard_are_cumulative_and_none_is_a_level(cell, expected):
    assert flag(cell, at_least="recommended") == expected
    assert flag("none", at_least="none") == MET


def test_a_condition_needs_a_comparison():
    with pytest.raises(ValidationError):
        Condition(column="a")


def test_a_column_of_nothing_is_empty_and_one_of_noes_is_not():
    frame = pd.DataFrame({"blank": ["", "不详"], "noes": ["无", ""], "level": ["none", ""]})
    assert column_is_empty(frame, "blank")
    assert column_is_empty(frame, "absent")
    assert not column_is_empty(frame, "noes")
    assert not column_is_empty(frame, "level")


# Things in lists


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("AED", ["AED"]),
        ("观察床;自动体外除颤仪（ＡＥＤ）1台", ["AED"]),
        ("自动体外除颤仪(AED)", ["自动体外除颤仪"]),
        ("aed 10台", ["AED"]),
        ("16排CT", ["CT"]),
        ("CT（16排）", ["CT"]),
        ("PET-CT", ["CT"]),
        ("负压救护车2辆", ["救护车"]),
        ("x线机", ["X线机"]),
        ("无创呼吸机", ["呼吸机"]),
        ("无影灯、彩超", ["无影灯"]),
        ("不锈钢观察床", ["观察床"]),
        ("待产床", ["产床"]),
        ("非接触式眼压计", ["眼压计"]),
        ("无CT；AED", ["AED"]),
        ("B超0.5台", ["B超"]),
        ("彩超 × 10", ["彩超"]),
    ],
)
def test_a_thing_is_found_however_the_register_writes_it(cell, words):
    assert has_item(cell, words)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("ECT", ["CT"]),
        ("CTA", ["CT"]),
        ("pacs", ["ACS"]),
        ("救护车", ["负压救护车"]),
        ("无AED", ["AED"]),
        ("AED：无", ["AED"]),
        ("AED（无）", ["AED"]),
        ("AED0台", ["AED"]),
        ("AED(0)", ["AED"]),
        ("CT×0", ["CT"]),
        ("未配备救护车", ["救护车"]),
        ("缺救护车", ["救护车"]),
        ("DR（报废）", ["DR"]),
        ("拟购CT", ["CT"]),
        ("计划2027年购AED", ["AED"]),
        ("", ["AED"]),
        ("观察床", ["AED", "除颤仪"]),
    ],
)
def test_a_like_word_or_a_denied_thing_is_no_hit(cell, words):
    assert not has_item(cell, words)


def test_an_empty_list_is_unknown_and_a_list_without_the_thing_is_a_miss():
    assert [flag(cell, has_any=("AED", "除颤仪")) for cell in ("", "观察床", "体外除颤仪1台", "无")] == [
        UNKNOWN, MISSED, MET, UNKNOWN,
    ]  # fmt: skip


def test_a_class_of_villages_is_named_with_more_words_and_not_by_its_contrary():
    assert named_in("鼓励发展村", ["鼓励发展"])
    assert not named_in("非鼓励发展村", ["鼓励发展"])
    assert not named_in("适当发展村", ["鼓励发展"])
    assert not named_in("", ["鼓励发展"])


# Ages


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("58;62", NumberList((58, 62), complete=True)),
        ("62岁、58岁", NumberList((58, 62), complete=True)),
        ("58;不详", NumberList((58,), complete=False)),
        ("1965", NumberList((), complete=False)),
        ("", NumberList((), complete=False)),
        (55, NumberList((55,), complete=True)),
    ],
)
def test_ages_are_read_and_a_year_of_birth_is_none(cell, expected):
    assert number_lists(pd.DataFrame({"a": [cell]}), "a") == [expected]


@pytest.mark.parametrize(
    ("cell", "expected"), [("64;50", MET), ("65;50", MISSED), ("65;不详", MISSED), ("50;不详", UNKNOWN), ("", UNKNOWN)]
)
def test_every_number_of_a_list_is_less(cell, expected):
    assert flag(cell, each_less_than=65) == expected


# What is said of a unit


def test_a_failing_unit_is_told_by_the_cells_that_fail_it():
    county = audit_county([{}], [{"ownership": "private", "doctors": 0, "beds": 3}])
    units = county.members(Subjects(tiers=("village_clinic",)))
    conditions = (
        Condition(column="ownership", equals="public"),
        Condition(column="doctors", at_least=1),
        Condition(column="beds", at_least=1),
    )
    assert failing_cells(units, conditions)(0).zh == "房屋产权：私有；乡村医生数：0"
    assert cell_phrase("True").zh == "是"
    assert cell_phrase("长" * 70).zh == "长" * 60 + "…"


def test_a_unit_to_ask_for_is_told_by_its_empty_cells():
    county = audit_county([{}], [{"doctors": None, "beds": "", "operating": ""}, {"doctors": 1}])
    units = county.members(Subjects(tiers=("village_clinic",)))
    tell = asked_cells(units, ("doctors", "beds"))
    assert tell(0).zh == "未填：乡村医生数、床位数、运行状态"
    assert tell(1).en == "not entered: beds"


def test_the_columns_of_a_filter_are_asked_for_too():
    subjects = Subjects(tiers=("village_clinic",), where=(Condition(column="integrated", equals=True),))
    assert subject_columns(subjects) == ("integrated",)
    units = audit_county([{}], [{"integrated": None}, {"integrated": False}, {"integrated": True}]).members(subjects)
    assert units.ids == ["F1", "F3"]
    assert np.array_equal(units.member, [UNKNOWN, MET])
