"""Read heights from an ESRI ASCII grid, the form that every GIS exports."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.datum import converter
from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.region import LayerSource
from clinicplan.words import fault

Float64 = NDArray[np.float64]
LARGEST_DEGREES: Final = 360.0


def read_heights(source: LayerSource, path: Path, crs: str, x: Float64, y: Float64) -> Float64:
    """Return the height of points from the cell that holds each.

    Parameters
    ----------
    source, path
        The layer as the region states it, and its file: an ESRI ASCII grid (`.asc`). Without a stated `crs` a grid
        within 360 units is in degrees, WGS-84, another in the county's system.
    crs
        The county's system.
    x, y
        Shape (points): metres in that system.

    Returns
    -------
    heights
        Shape (points): metres, NaN outside the grid and where the grid has no data.

    Raises
    ------
    LayerError
        If the file is no such grid.
    """
    try:
        head, cells = _grid(path.read_text(encoding="utf-8-sig"))
    except (ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise LayerError(_fault(source)) from error
    size, left, low = head["cellsize"], head["left"], head["low"]
    rows, columns = cells.shape
    in_degrees = max(abs(left), abs(low), abs(left + columns * size)) <= LARGEST_DEGREES
    system = source.crs or ("EPSG:4326" if in_degrees else crs)
    east, north = converter(crs, system).transform(x, y)
    column = np.floor((np.asarray(east) - left) / size)
    row = rows - 1 - np.floor((np.asarray(north) - low) / size)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    heights = np.full(np.shape(x), np.nan)
    heights[inside] = cells[row[inside].astype(np.int64), column[inside].astype(np.int64)]
    return heights


def _grid(text: str) -> tuple[dict[str, float], Float64]:
    """Read head and cells, the northernmost row first; cells without data are NaN."""
    words = text.split()
    head: dict[str, float] = {}
    at = 0
    while words[at][0].isalpha() and words[at].lower() != "nan":
        head[words[at].lower()] = float(words[at + 1])
        at += 2
    columns, rows = int(head["ncols"]), int(head["nrows"])
    cells = np.array(words[at:], dtype=np.float64).reshape(rows, columns)
    cells[cells == head.get("nodata_value", -9999.0)] = np.nan
    half = head["cellsize"] / 2
    if head["cellsize"] <= 0:
        raise ValueError("cellsize")
    left = head["xllcorner"] if "xllcorner" in head else head["xllcenter"] - half
    low = head["yllcorner"] if "yllcorner" in head else head["yllcenter"] - half
    return {"cellsize": head["cellsize"], "left": left, "low": low}, cells


def _fault(source: LayerSource) -> Fault:
    return fault(Severity.ERROR, "no_grid", subject="scenario", layer="elevation", file=source.path)
