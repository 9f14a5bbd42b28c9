"""The columns that clauses need are recognised by the headers registers write, and their cells are read and typed."""

from __future__ import annotations

import pandas as pd
import pytest

from clinicplan.layers import cells, headers, vocabularies
from clinicplan.layers.facilities import read_facilities
from clinicplan.layers.shapes import read_townships
from clinicplan.layers.villages import read_villages
from clinicplan.policy import built_in_profiles, read_profile
from clinicplan.policy.conditions import amounts
from clinicplan.region import LayerSource
from clinicplan.terms import (
    BOOLEAN_COLUMNS,
    INTEGER_COLUMNS,
    LEVEL_COLUMNS,
    LIST_COLUMNS,
    NAMED_COLUMNS,
    NUMBER_COLUMNS,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
)

HEAD = "机构代码,机构名称,机构类别,经度,纬度"


def needed_columns():
    """Every `layer.column` that a clause of a built-in document needs."""
    clauses = [clause for name in built_in_profiles() for clause in read_profile(name).clauses]
    found = {need for clause in clauses for need in clause.needs if need.count(".") == 1}
    return sorted(need for need in found if need.split(".")[0] in REQUIRED_COLUMNS)


@pytest.mark.parametrize("need", needed_columns())
def test_every_column_a_clause_needs_is_ours_with_a_chinese_header(need):
    layer, column = need.split(".")
    assert column in (*REQUIRED_COLUMNS[layer], *OPTIONAL_COLUMNS[layer])
    assert headers.match_header(column, layer) == (headers.EXACT, 0, column)
    assert not headers.usual_header(layer, column).isascii()


def test_every_optional_column_has_one_type_at_most_and_belongs_to_a_layer():
    typed = [*INTEGER_COLUMNS, *NUMBER_COLUMNS, *BOOLEAN_COLUMNS, *LIST_COLUMNS, *vocabularies.vocabulary_columns()]
    assert len(typed) == len(set(typed))
    known = {name for columns in (*OPTIONAL_COLUMNS.values(), *REQUIRED_COLUMNS.values()) for name in columns}
    assert set(typed) <= known
    assert set(NAMED_COLUMNS) <= set(BOOLEAN_COLUMNS)
    assert set(LEVEL_COLUMNS) <= set(INTEGER_COLUMNS)


@pytest.mark.parametrize(
    ("layer", "header", "column"),
    [
        ("facilities", "中医诊疗人次", "tcm_visits"), ("facilities", "慢病门诊人次", "chronic_visits"),
        ("facilities", "年诊疗人次", "visits"), ("facilities", "新进村医年龄", "new_doctor_ages"),
        ("facilities", "村医年龄", "doctor_ages"), ("facilities", "年下派人员数", "sent_down"),
        ("facilities", "上级下派人员数", "support_staff"), ("facilities", "一体化管理单位", "managed_by"),
        ("facilities", "是否一体化管理", "integrated"), ("facilities", "符合医保定点条件", "insurance_qualified"),
        ("facilities", "医保定点", "insured"), ("facilities", "具备智慧化条件", "smart_qualified"),
        ("facilities", "医院级别", "level_two_up"), ("facilities", "级别", "tier"),
        ("facilities", "公卫执业助理医师数", "public_health_assistants"),
        ("facilities", "执业助理医师数", "licensed_doctors"), ("facilities", "大专以下村医数", "below_diploma_doctors"),
        ("villages", "家庭医生签约人数", "contracted_people"), ("villages", "家庭医生签约", "contracted"),
        ("villages", "重点人群签约人数", "contracted_key_people"), ("villages", "重点人群", "key_people"),
        ("villages", "65岁以上老年人健康管理人数", "managed_elders"), ("villages", "65岁以上", "population_65"),
        ("townships", "托育机构数", "infant_care"),
    ],
)  # fmt: skip
def test_headers_that_resemble_each_other_keep_their_own_column(layer, header, column):
    match = headers.match_header(header, layer)
    assert (match.quality, match.column) == (headers.EXACT, column)


def facilities(folder, header, *rows):
    lines = [f"F{number},某机构{number},村卫生室,120.85,29.5,{row}" for number, row in enumerate(rows)]
    (folder / "f.csv").write_text("\n".join([f"{HEAD},{header}", *lines]), encoding="utf-8")
    return read_facilities(LayerSource(path="f.csv"), folder / "f.csv")


def found(reading, code):
    return [fault for fault in reading.faults if fault.code == code]


def test_the_name_of_a_thing_means_yes_and_is_said(tmp_path):
    reading = facilities(tmp_path, "特色科室", "是", "针灸推拿科", "2个", "0", "", "拟建口腔科", "没有特色科室")
    assert reading.frame["specialty"].tolist() == [True, True, True, False, pd.NA, pd.NA, pd.NA]
    (named,), (open_,) = found(reading, "named_flag"), found(reading, "unknown_flag")
    assert named.rows == (3, 4)
    assert "针灸推拿科" in named.found.zh
    assert open_.rows == (7, 8)


def test_a_name_in_any_other_yes_no_column_is_unknown(tmp_path):
    reading = facilities(tmp_path, "智慧化", "是", "某某系统")
    assert reading.frame["smart"].tolist() == [True, pd.NA]
    assert found(reading, "unknown_flag")


def test_grades_are_numbers(tmp_path):
    cells_ = ("一级", "二级及以下", "3", "Ⅳ级", "", "不开展手术", "较高")
    reading = facilities(tmp_path, "手术级别", *cells_)
    assert reading.frame["surgery_level"].tolist() == [1, 2, 3, 4, pd.NA, 0, pd.NA]
    assert found(reading, "unreadable_number")[0].rows == (8,)


@pytest.mark.parametrize(
    ("header", "cells_", "expected"),
    [
        (
            "医院级别",
            ("二级甲等", "一级", "三级", "1", "2", "未定级", ""),
            [True, False, True, False, True, False, pd.NA],
        ),
        ("是否二级及以上", ("是", "否", "1", "0", ""), [True, False, True, False, pd.NA]),
    ],
)
def test_a_hospital_of_the_second_level_is_told_by_a_grade_or_a_yes(tmp_path, header, cells_, expected):
    assert facilities(tmp_path, header, *cells_).frame["level_two_up"].tolist() == expected


def test_a_number_and_a_list_of_diseases_both_survive(tmp_path):
    reading = facilities(tmp_path, "可诊治病种", "25", "感冒、高血压；湿疹", "25种", "", "100余种")
    assert reading.frame["diseases"].tolist() == ["25", "感冒;高血压;湿疹", "25种", "", "100余种"]
    counted = amounts(reading.frame, "diseases")
    assert counted.value.tolist() == [25, 3, 25, 0, 100]
    assert counted.known.tolist() == [True, True, True, False, True]
    assert cells.read_list("25") == ("25",)


def test_words_of_kinds_and_appraisals_become_ours(tmp_path):
    reading = facilities(tmp_path, "医院类别,绩效考核等次", "中医医院,A+级", "妇幼保健院,a", "养老院,良好")
    assert reading.frame["hospital_kind"].tolist() == ["tcm", "maternal_child", ""]
    assert reading.frame["appraisal"].tolist() == ["A+", "A", ""]
    assert len(found(reading, "unknown_word")) == 2


def test_numbers_of_people_and_yes_no_of_villages_are_typed(tmp_path):
    head = "行政区划代码,行政村名称,乡镇,常住人口,经度,纬度"
    head += ",签约人数,重点人群签约人数,老年人健康管理人数,心理服务,包村卫生院"
    row = "330624104201,上溪村,甲镇,500,120.85,29.5,320,,41,是,甲镇卫生院"
    (tmp_path / "v.csv").write_text(f"{head}\n{row}", encoding="utf-8")
    frame = read_villages(LayerSource(path="v.csv"), tmp_path / "v.csv").frame
    named = ["contracted_people", "contracted_key_people", "managed_elders", "psych_service", "served_by"]
    assert frame.loc[0, named].tolist() == [320, pd.NA, 41, True, "甲镇卫生院"]
    assert frame["contracted_people"].dtype == "Int64"
    assert frame["psych_service"].dtype == "boolean"


def test_columns_of_townships_are_typed(tmp_path):
    head = "乡镇,托育机构数,心理服务,医养结合试点,wkt"
    square = '"POLYGON((120 29,121 29,121 30,120 30,120 29))"'
    (tmp_path / "t.csv").write_text(f"{head}\n甲镇,2,是,否,{square}", encoding="utf-8")
    frame = read_townships(LayerSource(path="t.csv"), tmp_path / "t.csv").frame
    assert frame.loc[0, ["infant_care", "psych_service", "eldercare_pilot"]].tolist() == [2, True, False]
