"""Grow a mountain landscape: ridges, valleys, drainage, streams and reservoirs, from noise and the stream-power law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray, Lattice

STEEPNESS = 0.075
"""Slope of a channel that drains 1 km2 (stream-power law: slope = STEEPNESS * area ** -CONCAVITY)."""
CONCAVITY = 0.45
"""Exponent of the stream-power law; 0.4-0.6 in mountain rivers."""
LARGEST_SLOPE = 0.55
STREAM_KM2 = 2.5
"""A channel is drawn as a stream from this drained area on, km2."""
RIVER_KM2 = 45.0
"""From here on it is a river, km2."""
CHANNEL_KM2 = 8.0


@dataclass(frozen=True, eq=False)
class Terrain:
    """Heights and flowing water on a lattice.

    Parameters
    ----------
    height_m
        Shape (nodes): height of the ground, metres.
    above_water_m
        Shape (nodes): height above the next channel downstream, metres.
    downstream
        Shape (cells): the cell that the water flows to, -1 at the edge.
    drained_km2
        Shape (cells): drained area, km2.
    crossing_km2
        Shape (edges): drained area of the stream that crosses the edge, 0 where none does.
    cell_height_m
        Shape (cells): height of each cell.
    """

    height_m: FloatArray
    above_water_m: FloatArray
    downstream: IntArray
    drained_km2: FloatArray
    crossing_km2: FloatArray
    cell_height_m: FloatArray


def raise_terrain(lattice: Lattice, seed: int) -> Terrain:
    """Return a landscape whose valleys are cut by its own streams.

    Rough noise decides where water flows; from the edge upwards each cell then lies above the next one downstream by
    the slope of the stream-power law, and floors are widened along large channels. Two rounds, so that the streams
    follow the valleys they cut.

    References
    ----------
    .. [1] Whipple, Tucker (1999). Dynamics of the stream-power river incision model. doi:10.1029/1999JB900120
    """
    random = np.random.default_rng([seed, 2])
    height = lattice.cell_mean(_noise(lattice, random))
    rough = height
    for _ in range(2):
        order, downstream = _drain(lattice, height)
        area = _drained(lattice, order, downstream)
        carved, channel = _carve(lattice, order, downstream, area)
        height = carved + 0.04 * rough
    floor = 40.0 + 75.0 * np.log10(np.maximum(channel[1] / CHANNEL_KM2, 1.0))
    above = np.maximum(carved - channel[0], 0.0)
    widened = above**2 / (above + floor)
    ground = channel[0] + widened
    return Terrain(
        lattice.node_mean(ground), lattice.node_mean(widened), downstream, area,
        _crossings(lattice, downstream, area), ground,
    )  # fmt: skip


def _noise(lattice: Lattice, random: np.random.Generator) -> FloatArray:
    """Return fractal noise that falls towards the north-west, shape (nodes), metres."""
    shape = (lattice.rows, lattice.columns)
    north = np.fft.fftfreq(shape[0])[:, None] * lattice.rows
    east = np.fft.rfftfreq(shape[1])[None, :] * lattice.columns
    frequency = np.hypot(north, east * shape[0] / shape[1])
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(random.standard_normal(shape)) * _power(np.maximum(frequency, 3.0), -1.7)
    spectrum[0, 0] = 0.0
    rough = np.fft.irfft2(spectrum, s=shape)
    tilt = np.linspace(-1, 1, shape[1])[None, :] - np.linspace(-1, 1, shape[0])[:, None]
    return np.asarray(500.0 + 150.0 * rough / rough.std() + 170.0 * tilt).ravel()


def _drain(lattice: Lattice, height: FloatArray) -> tuple[IntArray, IntArray]:
    """Let each cell flow to the edge over the least climb; return cells from the mouths upwards, and the next cell."""
    rows, columns = lattice.rows - 1, lattice.columns - 1
    cell = np.arange(rows * columns).reshape(rows, columns)
    one = np.concatenate([cell[:, :-1].ravel(), cell[:-1, :].ravel()])
    two = np.concatenate([cell[:, 1:].ravel(), cell[1:, :].ravel()])
    lower, upper = np.concatenate([one, two]), np.concatenate([two, one])
    climb = np.maximum(height[lower] - height[upper], 0.0)
    weight = 40.0 * climb + 1.0 + 0.02 * np.maximum(height[upper] - height[lower], 0.0)
    graph = sparse.csr_matrix((weight, (lower, upper)), shape=(cell.size, cell.size))
    rim = np.unique(np.concatenate([cell[0], cell[-1], cell[:, 0], cell[:, -1]]))
    mouths = rim[height[rim] <= np.quantile(height[rim], 0.16)]
    distance, downstream, _ = csgraph.dijkstra(graph, indices=mouths, min_only=True, return_predecessors=True)
    return np.argsort(distance, kind="stable"), np.where(downstream < 0, -1, downstream).astype(np.int64)


def _drained(lattice: Lattice, order: IntArray, downstream: IntArray) -> FloatArray:
    """Add up areas from the springs down, km2."""
    area = [lattice.spacing_m**2 / 1e6] * len(order)
    below = downstream.tolist()
    for cell in reversed(order.tolist()):
        if below[cell] >= 0:
            area[below[cell]] += area[cell]
    return np.asarray(area)


def _carve(
    lattice: Lattice, order: IntArray, downstream: IntArray, area: FloatArray
) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    """Return heights by the stream-power law, and height and drained area of the next channel downstream."""
    slope = np.minimum(STEEPNESS * _power(area, -CONCAVITY), LARGEST_SLOPE)
    rise, below, drained = (slope * lattice.spacing_m).tolist(), downstream.tolist(), area.tolist()
    height, channel, size = [30.0] * len(order), [30.0] * len(order), [0.0] * len(order)
    for cell in order.tolist():
        under = below[cell]
        if under >= 0:
            height[cell] = height[under] + rise[cell]
        if under < 0 or drained[cell] >= CHANNEL_KM2:
            channel[cell], size[cell] = height[cell], drained[cell]
        else:
            channel[cell], size[cell] = channel[under], size[under]
    return np.asarray(height), (np.asarray(channel), np.asarray(size))


def _crossings(lattice: Lattice, downstream: IntArray, area: FloatArray) -> FloatArray:
    """Return the drained area of the stream over each edge; a diagonal is crossed where water changes triangles."""
    crossing = np.zeros(len(lattice.tail))
    upper = np.flatnonzero((area >= STREAM_KM2) & (downstream >= 0))
    lower = downstream[upper]
    out_side = side_towards(upper, lower)
    sides = lattice.cell_sides()
    crossing[sides[upper, out_side]] = area[upper]
    # The water of `upper` enters `lower` by one side and leaves it by another.
    onward = np.isin(lower, upper)
    entered = side_towards(lower[onward], upper[onward])
    left = side_towards(lower[onward], downstream[lower[onward]])
    changes = triangle_of(lattice, lower[onward], entered) != triangle_of(lattice, lower[onward], left)
    diagonal = lattice.n_axis_edges + lower[onward][changes]
    np.maximum.at(crossing, diagonal, area[upper][onward][changes])
    return crossing


def side_towards(cell: IntArray, neighbour: IntArray) -> IntArray:
    """Return which side (0 below, 1 right, 2 above, 3 left) of each cell its neighbour lies on."""
    step = neighbour - cell
    return np.select([step == 1, step == -1, step > 1], [1, 3, 2], 0).astype(np.int64)


def triangle_of(lattice: Lattice, cell: IntArray, side: IntArray) -> IntArray:
    """Return which of a cell's two triangles (0 or 1) holds the side."""
    leaning = np.array([0, 0, 1, 1])[side]
    falling = np.array([0, 1, 1, 0])[side]
    return np.where(lattice.leans[cell], leaning, falling)


def flood(terrain: Terrain, dam: int, depth_m: float) -> IntArray:
    """Return the cells a dam at a cell's lower side floods: those upstream within its height."""
    upstream = sparse.csr_matrix(
        (np.ones(np.count_nonzero(terrain.downstream >= 0), dtype=bool),
         (terrain.downstream[terrain.downstream >= 0], np.flatnonzero(terrain.downstream >= 0))),
        shape=(len(terrain.downstream),) * 2,
    )  # fmt: skip
    found = csgraph.breadth_first_order(upstream, dam, return_predecessors=False)
    wet: BoolArray = terrain.cell_height_m[found] <= terrain.cell_height_m[dam] + depth_m
    return np.sort(found[wet]).astype(np.int64)


def _power(base: FloatArray, exponent: float) -> FloatArray:
    """Return powers by the C library: NumPy's own differ in the last bit from processor to processor."""
    return np.array([value**exponent for value in base.ravel().tolist()]).reshape(base.shape)
