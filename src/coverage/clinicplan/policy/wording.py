"""Write findings in words: what is asked, what there is, what is missing; no figure is rounded across a limit."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from clinicplan.errors import Language
from clinicplan.policy.findings import Finding, Measure
from clinicplan.standard import MS_PER_MIN
from clinicplan.words import word

METRES_PER_KM: Final = 1000
_PERCENT_TENTHS: Final = 1000
_SEPARATOR: Final[dict[Language, str]] = {"zh": "；", "en": "; "}


def required_text(finding: Finding, lang: Language) -> str:
    """Return what is asked for, part by part; empty where the clause gives no number."""
    return _joined([(measure, _required(measure, lang)) for measure in finding.measures], lang)


def actual_text(finding: Finding, lang: Language) -> str:
    """Return what there is, part by part."""
    if not finding.figure:
        return word("policy.figure.nothing_known", lang) if finding.applicable else ""
    return _joined([(measure, _actual(measure, lang)) for measure in finding.measures], lang)


def shortfall_text(finding: Finding, lang: Language) -> str:
    """Return what is missing, part by part; empty where the clause gives no number or nothing is missing."""
    short = [(measure, _shortfall(measure, lang) if measure.shortfall else "") for measure in finding.measures]
    return _joined(short, lang)


def needs_text(needs: tuple[str, ...], lang: Language) -> str:
    """Return the data that are missing, separated as a list; layer and column by their own words."""
    return ("、" if lang == "zh" else ", ").join(_need(item, lang) for item in needs)


def percent_text(share: Fraction, *, up: bool = False) -> str:
    """Write a share as percent with one decimal, down (or up), so that it never crosses a limit it does not reach.

    Examples
    --------
    >>> percent_text(Fraction(8999, 10000)), percent_text(Fraction(9, 10)), percent_text(Fraction(501, 10000), up=True)
    ('89.9', '90', '5.1')
    """
    tenths = share * _PERCENT_TENTHS
    whole = math.ceil(tenths) if up else math.floor(tenths)
    return f"{whole / 10:g}"


def number_text(number: Fraction | int, *, up: bool = False, digits: int = 2) -> str:
    """Write a number with at most so many decimals, down (or up), thousands not separated.

    Examples
    --------
    >>> number_text(Fraction(3, 2)), number_text(Fraction(2, 3)), number_text(Fraction(2, 3), up=True)
    ('1.5', '0.66', '0.67')
    """
    scale = 10**digits
    scaled = Fraction(number) * scale
    whole = math.ceil(scaled) if up else math.floor(scaled)
    text = f"{whole // scale}.{whole % scale:0{digits}d}" if whole >= 0 else f"{whole / scale:.{digits}f}"
    return text.rstrip("0").rstrip(".")


def _joined(parts: list[tuple[Measure, str]], lang: Language) -> str:
    several = len(parts) > 1
    texts = [
        word("policy.figure.named", lang, name=measure.name.text(lang), text=text)
        if several and measure.name.text(lang)
        else text
        for measure, text in parts
        if text
    ]
    return _SEPARATOR[lang].join(dict.fromkeys(texts))


def _required(measure: Measure, lang: Language) -> str:
    if measure.form == "share" and measure.least == 1:
        return "100%"
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
        return f"{percent_text(limit)}%"
    if measure.form == "ratio":
        return f"{number_text(limit)}{_per(measure, lang)}"
    if measure.form == "metres":
        return word("policy.figure.metres", lang, km=number_text(limit / METRES_PER_KM, digits=3))
    if measure.form == "minutes":
        return word("policy.figure.minutes", lang, minutes=number_text(limit / MS_PER_MIN))
    if measure.form == "yuan":
        return word("policy.figure.yuan", lang, value=number_text(limit))
    return word("policy.figure.count", lang, value=number_text(limit), unit=_unit(measure, lang)).strip()


def _actual(measure: Measure, lang: Language) -> str:
    return _WRITERS[measure.form](measure, lang)


def _share(measure: Measure, lang: Language) -> str:
    up = measure.most is not None
    of = measure.of or 0
    if measure.low is not None and measure.high is not None and measure.low != measure.high:
        low, high = percent_text(measure.low, up=up), percent_text(measure.high, up=up)
        return word("policy.figure.share_range", lang, low=low, high=high, value=measure.value, of=of)
    share = Fraction(measure.value, of) if of else Fraction(0)
    return word("policy.figure.share", lang, percent=percent_text(share, up=up), value=measure.value, of=of)


def _count(measure: Measure, lang: Language) -> str:
    unit = _unit(measure, lang)
    if measure.low is not None and measure.high is None:
        return word("policy.figure.count_from", lang, low=number_text(measure.low), unit=unit).strip()
    if measure.low is not None and measure.high != measure.low:
        low, high = number_text(measure.low), number_text(measure.high or 0)
        return word("policy.figure.count_range", lang, low=low, high=high, unit=unit).strip()
    if measure.of is not None:
        return word("policy.figure.count_of", lang, value=measure.value, of=measure.of, unit=unit).strip()
    return word("policy.figure.count", lang, value=measure.value, unit=unit).strip()


def _ratio(measure: Measure, lang: Language) -> str:
    values = {"per": _per(measure, lang), "value": measure.value, "unit": _unit(measure, lang)}
    if measure.low is None:
        ratio = Fraction(measure.value * measure.per, measure.of) if measure.of else Fraction(0)
        return word("policy.figure.ratio", lang, ratio=number_text(ratio), **values)
    if measure.high is None:
        return word("policy.figure.ratio_from", lang, low=number_text(measure.low), **values)
    if measure.high == measure.low:
        return word("policy.figure.ratio", lang, ratio=number_text(measure.low), **values)
    return word(
        "policy.figure.ratio_range", lang, low=number_text(measure.low), high=number_text(measure.high), **values
    )


def _metres(measure: Measure, lang: Language) -> str:
    return word("policy.figure.metres", lang, km=number_text(Fraction(measure.value, METRES_PER_KM), digits=3))


def _minutes(measure: Measure, lang: Language) -> str:
    minutes = number_text(Fraction(measure.value, MS_PER_MIN), up=measure.most is not None, digits=1)
    return word("policy.figure.minutes", lang, minutes=minutes)


def _yuan(measure: Measure, lang: Language) -> str:
    if measure.low is not None and measure.high is None:
        return word("policy.figure.yuan_from", lang, low=number_text(measure.low))
    if measure.low is not None and measure.high is not None and measure.low != measure.high:
        low, high = number_text(measure.low), number_text(measure.high)
        return word("policy.figure.yuan_range", lang, low=low, high=high)
    return word("policy.figure.yuan", lang, value=measure.value)


_WRITERS: Final = {
    "share": _share, "count": _count, "ratio": _ratio, "metres": _metres, "minutes": _minutes, "yuan": _yuan,
}  # fmt: skip


def _shortfall(measure: Measure, lang: Language) -> str:
    count = measure.shortfall or 0
    return word("policy.shortfall.missing", lang, count=count, unit=_unit(measure, lang))


def _unit(measure: Measure, lang: Language) -> str:
    return word(f"policy.unit.{measure.unit}", lang)


def _per(measure: Measure, lang: Language) -> str:
    if measure.per == 1:
        return word("policy.figure.per_one", lang)
    if measure.per == METRES_PER_KM:
        return word("policy.figure.per_thousand", lang)
    return word("policy.figure.per_many", lang, per=measure.per)


def _need(item: str, lang: Language) -> str:
    return word("policy.no_plan", lang) if item == "plan" else item
