"""Read a layer of lines as roads, such as a county's own 农村公路: classes by an editable table, joined at vertices."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from clinicplan.errors import Fault, LayerError, NetworkError
from clinicplan.layers.origin import Origin
from clinicplan.layers.projections import decide_crs, reproject
from clinicplan.layers.vectors import read_features
from clinicplan.roads.faults import road_error, road_note
from clinicplan.roads.ways import Float64, Int32, Int64, TagCollector, TagTable, Ways
from clinicplan.speeds import RoadLayerTerms, Speeds

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from clinicplan.region import LayerSource

DEGREES_APART = 1e-7
"""Vertices closer than this (about a centimetre) are one."""
LOOSE_END_M = 1.0
"""A road end this near to another road was probably meant to join it."""
M_PER_DEGREE = 111_320.0
MOST_SHOWN = 8
SHORTEST_CUT = 3
"""Characters that are left of a Chinese field name of a shapefile in UTF-8."""
ROUTE_NUMBER = re.compile(r"^([A-Z])\d+")
YES = frozenset({"yes", "true", "1", "t", "是", "有"})
NO = frozenset({"no", "false", "0", "f", "否", "无", "b", "双向", "双行"})
ONE_WAY_WORDS = {
    "f": "yes",
    "单行": "yes",
    "单向": "yes",
    "是": "yes",
    "t": "-1",
    "反向": "-1",
    "-1": "-1",
    "reverse": "-1",
}
"""Geofabrik writes F (with the line), T (against it), B (both)."""


def read_road_lines(path: Path, speeds: Speeds, keys: Sequence[str], source: LayerSource) -> tuple[Ways, list[Fault]]:
    """Read the lines of a vector file as ways that join where they share a vertex.

    Parameters
    ----------
    path
        Any vector file that GDAL reads.
    speeds
        Words of classes, fields and surfaces: the table `road_layer` of speeds.toml.
    keys
        Tags that the rules read; columns of these names are taken as they are.
    source
        Datum, coordinate system, encoding and layer, as the region file states them.

    Returns
    -------
    ways, notes
        Lines that only cross or touch without a common vertex are not joined; ends that nearly do are counted.

    Raises
    ------
    NetworkError
        If the file cannot be read, holds no lines, or its coordinate system cannot be told.
    """
    origin = Origin("roads", path.name)
    try:
        frame, notes = read_features(source, path, origin)
        shapes, crs_notes = _shapes(frame, source, origin)
    except LayerError as error:
        raise NetworkError(*error.faults) from error
    parts, row = _lines(shapes, origin.file)
    tags, class_notes = _tags(frame, row, speeds, keys, origin.file)
    ways = lines_as_ways(parts, _way_ids(frame, speeds.road_layer)[row], tags)
    return ways, [*notes, *crs_notes, *class_notes, *_loose_end_notes(ways, origin.file)]


def _shapes(frame: pd.DataFrame, source: LayerSource, origin: Origin) -> tuple[gpd.GeoSeries, list[Fault]]:
    import geopandas as gpd

    if not isinstance(frame, gpd.GeoDataFrame):
        raise road_error("not_lines", origin.file, kinds="-")
    shapes, decided = decide_crs(frame.geometry, source, None, origin)
    shapes, moved = reproject(shapes, source, "EPSG:4326", origin)
    return shapes, [*decided, *moved]


def _lines(shapes: gpd.GeoSeries, file: str) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return single lines and the row of each; other shapes are an error only when there is no line at all."""
    parts, row = shapely.get_parts(shapely.force_2d(shapes.to_numpy()), return_index=True)
    nested = shapely.get_type_id(parts) == shapely.GeometryType.MULTILINESTRING
    if nested.any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        row = row[inner]
    are_lines = np.isin(shapely.get_type_id(parts), (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING))
    are_lines &= ~shapely.is_empty(parts)
    if not are_lines.any():
        raise road_error("not_lines", file, kinds=", ".join(sorted(set(shapes.geom_type.dropna()))) or "-")
    return parts[are_lines], row[are_lines]


def lines_as_ways(parts: NDArray[np.object_], way_id: Int64, tags: TagTable) -> Ways:
    """Return lines in degrees as ways; equal vertices (to a centimetre) are one node."""
    positions, line = shapely.get_coordinates(parts, return_index=True)
    cells = np.rint(positions / DEGREES_APART).astype(np.int64)
    _, first, node = np.unique(cells[:, 0] * (2**32) + cells[:, 1], return_index=True, return_inverse=True)
    start = np.searchsorted(line, np.arange(parts.size + 1))
    return Ways(
        way_id=way_id,
        start=start.astype(np.int64),
        node=node.astype(np.int32),
        lon=positions[first, 0],
        lat=positions[first, 1],
        tags=tags,
        tagged_node=np.zeros(0, dtype=np.int32),
        node_tags=TagTable(0, {}, {}),
    )


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    """Return a column as stripped text, empty where missing, whole numbers without a point."""
    return [_text(value) for value in frame[name].tolist()]


def _text(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124  # not a number
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _columns(frame: pd.DataFrame, wanted: Sequence[str]) -> list[str]:
    """Return the frame's columns of these names, in the order wanted, whatever their case.

    A shapefile cuts names at ten bytes, which is three Chinese characters in UTF-8 and five in GBK; a name so cut
    (three Chinese characters or more) counts where no other column has the full name.
    """
    by_name = {str(name).strip().casefold(): str(name) for name in frame.columns}
    found = [by_name.get(name.casefold()) or _cut_name(name, by_name) for name in wanted]
    return [name for name in dict.fromkeys(found) if name]


def _cut_name(wanted: str, by_name: Mapping[str, str]) -> str:
    for length in range(len(wanted) - 1, SHORTEST_CUT - 1, -1):
        cut = wanted[:length]
        if cut in by_name and not cut.isascii():
            return by_name[cut]
    return ""


def _way_ids(frame: pd.DataFrame, terms: RoadLayerTerms) -> Int64:
    """Return whole-number ids from the first field that has them for every row, else row numbers from 1."""
    for name in _columns(frame, terms.id_fields):
        texts = _texts(frame, name)
        if all(re.fullmatch(r"-?\d{1,18}", text) for text in texts):
            return np.array([int(text) for text in texts], dtype=np.int64)
    return np.arange(1, len(frame) + 1, dtype=np.int64)


def _tags(
    frame: pd.DataFrame, row: NDArray[np.int64], speeds: Speeds, keys: Sequence[str], file: str
) -> tuple[TagTable, list[Fault]]:
    """Return OSM tags for every line, and notes on classes that could not be told."""
    terms = speeds.road_layer
    classes, notes = _classes(frame, speeds, file)
    columns: dict[str, list[str]] = {key: _texts(frame, name) for key in keys for name in _columns(frame, [key])[:1]}
    for key in ("bridge", "tunnel"):
        if key in columns:
            columns[key] = [_yes_or_no(text) for text in columns[key]]
    columns["highway"] = classes
    _fill(columns, "name", frame, terms.name_fields, lambda text: text)
    _fill(columns, "surface", frame, terms.surface_fields, lambda text: _longest(terms.surfaces, text) or text)
    _fill(columns, "maxspeed", frame, terms.maxspeed_fields, lambda text: "" if text in ("0", "") else text)
    _fill(columns, "oneway", frame, terms.oneway_fields, _one_way)
    return _taken(columns, row), notes


def _fill(
    columns: dict[str, list[str]], key: str, frame: pd.DataFrame, fields: Sequence[str], meaning: Callable[[str], str]
) -> None:
    """Put into `columns[key]` what the first field that says something means, row by row."""
    names = _columns(frame, fields)
    if names:
        texts = [_texts(frame, name) for name in names]
        columns[key] = [
            next((found for text in row if (found := meaning(text))), "") for row in zip(*texts, strict=True)
        ]


def _taken(columns: Mapping[str, list[str]], row: NDArray[np.int64]) -> TagTable:
    size = len(next(iter(columns.values())))
    collector = TagCollector(tuple(columns))
    for key, texts in columns.items():
        filled = [i for i, text in enumerate(texts) if text]
        collector.columns[key] = (filled, [texts[i] for i in filled])
    return collector.table(size).take(row)


def _classes(frame: pd.DataFrame, speeds: Speeds, file: str) -> tuple[list[str], list[Fault]]:
    """Return the highway class of every row: the first class field that says something known decides."""
    terms = speeds.road_layer
    names = _columns(frame, terms.class_fields)
    if not names:
        fields = ", ".join(str(name) for name in frame.columns if name != "geometry")
        known = ", ".join(terms.class_fields[:MOST_SHOWN])
        note = road_note("no_class_field", file, len(frame), fields=fields, known=known, highway=terms.default_class)
        return [terms.default_class] * len(frame), [note]
    unknown: Counter[str] = Counter()
    meanings: dict[str, str] = {}
    classes = []
    for texts in zip(*(_texts(frame, name) for name in names), strict=True):
        found = next((item for text in texts if (item := _meaning(text, speeds, meanings))), "")
        if not found:
            unknown[" / ".join(text for text in texts if text) or "-"] += 1
        classes.append(found or terms.default_class)
    if not unknown:
        return classes, []
    values = ", ".join(f"{value} ({count})" for value, count in unknown.most_common(MOST_SHOWN))
    known = ", ".join(list(terms.classes)[:MOST_SHOWN])
    count = unknown.total()
    return classes, [road_note("default_classes", file, count, highway=terms.default_class, known=known, values=values)]


def _meaning(text: str, speeds: Speeds, meanings: dict[str, str]) -> str:
    if text not in meanings:
        meanings[text] = road_class(text, speeds)
    return meanings[text]


def road_class(text: str, speeds: Speeds) -> str:
    """Return the `highway` value that a class field means, empty where unknown.

    Examples
    --------
    >>> from clinicplan.speeds import read_speeds
    >>> [road_class(text, read_speeds()) for text in ("村道", "C123330624", "四级公路（双车道）", "track_grade2")]
    ['unclassified', 'unclassified', 'unclassified', 'track']
    """
    plain = text.lower().split("_grade")[0]
    if plain in speeds.known_classes or plain in speeds.closed_classes:
        return plain
    classes = speeds.road_layer.classes
    if text in classes:
        return classes[text]
    if (match := ROUTE_NUMBER.match(text)) and match[1] in classes:
        return classes[match[1]]
    return _longest({key: value for key, value in classes.items() if len(key) > 1}, text)


def _longest(table: Mapping[str, str], text: str) -> str:
    """Return the meaning of the longest word with which a text begins, empty if none."""
    words = [word for word in table if text.startswith(word)]
    return table[max(words, key=len)] if words else ""


def _yes_or_no(text: str) -> str:
    if text.lower() in YES:
        return "yes"
    return "" if text.lower() in NO else text


def _one_way(text: str) -> str:
    plain = text.lower()
    if plain in ONE_WAY_WORDS:
        return ONE_WAY_WORDS[plain]
    return "no" if plain in NO else "yes" if plain in YES else text


def _loose_end_notes(ways: Ways, file: str) -> list[Fault]:
    count = count_loose_ends(ways)
    return [road_note("loose_ends", file, count)] if count else []


def count_loose_ends(ways: Ways) -> int:
    """Count ends of roads within a metre of another road with which they share no vertex."""
    tail, head, _ = ways.segments()
    uses = np.bincount(np.concatenate((tail, head)), minlength=ways.lon.size)
    ends = np.flatnonzero(uses == 1)
    if ends.size == 0:
        return 0
    x, y = _flat(ways)
    ends_of = np.column_stack((x[tail], y[tail], x[head], y[head]))
    pieces = np.asarray(shapely.linestrings(ends_of.reshape(-1, 2, 2)), dtype=object)
    tree = shapely.STRtree(pieces)
    point, piece = tree.query(shapely.points(x[ends], y[ends]), predicate="dwithin", distance=LOOSE_END_M)
    own = _touches(ends[point], tail[piece], head[piece])
    return int(np.unique(point[~own]).size)


def _touches(node: NDArray[Any], tail: Int32, head: Int32) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = (node == tail) | (node == head)
    return flags


def _flat(ways: Ways) -> tuple[Float64, Float64]:
    """Return positions in metres, true to scale at the layer's middle latitude."""
    middle = np.cos(np.radians((ways.lat.min() + ways.lat.max()) / 2))
    return ways.lon * M_PER_DEGREE * middle, ways.lat * M_PER_DEGREE
