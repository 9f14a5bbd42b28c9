"""Read any table or vector file of a county into text cells, columns named as ours where their headers are known.

Workbooks (.xlsx, .xls, .ods), text tables (.csv, .tsv, .txt) and every vector format of GDAL. What the file is counts,
not what it is called: a workbook named .csv is read as a workbook. Nothing is interpreted here but headers, and rows
that are no objects (totals, notes) are left out; values stay as they were written.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from clinicplan.layers.cells import cell_text, clean
from clinicplan.layers.encodings import UnknownEncodingError, decode_text
from clinicplan.layers.headers import (
    count_hits,
    known_columns,
    name_columns,
    nearest_header,
    read_headers,
    usual_header,
)
from clinicplan.layers.origin import Origin
from clinicplan.layers.sheets import FEWEST_HITS, Grid, Header, SheetTable, find_header, header_faults, read_sheet
from clinicplan.layers.vectors import read_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clinicplan.errors import Fault, LayerError
    from clinicplan.region import LayerSource

WORKBOOKS: Final = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et"})
TEXT_TABLES: Final = frozenset({".csv", ".tsv", ".txt"})
_ZIP_MARK, _OLE_MARK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS: Final = ",\t;，|"
_MOST_HEADERS_SHOWN: Final = 15


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as it stands in the file.

    Parameters
    ----------
    frame
        Text cells, empty text where empty; columns are ours where recognised, else the file's header.
    rows
        Shape (rows): row of the sheet (the first row is 1), or number of the feature counted from 1.
    headers
        Our column name -> the header in the file.
    geometry
        Shapes with the file's coordinate system, None for tables without shapes.
    faults
        What was guessed or left out on the way.
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    headers: dict[str, str]
    geometry: gpd.GeoSeries | None = None
    faults: tuple[Fault, ...] = field(default=())

    def __repr__(self) -> str:
        shapes = "" if self.geometry is None else " with shapes"
        return f"RawTable({len(self.frame)} rows, {', '.join(map(str, self.frame.columns))}{shapes})"

    def cells(self, column: str) -> list[str]:
        """Return a column's cells; empty cells where there is no such column."""
        if column not in self.frame.columns:
            return [""] * len(self.frame)
        cells: list[str] = self.frame[column].tolist()
        return cells


def read_table(source: LayerSource, path: Path, layer: str) -> RawTable:
    """Read the file of a layer.

    Parameters
    ----------
    source
        Encoding, sheet, layer and columns as the region states them.
    path
        The file.
    layer
        Name of the layer, which decides the headers that are recognised.

    Returns
    -------
    table
        At least one row.

    Raises
    ------
    LayerError
        Missing file, folder in its place, unreadable or empty file, no header recognised, a header named by the region
        that the file does not have.
    """
    origin = Origin(layer, source.path)
    check_file(path, origin)
    read = _features_table if path.is_dir() else _read_by_content
    table = read(source, path, origin)
    if len(table.frame) == 0:
        raise origin.stop("empty_layer")
    return table


def check_file(path: Path, origin: Origin) -> None:
    """Raise `LayerError` if the file does not exist or is a folder (an ESRI file geodatabase is one)."""
    if path.is_dir() and path.suffix.lower() != ".gdb":
        raise origin.stop("folder_in_place")
    if not path.exists():
        raise origin.stop("missing_file", path=str(path))


def _read_by_content(source: LayerSource, path: Path, origin: Origin) -> RawTable:
    """Choose the reader by the first bytes, then by the name."""
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise origin.stop("empty_layer")
    tabular = suffix in WORKBOOKS | TEXT_TABLES
    if tabular and start.startswith((_ZIP_MARK, _OLE_MARK)):
        return _workbook_table(source, path, origin)
    if tabular:
        return _text_table(source, path, origin)
    return _features_table(source, path, origin)


# Text tables


def _text_table(source: LayerSource, path: Path, origin: Origin) -> RawTable:
    data = path.read_bytes()
    try:
        text, encoding = decode_text(data, source.encoding)
    except UnknownEncodingError as error:
        raise origin.stop("unreadable_text", tried=str(error)) from None
    if re.match(r"\s*<(!doctype|html|\?xml|table)", text[:200], re.IGNORECASE):
        raise origin.stop("web_page")
    if "\0" in text:
        raise origin.stop("unreadable_text", tried=encoding)
    grid = Grid(_split_text(text, source, origin))
    header = find_header(grid, origin.layer, source.columns)
    if header is None:
        raise _no_header(grid.cells, source, origin)
    _check_row_lengths(grid, header, origin)
    table = read_sheet(grid, header, origin, source.columns)
    notes = [origin.note("not_a_workbook")] if path.suffix.lower() in WORKBOOKS else []
    return _raw_table(table, origin, (*notes, *_short_rows(grid, header, origin)))


def _split_text(text: str, source: LayerSource, origin: Origin) -> list[list[str]]:
    """Split a text table into cells, refusing quotes that swallow rows."""
    delimiter = _delimiter(text, source, origin)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        raise origin.stop("stray_quote", rows=(len(rows) + 1,), detail=str(error)) from None
    width = max((len(row) for row in rows), default=0)
    swallowed = [
        number
        for number, row in enumerate(rows, start=1)
        if any("\n" in cell and cell.count(delimiter) >= max(width - 1, 2) for cell in row)
    ]
    if swallowed:
        raise origin.stop("stray_quote", rows=swallowed, detail=f"{len(swallowed)}")
    return rows


def _delimiter(text: str, source: LayerSource, origin: Origin) -> str:
    """Return the delimiter with which the header is recognised best; the more frequent of equals."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:15]

    def score(delimiter: str) -> tuple[int, int, int]:
        hits = max((count_hits(line.split(delimiter), origin.layer, source.columns) for line in lines), default=0)
        return hits, sum(line.count(delimiter) for line in lines), -_DELIMITERS.index(delimiter)

    return max(_DELIMITERS, key=score)


def _check_row_lengths(grid: Grid, header: Header, origin: Origin) -> None:
    """Refuse rows with more values than the header: an unquoted delimiter has shifted them."""
    width = len(grid.cells[header.row])
    long = [
        row + 1
        for row in range(header.first_data_row, len(grid.cells))
        if any(cell.strip() for cell in grid.cells[row][width:])
    ]
    if long:
        raise origin.stop("shifted_rows", rows=long, count=len(long), width=width)


def _short_rows(grid: Grid, header: Header, origin: Origin) -> list[Fault]:
    width = max((position + 1 for position, text in enumerate(header.texts) if text), default=0)
    body = range(header.first_data_row, len(grid.cells))
    short = [row + 1 for row in body if 1 < len(grid.cells[row]) < width and any(map(str.strip, grid.cells[row]))]
    return [origin.note("short_rows", rows=short, count=len(short))] if short else []


# Workbooks


def _workbook_table(source: LayerSource, path: Path, origin: Origin) -> RawTable:
    data = path.read_bytes()
    book = _open_workbook(data, origin)
    names = _sheets_to_try(book, source, origin)
    found: list[tuple[int, Grid, Header]] = []
    seen: list[list[str]] = []
    for name in names:
        grid = _sheet_grid(book, name, origin)
        seen.extend(grid.cells[:1])
        if header := find_header(grid, origin.layer, source.columns):
            found.append((header.hits, grid, header))
    if not found:
        raise _no_header(seen, source, origin)
    _, grid, header = max(found, key=lambda item: item[0])
    table = read_sheet(grid, header, origin, source.columns)
    notes = [
        *_other_sheets(book, source, grid.name, [found_grid.name for _, found_grid, _ in found], origin),
        *_hidden_rows(data, grid.name, header, origin),
    ]
    return _raw_table(table, origin, notes)


def _open_workbook(data: bytes, origin: Origin) -> Any:
    import python_calamine

    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001  # the reader raises its own kinds and plain ones for broken files
        raise origin.stop("unreadable_file", detail=_one_line(error)) from None


def _sheets_to_try(book: Any, source: LayerSource, origin: Origin) -> list[str]:
    """Return the sheet the region names, else the visible ones, else all."""
    if source.sheet is not None:
        if source.sheet not in book.sheet_names:
            raise origin.stop("unknown_sheet", sheet=source.sheet, sheets=", ".join(book.sheet_names))
        return [source.sheet]
    return [name for name in book.sheet_names if name not in _hidden_sheets(book)] or list(book.sheet_names)


def _hidden_sheets(book: Any) -> list[str]:
    return [sheet.name for sheet in book.sheets_metadata if not str(sheet.visible).endswith(".Visible")]


def _sheet_grid(book: Any, name: str, origin: Origin) -> Grid:
    try:
        sheet = book.get_sheet_by_name(name)
        values = sheet.to_python(skip_empty_area=False)
        merges = sheet.merged_cell_ranges or ()
    except Exception as error:  # noqa: BLE001  # as in _open_workbook
        raise origin.stop("unreadable_file", detail=_one_line(error)) from None
    cells = [[cell_text(value) for value in row] for row in values]
    return Grid(cells, tuple((top, left, bottom, right) for (top, left), (bottom, right) in merges), name)


def _other_sheets(book: Any, source: LayerSource, used: str, recognised: list[str], origin: Origin) -> list[Fault]:
    """Say which other sheets looked like this layer, and which are hidden."""
    if source.sheet is not None:
        return []
    others = [name for name in recognised if name != used]
    hidden = [name for name in _hidden_sheets(book) if name != used]
    faults: list[Fault] = []
    if others:
        faults.append(origin.note("other_sheets", used=used, sheets=", ".join(others), count=len(others)))
    if hidden:
        faults.append(origin.note("hidden_sheets", sheets=", ".join(hidden), count=len(hidden)))
    return faults


def _hidden_rows(data: bytes, sheet: str, header: Header, origin: Origin) -> list[Fault]:
    """Say which rows of an .xlsx sheet are hidden: they are read all the same."""
    xml = _sheet_xml(data, sheet)
    numbers = (
        int(number.group(1))
        for row in re.finditer(rb"<(?:\w+:)?row\b[^>]*>", xml)
        if re.search(rb'\bhidden="(1|true)"', row.group()) and (number := re.search(rb'\br="(\d+)"', row.group()))
    )
    hidden = [number for number in numbers if number > header.first_data_row]
    return [origin.note("hidden_rows", rows=hidden, count=len(hidden))] if hidden else []


def _sheet_xml(data: bytes, sheet: str) -> bytes:
    """Return the part of an .xlsx file that holds a sheet, empty where the file is of another kind."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
            links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
            tags = [tag for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book) if _attribute(tag, "name") == sheet]
            wanted = _attribute(tags[0], "id")
            targets = {
                _attribute(tag, "Id"): _attribute(tag, "Target") for tag in re.findall(r"<Relationship\b[^>]*>", links)
            }
            return archive.read("xl/" + targets[wanted].removeprefix("/xl/"))
    except (zipfile.BadZipFile, KeyError, IndexError):
        return b""


def _attribute(tag: str, name: str) -> str:
    import html

    match = re.search(rf'(?:\s|:){name}="([^"]*)"', tag)
    return html.unescape(match.group(1)) if match else ""


# Vector files


def _features_table(source: LayerSource, path: Path, origin: Origin) -> RawTable:
    features, faults = read_features(source, path, origin)
    shapes = features.geometry if isinstance(features, gpd.GeoDataFrame) else None
    kept = [position for position, name in enumerate(features.columns) if shapes is None or name != shapes.name]
    names = [str(features.columns[position]) for position in kept]
    reading = read_headers(names, origin.layer, source.columns, cut=path.suffix.lower() in (".shp", ".dbf", ".zip"))
    if reading.missing_overrides:
        raise _bad_columns(reading.missing_overrides, names, origin)
    # By position: names may have become equal where they were cut.
    columns = {
        name: _text_column(features.iloc[:, kept[position]]) for position, name in name_columns(names, reading).items()
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(features)), dtype=object)
    headers = {column: names[position] for position, column in reading.columns.items()}
    rows = np.arange(1, len(features) + 1, dtype=np.int64)
    shapes = None if shapes is None else gpd.GeoSeries(shapes.reset_index(drop=True), crs=shapes.crs)
    return RawTable(frame, rows, headers, shapes, (*faults, *header_faults(reading, origin)))


def _text_column(values: pd.Series[Any]) -> list[str]:
    return [cell_text(value) for value in values]


# Common ends


def _raw_table(table: SheetTable, origin: Origin, notes: Sequence[Fault]) -> RawTable:
    if table.missing_overrides:
        headers = [clean(header) for header in table.headers.values()]
        raise _bad_columns(table.missing_overrides, headers, origin)
    frame = pd.DataFrame(table.columns, index=pd.RangeIndex(len(table.rows)), dtype=object)
    rows = np.asarray(table.rows, dtype=np.int64)
    return RawTable(frame, rows, table.headers, None, (*notes, *table.faults))


def _bad_columns(missing: Sequence[tuple[str, str]], headers: list[str], origin: Origin) -> LayerError:
    column, header = missing[0]
    near = nearest_header(origin.layer, header, headers) or nearest_header(origin.layer, column, headers)
    listed = ", ".join(f'{name} = "{stated}"' for name, stated in missing)
    code = "unknown_header_near" if near else "unknown_header"
    return origin.stop(code, count=len(missing), stated=listed, seen=shown_headers(headers), near=near)


def _no_header(cells: list[list[str]], source: LayerSource, origin: Origin) -> LayerError:
    """Describe a sheet in which no header is recognised by its first filled row and what would be recognised."""
    first = next((row for row in cells if any(cell.strip() for cell in row)), [])
    if not first:
        return origin.stop("empty_layer")
    wanted = [usual_header(origin.layer, column) for column in known_columns(origin.layer)[:4]]
    if source.columns:
        wanted = list(source.columns.values())
    return origin.stop("no_header", seen=shown_headers(first), wanted=", ".join(wanted), fewest=FEWEST_HITS)


def shown_headers(headers: Sequence[str]) -> str:
    """Return the first headers of a file, for a message."""
    filled = [clean(header)[:20] for header in headers if header.strip()]
    more = ", …" if len(filled) > _MOST_HEADERS_SHOWN else ""
    return ", ".join(filled[:_MOST_HEADERS_SHOWN]) + more


def _one_line(error: Exception) -> str:
    return clean(str(error))[:200] or type(error).__name__
