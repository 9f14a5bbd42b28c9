"""Promise: the profile of Nanyang holds every clause of the list, and its page every article of the three documents.

The documents and the list of clauses are not part of the package; what needs them is left out where they are absent.
"""

import csv
import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from pydantic import BaseModel

from clinicplan.policy.parameters import Condition, Subjects
from clinicplan.policy.profile import read_profile

PROJECT = Path(__file__).resolve().parents[1]
POLICIES = PROJECT.parent / "shared" / "policies"
ID = "nanyang-2024"
PROFILE = read_profile(ID)
needs_documents = pytest.mark.skipif(not POLICIES.is_dir(), reason="the policy documents of ../shared are not here")
each_clause = pytest.mark.parametrize("clause", PROFILE.clauses, ids=lambda clause: clause.id)

ADDED = {
    "NY-1.12d": "the list names mother-child institutions in NY-1.12b, whose units they are not",
    "NY-1.13": "infectious-disease departments of all Chinese-medicine hospitals of level 2 up",
    "NY-1.23": "medical waste of all institutions by the end of 2024",
    "NY-1.25b": "psychological outpatients in all psychiatric hospitals of level 2 up",
    "NY-1.27b": "the sentence asks general and specialist hospitals for a public-health department first",
    "NY-2.1.5": "departments of Chinese medicine in all hospitals of level 2 up",
    "NY-3.2.4g": "clinics are run by a township hospital",
}
"""Clauses of the documents that the list does not have, and why they are here."""

ARTICLES_CORRECTED = {"NY-1.27": ("公共卫生 二(六)27", "article 27 stands in section (六), not (七)")}
"""Articles that differ from the list, and why."""

NEEDS_CORRECTED = {
    "NY-1.4": {"facilities.emergency_team"},
    "NY-1.12b": {"facilities.fever_clinic_qualified"},
    "NY-1.20": {"facilities.critical_maternal_centre", "facilities.critical_newborn_centre"},
    "NY-1.20b": {"facilities.hospital_kind", "facilities.level_two_up"},
    "NY-2.1.6": {"facilities.departments"},
    "NY-2.1.6b": {"facilities.eldercare_model"},
    "NY-3.2.2e": {"facilities.departments", "facilities.tcm_pharmacy", "facilities.tcm_equipment"},
    "NY-3.3.5": {"facilities.newly_built", "facilities.government_run"},
    "NY-3.3.9a": {"facilities.public_health_assistants"},
}
"""Columns that the list does not name and without which the clause cannot be tested as the document has it."""

WORDS_OF_NEEDS = {
    "assignment": {"facilities.paired_with", "facilities.city_partner"},
    "adjacency": {"villages"},
    "catchment": {"travel_times"},
    "facilities": {"facilities.tier"},
    "population": {"villages.population"},
    "siting plan": {"plan", "facilities.tier"},
    "townships": {"townships"},
    "travel times": {"travel_times"},
    "urban area": {"urban_area"},
}
"""Words of the list that stand for one of several columns of ours."""

NOT_NUMBERS = {
    "NY-1.20": "100 % of counties: one centre of each kind in the county",
    "NY-1.12b": "100 % of qualifying: an equipment clause holds for every unit",
    "NY-1.12c": "100 %: an equipment clause holds for every unit",
    "NY-1.24": "5: one part for each of the five kinds",
    "NY-3.2.4c": "no number",
    "NY-3.2.4d": "1 per such village: the kind says it",
    "NY-2.1.4c": "1 per village: the kind says it",
    "NY-3.2.5": "100 %: a report of who is reached",
    "NY-3.3.5": "100 % of new: premises hold for every unit",
    "NY-3.3.11": "100 % assigned: the kind says it",
    "NY-3.3.11b": "100 %: the kind says it",
}
"""Clauses whose numbers in the list are said by their kind or their number of parts."""

FLOORS_LEFT_OUT = {"NY-3.2.1b": {1.0}}
"""Lower ends that bind nobody: the clause is a ceiling."""

NAMES = (
    "公共卫生体系建设行动计划", "医疗服务体系建设行动计划", "乡村医疗卫生体系改革提升攻坚行动实施方案",
)  # fmt: skip
"""Titles: they may be repeated as they stand."""

LONGEST_COPY = 14
PARAMETERS_CORRECTED = {"NY-1.12a", "NY-1.24", "NY-2.1.4a", "NY-2.1.4b", "NY-3.2.1b"}
"""Clauses whose addressees or numbers are stated otherwise than in the list."""

PARTS = {"公共卫生": "公共卫生体系建设行动计划", "医疗服务": "医疗服务体系建设行动计划", "乡村": "攻坚行动实施方案"}
"""The three documents and the line each begins with."""


def page() -> str:
    return (PROJECT / "docs" / "policies" / f"{ID}.md").read_text(encoding="utf-8")


def profile_text() -> str:
    return resources.files("clinicplan.policy").joinpath("profiles", f"{ID}.toml").read_text(encoding="utf-8")


def document_text() -> str:
    return (POLICIES / f"{ID}.txt").read_text(encoding="utf-8")


def listed() -> dict[str, dict[str, str]]:
    with (POLICIES / "clauses.csv").open(encoding="utf-8", newline="") as file:
        return {row["clause"]: row for row in csv.DictReader(file) if row["document"] == ID}


# ---------------------------------------- the list of clauses


@needs_documents
def test_every_clause_of_the_list_is_in_the_profile_and_the_rest_is_explained():
    ours = {clause.id for clause in PROFILE.clauses}
    assert ours - set(ADDED) == set(listed())
    assert set(ADDED) <= ours
    assert not set(ADDED) & set(listed())


@needs_documents
def test_article_unit_kind_strength_and_deadline_are_those_of_the_list():
    for name, row in listed().items():
        clause = PROFILE.clause(name)
        dates = tuple(date.fromisoformat(item.strip()) for item in row["deadline"].split(";") if item.strip())
        article, _ = ARTICLES_CORRECTED.get(name, (row["article"], ""))
        found = (clause.article, clause.unit, clause.kind, clause.strength, clause.deadlines)
        assert found == (article, row["unit"], row["kind"], row["strength"], dates), name


@needs_documents
def test_a_corrected_article_is_wrong_in_the_list_and_right_here():
    known = articles(document_text())
    for name, (article, _) in ARTICLES_CORRECTED.items():
        assert listed()[name]["article"] not in known
        assert article in known


@needs_documents
def test_the_numbers_of_the_list_stand_in_the_parameters():
    for name, row in listed().items():
        if name in NOT_NUMBERS:
            continue
        wanted = numbers_in_words(row["parameters"]) - FLOORS_LEFT_OUT.get(name, set())
        missing = wanted - numbers_of(PROFILE.clause(name))
        assert not missing, f"{name}: {sorted(missing)} of {row['parameters']!r}"


def numbers_in_words(words: str) -> set[float]:
    """Return the numbers of a cell of the list; a percentage as a share, kilometres as metres, millions as people."""
    words = re.sub(r"([\d.]+)-([\d.]+) million", lambda m: f"{_millions(m[1])};{_millions(m[2])}", words)
    words = re.sub(r"([\d.]+) km", lambda match: str(int(match[1]) * 1000), words)
    words = re.sub(r"\b1 per (?=\d)", "", words)  # one for so many residents: the residents are the parameter
    found = re.findall(r"(\d+(?:\.\d+)?)( %)?", words)
    return {round(float(number) / (100 if percent else 1), 6) for number, percent in found}


def _millions(number: str) -> int:
    return round(float(number) * 1_000_000)


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
def test_what_the_list_needs_is_needed_here():
    for name, row in listed().items():
        ours = set(PROFILE.clause(name).needs)
        for need in (item.strip() for item in row["needs"].split(";")):
            assert WORDS_OF_NEEDS.get(need, {need}) & ours, f"{name}: {need}"
        assert NEEDS_CORRECTED.get(name, set()) <= ours


# ---------------------------------------- the profile in itself


def test_the_head_is_that_of_an_issued_document():
    assert (PROFILE.number, PROFILE.date, PROFILE.draft) == ("宛政办〔2024〕4号", "2024-03-23", False)
    assert PROFILE.circle_minutes is None
    assert (PROFILE.clinic_tiers, PROFILE.township_tiers) == (("village_clinic",), ("township_hospital",))
    assert PROFILE.agency.name == "县卫生健康体育委"


@needs_documents
def test_the_head_repeats_the_document():
    letters = re.sub(r"\s", "", document_text())
    assert PROFILE.title in letters
    assert f"发文字号{PROFILE.number}" in letters
    assert "成文日期2024年03月23日" in letters
    assert "征求意见" not in letters
    assert PROFILE.agency.name.replace("县", "市") in letters


@each_clause
def test_every_clause_speaks_both_languages(clause):
    assert re.search("[一-鿿]", clause.text)
    assert clause.text.endswith("。")
    assert clause.text.count("。") == 1
    assert re.fullmatch(r"[A-Za-z0-9 ,.:;%()'-]+", clause.text_en)
    assert clause.text_en.endswith(".")
    assert bool(clause.reading) is bool(clause.reading_en)
    assert not re.search("[一-鿿]", clause.reading_en)
    assert not clause.reading or re.search("[一-鿿]", clause.reading)


@each_clause
def test_every_part_has_a_name_in_both_languages(clause):
    parameters = clause.parameters
    for table in (*getattr(parameters, "parts", ()), *getattr(parameters, "items", ()), *shown(clause)):
        assert re.search("[一-鿿]", table.name)
        assert re.fullmatch(r"[A-Za-z0-9 ,()-]+", table.name_en)


def shown(clause):
    return getattr(clause.parameters, "shown", ())


@each_clause
def test_no_number_of_a_statement_stands_in_prose_alone(clause):
    years = {str(item.year) for item in clause.deadlines}
    text = re.sub(r"(\d+)万", lambda match: str(int(match[1]) * 10000), clause.text)
    text = (
        re.sub(r"(\d+)公里", lambda match: str(int(match[1]) * 1000), text)
        .replace("1比1.1", "1.1")
        .replace("人规划1个", "人")
    )
    found = {
        round(float(number) / (100 if percent else 1), 6)
        for number, percent in re.findall(r"(\d+(?:\.\d+)?)(%)?", text)
        if number not in years
    }
    by_kind = {1.0} if clause.kind == "one_village_one_clinic" else set()
    assert found <= numbers_of(clause) | by_kind, found - numbers_of(clause)


@each_clause
def test_a_clause_needs_every_column_that_its_parameters_name(clause):
    assert clause.needs
    assert {f"{layer}.{column}" for layer, column in columns_of(clause.parameters)} <= set(clause.needs)


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
                yield from columns_of(item, layer)


def own_layer(table, layer: str) -> str:
    """Return the layer whose columns a table names: that of its subjects, else its parent's."""
    subjects = table if isinstance(table, Subjects) else getattr(table, "subjects", None)
    return subjects.layer if isinstance(subjects, Subjects) else layer


def test_the_ceiling_of_sub_centres_follows_the_residents_and_has_no_floor():
    [part] = PROFILE.clause("NY-3.2.1b").parameters.parts
    ranges = [(item.from_people, item.below_people, item.minimum, item.maximum) for item in part.brackets]
    assert ranges == [(200_000, 500_000, None, 2), (500_000, 1_000_000, None, 3), (1_000_000, None, None, 4)]


def test_the_floor_of_sub_centres_is_one_for_counties_and_county_level_cities():
    parameters = PROFILE.clause("NY-2.1.4a").parameters
    [part] = parameters.parts
    assert parameters.county_types == ("县", "市")
    assert [(item.from_people, item.minimum, item.maximum) for item in part.brackets] == [(0, 1, 2), (200_000, 1, None)]


def test_blood_points_are_counted_by_county_or_by_people():
    parameters = PROFILE.clause("NY-1.16a").parameters
    assert parameters.any_part
    by_county, by_people = parameters.parts
    assert (by_county.minimum, by_county.maximum) == (2, 3)
    assert (by_people.per_people, by_people.per_people_at_most) == (1_000_000, 500_000)


def test_an_assistant_of_public_health_will_do_only_where_the_document_says_so():
    [strict] = PROFILE.clause("NY-1.28").parameters.conditions
    lenient = PROFILE.clause("NY-3.3.9a").parameters.conditions[-1]
    assert (strict.column, strict.or_columns) == ("public_health_doctors", ())
    assert (lenient.column, lenient.or_columns) == ("public_health_doctors", ("public_health_assistants",))


def test_five_kinds_of_chronic_centres_share_no_word():
    parts = PROFILE.clause("NY-1.24").parameters.parts
    words = [word for part in parts for word in part.subjects.where[0].has_any]
    assert len(parts) == 5
    assert len(words) == len(set(words))


def test_sums_of_the_city_are_information():
    for clause in PROFILE.clauses:
        city = clause.unit == "city"
        assert city is (clause.strength == "information")
        assert city is (getattr(clause.parameters, "per", "") == "city")


def test_a_correction_is_marked_in_the_profile():
    """Every clause that differs from the list has a note `csv:` above its table, and no other has one."""
    notes = re.findall(r'((?:^#.*\n)*)^\[\[clauses\]\]\nid = "(.*)"', profile_text(), flags=re.MULTILINE)
    assert [name for _, name in notes] == [clause.id for clause in PROFILE.clauses]
    marked = {name for note, name in notes if "# csv: " in note}
    assert marked == {*ADDED, *ARTICLES_CORRECTED, *NEEDS_CORRECTED, *PARAMETERS_CORRECTED}


# ---------------------------------------- the documents


def letters_of(text: str) -> str:
    """Return the Chinese letters of a text; titles break a run, signs and digits do not."""
    for name in NAMES:
        text = text.replace(name, "#")
    return re.sub(r"[^一-鿿#]+", "", text)


def copies(ours: str, theirs: str) -> list[str]:
    mine, source = letters_of(ours), letters_of(theirs)
    runs = {mine[at : at + LONGEST_COPY] for at in range(len(mine) - LONGEST_COPY + 1)}
    return sorted(run for run in runs if "#" not in run and run in source)


@needs_documents
def test_no_sentence_is_copied_from_the_document():
    source = document_text()
    names = re.findall(r'^name = "(.*)"$', profile_text(), flags=re.MULTILINE)
    statements = [words for clause in PROFILE.clauses for words in (clause.text, clause.reading)]
    for words in (*statements, *names, *page().splitlines()):
        assert not copies(words, source), words


@needs_documents
def test_copies_are_found():
    sentence = re.search(r"常住人口少[^。]*", document_text())
    assert copies(sentence[0], document_text())


def articles(text: str) -> list[str]:
    """Return the articles of the three documents in their own numbering, the lowest level only: 公共卫生 二(一)4."""
    begins = [text.rindex(f"\n{'南阳市' if name != '乡村' else ''}{line}\n") for name, line in PARTS.items()]
    ends = [*begins[1:], len(text)]
    found: list[str] = []
    for name, begin, end in zip(PARTS, begins, ends, strict=True):
        found.extend(f"{name} {article}" for article in _articles_of(text[begin:end]))
    return found


def _articles_of(text: str) -> list[str]:
    chapter = section = ""
    found: list[str] = []
    for line in text.splitlines():
        if match := re.match(r"([一二三四五六七八九])、", line):
            chapter = section = match[1]
            found.append(chapter)
        elif match := re.match(r"\(([一二三四五六七八九十]+)\)", line):
            section = f"{chapter}({match[1]})"
            found.append(section)
        elif match := re.match(r"(\d+)\.", line):
            found.append(f"{section}{match[1]}")
    return [item for item in found if not any(is_above(item, other) for other in found)]


def is_above(upper: str, lower: str) -> bool:
    """Tell whether one article is a heading over another."""
    return lower.startswith(f"{upper}(") or (upper.endswith(")") and lower != upper and lower.startswith(upper))


@needs_documents
def test_articles_are_counted():
    found = articles(document_text())
    numbered = {name: [item for item in found if re.fullmatch(rf"{name} .*\)\d+", item)] for name in PARTS}
    assert [len(numbered[name]) for name in PARTS] == [30, 22, 0]
    assert [item.split(")")[1] for item in numbered["公共卫生"]] == [str(number) for number in range(1, 31)]
    assert sum(item.startswith("乡村 ") for item in found) == 1 + 5 + 12 + 3


@needs_documents
def test_the_page_accounts_for_every_article_and_for_no_other():
    rows = rows_of_page()
    assert list(rows) == articles(document_text())
    assert all(cell.strip() for row in rows.values() for cell in row.split("|")[1:-1])


def test_the_page_names_the_clauses_of_each_article_on_its_row():
    rows = rows_of_page()
    for clause in PROFILE.clauses:
        assert re.search(rf"{re.escape(clause.id)}(?![a-z\d])", rows[clause.article]), clause.id
    named = set(re.findall(r"NY-\d+(?:\.\d+)*[a-z]?", page()))
    assert named <= {clause.id for clause in PROFILE.clauses}


def rows_of_page() -> dict[str, str]:
    found = [row for row in page().splitlines() if re.match(rf"\| (?:{'|'.join(PARTS)}) ", row)]
    assert len({row.split("|")[1].strip() for row in found}) == len(found)
    return {row.split("|")[1].strip(): row for row in found}
