"""Write findings in words: what is asked, what there is, what is missing; no figure is rounded across a limit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from clinicplan.errors import Language
from clinicplan.policy.findings import Finding, Measure
from clinicplan.standard import MS_PER_MIN
from clinicplan.words import word

METRES_PER_KM: Final = 1000
TEN_THOUSAND: Final = 10_000
PART_MARK: Final[dict[Language, str]] = {"zh": "；", "en": "; "}
"""What stands between the figures of a clause."""


def required_text(finding: Finding, lang: Language) -> str:
    """Return what is asked for, part by part; empty where the clause gives no number."""
    return _joined([(measure, _required(measure, lang)) for measure in finding.measures], lang)


def actual_text(finding: Finding, lang: Language) -> str:
    """Return what there is, part by part."""
    if not finding.figure:
        return word("policy.figure.nothing_known", lang) if finding.applicable else ""
    return _joined([(measure, _actual(measure, lang)) for measure in finding.measures], lang)


def shortfall_text(finding: Finding, lang: Language) -> str:
    """Return what is missing, part by part; empty where the clause gives no number, or nothing is missing or known."""
    if not finding.figure:
        return ""
    return _joined([(measure, _shortfall(measure, lang)) for measure in finding.measures], lang)


def part_lines(finding: Finding, lang: Language) -> list[str]:
    """Return one line a figure that falls short; where none does, one a figure that is asked for, else one a figure."""
    short = [measure for measure in finding.measures if measure.shortfall]
    asked = [measure for measure in finding.measures if _required(measure, lang)]
    return list(dict.fromkeys(_part(measure, lang) for measure in short or asked or finding.measures))


def percent_text(share: Fraction, limits: Iterable[Fraction] = ()) -> str:
    """Write a share as percent with one decimal, rounded half up, but never onto or across a limit.

    Nothing and all are limits always: 99.97 % is not 100 %.

    Examples
    --------
    >>> percent_text(Fraction(2, 3)), percent_text(Fraction(8999, 10_000), [Fraction(9, 10)]), percent_text(Fraction(1))
    ('66.7', '89.9', '100')
    """
    near = _near(share * 100, [0, 100, *(limit * 100 for limit in limits)], digits=1)
    return f"{float(near):.1f}" if near not in (0, 100) else f"{near}"


def number_text(number: Fraction | int, limits: Iterable[Fraction] = (), *, digits: int = 2) -> str:
    """Write a number with at most so many decimals, rounded half up, but never onto or across a limit.

    Examples
    --------
    >>> number_text(Fraction(3, 2)), number_text(Fraction(1995, 1000), [Fraction(2)]), number_text(1_234_567)
    ('1.5', '1.99', '1,234,567')
    """
    near = _near(Fraction(number), limits, digits=digits)
    text = f"{float(near):,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def _near(number: Fraction, limits: Iterable[Fraction | int], *, digits: int) -> Fraction:
    """Return the nearest number of so many decimals that lies on the same side of every limit."""
    scale = 10**digits
    down = Fraction(math.floor(number * scale), scale)
    up = Fraction(math.ceil(number * scale), scale)
    near = up if (up - number) <= (number - down) else down
    for limit in limits:
        if number < limit <= near:
            return down
        if near <= limit < number:
            return up
    return near


def _part(measure: Measure, lang: Language) -> str:
    name, short = measure.name.text(lang), _shortfall(measure, lang)
    required, actual = _required(measure, lang), _actual(measure, lang)
    values = {"name": word("policy.say.named", lang, name=name) if name else "", "actual": actual}
    text = (
        word("policy.say.part", lang, required=required, **values)
        if required
        else word("policy.say.part_unasked", lang, **values)
    )
    return text + word("policy.say.short", lang, shortfall=short) if short else text


def _joined(parts: list[tuple[Measure, str]], lang: Language) -> str:
    several = len(parts) > 1
    texts = [
        word("policy.figure.named", lang, name=measure.name.text(lang), text=text)
        if several and measure.name.text(lang)
        else text
        for measure, text in parts
        if text
    ]
    return PART_MARK[lang].join(dict.fromkeys(texts))


def _required(measure: Measure, lang: Language) -> str:
    if measure.form == "share" and measure.least == 1:
        return _limit(measure, measure.least, lang)
    if measure.form == "count" and _asks_every_unit(measure):
        return word("policy.required.all", lang)
    least = None if measure.least is None else _limit(measure, measure.least, lang)
    most = None if measure.most is None else _limit(measure, measure.most, lang)
    if least is not None and most is not None:
        low = number_text(measure.least or 0) if measure.form in {"ratio", "count"} else least
        return least if least == most else word("policy.required.between", lang, low=low, high=most)
    if least is not None:
        return word(f"policy.required.{'more_than' if measure.strict else 'at_least'}", lang, limit=least)
    if most is not None:
        return word(f"policy.required.{'less_than' if measure.strict else 'at_most'}", lang, limit=most)
    return ""


def _asks_every_unit(measure: Measure) -> bool:
    """Tell whether every one of the units counted is asked for: by number, or because each lacking one is missing."""
    if measure.of is None or measure.most is not None:
        return False
    return measure.least == measure.of or (measure.least is None and measure.shortfall is not None)


def _limit(measure: Measure, limit: Fraction, lang: Language) -> str:
    if measure.form == "share":
        return word("policy.figure.percent", lang, percent=number_text(limit * 100))
    if measure.form == "ratio":
        return f"{number_text(limit)}{_per(measure, lang)}"
    if measure.form == "metres":
        return word("policy.figure.metres", lang, km=number_text(limit / METRES_PER_KM, digits=3))
    if measure.form == "minutes":
        return word("policy.figure.minutes", lang, minutes=number_text(limit / MS_PER_MIN))
    if measure.form == "yuan":
        return word("policy.figure.yuan", lang, value=_money(limit, lang))
    return word("policy.figure.count", lang, value=number_text(limit), unit=_unit(measure, lang, limit)).strip()


def _limits(measure: Measure) -> list[Fraction]:
    return [limit for limit in (measure.least, measure.most) if limit is not None]


def _actual(measure: Measure, lang: Language) -> str:
    return _WRITERS[measure.form](measure, lang)


def _share(measure: Measure, lang: Language) -> str:
    of = measure.of or 0
    values = {"value": f"{measure.value:,}", "of": f"{of:,}"}
    if measure.low is None or measure.high is None or measure.low == measure.high:
        share = Fraction(measure.value, of) if of else Fraction(0)
        return word("policy.figure.share", lang, percent=percent_text(share, _limits(measure)), **values)
    low, high = (percent_text(end, _limits(measure)) for end in (measure.low, measure.high))
    if low == high:
        return word("policy.figure.share_known", lang, percent=low, **values)
    return word("policy.figure.share_range", lang, low=low, high=high, **values)


def _count(measure: Measure, lang: Language) -> str:
    if measure.low is not None and measure.high is None:
        low = number_text(measure.low)
        return word("policy.figure.count_from", lang, low=low, unit=_unit(measure, lang, measure.low)).strip()
    values = {"value": f"{measure.value:,}", "of": "" if measure.of is None else f"{measure.of:,}"}
    unit = _unit(measure, lang, measure.value if measure.of is None else measure.of)
    form = "count" if measure.of is None else "count_of"
    if measure.low is not None and measure.high != measure.low:
        ends = {"low": number_text(measure.low), "high": number_text(measure.high or 0)}
        unit = _unit(measure, lang, measure.high if measure.of is None else measure.of)
        return word(f"policy.figure.{form}_range", lang, unit=unit, **values, **ends).strip()
    return word(f"policy.figure.{form}", lang, unit=unit, **values).strip()


def _ratio(measure: Measure, lang: Language) -> str:
    unit = _unit(measure, lang, measure.value)
    values = {"per": _per(measure, lang), "value": f"{measure.value:,}", "unit": unit}
    if measure.low is None:
        ratio = Fraction(measure.value * measure.per, measure.of) if measure.of else Fraction(0)
        return word("policy.figure.ratio", lang, ratio=number_text(ratio, _limits(measure)), **values)
    if measure.high is None:
        hundredths = Fraction(math.floor(measure.low * 100), 100)  # "at least" is never rounded up
        return word("policy.figure.ratio_from", lang, low=number_text(hundredths), **values)
    low = number_text(measure.low, _limits(measure))
    high = number_text(measure.high, _limits(measure))
    if high == low:
        return word("policy.figure.ratio", lang, ratio=low, **values)
    return word("policy.figure.ratio_range", lang, low=low, high=high, **values)


def _metres(measure: Measure, lang: Language) -> str:
    return word("policy.figure.metres", lang, km=number_text(Fraction(measure.value, METRES_PER_KM), digits=3))


def _minutes(measure: Measure, lang: Language) -> str:
    limits = [limit / MS_PER_MIN for limit in _limits(measure)]
    minutes = _near(Fraction(measure.value, MS_PER_MIN), limits, digits=1)
    return word("policy.figure.minutes", lang, minutes=f"{float(minutes):,.1f}")


def _yuan(measure: Measure, lang: Language) -> str:
    if measure.low is not None and measure.high is None:
        return word("policy.figure.yuan_from", lang, low=_money(measure.low, lang))
    if measure.low is not None and measure.high is not None and measure.low != measure.high:
        return word("policy.figure.yuan_range", lang, low=_money(measure.low, lang), high=_money(measure.high, lang))
    return word("policy.figure.yuan", lang, value=_money(measure.value, lang))


def _money(yuan: Fraction | int, lang: Language) -> str:
    """Write an amount; in Chinese by ten thousands where that takes at most two decimals."""
    if lang == "zh" and yuan >= TEN_THOUSAND and yuan % (TEN_THOUSAND // 100) == 0:
        return word("policy.figure.ten_thousand", lang, value=number_text(Fraction(yuan) / TEN_THOUSAND))
    return number_text(yuan)


_WRITERS: Final = {
    "share": _share, "count": _count, "ratio": _ratio, "metres": _metres, "minutes": _minutes, "yuan": _yuan,
}  # fmt: skip


def _shortfall(measure: Measure, lang: Language) -> str:
    """Say how many are missing, or too many; where cells are unknown a shortfall may be the worst of several."""
    count = measure.shortfall or 0
    if not count:
        return ""
    form = "missing_at_most" if _may_lack_less(measure) else "missing"
    if measure.most is not None and measure.least is None:
        form = "over"
    return word(f"policy.shortfall.{form}", lang, count=f"{count:,}", unit=_unit(measure, lang, count))


def _may_lack_less(measure: Measure) -> bool:
    if measure.low is None or measure.low == measure.high:
        return False
    if measure.form != "count" or measure.of is None or measure.high is None:
        return True
    return (measure.shortfall or 0) > measure.of - measure.high


def _unit(measure: Measure, lang: Language, count: Fraction | int | None = None) -> str:
    """Return what is counted; English has a word of its own for one of them."""
    if count == 1:
        return word(f"policy.unit_one.{measure.unit}", lang)
    return word(f"policy.unit.{measure.unit}", lang)


def _per(measure: Measure, lang: Language) -> str:
    unit = _unit(measure, lang)
    if measure.per == 1:
        return word("policy.figure.per_one", lang)
    if measure.per == METRES_PER_KM:
        return word(f"policy.figure.per_thousand{'_beds' if measure.unit == 'beds' else ''}", lang)
    if measure.per == TEN_THOUSAND:
        return word("policy.figure.per_ten_thousand", lang, unit=unit)
    return word("policy.figure.per_many", lang, unit=unit, per=f"{measure.per:,}")
