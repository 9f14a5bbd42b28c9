"""What an audit says in words: no figure is rounded across a limit, and both languages say the same."""

import tomllib
from fractions import Fraction
from importlib import resources

import pytest

from clinicplan.errors import Phrase
from clinicplan.layers.headers import usual_header
from clinicplan.policy.findings import Finding, Measure
from clinicplan.policy.profile import built_in_profiles, read_profile
from clinicplan.policy.sources import LAYERS, column_title, needs_text
from clinicplan.policy.wording import (
    actual_text,
    number_text,
    part_lines,
    percent_text,
    required_text,
    shortfall_text,
)

COLUMNS = tomllib.loads(resources.files("clinicplan.words").joinpath("policy_columns.toml").read_text(encoding="utf-8"))


def share(value, of, **more):
    return Finding(None, (Measure("share", value, of, unit="clinics", **more),))


def test_a_share_just_below_its_limit_is_not_printed_as_the_limit():
    finding = share(8999, 10_000, least=Fraction(9, 10), shortfall=1)
    assert actual_text(finding, "zh") == "89.9%（8,999/10,000）"
    assert required_text(finding, "zh") == "≥90%"
    assert shortfall_text(finding, "zh") == "缺1所"


def test_a_share_just_above_a_ceiling_is_not_printed_as_the_ceiling():
    finding = share(501, 10_000, most=Fraction(1, 20), shortfall=1)
    assert actual_text(finding, "en") == "5.1 % (501 of 10,000)"
    assert required_text(finding, "en") == "≤ 5 %"
    assert shortfall_text(finding, "en") == "1 clinic too many"
    assert shortfall_text(finding, "zh") == "超出1所"


def test_unknown_cells_show_as_a_range():
    finding = share(71, 100, low=Fraction(71, 100), high=Fraction(92, 100), least=Fraction(9, 10))
    assert actual_text(finding, "zh") == "71.0%—92.0%（已知71/100）"


def test_a_length_one_millimetre_short_is_not_printed_as_the_limit():
    finding = Finding(False, (Measure("metres", 14_999, unit="metres", least=Fraction(15_000), shortfall=1),))
    assert actual_text(finding, "zh") == "14.999公里"
    assert required_text(finding, "zh") == "≥15公里"
    assert shortfall_text(finding, "zh") == "缺1米"


@pytest.mark.parametrize(
    ("measure", "zh", "en"),
    [
        (Measure("count", 3, unit="hospitals", least=Fraction(1)), "3所", "3 hospitals"),
        (Measure("count", 3, 11, unit="villages"), "3/11个村", "3 of 11 villages"),
        (Measure("count", 3, unit="doctors", low=Fraction(3), high=Fraction(5)), "3—5名", "3-5 doctors"),
        (Measure("count", 3, unit="doctors", low=Fraction(3)), "至少3名", "at least 3 doctors"),
        (Measure("ratio", 12, 10_000, unit="posts", per=1000), "1.2‰（12名编制）", "1.2 per 1,000 (12 posts)"),
        (
            Measure("ratio", 6, 10_000, unit="doctors", per=10_000),
            "6名/万人（6名）",
            "6 doctors per 10,000 (6 doctors)",
        ),
        (Measure("ratio", 6, 10_000, unit="beds", per=1000), "0.6张/千人（6张床位）", "0.6 per 1,000 (6 beds)"),
        (Measure("yuan", 20_000, unit="yuan"), "2万元", "20,000 yuan"),
        (Measure("yuan", 20_050, unit="yuan"), "20,050元", "20,050 yuan"),
        (Measure("count", 1, 1, unit="clinics"), "1/1所", "1 of 1 clinic"),
        (
            Measure("ratio", 325, 419_036, unit="doctors", per=10_000, low=Fraction(3_250_000, 419_036)),
            "至少7.75名/万人（已知325名）",
            "at least 7.75 doctors per 10,000 (known 325 doctors)",
        ),
        (
            Measure("count", 248, 253, unit="clinics", low=Fraction(248), high=Fraction(251)),
            "248—251/253所",
            "248-251 of 253 clinics",
        ),
        (Measure("yuan", 1, unit="yuan", low=Fraction(1), high=Fraction(3)), "1—3元", "1-3 yuan"),
        (Measure("minutes", 900_001, unit="milliseconds", most=Fraction(900_000)), "15.1分钟", "15.1 min"),
    ],
)
def test_every_form_is_written_in_both_languages(measure, zh, en):
    finding = Finding(None, (measure,))
    assert actual_text(finding, "zh") == zh
    assert actual_text(finding, "en") == en


def test_several_figures_carry_their_names():
    body = Measure("share", 1, 2, name=Phrase("主体", "body"))
    both = Measure("share", 2, 2, name=Phrase("主体和补充", "body and supplement"))
    assert actual_text(Finding(None, (body, both)), "zh") == "主体：50.0%（1/2）；主体和补充：100%（2/2）"


def test_nothing_known_is_said_and_silence_is_empty():
    assert actual_text(Finding.lacking("facilities.ct_rows"), "zh") == "无数据"
    assert actual_text(Finding.silent(), "zh") == ""


SHARES = [Fraction(numerator, 3000) for numerator in (0, 1, 2, 1349, 1350, 1351, 1499, 1500, 2998, 2999, 3000)]


@pytest.mark.parametrize("limit", [Fraction(0), Fraction(9, 20), Fraction(1, 2), Fraction(1)])
@pytest.mark.parametrize("share", SHARES)
def test_a_printed_share_stands_on_the_same_side_of_a_limit(share, limit):
    """Nearest to one decimal, but never onto or across the limit; nothing and all are never printed of a part."""
    percent, number = Fraction(percent_text(share, [limit])) / 100, Fraction(number_text(share, [limit]))
    for printed in (percent, number):
        assert (share < limit) is (printed < limit)
        assert (share > limit) is (printed > limit)
    assert abs(percent - share) < Fraction(1, 1000)
    assert (percent in (0, 1)) is (share in (0, 1))


def test_one_figure_between_two_limits_is_printed_alike():
    """5—10 %: the same share is not 6 % beside one end and 6.1 % beside the other."""
    low = Measure("share", 58, 955, least=Fraction(1, 20), shortfall=0)
    high = Measure("share", 58, 955, most=Fraction(1, 10), shortfall=0)
    assert actual_text(Finding(True, (low, high)), "zh") == "6.1%（58/955）"


# ---------------------------------------- what is missing


def test_with_unknown_cells_a_shortfall_is_the_most_that_may_be_missing():
    finding = share(71, 100, low=Fraction(71, 100), high=Fraction(85, 100), least=Fraction(9, 10), shortfall=19)
    assert shortfall_text(finding, "zh") == "至多缺19所"
    assert shortfall_text(finding, "en") == "up to 19 clinics short"


def test_units_that_certainly_fail_are_missing_whatever_the_unknown_cells_hold():
    measure = Measure("count", 248, 253, unit="clinics", low=Fraction(248), high=Fraction(251), shortfall=2)
    assert shortfall_text(Finding(False, (measure,)), "zh") == "缺2所"


def test_nothing_is_missing_where_nothing_is_known():
    measure = Measure("count", 0, unit="clinics", least=Fraction(1), shortfall=1)
    assert shortfall_text(Finding(None, (measure,), figure=False), "zh") == ""


def test_the_screen_shows_the_figures_that_fall_short():
    basic = Measure("share", 12, 12, name=Phrase("基本", "basic"), least=Fraction(1), shortfall=0)
    higher = Measure("share", 2, 12, name=Phrase("推荐", "higher"), least=Fraction(1, 5), shortfall=1)
    assert part_lines(Finding(False, (basic, higher)), "zh") == ["      推荐：要求≥20%，现状16.7%（2/12），缺1所"]
    assert part_lines(Finding(False, (basic,)), "en") == ["      basic: required 100 %, actual 100 % (12 of 12)"]
    assert part_lines(Finding(None, (Measure("yuan", 5),)), "zh") == ["      现状5元"]


# ---------------------------------------- the names of data


def test_columns_are_called_by_their_usual_header():
    """Every column that a built-in clause looks at has its word, in Chinese that of a register."""
    named = {(layer, column) for layer, columns in COLUMNS.items() for column in columns}
    assert {need for need in needs_of_profiles() if need[1]} <= named
    for layer, column in named:
        assert column_title(layer, column).zh == usual_header(layer, column), column


def needs_of_profiles():
    clauses = (clause for name in built_in_profiles() for clause in read_profile(name).clauses)
    parted = (need.partition(".") for clause in clauses for need in clause.needs)
    return {(layer, column) for layer, _, column in parted if layer in LAYERS}


def test_needs_are_told_layer_by_layer_and_never_as_codes():
    needs = ("facilities.beds", "siting.merge", "facilities.posts", "villages.geometry", "townships", "plan")
    text = needs_text(needs, "zh")
    assert text.startswith("机构表（床位数、编制数）；地区文件的联合设置门槛（siting.merge）；")
    assert text.endswith("；乡镇表；布局方案")
    assert "geometry" not in text + needs_text(needs, "en")
    every = {need for name in built_in_profiles() for clause in read_profile(name).clauses for need in clause.needs}
    assert not [need for need in every if needs_text([need], "zh") == need]
