"""`audit.json` and `audit.xlsx`: complete rows, codes as text, no live formulas, every list on a sheet."""

import json
import re
import tomllib
import zipfile
from dataclasses import replace
from datetime import date
from fractions import Fraction
from importlib import resources

import pytest
from python_calamine import CalamineWorkbook

from clinicplan import words
from clinicplan.errors import Phrase
from clinicplan.policy.audit import Audit, ClauseResult
from clinicplan.policy.findings import Case, Finding, Listing, Measure, Status
from clinicplan.policy.profile import Profile, built_in_profiles, read_profile
from clinicplan.policy.rows import ROW_KEYS, audit_frame, audit_lines, audit_rows
from clinicplan.policy.settings import AuditSettings
from clinicplan.report.audit_book import write_audit

SETTINGS = AuditSettings(county="示例县", day=date(2026, 11, 21))
LISTING = Listing("policy.sheet.failing", ("facility_id", "beds", "posts"), (("007", 12, None), ("=1+1", None, None)))


def clause(name, unit="village_clinic", strength="must"):
    condition = {"column": "ownership", "equals": "public"}
    return {
        "id": name, "article": "三(五)", "unit": unit, "kind": "minimum", "strength": strength, "text": "=条款",
        "text_en": "A clause", "deadlines": [date(2025, 12, 31)],
        "parameters": {"subjects": {"tiers": ["village_clinic"]}, "conditions": [condition]},
    }  # fmt: skip


def example(name="one", *, draft=False, planned=False):
    clauses = [clause("A-1"), clause("A-2", "township_hospital"), clause("A-3", "county", "may")]
    profile = Profile.model_validate(
        {
            "id": name,
            "title": f"文件{name}",
            "title_en": name,
            "number": "〔2024〕1号",
            "draft": draft,
            "clauses": clauses,
        }
    )
    failed = Finding(
        False,
        (Measure("count", 1, 2, unit="clinics", least=Fraction(2), shortfall=1),),
        failing=(Case("007", "=村卫生室", Phrase("私有", "private")),),
        remarks=(Phrase("按登记", "by register"),),
        listings=(LISTING, LISTING),
    )
    lacking = Finding.lacking("facilities.ct_rows", unknown=(Case("008", "乙"),))
    reported = Finding(None, (Measure("yuan", 5),))
    later = {"planned_status": Status.PASS, "planned_finding": Finding(True, (Measure("count", 2, 2),))}
    more = later if planned else {}
    results = (
        ClauseResult(profile.clauses[0], Status.FAIL, failed, date(2025, 12, 31), True, **more),
        ClauseResult(profile.clauses[1], Status.NOT_ASSESSED, lacking, **more),
        ClauseResult(profile.clauses[2], Status.REPORTED, reported, **more),
    )
    return Audit(profile, SETTINGS, results)


def book(folder):
    """Return the rows of every sheet by name."""
    file = CalamineWorkbook.from_path(folder / "audit.xlsx")
    return {name: file.get_sheet_by_name(name).to_python() for name in file.sheet_names}


def cells(rows):
    return [cell for row in rows for cell in row]


def test_rows_have_every_key_and_say_what_fails():
    failed, lacking, reported = audit_rows(example(), "zh")
    assert tuple(failed) == ROW_KEYS
    assert failed["status"] == "fail"
    assert failed["failing"] == [{"id": "007", "name": "=村卫生室", "value": "私有"}]
    assert failed["overdue"] is True
    assert failed["deadline"] == "2025-12-31"
    assert lacking["needs"] == ["facilities.ct_rows"]
    assert lacking["overdue"] is None
    assert reported["status"] == "reported"
    assert audit_frame(example(), "zh")["failing"].tolist() == [1, 0, 0]


def test_with_a_plan_every_row_has_its_planned_status():
    rows = audit_rows(example(planned=True), "en")
    assert {row["planned_status"] for row in rows} == {"pass"}
    assert {row["planned_actual"] for row in rows} == {"2 of 2 facilities"}


def test_a_draft_says_so_in_every_row_and_on_the_screen():
    assert {row["notice"] for row in audit_rows(example(draft=True), "zh")} == {"征求意见稿，仅供参考"}
    assert "征求意见稿，仅供参考" in audit_lines(example(draft=True), "zh")
    assert {row["notice"] for row in audit_rows(example(), "zh")} == {""}


def test_the_workbook_has_a_sheet_a_unit_and_one_a_list(tmp_path):
    write_audit([example()], tmp_path, lang="zh")
    names = list(book(tmp_path))
    assert names[0] == "汇总"
    assert {"县级", "乡镇卫生院", "村卫生室", "暂无法评价", "不符合对象清单", "待补数据清单"} <= set(names)
    assert len([name for name in names if name.endswith("A-1")]) == 1  # the same list twice is one sheet


def test_codes_are_text_and_nothing_is_a_formula(tmp_path):
    write_audit([example()], tmp_path, lang="zh")
    everything = {cell for rows in book(tmp_path).values() for cell in cells(rows)}
    assert {"007", "=1+1"} <= everything
    with zipfile.ZipFile(tmp_path / "audit.xlsx") as file:
        sheets = [file.read(name).decode() for name in file.namelist() if "/worksheets/" in name]
    assert not any("<f>" in sheet for sheet in sheets)


def test_several_documents_stand_side_by_side(tmp_path):
    write_audit([example("one"), example("two", draft=True)], tmp_path, lang="en")
    rows = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert [row["document"] for row in rows] == ["one"] * 3 + ["two"] * 3
    file = book(tmp_path)
    assert len(file["All clauses"]) == 7
    assert any("for reference only" in str(cell) for cell in cells(file["Summary"]))


def test_a_clause_without_data_names_them_as_a_register_does(tmp_path):
    write_audit([example()], tmp_path, lang="zh")
    head, row = book(tmp_path)["暂无法评价"]
    assert row[head.index("所缺数据")] == "机构表（CT排数）"
    write_audit([example()], tmp_path, lang="en")
    head, row = book(tmp_path)["Not assessed"]
    assert row[head.index("Data needed")] == "facilities (rows of the CT)"


def test_a_unit_in_the_list_of_failing_ones_carries_the_verdict_on_its_clause(tmp_path):
    write_audit([example()], tmp_path, lang="zh")
    sheets = book(tmp_path)
    assert sheets["不符合对象清单"] == [
        ["条款", "出处", "结论", "编号", "名称", "现状"],
        ["A-1", "三(五)", "不符合", "007", "=村卫生室", "私有"],
    ]
    assert sheets["待补数据清单"][0] == ["条款", "出处", "编号", "名称", "待补内容"]


def test_nothing_to_list_is_said_and_cells_without_a_number_or_a_date_are_dashed(tmp_path):
    audit = example()
    write_audit([replace(audit, results=audit.results[2:])], tmp_path, lang="zh")
    sheets = book(tmp_path)
    assert [sheets[name][1][0] for name in ("暂无法评价", "不符合对象清单", "待补数据清单")] == ["无"] * 3
    head, row = sheets["县级"]
    assert {row[head.index(name)] for name in ("要求", "缺口", "时限", "时限状态")} == {"—"}


def test_a_list_leaves_out_the_columns_that_hold_nothing(tmp_path):
    write_audit([example()], tmp_path, lang="en")
    assert book(tmp_path)["Failing A-1"] == [["Facility id", "Beds"], ["007", 12], ["=1+1", ""]]


def test_the_title_of_every_list_fits_a_sheet_with_its_clause():
    names = [name for name in words.subjects() if name.startswith("policy_")]
    texts = (resources.files("clinicplan.words").joinpath(f"{name}.toml").read_text(encoding="utf-8") for name in names)
    titles = [
        title for text in texts for pair in tomllib.loads(text).get("list", {}).values() for title in pair.values()
    ]
    ids = [clause.id for name in built_in_profiles() for clause in read_profile(name).clauses]
    assert titles
    assert [title for title in titles if len(title) + 1 + max(map(len, ids)) > 31] == []


def test_every_printed_page_of_a_draft_says_so(tmp_path):
    write_audit([example(draft=True)], tmp_path, lang="zh")
    with zipfile.ZipFile(tmp_path / "audit.xlsx") as file:
        sheets = [file.read(name).decode() for name in file.namelist() if "/worksheets/" in name]
    assert all("征求意见稿，仅供参考" in re.search("<oddFooter>(.*)</oddFooter>", sheet)[1] for sheet in sheets)


def test_the_screen_names_who_fails_and_what_is_missing():
    lines = audit_lines(example(), "zh")
    assert lines[1:] == [
        "  不符合 A-1（三(五)）=条款",
        "      要求全部，现状1/2所，缺1所",
        "      不符合对象1个：=村卫生室，私有",
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_first_sheet_counts_every_verdict(tmp_path, lang):
    write_audit([example()], tmp_path, lang=lang)
    first = next(iter(book(tmp_path).values()))
    assert first[3][1:6] == [0, 1, 1, 0, 1]


def test_the_same_audit_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_audit([example()], tmp_path / name, lang="zh")
    for file in ("audit.json", "audit.xlsx"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
