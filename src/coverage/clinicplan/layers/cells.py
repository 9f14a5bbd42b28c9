"""Turn the cells of tables, as people fill them in, into codes, numbers, degrees, yes/no and lists.

Every function takes text and says when it had to guess; nothing is guessed in silence.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import Decimal
from typing import Final, NamedTuple

EMPTY_WORDS: Final = frozenset(
    {
        "", "-", "--", "—", "——", "/", "//", "\\", ".", "...", "......", "*", "?",
        "无", "暂无", "没有", "不详", "未知", "待核", "待定", "待补", "空", "缺",
        "na", "n/a", "#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!", "nan", "none",
        "null", "<null>", "nil", "unknown",
    }
)  # fmt: skip
"""What people write instead of leaving a cell empty, after `clean` and lower-casing."""

TRUE_WORDS: Final = frozenset({"是", "有", "1", "1.0", "y", "yes", "t", "true", "√", "✓", "✔", "☑", "对", "已", "v"})
FALSE_WORDS: Final = frozenset(
    {"否", "无", "0", "0.0", "n", "no", "f", "false", "×", "✗", "✘", "☐", "没有", "未", "不是", "x"}
)

_SHORTEST_ROUNDED: Final = 9
"""Spreadsheets turn codes of at least ten digits into scientific notation; below that `1E5` is a code of its own."""
_MOST_DIGITS: Final = 12
_LARGEST_NUMBER: Final = Decimal(10) ** _MOST_DIGITS
_PLAIN: Final = re.compile(r"[+-]?\d+(\.\d*)?|[+-]?\.\d+")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}([,，]\d{3})+(\.\d+)?")
_SPACED_THOUSANDS: Final = re.compile(r"(?<!\d)\d{1,3}( \d{3})+(?!\d)")
_TWO_NUMBERS: Final = re.compile(r"\d \d")
_SCIENTIFIC: Final = re.compile(r"([+-]?\d(?:\.\d+)?)[eE]([+-]?\d{1,3})")
_ABOUT: Final = re.compile(
    r"^(约为|大约|约|近|超过|超|将近|大概|共|合计|≈|~|〜|>=|≥|>)|(左右|上下|余|多|以上|\+|约)(?=[^\d]*$)"
)
_UNITS: Final = re.compile(
    r"(人次|人|口|户|名|位|个|张|所|家|岁|天|日|次|排|元|平方米|平米|㎡|m2|m²|里|米|km|公里|度|年)+(/[年周月天])?$"
)
_MULTIPLIERS: Final = {"万": 10_000, "千": 1_000, "百": 100, "亿": 100_000_000, "w": 10_000}


class Number(NamedTuple):
    """A cell read as a number."""

    value: Decimal | None
    """None where the cell is empty or not a number; `readable` tells which."""
    guessed: bool = False
    """Whether more than plain digits had to be understood."""
    readable: bool = True


class Code(NamedTuple):
    """A cell read as a code."""

    text: str
    digits_lost: bool = False
    """Whether the spreadsheet had rounded the code away."""


class Angle(NamedTuple):
    """A cell read as degrees."""

    degrees: float
    """NaN where the cell is empty or not an angle."""
    guessed: bool = False
    readable: bool = True


def cell_text(value: object) -> str:
    """Return any cell of a spreadsheet or vector file as text; empty and not-a-number cells as an empty text.

    Whole floats lose their `.0`, since spreadsheets keep every number as a float.

    Examples
    --------
    >>> cell_text(330624102201.0), cell_text(12.5), cell_text(None), cell_text(True)
    ('330624102201', '12.5', '', '1')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "1" if value else "0"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, float) or type(value).__name__.startswith("float"):
        return _float_text(float(value))  # type: ignore[arg-type]
    text = str(value)
    return "" if text in ("NaT", "<NA>", "nan", "None") else text


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)


def clean(text: str) -> str:
    r"""Return text with full-width forms made plain and blanks at the ends and doubled blanks removed.

    Examples
    --------
    >>> clean("　１２３ 人（含）\n")
    '123 人(含)'
    """
    if text.isascii():
        return text if text.isalnum() else " ".join(text.split())
    folded = unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufeff", "")
    return " ".join(folded.split())


def tidy(text: str) -> str:
    r"""Return text as it was written but for blanks at the ends and doubled ones: names keep their own brackets.

    Examples
    --------
    >>> tidy("　信地（畲族）村\n")
    '信地（畲族）村'
    """
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())


def is_empty(text: str) -> bool:
    """Tell whether a cell is empty or holds one of the words people write for that."""
    return not text or clean(text).lower() in EMPTY_WORDS


def read_code(text: str) -> Code:
    """Read a code as text, whatever a spreadsheet made of it.

    Parameters
    ----------
    text
        The cell; integers, floats such as `330624102201.0`, blanks inside, full-width digits and a leading apostrophe
        are understood.

    Returns
    -------
    code
        `digits_lost` where scientific notation kept fewer digits than the code had.

    Examples
    --------
    >>> read_code("330624102201.0").text, read_code("３３０６２４ 102201").text
    ('330624102201', '330624102201')
    >>> read_code("3.30624E+11")
    Code(text='330624000000', digits_lost=True)
    >>> read_code("3.30624102201E+11")
    Code(text='330624102201', digits_lost=False)
    """
    plain = clean(text).strip("'’‘`\"“”")
    if plain.lower() in EMPTY_WORDS:
        return Code("")
    squeezed = plain.replace(" ", "") if re.fullmatch(r"[\d. ]+", plain) else plain
    if match := _SCIENTIFIC.fullmatch(squeezed):
        return _scientific_code(match)
    if match := re.fullmatch(r"(\d+)\.0*", squeezed):
        return Code(match.group(1))
    return Code(squeezed)


def _scientific_code(match: re.Match[str]) -> Code:
    mantissa, exponent = match.group(1), int(match.group(2))
    if exponent < _SHORTEST_ROUNDED or mantissa.startswith(("-", "+")):
        return Code(match.group(0))
    shown = len(mantissa.replace(".", ""))
    return Code(str(int(Decimal(match.group(0)))) if exponent < 40 else match.group(0), shown < exponent + 1)


def read_number(text: str) -> Number:
    """Read a number as people write it: `1,234`, `1.2万`, `约300`, `300人`.

    Parameters
    ----------
    text
        The cell.

    Returns
    -------
    number
        `guessed` where it was more than plain digits; not `readable` for words, ranges and anything else.

    Examples
    --------
    >>> read_number("1.2万"), read_number("约300人").value, read_number("abc").readable, read_number("").readable
    (Number(value=Decimal('12000'), guessed=True, readable=True), Decimal('300'), False, True)
    """
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return Number(Decimal(text))
    spaced = clean(text)
    return Number(None) if spaced.lower() in EMPTY_WORDS else _read_amount(spaced)


def _read_amount(spaced: str) -> Number:
    if _TWO_NUMBERS.search(_SPACED_THOUSANDS.sub("", spaced)):
        return Number(None, readable=False)
    plain = spaced.replace(" ", "")
    if _PLAIN.fullmatch(plain):
        return _bounded(Decimal(plain), guessed=" " in spaced)
    if match := _SCIENTIFIC.fullmatch(plain):
        return _bounded(Decimal(match.group(0)), guessed=True)
    stripped = _UNITS.sub("", _ABOUT.sub("", _UNITS.sub("", _ABOUT.sub("", plain, count=1)), count=1))
    factor = _MULTIPLIERS.get(stripped[-1:].lower(), 1)
    digits = stripped[:-1] if factor > 1 else stripped
    if _THOUSANDS.fullmatch(digits):
        digits = digits.replace(",", "").replace("，", "")
    if not _PLAIN.fullmatch(digits):
        return Number(None, readable=False)
    return _bounded(Decimal(digits) * factor, guessed=True)


def _bounded(value: Decimal, *, guessed: bool) -> Number:
    """Refuse numbers that no county has; they would overflow whole numbers."""
    if abs(value) > _LARGEST_NUMBER:
        return Number(None, readable=False)
    value = value.quantize(Decimal(1)) if value == value.to_integral_value() else value
    return Number(value, guessed)


_MARK: Final = r"\s*(?:{})\s*"
_DEGREE_MARK: Final = _MARK.format(r"°|º|o|度|d|:")
_MINUTE_MARK: Final = _MARK.format(r"′|'|’|‘|`|分|m|:")
_SECOND_MARK: Final = _MARK.format(r"″|\"|”|“|′′|''|’’|秒|s|")
_SEXAGESIMAL: Final = re.compile(
    rf"(\d{{1,3}}){_DEGREE_MARK}(?:(\d{{1,2}}(?:\.\d+)?)(?:{_MINUTE_MARK})?(?:(\d{{1,2}}(?:\.\d+)?){_SECOND_MARK})?)?"
)
_DOTTED: Final = re.compile(r"(\d{1,3})\.(\d{1,2})\.(\d{1,2}(?:\.\d+)?)")
_BLANKS: Final = re.compile(r"(\d{1,3})\s+(\d{1,2})\s+(\d{1,2}(?:\.\d+)?)")
_DECIMAL_DEGREES: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(?:°|º|度)?")
_HEMISPHERE: Final = re.compile(
    r"^(东经|北纬|经度|纬度|[EN](?![a-z]))[:\s]*|\s*([EN])$|^(西经|南纬|[WS](?![a-z]))[:\s]*|\s*([WS])$", re.IGNORECASE
)


def read_angle(text: str) -> Angle:
    """Read a longitude or latitude in degrees: decimal, or degrees, minutes and seconds in any of the usual signs.

    Parameters
    ----------
    text
        The cell, such as `120.9033`, `120°54′12″`, `120.54.12`, `120度54分12秒`, `E120.9`.

    Returns
    -------
    angle
        NaN where empty or unreadable; `guessed` where it was not a plain decimal number.

    Examples
    --------
    >>> round(read_angle("120°54′12″").degrees, 6), round(read_angle("120.54.12").degrees, 6)
    (120.903333, 120.903333)
    >>> read_angle("120.9")
    Angle(degrees=120.9, guessed=False, readable=True)
    """
    # These two signs would fall apart into a blank and an accent.
    plain = clean(text.replace("´", "′").replace("˚", "°"))
    if plain.lower() in EMPTY_WORDS:
        return Angle(math.nan)
    if _PLAIN.fullmatch(plain):
        return Angle(float(plain))
    sign, bare = _without_hemisphere(plain)
    if match := _DECIMAL_DEGREES.fullmatch(bare):
        return Angle(sign * float(match.group(1)), guessed=True)
    for pattern in (_SEXAGESIMAL, _DOTTED, _BLANKS):
        if match := pattern.fullmatch(bare):
            return _sexagesimal(match, sign)
    return Angle(math.nan, readable=False)


def _without_hemisphere(text: str) -> tuple[float, str]:
    sign = -1.0 if text.startswith("-") else 1.0
    match = _HEMISPHERE.search(text)
    if match and (match.group(3) or match.group(4)):
        sign = -1.0
    return sign, _HEMISPHERE.sub("", text.removeprefix("-")).strip()


def _sexagesimal(match: re.Match[str], sign: float) -> Angle:
    degrees, minutes, seconds = (float(part) if part else 0.0 for part in match.groups())
    if minutes >= 60 or seconds >= 60:
        return Angle(math.nan, readable=False)
    return Angle(sign * (degrees + minutes / 60 + seconds / 3600), guessed=True)


def read_yes_no(text: str) -> bool | None:
    """Read a yes/no cell: 是/否, 有/无, 1/0, yes/no, ticks; None where empty or something else.

    Examples
    --------
    >>> read_yes_no("是"), read_yes_no("无"), read_yes_no(""), read_yes_no("可能")
    (True, False, None, None)
    """
    plain = clean(text).lower()
    if plain in TRUE_WORDS:
        return True
    return False if plain in FALSE_WORDS else None


class Flag(NamedTuple):
    """A cell read as yes or no."""

    value: bool | None
    """None where the cell is empty or says neither."""
    guessed: bool = False
    """Whether a name or a number stands for yes."""


_A_NAME: Final = re.compile(r"[\u4e00-\u9fff]{2}|[A-Za-z]{3}")
_NO_NAME: Final = re.compile(
    r"^(暂|尚|均|还)?(无|没|未|不|非|缺|拟|待|筹|计划|正在|准备|申报|申请|创建中|规划)|在建|筹建|拟建|未建|未达|不详|"
    r"(建设|创建|申报|筹备|改造|验收)中|可能|也许|停用|撤销"
)
"""What is not there, or not yet, or in doubt: not the name of a thing."""


def read_named_flag(text: str) -> Flag:
    """Read a yes/no cell in which the name of the thing, or how many there are, may stand for yes.

    A name that denies itself (未建成) or lies ahead (拟建, 在建) is neither: nobody can tell what it stands for.

    Examples
    --------
    >>> read_named_flag("是"), read_named_flag("针灸推拿科"), read_named_flag("2个"), read_named_flag("0个")
    (Flag(value=True, guessed=False), Flag(value=True, guessed=True), Flag(value=True, guessed=True), \
Flag(value=False, guessed=True))
    >>> read_named_flag("拟建名医工作室").value, read_named_flag("?").value
    (None, None)
    """
    answer = read_yes_no(text)
    if answer is not None or is_empty(text):
        return Flag(answer)
    number = read_number(text)
    if number.value is not None:
        return Flag(number.value > 0, guessed=True)
    named = _A_NAME.search(clean(text)) is not None and _NO_NAME.search(clean(text)) is None
    return Flag(True, guessed=True) if named else Flag(None)


_GRADES: Final = {
    "一": 1, "二": 2, "三": 3, "四": 4, "i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4,
}  # fmt: skip
_GRADE: Final = re.compile(
    r"(?:最高|达到?|至|为)?(iii|ii|iv|i|[一二三四1-4])(?:级|类)?(?:[甲乙丙特](?:等|级)?|甲等|乙等|丙等)?"
    r"(?:手术|医院|水平|综合医院|中医医院|专科医院)?(?:及|或)?(?:以[下内]|其以下)?"
)
_GRADES_UP_TO: Final = re.compile(r"[一二三四1-4]级?(?:至|到|-|~|—|、)(?=[一二三四1-4])")
_NO_GRADE: Final = frozenset({"未定级", "未评级", "未评审", "无等级", "不开展", "不开展手术", "未开展", "未开展手术"})


def read_level(text: str) -> Number:
    """Read a grade as a whole number: 二级, 三级甲等, 二甲, 二级及以下, Ⅱ级; of a range the highest.

    Without a grade (未定级, 不开展手术) it is 0.

    Examples
    --------
    >>> [int(read_level(text).value) for text in ("2", "二级及以下", "三级甲等", "一至三级", "Ⅱ级", "未定级")]
    [2, 2, 3, 3, 2, 0]
    >>> read_level("较高").readable
    False
    """
    plain = clean(text).replace(" ", "").lower()
    if plain in EMPTY_WORDS:
        return Number(None)
    if plain in ("0", "0.0") or plain in _NO_GRADE:
        return Number(Decimal(0))
    match = _GRADE.fullmatch(_GRADES_UP_TO.sub("", plain.removesuffix(".0")))
    return Number(None, readable=False) if match is None else Number(Decimal(_GRADES[match.group(1)]))


def read_list(text: str) -> tuple[str, ...]:
    """Split a list cell at ; 、 , and line ends; an empty cell is an empty list, which means unknown.

    A number in place of a list is kept as it stands.

    Examples
    --------
    >>> read_list("针刺、艾灸；拔罐"), read_list("25")
    (('针刺', '艾灸', '拔罐'), ('25',))
    """
    lines = unicodedata.normalize("NFKC", text)
    parts = [clean(part) for part in re.split(r"[;、,，；\r\n|]", lines)]
    items = [part for part in parts if part]
    return () if len(items) == 1 and items[0].lower() in EMPTY_WORDS else tuple(items)
