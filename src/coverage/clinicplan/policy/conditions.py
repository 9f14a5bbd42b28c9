"""Test cells against the conditions of a clause; an empty cell, or a column that is not there, is unknown."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.layers.cells import clean, is_empty, read_list, read_number, read_yes_no
from clinicplan.policy.bounds import UNKNOWN, Flags3, all_of, any_of, exact
from clinicplan.policy.inventories import has_item
from clinicplan.policy.subjects import Condition, Subjects

if TYPE_CHECKING:
    import pandas as pd

STANDARD_LEVELS: Final = ("none", "basic", "recommended", "community_hospital")
"""Levels of the service standard; each includes those before it."""
YOUNGEST: Final = 15
OLDEST: Final = 110
"""Ages of people at work, the oldest not included; a number beyond is a year of birth or a slip, and unknown."""
_COUNTED: Final = re.compile(
    r"(?:约|近|共|超过?|不少于|至少)?(\d{1,6})(?:余|多)?(?:个|大|小)?(?:种|类|项|门|科|病种|技术|适宜技术)+(?:以上)?"
)
"""A number of kinds, as lists are sometimes replaced by: 6类, 100余种."""

Test = Callable[[str], bool | None]


class Amounts(NamedTuple):
    """Whole numbers of a column; `known` False where the cell is empty or unreadable (the number is then 0)."""

    value: NDArray[np.int64]
    known: NDArray[np.bool_]


class NumberList(NamedTuple):
    """The numbers of a list in a cell, ascending; `complete` False where an item, or the cell, is unreadable."""

    numbers: tuple[int, ...]
    complete: bool


def meets(frame: pd.DataFrame, conditions: tuple[Condition, ...]) -> Flags3:
    """Tell for each row whether it meets all conditions.

    Parameters
    ----------
    frame
        A layer's rows.
    conditions
        All must hold; none at all holds everywhere. One with further columns holds where any of its columns does.

    Returns
    -------
    flags
        Shape (rows): 1, 0 or -1 unknown.
    """
    if not conditions:
        return np.ones(len(frame), dtype=np.int8)
    first, *others = (_test(frame, condition) for condition in conditions)
    return all_of(first, *others)


def condition_columns(conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Return the columns that conditions look at, each once."""
    return tuple(dict.fromkeys(name for item in conditions for name in (item.column, *item.or_columns)))


def subject_columns(subjects: Subjects) -> tuple[str, ...]:
    """Return the columns that say which units a clause is about."""
    return condition_columns(subjects.where)


def missing_columns(frame: pd.DataFrame, conditions: tuple[Condition, ...], layer: str) -> tuple[str, ...]:
    """Return `layer.column` of the columns of conditions that hold nothing at all."""
    return tuple(f"{layer}.{name}" for name in condition_columns(conditions) if column_is_empty(frame, name))


def column_is_empty(frame: pd.DataFrame, column: str) -> bool:
    """Tell whether a column is not there or has no filled cell."""
    return all(cell_is_empty(text) for text in set(cell_texts(frame, column)))


def cell_is_empty(text: str) -> bool:
    """Tell whether a cell says nothing; 无 answers a yes or no, and none is a level of the standard.

    Examples
    --------
    >>> cell_is_empty(""), cell_is_empty("不详"), cell_is_empty("无"), cell_is_empty("none")
    (True, True, False, False)
    """
    return not text or (is_empty(text) and read_yes_no(text) is None and text not in STANDARD_LEVELS)


def cell_texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Return the cells of a column as text without outer blanks, empty where the cell or the column is."""
    if column not in frame:
        return [""] * len(frame)
    values = frame[column].to_numpy(dtype=object, na_value="")
    return [str(value).strip() for value in values]


def amounts(frame: pd.DataFrame, column: str) -> Amounts:
    """Return a column of whole numbers, rounded half up; a list of words counts its different words.

    A single number is itself, also with a unit (6类). Negative numbers and single words with digits inside that are no
    number (20-30种) are unknown.
    """
    numbers = [_number(text) for text in cell_texts(frame, column)]
    value = np.array([0 if item is None else _rounded(item) for item in numbers], dtype=np.int64)
    return Amounts(value, np.array([item is not None for item in numbers], dtype=bool))


def _rounded(number: Fraction) -> int:
    """Return a number of at least 0 rounded half up; most are whole, which needs no reckoning."""
    if number.denominator == 1:
        return number.numerator
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)


def number_lists(frame: pd.DataFrame, column: str) -> list[NumberList]:
    """Return a column of lists of ages; an empty cell is an empty list that is not complete."""
    return [_ages(text) for text in cell_texts(frame, column)]


@functools.lru_cache(maxsize=4096)
def _ages(text: str) -> NumberList:
    items = () if is_empty(text) else read_list(text)
    numbers = [read_number(item).value for item in items]
    ages = sorted(int(number) for number in numbers if number is not None and YOUNGEST <= number < OLDEST)
    return NumberList(tuple(ages), bool(items) and len(ages) == len(items))


def _test(frame: pd.DataFrame, condition: Condition) -> Flags3:
    first, *others = (_test_column(frame, condition, name) for name in (condition.column, *condition.or_columns))
    return any_of(first, *others) if others else first


def _test_column(frame: pd.DataFrame, condition: Condition, column: str) -> Flags3:
    tests = _tests(condition)
    answers: dict[str, int] = {}
    texts = cell_texts(frame, column)
    for text in set(texts):
        answers[text] = _answer(text, tests)
    return np.array([answers[text] for text in texts], dtype=np.int8)


def _answer(text: str, tests: list[Test]) -> int:
    if not text:
        return UNKNOWN
    found = [test(text) for test in tests]
    if False in found:
        return 0
    return UNKNOWN if None in found else 1


def _tests(condition: Condition) -> list[Test]:
    """Return the comparisons a condition states; all must hold."""
    tests: list[Test] = []
    if condition.equals is not None:
        tests.append(_equality(condition.equals))
    if condition.has_any:
        tests.append(lambda text: None if is_empty(text) else has_item(text, condition.has_any))
    if isinstance(condition.at_least, str):
        tests.append(_level_test(condition.at_least))
    elif condition.at_least is not None:
        tests.append(_number_test(condition.at_least, lambda number, limit: number >= limit))
    if condition.at_most is not None:
        tests.append(_number_test(condition.at_most, lambda number, limit: number <= limit))
    if condition.more_than is not None:
        tests.append(_number_test(condition.more_than, lambda number, limit: number > limit))
    if condition.less_than is not None:
        tests.append(_number_test(condition.less_than, lambda number, limit: number < limit))
    if condition.each_less_than is not None:
        tests.append(_each_less_test(condition.each_less_than))
    return tests


def _equality(wanted: bool | str | tuple[str, ...]) -> Test:
    if isinstance(wanted, bool):

        def says(text: str) -> bool | None:
            answer = read_yes_no(text)
            return None if answer is None else answer is wanted

        return says
    words = {clean(word).casefold() for word in ((wanted,) if isinstance(wanted, str) else wanted)}
    known = words | set(STANDARD_LEVELS)  # `none` is a level of the standard
    return lambda text: None if is_empty(text) and clean(text) not in known else clean(text).casefold() in words


def _level_test(level: str) -> Test:
    least = STANDARD_LEVELS.index(level)
    return lambda text: STANDARD_LEVELS.index(text) >= least if text in STANDARD_LEVELS else None


def _number_test(limit: float, compare: Callable[[Fraction, Fraction], bool]) -> Test:
    asked = exact(limit)

    def test(text: str) -> bool | None:
        number = _number(text)
        return None if number is None else compare(number, asked)

    return test


def _each_less_test(limit: float) -> Test:
    asked = exact(limit)

    def test(text: str) -> bool | None:
        found = _ages(text)
        if any(number >= asked for number in found.numbers):
            return False
        return True if found.complete else None

    return test


@functools.lru_cache(maxsize=16384)
def _number(text: str) -> Fraction | None:
    """Return the number in a cell, or how many different items its list has; None where that cannot be said."""
    if not text or is_empty(text):
        return None
    number = read_number(text)
    if number.readable and number.value is not None:
        return Fraction(number.value) if number.value >= 0 else None
    if match := _COUNTED.fullmatch(clean(text).replace(" ", "")):
        return Fraction(int(match.group(1)))
    items = {item.casefold() for item in read_list(text)}
    if len(items) == 1 and any(sign.isdigit() for sign in text):
        return None
    return Fraction(len(items)) if items else None
