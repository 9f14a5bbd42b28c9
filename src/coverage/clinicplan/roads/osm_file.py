"""Read ways, barrier nodes and water from an OSM file: .osm.pbf, .osm, .osm.gz, .osm.bz2.

The file is read and filtered in C++ (pyosmium) and written, positions included, as text lines to a temporary file;
Python touches each way once and each node never. Nodes cost most when Python sees them one by one.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.roads.faults import road_error
from clinicplan.roads.osm_writer import open_osm_writer
from clinicplan.roads.ways import NO_OUTLINES, Float64, Int32, Int64, Outlines, TagCollector, Ways

OSM_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osm.xml", ".o5m", ".opl")
WAY_KEYS = ("highway", "route", "waterway", "natural", "railway")
"""A way with one of these is looked at; nothing else leaves the C++ reader."""
NODE_KEYS = ("barrier", "ford")
OBSTACLE_NODE_TAGS = ("barrier", "ford", "locked")
LINES_AT_ONCE = 4_000_000
"""Characters of text held at a time."""
RESTRICTION_TYPES = (
    "restriction",
    "restriction:hgv",
    "restriction:motorcar",
    "restriction:motorcycle",
    "restriction:bicycle",
)
WALKED_ROUND = frozenset(
    {"pond", "fishpond", "fish_pond", "basin", "wastewater", "fountain", "reflecting_pool", "salt_pool"}
)
"""Still water so small that one walks round it on its dykes: no barrier."""
LINE_FORMAT = "opl,add_metadata=false,locations_on_ways=true"
ESCAPE = re.compile(r"%([0-9a-fA-F]+)%")
CONDITIONAL = ":conditional="


@dataclass(frozen=True, eq=False)
class OsmContents:
    """What an OSM file says about roads.

    Parameters
    ----------
    ways
        Ways with `highway` or `route=ferry`, each value as it stands.
    outlines
        Rivers, canals, water edges and railways that are neither in a tunnel nor on a bridge.
    turn_restrictions
        Number of relations of that kind.
    """

    ways: Ways
    outlines: Outlines
    turn_restrictions: int


def is_osm_file(path: Path) -> bool:
    """Tell by its name whether a file is one of OSM."""
    return path.name.lower().endswith(OSM_SUFFIXES)


def read_osm_file(path: Path, keys: Sequence[str]) -> OsmContents:
    """Read an OSM file once, water relations apart.

    Parameters
    ----------
    path
        File whose name says its format.
    keys
        Way and node tags that the rules of travel need.

    Returns
    -------
    contents
        Ways, outlines and the number of turn restrictions.

    Raises
    ------
    NetworkError
        If the file is empty, damaged, cut short or no OSM file.
    """
    import osmium

    if path.stat().st_size == 0:
        raise road_error("empty_file", path.name)
    store = osmium.index.create_map("flex_mem")
    collector = _Collector(keys)
    try:
        with tempfile.TemporaryDirectory(prefix="clinicplan-") as folder:
            for lines in _filtered_lines(path, store, Path(folder) / "roads.opl"):
                collector.add(lines)
            if members := collector.missing_members():
                for lines in _member_lines(path, store, members, Path(folder) / "water.opl"):
                    collector.add_members(lines)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise road_error("broken_osm", path.name, detail=_first_line(error)) from error
    collector.place_negative_nodes(path)
    return collector.contents()


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _filtered_lines(path: Path, store: Any, target: Path) -> Iterator[list[str]]:
    """Write what may matter as text lines, in C++, and yield them by the thousand."""
    import osmium

    locations = osmium.NodeLocationsForWays(store)
    locations.ignore_errors()
    relations = (*(("type", kind) for kind in RESTRICTION_TYPES), ("natural", "water"), ("waterway", "riverbank"))
    filters = (
        _only_for(osmium.osm.NODE, osmium.filter.KeyFilter(*NODE_KEYS)),
        _only_for(osmium.osm.WAY, osmium.filter.KeyFilter(*WAY_KEYS)),
        _only_for(osmium.osm.RELATION, osmium.filter.TagFilter(*relations)),
    )
    with open_osm_writer(target, LINE_FORMAT) as writer:
        osmium.apply(str(path), locations, *filters, writer)
    yield from _lines(target)


def _member_lines(path: Path, store: Any, members: list[int], target: Path) -> Iterator[list[str]]:
    """Write the ways that are members of water relations as text lines; their nodes are placed already."""
    import osmium

    locations = osmium.NodeLocationsForWays(store)
    locations.ignore_errors()
    chosen = _only_for(osmium.osm.WAY, osmium.filter.IdFilter(members))
    reader = osmium.io.Reader(str(path), osmium.osm.WAY)
    try:
        with open_osm_writer(target, LINE_FORMAT) as writer:
            osmium.apply(reader, locations, chosen, writer)
    finally:
        reader.close()
    yield from _lines(target)


def _only_for(kind: Any, chosen: Any) -> Any:
    """Let a filter look at one kind of object and pass the others."""
    chosen.enable_for(kind)
    return chosen


def _lines(target: Path) -> Iterator[list[str]]:
    with target.open(encoding="utf-8", newline="\n") as text:
        while lines := text.readlines(LINES_AT_ONCE):
            yield lines


@dataclass
class _Vertices:
    """Gather the vertices of ways, a block of text at a time."""

    ref: list[Int64] = field(default_factory=list)
    lon: list[Float64] = field(default_factory=list)
    lat: list[Float64] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def add(self, texts: list[str]) -> None:
        """Take the node lists of some ways, written `n1x2.5y3.5,n2x2.6y3.6`; a node without position is `n1xy`."""
        import pandas as pd

        self.counts.extend(text.count("n") for text in texts)
        joined = ",".join(text for text in texts if text)
        if not joined:
            return
        rows = joined.replace(",n", "\n").replace("x", ",").replace("y", ",")
        names = ("ref", "lon", "lat")
        types = {"ref": np.int64, "lon": np.float64, "lat": np.float64}
        table = pd.read_csv(StringIO(rows[1:]), header=None, names=names, dtype=types, engine="c")
        self.ref.append(table["ref"].to_numpy())
        self.lon.append(table["lon"].to_numpy())
        self.lat.append(table["lat"].to_numpy())

    def joined(self) -> tuple[Int64, Float64, Float64, Int64]:
        """Return node ids, longitudes, latitudes of all vertices, and where each way starts."""
        if not self.ref:
            return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(len(self.counts) + 1, dtype=np.int64)
        start = np.concatenate(([0], np.cumsum(self.counts, dtype=np.int64)))
        return np.concatenate(self.ref), np.concatenate(self.lon), np.concatenate(self.lat), start


class _Collector:
    """Sort the text lines of an OSM file into roads, obstacles, water and restrictions."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.tags = TagCollector([*keys, "conditional"], _plain)
        self.node_tags = TagCollector([*keys, *OBSTACLE_NODE_TAGS])
        self.way_ids: list[int] = []
        self.vertices = _Vertices()
        self.node_ids: list[int] = []
        self.outline_ids: list[int] = []
        self.outline_kinds: list[str] = []
        self.outline_vertices = _Vertices()
        self.members: list[int] = []
        self.turn_restrictions = 0
        self.placed: dict[int, tuple[float, float]] = {}

    def add(self, lines: list[str]) -> None:
        """Take lines `n…`, `w…` and `r…`."""
        roads: list[str] = []
        road_tags: list[str] = []
        outlines: list[str] = []
        first = len(self.way_ids)
        for line in lines:
            kind = line[0]
            if kind == "w":
                head, tags, nodes = line[1:-1].split(" ")
                if _is_road(tags):
                    self.way_ids.append(int(head))
                    road_tags.append(tags[1:])
                    roads.append(nodes[1:])
                elif obstacle := _obstacle(_tags(tags)):
                    self.outline_ids.append(int(head))
                    self.outline_kinds.append(obstacle)
                    outlines.append(nodes[1:])
            elif kind == "n":
                self._add_node(line)
            elif kind == "r":
                self._add_relation(line)
        self._add_road_tags(first, road_tags)
        self.vertices.add(roads)
        self.outline_vertices.add(outlines)

    def _add_road_tags(self, first: int, texts: list[str]) -> None:
        self.tags.add_texts(first, texts)
        for row, text in enumerate(texts, first):
            if CONDITIONAL in text:
                self.tags.add(row, {"conditional": "yes"})

    def _add_node(self, line: str) -> None:
        head, tag_text, _ = line.split(" ", 2)
        self.node_tags.add(len(self.node_ids), _tags(tag_text))
        self.node_ids.append(int(head[1:]))

    def _add_relation(self, line: str) -> None:
        _, tag_text, members = line.rstrip("\n").split(" ", 2)
        tags = _tags(tag_text)
        if tags.get("type", "") in RESTRICTION_TYPES:
            self.turn_restrictions += 1
        elif _obstacle(tags):
            parts = (member.partition("@")[0] for member in members[1:].split(","))
            self.members.extend(int(part[1:]) for part in parts if part.startswith("w"))

    def missing_members(self) -> list[int]:
        """Return the positive ids of water edges named by relations and not read yet."""
        return sorted(member for member in set(self.members).difference(self.outline_ids) if member > 0)

    def add_members(self, lines: list[str]) -> None:
        """Take the edges of water relations."""
        texts = []
        for line in lines:
            head, _, nodes = line.rstrip("\n").split(" ")
            self.outline_ids.append(int(head[1:]))
            self.outline_kinds.append("water")
            texts.append(nodes[1:])
        self.outline_vertices.add(texts)

    def place_negative_nodes(self, path: Path) -> None:
        """Find the positions of nodes with negative ids (an editor's file before upload), which the C++ index skips."""
        import osmium

        if not any((ref < 0).any() for ref in (*self.vertices.ref, *self.outline_vertices.ref)):
            return
        for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
            assert isinstance(node, osmium.osm.Node)
            if node.id < 0 and node.location.valid():
                self.placed[node.id] = (node.location.lon, node.location.lat)

    def contents(self) -> OsmContents:
        """Return all that was gathered."""
        ref, lon, lat, start = self._joined(self.vertices)
        known = np.isfinite(lon)
        ids, first, inverse = np.unique(ref[known], return_index=True, return_inverse=True)
        node = np.full(ref.size, -1, dtype=np.int32)
        node[known] = inverse
        tagged, rows = _numbers_of(np.array(self.node_ids, dtype=np.int64), ids)
        ways = Ways(
            way_id=np.array(self.way_ids, dtype=np.int64),
            start=start,
            node=node,
            lon=lon[known][first],
            lat=lat[known][first],
            tags=self.tags.table(len(self.way_ids)),
            tagged_node=tagged,
            node_tags=self.node_tags.table(len(self.node_ids)).take(rows),
        )
        return OsmContents(ways, self._outlines(), self.turn_restrictions)

    def _joined(self, vertices: _Vertices) -> tuple[Int64, Float64, Float64, Int64]:
        ref, lon, lat, start = vertices.joined()
        for i in np.flatnonzero((ref < 0) & ~np.isfinite(lon)) if self.placed else ():
            lon[i], lat[i] = self.placed.get(int(ref[i]), (np.nan, np.nan))
        return ref, lon, lat, start

    def _outlines(self) -> Outlines:
        if not self.outline_ids:
            return NO_OUTLINES
        _, lon, lat, start = self._joined(self.outline_vertices)
        return Outlines(lon, lat, start, np.array(self.outline_kinds, dtype=object))


def _numbers_of(wanted: Int64, ids: Int64) -> tuple[Int32, NDArray[np.int64]]:
    """Return the node numbers of wanted ids that are on some way, and the rows of `wanted` that are."""
    if ids.size == 0 or wanted.size == 0:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)
    place = np.minimum(np.searchsorted(ids, wanted), ids.size - 1)
    rows = np.flatnonzero(ids[place] == wanted)
    return place[rows].astype(np.int32), rows


def _is_road(text: str) -> bool:
    """Tell from the text of all tags whether a way is a road or a ferry."""
    bounded = f",{text[1:]},"
    return ",highway=" in bounded or ",route=ferry," in bounded


def _tags(text: str) -> dict[str, str]:
    """Read `Tkey=value,key=value`; signs that would confuse are written %hex%."""
    if "%" not in text:
        return dict([item.split("=", 1) for item in text[1:].split(",")]) if len(text) > 1 else {}
    pairs = (item.split("=", 1) for item in text[1:].split(","))
    return {_plain(key): _plain(value) for key, value in pairs}


def _plain(text: str) -> str:
    return ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "%" in text else text


def _obstacle(tags: dict[str, str]) -> str:
    """Return the kind of obstacle to a person on foot, empty if none.

    Streams, ditches and drains are stepped over, ponds walked round; what runs in a tunnel or culvert, or over a
    bridge, stops nobody.
    """
    if _is_off_the_ground(tags):
        return ""
    waterway = tags.get("waterway", "")
    if waterway in {"river", "canal"}:
        return waterway
    if waterway == "riverbank" or (tags.get("natural") == "water" and tags.get("water", "") not in WALKED_ROUND):
        return "water"
    return "railway" if tags.get("railway") == "rail" else ""


def _is_off_the_ground(tags: dict[str, str]) -> bool:
    return any(tags.get(key, "no") != "no" for key in ("tunnel", "bridge", "culvert")) or (
        tags.get("location", "") in {"underground", "overground", "bridge"}
    )
