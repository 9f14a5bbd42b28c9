"""Promise: whatever a planner wrote is shown as text, and never run or computed."""

import html
import json

import jinja2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinicplan.report.escaping import MEANINGFUL, escape
from pictures import HOSTILE

VISIBLE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=60)


@given(VISIBLE)
@settings(max_examples=200, deadline=None)
def test_a_browser_shows_the_original(text):
    assert html.unescape(escape(text)) == text


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_nothing_with_a_meaning_is_left(text):
    escaped = escape(text)
    rest = escaped
    for character in MEANINGFUL:
        rest = rest.replace(f"&#{ord(character)};", "")
    assert not set(rest) & set(MEANINGFUL)
    assert not any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in escaped)
    escaped.encode("utf-8")


@pytest.mark.parametrize("name", HOSTILE)
def test_jinja_computes_nothing(name):
    assert html.unescape(jinja2.Template(escape(name)).render()) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_template_literal_stays_one_literal(name):
    literal = f"`{escape(name)}`"
    assert literal.count("`") == 2
    assert "${" not in literal
    assert "\\" not in literal
    assert "</" not in literal
    assert json.loads(f'"{escape(name)}"') == escape(name)


def test_an_ordinary_name_is_untouched():
    assert escape("石磁村（老）· 第2组—东") == "石磁村（老）· 第2组—东"


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_missing_values_become_the_empty_text(missing):
    assert escape(missing) == ""


def test_line_breaks_become_blanks_and_invisible_characters_go():
    assert escape("上\n村\t下\u2028村\x00\x07") == "上 村 下 村"
    assert escape("甲\u202e乙") == "甲乙"


def test_a_lone_surrogate_can_be_written_to_a_file():
    assert escape("村\ud800") == "村\ufffd"
