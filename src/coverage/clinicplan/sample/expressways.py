"""Lead a motorway and a railway through the county: smooth lines over and under everything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString

from clinicplan.sample.landscape import Landscape
from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray, Lattice, lay_lattice, mesh_of
from clinicplan.sample.routes import spread
from clinicplan.sample.sketch import Sketch

COARSE_M = 600.0
STEP_M = 90.0
HALF_WIDTH_M = 13.0
RAMP_M = 420.0
INTERCHANGE_APART_M = 8_000.0


@dataclass(frozen=True, eq=False)
class Line:
    """A smooth line at even steps.

    Parameters
    ----------
    coordinates
        Shape (points, 2): metres.
    normal
        Shape (points, 2): unit vector to the left of the direction of travel.
    tunnel
        Shape (points): the ground lies high above the line.
    """

    coordinates: FloatArray
    normal: FloatArray
    tunnel: BoolArray


@dataclass(frozen=True)
class Passage:
    """Where a line has to pass: outside a town, within a ring around it, away from another line's passage.

    Parameters
    ----------
    x, y
        Middle of the town, metres.
    nearest_m, farthest_m
        Radii of the ring.
    """

    x: float
    y: float
    nearest_m: float
    farthest_m: float

    def holds(self, x: FloatArray, y: FloatArray) -> BoolArray:
        """Tell which points lie in the ring."""
        distance = np.hypot(x - self.x, y - self.y)
        return np.asarray((distance >= self.nearest_m) & (distance <= self.farthest_m))


def find_line(
    land: Landscape, ends: tuple[tuple[float, float], tuple[float, float]], passage: Passage, bearable_slope: float,
    bend_m: float, seed: int,
) -> Line:  # fmt: skip
    """Find a smooth line from end to end through a passage along gentle ground; what hills remain are tunnels."""
    lattice = land.lattice
    box = (lattice.x.min() + 900, lattice.y.min() + 900, lattice.x.max() - 900, lattice.y.max() - 900)
    coarse = lay_lattice(box, COARSE_M, seed)
    levelled, built_up = _sample_ground(land, coarse)
    slope = np.abs(levelled[coarse.tail] - levelled[coarse.head]) / coarse.length_m
    cost = coarse.length_m * (1.0 + (slope / bearable_slope) ** 2)
    cost = np.where(built_up[coarse.tail] | built_up[coarse.head], 5.0 * cost, cost)
    nodes = _cheapest_through(coarse, cost, ends, passage)
    return _smooth(land, np.column_stack([coarse.x[nodes], coarse.y[nodes]]), bend_m)


def _sample_ground(land: Landscape, coarse: Lattice) -> tuple[FloatArray, BoolArray]:
    """Return levelled height and whether a town stands there, for each node of a coarse lattice."""
    from scipy.ndimage import gaussian_filter

    lattice = land.lattice
    grid = land.terrain.height_m.reshape(lattice.rows, lattice.columns)
    nearest = _nearest_node(land, np.column_stack([coarse.x, coarse.y]))
    return gaussian_filter(grid, 450.0 / lattice.spacing_m).ravel()[nearest], land.town_reach[nearest] < 1.2


def _nearest_node(land: Landscape, points: FloatArray) -> IntArray:
    """Return the lattice node about nearest to each point: every second row and column is looked at."""
    from scipy.spatial import cKDTree

    lattice = land.lattice
    sampled = np.arange(len(lattice.x)).reshape(lattice.rows, lattice.columns)[::2, ::2].ravel()
    tree = cKDTree(np.column_stack([lattice.x[sampled], lattice.y[sampled]]))
    return sampled[np.asarray(tree.query(points)[1])]


def _cheapest_through(
    coarse: Lattice, cost: FloatArray, ends: tuple[tuple[float, float], tuple[float, float]], passage: Passage
) -> list[int]:
    """Return the nodes of the cheapest way from end to end that touches the passage."""
    mesh = mesh_of(coarse)
    found = [spread(mesh, cost, np.asarray([int(np.argmin(np.hypot(coarse.x - x, coarse.y - y)))])) for x, y in ends]
    total = np.where(passage.holds(coarse.x, coarse.y), found[0].cost + found[1].cost, np.inf)
    halves: list[list[int]] = []
    for half in found:
        node, run = int(np.argmin(total)), []
        while node >= 0:
            run.append(node)
            node = int(half.before[node])
        halves.append(run)
    return halves[0][::-1] + halves[1][1:]


def _smooth(land: Landscape, places: FloatArray, bend_m: float) -> Line:
    """Return a smooth line along places; deep cuttings of its even profile are tunnels."""
    from scipy.ndimage import gaussian_filter1d

    rough = LineString(places)
    steps = np.arange(0.0, rough.length, STEP_M)
    points = shapely.get_coordinates(shapely.line_interpolate_point(rough, steps))
    smooth = gaussian_filter1d(points, bend_m / STEP_M, axis=0, mode="nearest")
    ground = land.terrain.height_m[_nearest_node(land, smooth)]
    profile = gaussian_filter1d(ground, 1_400.0 / STEP_M, mode="nearest")
    along = np.gradient(smooth, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    deep = gaussian_filter1d((ground - profile > 22.0).astype(float), 2.0) > 0.5
    return Line(smooth, np.column_stack([-along[:, 1], along[:, 0]]), deep)


def draw_motorway(sketch: Sketch, line: Line, places: IntArray, points: FloatArray) -> None:
    """Add two carriageways, bridges, tunnels, and ramps where good roads come near.

    Parameters
    ----------
    places
        Numbers of points where ramps may meet other roads.
    points
        Shape (places, 2): where these stand.
    """
    left = line.coordinates + HALF_WIDTH_M * line.normal
    right = line.coordinates - HALF_WIDTH_M * line.normal
    forward = sketch.add_points(right)
    backward = sketch.add_points(left[::-1])
    tags = {
        "highway": "motorway",
        "oneway": "yes",
        "maxspeed": "100",
        "lanes": "2",
        "surface": "asphalt",
        "ref": "示例高速",
    }
    stops = _interchanges(line, points)
    for numbers, tunnel in ((forward, line.tunnel), (backward, line.tunnel[::-1])):
        _draw_graded(sketch, numbers, tunnel, tags, _crossed(sketch, numbers))
    for position, place in stops:
        _draw_ramps(sketch, forward, position, int(places[place]))
        _draw_ramps(sketch, backward, len(backward) - 1 - position, int(places[place]))


def draw_railway(sketch: Sketch, line: Line) -> None:
    """Add a single-track railway with bridges and tunnels."""
    numbers = sketch.add_points(line.coordinates)
    tags = {"railway": "rail", "usage": "main", "gauge": "1435"}
    _draw_graded(sketch, numbers, line.tunnel, tags, _crossed(sketch, numbers))


def _crossed(sketch: Sketch, numbers: IntArray) -> BoolArray:
    """Tell which steps of a line cross ways that stand already, with one step to spare."""
    place = np.asarray([sketch.position(number) for number in numbers.tolist()])
    steps = shapely.linestrings(np.stack([place[:-1], place[1:]], axis=1))
    hit = np.zeros(len(numbers) + 1, dtype=bool)
    found = shapely.STRtree(sketch.lines()).query(steps, predicate="intersects")[0]
    for shift in (0, 1, 2):
        hit[np.maximum(found + shift - 1, 0)] = True
    return hit[: len(numbers) - 1]


def _draw_graded(
    sketch: Sketch, numbers: IntArray, tunnel: BoolArray, tags: dict[str, str],
    bridge: BoolArray,
) -> None:  # fmt: skip
    """Add a line as ways, split where tunnels and bridges begin and end."""
    kind = np.where(tunnel[:-1] | tunnel[1:], 2, np.where(bridge, 1, 0))
    cuts = np.flatnonzero(np.concatenate([[True], kind[1:] != kind[:-1], [True]]))
    extra: tuple[dict[str, str], ...] = ({}, {"bridge": "yes", "layer": "2"}, {"tunnel": "yes", "layer": "-1"})
    for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        sketch.add_way(numbers[start : end + 1].tolist(), {**tags, **extra[int(kind[start])]})


def _interchanges(line: Line, points: FloatArray) -> list[tuple[int, int]]:
    """Choose interchanges: steps of the line outside tunnels with a good road near, far from each other."""
    from scipy.spatial import cKDTree

    found = cKDTree(points).query(line.coordinates)
    distance, nearest = np.asarray(found[0]), np.asarray(found[1])
    reserve = int(2 * RAMP_M / STEP_M)
    good = (distance < 750.0) & (distance > 110.0) & ~line.tunnel
    good[:reserve] = good[-reserve:] = False
    chosen: list[tuple[int, int]] = []
    for position in np.argsort(np.where(good, distance, np.inf), kind="stable")[: int(good.sum())].tolist():
        if all(abs(position - other) * STEP_M > INTERCHANGE_APART_M for other, _ in chosen):
            chosen.append((position, int(nearest[position])))
    return chosen


def _draw_ramps(sketch: Sketch, carriageway: IntArray, position: int, place: int) -> None:
    """Add one ramp off and one ramp on a carriageway, both meeting the same road."""
    reach = int(RAMP_M / STEP_M)
    tags = {
        "highway": "motorway_link",
        "oneway": "yes",
        "maxspeed": "40",
        "surface": "asphalt",
        "bridge": "yes",
        "layer": "1",
    }
    target = np.asarray(sketch.position(place))
    for side in (-1, 1):
        foot = int(carriageway[position + side * reach])
        beside = np.asarray(sketch.position(int(carriageway[position + side * (reach - 3)])))
        start = np.asarray(sketch.position(foot))
        share = np.linspace(0, 1, 8)[1:-1, None]
        curve = (1 - share) ** 2 * start + 2 * share * (1 - share) * beside + share**2 * target
        inner = sketch.add_points(curve).tolist()
        run = [foot, *inner, place] if side < 0 else [place, *inner[::-1], foot]
        sketch.add_way(run, tags)
