"""Set rows into the county: their point, whether it lies inside, and their township."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np

from clinicplan.columns import shown_words, text_column
from clinicplan.errors import LayerError
from clinicplan.positions import locate_rows
from clinicplan.region import nearest_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinicplan.errors import Fault
    from clinicplan.origin import Origin
    from clinicplan.projections import Ground
    from clinicplan.region import LayerSource
    from clinicplan.tables import RawTable

_TOWNSHIP_DIGITS: Final = 9


def place_rows(
    table: RawTable, source: LayerSource, ground: Ground | None, origin: Origin, ids: list[str]
) -> tuple[gpd.GeoSeries | None, NDArray[np.object_], list[Fault]]:
    """Return the point of each row, what is wrong with rows that have none, and faults; None where none has one."""
    try:
        positions = locate_rows(table, source, ground, origin, ids)
    except LayerError as error:
        return None, np.full(len(table.rows), "empty", dtype=object), list(error.faults)
    return positions.points, positions.problem, list(positions.faults)


def place_faults(table: RawTable, problem: NDArray[np.object_], ids: list[str], origin: Origin) -> list[Fault]:
    """Report rows set aside for want of a place; swapped coordinates are reported where they are found."""
    without = (problem != "") & (problem != "swapped")
    if not without.any():
        return []
    counts = Counter(problem[without])
    return [
        origin.pending(
            "no_coordinates",
            rows=table.rows[without],
            ids=(ids[row] for row in np.flatnonzero(without)),
            empty=counts["empty"],
            unreadable=counts["unreadable"],
            out_of_range=counts["out_of_range"],
        )
    ]


def inside_county(points: gpd.GeoSeries, ground: Ground | None) -> NDArray[np.bool_]:
    """Tell which points lie in the county, its line included; every point does where the county is not known."""
    if ground is None:
        return np.ones(len(points), dtype=bool)
    inside: NDArray[np.bool_] = points.intersects(ground.boundary).to_numpy()
    return inside


def fill_townships(
    table: RawTable,
    codes: list[str],
    points: gpd.GeoSeries,
    townships: gpd.GeoDataFrame | None,
    origin: Origin,
) -> tuple[list[str], list[Fault]]:
    """Return the township of each row; where the cell is empty, the first of these that gives one.

    The township of other rows with the same first nine digits of the code; the cell above, where each township is
    written once and the cells below it are empty; the township's polygon. Each way is said with its rows.

    Parameters
    ----------
    table
        The layer as it stands in the file.
    codes
        The village code of each row, or another id.
    points
        The place of each row, None where unknown.
    townships
        `township, geometry`; None where the county has no such layer.
    origin
        Layer and file, for the faults.

    Returns
    -------
    townships, faults
        Empty text where no way gives one.
    """
    given = text_column(table, "township")
    names = list(given)
    faults: list[Fault] = []
    ways = (
        ("township_from_code", _by_code(names, codes)),
        ("township_from_above", _from_above(given)),
        ("township_from_polygon", _by_polygon(points, townships) if not all(names) else names),
    )
    for way, found in ways:
        filled = [row for row, name in enumerate(found) if name and not names[row]]
        for row in filled:
            names[row] = found[row]
        if filled:
            faults.append(origin.note(way, rows=table.rows[filled]))
    return names, faults


def _by_code(names: list[str], codes: list[str]) -> list[str]:
    """Return the one township name that goes with each code's first nine digits."""
    seen: dict[str, set[str]] = {}
    for name, code in zip(names, codes, strict=True):
        if name and _is_statistical(code):
            seen.setdefault(code[:_TOWNSHIP_DIGITS], set()).add(name)
    sure = {prefix: next(iter(found)) for prefix, found in seen.items() if len(found) == 1}
    return [sure.get(code[:_TOWNSHIP_DIGITS], "") if _is_statistical(code) else "" for code in codes]


def _is_statistical(code: str) -> bool:
    return re.fullmatch(r"\d{12}", code) is not None


def _from_above(given: list[str]) -> list[str]:
    """Carry names down where the column looks unmerged: it begins with a name and names each township once."""
    named = [name for name in given if name]
    if not named or not given[0] or len(named) != len(set(named)) or len(named) == len(given):
        return given
    carried = ""
    return [carried := name or carried for name in given]


def _by_polygon(points: gpd.GeoSeries, townships: gpd.GeoDataFrame | None) -> list[str]:
    names = [""] * len(points)
    if townships is None or townships.empty:
        return names
    located = gpd.GeoDataFrame(geometry=points.reset_index(drop=True)).dropna(subset="geometry")
    joined = located.sjoin(townships[["township", "geometry"]], predicate="intersects")
    # A point on a common line belongs to the township that comes first.
    first = joined[~joined.index.duplicated()]
    for row, name in zip(first.index, first["township"], strict=True):
        names[int(row)] = str(name)
    return names


def unknown_townships(
    names: list[str], counted: NDArray[np.bool_], table: RawTable, townships: gpd.GeoDataFrame | None, origin: Origin
) -> list[Fault]:
    """Report rows whose township is not in the townships layer, or is not known at all.

    Parameters
    ----------
    names
        The township of each row.
    counted
        Shape (rows): which rows are expected to lie in one of the county's townships.
    table, origin
        The layer as it stands in the file; layer and file.
    townships
        The townships layer; None leaves only rows without a township to report.
    """
    known = set() if townships is None else set(townships["township"])
    missing = [row for row, name in enumerate(names) if not name and counted[row]]
    strange = [row for row, name in enumerate(names) if known and name and name not in known and counted[row]]
    faults = []
    if missing:
        faults.append(origin.note("no_township", rows=table.rows[missing]))
    if strange:
        listed = shown_words((names[row] for row in strange), lambda word: nearest_word(word, sorted(known)))
        faults.append(origin.note("unknown_township", rows=table.rows[strange], words=listed))
    return faults
