"""Read villages and natural villages: who lives where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.layers.cells import clean, read_number
from clinicplan.layers.columns import (
    LayerReading,
    code_column,
    fraction_faults,
    guess_faults,
    header_factor,
    identify_rows,
    integers,
    missing_columns,
    name_column,
    optional_columns,
    shown_words,
    text_column,
    township_column,
    word_column,
)
from clinicplan.layers.origin import Origin
from clinicplan.layers.placement import (
    Placement,
    fill_townships,
    place_rows,
    unknown_townships,
)
from clinicplan.layers.positions import POSITION_COLUMNS
from clinicplan.layers.tables import RawTable, read_table
from clinicplan.terms import kind_of_code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clinicplan.layers.projections import Ground
    from clinicplan.region import LayerSource

Basis = Literal["resident", "hukou"]

_CODE_DIGITS: Final = 12
_LARGEST_VILLAGE: Final = 100_000
"""People; more in one village or community is doubted (a code or a telephone number in the wrong column)."""
_COMMUNITY_NAME: Final = re.compile(r".*(社区|居委会|居民委员会|社区居委会)")
_VILLAGE_SUFFIX: Final = re.compile(r"(村民委员会|社区居民委员会|居民委员会|社区居委会|村委会|居委会|社区|村)$")
_DEALT_WITH: Final = (
    "village_id", "name", "township", "township_code", "population", "kind", "status", *POSITION_COLUMNS,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _People:
    """Population as read."""

    known: list[int | None]
    faults: tuple[Fault, ...]


def read_villages(
    source: LayerSource,
    path: Path,
    ground: Ground | None = None,
    *,
    townships: gpd.GeoDataFrame | None = None,
    basis: Basis = "resident",
) -> LayerReading:
    """Read the villages and communities of a county.

    Parameters
    ----------
    source, path
        The layer as the region states it, and its file.
    ground
        The county; None when the layer is read alone: nothing is then outside it.
    townships
        To find the township of villages whose row has none, and totals for `missing_population = "model"`.
    basis
        `hukou` weighs registered instead of resident people; said as a note.

    Returns
    -------
    reading
        One row a village, in the order of the file: `village_id, name, township, population` (`Int64`, missing where
        unknown), `population_imputed` (bool), `kind, status, pending, source_row, geometry` (points, None without a
        place), the optional columns that the file has, and every further column as text. `pending` is empty or the
        first that holds of `no_coordinates`, `outside_county`, `no_population`. `areas` holds the polygons of villages
        that are given by polygons.
    """
    origin = Origin("villages", source.path)
    try:
        table = read_table(source, path, "villages")
    except LayerError as error:
        return LayerReading(None, error.faults)
    counted = "population_hukou" if basis == "hukou" else "population"
    models = source.missing_population == "model"
    missing = missing_columns(table, ["name", *([] if models else [counted])], origin)
    missing = [_hukou_hint(fault, table, origin) for fault in missing]
    ids, id_faults = identify_rows(table, "village_id", "V", origin)
    people = _read_people(table, counted, ids, origin)
    place = place_rows(table, source, ground, origin, ids)
    faults = [*table.faults, *missing, *id_faults, *people.faults, *place.faults]
    faults += _outside_faults(place, table, ids, origin, ground)
    if place.points is None or any(fault.severity == Severity.ERROR for fault in faults):
        return LayerReading(None, tuple(faults))
    frame, frame_faults = _village_frame(table, ids, place.points, townships, origin)
    frame, people_faults = _with_people(frame, people.known, table, townships, origin, models=models)
    frame["pending"] = np.select(
        [~place.placed, place.outside, frame["population"].isna()],
        ["no_coordinates", "outside_county", "no_population"],
        default="",
    )
    registered = [origin.note("registered_people")] if basis == "hukou" else []
    every = (*faults, *registered, *frame_faults, *people_faults)
    return LayerReading(_ordered(frame), every, _areas(ids, place))


def _areas(ids: list[str], place: Placement) -> gpd.GeoDataFrame | None:
    """Return the villages given by polygons."""
    if place.areas is None:
        return None
    areas = gpd.GeoDataFrame({"village_id": ids}, geometry=place.areas.array, crs=place.areas.crs)
    return areas[~areas.geometry.isna()].reset_index(drop=True)


def _hukou_hint(fault: Fault, table: RawTable, origin: Origin) -> Fault:
    """Name the way out where only registered people are given."""
    is_population = fault.code.startswith("missing_column") and "population" in fault.found.en
    if is_population and "population_hukou" in table.headers:
        return origin.error("only_registered_people", header=table.headers["population_hukou"])
    return fault


def _village_frame(
    table: RawTable, ids: list[str], points: gpd.GeoSeries, townships: gpd.GeoDataFrame | None, origin: Origin
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Put together everything but population and what is pending."""
    names, name_faults = name_column(table, ids, origin)
    kinds, kind_faults = _kinds(table, ids, names, origin)
    statuses, status_faults = word_column(table, "status", origin)
    town, town_faults = fill_townships(table, ids, points, townships, origin)
    columns, column_faults = optional_columns(table, "villages", _DEALT_WITH, origin)
    frame = gpd.GeoDataFrame(
        {
            "village_id": ids,
            "name": names,
            "township": town,
            "kind": kinds,
            "status": [status or "ordinary" for status in statuses],
            **columns,
            "source_row": table.rows,
        },
        geometry=points.array,
        crs=points.crs,
    )
    known = unknown_townships(town, np.ones(len(town), dtype=bool), table, townships, origin)
    return frame, [
        *_odd_codes(table, ids, origin),
        *name_faults,
        *kind_faults,
        *status_faults,
        *town_faults,
        *column_faults,
        *known,
    ]


def _odd_codes(table: RawTable, ids: list[str], origin: Origin) -> list[Fault]:
    """Report codes of another length where most are statistical codes: a digit was lost or added."""
    whole = [len(code) == _CODE_DIGITS and code.isdigit() for code in ids]
    odd = [row for row, code in enumerate(ids) if code.isdigit() and not whole[row]]
    if not odd or sum(whole) <= len(odd):
        return []
    return [origin.note("odd_codes", rows=table.rows[odd], ids=(ids[row] for row in odd), digits=_CODE_DIGITS)]


def _kinds(table: RawTable, ids: list[str], names: list[str], origin: Origin) -> tuple[list[str], list[Fault]]:
    """Return the kind of each unit: the column's word, else what the code says, else `village`."""
    given, faults = word_column(table, "kind", origin)
    kinds = [kind or kind_of_code(code) for kind, code in zip(given, ids, strict=True)]
    doubted = [
        row
        for row, code in enumerate(ids)
        if not given[row] and not (len(code) == 12 and code.isdigit()) and _COMMUNITY_NAME.fullmatch(names[row])
    ]
    if doubted:
        faults.append(origin.note("communities_as_villages", rows=table.rows[doubted], ids=(ids[r] for r in doubted)))
    return kinds, faults


# Population


def _read_people(table: RawTable, column: str, ids: list[str], origin: Origin) -> _People:
    """Read the population column; words and negative numbers are errors, since they are people lost."""
    cells = table.cells(column)
    numbers = [read_number(cell) for cell in cells]
    factor = header_factor(table, column)
    header = table.headers.get(column, column)
    values = [None if number.value is None else number.value * factor for number in numbers]
    faults = [*guess_faults(table, column, numbers, origin), *fraction_faults(table, column, values, origin)]
    unreadable = [row for row, number in enumerate(numbers) if not number.readable]
    if unreadable:
        words = shown_words(cells[row] for row in unreadable)
        faults.append(_at("unreadable_population", unreadable, table, ids, origin, header=header, words=words))
    negative = [row for row, value in enumerate(values) if value is not None and value < 0]
    if negative:
        words = shown_words(cells[row] for row in negative)
        faults.append(_at("negative_population", negative, table, ids, origin, header=header, words=words))
    if (
        column == "population"
        and not re.search(r"常住|常驻|居住|实有|七普|resident|population", header.lower())
        and cells
    ):
        faults += [origin.note("people_taken_as_resident", header=header)] if column in table.headers else []
    faults += _doubtful_people(values, table, ids, origin)
    whole = integers(values)
    return _People([None if pd.isna(value) else int(value) for value in whole], tuple(faults))


def _doubtful_people(values: Sequence[Decimal | None], table: RawTable, ids: list[str], origin: Origin) -> list[Fault]:
    zero = [row for row, value in enumerate(values) if value == 0]
    large = [row for row, value in enumerate(values) if value is not None and value > _LARGEST_VILLAGE]
    faults = []
    if zero:
        faults.append(origin.note("zero_population", rows=table.rows[zero], ids=(ids[row] for row in zero)))
    if large:
        listed = (ids[row] for row in large)
        faults.append(origin.note("large_population", rows=table.rows[large], ids=listed, most=_LARGEST_VILLAGE))
    return faults


def _at(code: str, where: list[int], table: RawTable, ids: list[str], origin: Origin, **values: object) -> Fault:
    return origin.fault(
        Severity.ERROR, code, rows=table.rows[where], ids=(ids[row] for row in where), count=None, **values
    )


def _with_people(
    frame: gpd.GeoDataFrame,
    known: list[int | None],
    table: RawTable,
    townships: gpd.GeoDataFrame | None,
    origin: Origin,
    *,
    models: bool,
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Add the population, modelled where it is missing and the region asks for that."""
    missing = np.array([value is None for value in known], dtype=bool)
    faults: list[Fault] = []
    values = list(known)
    if models and missing.any():
        values, how = _model_people(known, list(frame["township"]), townships)
        imputed = [row for row in np.flatnonzero(missing) if values[row] is not None]
        if imputed:
            ids = frame["village_id"].iloc[imputed]
            faults.append(origin.note("population_imputed", rows=table.rows[imputed], ids=ids, **how))
    frame["population"] = pd.array([pd.NA if value is None else value for value in values], dtype="Int64")
    frame["population_imputed"] = missing & frame["population"].notna().to_numpy()
    unknown = frame["population"].isna().to_numpy()
    if unknown.any():
        faults.append(origin.pending("no_population", rows=table.rows[unknown], ids=frame["village_id"][unknown]))
    return frame, faults


def _model_people(
    known: list[int | None], towns: list[str], townships: gpd.GeoDataFrame | None
) -> tuple[list[int | None], dict[str, Any]]:
    """Share what is left of a township's total equally among its villages without a figure, else take the median.

    The median is that of the villages with a figure in the county. Where a township's villages already add up to more
    than its total, nothing is left to share and the median is taken there too.
    """
    totals = _township_totals(townships)
    figures = [value for value in known if value is not None]
    median = int(np.median(figures)) if figures else None
    values = list(known)
    shared = by_median = 0
    for town in dict.fromkeys(towns):
        rows = [row for row, name in enumerate(towns) if name == town]
        empty = [row for row in rows if known[row] is None]
        left = totals.get(town, 0) - sum(known[row] or 0 for row in rows)
        if not empty:
            continue
        if town and left > 0:
            each, rest = divmod(left, len(empty))
            for place, row in enumerate(empty):
                values[row] = each + (place < rest)
            shared += len(empty)
        else:
            for row in empty:
                values[row] = median
            by_median += len(empty) if median is not None else 0
    return values, {"shared": shared, "by_median": by_median, "median": median if median is not None else "—"}


def _township_totals(townships: gpd.GeoDataFrame | None) -> dict[str, int]:
    if townships is None or "population" not in townships.columns:
        return {}
    pairs = zip(townships["township"], townships["population"], strict=True)
    return {str(name): int(total) for name, total in pairs if pd.notna(total)}


def _outside_faults(
    place: Placement, table: RawTable, ids: list[str], origin: Origin, ground: Ground | None
) -> list[Fault]:
    """Set villages beyond the boundary aside; all of them beyond it is an error."""
    if place.points is None or ground is None or not place.outside.any():
        return []
    distance_m = place.points[place.outside].distance(ground.boundary)
    everyone = bool((place.outside == place.placed).all())
    return [
        origin.fault(
            Severity.ERROR if everyone else Severity.PENDING,
            "all_outside" if everyone else "outside_county",
            rows=table.rows[place.outside],
            ids=(ids[row] for row in np.flatnonzero(place.outside)),
            nearest_km=f"{distance_m.min() / 1000:.2f}",
            farthest_km=f"{distance_m.max() / 1000:.2f}",
        )
    ]


def _ordered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the columns that are always there first, geometry last."""
    first = [
        "village_id", "name", "township", "kind", "status", "population", "population_imputed", "pending", "source_row",
    ]  # fmt: skip
    rest = [name for name in frame.columns if name not in (*first, "geometry")]
    return frame[[*first, *rest, "geometry"]]


# Natural villages


def read_natural_villages(
    source: LayerSource,
    path: Path,
    ground: Ground | None = None,
    *,
    villages: gpd.GeoDataFrame | None = None,
) -> LayerReading:
    """Read the natural villages, the places where a village's people live.

    Their population says how a village's people are shared out among them and never adds to it.

    Parameters
    ----------
    source, path
        The layer as the region states it, and its file.
    ground
        The county; None when the layer is read alone.
    villages
        To find a village by name where the file has no village code, and to leave out rows of unknown villages; None
        keeps every row.

    Returns
    -------
    reading
        `natural_village_id, village_id, name, pending` (empty or `no_coordinates`), `source_row, geometry` and where
        given `population` (`Int64`); further columns as text.
    """
    origin = Origin("natural_villages", source.path)
    try:
        table = read_table(source, path, "natural_villages")
    except LayerError as error:
        return LayerReading(None, error.faults)
    ids, id_faults = identify_rows(table, "natural_village_id", "N", origin)
    wanted = ["name"] if {"village_id", "village_name"} & set(table.frame.columns) else ["village_id", "name"]
    place = place_rows(table, source, ground, origin, ids)
    faults = [*table.faults, *missing_columns(table, wanted, origin), *id_faults, *place.faults]
    if place.points is None or any(fault.severity == Severity.ERROR for fault in faults):
        return LayerReading(None, tuple(faults))
    homes, home_faults = find_villages(table, villages, origin)
    names, name_faults = name_column(table, ids, origin)
    skip = ("natural_village_id", "village_id", "name", *POSITION_COLUMNS)
    columns, column_faults = optional_columns(table, "natural_villages", skip, origin)
    frame = gpd.GeoDataFrame(
        {"natural_village_id": ids, "village_id": homes, "name": names, **columns}
        | {"pending": np.where(place.placed, "", "no_coordinates"), "source_row": table.rows},
        geometry=place.points.array,
        crs=place.points.crs,
    )
    faults += [*home_faults, *name_faults, *column_faults]
    return LayerReading(*_without_strays(frame, villages, origin, faults))


def _without_strays(
    frame: gpd.GeoDataFrame, villages: gpd.GeoDataFrame | None, origin: Origin, faults: list[Fault]
) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
    """Set aside rows whose village is not in the villages layer."""
    if villages is None:
        return frame, tuple(faults)
    stray = ~frame["village_id"].isin(set(villages["village_id"]))
    if stray.any():
        rows, ids = frame["source_row"][stray], frame["natural_village_id"][stray]
        faults = [*faults, origin.pending("unknown_village", rows=rows, ids=ids)]
    return frame[~stray].reset_index(drop=True), tuple(faults)


def find_villages(table: RawTable, villages: gpd.GeoDataFrame | None, origin: Origin) -> tuple[list[str], list[Fault]]:
    """Return the village each row names by code, else by a name that only one village (of its township) bears.

    Parameters
    ----------
    table, origin
        The layer as it stands in the file; layer and file, for the faults.
    villages
        The villages; None leaves rows without a code unknown.

    Returns
    -------
    village_ids, faults
        Empty text where unknown.
    """
    codes, faults = code_column(table, "village_id", origin)
    if villages is None or "village_name" not in table.frame.columns:
        return codes, faults
    index = _name_index(villages)
    names, towns = text_column(table, "village_name"), township_column(table)
    by_name = []
    for row, code in enumerate(codes):
        if not code and names[row]:
            found = index.get((towns[row], bare_name(names[row])), [])
            if len(found) == 1:
                codes[row] = found[0]
                by_name.append(row)
    if by_name:
        faults.append(origin.note("village_by_name", rows=table.rows[by_name]))
    return codes, faults


def _name_index(villages: gpd.GeoDataFrame) -> dict[tuple[str, str], list[str]]:
    """List the villages of each (township, bare name), and of each bare name alone under an empty township."""
    index: dict[tuple[str, str], list[str]] = {}
    for code, name, town in zip(villages["village_id"], villages["name"], villages["township"], strict=True):
        for key in {(town, bare_name(name)), ("", bare_name(name))}:
            index.setdefault(key, []).append(code)
    return index


def bare_name(name: str) -> str:
    """Return a village's name without 村, 村委会, 社区 and the like.

    Examples
    --------
    >>> bare_name("后岸村委会"), bare_name("后岸村"), bare_name("村")
    ('后岸', '后岸', '村')
    """
    plain = clean(name).replace(" ", "")
    return _VILLAGE_SUFFIX.sub("", plain) or plain
