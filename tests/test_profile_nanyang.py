"""Promise: what the three documents of Nanyang alone ask for stands in their profile."""

import re

import policy_corrections as corrections
import policy_documents as documents
from clinicplan.policy.profile import read_profile
from policy_documents import needs_documents

PROFILE = read_profile("nanyang-2024")


@needs_documents
def test_a_corrected_article_is_wrong_in_the_list_and_right_here():
    known, rows = documents.articles("nanyang-2024"), documents.listed("nanyang-2024")
    for name in (name for name, field in corrections.FIELDS if field == "article"):
        assert rows[name]["article"] not in known
        assert PROFILE.clause(name).article in known


@needs_documents
def test_the_head_is_that_of_the_cover_sheet():
    letters = re.sub(r"\s", "", documents.document_text("nanyang-2024"))
    assert f"发文字号{PROFILE.number}" in letters
    assert "成文日期2024年03月23日" in letters
    assert "征求意见" not in letters
    assert PROFILE.agency.name.replace("县", "市") in letters


@needs_documents
def test_articles_of_the_three_documents_are_numbered_as_they_number_them():
    found = documents.articles("nanyang-2024")
    numbered = {name: [item for item in found if re.fullmatch(rf"{name} .*\)\d+", item)] for name in documents.NANYANG}
    assert [len(items) for items in numbered.values()] == [30, 22, 0]
    assert [item.split(")")[1] for item in numbered["公共卫生"]] == [str(number) for number in range(1, 31)]
    assert sum(item.startswith("乡村 ") for item in found) == 1 + 5 + 12 + 3


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


def test_what_is_counted_for_the_city_is_information():
    for clause in PROFILE.clauses:
        assert (clause.unit == "city") is (getattr(clause.parameters, "per", "") == "city")
