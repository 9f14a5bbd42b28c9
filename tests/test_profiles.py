"""Promise: the five built-in profiles hold every clause of the list and every article of their documents, as data.

Where the list and a document differ the document is taken; the differences stand in policy_corrections, each with its
reason. What holds of one document alone is in test_profile_<place>.py.
"""

import re
from datetime import date

import pytest

import policy_corrections as corrections
import policy_documents as documents
from clinicplan.policy.parameters import CostItem, SharePart
from clinicplan.policy.profile import built_in_profiles, read_profile
from policy_documents import IDS, needs_documents

each_document = pytest.mark.parametrize("document", IDS)
each_clause = pytest.mark.parametrize(
    "clause", [pytest.param(clause, id=clause.id) for document in IDS for clause in read_profile(document).clauses]
)

WORDS_OF_NEEDS = {
    "adjacency": {"villages"},
    "assignment": {"facilities.city_partner", "facilities.managed_by", "facilities.paired_with", "facilities.township"},
    "catchment": {"travel_times"},
    "coverage": {"travel_times", "villages.population"},
    "facilities": {"facilities.tier"},
    "population": {"villages.population"},
    "rural population of the township": {"townships.rural_population"},
    "siting plan": {"plan", "facilities.tier"},
    "townships": {"townships"},
    "travel times": {"travel_times"},
    "urban area": {"urban_area"},
    "villages": {"villages.population"},
}
"""Words of the list that stand for one of several sources of ours."""

EVERY_COUNTY_HAS = {
    "facilities.tier", "facilities.township", "facilities.village_id", "plan", "siting.merge", "standard",
    "townships.population", "travel_times", "villages", "villages.population", "villages.status", "villages.township",
}  # fmt: skip
"""What the list may leave unsaid: columns every county completes, and settings of the region."""

PROSE_ALONE = {
    "NY-1.16a": ({1}, "one point for so many residents: the residents are the parameter"),
    "NY-2.1.4c": ({1}, "one clinic a village is the kind itself"),
}
"""Numbers of a statement that the kind says."""

HEADS = {
    "ganzhou-2019": (False, "", "2019-11-08", "县卫生健康委", "全县"),
    "laiyang-2024": (False, "莱政办字〔2024〕28号", "2024-10-28", "市卫生健康局", "全市"),
    "nanyang-2024": (False, "宛政办〔2024〕4号", "2024-03-23", "县卫生健康体育委", "全县"),
    "mentougou-2024": (True, "", "", "区卫生健康委", "全区"),
    "xinchang-2022": (True, "", "", "县卫生健康局", "全县"),
}
"""Draft, number, date, health authority and name of the whole."""

TIERS = {
    "ganzhou-2019": (("village_clinic",), ("township_hospital",)),
    "laiyang-2024": (("village_clinic",), ("township_hospital",)),
    "nanyang-2024": (("village_clinic",), ("township_hospital",)),
    "mentougou-2024": (("village_clinic",), ("community_centre",)),
    "xinchang-2022": (("village_clinic", "community_station"), ("township_hospital", "community_centre")),
}
"""What the document calls a clinic and what a township hospital."""

CIRCLES = {
    "ganzhou-2019": (None, {}),
    "laiyang-2024": (15, {"LY-05a": 15}),
    "nanyang-2024": (None, {}),
    "mentougou-2024": (None, {"MTG-01b": None}),
    "xinchang-2022": (20, {"XC-1.3a": 20}),
}
"""Minutes of the rural circle: of the head, and of each clause of that kind."""

ARTICLE_COUNTS = {
    "ganzhou-2019": 32, "laiyang-2024": 23, "nanyang-2024": 36 + 26 + 21, "mentougou-2024": 32, "xinchang-2022": 25,
}  # fmt: skip
"""Counted by hand."""

NAMES = {
    "ganzhou-2019": ("加强乡村卫生健康服务能力建设实施方案", "赣州市人民政府办公室"),
    "laiyang-2024": ("关于进一步深化改革促进乡村医疗卫生体系高质量健康发展的实施意见",),
    "nanyang-2024": (
        "公共卫生体系建设行动计划", "医疗服务体系建设行动计划", "乡村医疗卫生体系改革提升攻坚行动实施方案",
        "乡镇卫生院", "社区卫生服务中心", "县域医疗卫生次中心",
    ),
    "mentougou-2024": ("关于加快提升农村医疗卫生服务能力推进城乡健康一体化改革方案",),
    "xinchang-2022": (
        "新昌县深化基层卫生健康综合改革实施方案", "乡镇卫生院", "社区卫生服务中心", "社区卫生服务站",
        "婴幼儿照护服务机构", "示范儿童健康服务中心",
    ),
}  # fmt: skip
"""Titles, offices and institutions, which have one name only."""

LONGEST_COPY = 10
"""Runs of so many Chinese letters, whatever stands between them, are taken for copied."""

CLAUSE_ID = r"(?:GZ|LY|NY|MTG|XC)-(?:\d+(?:\.\d+)*[a-z]?|[a-z]+)"


def parts_of(clause):
    """Return every part, item and shown figure of a clause."""
    return [table for name in ("parts", "items", "shown") for table in getattr(clause.parameters, name, ())]


# ---------------------------------------- the list of clauses


def test_every_built_in_profile_is_tested_here():
    assert set(IDS) == set(built_in_profiles())


@needs_documents
@each_document
def test_every_clause_of_the_list_is_here_and_the_rest_is_explained(document):
    ours, rows = {clause.id for clause in read_profile(document).clauses}, set(documents.listed(document))
    assert rows <= ours
    assert ours - rows == set(corrections.ADDED) & ours
    assert not set(corrections.ADDED) & rows


@needs_documents
@each_document
def test_article_unit_kind_strength_and_deadlines_are_those_of_the_list_or_corrected(document):
    profile = read_profile(document)
    for name, row in documents.listed(document).items():
        days = tuple(date.fromisoformat(item.strip()) for item in row["deadline"].split(";") if item.strip())
        wanted = {field: row[field] for field in ("article", "unit", "kind", "strength")} | {"deadlines": days}
        for field, value in wanted.items():
            right, _ = corrections.FIELDS.get((name, field), (value, ""))
            assert getattr(profile.clause(name), field) == right, (name, field)
            assert (name, field) not in corrections.FIELDS or right != value, "corrected to what the list says"


@needs_documents
@each_document
def test_every_article_of_a_clause_is_one_of_the_document(document):
    known = documents.articles(document)
    assert {clause.article for clause in read_profile(document).clauses} <= set(known)


@needs_documents
@each_document
def test_the_numbers_of_the_list_stand_in_the_parameters(document):
    profile = read_profile(document)
    for name, row in documents.listed(document).items():
        missing = documents.numbers_in_list(row["parameters"]) - documents.numbers_of(profile.clause(name))
        said, _ = corrections.NUMBERS_ELSEWHERE.get(name, (set(), ""))
        assert missing == said, f"{name}: {sorted(missing)} of {row['parameters']!r}"


@needs_documents
@each_document
def test_what_the_list_needs_is_needed_here_or_the_difference_is_explained(document):
    """Both ways: what the list names and is left out, and what a clause needs beyond the list."""
    profile = read_profile(document)
    for name, row in documents.listed(document).items():
        ours = set(profile.clause(name).needs)
        wanted = {need: WORDS_OF_NEEDS.get(need, {need}) for need in map(str.strip, row["needs"].split(";"))}
        left_out, _ = corrections.NEEDS_LEFT_OUT.get(name, (set(), ""))
        added, _ = corrections.NEEDS_ADDED.get(name, (set(), ""))
        assert {need for need, sources in wanted.items() if not sources & ours} == left_out, name
        assert ours.difference(EVERY_COUNTY_HAS, *wanted.values()) == added, name


def test_every_correction_is_of_a_clause():
    known = {clause.id for document in IDS for clause in read_profile(document).clauses}
    tables = (corrections.ADDED, corrections.NEEDS_LEFT_OUT, corrections.NEEDS_ADDED, corrections.STATED_OTHERWISE)
    named = {name for table in (*tables, corrections.NUMBERS_ELSEWHERE, PROSE_ALONE) for name in table}
    assert named | {name for name, _ in corrections.FIELDS} <= known


@each_document
def test_a_correction_is_marked_in_the_profile_and_nothing_else_is(document):
    """Every clause that differs from the list has a note `csv:` at its table."""
    tables = (corrections.ADDED, corrections.NEEDS_LEFT_OUT, corrections.NEEDS_ADDED, corrections.STATED_OTHERWISE)
    explained = {name for table in tables for name in table} | {name for name, _ in corrections.FIELDS}
    ours = {clause.id for clause in read_profile(document).clauses}
    assert documents.marked_clauses(document) == explained & ours


# ---------------------------------------- the head


@each_document
def test_the_head_says_who_issued_what_and_for_whom(document):
    profile = read_profile(document)
    found = (profile.draft, profile.number, profile.date, profile.agency.name, profile.agency.whole)
    assert (profile.id, found) == (document, HEADS[document])
    assert (profile.clinic_tiers, profile.township_tiers) == TIERS[document]
    assert not profile.date or date.fromisoformat(profile.date)
    assert ("draft" in profile.title_en) is profile.draft


@needs_documents
@each_document
def test_the_head_repeats_the_document(document):
    """A title may gain the city that issued it; a number or a day is empty only where the document shows none."""
    profile, letters = read_profile(document), re.sub(r"\s", "", documents.document_text(document))
    assert profile.title.removeprefix("赣州市").removeprefix("莱阳市") in letters
    assert profile.number in letters
    assert ("征求意见稿" in letters[:100]) is profile.draft
    assert not profile.draft or letters.startswith(profile.title)
    assert profile.number or not re.search(rf"〔{document[-4:]}〕|^.{{,300}}〔20\d\d〕\d+号", letters)
    if profile.date:
        day = date.fromisoformat(profile.date)
        assert re.search(rf"{day.year}年0?{day.month}月0?{day.day}日", letters)


@each_document
def test_the_circle_of_the_head_is_the_one_of_its_clause(document):
    profile, (minutes, of_clauses) = read_profile(document), CIRCLES[document]
    circles = [clause for clause in profile.clauses if clause.kind == "service_circle"]
    assert profile.circle_minutes == minutes
    assert {clause.id: clause.parameters.minutes for clause in circles} == of_clauses
    assert profile.circle_article == ("" if minutes is None else circles[0].article)


# ---------------------------------------- the clauses in themselves


@each_clause
def test_every_clause_speaks_both_languages(clause):
    assert re.search("[一-鿿]", clause.text)
    assert clause.text.endswith("。")
    assert clause.text.count("。") == 1
    assert re.fullmatch(r"[A-Za-z0-9 ,.:;%()'-]+", clause.text_en)
    assert clause.text_en.endswith(".")
    assert bool(clause.reading) is bool(clause.reading_en)
    assert not clause.reading or re.search("[一-鿿]", clause.reading)
    assert not re.search("[一-鿿]", clause.reading_en)


@each_clause
def test_every_part_has_a_name_in_both_languages(clause):
    for table in parts_of(clause):
        assert re.search("[一-鿿]", table.name)
        assert re.fullmatch(r"[A-Za-z0-9 ,()'-]+", table.name_en)


@each_clause
def test_no_number_of_a_statement_stands_in_prose_alone(clause):
    """Days of the clause itself are deadlines; every other number is a parameter."""
    said, _ = PROSE_ALONE.get(clause.id, (set(), ""))
    known = documents.numbers_of(clause) | ({1000.0} if "每千" in clause.text else set())
    assert documents.numbers_in_statement(clause.text, clause.deadlines) - known == said


@each_clause
def test_a_clause_needs_every_column_that_its_parameters_name(clause):
    assert clause.needs
    assert set(documents.columns_of(clause.parameters)) <= set(clause.needs)
    assert ("plan" in clause.needs) is clause.needs_plan
    assert clause.kind not in documents.TIER_COLUMNS or "facilities.tier" in clause.needs


def test_columns_are_found_where_tables_name_them():
    part = SharePart(
        subjects={"layer": "villages", "where": [{"column": "kind", "equals": "village"}]}, column="a", required=1
    )
    item = CostItem(
        name="", name_en="", low_cny=1, period="year", times="b", at_village=[{"column": "c", "equals": True}]
    )
    assert set(documents.columns_of(part)) == {"villages.kind", "villages.a"}
    assert set(documents.columns_of(item)) == {"facilities.b", "villages.c"}


@each_clause
def test_parts_with_a_deadline_of_their_own_have_those_of_the_clause(clause):
    days = [part.deadline for part in getattr(clause.parameters, "parts", ()) if getattr(part, "deadline", None)]
    assert not days or tuple(sorted(set(days))) == clause.deadlines


@each_clause
def test_sums_of_the_city_are_information(clause):
    assert (clause.unit == "city") is (clause.strength == "information")


# ---------------------------------------- the documents


@needs_documents
@each_document
def test_no_sentence_is_copied_from_the_document(document):
    profile, source = read_profile(document), documents.document_text(document)
    statements = [text for clause in profile.clauses for text in (clause.text, clause.reading)]
    for text in (*statements, *documents.names_of(document), *documents.page(document).splitlines()):
        assert not documents.copied_runs(text, source, LONGEST_COPY, NAMES[document]), text


@needs_documents
@each_document
def test_copies_are_found_however_they_are_punctuated(document):
    source = documents.document_text(document)
    sentence = max(re.findall(r"[^。#\n]+", source), key=len)
    spread = "、".join(sentence[:40])
    assert documents.copied_runs(sentence, source, LONGEST_COPY, NAMES[document])
    assert documents.copied_runs(spread, source, LONGEST_COPY, NAMES[document])


@needs_documents
@each_document
def test_articles_are_counted(document):
    assert len(documents.articles(document)) == ARTICLE_COUNTS[document]


@needs_documents
@each_document
def test_the_page_accounts_for_every_article_in_order_and_for_no_other(document):
    rows = documents.rows_of_page(document)
    assert list(rows) == documents.articles(document)
    assert all(cell for row in rows.values() for cell in documents.cells(row))


@each_document
def test_the_page_names_the_clauses_of_each_article_on_its_row(document):
    rows, clauses = documents.rows_of_page(document), read_profile(document).clauses
    for clause in clauses:
        assert clause.id in re.findall(CLAUSE_ID, rows[clause.article]), clause.id
    assert set(re.findall(CLAUSE_ID, documents.page(document))) == {clause.id for clause in clauses}
