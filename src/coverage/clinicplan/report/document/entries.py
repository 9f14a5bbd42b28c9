"""Hold what a chapter is made of: headings, sentences, tables and the places of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource

Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name
        Its header.
    width
        Its part of the width, relative to the others.
    align
        Where its cells stand.
    group
        Header over this and the neighbouring columns with the same one; empty without.
    """

    name: str
    width: float
    align: Align = "right"
    group: str = ""


@dataclass(frozen=True)
class TableEntry:
    """A table of the document.

    Parameters
    ----------
    number
        表号 without 表: `3-2`; `附1` for the first annex table.
    title
        表题.
    columns, rows
        Headers, and text cell by cell.
    unit
        Stands at the upper right.
    has_total
        Whether the last row is the total.
    notes
        What only this table has to say.
    lacks
        Why there is nothing to lay out; the table has no grid then.
    """

    number: str
    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    unit: str = ""
    has_total: bool = False
    notes: tuple[str, ...] = ()
    lacks: str = ""


@dataclass(frozen=True)
class FigurePlace:
    """Where a figure stands, drawn or not.

    Parameters
    ----------
    number, key, title
        图号, name of its file, 图名.
    """

    number: str
    key: str
    title: str


@dataclass(frozen=True)
class Heading:
    """A heading of the table of contents; nothing else stands where the bureau writes."""

    text: str
    level: int


@dataclass(frozen=True)
class Sentence:
    """A computed sentence and the table that it agrees with; `table` is empty where there is none."""

    text: str
    table: str = ""


@dataclass(frozen=True)
class Blank:
    """Room for the bureau's own words."""


Block = Heading | Sentence | Blank | TableEntry | FigurePlace


@dataclass(frozen=True)
class Sheet:
    """A table being laid out in the words of the document.

    Parameters
    ----------
    source
        Gives the words.
    number
        表号.
    key
        Names its title in the vocabulary.
    """

    source: DocumentSource
    number: str
    key: str
    values: dict[str, object] = field(default_factory=dict)

    def column(self, key: str, width: float, align: Align = "right", group: str = "") -> Column:
        """Return a column whose header is in the vocabulary."""
        return Column(self.source.say(f"column.{key}"), width, align, group)

    def filled(
        self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, unit: str = "", total: bool = False,
        notes: Sequence[str] = (),
    ) -> TableEntry:  # fmt: skip
        """Return the table with its rows; a table without any says so."""
        lacks = "" if rows else self.source.say("lack.no_rows")
        return TableEntry(
            self.number, self.title, tuple(columns), tuple(tuple(row) for row in rows), unit, total and bool(rows),
            tuple(notes), lacks,
        )  # fmt: skip

    def lacking(self, reason: str, **values: Any) -> TableEntry:
        """Return the table's place and why it is empty."""
        return TableEntry(self.number, self.title, lacks=self.source.say(f"lack.{reason}", **values))

    @property
    def title(self) -> str:
        """表题 in the trade's words."""
        return self.source.say(f"table.{self.key}", **self.values)


ANNEX: str = "附"
"""Begins the number of a table of the annex."""


def table_label(source: DocumentSource, number: str) -> str:
    """Return 表号 as it is printed, such as 表3-2 or 附表1."""
    if number.startswith(ANNEX):
        return source.say("label.annex", number=number.removeprefix(ANNEX))
    return source.say("label.table", number=number)
