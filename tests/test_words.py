"""Every entry has both languages with the same placeholders; faults have all three parts."""

import string
import tomllib
from importlib import resources

import pytest

from clinicplan import words
from clinicplan.errors import Severity


def entries(table, prefix=""):
    for key, value in table.items():
        if set(value) == {"zh", "en"} and all(isinstance(text, str) for text in value.values()):
            yield prefix + key, value
        else:
            yield from entries(value, f"{prefix}{key}.")


ALL = [
    (f"{subject}.{key}", pair)
    for subject in words.subjects()
    for key, pair in entries(
        tomllib.loads(resources.files("clinicplan.words").joinpath(f"{subject}.toml").read_text(encoding="utf-8"))
    )
]


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(("key", "pair"), ALL, ids=[key for key, _ in ALL])
def test_both_languages_use_the_same_placeholders(key, pair):
    assert placeholders(pair["zh"]) == placeholders(pair["en"])


def test_every_fault_states_found_allowed_and_remedy():
    keys = {key for key, _ in ALL}
    codes = {key.rsplit(".", 1)[0] for key in keys if key.endswith((".found", ".allowed", ".remedy"))}
    assert codes
    assert [code for code in sorted(codes) if not {f"{code}.{p}" for p in ("found", "allowed", "remedy")} <= keys] == []


def test_audit_is_never_called_by_the_word_of_another_office():
    assert [key for key, pair in ALL if "审计" in pair["zh"]] == []


def test_a_fault_counts_its_rows():
    fault = words.fault(Severity.ERROR, "missing_key", key="name", rows=(3, 9))
    assert fault.count == 2
    assert "name" in fault.found.zh


def test_an_unknown_entry_is_a_bug():
    with pytest.raises(KeyError):
        words.phrase("general.no_such_entry")
