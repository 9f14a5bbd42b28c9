"""The sample county and Andorra under all five documents, in the library and from the command line.

What stands in `goldens/audit_sample.csv` is how the sample stands; the invariants hold for any county.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

import county as drawing
from clinicplan import cli
from clinicplan.plan import audit_county
from clinicplan.policy import built_in_profiles, read_profile
from clinicplan.policy.findings import REPORTED_KINDS, Status
from clinicplan.policy.rows import ROW_KEYS, audit_rows
from clinicplan.region import read_region

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
GOLDENS = Path(__file__).parent / "goldens"
DAY = date(2026, 1, 1)
LANGUAGES = ("zh", "en")
IDS = {"facilities": "facility_id", "villages": "village_id", "townships": "township"}
AUDIT_FILES = {"audit.json", "audit.xlsx", "manifest.json"}
pytestmark = pytest.mark.xdist_group("sample")

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data of ../shared are not here")


def hold_golden(name, text):
    """Compare a text with its golden; CLINICPLAN_WRITE_GOLDENS=1 writes it instead, for a reader to judge the diff."""
    path = GOLDENS / name
    if os.environ.get("CLINICPLAN_WRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def known_ids(folder):
    """Return every id that a finding about a county may name."""
    from clinicplan.layers import read_layers

    layers = read_layers(read_region(folder))
    named = {str(name) for name in layers.villages["township"]} | {str(name) for name in layers.facilities["township"]}
    for layer, column in IDS.items():
        frame = getattr(layers, layer)
        named |= set() if frame is None else {str(value) for value in frame[column]}
    return named


@pytest.fixture(scope="module")
def sample_audits(sample_folder):
    return audit_county(sample_folder, policies=built_in_profiles(), day=DAY)


@pytest.fixture(scope="module")
def andorra_folder(tmp_path_factory):
    from clinicplan.extract import write_region_from_extract

    (extract,) = (SHARED / "andorra").glob("*.osm.pbf")
    folder = tmp_path_factory.mktemp("andorra") / "region"
    write_region_from_extract(folder, extract=extract, boundary=SHARED / "andorra" / "admin_osm.geojson")
    return folder


@pytest.fixture(scope="module")
def andorra_audits(andorra_folder):
    return audit_county(andorra_folder, policies=built_in_profiles(), day=DAY)


COUNTIES = ("sample", pytest.param("andorra", marks=needs_shared))


@pytest.fixture
def audits(request, county):
    return request.getfixturevalue(f"{county}_audits")


@pytest.fixture
def folder(request, county):
    return request.getfixturevalue(f"{county}_folder")


OWN_DOCUMENT = """
id = "own"
title = "本县文件"
title_en = "Our own document"

[[clauses]]
id = "O-1"
article = "一"
unit = "county"
kind = "quota"
strength = "must"
text = "每年下派人员不少于1人。"
text_en = "At least one person is sent down a year."
needs = ["facilities.sent_down"]

[[clauses.parameters.parts]]
subjects = { tiers = ["village_clinic"] }
column = "sent_down"
minimum = 1
"""


# ---------------------------------------- how the sample stands


def test_the_sample_stands_as_agreed(sample_audits):
    """Clause, verdict and figure of all five documents."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("clause", "status", "actual"))
    for audit in sample_audits:
        writer.writerows((row["clause"], row["status"], row["actual"]) for row in audit_rows(audit, "zh"))
    hold_golden("audit_sample.csv", text.getvalue())


def test_the_sample_has_every_verdict(sample_audits):
    statuses = Counter(result.status for audit in sample_audits for result in audit)
    assert set(statuses) == set(Status)


def test_the_sample_has_the_data_of_its_own_document(sample_audits):
    """Every clause of Xinchang is judged or reported."""
    (own,) = (audit for audit in sample_audits if audit.profile.id == "xinchang-2022")
    assert not own.counts["not_assessed"]
    assert own.counts["pass"]
    assert own.counts["fail"]


def test_the_circle_of_the_sample_is_that_of_its_headline(sample_audits, sample_result):
    """Any fixed facility, as the summary counts: the same people and villages."""
    (own,) = (audit for audit in sample_audits if audit.profile.id == "xinchang-2022")
    summary = sample_result.summary
    values = {(measure.unit, measure.value, measure.of) for measure in own["XC-1.3a"].finding.measures}
    assert ("people", summary["people_covered"], summary["population"]) in values
    assert ("villages", summary["villages_covered"], summary["villages"]) in values


# ---------------------------------------- the sample's figures, counted again from its files by other code


@pytest.fixture(scope="module")
def register(sample_folder):
    """Facilities of the county that are not out of operation; `certain` where the register says they are in it."""
    with (sample_folder / "facilities.csv").open(encoding="gb18030", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["乡镇"] != "邻县"]
    return [{**row, "certain": row["运行状态"] == "正常运行"} for row in rows if row["运行状态"] in ("正常运行", "")]


CLINICS = ("村卫生室", "中心村卫生室")
STATIONS = ("社区卫生服务站",)
HOSPITALS = ("乡镇卫生院", "中心乡镇卫生院", "县域医疗卫生次中心")
CENTRES = ("社区卫生服务中心",)
COUNTY = ("县域医疗中心", "县级医院")
FREE = ("村集体", "公有")
UNITS_THAT_MEET = {
    "XC-1.2": [
        (HOSPITALS + CENTRES, lambda row: row["服务能力标准"] in ("基本", "推荐", "社区医院或二级")),
        (HOSPITALS + CENTRES, lambda row: row["服务能力标准"] in ("推荐", "社区医院或二级")),
        (HOSPITALS + CENTRES, lambda row: row["服务能力标准"] == "社区医院或二级"),
    ],
    "XC-1.3c": [(CLINICS + STATIONS, lambda row: row["业务用房性质"] in FREE)],
    "XC-2.2a": [(HOSPITALS + CENTRES, lambda row: len(row["中医适宜技术"].split("、")) >= 6)],
    "XC-2.2b": [(CLINICS + STATIONS, lambda row: len(row["中医适宜技术"].split("、")) >= 4)],
    "XC-3.1": [(CLINICS + STATIONS, lambda row: int(row["乡村医生数"]) >= 1)],
    "MTG-05": [(CLINICS, lambda row: row["业务用房性质"] != "村医家中")],
    "MTG-06": [(CLINICS, lambda row: row["一体化管理"] == "是")] * 2,
    "NY-3.2.4a": [(CLINICS, lambda row: row["房屋产权"] == "公有")],
    "NY-3.2.4b": [(CLINICS, lambda row: row["服务能力标准"] in ("基本", "推荐"))],
    "LY-01": [(HOSPITALS, lambda row: row["服务能力标准"] in ("推荐", "社区医院或二级"))],
}  # fmt: skip
"""Clause -> of each part the tiers, and what a unit must be."""


@pytest.mark.parametrize("clause", UNITS_THAT_MEET)
def test_shares_are_those_of_the_files(sample_audits, register, clause):
    finding = next(audit[clause] for audit in sample_audits if any(r.clause.id == clause for r in audit)).finding
    figures = []
    for tiers, meets in UNITS_THAT_MEET[clause]:
        units = [row for row in register if row["机构类别"] in tiers]
        figures.append((sum(row["certain"] and meets(row) for row in units), len(units)))
    assert sorted((measure.value, measure.of) for measure in finding.measures) == sorted(figures)


def total(rows, tiers, column):
    """Sum a column over the facilities certainly in operation, empty cells as nothing."""
    return sum(int(row[column] or 0) for row in rows if row["机构类别"] in tiers and row["certain"])


def test_sums_are_those_of_the_files(sample_audits, register):
    audits = {audit.profile.id: audit for audit in sample_audits}
    everyone = tuple({row["机构类别"] for row in register})
    primary = (*HOSPITALS, *CENTRES, *STATIONS, *CLINICS)
    doctors = audits["laiyang-2024"]["LY-09b"].finding.measures[0]
    assert doctors.value == total(register, CLINICS, "执业(助理)医师数")
    visits = audits["laiyang-2024"]["LY-02"].finding.measures[0]
    assert visits.value == total(register, (*primary, "诊所"), "年诊疗人次")
    chinese = audits["xinchang-2022"]["XC-2.2c"].finding.measures[0]
    assert chinese.value == total(register, primary, "中医诊疗人次")
    general = audits["xinchang-2022"]["XC-3.3"].finding.measures[0]
    assert (general.value, general.of) == (total(register, everyone, "全科医生数"), 419_036)
    posts = audits["laiyang-2024"]["LY-06b"].finding.measures[0]
    assert (posts.value, posts.of) == (
        total(register, HOSPITALS, "专业技术编制数"),
        total(register, HOSPITALS, "编制数"),
    )


# ---------------------------------------- what holds for any county


@pytest.mark.parametrize("county", COUNTIES)
def test_every_clause_has_its_row(audits):
    assert [audit.profile.id for audit in audits] == list(built_in_profiles())
    for audit in audits:
        for lang in LANGUAGES:
            rows = audit_rows(audit, lang)
            assert [row["clause"] for row in rows] == [clause.id for clause in read_profile(audit.profile.id).clauses]
            assert all(tuple(row) == ROW_KEYS for row in rows)


@pytest.mark.parametrize("county", COUNTIES)
def test_only_a_clause_that_binds_passes_or_fails(audits):
    for result in (result for audit in audits for result in audit):
        if result.status in (Status.PASS, Status.FAIL):
            assert result.clause.strength == "must", result.clause.id
            assert result.clause.kind not in REPORTED_KINDS, result.clause.id
            assert result.met is (result.status is Status.PASS), result.clause.id


@pytest.mark.parametrize("county", COUNTIES)
def test_a_clause_that_cannot_be_assessed_says_what_to_ask_for(audits):
    for result in (result for audit in audits for result in audit):
        if result.status is Status.NOT_ASSESSED:
            assert result.finding.needs or result.finding.unknown, result.clause.id


@pytest.mark.parametrize("county", COUNTIES)
def test_a_clause_that_fails_shows_by_what(audits):
    for result in (result for audit in audits for result in audit):
        if result.status is Status.FAIL:
            finding = result.finding
            assert finding.failing or any(measure.shortfall for measure in finding.measures) or finding.remarks
        if result.status is Status.PASS:
            assert not any(measure.shortfall for measure in result.finding.measures), result.clause.id


@pytest.mark.parametrize("county", COUNTIES)
def test_whoever_is_named_is_in_the_layers(audits, folder):
    known = known_ids(folder)
    for result in (result for audit in audits for result in audit):
        named = {case.id for case in (*result.finding.failing, *result.finding.unknown)}
        assert named <= known, (result.clause.id, sorted(named - known)[:5])


@pytest.mark.parametrize("county", COUNTIES)
def test_a_range_holds_the_known_figure(audits):
    """Of a share: worst and best lie in 0-1 and around what is certain; nothing is counted beyond its denominator."""
    for result in (result for audit in audits for result in audit):
        for measure in result.finding.measures:
            assert measure.value >= 0, result.clause.id
            if measure.low is not None and measure.high is not None:
                assert measure.low <= measure.high, result.clause.id
            if measure.form == "share" and measure.of:
                assert measure.value <= measure.of, result.clause.id


@pytest.mark.parametrize("county", COUNTIES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_rows_are_whole_sentences(audits, lang):
    for row in (row for audit in audits for row in audit_rows(audit, lang)):
        said = [
            row["required"],
            row["actual"],
            row["shortfall"],
            *row["remarks"],
            *(c["value"] for c in row["failing"]),
        ]
        for text in said:
            assert not {"{", "}"} & set(text), (row["clause"], text)
            assert not any(word in text for word in ("nan", "None", "<NA>", "Fraction")), (row["clause"], text)


@needs_shared
def test_a_county_without_registers_is_told_what_it_lacks(andorra_audits):
    """Andorra's extract holds names, places and tiers alone: most clauses name the columns they need."""
    for audit in andorra_audits:
        assert audit.counts["pass"] + audit.counts["fail"] < audit.counts["not_assessed"]
    needs = {need for audit in andorra_audits for result in audit for need in result.finding.needs}
    assert {"facilities.standard", "facilities.doctors", "facilities.equipment"} <= needs


# ---------------------------------------- the command line


@pytest.fixture
def program(monkeypatch, capfd):
    """The command line as a shell calls it: exit code, standard output, standard error."""

    def call(*arguments):
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["clinicplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out, err = capfd.readouterr()
        return stopped.value.code, out, err

    return call


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The drawn county of `county.py`, as files."""
    return drawing.write_county(drawing.draw_county(), tmp_path_factory.mktemp("drawn") / "region").parent


def read_rows(folder):
    return json.loads((folder / "audit.json").read_text(encoding="utf-8"))


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_all_documents_stand_side_by_side(program, drawn, tmp_path):
    out = tmp_path / "audit"
    code, said, err = program("audit", drawn, "--all", "--date", "2026-01-01", "--out", out)
    assert (code, "Traceback" in err) == (0, False)
    assert {path.name for path in out.iterdir()} == AUDIT_FILES
    clauses = [clause.id for name in built_in_profiles() for clause in read_profile(name).clauses]
    assert [row["clause"] for row in read_rows(out)] == clauses
    assert [policy["id"] for policy in manifest(out)["policies"]] == list(built_in_profiles())
    assert manifest(out)["day"] == "2026-01-01"
    assert said.count("征求意见稿") >= 2
    sheets = CalamineWorkbook.from_path(out / "audit.xlsx").sheet_names
    assert len(sheets) == len(set(sheets))
    assert [path.name for path in out.parent.iterdir()] == ["audit"]


def test_json_alone_stands_on_stdout(program, sample_folder, tmp_path):
    """Two documents, strictly: exit 4, and how many were not assessed."""
    out = tmp_path / "audit"
    names = ("xinchang-2022", "mentougou-2024")
    code, said, err = program(
        "audit", sample_folder, "--policy", names[0], "--policy", names[1], "--date", "2026-01-01",
        "--strict", "--json", "--out", out,
    )  # fmt: skip
    rows = json.loads(said)
    assert rows == read_rows(out)
    assert list(dict.fromkeys(row["document"] for row in rows)) == list(names)
    counts = Counter(row["status"] for row in rows)
    assert code == cli.EXIT_STRICT
    assert str(counts["fail"]) in err
    assert str(counts["not_assessed"]) in err


def test_the_region_s_own_document_is_the_default(program, sample_folder, tmp_path):
    code, said, _ = program("audit", sample_folder, "--date", "2026-01-01", "--out", tmp_path / "audit")
    assert code == 0
    assert {row["document"] for row in read_rows(tmp_path / "audit")} == {"xinchang-2022"}
    assert "示例数据" in json.dumps(
        [
            list(row)
            for row in CalamineWorkbook.from_path(tmp_path / "audit" / "audit.xlsx").get_sheet_by_index(0).to_python()
        ],
        ensure_ascii=False,
    )
    assert "XC-1.2" in said


@pytest.mark.parametrize(("day", "overdue"), [("2025-12-31", False), ("2026年1月1日", True)])
def test_the_last_day_is_not_overdue(program, drawn, tmp_path, day, overdue):
    out = tmp_path / "audit"
    code, _, _ = program("audit", drawn, "--policy", "laiyang-2024", "--date", day, "--out", out, "--quiet")
    assert code == 0
    (row,) = (row for row in read_rows(out) if row["clause"] == "LY-01")
    assert (row["deadline"], row["overdue"]) == ("2025-12-31", overdue)


def test_an_unknown_document_is_named_with_the_nearest(program, drawn, tmp_path):
    code, said, err = program("audit", drawn, "--policy", "xinchang2022", "--out", tmp_path / "audit")
    assert (code, said) == (2, "")
    assert "xinchang-2022" in err
    assert not (tmp_path / "audit").exists()


@pytest.mark.parametrize(
    "arguments", [("--date", "2026-13-45"), ("--date", "soon"), ("--all", "--policy", "laiyang-2024")]
)
def test_wrong_options_are_refused(program, drawn, tmp_path, arguments):
    code, said, err = program("audit", drawn, *arguments, "--out", tmp_path / "audit")
    assert (code, said) == (2, "")
    assert "Traceback" not in err
    assert not (tmp_path / "audit").exists()


def test_what_stands_there_is_kept_without_force(program, drawn, tmp_path):
    out = tmp_path / "audit"
    arguments = ("audit", drawn, "--policy", "laiyang-2024", "--date", "2026-01-01", "--quiet", "--out", out)
    assert program(*arguments)[0] == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert program(*arguments)[0] == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert program(*arguments, "--force") == (0, "", "")
    after = {path.name: path.read_bytes() for path in out.iterdir()}
    assert {name for name in before if before[name] != after[name]} <= {"manifest.json"}


def test_strictness_looks_at_failures_alone(program, drawn, tmp_path):
    """A document of which nothing fails exits 0, however much could not be assessed."""
    profile = tmp_path / "own.toml"
    profile.write_text(OWN_DOCUMENT, encoding="utf-8")
    code, _, err = program("audit", drawn, "--policy", profile, "--strict", "--out", tmp_path / "audit", "--quiet")
    assert code == 0
    (row,) = read_rows(tmp_path / "audit")
    assert row["status"] == "not_assessed"
    assert "1" in err


def test_a_plan_adds_its_own_verdicts(program, drawn, tmp_path):
    village = str(drawing.draw_county().villages.rows[0][1])
    plan = {
        "villages": [{"village_id": village, "arrangement": "own"}],
        "sites": [{"site_id": "N1", "village_id": village, "facility_id": "", "action": "build", "doctors": 1}],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    code, _, err = program(
        "audit", drawn, "--policy", "laiyang-2024", "--plan", tmp_path / "plan.json", "--date", "2026-01-01",
        "--out", tmp_path / "audit",
    )  # fmt: skip
    assert code == 0, err
    rows = {row["clause"]: row for row in read_rows(tmp_path / "audit")}
    assert all("planned_status" in row for row in rows.values())
    assert (rows["LY-14b"]["status"], rows["LY-14b"]["planned_status"]) == ("not_assessed", "reported")
    assert manifest(tmp_path / "audit")["plan"]["file"] == "plan.json"


# ---------------------------------------- a whole run


def test_a_run_writes_the_audit_of_the_region_s_document(sample_result):
    folder = sample_result.out
    assert {"audit.json", "audit.xlsx"} <= {path.name for path in folder.iterdir()}
    rows = read_rows(folder)
    assert [row["clause"] for row in rows] == [clause.id for clause in read_profile("xinchang-2022").clauses]
    assert date.fromisoformat(manifest(folder)["audit_day"]) == sample_result.audit.settings.day
    assert all(row["notice"] for row in rows)
