"""Reduce names of villages, townships and their clinics to what two registers write alike.

Statistics say 后岸村委会, the register of clinics 后岸村第一卫生室: both reduce to 后岸. Whether a name says village
or community (社区, 居委会) is kept beside it, because seats of townships often have one of each with the same name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Unit = Literal["village", "community", ""]
"""What a name says its place is; empty where it says neither."""


class NameForm(NamedTuple):
    """A reduced name and the unit that it speaks of."""

    core: str
    unit: Unit


_NUMERAL: Final = "[一二三四五六七八九十0-9]+"
_BRACKETED: Final = re.compile(r"[(\[{〔【〈《<][^()\[\]{}〔〕【】〈〉《》<>]*[)\]}〕】〉》>]")
_SEPARATORS: Final = re.compile(r"[\s·•.,，。、_/\\|'\"“”‘’:;：；\-‐-―]+")
_VILLAGE_ENDINGS: Final = ("村民委员会", "行政村", "村委会", "村委", "村")
_COMMUNITY_ENDINGS: Final = ("社区居民委员会", "居民委员会", "社区居委会", "社区居委", "居委会", "居委", "社区")
_KIND: Final = (
    "(?:卫生服务站|卫生服务室|卫生服务点|卫生服务所|卫生室|卫生所|卫生站|卫生点|医务室|医疗室|医疗点|医疗站|保健室"
    "|服务点|服务站|巡诊点|诊所|诊室)(?:服务点|医疗点|巡诊点|服务站)?"
    f"(?:第?{_NUMERAL}(?:号|室|分室|点)?|分室|分点)?$"
)
_QUALITY_WORDS: Final = "(?:标准化|规范化|公有|集体|联合|一体化|甲级|示范|中心)*"
_QUALITY: Final = f"{_QUALITY_WORDS}村?(?:社区)?"
_INSTITUTION_ENDS: Final = (re.compile(f"(?P<place>.+?){_KIND}"), re.compile(f"(?P<place>.+?){_QUALITY}{_KIND}"))
_GENERAL_WORDS: Final = frozenset(
    {"村", "村委", "村委会", "社区", "居委会", "村民委员会", "居民委员会", "中心", "联合"}
)
_ORDINAL_END: Final = re.compile(f"(?:第{_NUMERAL}(?:号)?|(?<=村){_NUMERAL}(?:号)?|(?<=社区){_NUMERAL}(?:号)?)$")
_NUMBERED: Final = re.compile(
    f"(?:第|(?<=村)|(?<=社区))({_NUMERAL})号?村?(?:社区)?(?:卫生|医务|医疗|服务|诊所)"
    f"|(?:室|所|站|点)[(]?第?({_NUMERAL})(?:号|室|分室|点|[)]|$)"
)
_CHINESE_DIGITS: Final = str.maketrans("123456789", "一二三四五六七八九")
_PARENT: Final = re.compile(r"^.*?(?:卫生院|卫生服务中心)(?=.)")
_COUNTY: Final = re.compile(r"^.{2,9}?(?:自治县|县|区|市)(?=.{2,}(?:镇|乡|街道|地区)$)")
_OFFICE: Final = re.compile(r"(?:人民政府|街道办事处|办事处|街道办)$")
_PEOPLES: Final = "(?:畲|苗|瑶|侗|回|满|壮|彝|藏|白|傣|羌|土家|布依|哈尼|傈僳|蒙古|朝鲜|仡佬|哈萨克|达斡尔|民)"
_TOWNSHIP_END: Final = re.compile(f"(?:{_PEOPLES}族)*(?:乡|镇|街道|地区|苏木|林场|农场)$")


def plain_text(text: str) -> str:
    """Return a name after NFKC, in lower case, without blanks, brackets (and what they hold) and separators.

    Examples
    --------
    >>> plain_text("后岸村 卫生室（一体化）")
    '后岸村卫生室'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    unbracketed = _BRACKETED.sub("", folded)
    return _SEPARATORS.sub("", unbracketed or folded)


def village_form(name: str) -> NameForm:
    """Reduce the name of a village or community.

    Parameters
    ----------
    name
        As a register writes it.

    Returns
    -------
    form
        The core, empty where nothing but general words remains, and the unit.

    Examples
    --------
    >>> village_form("河北村村委会"), village_form("镜岭居委会"), village_form("后岸")
    (NameForm(core='河北', unit='village'), NameForm(core='镜岭', unit='community'), NameForm(core='后岸', unit=''))
    """
    core, unit = plain_text(name), ""
    found: Unit = ""
    while True:
        core, unit = _without_unit(core)
        if not unit:
            return NameForm("" if core in _GENERAL_WORDS - {"中心", "联合"} else core, found)
        # The ending nearest the core names the place; 河北村居委会 is what a village became.
        found = found or unit


def clinic_forms(name: str, township: str = "") -> tuple[NameForm, ...]:
    """Reduce the name of a village-level clinic to the village it may be named after, strictest form first.

    Removed are the parent hospital, the township in front, the kind of institution, ordinals (第一, 第二) and the words
    for village and community.

    Parameters
    ----------
    name
        As the register writes it.
    township
        The township of the clinic, where known, so that it can be taken off the front.

    Returns
    -------
    forms
        Without repeats and without empty cores; looser forms are for use only where stricter ones match nothing.

    Examples
    --------
    >>> [form.core for form in clinic_forms("儒岙镇中心卫生院后岸村第一卫生室", "儒岙镇")]
    ['后岸村第一', '后岸']
    """
    text = plain_text(name)
    text = _PARENT.sub("", text) or text
    places = [shorter for place in _place_parts(text) for shorter in _township_off(place, township)]
    forms = [village_form(item) for place in places for item in _ordinal_off(place)]
    return tuple(dict.fromkeys(form for form in forms if form.core))


def same_name_key(name: str, township: str = "") -> str:
    """Return the loosest reduced name of a village-level clinic and its ordinal, to tell whether two rows may be one.

    后岸村卫生室 and 后岸村第二卫生室 are two clinics of one village; 第一 is the same as no ordinal.

    Examples
    --------
    >>> same_name_key("后岸村第二卫生室"), same_name_key("后岸卫生室（二）"), same_name_key("后岸村第一卫生室")
    ('后岸二', '后岸二', '后岸')
    """
    forms = clinic_forms(name, township)
    return forms[-1].core + _ordinal(name) if forms else ""


def township_in(name: str, townships: Iterable[str]) -> str:
    """Return the township that a clinic's name starts with (after a county), or an empty text.

    Examples
    --------
    >>> township_in("新昌县儒岙镇后岸村卫生室", ["儒岙镇", "沃洲镇"])
    '儒岙镇'
    """
    text = plain_text(name)
    for township in sorted(townships, key=len, reverse=True):
        word = plain_text(township)
        if len(word) < 3:
            continue
        place = text.find(word)
        if place == 0 or (place > 0 and text[place - 1] in "县区市"):
            return township
    return ""


def township_named(text: str, townships: Iterable[str]) -> str:
    """Return the one township among those known that a cell means, or an empty text where none or several fit.

    The same text is sought first, then without county and office (人民政府, 办事处), then without 镇, 乡, 街道.

    Examples
    --------
    >>> township_named("新昌县儒岙镇人民政府", ["儒岙镇", "沃洲镇"]), township_named("沃洲", ["儒岙镇", "沃洲镇"])
    ('儒岙镇', '沃洲镇')
    """
    known = tuple(dict.fromkeys(townships))
    for reduce in (plain_text, _township_word, township_core):
        wanted = reduce(text)
        fitting = [township for township in known if wanted and reduce(township) == wanted]
        if fitting:
            return fitting[0] if len(fitting) == 1 else ""
    return ""


def township_core(text: str) -> str:
    """Return a township's name without county, office and 镇, 乡, 街道.

    Examples
    --------
    >>> township_core("赤土畲族乡"), township_core("羽林街道办事处")
    ('赤土', '羽林')
    """
    word = _township_word(text)
    return _TOWNSHIP_END.sub("", word) or word


def _ordinal(name: str) -> str:
    """Return the number that a clinic's name gives it, in Chinese numerals; empty for none and for the first."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", name))
    found = _NUMBERED.search(text)
    number = next(group for group in found.groups() if group) if found else ""
    number = number.translate(_CHINESE_DIGITS)
    return "" if number == "一" else number


def _township_word(text: str) -> str:
    word = plain_text(text)
    office = _OFFICE.search(word)
    if office:
        word = word[: office.start()] + ("街道" if office.group().startswith("街道") else "")
    shorter = _COUNTY.sub("", word)
    return _township_word(shorter) if shorter != word else word


def _without_unit(text: str) -> tuple[str, Unit]:
    """Take one word for village or community off the end, unless nothing would remain."""
    for endings, unit in ((_COMMUNITY_ENDINGS, "community"), (_VILLAGE_ENDINGS, "village")):
        for ending in endings:
            if text.endswith(ending) and len(text) > len(ending):
                return text[: -len(ending)], unit  # type: ignore[return-value]
    return text, ""


def _place_parts(text: str) -> tuple[str, ...]:
    """Take the kind of institution off the end: first the bare kind, then with words such as 中心 and 标准化.

    金融中心社区卫生服务站 is the station of 金融中心社区, 后岸中心村卫生室 is the central clinic of 后岸村.
    """
    bare, full = (pattern.fullmatch(text) for pattern in _INSTITUTION_ENDS)
    if bare is None:
        return () if re.fullmatch(f"{_QUALITY}{_KIND}", text) else (text,)
    if full is None or full["place"] in _GENERAL_WORDS:
        return (bare["place"],)
    rest = re.sub(f"^{_QUALITY_WORDS}", "", text[len(full["place"]) :])
    # Keep the 村 or 社区 that says which unit is meant.
    unit = next((word for word in ("村", "社区") if rest.startswith(word)), "")
    return tuple(dict.fromkeys((bare["place"], full["place"] + unit)))


def _ordinal_off(place: str) -> tuple[str, ...]:
    """Return the place as it stands and without an ordinal at its end: 后岸村第二村 may be 后岸第二村 or 后岸村."""
    for start in (place, village_form(place).core):
        shorter = _ORDINAL_END.sub("", start)
        if shorter and shorter != start:
            return (place, shorter)
    return (place,)


def _township_off(place: str, township: str) -> tuple[str, ...]:
    """Return the place without its township's full name in front; the short name goes in a looser form only."""
    full, core = _township_word(township), township_core(township)
    if full and full in place and place.index(full) + len(full) < len(place):
        place = place[place.index(full) + len(full) :]
    if core and len(core) > 1 and place.startswith(core) and village_form(place[len(core) :]).core:
        return (place, place[len(core) :])
    return (place,)
