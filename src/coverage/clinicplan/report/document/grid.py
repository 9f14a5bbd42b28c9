"""Write a table as WordprocessingML: full grid, header rows that repeat, rows that do not break."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clinicplan.report.document.entries import Column, TableEntry

NAMESPACE: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TWIPS_PER_MM: Final = 1440 / 25.4
MARGIN_TWIPS: Final = 40
"""Between a cell's text and its lines, left and right: 0.7 mm."""
LONG_TEXT: Final = 200
"""Signs in a cell from which its row may run over two pages; shorter rows stay together."""
HEAD, BODY = "PlanTableHead", "PlanTableText"
"""Ids of the paragraph styles of cells."""


def printable(value: object) -> str:
    r"""Return a text as one line that XML can hold: control characters and direction overrides left out.

    Examples
    --------
    >>> printable("东\x00岭\n村"), printable("<b>")
    ('东 岭 村', '<b>')
    """
    kept = (" " if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} else sign for sign in str(value))
    plain = "".join(sign for sign in kept if unicodedata.category(sign) != "Cf" and ord(sign) not in (0xFFFE, 0xFFFF))
    return " ".join(plain.split())


def table_xml(table: TableEntry, width_mm: float) -> str:
    """Return the `w:tbl` of a table that has columns.

    Parameters
    ----------
    table
        What to lay out.
    width_mm
        Room between the margins.
    """
    scale = width_mm * TWIPS_PER_MM / sum(column.width for column in table.columns)
    widths = [round(column.width * scale) for column in table.columns]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    last = len(table.rows) - 1
    rows = "".join(
        _row_xml(table.columns, row, widths, bold=table.has_total and number == last)
        for number, row in enumerate(table.rows)
    )
    return (
        f'<w:tbl xmlns:w="{NAMESPACE}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>'
        f'<w:left w:w="{MARGIN_TWIPS}" w:type="dxa"/><w:right w:w="{MARGIN_TWIPS}" w:type="dxa"/></w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{_head_xml(table.columns, widths)}{rows}</w:tbl>"
    )


def _head_xml(columns: Sequence[Column], widths: list[int]) -> str:
    """Write one header row, or two where columns are grouped."""
    names = [_cell_xml(column.name, width, HEAD, "center") for column, width in zip(columns, widths, strict=True)]
    if not any(column.group for column in columns):
        return _tr(names, header=True)
    upper, lower, at = [], [], 0
    for group, members in groupby(columns, key=lambda column: column.group):
        for size in [len(list(members))] if group else [1] * len(list(members)):
            width = sum(widths[at : at + size])
            if group:
                upper.append(_cell_xml(group, width, HEAD, "center", f'<w:gridSpan w:val="{size}"/>'))
                lower += names[at : at + size]
            else:
                upper.append(_cell_xml(columns[at].name, width, HEAD, "center", '<w:vMerge w:val="restart"/>'))
                lower.append(_cell_xml("", width, HEAD, "center", "<w:vMerge/>"))
            at += size
    return _tr(upper, header=True) + _tr(lower, header=True)


def _row_xml(columns: Sequence[Column], row: Sequence[str], widths: list[int], *, bold: bool) -> str:
    cells = (
        _cell_xml(text, width, BODY, column.align, bold=bold)
        for column, text, width in zip(columns, row, widths, strict=True)
    )
    return _tr(cells, whole=max(map(len, row), default=0) <= LONG_TEXT)


def _tr(cells: Iterable[str], *, header: bool = False, whole: bool = True) -> str:
    head = "<w:tblHeader/>" if header else ""
    together = "<w:cantSplit/>" if whole else ""
    return f"<w:tr><w:trPr>{together}{head}</w:trPr>{''.join(cells)}</w:tr>"


def _cell_xml(text: str, width: int, style: str, align: str, span: str = "", *, bold: bool = False) -> str:
    run = f'<w:t xml:space="preserve">{escape(printable(text))}</w:t>'
    strong = "<w:rPr><w:b/></w:rPr>" if bold else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{span}<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/><w:jc w:val="{align}"/></w:pPr><w:r>{strong}{run}</w:r></w:p></w:tc>'
    )
