"""Write workbooks alike: codes as text, no live formulas or links, frozen headers, filters, pages that fit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unicodedata import east_asian_width

from clinicplan.errors import Language, Phrase
from clinicplan.words import word

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

NARROWEST, WIDEST = 8, 48
"""Widths of the columns of a list, in Latin signs; a Chinese one takes two."""
NUMBER_FORMATS: Final = {"minutes": "0.0", "km": "0.00#", "year": "0", "leaves": "0"}
"""By what stands in the name of a column; years stand in the last two. Elsewhere whole numbers have thousands apart."""
CENTRED: Final = frozenset({"strength", "status", "planned_status", "deadline", "overdue"})
DASH: Final = "—"
A3, A4 = 8, 9
SHEET_NAME_LENGTH: Final = 31
MADE: Final = dt.datetime(2020, 11, 1, tzinfo=dt.UTC)
"""The day in the workbook's properties, so that the same results give the same file."""


def new_workbook(path: Path) -> xlsxwriter.Workbook:
    """Open a workbook in which text stays text, whatever it looks like."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(path, options)
    file.set_properties({"created": MADE})
    return file


@dataclass(frozen=True, eq=False)
class Book:
    """A workbook being written.

    Parameters
    ----------
    file
        What `new_workbook` opened.
    lang
        Language of titles and words.
    notice
        Stands at the foot of every page.
    """

    file: xlsxwriter.Workbook
    lang: Language
    notice: str = ""

    def add_table(
        self, title: str, columns: Sequence[tuple[str | Phrase, float]], rows: Iterable[Sequence[Any]]
    ) -> Worksheet:
        """Write a table with its header; codes stay text, numbers stay numbers."""
        sheet = self.sheet(title)
        for number, (name, width) in enumerate(columns):
            sheet.set_column(number, number, width)
            sheet.write_string(0, number, heading(name, self.lang), self.head_format())
        formats = [self.body_formats(name) for name, _ in columns]
        count = 0
        for count, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                write_cell(sheet, count, column, cell, formats[column][isinstance(cell, float)])
        sheet.freeze_panes(1, 0)
        if count:
            sheet.autofilter(0, 0, count, len(columns) - 1)
        else:
            sheet.write_string(1, 0, word("policy.nothing", self.lang), self.format())
        return sheet

    def sheet(self, title: str) -> Worksheet:
        """Add a sheet that prints on pages as wide as its columns."""
        sheet = self.file.add_worksheet(self._free_name(title))
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer(f"&L{self.notice}&R&P / &N")
        return sheet

    def _free_name(self, title: str) -> str:
        """Return a sheet name that Excel takes: short, without its reserved signs, and used once."""
        plain = re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:SHEET_NAME_LENGTH] or "-"
        taken = {sheet.get_name().casefold() for sheet in self.file.worksheets()}
        name, number = plain, 2
        while name.casefold() in taken:
            suffix = f" {number}"
            name, number = plain[: SHEET_NAME_LENGTH - len(suffix)] + suffix, number + 1
        return name

    def head_format(self) -> Any:
        """Return the format of headers."""
        return self.format(bold=True, border=1, bg_color="#DCE6F1", text_wrap=True, align="center", valign="vcenter")

    def body_formats(self, column: str | Phrase) -> tuple[Any, Any]:
        """Return the formats of a column's whole and broken numbers; they leave text as it is."""
        name = (column.en if isinstance(column, Phrase) else column).rpartition(".")[2]
        numbers = next((form for part, form in NUMBER_FORMATS.items() if part in name), None)
        shared = {"border": 1, "text_wrap": True, "valign": "top", "align": "center" if name in CENTRED else ""}
        return (
            self.format(num_format=numbers or "#,##0", **shared),
            self.format(num_format=numbers or "General", **shared),
        )

    def format(self, **properties: Any) -> Any:
        """Return a format with these properties."""
        return self.file.add_format(properties)


def heading(name: str | Phrase, lang: Language) -> str:
    """Return the header of a column: its own words, a key of the vocabulary, or the name of a policy column."""
    if isinstance(name, Phrase):
        return name.text(lang)
    return word(name if "." in name else f"policy.column.{name}", lang)


def text_width(text: str) -> int:
    """Return how wide a text is, in Latin signs."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def write_cell(sheet: Worksheet, row: int, column: int, cell: Any, form: Any) -> None:
    """Write a cell by its kind; text is never run as a formula."""
    if cell is None:
        sheet.write_blank(row, column, None, form)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, form)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell, form)
    else:
        sheet.write_string(row, column, str(cell), form)
