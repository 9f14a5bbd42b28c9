"""Write lattice roads as ways: one way between junctions, bridges of their own, lanes into the blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clinicplan.sample.curves import Curves
from clinicplan.sample.highways import CLASSES, CODE
from clinicplan.sample.landscape import Landscape
from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray
from clinicplan.sample.names import road_names
from clinicplan.sample.sketch import Sketch

ROUNDABOUT_M = 17.0
FORD_SHARE = 0.5
"""Share of stream crossings on tracks that are fords, the rest bridges."""


@dataclass(frozen=True, eq=False)
class Points:
    """Numbers of the points of the curved network in a sketch, -1 where there is none."""

    node: IntArray
    middle: IntArray
    tail_quarter: IntArray
    head_quarter: IntArray


def place_points(sketch: Sketch, land: Landscape, curves: Curves, detailed: BoolArray) -> Points:
    """Add the points of all roads; quarter points only where the road is detailed or a bridge needs them."""
    lattice, used = land.lattice, land.classes > 0
    node, middle = _none(len(lattice.x)), _none(len(used))
    tail_quarter, head_quarter = _none(len(used)), _none(len(used))
    on_road = np.flatnonzero(curves.degree > 0)
    node[on_road] = sketch.add_points(curves.node[on_road])
    roads = np.flatnonzero(used)
    middle[roads] = sketch.add_points(curves.middle[roads])
    bridged = land.terrain.crossing_km2 > 0
    for quarter, known, ends in (
        (tail_quarter, curves.tail_quarter, lattice.tail),
        (head_quarter, curves.head_quarter, lattice.head),
    ):
        place = np.where(np.isnan(known), 0.5 * (curves.middle + curves.node[ends]), known)
        chosen = np.flatnonzero(used & ((detailed & ~np.isnan(known[:, 0])) | bridged))
        quarter[chosen] = sketch.add_points(place[chosen])
    return Points(node, middle, tail_quarter, head_quarter)


def _none(count: int) -> IntArray:
    return np.full(count, -1, dtype=np.int64)


def draw_roads(sketch: Sketch, land: Landscape, curves: Curves, points: Points, seed: int) -> None:
    """Add a way for each run of edges of one class between junctions."""
    random = np.random.default_rng([seed, 8])
    names = road_names(seed)
    rings = _draw_roundabouts(sketch, land, curves)
    for nodes, edges in _chains(land):
        name = CLASSES[int(land.classes[edges[0]])]
        tags = road_tags(name, random, names, len(edges))
        _draw_chain(sketch, land, points, nodes, edges, tags, rings, random)


def _chains(land: Landscape) -> Iterator[tuple[list[int], list[int]]]:
    """Yield runs of edges between junctions, ends and changes of class, as nodes and edges."""
    lattice, classes = land.lattice, land.classes
    used = np.flatnonzero(classes > 0).tolist()
    at: dict[int, list[int]] = {}
    for edge in used:
        at.setdefault(int(lattice.tail[edge]), []).append(edge)
        at.setdefault(int(lattice.head[edge]), []).append(edge)
    done: set[int] = set()

    def passes(node: int) -> bool:
        arms = at[node]
        return len(arms) == 2 and classes[arms[0]] == classes[arms[1]]

    def follow(node: int, edge: int) -> tuple[list[int], list[int]]:
        nodes, edges = [node], []
        while edge not in done:
            done.add(edge)
            edges.append(edge)
            node = int(lattice.head[edge] if lattice.tail[edge] == node else lattice.tail[edge])
            nodes.append(node)
            if passes(node):
                edge = at[node][0] if at[node][1] == edge else at[node][1]
        return nodes, edges

    starts = [node for node in sorted(at) if not passes(node)] + sorted(at)
    for node in starts:
        for edge in at[node]:
            if edge not in done:
                yield follow(node, edge)


def _draw_chain(
    sketch: Sketch, land: Landscape, points: Points, nodes: list[int], edges: list[int], tags: dict[str, str],
    rings: dict[tuple[int, int], int], random: np.random.Generator,
) -> None:  # fmt: skip
    """Add the ways of one run of edges, split where it bridges water."""
    run = [rings.get((nodes[0], edges[0]), int(points.node[nodes[0]]))]
    for position, edge in enumerate(edges):
        start, end = nodes[position], nodes[position + 1]
        forward = land.lattice.tail[edge] == start
        first = int((points.tail_quarter if forward else points.head_quarter)[edge])
        last = int((points.head_quarter if forward else points.tail_quarter)[edge])
        goal = rings.get((end, edge), int(points.node[end]))
        if land.terrain.crossing_km2[edge] > 0:
            run = _cross_water(sketch, points, edge, (first, last), run, tags, random)
        else:
            run += [point for point in (first, int(points.middle[edge]), last) if point >= 0]
        run.append(goal)
    sketch.add_way(run, tags)


def _cross_water(
    sketch: Sketch, points: Points, edge: int, span: tuple[int, int], run: list[int], tags: dict[str, str],
    random: np.random.Generator,
) -> list[int]:  # fmt: skip
    """End the way before the water, add the bridge or ford, and return the beginning of the next way."""
    middle = int(points.middle[edge])
    if tags["highway"] in {"track", "path"} and random.random() < FORD_SHARE:
        sketch.tag_point(middle, ford="yes")
        return [*run, span[0], middle, span[1]]
    sketch.add_way([*run, span[0]], tags)
    sketch.add_way([span[0], middle, span[1]], {**tags, "bridge": "yes", "layer": "1"})
    return [span[1]]


def _draw_roundabouts(sketch: Sketch, land: Landscape, curves: Curves) -> dict[tuple[int, int], int]:
    """Turn a few town junctions into roundabouts; return the ring point for each (node, edge) that meets one."""
    lattice, classes = land.lattice, land.classes
    used = np.flatnonzero((classes > 0) & (classes <= CODE["residential"]))
    worth = np.zeros(len(lattice.x))
    np.add.at(worth, lattice.tail[used], 1.0 * (classes[used] <= CODE["secondary"]))
    np.add.at(worth, lattice.head[used], 1.0 * (classes[used] <= CODE["secondary"]))
    allowed = (worth >= 3) & (land.town_reach < 1.0) & (land.ground.inside_m > 0)
    found: dict[tuple[int, int], int] = {}
    for node in np.flatnonzero(allowed)[:: max(1, int(allowed.sum()) // 5)][:5].tolist():
        arms = np.flatnonzero((classes > 0) & ((lattice.tail == node) | (lattice.head == node)))
        toward = curves.middle[arms] - curves.node[node]
        angle = np.arctan2(toward[:, 1], toward[:, 0])
        found.update(_draw_ring(sketch, curves.node[node], arms, angle, node))
    return found


def _draw_ring(
    sketch: Sketch, centre: FloatArray, arms: IntArray, angle: FloatArray, node: int
) -> dict[tuple[int, int], int]:
    """Add a closed ring, driven counter-clockwise as traffic on the right does."""
    corners = [(float(value), int(arm)) for value, arm in zip(angle, arms, strict=True)]
    corners += [
        (value, -1) for value in np.arange(-np.pi, np.pi, np.pi / 5) + 0.01 if np.abs(angle - value).min() > 0.25
    ]
    ring, joined = [], {}
    for value, arm in sorted(corners):
        point = sketch.add_point(centre[0] + ROUNDABOUT_M * np.cos(value), centre[1] + ROUNDABOUT_M * np.sin(value))
        ring.append(point)
        if arm >= 0:
            joined[(node, arm)] = point
    sketch.add_way(
        [*ring, ring[0]], {"highway": "secondary", "junction": "roundabout", "surface": "asphalt", "maxspeed": "30"}
    )
    return joined


def road_tags(name: str, random: np.random.Generator, names: Iterator[str], n_edges: int) -> dict[str, str]:
    """Return the tags of a road of one class; only some roads carry each tag, as in real data."""
    tags = {"highway": name}
    chance = float(random.random())
    surfaces, speeds = _SURFACES[name], _SPEEDS.get(name)
    if random.random() < _SURFACE_KNOWN.get(name, 0.6):
        tags["surface"] = surfaces[int(chance * len(surfaces))]
    if speeds and random.random() < 0.55:
        tags["maxspeed"] = speeds[int(random.integers(len(speeds)))]
    if name in _NAMED and n_edges > 2 and random.random() < 0.7:
        tags["name"] = next(names) + _NAMED[name]
    if name == "track":
        tags["tracktype"] = f"grade{2 + int(3 * chance)}"
    return tags


_NAMED = {"trunk": "国道", "primary": "公路", "secondary": "公路", "tertiary": "线", "residential": "路"}
_SPEEDS = {
    "trunk": ("80", "60"), "primary": ("60", "60", "40"), "secondary": ("60", "40"), "tertiary": ("40", "30"),
    "unclassified": ("30", "20"), "residential": ("30", "20"),
}  # fmt: skip
_SURFACE_KNOWN = {"trunk": 0.95, "primary": 0.9, "secondary": 0.85, "tertiary": 0.7, "unclassified": 0.55, "path": 0.3}
_SURFACES = {
    "trunk": ("asphalt",),
    "primary": ("asphalt",),
    "secondary": ("asphalt", "asphalt", "concrete"),
    "tertiary": ("asphalt", "concrete", "concrete"),
    "unclassified": ("concrete", "concrete", "concrete", "concrete", "asphalt", "compacted", "gravel"),
    "residential": ("concrete", "asphalt", "paving_stones"),
    "service": ("concrete", "asphalt"),
    "track": ("gravel", "compacted", "unpaved", "dirt"),
    "path": ("ground", "dirt", "rock"),
    "footway": ("paving_stones", "concrete"),
}


def draw_lanes(sketch: Sketch, land: Landscape, points: Points, near_m: FloatArray, seed: int) -> None:
    """Add lanes inside blocks of the mesh: from road to road where two sides are roads, else blind.

    Parameters
    ----------
    near_m
        Shape (nodes): distance to the nearest town, village or hamlet.
    """
    random = np.random.default_rng([seed, 9])
    sides, corners = _triangles(land)
    classes = land.classes[sides]
    joinable = (classes >= CODE["secondary"]) & (classes <= CODE["residential"])
    dry = ~(land.terrain.crossing_km2[sides] > 0).any(axis=1) & ~land.reservoirs.closed[sides].any(axis=1)
    settled = np.minimum(near_m[corners].min(axis=1) / 360.0, land.town_reach[corners].min(axis=1)) < 1.0
    inside = land.ground.inside_m[corners[:, 0]] > -200.0
    chance = np.where(settled, np.where(joinable.sum(axis=1) >= 2, 0.85, 0.14), 0.045) * np.where(inside, 1.0, 0.25)
    chosen = np.flatnonzero(dry & joinable.any(axis=1) & (random.random(len(sides)) < chance))
    free = np.ones(len(land.classes), dtype=bool)  # A middle takes one lane, so that crossroads stay rare.
    for triangle in random.permutation(chosen).tolist():
        usable = sides[triangle][joinable[triangle] & free[sides[triangle]]]
        if not len(usable):
            continue
        free[usable[:2]] = False
        centre = np.asarray([np.mean(land.lattice.x[corners[triangle]]), np.mean(land.lattice.y[corners[triangle]])])
        if len(usable) >= 2 and random.random() < 0.85:
            _draw_link(sketch, points, usable, centre, random)
        else:
            _draw_spur(sketch, points, int(usable[0]), centre, random)


def _triangles(land: Landscape) -> tuple[IntArray, IntArray]:
    """Return the three edges and the three corners of each half cell."""
    lattice = land.lattice
    below, right, above, left = lattice.cell_sides().T
    diagonal = lattice.n_axis_edges + np.arange(len(below))
    leans = lattice.leans
    first = np.column_stack([below, np.where(leans, right, left), diagonal])
    second = np.column_stack([above, np.where(leans, left, right), diagonal])
    sides = np.concatenate([first, second])
    ends = np.concatenate([lattice.tail[sides], lattice.head[sides]], axis=1)
    ends.sort(axis=1)
    return sides, ends[:, ::2]


def _draw_link(
    sketch: Sketch, points: Points, usable: IntArray, centre: FloatArray, random: np.random.Generator
) -> None:
    one, two = int(points.middle[usable[0]]), int(points.middle[usable[1]])
    shift = random.uniform(-9.0, 9.0, 2)
    inner = sketch.add_point(centre[0] + shift[0], centre[1] + shift[1])
    kind = ("residential", "residential", "residential", "service", "service", "footway")[int(random.integers(6))]
    tags = {"highway": kind}
    if kind == "residential" and random.random() < 0.12:
        tags["oneway"] = "yes"
    if kind == "footway" and random.random() < 0.5:
        sketch.tag_point(inner, barrier="bollard")
    sketch.add_way([one, inner, two], tags)


def _draw_spur(sketch: Sketch, points: Points, edge: int, centre: FloatArray, random: np.random.Generator) -> None:
    foot = int(points.middle[edge])
    x, y = sketch.position(foot)
    reach = random.uniform(0.9, 1.6)
    inner = sketch.add_point(x + 0.6 * reach * (centre[0] - x), y + 0.6 * reach * (centre[1] - y))
    end = sketch.add_point(x + reach * (centre[0] - x), y + reach * (centre[1] - y))
    if random.random() < 0.55:
        sketch.add_way([foot, inner, end], {"highway": "residential"})
    elif random.random() < 0.3:
        sketch.add_way([foot, inner, end], {"highway": "service", "access": "private", "service": "driveway"})
        if random.random() < 0.6:
            sketch.tag_point(inner, barrier="gate", access="private")
    else:
        sketch.add_way([foot, inner, end], {"highway": "service"})
