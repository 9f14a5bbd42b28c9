"""Read the layers that are shapes: the boundary, townships, built-up area and barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clinicplan.datum import is_in_china, metric_crs
from clinicplan.errors import LayerError
from clinicplan.layers.cells import read_code
from clinicplan.layers.columns import LayerReading, missing_columns, optional_columns, text_column, township_column
from clinicplan.layers.origin import Origin
from clinicplan.layers.positions import POSITION_COLUMNS
from clinicplan.layers.projections import WGS84, Ground, decide_crs, lon_lat, middles, move, reproject
from clinicplan.layers.tables import RawTable, read_table

if TYPE_CHECKING:
    from pathlib import Path

    from clinicplan.errors import Fault
    from clinicplan.region import LayerSource

_POLYGONS: Final = (3, 6)
_LINES: Final = (1, 2, 5)
_COLLECTION: Final = 7
_SMALLEST_COUNTY_M2: Final = 10_000.0
"""A boundary of less than a hectare is a slip of the pen."""


def read_boundary(source: LayerSource, path: Path, *, code: str = "", crs: str | None = None) -> LayerReading:
    """Read the county boundary as one valid shape in the county's metric system.

    Parameters
    ----------
    source
        The layer as the region states it.
    path
        Its file.
    code
        Code of the county: picks the county out of a file of many.
    crs
        Metric system; None chooses the CGCS2000 3-degree zone of the boundary's centre in China, else UTM.

    Returns
    -------
    reading
        `frame` with one row, columns `name` (may be empty) and `geometry`. Several shapes are dissolved, a
        self-intersecting one is repaired; both are said. Errors: no shape, no polygon, unreadable file.
    """
    origin = Origin("boundary", source.path)
    try:
        table = read_table(source, path, "boundary")
        table, faults = _pick_county(table, code, origin)
        shapes, shape_faults = _polygons(table, source, None, crs, origin)
    except LayerError as error:
        return LayerReading(None, error.faults)
    names = {name for name in text_column(table, "name") if name}
    whole = shapely.union_all(np.asarray(shapes.array, dtype=object))
    if whole.is_empty or whole.area < _SMALLEST_COUNTY_M2:
        return LayerReading(None, (*table.faults, *faults, origin.error("boundary_empty")))
    frame = gpd.GeoDataFrame({"name": [names.pop() if len(names) == 1 else ""]}, geometry=[whole], crs=shapes.crs)
    if len(shapes) > 1:
        faults.append(origin.note("shapes_dissolved", count=len(shapes)))
    return LayerReading(frame, (*table.faults, *faults, *shape_faults))


def _pick_county(table: RawTable, code: str, origin: Origin) -> tuple[RawTable, list[Fault]]:
    """Keep the rows of the county with a code, where the file holds several counties and codes."""
    if len(table.frame) <= 1 or not code:
        return table, []
    for column in table.frame.columns:
        mask = np.array([read_code(cell).text == code for cell in table.cells(str(column))])
        if mask.any() and not mask.all():
            geometry = None if table.geometry is None else table.geometry[mask].reset_index(drop=True)
            kept = RawTable(
                table.frame[mask].reset_index(drop=True), table.rows[mask], table.headers, geometry, table.faults
            )
            return kept, [origin.note("county_picked", count=len(table.frame), column=column, county=code)]
    return table, []


def read_townships(source: LayerSource, path: Path, ground: Ground | None = None) -> LayerReading:
    """Read the townships as valid polygons.

    Parameters
    ----------
    source, path
        The layer as the region states it, and its file.
    ground
        The county; None when the layer is read alone.

    Returns
    -------
    reading
        Columns `township, geometry, source_row` and where given `population, rural_population` (`Int64`) and every
        further column as text. Several shapes of one township are joined.
    """
    origin = Origin("townships", source.path)
    try:
        table = read_table(source, path, "townships")
        missing = missing_columns(table, ["township"], origin)
        shapes, faults = _polygons(table, source, ground, None, origin)
    except LayerError as error:
        return LayerReading(None, error.faults)
    if missing:
        return LayerReading(None, (*table.faults, *missing))
    columns, column_faults = optional_columns(table, "townships", ("township", *POSITION_COLUMNS), origin)
    frame = _frame({"township": township_column(table), **columns}, table, shapes)
    frame, joined = _join_parts(frame, origin)
    nameless = frame["township"] == ""
    if nameless.any():
        joined.append(origin.note("nameless_township", rows=frame["source_row"][nameless]))
    return LayerReading(frame, (*table.faults, *faults, *column_faults, *joined))


def _join_parts(frame: gpd.GeoDataFrame, origin: Origin) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Join the shapes of townships that stand in several rows; numbers are those of the first row."""
    repeated = sorted({name for name in frame["township"][frame["township"].duplicated()] if name})
    if not repeated:
        return frame, []
    named = frame["township"].isin(repeated)
    joined = frame[named].dissolve("township", aggfunc="first", sort=False).reset_index()
    whole = pd.concat([frame[~named], joined[frame.columns]]).sort_values("source_row", ignore_index=True)
    note = origin.note("township_parts_joined", ids=repeated, count=len(repeated))
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=frame.crs), [note]


def read_urban_area(source: LayerSource, path: Path, ground: Ground | None = None) -> LayerReading:
    """Read the built-up area as valid polygons: columns `geometry, source_row` and the file's own as text."""
    return _read_plain(source, path, ground, "urban_area")


def read_barriers(source: LayerSource, path: Path, ground: Ground | None = None) -> LayerReading:
    """Read what cannot be crossed on foot, lines or polygons: `geometry, source_row` and the file's own as text."""
    return _read_plain(source, path, ground, "barriers")


def _read_plain(source: LayerSource, path: Path, ground: Ground | None, layer: str) -> LayerReading:
    origin = Origin(layer, source.path)
    try:
        table = read_table(source, path, layer)
        read = _lines_and_polygons if layer == "barriers" else _polygons
        shapes, faults = read(table, source, ground, None, origin)
    except LayerError as error:
        return LayerReading(None, error.faults)
    columns, column_faults = optional_columns(table, layer, POSITION_COLUMNS, origin)
    return LayerReading(_frame(columns, table, shapes), (*table.faults, *faults, *column_faults))


def _frame(columns: dict[str, Any], table: RawTable, shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Put columns, rows and shapes together; rows whose shape was left out go too."""
    frame = gpd.GeoDataFrame({**columns, "source_row": table.rows}, geometry=shapes.array, crs=shapes.crs)
    return frame[~frame.geometry.isna()].reset_index(drop=True)


def _polygons(
    table: RawTable, source: LayerSource, ground: Ground | None, crs: str | None, origin: Origin
) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Return valid polygons in the metric system; other shapes are left out, and said."""
    shapes, faults = _metric_shapes(table, source, ground, crs, origin)
    kinds = shapely.get_type_id(np.asarray(shapes.array, dtype=object))
    if not np.isin(kinds, (*_POLYGONS, _COLLECTION)).any():
        raise origin.stop("not_polygons", kinds=", ".join(sorted({str(kind) for kind in shapes.geom_type.dropna()})))
    valid, repairs = _repair(shapes, table, origin)
    area = valid.map(_areal_part)
    left_out = area.isna().to_numpy() & ~shapes.isna().to_numpy()
    if left_out.any():
        repairs.append(origin.note("shapes_left_out", rows=table.rows[left_out]))
    return gpd.GeoSeries(area, crs=shapes.crs), [*faults, *repairs]


def _lines_and_polygons(
    table: RawTable, source: LayerSource, ground: Ground | None, crs: str | None, origin: Origin
) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Return lines and valid polygons in the metric system; points are left out, and said."""
    shapes, faults = _metric_shapes(table, source, ground, crs, origin)
    kinds = shapely.get_type_id(np.asarray(shapes.array, dtype=object))
    usable = np.isin(kinds, (*_POLYGONS, *_LINES, _COLLECTION))
    if not usable.any():
        raise origin.stop("not_lines", kinds=", ".join(sorted({str(kind) for kind in shapes.geom_type.dropna()})))
    left_out = ~usable & ~shapes.isna().to_numpy()
    if left_out.any():
        faults.append(origin.note("shapes_left_out", rows=table.rows[left_out]))
    valid, repairs = _repair(shapes.where(usable, None), table, origin)
    return valid, [*faults, *repairs]


def _metric_shapes(
    table: RawTable, source: LayerSource, ground: Ground | None, crs: str | None, origin: Origin
) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Return the shapes of a table in the metric system, flat."""
    shapes = table.geometry
    if shapes is None and "wkt" in table.frame.columns:
        texts = [text.strip() or None for text in table.cells("wkt")]
        shapes = gpd.GeoSeries(shapely.from_wkt(texts, on_invalid="ignore"))
    if shapes is None or (shapes.isna() | shapes.is_empty).all():
        raise origin.stop("no_shapes")
    flat = gpd.GeoSeries(shapely.force_2d(np.asarray(shapes.array, dtype=object)), crs=shapes.crs)
    flat = flat.where(~flat.is_empty, None)
    flat, crs_faults = decide_crs(flat, source, ground, origin)
    _check_range(flat, origin)
    target = ground.crs if ground else crs or metric_crs(*_centre(flat))
    moved, shift_faults = reproject(flat, source, target, origin)
    return moved, [*crs_faults, *shift_faults]


def _centre(shapes: gpd.GeoSeries) -> tuple[float, float]:
    """Return the middle of the shapes' box in degrees."""
    west, south, east, north = move(shapes, WGS84).total_bounds
    return (float(west) + float(east)) / 2, (float(south) + float(north)) / 2


def _check_range(shapes: gpd.GeoSeries, origin: Origin) -> None:
    """Stop where shapes lie off the earth, or would lie in China with their numbers exchanged."""
    lon, lat = middles(shapes) if shapes.crs.is_geographic else lon_lat(shapes)
    known = ~shapes.isna().to_numpy()
    if (is_in_china(lat, lon) & ~is_in_china(lon, lat))[known].all() and (np.abs(lat[known]) > 90).any():
        raise origin.stop("all_swapped", count=int(known.sum()))
    if not ((np.abs(lon) <= 180) & (np.abs(lat) <= 90))[known].all():
        raise origin.stop("off_the_earth", count=int(known.sum()))


def _repair(shapes: gpd.GeoSeries, table: RawTable, origin: Origin) -> tuple[gpd.GeoSeries, list[Fault]]:
    """Make shapes valid and say which were not, with the reason of the first and the change of area."""
    raw = np.asarray(shapes.array, dtype=object)
    broken = ~shapely.is_valid(raw) & ~shapely.is_missing(raw)
    if not broken.any():
        return shapes, []
    fixed = raw.copy()
    fixed[broken] = shapely.make_valid(raw[broken], method="structure", keep_collapsed=False)
    change_km2 = float(np.abs(shapely.area(fixed[broken]) - shapely.area(raw[broken])).sum()) / 1e6
    reason = str(shapely.is_valid_reason(raw[broken])[0])
    note = origin.note("shape_repaired", rows=table.rows[broken], reason=reason, change=f"{change_km2:.3f}")
    return gpd.GeoSeries(fixed, index=shapes.index, crs=shapes.crs), [note]


def _areal_part(shape: Any) -> Any:
    """Return the polygons of a shape, None where it has none."""
    if shape is None or shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts and shape.geom_type == "GeometryCollection" else None
