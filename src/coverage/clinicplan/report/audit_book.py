"""Write an audit as `audit.json` and `audit.xlsx`: one sheet a unit, what could not be assessed, and every list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from clinicplan.errors import Language, Phrase
from clinicplan.policy.audit import Audit
from clinicplan.policy.findings import Listing, Status
from clinicplan.policy.pages import draft_text
from clinicplan.policy.profile import Unit
from clinicplan.policy.rows import audit_rows
from clinicplan.policy.sources import needs_text
from clinicplan.policy.wording import PART_MARK
from clinicplan.report.workbook import (
    A3,
    DASH,
    NARROWEST,
    SHEET_NAME_LENGTH,
    WIDEST,
    Book,
    heading,
    new_workbook,
    text_width,
    write_cell,
)
from clinicplan.results import write_json
from clinicplan.words import word

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

UNITS: Final = (*(unit for unit in get_args(Unit) if unit != "city"), "city")
"""One sheet a unit; figures of a whole city, which decide nothing here, come last."""
CLAUSE_COLUMNS: Final = (
    ("clause", 11), ("article", 12), ("text", 42), ("strength", 8), ("required", 26), ("actual", 46), ("status", 11),
    ("shortfall", 22), ("failing_count", 15), ("deadline", 12), ("overdue", 13), ("remarks", 40), ("reading", 44),
)  # fmt: skip
PLANNED_COLUMNS: Final = (("planned_status", 12), ("planned_actual", 46))
DOCUMENT_COLUMN: Final = ("document", 16)
NEEDS_COLUMNS: Final = (
    ("clause", 11), ("article", 12), ("text", 42), ("actual", 30), ("needs", 50), ("unknown_count", 16),
)  # fmt: skip
CASE_COLUMNS: Final = (("clause", 11), ("article", 12), ("status", 11), ("id", 16), ("name", 28), ("value", 56))
ASKED_COLUMNS: Final = (("clause", 11), ("article", 12), ("id", 16), ("name", 28), ("asked", 56))
PARTED: Final = frozenset({"required", "actual", "shortfall", "planned_actual"})
"""Cells with a line for each figure of the clause."""
DASHED: Final = frozenset({"required", "shortfall", "deadline", "overdue"})
"""Cells that say nothing where a clause has no number or no date; empty ones would look forgotten."""
STATUS_FILLS: Final = {"pass": "#DDEBF7", "fail": "#F8CBAD", "not_assessed": "#E7E6E6"}
"""Told apart in grey print by their words; the fill only helps the eye."""
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
    with new_workbook(path) as file:
        draft = any(audit.profile.draft for audit in audits)
        book = _Book(file, lang, word("policy.draft", lang) if draft else "", several=len(audits) > 1)
        book.add_summary(audits, statements)
        if len(audits) > 1:
            book.add_clauses(word("policy.sheet.all", lang), rows)
        for unit in UNITS:
            book.add_clauses(word(f"policy.subject.{unit}", lang), [row for row in rows if row["unit"] == unit])
        open_rows = [row for row in rows if row["status"] == Status.NOT_ASSESSED]
        book.add_table(word("policy.sheet.not_assessed", lang), NEEDS_COLUMNS, map(book.needs_cells, open_rows))
        book.add_table(word("policy.sheet.failing", lang), CASE_COLUMNS, book.case_cells(rows, "failing"))
        book.add_table(word("policy.sheet.unknown", lang), ASKED_COLUMNS, book.case_cells(rows, "unknown"))
        for title, listing in _listings(audits, lang):
            book.add_listing(title, listing)


@dataclass(frozen=True, eq=False)
class _Book(Book):
    """The workbook of an audit being written."""

    several: bool = False

    def add_summary(self, audits: Sequence[Audit], statements: Sequence[str]) -> None:
        """Write the first sheet: which document, which day, how many of each verdict, what must be said."""
        sheet = self.sheet(word("policy.sheet.summary", self.lang))
        sheet.set_column(0, 0, 70)
        sheet.set_column(1, len(Status) + 1, 12)
        sheet.set_column(len(Status) + 2, len(Status) + 2, 18)
        title = f"{audits[0].settings.county}{_title(self.lang)}"
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=16))
        head = [heading("document", self.lang), *(word(f"policy.status.{status}", self.lang) for status in Status)]
        for column, text in enumerate([*head, *(heading(name, self.lang) for name in ("total", "document_id"))]):
            sheet.write_string(2, column, text, self.head_format())
        cell = self.format(border=1, text_wrap=True, valign="top")
        for number, audit in enumerate(audits, 3):
            counts = [audit.counts[str(status)] for status in Status]
            values = [document_line(audit, self.lang), *counts, sum(counts), audit.profile.id]
            for column, value in enumerate(values):
                write_cell(sheet, number, column, value, cell)
        lines = [*head_lines(audits[0], self.lang), *statements]
        for number, line in enumerate(lines):
            sheet.write_string(4 + len(audits) + number, 0, line, self.format(valign="top"))

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
        sheet.set_paper(A3)
        place = [name for name, _ in columns].index("status")
        for number, row in enumerate(rows, 1):
            fill = STATUS_FILLS.get(row["status"], "#FFFFFF")
            text = word(f"policy.status.{row['status']}", self.lang)
            sheet.write_string(number, place, text, self.format(border=1, valign="top", align="center", bg_color=fill))

    def add_table(
        self,
        title: str,
        columns: Sequence[tuple[str | Phrase, float]],
        rows: Iterable[Sequence[Any]],
        *,
        document: bool = True,
    ) -> Worksheet:
        """Write a table, with a column for the document where there are several."""
        if self.several and document:
            columns = (DOCUMENT_COLUMN, *columns)
        return super().add_table(title, columns, rows)

    def add_listing(self, title: str, listing: Listing) -> None:
        """Write one list of a finding, without columns that hold nothing; columns are as wide as what they hold."""
        rows = [[self._plain(cell) for cell in row] for row in listing.rows]
        kept = [place for place in range(len(listing.columns)) if any(row[place] not in (None, "") for row in rows)]
        columns = []
        for place in kept:
            name = listing.columns[place]
            key = name if "." in name else f"policy.column.{name}"
            texts = [heading(key, self.lang), *("" if row[place] is None else str(row[place]) for row in rows)]
            columns.append((key, min(WIDEST, max(NARROWEST, 3 + max(map(text_width, texts))))))
        self.add_table(title, columns, ([row[place] for place in kept] for row in rows), document=False)

    def needs_cells(self, row: Row) -> list[Any]:
        """Return what a clause that could not be assessed lacks: whole columns by name, single cells by their list."""
        needs = needs_text(row["needs"], self.lang) or word("policy.see_list", self.lang)
        cells = [row["clause"], row["article"], row["text"], self._parted(row["actual"]), needs, len(row["unknown"])]
        return [row["document"], *cells] if self.several else cells

    def case_cells(self, rows: list[Row], key: str) -> Iterable[list[Any]]:
        """Yield one row a unit that fails, with the verdict on its clause, or one that is to be asked for."""
        for row in rows:
            verdict = [self._clause_cell(row, "status")] if key == "failing" else []
            for case in row[key]:
                cells = [row["clause"], row["article"], *verdict, case["id"], case["name"], case["value"]]
                yield [row["document"], *cells] if self.several else cells

    def _clause_cell(self, row: Row, name: str) -> Any:
        if name in {"strength", "status", "planned_status"}:
            group = name.removeprefix("planned_")
            return word(f"policy.{group}.{row[name]}", self.lang) if row.get(name) else ""
        if name == "failing_count":
            return len(row["failing"])
        if name == "overdue":
            return DASH if row["overdue"] is None else self._term(overdue=row["overdue"])
        if name == "remarks":
            return "\n".join(row["remarks"])
        text = row.get(name) or ""
        if name in PARTED:
            text = self._parted(text)
        return DASH if name in DASHED and not text else text

    def _parted(self, text: str) -> str:
        """Give every figure a line of its own."""
        return text.replace(PART_MARK[self.lang], "\n")

    def _term(self, *, overdue: bool) -> str:
        return word(f"policy.term.{'overdue' if overdue else 'due'}", self.lang)

    def _plain(self, cell: Any) -> Any:
        return cell.text(self.lang) if isinstance(cell, Phrase) else cell


def head_lines(audit: Audit, lang: Language) -> list[str]:
    """Return what every output of an audit says: day, basis, that it decides nothing."""
    basis = word(f"policy.{'hukou' if audit.settings.hukou else 'resident'}", lang)
    day = audit.settings.day
    return [
        word("policy.day", lang, day=word("policy.date", lang, year=day.year, month=day.month, day=day.day)),
        word("policy.basis", lang, basis=basis),
        word("policy.decides_nothing", lang),
    ]


def document_line(audit: Audit, lang: Language) -> str:
    """Name the document, its number, and that it is a draft where it is."""
    profile = audit.profile
    title = profile.title if lang == "zh" else profile.title_en
    line = word("policy.against", lang, title=title, number=profile.number).rstrip()
    return line + word("policy.in_brackets", lang, text=draft_text(profile, lang)) if profile.draft else line


def _title(lang: Language) -> str:
    return word("policy.title", lang) if lang == "zh" else f": {word('policy.title', lang)}"


def _sheet_title(title: str, clause: str) -> str:
    """Return the name of a list's sheet; where it is too long the title is cut and the clause stays."""
    room = max(0, SHEET_NAME_LENGTH - 1 - len(clause))
    return f"{title[:room].rstrip()} {clause}"


def _listings(audits: Sequence[Audit], lang: Language) -> Iterable[tuple[str, Listing]]:
    """Yield every list once: the same rows under several clauses or documents make one sheet."""
    seen: set[Listing] = set()
    for audit in audits:
        for result in audit:
            for listing in result.finding.listings:
                if listing.rows and listing not in seen:
                    seen.add(listing)
                    yield (_sheet_title(word(listing.key, lang), result.clause.id), listing)
