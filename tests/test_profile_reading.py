"""Profiles of a planner's own: a frozen schema, every fault at once with the nearest known word, and `extends`."""

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from clinicplan.errors import PolicyError, fault_line
from clinicplan.policy import built_in_profiles, parameters, read_profile, subjects
from clinicplan.policy import profile as schema
from clinicplan.policy.conditions import STANDARD_LEVELS
from clinicplan.policy.parameters import PARAMETERS
from clinicplan.policy.profile import Profile
from clinicplan.terms import KINDS, TIERS

PROJECT = Path(__file__).resolve().parents[1]

HEAD = """
id = "own-2025"
title = "某县方案"
title_en = "A county's plan"
"""

CIRCLE = """
[[clauses]]
id = "OWN-1"
article = "一"
unit = "village"
kind = "service_circle"
strength = "must"
text = "服务圈。"
text_en = "A circle."
needs = ["facilities.tier", "travel_times"]
parameters = { minutes = 20, body_tiers = ["village_clinic"] }
"""

DOCTORS = """
[[clauses]]
id = "OWN-2"
article = "二"
unit = "village_clinic"
kind = "minimum"
strength = "must"
text = "有医生。"
text_en = "A doctor."
needs = ["facilities.doctors"]
[clauses.parameters]
subjects = { tiers = ["village_clinic"] }
conditions = [{ column = "doctors", at_least = 1 }]
"""


def write(folder, text, name="own.toml", encoding="utf-8"):
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def read(folder, text, **options):
    return read_profile(write(folder, text, **options).name, folder)


def faults_of(folder, text, **options):
    """Return the faults of a profile as (code, English line)."""
    with pytest.raises(PolicyError) as caught:
        read(folder, text, **options)
    for fault in caught.value.faults:
        assert "{" not in fault.code
        assert re.search("[一-鿿]", fault_line(fault, "zh"))
    return [(fault.code, fault_line(fault, "en")) for fault in caught.value.faults]


def only_fault(folder, text):
    found = faults_of(folder, text)
    assert len(found) == 1, found
    return found[0]


# ---------------------------------------- the schema agrees with the rest of the program


def test_kinds_tiers_levels_are_the_known_ones():
    assert get_args(schema.Kind) == tuple(PARAMETERS)
    assert get_args(subjects.Tier) == TIERS
    assert get_args(subjects.VillageKind) == KINDS
    assert get_args(subjects.Level) == STANDARD_LEVELS


@pytest.mark.parametrize("name", built_in_profiles())
def test_a_built_in_profile_is_dumped_whole_and_read_again(name):
    profile = read_profile(name)
    dumped = profile.model_dump(mode="json")
    assert Profile.model_validate(dumped) == profile
    for clause, table in zip(profile.clauses, dumped["clauses"], strict=True):
        assert set(table["parameters"]) == set(type(clause.parameters).model_fields)
        assert isinstance(clause.parameters, PARAMETERS[clause.kind])


@pytest.mark.parametrize("name", built_in_profiles())
def test_a_built_in_profile_is_read_once_and_like_a_file(name, tmp_path):
    assert read_profile(name) is read_profile(name)
    copy = write(tmp_path, (Path(schema.__file__).parent / "profiles" / f"{name}.toml").read_text(encoding="utf-8"))
    assert read_profile(str(copy)) == read_profile(name)


def test_a_clause_is_found_by_its_id(tmp_path):
    profile = read(tmp_path, HEAD + CIRCLE + DOCTORS)
    assert profile.clause("OWN-2").parameters.conditions[0].at_least == 1
    assert profile.clause("OWN-1").statement.en == "A circle."
    with pytest.raises(KeyError):
        profile.clause("OWN-3")


# ---------------------------------------- files as editors leave them


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_saved_by_any_editor_is_read(tmp_path, encoding):
    text = (HEAD + CIRCLE).replace("\n", "\r\n")
    assert read(tmp_path, text, encoding=encoding).title == "某县方案"


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "own.toml").write_bytes(b"\xff\xff\xff\x81")
    with pytest.raises(PolicyError) as caught:
        read_profile("own.toml", tmp_path)
    assert [(fault.code, fault.layer) for fault in caught.value.faults] == [("unreadable_text", "policy")]


def test_broken_toml_names_the_line(tmp_path):
    write(tmp_path, 'id = "x"\ntitle = \n')
    with pytest.raises(PolicyError) as caught:
        read_profile("own.toml", tmp_path)
    (fault,) = caught.value.faults
    assert (fault.code, fault.rows, fault.file) == ("toml_syntax", (2,), "own.toml")


def test_a_date_may_be_written_as_a_date_or_as_text(tmp_path):
    assert read(tmp_path, HEAD + "date = 2025-03-01\n").date == "2025-03-01"
    assert read(tmp_path, HEAD + 'date = "2025-03-01"\n').date == "2025-03-01"


@pytest.mark.parametrize(("name", "code"), [("laiyang-2023", "unknown_policy_near"), ("???", "unknown_policy")])
def test_a_profile_that_is_not_there_names_the_nearest(tmp_path, name, code):
    with pytest.raises(PolicyError) as caught:
        read_profile(name, tmp_path)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_a_folder_is_no_profile(tmp_path):
    (tmp_path / "own.toml").mkdir()
    with pytest.raises(PolicyError, match="no such file"):
        read_profile("own.toml", tmp_path)


# ---------------------------------------- faults


def test_all_faults_come_at_once_each_with_its_key(tmp_path):
    text = (
        HEAD.replace("title_en", "titel_en")
        + '[agency]\nnam = "x"\n'
        + CIRCLE.replace("minutes = 20", "minuts = 20").replace('"village_clinic"', '"village_clinics"')
        + CIRCLE.replace("OWN-1", "OWN-3").replace("service_circle", "service_circl")
        + DOCTORS.replace("at_least = 1", "at_lest = 1").replace('"must"', '"musst"')
    )
    assert {(code, line.split(". ")[0]) for code, line in faults_of(tmp_path, text)} == {
        ("unknown_key_near", "own.toml: unknown key titel_en"),
        ("missing_key", "own.toml: title_en is missing"),
        ("unknown_key_near", "own.toml: unknown key agency.nam"),
        ("unknown_key_near", "own.toml: unknown key OWN-1.parameters.minuts"),
        ("not_a_choice_near", "own.toml: OWN-1.parameters.body_tiers[1] = village_clinics"),
        ("not_a_choice_near", "own.toml: OWN-3.kind = service_circl"),
        ("not_a_choice_near", "own.toml: OWN-2.strength = musst"),
        ("unknown_key_near", "own.toml: unknown key OWN-2.parameters.conditions[1].at_lest"),
    }


@pytest.mark.parametrize(
    ("old", "new", "nearest"),
    [
        ("minutes = 20", "minute = 20", "OWN-1.parameters.minutes"),
        ('kind = "service_circle"', 'kind = "service_cirkle"', "service_circle"),
        ('["village_clinic"]', '["vilage_clinic"]', "village_clinic"),
        ("facilities.tier", "facility.tier", "facilities.tier"),
        ('unit = "village"', 'unit = "vilage"', "village"),
        ("article", "artikel", "OWN-1.article"),
    ],
)
def test_the_nearest_known_word_is_named(tmp_path, old, new, nearest):
    found = faults_of(tmp_path, HEAD + CIRCLE.replace(old, new))
    assert any(code.endswith("_near") and line.endswith(f"Did you mean {nearest}?") for code, line in found), found


@pytest.mark.parametrize(
    ("new", "nearest"),
    [
        ("at_leas = 1", "OWN-2.parameters.conditions[1].at_least"),
        ("equal = true", "OWN-2.parameters.conditions[1].equals"),
        ('at_least = "recomended"', "recommended"),
    ],
)
def test_the_nearest_comparison_or_level_is_named(tmp_path, new, nearest):
    _, line = only_fault(tmp_path, HEAD + DOCTORS.replace("at_least = 1", f"at_most = 9, {new}"))
    assert line.endswith(f"Did you mean {nearest}?")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("minutes = 20", "minutes = 0", "> 0"),
        ("minutes = 20", "minutes = true", "a number"),
        ("minutes = 20", 'minutes = "20"', "a number"),
        ("minutes = 20", "minutes = nan", "a number"),
        ("minutes = 20", "minutes = inf", "a number"),
        ('["village_clinic"]', '"village_clinic"', "a list"),
        ('["village_clinic"]', "[]", "a list that is not empty"),
        ('text = "服务圈。"', 'text = " "', "text that is not empty"),
        ('article = "一"', "article = 1", "text"),
        ('article = "一"', 'article = "一"\ndeadlines = [2025-12-31, 2024-12-31]', "days in ascending order"),
        ('article = "一"', 'article = "一"\ndeadlines = ["soon"]', "a day, such as 2025-12-31"),
        ('article = "一"', 'article = "一"\nneeds_plan = "perhaps"', "true or false"),
    ],
)
def test_values_out_of_range_say_what_may_stand_there(tmp_path, old, new, expected):
    code, line = only_fault(tmp_path, HEAD + CIRCLE.replace(old, new))
    assert code == "bad_value"
    assert f"Expected: {expected}" in line


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("at_least = true", "a number or none, basic, recommended, community_hospital"),
        ("equals = 1", "true or false or text or a list"),
        ("at_most = []", "a number"),
    ],
)
def test_alternatives_are_one_fault(tmp_path, new, expected):
    code, line = only_fault(tmp_path, HEAD + DOCTORS.replace("at_least = 1", new))
    assert code == "bad_value"
    assert f"Expected: {expected}" in line


def test_a_condition_without_comparison_is_named(tmp_path):
    code, line = only_fault(tmp_path, HEAD + DOCTORS.replace(", at_least = 1", ""))
    assert code == "no_comparison"
    assert "OWN-2.parameters.conditions[1]" in line


def test_a_column_that_no_layer_knows_is_no_fault(tmp_path):
    """A register may have any column; where it is absent every cell is unknown."""
    profile = read(tmp_path, HEAD + DOCTORS.replace('"doctors"', '"helpers_of_the_clinic"'))
    assert profile.clause("OWN-2").parameters.conditions[0].column == "helpers_of_the_clinic"


def test_missing_parameters_and_nameless_clauses_are_named(tmp_path):
    nameless = DOCTORS.replace('id = "OWN-2"\n', "").replace('text_en = "A doctor."\n', "")
    bare = CIRCLE.replace('parameters = { minutes = 20, body_tiers = ["village_clinic"] }\n', "")
    lines = [line for _, line in faults_of(tmp_path, HEAD + bare + nameless)]
    assert [line.split(" is missing")[0] for line in lines] == [
        "own.toml: OWN-1.parameters",
        "own.toml: clauses[2].id",
        "own.toml: clauses[2].text_en",
    ]


def test_a_clause_that_is_there_twice_is_named_beside_other_faults(tmp_path):
    found = faults_of(tmp_path, HEAD + CIRCLE + CIRCLE.replace('"village"', '"vilage"'))
    assert [code for code, _ in found] == ["duplicate_clause", "not_a_choice_near"]
    assert [code for code, _ in faults_of(tmp_path, HEAD + CIRCLE + CIRCLE)] == ["duplicate_clause"]


def test_clauses_that_are_no_tables_are_refused(tmp_path):
    code, line = only_fault(tmp_path, HEAD + 'clauses = ["OWN-1"]\n')
    assert code == "bad_value"
    assert "clauses[1] = OWN-1" in line


# ---------------------------------------- extends


def names(profile):
    return [clause.id for clause in profile.clauses]


def child(*keys, base="base.toml"):
    return "\n".join(['id = "child-2025"', f'extends = "{base}"', *keys, ""])


@pytest.fixture
def base(tmp_path):
    return write(tmp_path, HEAD + 'number = "某政〔2025〕1号"\ndraft = true\n' + CIRCLE + DOCTORS, "base.toml")


def test_clauses_are_taken_over_replaced_whole_and_followed_by_new_ones(tmp_path, base):
    shorter = CIRCLE.replace("minutes = 20, ", "").replace('text_en = "A circle."', 'text_en = "Ours."')
    profile = read(tmp_path, child() + DOCTORS.replace("OWN-2", "NEW-1") + shorter)
    assert names(profile) == ["OWN-1", "OWN-2", "NEW-1"]
    assert profile.clause("OWN-1").text_en == "Ours."
    assert profile.clause("OWN-1").parameters.minutes is None
    assert profile.clause("OWN-2") == read_profile(str(base)).clause("OWN-2")


def test_keys_of_the_head_are_inherited_unless_given(tmp_path, base):
    profile = read(tmp_path, child('title = "乙县方案"', "draft = false"))
    assert (profile.id, profile.title, profile.title_en) == ("child-2025", "乙县方案", "A county's plan")
    assert (profile.number, profile.draft) == ("某政〔2025〕1号", False)


def test_the_id_is_never_inherited(tmp_path, base):
    code, line = only_fault(tmp_path, 'extends = "base.toml"\n')
    assert code == "missing_key"
    assert "own.toml: id is missing" in line


def test_dropped_clauses_are_not_taken_over(tmp_path, base):
    assert names(read(tmp_path, child('drop = ["OWN-1"]'))) == ["OWN-2"]
    assert names(read(tmp_path, child('drop = ["OWN-1"]') + CIRCLE)) == ["OWN-2", "OWN-1"]


def test_what_is_dropped_must_be_there(tmp_path, base):
    code, line = only_fault(tmp_path, child('drop = ["OWN-7", "OWN-2"]'))
    assert code == "unknown_drop_near"
    assert "OWN-7" in line
    assert only_fault(tmp_path, HEAD + 'drop = ["OWN-1"]\n')[0] == "unknown_drop"


def test_a_built_in_profile_can_be_extended(tmp_path):
    profile = read(tmp_path, child('drop = ["XC-4.2"]', base="xinchang-2022"))
    xinchang = read_profile("xinchang-2022")
    assert names(profile) == [name for name in names(xinchang) if name != "XC-4.2"]
    assert (profile.circle_minutes, profile.agency, profile.draft) == (20, xinchang.agency, True)
    assert names(xinchang)[-1] == "XC-4.2"


def test_paths_start_from_the_profile_and_chains_are_followed(tmp_path, base):
    folder = tmp_path / "townships"
    folder.mkdir()
    write(folder, child('drop = ["OWN-1"]', base="../base.toml"), "middle.toml")
    profile = read(tmp_path, child(base="townships/middle.toml").replace("child", "last") + CIRCLE)
    assert (profile.id, names(profile)) == ("last-2025", ["OWN-2", "OWN-1"])
    assert profile.number == "某政〔2025〕1号"


@pytest.mark.parametrize("name", ["own.toml", "./own.toml"])
def test_a_profile_cannot_extend_itself(tmp_path, name):
    code, line = only_fault(tmp_path, child(base=name))
    assert code == "extends_ring"
    assert "own.toml → own.toml" in line


def test_a_ring_of_profiles_is_refused(tmp_path):
    write(tmp_path, child(base="own.toml"), "other.toml")
    code, line = only_fault(tmp_path, child(base="other.toml"))
    assert code == "extends_ring"
    assert "own.toml → other.toml → own.toml" in line


@pytest.mark.parametrize(("name", "code"), [("xinchang-2021", "unknown_base_near"), ("???", "unknown_base")])
def test_a_base_that_is_not_there_is_named_and_nothing_is_missed(tmp_path, name, code):
    """Keys that the base would give are not said to be missing; the file's own faults are."""
    found = faults_of(tmp_path, child(base=name) + CIRCLE.replace("minutes", "minuts"))
    assert [item for item, _ in found] == [code, "unknown_key_near"]


def test_faults_of_the_base_come_with_its_name_beside_our_own(tmp_path):
    write(tmp_path, HEAD + CIRCLE.replace('"must"', '"musst"'), "base.toml")
    found = faults_of(tmp_path, child("draft = 7") + DOCTORS)
    assert [line.split(" = ")[0] for _, line in found] == ["base.toml: OWN-1.strength", "own.toml: draft"]


# ---------------------------------------- the reference page


def load_reference():
    spec = importlib.util.spec_from_file_location("reference", PROJECT / "docs" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tables():
    """Return every table a profile may hold."""
    found = [*vars(schema).values(), *vars(subjects).values(), *vars(parameters).values()]
    return {item for item in found if isinstance(item, type) and issubclass(item, subjects.Table)} - {subjects.Table}


def meanings():
    return tomllib.loads((PROJECT / "docs" / "profile_keys.toml").read_text(encoding="utf-8"))


def test_every_table_and_key_has_a_meaning_in_both_languages():
    keys = meanings()
    headings = keys.pop("headings")
    assert set(keys) == set(headings) == {model.__name__ for model in tables()}
    for model in tables():
        assert list(keys[model.__name__]) == list(model.model_fields), model.__name__
        assert all(re.search("[一-鿿]", text) for text in keys[model.__name__].values())
        assert all(field.description for field in model.model_fields.values()), model.__name__


def test_the_page_shows_every_table_key_kind_and_tier():
    page = load_reference().on_page_markdown((PROJECT / "docs" / "profiles.md").read_text(encoding="utf-8"))
    assert "<!--" not in page
    sections = {part.splitlines()[0]: part for part in page.split("\n### ")[1:]}
    for model in tables():
        section = sections[meanings()["headings"][model.__name__]]
        assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(model.model_fields)
    assert re.findall(r"^\| `(\w+)` \|", sections["机构类别"], flags=re.MULTILINE) == list(TIERS)
    assert set(PARAMETERS) <= set(re.findall(r"`(\w+)`", page.split("## 一个完整的例子")[0]))
    for block in re.findall(r"(?:^\|.*\|\n?)+", page, flags=re.MULTILINE):
        assert len({row.count("|") for row in block.splitlines()}) == 1, block[:200]


def test_the_worked_example_of_the_page_is_a_profile(tmp_path):
    text = (PROJECT / "docs" / "profiles.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    profile = read(tmp_path, example, encoding="gb18030")
    laiyang = read_profile("laiyang-2024")
    assert profile.agency.whole == "全县"
    assert profile.clause("LY-05a").parameters.minutes == profile.circle_minutes == 20
    assert names(profile) == [name for name in names(laiyang) if name not in profile.drop] + ["SL-11", "SL-14"]
    for clause in profile.clauses[-2:]:
        assert isinstance(clause.parameters, BaseModel)
        assert clause.needs
