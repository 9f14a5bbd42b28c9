"""Find the table in a sheet: title rows, headers over two rows, totals, notes, repeated and second tables."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from clinicplan.layers.cells import clean
from clinicplan.layers.headers import (
    HeaderReading,
    count_hits,
    is_known_header,
    match_header,
    name_columns,
    read_headers,
)
from clinicplan.terms import REQUIRED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinicplan.errors import Fault
    from clinicplan.layers.origin import Origin

ROW_LAYERS: Final = ("villages", "facilities", "natural_villages", "candidates")
"""Layers whose columns decide figures; attributes of the others are kept without a word."""
HEADER_ROWS_SEARCHED: Final = 15
FEWEST_HITS: Final = 2
SURE_HITS: Final = 3
_FIRST_CELLS: Final = 4
"""Cells of a row that are looked at before it is compared with the whole alias table."""

_TOTAL: Final = re.compile(r".{0,12}(合计|总计|小计|共计|总和)([:：(（].*)?|(grand)?total|subtotal", re.IGNORECASE)
_REMARK: Final = re.compile(
    r"(备注|注|说明|填表说明|填表人|填报人|制表人|审核人|负责人|单位负责人|统计负责人|联系电话|联系人|填报日期|报出日期|填报单位|数据来源|资料来源|source|note)s?"
    r"\s*[:：].*|备注|注|(注|说明)\d.*",
    re.IGNORECASE,
)
_TOTAL_SIGNS: Final = ("计", "总", "otal", "OTAL")
_REMARK_SIGNS: Final = (":", "：", "注")
_NUMBER: Final = re.compile(r"[-+]?[\d.,%]+")
_PARENT_NAME: Final = re.compile(r".*(镇|乡|街道|街道办事处|县|区|市|省)")
_LABEL_COLUMNS: Final = frozenset(
    {"village_id", "facility_id", "natural_village_id", "candidate_id", "name", "township", "village_name"}
)

Merge = tuple[int, int, int, int]
"""First row, first column, last row, last column of merged cells, counted from 0, inclusive."""


@dataclass(frozen=True)
class Grid:
    """The cells of a sheet as text.

    Parameters
    ----------
    cells
        Rows of cells from the first row of the sheet; rows may differ in length.
    merges
        Merged cells.
    name
        Name of the sheet; empty for text files.
    """

    cells: list[list[str]]
    merges: tuple[Merge, ...] = ()
    name: str = ""


class Header(NamedTuple):
    """The header of a table in a sheet."""

    row: int
    """Row of the sheet, counted from 0."""
    first_data_row: int
    texts: list[str]
    """One text a position, empty where a column has no header."""
    hits: int


@dataclass(frozen=True)
class SheetTable:
    """The table found in a sheet.

    Parameters
    ----------
    columns
        Column name -> cells: our name where recognised, else the file's header.
    rows
        Row of the sheet of each cell, the first row being 1.
    headers
        Our column name -> the header in the file.
    missing_overrides
        Entries of the region's `columns` whose header the sheet does not have.
    faults
        What was guessed or left out.
    """

    columns: dict[str, list[str]]
    rows: list[int]
    headers: dict[str, str]
    missing_overrides: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]


@dataclass
class _Dropped:
    """Rows left out, by reason, counted from 0."""

    by_reason: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def find_header(grid: Grid, layer: str, overrides: Mapping[str, str]) -> Header | None:
    """Find the header row among the first rows of a sheet: the first with the most recognised headers.

    Parameters
    ----------
    grid
        The sheet.
    layer, overrides
        As in `headers.read_headers`.

    Returns
    -------
    header
        None where no row has two recognised headers.
    """
    found = [_header_at(grid, row, layer, overrides) for row in range(min(HEADER_ROWS_SEARCHED, len(grid.cells)))]
    # max keeps the first of equals.
    best = max(found, key=lambda header: header.hits, default=None)
    return best if best and best.hits >= FEWEST_HITS else None


def read_sheet(grid: Grid, header: Header, origin: Origin, overrides: Mapping[str, str]) -> SheetTable:
    """Read the table below a header, and tables below it that have the same headers.

    Parameters
    ----------
    grid, header
        The sheet and what `find_header` found in it.
    origin
        Layer and file, for the faults.
    overrides
        Our column name = the header in the file.

    Returns
    -------
    table
        Rows of totals, notes and township headings are left out and reported.
    """
    strips = _side_by_side(header.texts)
    reading = read_headers([header.texts[position] for position in strips[0]], origin.layer, overrides)
    names = name_columns([header.texts[position] for position in strips[0]], reading)
    shape = _Shape(origin.layer, names, frozenset(reading.columns.values()), grid.merges)
    dropped = _Dropped()
    body = _body_rows(grid, header, origin.layer, dropped)
    columns: dict[str, list[str]] = {name: [] for name in names.values()}
    rows: list[int] = []
    for strip in strips:
        cells = _filled_townships(grid, body, strip, names)
        for row in body:
            if shape.keep(cells[row], row, dropped):
                rows.append(row + 1)
                for position, name in names.items():
                    columns[name].append(cells[row][position])
    headers = {name: header.texts[strips[0][position]] for position, name in names.items()}
    faults = (
        *header_faults(reading, origin),
        *_row_faults(dropped, origin),
        *_layout_faults(grid, header, strips, origin),
    )
    return SheetTable(columns, rows, headers, reading.missing_overrides, faults)


def header_faults(reading: HeaderReading, origin: Origin) -> list[Fault]:
    """Say which headers were understood by a guess and which were left for a better one."""
    faults: list[Fault] = []
    if reading.guesses:
        listed = _pairs(reading.guesses)
        faults.append(origin.note("header_guessed", headers=listed, count=len(reading.guesses)))
    if reading.unused:
        faults.append(origin.note("header_unused", headers=_pairs(reading.unused), count=len(reading.unused)))
    if reading.unknown and origin.layer in ROW_LAYERS:
        listed = ", ".join(clean(header)[:20] for header in reading.unknown)
        faults.append(origin.note("header_unknown", headers=listed, count=len(reading.unknown)))
    return faults


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{clean(header)} = {column}" for header, column in pairs)


def _header_at(grid: Grid, row: int, layer: str, overrides: Mapping[str, str]) -> Header:
    """Read a row as the header, joined with a second header row where there is one."""
    top = [clean(cell) for cell in grid.cells[row]]
    below = [clean(cell) for cell in grid.cells[row + 1]] if row + 1 < len(grid.cells) else []
    width = max(len(top), len(below))
    top, below = top + [""] * (width - len(top)), below + [""] * (width - len(below))
    hits = count_hits(top, layer, overrides)
    # A title or 填报单位 line above the header has no hits of its own.
    if hits < FEWEST_HITS or not _is_second_header(top, below):
        return Header(row, row + 1, top, hits)
    texts = [_joined_header(upper, lower, layer) for upper, lower in zip(_spread(top), below, strict=True)]
    texts = [text if top[position] or below[position] else "" for position, text in enumerate(texts)]
    columns = {match.column for text in texts if text and (match := match_header(text, layer))}
    return Header(row, row + 2, texts, len(columns))


def _joined_header(upper: str, lower: str, layer: str) -> str:
    """Join the two parts of a header; the lower part alone where only that is recognised."""
    joined = upper + lower
    if not lower or match_header(joined, layer):
        return joined
    return lower if match_header(lower, layer) else joined


def _spread(top: list[str]) -> list[str]:
    """Carry each header over the empty cells to its right: a merged header stands in its first cell only."""
    carried = ""
    return [carried := cell or carried for cell in top]


def _is_second_header(top: list[str], below: list[str]) -> bool:
    """Tell whether a row continues the header: only words, and only under headers that span several columns."""
    filled = [position for position, cell in enumerate(below) if cell]
    if len(filled) < FEWEST_HITS or any(_NUMBER.fullmatch(below[position]) for position in filled):
        return False
    first = next((position for position, cell in enumerate(top) if cell), 0)
    wide = {
        position
        for position in range(first, len(top))
        if not top[position] or (position + 1 < len(top) and not top[position + 1])
    }
    return all(position in wide for position in filled) and any(not top[position] for position in filled)


def _side_by_side(texts: list[str]) -> list[list[int]]:
    """Return the positions of each copy of a table printed in several columns of the sheet; usually one."""
    filled = [position for position, text in enumerate(texts) if text]
    for copies in (4, 3, 2):
        size, rest = divmod(len(filled), copies)
        if rest or size < FEWEST_HITS:
            continue
        strips = [filled[start : start + size] for start in range(0, len(filled), size)]
        if len({tuple(texts[position] for position in strip) for strip in strips}) == 1:
            return strips
    return [filled]


def _body_rows(grid: Grid, header: Header, layer: str, dropped: _Dropped) -> list[int]:
    """List the rows of the table, leaving out repeated headers and tables of another kind below."""
    body: list[int] = []
    same, after_remark = True, False
    for row in range(header.first_data_row, len(grid.cells)):
        cells = grid.cells[row]
        filled = [cell for cell in cells if cell.strip()]
        if not filled:
            continue
        if _looks_like_header(cells):
            same = _is_same_header(grid, row, header, layer)
            dropped.by_reason["repeated_header" if same else "second_table"].append(row)
        elif not same:
            dropped.by_reason["second_table"].append(row)
        elif _is_remark(filled[0]) or (after_remark and len(filled) == 1):
            after_remark = True
            dropped.by_reason["remark_rows"].append(row)
        else:
            body.append(row)
    return body


def _is_total(cell: str) -> bool:
    # Most cells are settled without the pattern: tables may have tens of thousands of rows.
    return any(sign in cell for sign in _TOTAL_SIGNS) and _TOTAL.fullmatch(clean(cell).replace(" ", "")) is not None


def _is_remark(cell: str) -> bool:
    return any(sign in cell for sign in _REMARK_SIGNS) and _REMARK.fullmatch(clean(cell)) is not None


def _looks_like_header(cells: list[str]) -> bool:
    """Tell whether a row below the header is another header, of this layer or another."""
    if any(cell.isdigit() for cell in cells):
        return False
    first = [cell for cell in cells if cell.strip()][:_FIRST_CELLS]
    if sum(is_known_header(cell) or clean(cell) == "序号" for cell in first) < FEWEST_HITS:
        return False
    return any(count_hits(cells, layer, {}) >= SURE_HITS for layer in REQUIRED_COLUMNS)


def _is_same_header(grid: Grid, row: int, header: Header, layer: str) -> bool:
    if [clean(cell) for cell in grid.cells[row] if cell.strip()] == [
        clean(cell) for cell in grid.cells[header.row] if cell.strip()
    ]:
        return True
    below = [clean(cell) for cell in grid.cells[row]] + [""] * len(header.texts)
    return all(_meaning(below[position], layer) == _meaning(text, layer) for position, text in enumerate(header.texts))


def _meaning(text: str, layer: str) -> str:
    match = match_header(text, layer) if text else None
    return match.column if match else text


def _filled_townships(grid: Grid, body: list[int], strip: list[int], names: dict[int, str]) -> dict[int, list[str]]:
    """Return the cells of each row of one copy of the table, merged township cells filled downwards."""
    cells = {row: [_cell(grid, row, position) for position in strip] for row in body}
    township = next((position for position, name in names.items() if name == "township"), None)
    if township is None:
        return cells
    for top, left, bottom, right in grid.merges:
        if left <= strip[township] <= right and bottom > top:
            for row in range(top + 1, bottom + 1):
                if row in cells and not cells[row][township].strip():
                    cells[row][township] = _cell(grid, top, left)
    return cells


def _cell(grid: Grid, row: int, position: int) -> str:
    cells = grid.cells[row]
    return cells[position] if position < len(cells) else ""


@dataclass(frozen=True)
class _Shape:
    """What tells the objects of a table from its other rows."""

    layer: str
    names: dict[int, str]
    recognised: frozenset[str]
    merges: tuple[Merge, ...]

    def keep(self, cells: list[str], row: int, dropped: _Dropped) -> bool:
        """Tell whether a row is one of the table's objects; note why not."""
        reason = self._reason_to_drop(cells, row)
        if reason and reason != "empty":
            dropped.by_reason[reason].append(row)
        return not reason

    def _reason_to_drop(self, cells: list[str], row: int) -> str:
        filled = [position for position, cell in enumerate(cells) if cell.strip()]
        if not filled:
            return "empty"
        labels = [position for position in filled if self.names.get(position) in _LABEL_COLUMNS]
        if any(_is_total(cells[position]) for position in {filled[0], *labels}):
            return "total_rows"
        ours = {name for position in filled if (name := self.names.get(position, "")) in self.recognised}
        if not ours or (ours == {"township"} and self.layer != "townships"):
            return "numbered_rows"
        if len(filled) == 1 and self._spans(row):
            return "heading_rows"
        return "parent_rows" if self.layer == "villages" and self._is_parent(cells) else ""

    def _spans(self, row: int) -> bool:
        return any(top <= row <= bottom and right - left >= 2 for top, left, bottom, right in self.merges)

    def _is_parent(self, cells: list[str]) -> bool:
        """Tell whether a row is a township or county: a code that ends in 000, or a short code and such a name."""
        by_name = {name: cells[position] for position, name in self.names.items()}
        code = re.sub(r"\.0*$|\s", "", clean(by_name.get("village_id", "")))
        if re.fullmatch(r"\d{9}000", code):
            return True
        return bool(re.fullmatch(r"\d{6}|\d{9}", code) and _PARENT_NAME.fullmatch(clean(by_name.get("name", ""))))


def _row_faults(dropped: _Dropped, origin: Origin) -> list[Fault]:
    return [
        origin.note(reason, rows=sorted({row + 1 for row in rows}))
        for reason, rows in sorted(dropped.by_reason.items())
    ]


def _layout_faults(grid: Grid, header: Header, strips: list[list[int]], origin: Origin) -> list[Fault]:
    """Say what was unusual about the sheet: few headers, several copies side by side, values without a header."""
    faults: list[Fault] = []
    if header.hits < SURE_HITS:
        faults.append(origin.note("few_headers", rows=(header.row + 1,), headers=", ".join(filter(None, header.texts))))
    if above := _filled_rows_above(grid, header):
        faults.append(origin.note("rows_above_header", rows=above))
    if len(strips) > 1:
        faults.append(origin.note("side_by_side", rows=(header.row + 1,), copies=len(strips)))
    covered = {position for strip in strips for position in strip}
    bare = {
        position
        for cells in grid.cells[header.first_data_row :]
        for position, cell in enumerate(cells)
        if position not in covered and cell.strip()
    }
    if bare:
        letters = ", ".join(_letter(position) for position in sorted(bare))
        faults.append(origin.note("columns_without_header", columns=letters, count=len(bare)))
    return faults


def _filled_rows_above(grid: Grid, header: Header) -> list[int]:
    """List rows above the header that look like objects, not like a title: half as wide as it, with a number."""
    width = sum(bool(text) for text in header.texts)
    found = []
    for row in range(header.row):
        filled = [clean(cell) for cell in grid.cells[row] if cell.strip()]
        if len(filled) > width / 2 and any(_NUMBER.fullmatch(cell) for cell in filled):
            found.append(row + 1)
    return found


def _letter(position: int) -> str:
    """Return a column's letter in a spreadsheet, counted from 0."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
