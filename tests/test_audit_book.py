"""`audit.json` and `audit.xlsx`: complete rows, codes as text, no live formulas, every list on a sheet."""

import json
import zipfile
from datetime import date
from fractions import Fraction

import pytest
from python_calamine import CalamineWorkbook

from clinicplan.errors import Phrase
from clinicplan.policy.audit import Audit, ClauseResult
from clinicplan.policy.findings import Case, Finding, Listing, Measure, Status
from clinicplan.policy.profile import Profile
from clinicplan.policy.rows import ROW_KEYS, audit_frame, audit_lines, audit_rows
from clinicplan.policy.settings import AuditSettings
from clinicplan.report.audit_book import write_audit

SETTINGS = AuditSettings(county="示例县", day=date(2026, 11, 21))
LISTING = Listing("policy.sheet.failing", ("facility_id", "beds"), (("007", 12), ("=1+1", None)))


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
