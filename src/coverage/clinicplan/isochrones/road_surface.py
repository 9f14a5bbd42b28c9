"""Turn the times at road nodes into a surface over the ground beside the roads, from which isochrones are cut.

The ground is a lattice of points (`lattice`). Each belongs to the nearest road that may be joined there and
that no barrier cuts off, as villages and facilities do; its foot is exact, inside the edge. The level of a point is how
many metres of walking are missing to reach it within the limit, negative inside:

    level = max(v * (t(foot) - limit) + max(0, distance - corridor), distance - strip)

with v the walking speed and t(foot) the time at the foot, from the better of the two ends of the edge that the
traveller can use. So the strip beside a road shrinks with the time left on foot and ends at `strip_m`, and along a
straight road the zero line crosses exactly where the time runs out. Levels are cut to the distance of the next barrier
line: the zero line then follows a river instead of jumping it. Levels only fall when the limit grows, so circles nest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from clinicplan.errors import NetworkError
from clinicplan.isochrones.lattice import BLOCK_CELLS, EMPTY_TILE, Lattice, RoadIndex, Shore, Tile, TileAt, Window
from clinicplan.isochrones.line_index import LineIndex
from clinicplan.isochrones.outlines import nested, outline, with_thin_roads
from clinicplan.isochrones.road_links import NEVER_MS, Direction, Links, require_direction
from clinicplan.network.crossings import index_barriers
from clinicplan.network.graph import RoadNetwork
from clinicplan.standard import UNREACHED

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Flags = NDArray[np.bool_]

M_PER_MS_AT_1_KMH: Final = 1.0 / 3600.0
STRIP_M: Final = 250.0
"""Widest strip beside a reached road, metres to each side: a modelling choice (假设)."""
CORRIDOR_CELLS: Final = 1.2
"""Half-width of a road as drawn, in cells, free of time: thinner roads would break up on the lattice."""
JUNCTION_DEPTH_M: Final = 1.0
"""How far inside a reached junction lies at least, by interpolation on the lattice, metres."""
SMALLEST_LEVEL_M: Final = 0.05
"""No level is nearer to zero: outlines then never meet in a lattice point, and are valid."""
THIN_ROAD_M: Final = 4.0
"""Half-width of the ribbons of an exact polygon, metres."""
WALK_KMH: Final = 4.0
"""Access speed where none is given: the default of the region file."""
TILES_A_BATCH: Final = 256


class Discs(NamedTuple):
    """Circles walked straight from a point, shape (points): centre and largest radius in metres."""

    x: Float64
    y: Float64
    radius_m: Float64


class _Circle(NamedTuple):
    """A disc on the lattice: points with a free way from the centre and their distance; points near a barrier."""

    radius_m: float
    cell: Int64
    distance_m: Float64
    shore_cell: Int64
    shore_m: Float64


@dataclass(frozen=True, eq=False)
class RoadSurface:
    """The ground over one network, surveyed where it is needed; make one with `prepare_surface`.

    Parameters
    ----------
    links, x, y
        Roads, and the positions of their nodes in metres.
    lattice
        Points of the ground.
    strip_m
        Widest strip beside a road, metres.
    crs
        Coordinate system of the network.
    tiles
        Tiles surveyed so far, by column and row; the same content whatever the order of questions.
    """

    links: Links
    x: Float64
    y: Float64
    lattice: Lattice
    strip_m: float
    crs: str = ""
    tiles: dict[TileAt, Tile] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"RoadSurface({self.links.start.size:,} links, cell {self.cell_m:g} m, strip {self.strip_m:g} m)"

    @property
    def cell_m(self) -> float:
        """Distance between lattice points, metres."""
        return self.lattice.cell_m

    @property
    def corridor_m(self) -> float:
        """Half-width of a road as drawn, metres."""
        return CORRIDOR_CELLS * self.cell_m

    def node_times(self, node_time_ms: ArrayLike) -> Float64:
        """Return one time per node of this surface that can be added: `NEVER_MS` where unreached."""
        given = np.asarray(node_time_ms)
        if given.ndim != 1 or given.size < self.x.size:
            raise NetworkError(f"node_time_ms must have one time per node ({self.x.size}), got shape {given.shape}")
        times = given[: self.x.size].astype(np.float64)
        return np.where((times == UNREACHED) | ~np.isfinite(times), NEVER_MS, times)

    def levels(
        self,
        node_ms: Float64,
        limits_ms: Sequence[int],
        *,
        walk_kmh: float,
        direction: Direction,
        discs: Discs | None = None,
    ) -> Iterator[tuple[Window, Float32]]:
        """Yield the levels of the ground for each limit: metres of walking that are missing, negative inside.

        Parameters
        ----------
        node_ms
            As `node_times` gives them.
        limits_ms
            Limits, milliseconds.
        walk_kmh
            Speed between a road and a place beside it.
        direction
            `to_facility` or `from_facility`.
        discs
            Places reached on foot whatever the roads; of each radius only what can be walked within the limit counts.

        Yields
        ------
        window, level
            The rectangle and its levels, shape (rows, columns), metres.
        """
        tiles = self._active_tiles(node_ms, max(limits_ms))
        window = self._window(tiles, discs)
        self.prepare_tiles(tiles)
        *layers, shore = self._gathered(window, tiles)
        times = [self.links.time_at(node_ms, rows.link, rows.fraction, direction) for rows in layers]
        circles = [] if discs is None else self._circles(window, discs)
        near_junction = self._near_junctions(window, node_ms)
        bound = self._bounds(window, shore, circles)
        pace = walk_kmh * M_PER_MS_AT_1_KMH
        for limit in limits_ms:
            level = np.full(window.rows * window.columns, np.inf, dtype=np.float32)
            for rows, time, widest in zip(layers, times, self._widths, strict=True):
                missing = pace * (time - limit) + np.maximum(rows.distance_m - self.corridor_m, 0.0)
                level[rows.cell] = np.minimum(level[rows.cell], np.maximum(missing, rows.distance_m - widest))
            self._mark_junctions(level, limit, *near_junction)
            for circle in circles:
                missing = circle.distance_m - min(circle.radius_m, pace * limit)
                level[circle.cell] = np.minimum(level[circle.cell], missing)
            yield window, self._trimmed(level, bound).reshape(window.rows, window.columns)

    def polygons(
        self,
        node_time_ms: ArrayLike,
        limits_ms: Sequence[int],
        *,
        walk_kmh: float = WALK_KMH,
        direction: Direction = "to_facility",
        discs: Discs | None = None,
        exact: bool = False,
    ) -> list[BaseGeometry]:
        """Return what lies within each of several limits; see `polygon`. The areas nest, whatever their order."""
        require_direction(direction)
        if not (np.isfinite(walk_kmh) and walk_kmh > 0):
            raise NetworkError(f"walk_kmh must be above 0, got {walk_kmh}")
        node_ms = self.node_times(node_time_ms)
        ascending = sorted(set(limits_ms))
        levels = self.levels(node_ms, ascending, walk_kmh=walk_kmh, direction=direction, discs=discs)
        areas = [outline(window, level, self.cell_m) for window, level in levels]
        if exact:
            areas = [self._exact(area, node_ms, limit, direction) for area, limit in zip(areas, ascending, strict=True)]
            areas = nested(areas)
        by_limit = dict(zip(ascending, areas, strict=True))
        return [by_limit[limit] for limit in limits_ms]

    def polygon(
        self,
        node_time_ms: ArrayLike,
        limit_ms: int,
        *,
        walk_kmh: float = WALK_KMH,
        direction: Direction = "to_facility",
        discs: Discs | None = None,
        exact: bool = False,
    ) -> BaseGeometry:
        """Return what lies within a limit: roads cut at the exact time, with the strip that can still be walked.

        Parameters
        ----------
        node_time_ms
            Shape (nodes of the network, or more): whole milliseconds between each node and the facility, `UNREACHED`
            where there is no way or it is beyond the limit.
        limit_ms
            Limit, whole milliseconds, inclusive.
        walk_kmh
            Speed between a road and a place beside it.
        direction
            `to_facility` (the way ends at the facility) or `from_facility`; decides on one-way roads.
        discs
            Places reached on foot whatever the roads, such as the surroundings of the facility.
        exact
            Also add every reached piece of road that the lattice leaves out, as a ribbon of `THIN_ROAD_M`, so that
            every reached junction is inside. Slower.

        Returns
        -------
        area
            Polygon or MultiPolygon with holes; empty where nothing is reached.
        """
        return self.polygons(
            node_time_ms, [limit_ms], walk_kmh=walk_kmh, direction=direction, discs=discs, exact=exact
        )[0]

    def _exact(self, area: BaseGeometry, node_ms: Float64, limit_ms: int, direction: Direction) -> BaseGeometry:
        link, begins, ends = self.links.reached_parts(node_ms, limit_ms, direction)
        start, end = self.links.start[link], self.links.end[link]
        x0, y0, x1, y1 = self.x[start], self.y[start], self.x[end], self.y[end]
        ends_xy = [np.column_stack([x0 + at * (x1 - x0), y0 + at * (y1 - y0)]) for at in (begins, ends)]
        lines = np.asarray(shapely.linestrings(np.stack(ends_xy, axis=1)), dtype=object)
        reached = np.flatnonzero(node_ms <= limit_ms)
        return with_thin_roads(area, lines, np.column_stack([self.x[reached], self.y[reached]]), THIN_ROAD_M)

    def prepare_tiles(self, tiles: Sequence[TileAt]) -> None:
        """Survey the tiles that are not yet known."""
        missing = [tile for tile in tiles if tile not in self.tiles]
        for first in range(0, len(missing), TILES_A_BATCH):
            batch = missing[first : first + TILES_A_BATCH]
            self.tiles.update(zip(batch, self.lattice.survey(batch), strict=True))

    @cached_property
    def _touched_tiles(self) -> tuple[Int32, Int64, Int64]:
        """Each link with the columns and rows of tiles that its strip may touch; pairs may be repeated.

        Links are cut into pieces so short that a tile is wider than a piece with its strip: four corners tell all.
        """
        pad_m = self.lattice.reach_m + self.cell_m
        ends = (self.x[self.links.start], self.y[self.links.start], self.x[self.links.end], self.y[self.links.end])
        link, middle = LineIndex(*ends, pad_m).pieces
        corners = np.array([(i * 1.5 * pad_m, j * 1.5 * pad_m) for i in (-1, 1) for j in (-1, 1)])
        tile = np.floor((middle[:, None, :] + corners) / (self.cell_m * self.lattice.tile_cells)).astype(np.int64)
        return np.repeat(link, len(corners)), tile[..., 0].ravel(), tile[..., 1].ravel()

    def _active_tiles(self, node_ms: Float64, limit_ms: int) -> list[TileAt]:
        """List the tiles that the strips of reached links may touch, row by row."""
        near = node_ms <= limit_ms
        link, column, row = self._touched_tiles
        hit = np.flatnonzero((near[self.links.start] | near[self.links.end])[link])
        if not hit.size:
            return []
        column, row = column[hit], row[hit]
        active = np.zeros((np.ptp(row) + 1, np.ptp(column) + 1), dtype=np.bool_)
        active[row - row.min(), column - column.min()] = True
        rows, columns = np.nonzero(active)
        return list(zip((columns + column.min()).tolist(), (rows + row.min()).tolist(), strict=True))

    def _window(self, tiles: list[TileAt], discs: Discs | None) -> Window:
        """Return the rectangle around tiles and discs, with two lattice points to spare on each side."""
        corners = []
        if tiles:
            at = np.array(tiles, dtype=np.float64)
            corners += [at.min(axis=0) * self.lattice.tile_cells, (at.max(axis=0) + 1) * self.lattice.tile_cells]
        if discs is not None and discs.x.size:
            centre, radius = np.column_stack([discs.x, discs.y]), np.asarray(discs.radius_m)[:, None]
            corners += [((centre - radius) / self.cell_m).min(axis=0), ((centre + radius) / self.cell_m).max(axis=0)]
        if not corners:
            return Window(0, 0, 0, 0)
        low = np.floor(np.min(corners, axis=0)).astype(np.int64) - 2
        size = np.ceil(np.max(corners, axis=0)).astype(np.int64) + 3 - low
        return Window(int(low[0]), int(low[1]), int(size[0]), int(size[1]))

    @cached_property
    def _junctions(self) -> tuple[Int32, Int64, Float64]:
        """Each junction with the lattice points around it that no barrier parts from it.

        Node, column and row (shape (rows, 2)), and the level there once the junction is reached: the distance less a
        radius just large enough that the junction itself comes to lie inside.
        """
        degree = np.bincount(self.links.start, minlength=self.x.size) + np.bincount(
            self.links.end, minlength=self.x.size
        )
        junction = np.flatnonzero(degree >= 3).astype(np.int32)
        place = np.column_stack([self.x[junction], self.y[junction]])
        point, distance, free = self.lattice.corners(place)
        weight = np.prod(1.0 - np.abs(point - place[:, None, :] / self.cell_m), axis=2)
        level = distance - (weight * distance).sum(axis=1, keepdims=True) - JUNCTION_DEPTH_M
        return np.repeat(junction, 4).reshape(-1, 4)[free], point[free], level[free]

    def _near_junctions(self, window: Window, node_ms: Float64) -> tuple[Int64, Float64, Float64]:
        """Return the lattice points around junctions: place in the window, level when reached, time of the junction."""
        node, point, level = self._junctions
        column, row = point[:, 0] - window.column, point[:, 1] - window.row
        here = np.flatnonzero((column >= 1) & (column < window.columns - 1) & (row >= 1) & (row < window.rows - 1))
        return row[here] * window.columns + column[here], level[here], node_ms[node[here]]

    def _mark_junctions(self, level: Float32, limit_ms: int, cell: Int64, when_reached: Float64, time: Float64) -> None:
        """Take every reached junction in, and leave the others out where they have lattice points of their own."""
        reached = time <= limit_ms
        taken = np.zeros(level.size, dtype=np.bool_)
        taken[cell[reached]] = True
        alone = ~reached & ~taken[cell]
        np.maximum.at(level, cell[alone], -when_reached[alone])
        np.minimum.at(level, cell[reached], when_reached[reached])

    def _circles(self, window: Window, discs: Discs) -> list[_Circle]:
        """Return the lattice points of each disc that no barrier parts from its centre."""
        circles = []
        for x, y, radius in zip(*discs, strict=True):
            column, row, xy = self._square(x, y, radius + 2 * self.cell_m)
            cell = (row - window.row) * window.columns + column - window.column
            distance = np.hypot(xy[:, 0] - x, xy[:, 1] - y)
            free, shore = np.ones(cell.size, dtype=np.bool_), np.full(cell.size, np.inf)
            if self.lattice.near_barrier(x, y, radius + 2 * self.cell_m):
                free = ~self.lattice.parted(np.broadcast_to([x, y], xy.shape), xy)
                shore = self.lattice.barriers.nearest(xy, self.lattice.shore_m).distance_m
            near = np.isfinite(shore)
            circles.append(_Circle(float(radius), cell[free], distance[free], cell[near], shore[near]))
        return circles

    def _square(self, x: float, y: float, half_m: float) -> tuple[Int64, Int64, Float64]:
        """Return column, row and position of the lattice points within a square about a point."""
        cell = self.cell_m
        columns = np.arange(np.ceil((x - half_m) / cell), np.floor((x + half_m) / cell) + 1)
        rows = np.arange(np.ceil((y - half_m) / cell), np.floor((y + half_m) / cell) + 1)
        column, row = (part.ravel() for part in np.meshgrid(columns, rows))
        return column.astype(np.int64), row.astype(np.int64), np.column_stack([column, row]) * cell

    @property
    def _widths(self) -> tuple[float, float, float]:
        """Widest strip beside the roads of each layer of a tile, metres."""
        return self.strip_m, self.strip_m, self.corridor_m

    def _gathered(self, window: Window, tiles: list[TileAt]) -> list[Any]:
        """Join the layers of several tiles; cells then count within the window."""
        ground = [self.tiles[tile] for tile in tiles] or [EMPTY_TILE]
        at = np.array(tiles or [(0, 0)], dtype=np.int64) * self.lattice.tile_cells - (window.column, window.row)
        corner = at[:, 1] * window.columns + at[:, 0]
        layers = []
        for parts in zip(*ground, strict=True):
            cell, *others = (np.concatenate(column) for column in zip(*parts, strict=True))
            row, column = np.divmod(cell, np.int32(self.lattice.tile_cells))
            start = np.repeat(corner, [part.cell.size for part in parts])
            layers.append(type(parts[0])(start + row * window.columns + column, *others))
        return layers

    def _bounds(self, window: Window, shore: Shore, circles: list[_Circle]) -> Float32:
        """Return how far from zero levels are kept: two cells, or the way to the next barrier where that is less."""
        bound = np.full(window.rows * window.columns, self.lattice.shore_m, dtype=np.float32)
        bound[shore.cell] = shore.distance_m
        for circle in circles:
            bound[circle.shore_cell] = circle.shore_m
        np.maximum(bound, SMALLEST_LEVEL_M, out=bound)
        return bound

    def _trimmed(self, level: Float32, bound: Float32) -> Float32:
        """Cut levels to their bounds, and keep them off zero."""
        np.clip(level, -bound, bound, out=level)
        near_zero = np.flatnonzero(np.abs(level) < SMALLEST_LEVEL_M)
        level[near_zero] = np.where(level[near_zero] <= 0, -SMALLEST_LEVEL_M, SMALLEST_LEVEL_M)
        return level


def prepare_surface(network: RoadNetwork, *, cell_m: float = 25.0, strip_m: float = STRIP_M) -> RoadSurface:
    """Prepare the ground of a network for isochrones; nothing is surveyed before the first question.

    Take the network that was searched. On `JoinedNetwork.network` facilities split their edges, so that a facility
    within a long edge reaches both ways from its place; private roads are not drawn there, but lie in the strips of
    open ones.

    Parameters
    ----------
    network
        Roads of one mode with positions in metres.
    cell_m
        Distance between the points of the ground, metres. Ends of strips on straight roads are exact at any value;
        bends, junctions and the space between roads are drawn to about half of it.
    strip_m
        Widest strip beside a road, metres: how far from a road a place still counts as on it.

    Returns
    -------
    surface
        The ground; it remembers what it has surveyed.

    Raises
    ------
    NetworkError
        If nodes have no positions, or cell or strip are not positive.

    Examples
    --------
    >>> road = RoadNetwork.from_edges([0], [1], [60.0], x=[0, 1000], y=[0, 0])
    >>> prepare_surface(road)
    RoadSurface(1 links, cell 25 m, strip 250 m)
    """
    if network.x is None or network.y is None:
        raise NetworkError("isochrones need node positions: give x and y (metres) to the network")
    if not (np.isfinite(cell_m) and cell_m > 0 and np.isfinite(strip_m) and strip_m > 0):
        raise NetworkError(f"cell_m and strip_m must be positive, got {cell_m} and {strip_m}")
    links, crossings = Links.from_network(network), index_barriers(network.barrier_lines)
    x, y = np.asarray(network.x, dtype=np.float64), np.asarray(network.y, dtype=np.float64)
    reach_m = strip_m + cell_m
    tile_m = max(1000.0, 3.0 * (reach_m + cell_m))

    def index(chosen: Flags) -> RoadIndex:
        link = np.flatnonzero(chosen).astype(np.int32)
        ends = (links.start[link], links.end[link])
        (x0, x1), (y0, y1) = ([at[end] for end in ends] for at in (x, y))
        return RoadIndex(link, LineIndex(x0, y0, x1, y1, cell_m / 2.0))

    lattice = Lattice(
        cell_m=cell_m,
        tile_cells=BLOCK_CELLS * math.ceil(tile_m / cell_m / BLOCK_CELLS),
        reach_m=reach_m,
        corridor_m=(CORRIDOR_CELLS + 1.0) * cell_m,
        shore_m=2.0 * cell_m,
        roads=index(links.joinable),
        closed=index(~links.joinable),
        connected=None if links.connected.all() else index(links.joinable & links.connected),
        barriers=LineIndex.from_lines([] if crossings.tree is None else crossings.tree.geometries, cell_m / 2.0),
        crossings=crossings,
    )
    return RoadSurface(links, x, y, lattice, strip_m, network.crs)
