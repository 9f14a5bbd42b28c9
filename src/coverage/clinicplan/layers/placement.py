"""Set rows into the county: their point, whether it lies inside, and their township."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np

from clinicplan.errors import LayerError
from clinicplan.layers.columns import shown_words, township_column
from clinicplan.layers.positions import locate_rows
from clinicplan.region import nearest_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinicplan.errors import Fault
    from clinicplan.layers.origin import Origin
    from clinicplan.layers.projections import Ground
    from clinicplan.layers.tables import RawTable
    from clinicplan.region import LayerSource

_TOWNSHIP_DIGITS: Final = 9


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the rows of a layer lie.

    Parameters
    ----------
    points
        In the metric system, None where a row has no place; None altogether where no row has one.
    placed
        Shape (rows): whether a row has a place.
    outside
        Shape (rows): whether its place lies beyond the county's line.
    faults
        What was guessed, and rows set aside for want of a place.
    areas
        The polygons of rows that are given by polygons; None for layers of points.
    """

    points: gpd.GeoSeries | None
    placed: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    faults: tuple[Fault, ...]
    areas: gpd.GeoSeries | None = None


def place_rows(
    table: RawTable, source: LayerSource, ground: Ground | None, origin: Origin, ids: list[str]
) -> Placement:
    """Find the place of each row and tell whether it lies in the county, its line included.

    Parameters
    ----------
    table, source
        The layer as it stands in the file, and as the region states it.
    ground
        The county; None: nothing lies outside.
    origin, ids
        Layer and file, and the id of each row, for the faults.

    Returns
    -------
    placement
        With an error among its faults where no row has a place.
    """
    try:
        positions = locate_rows(table, source, ground, origin, ids)
    except LayerError as error:
        nowhere = np.zeros(len(table.rows), dtype=bool)
        return Placement(None, nowhere, nowhere, error.faults)
    placed = positions.problem == ""
    inside = placed if ground is None else positions.points.intersects(ground.boundary).to_numpy()
    faults = (*positions.faults, *_missing_places(table, positions.problem, ids, origin))
    return Placement(positions.points, placed, placed & ~inside, faults, positions.areas)


def _missing_places(table: RawTable, problem: NDArray[np.object_], ids: list[str], origin: Origin) -> list[Fault]:
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


def fill_townships(
    table: RawTable,
    codes: list[str],
    points: gpd.GeoSeries | None,
    townships: gpd.GeoDataFrame | None,
    origin: Origin,
) -> tuple[list[str], list[Fault]]:
    """Return the township of each row; where the cell is empty, the first of these that gives one.

    The township of other rows with the same first nine digits of the code; the township's polygon; the cell above,
    where each township is written once and the cells below it are empty. Each way is said with its rows.

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
    given = township_column(table)
    names = list(given)
    faults: list[Fault] = []
    ways = (
        ("township_from_code", _by_code(names, codes)),
        ("township_from_polygon", _by_polygon(points, townships) if not all(names) else names),
        ("township_from_above", _from_above(given)),
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


def _by_polygon(points: gpd.GeoSeries | None, townships: gpd.GeoDataFrame | None) -> list[str]:
    if points is None or townships is None or townships.empty:
        return []
    names = [""] * len(points)
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
