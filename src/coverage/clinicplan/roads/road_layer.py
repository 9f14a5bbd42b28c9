"""Hold the roads of a file once for all modes, and make from them the network of each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.datum import converter
from clinicplan.errors import NetworkError
from clinicplan.network.graph import RoadNetwork
from clinicplan.roads.access_rules import WayRights, ferries, ferry_minutes, stopping_nodes, tunnels, way_rights
from clinicplan.roads.faults import road_error, road_note
from clinicplan.roads.geodesic import geodesic_mm
from clinicplan.roads.report import RoadReport, class_sums, tag_counts
from clinicplan.roads.ways import NO_OUTLINES, Flags, Float64, Int32, Int64, Outlines, TagTable, Ways
from clinicplan.speeds import Speeds, TravelMode
from clinicplan.standard import MS_PER_MIN
from clinicplan.words import phrase

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from clinicplan.errors import Fault

Box = tuple[float, float, float, float]

MM_PER_KM = 1_000_000
LONGEST_PIECE_KM = 50
"""A road has no two neighbouring nodes this far apart (assumption): one of them is misplaced. Ferries may."""
LONGEST_CROSSING_KM = 1_000
"""The same for ferries; it keeps lengths within 32 bits."""
MOST_WAYS_SHOWN = 5
MS_KMH_PER_MM = 3.6
"""A millimetre at 1 km/h takes 3.6 ms."""
LARGEST_INT32 = 2**31 - 1
MOTORWAYS = frozenset({"motorway", "motorway_link"})


@dataclass(frozen=True, eq=False)
class RoadLayer:
    """Roads within a box, cut into pieces between consecutive vertices, for all modes.

    Make one with `clinicplan.roads.reading.scan_roads`.

    Parameters
    ----------
    node_x, node_y
        Shape (nodes): position in metres, in `crs`.
    segment_tail, segment_head
        Shape (segments): nodes at both ends, in the way's own direction.
    segment_way
        Shape (segments): row of the way in `ways`.
    segment_length_mm
        Shape (segments): geodesic length, whole millimetres.
    ways
        One row a way: `way_id`, and the tags that the rules read as text, empty where absent (at least `highway` and
        `name`).
    tags
        The same tags, as the rules read them.
    obstacle_node
        Shape (obstacles): nodes with a barrier or ford.
    obstacle_tags
        Their tags.
    barrier_lines
        Lines in `crs` that no one walks across: rivers, canals, water edges, motorways, railways.
    barrier_kind
        Shape (barrier lines): river, canal, water, motorway, railway or user.
    crs
        Projected coordinate system.
    report
        What was found and assumed.
    segment_factor
        Shape (segments): multiplies the speed of every mode, 0 closes; None where a scenario changes nothing.
    """

    node_x: Float64
    node_y: Float64
    segment_tail: Int32
    segment_head: Int32
    segment_way: Int32
    segment_length_mm: Int32
    ways: pd.DataFrame
    tags: TagTable
    obstacle_node: Int32
    obstacle_tags: TagTable
    barrier_lines: NDArray[np.object_]
    barrier_kind: NDArray[np.object_]
    crs: str
    report: RoadReport
    segment_factor: Float64 | None = None

    def __repr__(self) -> str:
        return f"RoadLayer({len(self.ways):,} ways, {self.segment_way.size:,} segments, {self.report.km:,.0f} km)"

    def network(self, mode: TravelMode, *, speed_factor: float = 1.0, top_kmh: float = np.inf) -> RoadNetwork:
        """Return the roads that one mode may use.

        Parameters
        ----------
        mode
            Speeds and rules, from `speeds.read_speeds().mode(name)`.
        speed_factor
            All speeds of roads are multiplied by it (ferries keep their times).
        top_kmh
            No road is faster than this after all factors.

        Returns
        -------
        network
            Nodes that the mode uses, renumbered. A node that stops the mode is replaced by one copy an adjoining
            segment, so that nothing passes. `segment` is the row in this layer. Each time is rounded once; the times
            of a ferry's segments sum to its time.

        Raises
        ------
        NetworkError
            If no road is open to the mode, or the factor is not above 0.
        """
        if not 0 < speed_factor < np.inf:
            raise NetworkError(f"speed_factor must be above 0, got {speed_factor}")
        rights = way_rights(self.tags, mode)
        forward, backward = self._by_segment(rights.forward_kmh), self._by_segment(rights.backward_kmh)
        used = np.flatnonzero((forward > 0) | (backward > 0))
        if used.size == 0:
            name = phrase(f"general.mode.{mode.name}")
            raise road_error("no_roads_for_mode", self.report.file, mode=name)
        tail, head, node = self._passable_nodes(used, mode)
        rows = np.concatenate((np.flatnonzero(forward[used] > 0), np.flatnonzero(backward[used] > 0)))
        count = int(np.count_nonzero(forward[used] > 0))
        kmh = np.concatenate((forward[used][rows[:count]], backward[used][rows[count:]])) * speed_factor
        kmh = np.minimum(kmh, top_kmh)
        segment = used[rows].astype(np.int32)
        way = self.segment_way[segment]
        return RoadNetwork(
            n_nodes=int(node.size),
            tail=np.concatenate((tail[rows[:count]], head[rows[count:]])),
            head=np.concatenate((head[rows[:count]], tail[rows[count:]])),
            time_ms=self._times_ms(segment, kmh, rights, mode),
            length_mm=self.segment_length_mm[segment],
            x=self.node_x[node],
            y=self.node_y[node],
            segment=segment,
            joinable=rights.joinable[way],
            through=rights.through[way],
            barrier_lines=self.barrier_lines,
            crs=self.crs,
            mode=mode.name,
        )

    def _by_segment(self, way_kmh: Float64) -> Float64:
        """Spread speeds of ways over their segments, each with its own factor."""
        kmh = way_kmh[self.segment_way]
        return kmh if self.segment_factor is None else kmh * self.segment_factor

    def _passable_nodes(self, used: Int64, mode: TravelMode) -> tuple[Int32, Int32, Int64]:
        """Give the nodes of the segments in use new numbers, with a copy an end where a barrier stops the mode.

        Tail and head of the segments in the new numbers, and the layer's node of each new number.
        """
        ends = np.concatenate((self.segment_tail[used], self.segment_head[used])).astype(np.int64)
        stops = np.zeros(self.node_x.size, dtype=np.bool_)
        stops[self.obstacle_node[stopping_nodes(self.obstacle_tags, mode)]] = True
        stopped = np.flatnonzero(stops[ends])
        origin = np.concatenate((np.arange(self.node_x.size), ends[stopped]))
        ends[stopped] = self.node_x.size + np.arange(stopped.size)
        kept, number = _renumbered(ends, origin.size)
        return number[: used.size], number[used.size :], origin[kept]

    def _times_ms(self, segment: Int32, kmh: Float64, rights: WayRights, mode: TravelMode) -> Int32:
        """Return whole milliseconds: each segment rounded once, at least 1 where there is any length."""
        length = self.segment_length_mm[segment].astype(np.float64)
        time = np.maximum(np.rint(length * MS_KMH_PER_MM / kmh), length > 0)
        afloat = rights.is_ferry[self.segment_way[segment]]
        if afloat.any():
            factor = 1.0 if self.segment_factor is None else self.segment_factor[segment[afloat]]
            time[afloat] = np.rint(self._ferry_times_ms(mode)[segment[afloat]] / factor)
        return np.minimum(time, LARGEST_INT32).astype(np.int32)

    def _ferry_times_ms(self, mode: TravelMode) -> Int64:
        """Share each way's ferry time among its segments by length; the parts sum to the whole."""
        way, length = self.segment_way, self.segment_length_mm.astype(np.int64)
        whole = np.bincount(way, weights=length, minlength=len(self.ways))
        minutes, _ = ferry_minutes(self.tags, whole / MM_PER_KM, mode)
        whole_ms = np.rint(minutes * MS_PER_MIN)
        run = np.cumsum(length)
        first = np.searchsorted(way, np.arange(len(self.ways)))
        before = np.concatenate(([0], run))[first]
        share = np.divide(whole_ms, whole, out=np.zeros_like(whole), where=whole > 0)
        upto = np.rint((run - before[way]) * share[way])
        upto_before = np.rint((run - length - before[way]) * share[way])
        times: Int64 = (upto - upto_before).astype(np.int64)
        return times

    def lines(self) -> gpd.GeoDataFrame:
        """Return the roads as lines for drawing.

        Returns
        -------
        lines
            `way_id, highway, name, geometry` in `crs`; a way cut by the box or the file's edge has several rows.
        """
        import geopandas as gpd

        geometry, way = joined_lines(self.segment_tail, self.segment_head, self.segment_way, self.node_x, self.node_y)
        columns = self.ways[["way_id", "highway", "name"]].iloc[way].reset_index(drop=True)
        return gpd.GeoDataFrame(columns.astype({"highway": object, "name": object}), geometry=geometry, crs=self.crs)

    def class_km(self) -> pd.DataFrame:
        """Return `highway, ways, km` by class, the longest first."""
        import pandas as pd

        report = self.report
        rows = [(name, report.class_ways[name], round(km, 3)) for name, km in report.class_km.items()]
        return pd.DataFrame(rows, columns=["highway", "ways", "km"])


def joined_lines(
    tail: NDArray[Any], head: NDArray[Any], group: NDArray[Any], x: Float64, y: Float64
) -> tuple[NDArray[np.object_], NDArray[Any]]:
    """Join consecutive segments of a group, head to tail, to lines.

    Parameters
    ----------
    tail, head
        Shape (segments): node numbers.
    group
        Shape (segments): segments join only within a group.
    x, y
        Shape (nodes): positions.

    Returns
    -------
    lines, group_of_line
        Shapely lines, and the group of each.
    """
    import shapely

    if tail.size == 0:
        return np.zeros(0, dtype=object), group[:0]
    begins = np.concatenate(([True], (group[1:] != group[:-1]) | (tail[1:] != head[:-1])))
    run = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    node = np.empty(tail.size + starts.size, dtype=np.int64)
    line = np.empty(node.size, dtype=np.int64)
    at_head = np.arange(tail.size) + run + 1
    at_start = starts + np.arange(starts.size)
    node[at_head], line[at_head] = head, run
    node[at_start], line[at_start] = tail[starts], np.arange(starts.size)
    lines = shapely.linestrings(np.column_stack((x[node], y[node])), indices=line)
    return np.asarray(lines, dtype=object), group[starts]


def assemble(
    ways: Ways,
    *,
    crs: str,
    box: Box | None,
    speeds: Speeds,
    file: str,
    outlines: Outlines = NO_OUTLINES,
    turn_restrictions: int = 0,
    notes: Sequence[Fault] = (),
) -> RoadLayer:
    """Cut ways to a box, measure and project them, and count what the report tells.

    A segment is kept when one of its ends lies in the box; ferries are kept whole when any of their nodes does.

    Parameters
    ----------
    ways
        Ways as read.
    crs
        Projected system of the result.
    box
        West, south, east, north in degrees; None keeps all.
    speeds
        Which highway values are known, and which closed.
    file
        Name of the source, for the faults.
    outlines, turn_restrictions, notes
        What else the source holds.

    Raises
    ------
    NetworkError
        If there are no ways, none with positions, or none in the box.
    """
    tail, head, way = ways.segments()
    _require_segments(ways, tail.size, file)
    inside = _nodes_inside(ways, box, file)
    kept = _kept_segments(ways, tail, head, way, inside)
    if not kept.any():
        raise _outside_box(ways, box, file)
    tail, head, way = tail[kept], head[kept], way[kept]
    length = geodesic_mm(ways.lon[tail], ways.lat[tail], ways.lon[head], ways.lat[head])
    leap = _leaps(ways, way, length)
    notes = [*notes, *_leap_notes(ways, way[leap], file)]
    tail, head, way, length = tail[~leap], head[~leap], way[~leap], length[~leap]
    way_km = np.bincount(way, weights=length, minlength=ways.size) / MM_PER_KM
    present = np.bincount(way, minlength=ways.size) > 0
    usable = present & (ways.tags.among("highway", speeds.known_classes) | ferries(ways.tags))
    if not usable.any():
        raise road_error("no_roads", file)
    chosen = usable[way]
    tail, head, way, length = tail[chosen], head[chosen], way[chosen], length[chosen]
    node, ends = _renumbered(np.concatenate((tail, head)), ways.lon.size)
    rows = np.flatnonzero(usable)
    tags = ways.tags.take(rows)
    x, y = _projected(ways.lon[node], ways.lat[node], crs, file)
    obstacle_node, obstacle_tags = _obstacles(ways, node)
    lines, kinds = _barrier_lines(outlines, box, crs, file)
    motorways = _motorway_lines(ends[: tail.size], ends[tail.size :], np.searchsorted(rows, way), tags, x, y)
    report = _report(ways, present, usable, way_km, obstacle_tags, speeds, file, turn_restrictions, notes)
    return RoadLayer(
        node_x=x,
        node_y=y,
        segment_tail=ends[: tail.size],
        segment_head=ends[tail.size :],
        segment_way=np.searchsorted(rows, way).astype(np.int32),
        segment_length_mm=length.astype(np.int32),
        ways=_way_table(ways.way_id[rows], tags),
        tags=tags,
        obstacle_node=obstacle_node,
        obstacle_tags=obstacle_tags,
        barrier_lines=np.concatenate((lines, motorways)),
        barrier_kind=np.concatenate((kinds, np.full(motorways.size, "motorway", dtype=object))),
        crs=crs,
        report=report,
    )


def _leaps(ways: Ways, way: Int32, length_mm: Int64) -> Flags:
    """Tell which segments are too long to be real."""
    longest_km = np.where(ferries(ways.tags), LONGEST_CROSSING_KM, LONGEST_PIECE_KM)[way]
    flags: Flags = length_mm >= longest_km.astype(np.int64) * MM_PER_KM
    return flags


def _leap_notes(ways: Ways, way: Int32, file: str) -> list[Fault]:
    if way.size == 0:
        return []
    numbers = ", ".join(map(str, np.unique(ways.way_id[way])[:MOST_WAYS_SHOWN]))
    return [road_note("misplaced_nodes", file, int(way.size), km=LONGEST_PIECE_KM, ways=numbers)]


def _require_segments(ways: Ways, count: int, file: str) -> None:
    if ways.size == 0:
        raise road_error("no_roads", file)
    if count == 0:
        code = "no_locations" if (ways.node < 0).any() else "no_roads"
        raise road_error(code, file, count=ways.size)


def _nodes_inside(ways: Ways, box: Box | None, file: str) -> Flags:
    if box is None:
        return np.ones(ways.lon.size, dtype=np.bool_)
    west, south, east, north = box
    if not (west < east and south < north and all(np.isfinite(box))):
        raise road_error("bad_box", file, box=box)
    inside: Flags = (ways.lon >= west) & (ways.lon <= east) & (ways.lat >= south) & (ways.lat <= north)
    return inside


def _kept_segments(ways: Ways, tail: Int32, head: Int32, way: Int32, inside: Flags) -> Flags:
    touches = inside[tail] | inside[head]
    afloat = ferries(ways.tags)
    if afloat.any():
        reached = np.zeros(ways.size, dtype=np.bool_)
        reached[way[touches]] = True
        touches |= (afloat & reached)[way]
    flags: Flags = touches
    return flags


def _outside_box(ways: Ways, box: Box | None, file: str) -> NetworkError:
    west, south, east, north = box or (0.0, 0.0, 0.0, 0.0)
    extent = {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "file_west": ways.lon.min(),
        "file_south": ways.lat.min(),
        "file_east": ways.lon.max(),
        "file_north": ways.lat.max(),
    }
    shown: dict[str, Any] = {name: f"{value:.3f}" for name, value in extent.items()}
    return road_error("no_roads_in_box", file, **shown)


def _renumbered(values: NDArray[Any], size: int) -> tuple[Int64, Int32]:
    """Return the distinct values (below `size`) in order, and the place of every value among them."""
    present = np.zeros(size, dtype=np.bool_)
    present[values] = True
    kept = np.flatnonzero(present)
    number = np.zeros(size, dtype=np.int32)
    number[kept] = np.arange(kept.size, dtype=np.int32)
    return kept, number[values]


def _projected(lon: Float64, lat: Float64, crs: str, file: str) -> tuple[Float64, Float64]:
    x, y = converter("EPSG:4326", crs).transform(lon, lat)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise road_error("broken_roads", file, detail=f"longitude, latitude -> {crs}")
    return np.asarray(x), np.asarray(y)


def _obstacles(ways: Ways, node: Int64) -> tuple[Int32, TagTable]:
    """Return the obstacles among the nodes that are kept, in their new numbers."""
    place = np.minimum(np.searchsorted(node, ways.tagged_node), max(node.size - 1, 0))
    rows = np.flatnonzero(node[place] == ways.tagged_node)
    return place[rows].astype(np.int32), ways.node_tags.take(rows)


def _barrier_lines(
    outlines: Outlines, box: Box | None, crs: str, file: str
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return outlines within the box as projected lines, and their kinds."""
    if outlines.kind.size == 0:
        return np.zeros(0, dtype=object), np.zeros(0, dtype=object)
    line = np.repeat(np.arange(outlines.kind.size), np.diff(outlines.start))
    tail = np.arange(line.size - 1)
    known = np.isfinite(outlines.lon)
    west, south, east, north = box or (-np.inf, -np.inf, np.inf, np.inf)
    near = (outlines.lon >= west) & (outlines.lon <= east) & (outlines.lat >= south) & (outlines.lat <= north)
    kept = (line[:-1] == line[1:]) & known[:-1] & known[1:] & (near[:-1] | near[1:])
    tail, group = tail[kept], line[:-1][kept]
    if tail.size == 0:
        return np.zeros(0, dtype=object), np.zeros(0, dtype=object)
    node, ends = _renumbered(np.concatenate((tail, tail + 1)), line.size)
    x, y = _projected(outlines.lon[node], outlines.lat[node], crs, file)
    lines, of_line = joined_lines(ends[: tail.size], ends[tail.size :], group, x, y)
    return lines, outlines.kind[of_line]


def _motorway_lines(
    tail: Int32, head: Int32, way: NDArray[Any], tags: TagTable, x: Float64, y: Float64
) -> NDArray[np.object_]:
    on_bridge = tags.has("bridge") & ~tags.among("bridge", {"no"})
    blocking = tags.among("highway", MOTORWAYS) & ~on_bridge & ~tunnels(tags)
    chosen = blocking[way]
    return joined_lines(tail[chosen], head[chosen], way[chosen], x, y)[0]


def _way_table(way_id: Int64, tags: TagTable) -> pd.DataFrame:
    import pandas as pd

    table = tags.frame()
    for key in ("highway", "name"):
        if key not in table:
            table[key] = pd.Categorical([""] * len(table))
    table.insert(0, "way_id", way_id)
    return table


def _report(
    ways: Ways,
    present: Flags,
    usable: Flags,
    way_km: Float64,
    obstacle_tags: TagTable,
    speeds: Speeds,
    file: str,
    turn_restrictions: int,
    notes: Sequence[Fault],
) -> RoadReport:
    closed = present & ~usable & ways.tags.among("highway", speeds.closed_classes)
    sums = class_sums(ways.tags, usable, way_km)
    missing = np.bincount(ways.way_of_vertex[ways.node < 0], minlength=ways.size)
    return RoadReport(
        file=file,
        ways=int(usable.sum()),
        km=float(way_km[usable].sum()),
        class_ways={name: count for name, (count, _) in sums.items()},
        class_km={name: km for name, (_, km) in sums.items()},
        unknown_classes=class_sums(ways.tags, present & ~usable & ~closed, way_km),
        closed_classes=class_sums(ways.tags, closed, way_km),
        turn_restrictions=turn_restrictions,
        cut_ways=int((present & (missing > 0)).sum()),
        missing_nodes=int(missing[present].sum()),
        **tag_counts(ways.tags.take(usable), obstacle_tags, speeds),  # type: ignore[arg-type]
        notes=tuple(notes),
    )
