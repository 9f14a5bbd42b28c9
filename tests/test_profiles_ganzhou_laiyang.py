"""Promise: the profiles of Ganzhou and Laiyang hold every clause of the list and every article of the documents.

The documents and the list of clauses are not part of the package; what needs them is left out where they are absent.
"""

import csv
import re
import tomllib
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from pydantic import BaseModel

from clinicplan.policy.parameters import Condition, CostItem, SharePart, Subjects
from clinicplan.policy.profile import Profile, read_profile

PROJECT = Path(__file__).resolve().parents[1]
POLICIES = PROJECT.parent / "shared" / "policies"
IDS = ("ganzhou-2019", "laiyang-2024")
needs_documents = pytest.mark.skipif(not POLICIES.is_dir(), reason="the policy documents of ../shared are not here")
each_document = pytest.mark.parametrize("document", IDS)

ADDED = {
    "LY-08c": "posts of lead hospitals for service in primary care, 5-10 %: a share of a register, not in the list",
    "LY-10": "training in Chinese-medicine techniques reaches all village doctors: in a register, not in the list",
    "LY-13b": "part of LY-13 in the list; the document says 普遍 and gives no share, so it cannot bind like the rates",
}
"""Clauses of the documents that the list does not have, and why they are here."""

NEEDS_CORRECTED = {
    "GZ-11": "the posting lasts a year: the months are shown beside",
    "GZ-23b": "touring and part-time doctors are paid too and belong to no clinic of the village",
    "LY-04a": "served population and distance are weighed by the bureau, without a number in the text",
    "LY-11": "a famous-doctor studio is asked for beside the special department",
    "LY-12b": "GPs who care for children, and people with either duty counted once",
    "LY-13": "rates need numbers of people; the yes/no of a village is tested by LY-13b",
    "LY-17": "qualifying clinics need a column",
}
"""Clauses whose columns differ from the list, and why."""

WORDS_OF_NEEDS = {
    "assignment": {"facilities.managed_by", "facilities.paired_with", "facilities.township"},
    "coverage": {"travel_times", "villages.population"},
    "catchment": {"travel_times"},
    "travel times": {"travel_times"},
    "rural population of the township": {"townships.rural_population"},
    "siting plan": {"plan"},
}
"""Words of the list that stand for one of several columns of ours."""

BARE_COLUMNS = {"tier", "population", "township", "village_id"}
"""Columns every county has or completes: they need not be asked for."""

NAMES = (
    "加强乡村卫生健康服务能力建设实施方案", "关于进一步深化改革促进乡村医疗卫生体系高质量健康发展的实施意见",
    "赣州市人民政府办公室",
)  # fmt: skip
"""Titles and offices, in the letters that are compared."""

LONGEST_COPY = 10


def profile_text(document: str) -> str:
    return resources.files("clinicplan.policy").joinpath("profiles", f"{document}.toml").read_text(encoding="utf-8")


def page(document: str) -> str:
    return (PROJECT / "docs" / "policies" / f"{document}.md").read_text(encoding="utf-8")


def document_text(document: str) -> str:
    return (POLICIES / f"{document}.txt").read_text(encoding="utf-8")


def listed(document: str) -> dict[str, dict[str, str]]:
    with (POLICIES / "clauses.csv").open(encoding="utf-8", newline="") as file:
        return {row["clause"]: row for row in csv.DictReader(file) if row["document"] == document}


def clauses():
    return [pytest.param(clause, id=clause.id) for document in IDS for clause in read_profile(document).clauses]


each_clause = pytest.mark.parametrize("clause", clauses())


# ---------------------------------------- the list of clauses


@needs_documents
@each_document
def test_every_clause_of_the_list_is_in_the_profile_and_the_rest_is_explained(document):
    ours = {clause.id for clause in read_profile(document).clauses}
    added = {name for name in ADDED if name in ours}
    assert ours - added == set(listed(document))
    assert all(name not in listed(document) for name in added)


@needs_documents
@each_document
def test_article_unit_kind_strength_and_deadline_are_those_of_the_list(document):
    profile = read_profile(document)
    for name, row in listed(document).items():
        clause = profile.clause(name)
        dates = tuple(date.fromisoformat(item.strip()) for item in row["deadline"].split(";") if item.strip())
        found = (clause.article, clause.unit, clause.kind, clause.strength, clause.deadlines)
        assert found == (row["article"], row["unit"], row["kind"], row["strength"], dates), name


@needs_documents
@each_document
def test_the_numbers_of_the_list_stand_in_the_parameters(document):
    profile = read_profile(document)
    for name, row in listed(document).items():
        missing = numbers_in_words(row["parameters"], profile.clause(name).kind) - numbers_of(profile.clause(name))
        assert not missing, f"{name}: {sorted(missing)} of {row['parameters']!r}"


def numbers_in_words(words: str, kind: str) -> set[float]:
    """Return the numbers of a cell of the list; a percentage as a share, weeks as days."""
    if kind == "assignment":
        words = words.replace("1 parent each", "").replace("100 % assigned", "")
    words = re.sub(r"(\d+) weeks", lambda match: f"{int(match[1]) * 7} days", words)
    if kind == "touring":
        words = words.replace("100 % assigned", "")
    found = re.findall(r"(\d+(?:\.\d+)?)( %)?", words.replace("ct_rows", "rows"))
    return {round(float(number) / (100 if percent else 1), 6) for number, percent in found}


def numbers_of(clause) -> set[float]:
    """Return every number that a clause's parameters hold."""
    return {round(float(value), 6) for value in leaves(clause.parameters.model_dump())}


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value


@needs_documents
@each_document
def test_what_the_list_needs_is_needed_here_or_the_difference_is_explained(document):
    profile = read_profile(document)
    for name, row in listed(document).items():
        ours = set(profile.clause(name).needs)
        for need in (item.strip() for item in row["needs"].split(";")):
            wanted = WORDS_OF_NEEDS.get(need, {need})
            assert wanted & ours or name in NEEDS_CORRECTED, f"{name}: {need}"


# ---------------------------------------- the profile in itself


@each_document
def test_the_head_is_that_of_an_issued_document(document):
    profile = read_profile(document)
    assert isinstance(profile, Profile)
    assert not profile.draft
    assert date.fromisoformat(profile.date)
    assert profile.agency.name.startswith("县" if document == "ganzhou-2019" else "市")


@needs_documents
def test_heads_repeat_the_documents():
    ganzhou, laiyang = read_profile("ganzhou-2019"), read_profile("laiyang-2024")
    letters = {document: re.sub(r"\s", "", document_text(document)) for document in IDS}
    assert ganzhou.title.removeprefix("赣州市") in letters["ganzhou-2019"]
    assert laiyang.title.removeprefix("莱阳市") in letters["laiyang-2024"]
    assert laiyang.number in letters["laiyang-2024"]
    assert "〔2019〕" not in letters["ganzhou-2019"]
    assert (ganzhou.number, ganzhou.date, laiyang.date) == ("", "2019-11-08", "2024-10-28")
    assert "2019年11月8日" in letters["ganzhou-2019"]
    assert "2024年10月28日" in letters["laiyang-2024"]


def test_the_circle_of_the_head_is_the_one_of_its_clause():
    profile = read_profile("laiyang-2024")
    clause = profile.clause("LY-05a")
    assert clause.parameters.minutes == profile.circle_minutes == 15
    assert clause.article == profile.circle_article
    assert read_profile("ganzhou-2019").circle_minutes is None


@each_clause
def test_every_clause_speaks_both_languages(clause):
    assert re.search("[一-鿿]", clause.text)
    assert clause.text.endswith("。")
    assert clause.text.count("。") == 1
    assert re.fullmatch(r"[A-Za-z0-9 ,.:;%()'-]+", clause.text_en)
    assert clause.text_en.endswith(".")
    assert bool(clause.reading) is bool(clause.reading_en)
    assert not re.search("[一-鿿]", clause.reading_en)


@each_clause
def test_no_number_of_a_statement_stands_in_prose_alone(clause):
    """Years are deadlines; ten thousands and percentages are read as such; a GP's `one` is in no digit."""
    years = {str(item.year) for item in clause.deadlines}
    text = re.sub(r"(\d+)万", lambda match: str(int(match[1]) * 10000), clause.text)
    found = {
        round(float(number) / (100 if percent else 1), 6)
        for number, percent in re.findall(r"(\d+(?:\.\d+)?)(%|—\d+%)?", text)
        if number not in years
    }
    known = numbers_of(clause) | {1000.0 if "每千" in clause.text else 0.0}
    assert found <= known, found - known


@each_clause
def test_a_clause_needs_every_column_that_its_parameters_name(clause):
    assert clause.needs
    needed = {f"{layer}.{column}" for layer, column in columns_of(clause.parameters)}
    assert {item for item in needed if item.split(".")[1] not in BARE_COLUMNS} <= set(clause.needs)


def columns_of(table, layer: str = "facilities"):
    """Yield layer and column of everything a table of parameters names."""
    layer = own_layer(table, layer)
    if isinstance(table, Condition):
        yield from ((layer, column) for column in (table.column, *table.or_columns))
        return
    for field in type(table).model_fields:
        value = getattr(table, field)
        if field in ("column", "over_column", "times", "county_column") and value:
            yield layer, value
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                yield from columns_of(item, "villages" if field == "at_village" else layer)


def own_layer(table, layer: str) -> str:
    """Return the layer whose columns a table names: that of its subjects, else its parent's."""
    if isinstance(table, Subjects):
        return table.layer
    subjects = getattr(table, "subjects", None)
    return subjects.layer if isinstance(subjects, Subjects) else layer


def test_columns_are_found_where_tables_name_them():
    part = SharePart(
        subjects={"layer": "villages", "where": [{"column": "kind", "equals": "village"}]}, column="a", required=1
    )
    item = CostItem(
        name="", name_en="", low_cny=1, period="year", times="b", at_village=[{"column": "c", "equals": True}]
    )
    assert set(columns_of(part)) == {("villages", "kind"), ("villages", "a")}
    assert set(columns_of(item)) == {("facilities", "b"), ("villages", "c")}


def test_one_allowance_a_doctor():
    """The remote-area allowance gives way to the one of small villages (GZ 四(三)23), at 1,000 residents inclusive."""
    profile = read_profile("ganzhou-2019")
    assert profile.clause("GZ-23a").parameters.excluded_by == "GZ-23b"
    small = profile.clause("GZ-23b").parameters.items[0].at_village[0]
    assert (small.column, small.at_most, small.less_than) == ("population", 1000, None)


# ---------------------------------------- the documents


def letters_of(text: str) -> str:
    """Return the Chinese letters of a text; titles and unfamiliar signs break a run."""
    text = re.sub(r"[0-9A-Za-z\s.,%—\-（）()、，；：“”‘’《》〔〕|`]", "", text)
    for name in NAMES:
        text = text.replace(name, "#")
    return re.sub(r"[^一-鿿]+", "#", text)


def copies(ours: str, document: str) -> list[str]:
    theirs = letters_of(document)
    mine = letters_of(ours)
    runs = {mine[at : at + LONGEST_COPY] for at in range(len(mine) - LONGEST_COPY + 1)}
    return sorted(run for run in runs if "#" not in run and run in theirs)


@needs_documents
@each_document
def test_no_sentence_is_copied_from_the_document(document):
    profile, source = read_profile(document), document_text(document)
    statements = [text for clause in profile.clauses for text in (clause.text, clause.reading)]
    names = re.findall(r'^name = "(.*)"$', profile_text(document), flags=re.MULTILINE)
    for text in (*statements, *names, *page(document).splitlines()):
        assert not copies(text, source), text


@needs_documents
def test_copies_are_found():
    sentence = re.search(r"乡聘村用的乡村医生按规定[^。]*", document_text("ganzhou-2019"))
    assert copies(sentence[0], document_text("ganzhou-2019"))


@needs_documents
@each_document
def test_the_page_accounts_for_every_article_and_for_no_other(document):
    rows = [row.split("|")[1:-1] for row in page(document).splitlines() if re.match(r"\| [一二三四五六七]", row)]
    assert [row[0].strip() for row in rows] == articles(document_text(document))
    assert all(cell.strip() for row in rows for cell in row)


@needs_documents
def test_articles_are_counted():
    assert len(articles(document_text("ganzhou-2019"))) == 32
    assert len(articles(document_text("laiyang-2024"))) == 23


def articles(text: str) -> list[str]:
    """Return the articles of a document in its own numbering, the lowest level only: 四(一)3, 五(二), 一."""
    chapter = section = ""
    found: list[str] = []
    for line in text.splitlines():
        if match := re.match(r"([一二三四五六七八九])、", line):
            chapter, section = match[1], ""
            found.append(chapter)
        elif match := re.match(r"[（(]([一二三四五六七八九十]+)[）)]", line):
            section = f"{chapter}({match[1]})"
            found.append(section)
        elif match := re.match(r"(\d+)．", line):
            found.append(f"{section}{match[1]}")
    return [item for item in found if not any(other != item and is_above(item, other) for other in found)]


def is_above(upper: str, lower: str) -> bool:
    """Tell whether one article is a heading over another."""
    return lower.startswith(f"{upper}(") or (upper.endswith(")") and lower.startswith(upper))


@each_document
def test_the_page_names_the_clauses_of_each_article_on_its_row(document):
    rows = {row.split("|")[1].strip(): row for row in page(document).splitlines() if row.startswith("| ")}
    for clause in read_profile(document).clauses:
        assert re.search(rf"{clause.id}(?![a-z])", rows[clause.article]), clause.id
    named = {name for row in rows.values() for name in re.findall(r"(?:GZ|LY)-(?:goal|\d+[a-z]?)", row)}
    assert named <= {clause.id for clause in read_profile(document).clauses}


@each_document
def test_a_correction_is_marked_in_the_profile(document):
    """Every clause that differs from the list has a note `csv:` in its table."""
    blocks = {tomllib.loads(block)["clauses"][0]["id"]: block for block in blocks_of(profile_text(document))}
    for name in {*ADDED, *NEEDS_CORRECTED} & set(blocks):
        assert "# csv:" in blocks[name], name


def blocks_of(text: str) -> list[str]:
    return [f"[[clauses]]{block}" for block in text.split("\n[[clauses]]")[1:]]
