"""Promise: the profiles of Mentougou and Xinchang hold every clause of the list and every article of the documents.

Where the list and a document differ the document is taken, and the difference stands here with its reason.
"""

import re
from datetime import date

import pytest

import policy_documents as documents
from clinicplan.policy.profile import read_profile
from policy_documents import needs_documents

IDS = ("mentougou-2024", "xinchang-2022")
each_document = pytest.mark.parametrize("document", IDS)

CORRECTIONS = {}
"""What differs from the list: clause and field, what the document says, why."""

ADDED = {
    "MTG-27": "clinics that qualify are designated by the insurance (article 27), as LY-17 and NY-3.3.3 are listed",
    "XC-2.3b": "one model child-health centre: listed in XC-2.3 as a principle, but the number has no reservation",
    "XC-2.3c": "75 % of the old under health management: a figure of the county that the list misses",
    "XC-3.3b": "training of 3-6 months every 3-5 years: an absence to be covered, as in MTG-09 and GZ-25b",
}
"""Clauses of the documents that the list does not have, and why they are here."""

NUMBERS_ELSEWHERE = {
    "MTG-04a": "one clinic a village is the kind itself",
    "MTG-15": "four departments are four conditions",
}
"""Clauses whose numbers of the list stand in the parameters in another form."""

EVERY_UNIT = ("premises", "minimum", "assignment")
"""Kinds that test every unit: all of them is not a number of theirs."""

NEEDS_CORRECTED = {
    "MTG-01a": "the townships of the villages do, a layer of townships is not needed",
    "MTG-07b": "the article speaks of doctors newly taken on: columns of their own",
    "MTG-11": "only doctors below the diploma are paid: a column of their own",
    "XC-2.1": "shares need numbers of people, patients and their visits",
    "XC-2.3": "infant care has no tier: a number of the township",
    "XC-4.2": "the clinics that qualify need a column",
}
"""Clauses whose columns differ from the list, and why; further columns are explained in the profile."""

WORDS_OF_NEEDS = {
    "assignment": "facilities.paired_with",
    "coverage": "travel_times",
    "travel times": "travel_times",
    "siting plan": "plan",
    "population": "villages.population",
    "facilities": "facilities.tier",
    "villages": "villages.population",
    "townships": "villages.township",
}
"""Words of the list that stand for a source of ours."""

NAMES = (
    "关于加快提升农村医疗卫生服务能力推进城乡健康一体化改革方案", "新昌县深化基层卫生健康综合改革实施方案",
    "乡镇卫生院", "社区卫生服务中心", "社区卫生服务站", "村卫生室", "沟域片区服务站",
    "婴幼儿照护服务机构", "示范儿童健康服务中心",
)  # fmt: skip
"""Titles and institutions, which have one name only."""

LONGEST_COPY = 11
"""Runs of so many Chinese letters, figures and signs left out, are taken for copied."""


def clauses():
    return [pytest.param(clause, id=clause.id) for document in IDS for clause in read_profile(document).clauses]


each_clause = pytest.mark.parametrize("clause", clauses())


# ---------------------------------------- the list of clauses


@needs_documents
@each_document
def test_every_clause_of_the_list_is_here_and_the_rest_is_explained(document):
    ours = {clause.id for clause in read_profile(document).clauses}
    rows = documents.listed(document)
    assert ours - set(ADDED) == set(rows)
    assert not set(ADDED) & set(rows)


@needs_documents
@each_document
def test_article_unit_kind_strength_and_deadlines_are_those_of_the_list_or_corrected(document):
    profile = read_profile(document)
    for name, row in documents.listed(document).items():
        clause = profile.clause(name)
        days = tuple(date.fromisoformat(item.strip()) for item in row["deadline"].split(";") if item.strip())
        wanted = {field: row[field] for field in ("article", "unit", "kind", "strength")} | {"deadlines": days}
        for field, value in wanted.items():
            right, _ = CORRECTIONS.get((name, field), (value, ""))
            assert getattr(clause, field) == right, (name, field)
            assert (name, field) not in CORRECTIONS or right != value, "corrected to what the list says"


@needs_documents
@each_document
def test_the_numbers_of_the_list_stand_in_the_parameters(document):
    profile = read_profile(document)
    for name, row in documents.listed(document).items():
        if name in NUMBERS_ELSEWHERE:
            continue
        clause = profile.clause(name)
        missing = numbers_in_words(row["parameters"], clause.kind) - documents.numbers_of(clause)
        assert not missing, f"{name}: {sorted(missing)} of {row['parameters']!r}"


def numbers_in_words(words, kind):
    """Return the numbers of a cell of the list, a percentage as a share; years are deadlines."""
    words = re.sub(r"end 20\d\d", "", words)
    if kind in EVERY_UNIT:
        words = words.replace("100 %", "")
    found = re.findall(r"(\d+(?:\.\d+)?)( %)?", words)
    return {round(float(number) / (100 if percent else 1), 6) for number, percent in found}


@needs_documents
@each_document
def test_what_the_list_needs_is_needed_here_or_the_difference_is_explained(document):
    profile = read_profile(document)
    for name, row in documents.listed(document).items():
        ours = set(profile.clause(name).needs)
        for need in (item.strip() for item in row["needs"].split(";")):
            assert WORDS_OF_NEEDS.get(need, need) in ours or name in NEEDS_CORRECTED, f"{name}: {need}"


@each_document
def test_a_correction_is_marked_in_the_profile(document):
    """Every clause that differs has a note `csv:` in its table."""
    text = documents.profile_text(document)
    blocks = {re.search(r'^id = "(.*)"$', block, flags=re.MULTILINE)[1]: block for block in text.split("[[clauses]]")}
    for name in {*ADDED, *NEEDS_CORRECTED} & set(blocks):
        assert "# csv:" in blocks[name], name


# ---------------------------------------- the profiles in themselves


@each_document
def test_the_head_is_that_of_a_draft_without_number_and_date(document):
    profile = read_profile(document)
    assert (profile.draft, profile.number, profile.date) == (True, "", "")
    assert profile.id == document
    assert "draft" in profile.title_en


@needs_documents
@each_document
def test_the_title_is_the_one_of_the_document(document):
    letters = re.sub(r"\s", "", documents.document_text(document))
    assert letters.startswith(read_profile(document).title)
    assert "征求意见稿" in letters[:100]


def test_each_county_has_its_own_words_and_tiers():
    mentougou, xinchang = map(read_profile, IDS)
    assert (mentougou.agency.name, mentougou.agency.whole) == ("区卫生健康委", "全区")
    assert (xinchang.agency.name, xinchang.agency.whole) == ("县卫生健康局", "全县")
    assert mentougou.clinic_tiers == ("village_clinic",)
    assert mentougou.township_tiers == ("community_centre",)
    assert xinchang.clinic_tiers == ("village_clinic", "community_station")
    assert xinchang.township_tiers == ("township_hospital", "community_centre")


def test_the_circle_of_the_head_is_the_one_of_its_clause():
    xinchang = read_profile("xinchang-2022")
    clause = xinchang.clause("XC-1.3a")
    assert clause.parameters.minutes == xinchang.circle_minutes == 20
    assert clause.article == xinchang.circle_article
    assert clause.parameters.body_tiers == xinchang.clinic_tiers
    assert read_profile("mentougou-2024").circle_minutes is None
    assert read_profile("mentougou-2024").clause("MTG-01b").parameters.minutes is None


@each_clause
def test_every_clause_speaks_both_languages(clause):
    assert re.search("[一-鿿]", clause.text)
    assert clause.text.endswith("。")
    assert clause.text.count("。") == 1
    assert clause.text_en.endswith(".")
    assert bool(clause.reading) is bool(clause.reading_en)
    assert not re.search("[一-鿿]", clause.text_en + clause.reading_en)


@each_clause
def test_no_number_of_a_statement_stands_in_prose_alone(clause):
    """Years and months are deadlines; ten thousands and percentages are read as such; 一 and 二 are levels."""
    text = re.sub(r"20\d\d年(\d+月|底)?", "", clause.text)
    text = re.sub(r"(\d+)万", lambda match: str(int(match[1]) * 10000), text)
    text = text.replace("八成", "80%").replace("七成", "70%").replace("三成", "30%").replace("一半", "50%")
    found = re.findall(r"(\d+(?:\.\d+)?)(%)?", text)
    numbers = {round(float(number) / (100 if percent else 1), 6) for number, percent in found}
    assert numbers <= documents.numbers_of(clause), numbers - documents.numbers_of(clause)


@each_clause
def test_a_clause_needs_every_column_that_its_parameters_name(clause):
    assert clause.needs
    assert set(documents.columns_of(clause.parameters)) <= set(clause.needs)
    assert ("plan" in clause.needs) is clause.needs_plan
    if clause.kind in documents.TIER_COLUMNS:
        assert {"facilities.tier"} <= set(clause.needs)


@each_clause
def test_parts_with_a_deadline_of_their_own_have_those_of_the_clause(clause):
    days = [part.deadline for part in getattr(clause.parameters, "parts", ()) if getattr(part, "deadline", None)]
    assert not days or tuple(sorted(set(days))) == clause.deadlines


def test_levels_are_cumulative_and_awards_are_not():
    """XC 二(一)2: the shares ask for at least a level, an award goes to the highest level reached alone."""
    profile = read_profile("xinchang-2022")
    shares = [part.conditions[0].at_least for part in profile.clause("XC-1.2").parameters.parts]
    assert shares == ["basic", "recommended", "community_hospital"]
    awards = [item.conditions[0].equals for item in profile.clause("XC-1.2c").parameters.items]
    assert awards == ["community_hospital", "recommended", True, ("A", "A+")]


def test_a_posted_person_is_enough_for_a_clinic_in_mentougou_and_not_in_xinchang():
    mentougou, xinchang = map(read_profile, IDS)
    assert mentougou.clause("MTG-08").parameters.conditions[0].or_columns == ("support_staff",)
    assert xinchang.clause("XC-3.1").parameters.conditions[0].or_columns == ()


# ---------------------------------------- the documents


@needs_documents
@each_document
def test_no_sentence_is_copied_from_the_document(document):
    profile, source = read_profile(document), documents.document_text(document)
    statements = [text for clause in profile.clauses for text in (clause.text, clause.reading)]
    names = re.findall(r'^name = "(.*)"$', documents.profile_text(document), flags=re.MULTILINE)
    for text in (*statements, *names, *documents.page(document).splitlines()):
        assert not documents.copied_runs(text, source, LONGEST_COPY, NAMES), text


@needs_documents
def test_copies_are_found():
    source = documents.document_text("mentougou-2024")
    sentence = re.search(r"综合考虑人口[^。]*", source)[0]
    assert documents.copied_runs(sentence, source, LONGEST_COPY, NAMES)


@needs_documents
@each_document
def test_the_page_accounts_for_every_article_and_for_no_other(document):
    rows = [row.split("|")[1:-1] for row in documents.page(document).splitlines() if re.match(r"\| [一二三四附]", row)]
    body = documents.document_text(document).split("附件：")[0]
    annexes = ["附件1", "附件2"] if document == "xinchang-2022" else []
    assert [row[0].strip() for row in rows] == [*documents.articles(body), *annexes]
    assert all(cell.strip() for row in rows for cell in row)


@needs_documents
def test_articles_are_counted():
    assert len(documents.articles(documents.document_text("mentougou-2024"))) == 32
    assert len(documents.articles(documents.document_text("xinchang-2022").split("附件：")[0])) == 23


@each_document
def test_the_page_names_the_clauses_of_each_article_on_its_row(document):
    rows = {row.split("|")[1].strip(): row for row in documents.page(document).splitlines() if row.startswith("| ")}
    ids = {clause.id for clause in read_profile(document).clauses}
    for clause in read_profile(document).clauses:
        assert re.search(rf"{re.escape(clause.id)}(?![a-z0-9])", rows[clause.article]), clause.id
    named = {name for row in rows.values() for name in re.findall(r"(?:MTG-(?:net|\d+[a-z]?)|XC-[\d.]+[a-z]?)", row)}
    assert named == ids
