"""Give the columns of a layer their types; what had to be guessed or left out is counted, row by row."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.layers.cells import (
    Flag,
    Number,
    clean,
    is_empty,
    read_code,
    read_level,
    read_list,
    read_named_flag,
    read_number,
    read_yes_no,
    tidy,
)
from clinicplan.layers.headers import nearest_header, usual_header
from clinicplan.layers.tables import RawTable, shown_headers
from clinicplan.layers.vocabularies import nearest_known_word, read_word, vocabulary_columns
from clinicplan.terms import (
    BOOLEAN_COLUMNS,
    INTEGER_COLUMNS,
    LEVEL_COLUMNS,
    LIST_COLUMNS,
    NAMED_COLUMNS,
    NUMBER_COLUMNS,
    OPTIONAL_COLUMNS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import geopandas as gpd

    from clinicplan.layers.origin import Origin

_FACTORS: Final = {"万": 10_000, "千": 1_000, "百": 100}
_HEADER_UNIT: Final = re.compile(r"([万千百])(人|元|平方米|㎡|人次|口)")
_MOST_WORDS_SHOWN: Final = 8
_SERIAL_NUMBERS: Final = ("序号", "编号序")
COMPUTED_COLUMNS: Final = ("geometry", "pending", "source_row", "population_imputed", "outside_county")
"""Columns that are always made here: a file's own column of that name, as in a result read back, is left out."""


@dataclass(frozen=True, eq=False)
class LayerReading:
    """One layer, read.

    Parameters
    ----------
    frame
        The layer; None where an error left nothing to use.
    faults
        Errors, rows set aside and notes.
    areas
        The polygons of rows that are given by polygons, with their id; None for layers of points.
    """

    frame: gpd.GeoDataFrame | None
    faults: tuple[Fault, ...] = ()
    areas: gpd.GeoDataFrame | None = None

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that stop a run."""
        return tuple(fault for fault in self.faults if fault.severity == Severity.ERROR)

    def checked(self) -> gpd.GeoDataFrame:
        """Return the layer.

        Raises
        ------
        LayerError
            With all errors of the layer, if it has any.
        """
        if self.frame is None or self.errors:
            raise LayerError(*self.errors)
        return self.frame


def identify_rows(table: RawTable, column: str, prefix: str, origin: Origin) -> tuple[list[str], list[Fault]]:
    """Return the id of each row as text; missing ones are made up and said, repeated ones are an error.

    Parameters
    ----------
    table
        The layer as it stands in the file.
    column
        Our name of the id column.
    prefix
        First letter of ids that are made up: `V0001` is the first row.
    origin
        Layer and file, for the faults.

    Returns
    -------
    ids, faults
        One id a row.
    """
    codes = [read_code(cell) for cell in table.cells(column)]
    ids = [code.text for code in codes]
    faults: list[Fault] = []
    lost = [row for row, code in enumerate(codes) if code.digits_lost]
    if lost:
        faults.append(origin.error("code_digits_lost", rows=table.rows[lost], ids=(ids[row] for row in lost)))
    missing = [row for row, text in enumerate(ids) if not text]
    taken = set(ids)
    for row in missing:
        ids[row] = _free_id(f"{prefix}{row + 1:04d}", taken)
        taken.add(ids[row])
    if missing:
        example = ids[missing[0]]
        code = "ids_made" if len(missing) == len(ids) else "some_ids_made"
        rows = table.rows[missing] if len(missing) < len(ids) else ()
        faults.append(origin.note(code, rows=rows, count=len(missing), example=example))
    repeated = [text for text, times in Counter(ids).items() if times > 1]
    if repeated and not lost:
        twice = set(repeated)
        where = [row for row, text in enumerate(ids) if text in twice]
        faults.append(origin.error("duplicate_id", rows=table.rows[where], ids=repeated, count=len(repeated)))
    return ids, faults


def _free_id(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted


def missing_columns(table: RawTable, wanted: Iterable[str], origin: Origin) -> list[Fault]:
    """Return an error for each required column the file does not have, with the headers seen and the nearest one."""
    faults: list[Fault] = []
    headers = [*table.headers.values(), *(str(name) for name in table.frame.columns if name not in table.headers)]
    unused = [str(name) for name in table.frame.columns if name not in table.headers]
    for column in wanted:
        if column in table.frame.columns:
            continue
        near = nearest_header(origin.layer, column, unused)
        code = "missing_column_near" if near else "missing_column"
        usual = usual_header(origin.layer, column)
        faults.append(origin.error(code, column=column, usual=usual, seen=shown_headers(headers), near=near))
    return faults


def text_column(table: RawTable, column: str) -> list[str]:
    """Return a column as tidy text; empty text where empty."""
    return ["" if is_empty(cell) else tidy(cell) for cell in table.cells(column)]


def township_column(table: RawTable, column: str = "township") -> list[str]:
    """Return a column of township names in plain forms, since layers are compared by them."""
    return [clean(text) for text in text_column(table, column)]


def name_column(table: RawTable, ids: Sequence[str], origin: Origin) -> tuple[list[str], list[Fault]]:
    """Return the names; the id stands in where there is none, and is said."""
    names = text_column(table, "name")
    nameless = [row for row, name in enumerate(names) if not name]
    for row in nameless:
        names[row] = ids[row]
    return names, [origin.note("nameless", rows=table.rows[nameless])] if nameless else []


def code_column(table: RawTable, column: str, origin: Origin) -> tuple[list[str], list[Fault]]:
    """Return a column that refers to other ids; codes whose digits a spreadsheet lost are unknown."""
    codes = [read_code(cell) for cell in table.cells(column)]
    lost = [row for row, code in enumerate(codes) if code.digits_lost]
    faults = [origin.note("reference_digits_lost", rows=table.rows[lost], column=column)] if lost else []
    return ["" if code.digits_lost else code.text for code in codes], faults


def number_column(table: RawTable, column: str, origin: Origin) -> tuple[list[Decimal | None], list[Fault]]:
    """Return a column of amounts or grades; negative numbers and words are unknown, and said."""
    read = read_level if column in LEVEL_COLUMNS else read_number
    numbers = [read(cell) for cell in table.cells(column)]
    values = [_scaled(number, header_factor(table, column)) for number in numbers]
    negative = [row for row, value in enumerate(values) if value is not None and value < 0]
    unreadable = [row for row, number in enumerate(numbers) if not number.readable]
    for row in negative:
        values[row] = None
    header = table.headers.get(column, column)
    faults = guess_faults(table, column, numbers, origin)
    if negative:
        faults.append(origin.note("negative_number", rows=table.rows[negative], header=header))
    if unreadable:
        words = shown_words(table.cells(column)[row] for row in unreadable)
        faults.append(origin.note("unreadable_number", rows=table.rows[unreadable], header=header, words=words))
    return values, faults


def guess_faults(table: RawTable, column: str, numbers: Sequence[Number], origin: Origin) -> list[Fault]:
    """Say which numbers were read by a guess (1.2万, 约300) and whether the header scales them (万人)."""
    header = table.headers.get(column, column)
    faults: list[Fault] = []
    guessed = [row for row, number in enumerate(numbers) if number.guessed]
    if guessed:
        cells = table.cells(column)
        factor = header_factor(table, column)
        pairs = [f"{clean(cells[row])} = {_scaled(numbers[row], factor)}" for row in guessed[:_MOST_WORDS_SHOWN]]
        faults.append(
            origin.note("numbers_guessed", rows=table.rows[guessed], header=header, readings=", ".join(pairs))
        )
    if header_factor(table, column) > 1:
        faults.append(origin.note("header_unit", header=header, factor=header_factor(table, column)))
    return faults


def header_factor(table: RawTable, column: str) -> int:
    """Return what the unit in a column's header multiplies its numbers by: 10,000 for （万人）, else 1."""
    match = _HEADER_UNIT.search(clean(table.headers.get(column, "")))
    return _FACTORS[match.group(1)] if match else 1


def _scaled(number: Number, factor: int) -> Decimal | None:
    return None if number.value is None else number.value * factor


def integers(values: Sequence[Decimal | None]) -> pd.api.extensions.ExtensionArray:
    """Return whole numbers, rounded half up, missing where unknown."""
    whole = [
        pd.NA if value is None else int((value + Decimal("0.5")).to_integral_value("ROUND_FLOOR")) for value in values
    ]
    return pd.array(whole, dtype="Int64")


def fraction_faults(table: RawTable, column: str, values: Sequence[Decimal | None], origin: Origin) -> list[Fault]:
    """Say which amounts of a column of whole numbers were rounded."""
    rounded = [row for row, value in enumerate(values) if value is not None and value != value.to_integral_value()]
    if not rounded:
        return []
    return [origin.note("rounded", rows=table.rows[rounded], header=table.headers.get(column, column))]


def word_column(table: RawTable, column: str, origin: Origin) -> tuple[list[str], list[Fault]]:
    """Return a column with a fixed vocabulary; unknown words are unknown, and said with the nearest known one."""
    cells = table.cells(column)
    words = [read_word(column, cell) for cell in cells]
    ids = [word.id for word in words]
    if column == "ownership" and "公有" in table.headers.get(column, ""):
        # 公有产权 是/否 answers the question in the header.
        flags = [read_yes_no(cell) for cell in cells]
        ids = [{True: "public", False: "private", None: found}[flag] for flag, found in zip(flags, ids, strict=True)]
    unknown = [row for row, word in enumerate(words) if not word.known and not ids[row]]
    if not unknown:
        return ids, []
    shown = shown_words((cells[row] for row in unknown), lambda cell: nearest_known_word(column, cell))
    header = table.headers.get(column, column)
    return ids, [origin.note("unknown_word", rows=table.rows[unknown], header=header, words=shown)]


def flag_column(table: RawTable, column: str, origin: Origin) -> tuple[pd.api.extensions.ExtensionArray, list[Fault]]:
    """Return a yes/no column; empty cells are unknown, other words are unknown and said.

    In the columns of `terms.NAMED_COLUMNS` the name of a thing means yes, which is said too.
    """
    cells = table.cells(column)
    read = _flag_reader(column, table.headers.get(column, column))
    flags = [read(cell) for cell in cells]
    values = pd.array([pd.NA if flag.value is None else flag.value for flag in flags], dtype="boolean")
    return values, [
        origin.note(
            code,
            rows=table.rows[found],
            header=table.headers.get(column, column),
            words=shown_words(cells[row] for row in found),
        )
        for code, found in (
            ("named_flag", [row for row, flag in enumerate(flags) if flag.guessed]),
            (
                "unknown_flag",
                [row for row, flag in enumerate(flags) if flag.value is None and not is_empty(cells[row])],
            ),
        )
        if found
    ]


def _flag_reader(column: str, header: str) -> Callable[[str], Flag]:
    if column in NAMED_COLUMNS:
        return read_named_flag
    if column == "level_two_up" and ("级别" in header or "等" in header):
        # 医院级别 holds a grade, and 1 is a grade there, not a yes.
        return lambda text: Flag(None if (grade := read_level(text).value) is None else grade >= 2)
    return lambda text: Flag(read_yes_no(text))


def optional_columns(
    table: RawTable, layer: str, skip: Iterable[str], origin: Origin
) -> tuple[dict[str, Any], list[Fault]]:
    """Return the optional columns of a layer that the file has, typed, and every further column as text.

    Parameters
    ----------
    table, origin
        The layer as it stands in the file; layer and file, for the faults.
    layer
        Whose optional columns.
    skip
        Columns that are dealt with elsewhere.

    Returns
    -------
    columns, faults
        Whole numbers as `Int64`, other numbers as `float64`, yes/no as `boolean`, lists as text joined by `;`, words
        of a vocabulary as our ids, everything else as tidy text.
    """
    skipped = {*skip, *COMPUTED_COLUMNS, *_SERIAL_NUMBERS}
    columns: dict[str, Any] = {}
    faults: list[Fault] = []
    for name in map(str, table.frame.columns):
        if name in skipped:
            continue
        known = name in OPTIONAL_COLUMNS.get(layer, ())
        columns[name], found = _typed(table, name, origin) if known else (text_column(table, name), [])
        faults.extend(found)
    return columns, faults


def _typed(table: RawTable, column: str, origin: Origin) -> tuple[Any, list[Fault]]:
    if column in INTEGER_COLUMNS:
        values, faults = number_column(table, column, origin)
        return integers(values), [*faults, *fraction_faults(table, column, values, origin)]
    if column in NUMBER_COLUMNS:
        values, faults = number_column(table, column, origin)
        return np.array([np.nan if value is None else float(value) for value in values]), faults
    if column in BOOLEAN_COLUMNS:
        return flag_column(table, column, origin)
    if column in LIST_COLUMNS:
        return [";".join(read_list(cell)) for cell in table.cells(column)], []
    if column in vocabulary_columns():
        return word_column(table, column, origin)
    return text_column(table, column), []


def shown_words(words: Iterable[str], nearest: Callable[[str], str] | None = None) -> str:
    """Return different words with their counts for a message, the most frequent first, with the nearest known word.

    Examples
    --------
    >>> shown_words(["甲", "乙", "甲"])
    '甲 ×2, 乙'
    """
    counted = Counter(clean(word)[:30] for word in words).most_common()
    parts = []
    for word, times in counted[:_MOST_WORDS_SHOWN]:
        near = nearest(word) if nearest else ""
        parts.append(word + (f" ×{times}" if times > 1 else "") + (f" (≈ {near}?)" if near else ""))
    return ", ".join(parts) + (", …" if len(counted) > _MOST_WORDS_SHOWN else "")
