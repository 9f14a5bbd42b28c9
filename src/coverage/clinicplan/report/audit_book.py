"""Write an audit as `audit.json` and `audit.xlsx`: one sheet a unit, what could not be assessed, and every list."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from clinicplan.errors import Language, Phrase
from clinicplan.layers.headers import usual_header
from clinicplan.policy.audit import Audit
from clinicplan.policy.findings import Listing, Status
from clinicplan.policy.profile import Unit
from clinicplan.policy.rows import audit_rows
from clinicplan.results import write_json
from clinicplan.words import word

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

CLAUSE_COLUMNS: Final = (
    ("clause", 12), ("article", 14), ("text", 46), ("strength", 9), ("required", 22), ("actual", 34), ("status", 12),
    ("shortfall", 16), ("failing_count", 11), ("deadline", 12), ("overdue", 13), ("remarks", 50),
)  # fmt: skip
PLANNED_COLUMNS: Final = (("planned_status", 12), ("planned_actual", 34))
DOCUMENT_COLUMN: Final = ("document", 16)
NEEDS_COLUMNS: Final = (
    ("clause", 12),
    ("article", 14),
    ("text", 46),
    ("actual", 30),
    ("needs", 50),
    ("unknown_count", 14),
)
CASE_COLUMNS: Final = (("clause", 12), ("article", 14), ("id", 18), ("name", 24), ("value", 50))
LISTING_WIDTH: Final = 18
SHEET_NAME_LENGTH: Final = 31
STATUS_FILLS: Final = {"pass": "#DDEBF7", "fail": "#F8CBAD", "not_assessed": "#E7E6E6"}
"""Told apart in grey print by their words; the fill only helps the eye."""
MADE: Final = dt.datetime(2020, 11, 1, tzinfo=dt.UTC)
"""The day in the workbook's properties, so that the same results give the same file."""

Row = dict[str, Any]


def write_audit(audits: Sequence[Audit], folder: Path, *, lang: Language, statements: Sequence[str] = ()) -> None:
    """Write the results of one document, or of several side by side.

    Parameters
    ----------
    audits
        One a document, of the same county.
    folder
        Where `audit.json` (a list of rows, one a clause) and `audit.xlsx` are written.
    lang
        Language of titles, figures in words and remarks.
    statements
        Lines the first sheet must carry: mode, speeds, sources.
    """
    rows = [row for audit in audits for row in audit_rows(audit, lang)]
    write_json(rows, folder / "audit.json")
    _write_book(audits, rows, folder / "audit.xlsx", lang, statements)


def _write_book(
    audits: Sequence[Audit], rows: list[Row], path: Path, lang: Language, statements: Sequence[str]
) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as file:
        file.set_properties({"created": MADE})
        book = _Book(file, lang, several=len(audits) > 1)
        book.add_summary(audits, statements)
        if len(audits) > 1:
            book.add_clauses(word("policy.sheet.all", lang), rows)
        for unit in get_args(Unit):
            book.add_clauses(word(f"policy.subject.{unit}", lang), [row for row in rows if row["unit"] == unit])
        open_rows = [row for row in rows if row["status"] == Status.NOT_ASSESSED]
        book.add_table(word("policy.sheet.not_assessed", lang), NEEDS_COLUMNS, map(book.needs_cells, open_rows))
        book.add_table(word("policy.sheet.failing", lang), CASE_COLUMNS, book.case_cells(rows, "failing"))
        book.add_table(word("policy.sheet.unknown", lang), CASE_COLUMNS, book.case_cells(rows, "unknown"))
        for title, listing in _listings(audits, lang):
            book.add_listing(title, listing)


@dataclass(frozen=True, eq=False)
class _Book:
    """A workbook being written."""

    file: xlsxwriter.Workbook
    lang: Language
    several: bool

    def add_summary(self, audits: Sequence[Audit], statements: Sequence[str]) -> None:
        """Write the first sheet: which document, which day, how many of each verdict, what must be said."""
        sheet = self._sheet(word("policy.sheet.summary", self.lang))
        sheet.set_column(0, 0, 60)
        sheet.set_column(1, len(Status) + 1, 12)
        sheet.write_string(
            0, 0, f"{audits[0].settings.county}{_title(self.lang)}", self._format(bold=True, font_size=16)
        )
        head = ["", *(word(f"policy.status.{status}", self.lang) for status in Status)]
        for column, text in enumerate(head):
            sheet.write_string(2, column, text, self._format(bold=True, border=1, bg_color="#DCE6F1"))
        for number, audit in enumerate(audits):
            sheet.write_string(3 + number, 0, document_line(audit, self.lang), self._format(border=1, text_wrap=True))
            for column, status in enumerate(Status, 1):
                sheet.write_number(3 + number, column, audit.counts[str(status)], self._format(border=1))
        lines = [*head_lines(audits[0], self.lang), *statements]
        for number, line in enumerate(lines):
            sheet.write_string(4 + len(audits) + number, 0, line, self._format(text_wrap=True, valign="top"))

    def add_clauses(self, title: str, rows: list[Row]) -> None:
        """Write one row a clause."""
        if not rows:
            return
        planned = any("planned_status" in row for row in rows)
        columns = (
            *((DOCUMENT_COLUMN,) if self.several else ()),
            *CLAUSE_COLUMNS,
            *(PLANNED_COLUMNS if planned else ()),
        )
        cells = ([self._clause_cell(row, name) for name, _ in columns] for row in rows)
        sheet = self.add_table(title, columns, cells, document=False)
        place = [name for name, _ in columns].index("status")
        for number, row in enumerate(rows, 1):
            fill = STATUS_FILLS.get(row["status"], "#FFFFFF")
            text = word(f"policy.status.{row['status']}", self.lang)
            sheet.write_string(number, place, text, self._format(border=1, valign="top", bg_color=fill))

    def add_table(
        self, title: str, columns: Sequence[tuple[str, float]], rows: Iterable[Sequence[Any]], *, document: bool = True
    ) -> Worksheet:
        """Write a table with its header; codes stay text, numbers stay numbers."""
        if self.several and document:
            columns = (DOCUMENT_COLUMN, *columns)
        sheet = self._sheet(title)
        for number, (name, width) in enumerate(columns):
            sheet.set_column(number, number, width)
            sheet.write_string(
                0, number, _heading(name, self.lang), self._format(bold=True, border=1, bg_color="#DCE6F1")
            )
        body = self._format(border=1, text_wrap=True, valign="top")
        count = 0
        for count, cells in enumerate(rows, 1):
            for column, cell in enumerate(cells):
                _write_cell(sheet, count, column, cell, body)
        sheet.freeze_panes(1, 0)
        if count:
            sheet.autofilter(0, 0, count, len(columns) - 1)
        return sheet

    def add_listing(self, title: str, listing: Listing) -> None:
        """Write one list of a finding."""
        columns = [(name if "." in name else f"policy.column.{name}", LISTING_WIDTH) for name in listing.columns]
        rows = ([self._plain(cell) for cell in row] for row in listing.rows)
        self.add_table(title, columns, rows, document=False)

    def needs_cells(self, row: Row) -> list[Any]:
        """Return what a clause that could not be assessed lacks."""
        needs = ("、" if self.lang == "zh" else ", ").join(need_text(item, self.lang) for item in row["needs"])
        cells = [row["clause"], row["article"], row["text"], row["actual"], needs, len(row["unknown"])]
        return [row["document"], *cells] if self.several else cells

    def case_cells(self, rows: list[Row], key: str) -> Iterable[list[Any]]:
        """Yield one row a unit that fails, or is to be asked for."""
        for row in rows:
            for case in row[key]:
                cells = [row["clause"], row["article"], case["id"], case["name"], case["value"]]
                yield [row["document"], *cells] if self.several else cells

    def _clause_cell(self, row: Row, name: str) -> Any:
        if name in {"strength", "status", "planned_status"}:
            group = name.removeprefix("planned_")
            return word(f"policy.{group}.{row[name]}", self.lang) if row.get(name) else ""
        if name == "failing_count":
            return len(row["failing"])
        if name == "overdue":
            term = "none" if row["overdue"] is None else ("overdue" if row["overdue"] else "due")
            return word(f"policy.term.{term}", self.lang)
        if name == "remarks":
            return "\n".join(filter(None, [row["reading"], *row["remarks"]]))
        return row.get(name) or ""

    def _plain(self, cell: Any) -> Any:
        return cell.text(self.lang) if isinstance(cell, Phrase) else cell

    def _sheet(self, title: str) -> Worksheet:
        sheet = self.file.add_worksheet(self._free_name(title))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
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

    def _format(self, **properties: Any) -> Any:
        return self.file.add_format(properties)


def head_lines(audit: Audit, lang: Language) -> list[str]:
    """Return what every output of an audit says: day, basis, that it decides nothing."""
    basis = word(f"policy.{'hukou' if audit.settings.hukou else 'resident'}", lang)
    return [
        word("policy.day", lang, day=audit.settings.day.isoformat()),
        word("policy.basis", lang, basis=basis),
        word("policy.decides_nothing", lang),
    ]


def document_line(audit: Audit, lang: Language) -> str:
    """Name the document, its number, and that it is a draft where it is."""
    profile = audit.profile
    title = profile.title if lang == "zh" else profile.title_en
    line = word("policy.against", lang, title=title, number=profile.number)
    if not profile.draft:
        return line
    draft = word("policy.draft", lang)
    return f"{line}（{draft}）" if lang == "zh" else f"{line} ({draft})"


def need_text(item: str, lang: Language) -> str:
    """Name a piece of missing data as a register would: layer and usual header."""
    if item == "plan":
        return word("policy.no_plan", lang)
    layer, _, column = item.partition(".")
    if not column or lang == "en":
        return item
    return f"{usual_header(layer, column)}（{item}）"


def _title(lang: Language) -> str:
    return word("policy.title", lang) if lang == "zh" else f": {word('policy.title', lang)}"


def _heading(name: str, lang: Language) -> str:
    return word(name if "." in name else f"policy.column.{name}", lang)


def _write_cell(sheet: Worksheet, row: int, column: int, cell: Any, form: Any) -> None:
    if cell is None:
        sheet.write_blank(row, column, None, form)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, form)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell, form)
    else:
        sheet.write_string(row, column, str(cell), form)


def _listings(audits: Sequence[Audit], lang: Language) -> Iterable[tuple[str, Listing]]:
    """Yield every list once: the same rows under several clauses or documents make one sheet."""
    seen: set[Listing] = set()
    for audit in audits:
        for result in audit:
            for listing in result.finding.listings:
                if listing.rows and listing not in seen:
                    seen.add(listing)
                    title = word(listing.key, lang)
                    yield (f"{title} {result.clause.id}", listing)
