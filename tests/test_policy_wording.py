"""What an audit says in words: no figure is rounded across a limit, and both languages say the same."""

from fractions import Fraction

import pytest

from clinicplan.errors import Phrase
from clinicplan.policy.findings import Finding, Measure
from clinicplan.policy.wording import actual_text, number_text, percent_text, required_text, shortfall_text


def share(value, of, **more):
    return Finding(None, (Measure("share", value, of, unit="clinics", **more),))


def test_a_share_just_below_its_limit_is_not_printed_as_the_limit():
    finding = share(8999, 10_000, least=Fraction(9, 10), shortfall=1)
    assert actual_text(finding, "zh") == "89.9%（8999/10000）"
    assert required_text(finding, "zh") == "≥90%"
    assert shortfall_text(finding, "zh") == "缺1所"


def test_a_share_just_above_a_ceiling_is_not_printed_as_the_ceiling():
    finding = share(501, 10_000, most=Fraction(1, 20))
    assert actual_text(finding, "en") == "5.1 % (501 of 10000)"
    assert required_text(finding, "en") == "≤ 5%"


def test_unknown_cells_show_as_a_range():
    finding = share(71, 100, low=Fraction(71, 100), high=Fraction(92, 100), least=Fraction(9, 10))
    assert actual_text(finding, "zh") == "71—92%（已知71/100）"


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
        (Measure("ratio", 6, 10_000, unit="doctors", per=10_000), "6/10000人（6名）", "6 per 10000 (6 doctors)"),
        (Measure("yuan", 20_000, unit="yuan"), "20000元", "20000 yuan"),
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
    assert actual_text(Finding(None, (body, both)), "zh") == "主体：50%（1/2）；主体和补充：100%（2/2）"


def test_nothing_known_is_said_and_silence_is_empty():
    assert actual_text(Finding.lacking("facilities.ct_rows"), "zh") == "无数据"
    assert actual_text(Finding.silent(), "zh") == ""


@pytest.mark.parametrize("numerator", [0, 1, 449, 450, 451, 499, 500, 999, 1000])
def test_percent_never_crosses_what_it_does_not_reach(numerator):
    share = Fraction(numerator, 1000)
    assert Fraction(percent_text(share)) <= share * 100 <= Fraction(percent_text(share, up=True))
    assert Fraction(number_text(share)) <= share <= Fraction(number_text(share, up=True))
