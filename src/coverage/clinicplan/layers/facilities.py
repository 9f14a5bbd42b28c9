"""Read health facilities, and candidates for new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.layers.cells import is_empty
from clinicplan.layers.columns import (
    LayerReading,
    code_column,
    identify_rows,
    missing_columns,
    name_column,
    optional_columns,
    shown_words,
    word_column,
)
from clinicplan.layers.origin import Origin
from clinicplan.layers.placement import Placement, fill_townships, place_rows, unknown_townships
from clinicplan.layers.positions import POSITION_COLUMNS
from clinicplan.layers.tables import RawTable, read_table
from clinicplan.layers.villages import find_villages
from clinicplan.layers.vocabularies import Word, nearest_tier_word, read_tier

if TYPE_CHECKING:
    from pathlib import Path

    from clinicplan.layers.projections import Ground
    from clinicplan.region import LayerSource

_DEALT_WITH = (
    "facility_id",
    "name",
    "tier",
    "village_id",
    "township",
    "operating",
    "outside_county",
    *POSITION_COLUMNS,
)


def read_facilities(
    source: LayerSource,
    path: Path,
    ground: Ground | None = None,
    *,
    townships: gpd.GeoDataFrame | None = None,
) -> LayerReading:
    """Read the health facilities of a county and those just beyond its line.

    Parameters
    ----------
    source, path
        The layer as the region states it, and its file.
    ground
        The county; None when the layer is read alone: nothing is then outside it.
    townships
        To find the township of facilities whose row has none.

    Returns
    -------
    reading
        One row a facility, in the order of the file: `facility_id, name, tier` (one of `terms.TIERS`), `township`,
        `village_id` (empty where unknown), `operating` (`yes`, `no`, empty where unknown), `outside_county` (bool, by
        the boundary), `pending` (empty or `no_coordinates`), `source_row, geometry`, the optional columns that the
        file has, and every further column as text. A tier that is not known becomes `other`, and is said.
    """
    origin = Origin("facilities", source.path)
    try:
        table = read_table(source, path, "facilities")
    except LayerError as error:
        return LayerReading(None, error.faults)
    ids, id_faults = identify_rows(table, "facility_id", "F", origin)
    names, name_faults = name_column(table, ids, origin)
    tiers, tier_faults = _tiers(table, names, origin)
    place = place_rows(table, source, ground, origin, ids)
    faults = [
        *table.faults,
        *missing_columns(table, ["name"], origin),
        *id_faults,
        *name_faults,
        *tier_faults,
        *place.faults,
    ]
    if place.points is None or any(fault.severity == Severity.ERROR for fault in faults):
        return LayerReading(None, tuple(faults))
    columns, column_faults = _columns(table, ids, place, townships, origin)
    frame = gpd.GeoDataFrame(
        {"facility_id": ids, "name": names, "tier": tiers, **columns, "outside_county": place.outside}
        | {"pending": np.where(place.placed, "", "no_coordinates"), "source_row": table.rows},
        geometry=place.points.array,
        crs=place.points.crs,
    )
    return LayerReading(_ordered(frame), (*faults, *column_faults))


def _columns(
    table: RawTable,
    ids: list[str],
    place: Placement,
    townships: gpd.GeoDataFrame | None,
    origin: Origin,
) -> tuple[dict[str, object], list[Fault]]:
    """Return every column but those of identity and place."""
    villages, village_faults = code_column(table, "village_id", origin)
    codes = [village or code for village, code in zip(villages, ids, strict=True)]
    towns, town_faults = fill_townships(table, codes, place.points, townships, origin)
    operating, operating_faults = word_column(table, "operating", origin)
    others, other_faults = optional_columns(table, "facilities", _DEALT_WITH, origin)
    strange = unknown_townships(towns, ~place.outside, table, townships, origin)
    columns = {"township": towns, "village_id": villages, "operating": operating, **others}
    return columns, [*village_faults, *town_faults, *operating_faults, *other_faults, *strange]


def _tiers(table: RawTable, names: list[str], origin: Origin) -> tuple[list[str], list[Fault]]:
    """Read the tiers; no facility of a known tier at all is an error."""
    cells = table.cells("tier")
    words = [read_tier(cell, name) for cell, name in zip(cells, names, strict=True)]
    tiers = [word.id for word in words]
    faults = _tier_faults(table, cells, names, words, origin)
    if all(tier == "other" for tier in tiers):
        shown = shown_words((cell or name for cell, name in zip(cells, names, strict=True)), nearest_tier_word)
        header = table.headers.get("tier", "—")
        faults.append(origin.error("no_known_tier", count=len(tiers), header=header, words=shown))
    return tiers, faults


def _tier_faults(table: RawTable, cells: list[str], names: list[str], words: list[Word], origin: Origin) -> list[Fault]:
    """Say which tiers were guessed from part of the type, taken from the name, or not known."""
    by_name = [row for row, word in enumerate(words) if word.guessed and is_empty(cells[row])]
    partly = [row for row, word in enumerate(words) if word.guessed and not is_empty(cells[row])]
    unknown = [row for row, word in enumerate(words) if not word.known]
    faults = []
    if by_name:
        shown = shown_words(f"{names[row]} = {words[row].id}" for row in by_name)
        faults.append(origin.note("tier_from_name", rows=table.rows[by_name], words=shown))
    if partly:
        shown = shown_words(f"{cells[row]} = {words[row].id}" for row in partly)
        faults.append(origin.note("tier_guessed", rows=table.rows[partly], words=shown))
    if unknown:
        shown = shown_words((cells[row] or names[row] for row in unknown), nearest_tier_word)
        faults.append(origin.note("unknown_tier", rows=table.rows[unknown], words=shown))
    return faults


def _ordered(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the columns that are always there first, geometry last."""
    first = [
        "facility_id", "name", "tier", "township", "village_id", "operating", "outside_county", "pending", "source_row",
    ]  # fmt: skip
    rest = [name for name in frame.columns if name not in (*first, "geometry")]
    return frame[[*first, *rest, "geometry"]]


def read_candidates(
    source: LayerSource,
    path: Path,
    ground: Ground | None = None,
    *,
    villages: gpd.GeoDataFrame | None = None,
) -> LayerReading:
    """Read the places where a clinic may be built.

    Parameters
    ----------
    source, path
        The layer as the region states it, and its file.
    ground
        The county; None when the layer is read alone.
    villages
        To find a candidate's village by name where the file has no village code.

    Returns
    -------
    reading
        `candidate_id, name, village_id` (empty where unknown), `outside_county, pending, source_row, geometry` and
        where given `build_cost` (yuan); further columns as text.
    """
    origin = Origin("candidates", source.path)
    try:
        table = read_table(source, path, "candidates")
    except LayerError as error:
        return LayerReading(None, error.faults)
    ids, id_faults = identify_rows(table, "candidate_id", "C", origin)
    place = place_rows(table, source, ground, origin, ids)
    faults = [*table.faults, *id_faults, *place.faults]
    if place.points is None or any(fault.severity == Severity.ERROR for fault in faults):
        return LayerReading(None, tuple(faults))
    homes, home_faults = find_villages(table, villages, origin)
    names, name_faults = name_column(table, ids, origin)
    skip = ("candidate_id", "name", "village_id", *POSITION_COLUMNS)
    columns, column_faults = optional_columns(table, "candidates", skip, origin)
    frame = gpd.GeoDataFrame(
        {"candidate_id": ids, "name": names, "village_id": homes, **columns}
        | {"outside_county": place.outside}
        | {"pending": np.where(place.placed, "", "no_coordinates"), "source_row": table.rows},
        geometry=place.points.array,
        crs=place.points.crs,
    )
    return LayerReading(frame, (*faults, *name_faults, *home_faults, *column_faults))
