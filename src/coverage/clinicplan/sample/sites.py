"""Choose where people settle: towns on valley floors, villages along water, a few high up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray, Lattice
from clinicplan.sample.terrain import CHANNEL_KM2, Terrain

TOWN_APART_M = 7_000.0
NEIGHBOUR_TOWN_APART_M = 10_500.0
VILLAGE_APART_M = 950.0
NEIGHBOUR_VILLAGE_APART_M = 2_300.0
RIM_M = 500.0
"""No settlement nearer than this to the edge of the lattice, metres."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What the choice of a site looks at, one value a node.

    Parameters
    ----------
    inside_m
        Distance to the county boundary, positive inside the county, negative outside.
    steepness
        Slope of the ground, metres a metre.
    floor
        Between 0 and 1: how much a node is level ground low over water.
    """

    inside_m: FloatArray
    steepness: FloatArray
    floor: FloatArray
    rim_m: FloatArray


def survey_ground(lattice: Lattice, terrain: Terrain, inside_m: FloatArray) -> Ground:
    """Measure slope and closeness to water on every node."""
    shape = (lattice.rows, lattice.columns)
    north, east = np.gradient(terrain.height_m.reshape(shape), lattice.spacing_m)
    steepness = np.hypot(north, east).ravel()
    floor = np.exp(-terrain.above_water_m / 45.0) * np.exp(-((steepness / 0.12) ** 2))
    rim = np.minimum.reduce(
        [
            lattice.x - lattice.x.min(), lattice.x.max() - lattice.x,
            lattice.y - lattice.y.min(), lattice.y.max() - lattice.y,
        ]
    )  # fmt: skip
    return Ground(inside_m, steepness, floor, rim - 1_500.0)


def scatter(
    x: FloatArray, y: FloatArray, score: FloatArray, apart_m: float, count: int, taken: IntArray | None = None
) -> IntArray:
    """Pick nodes by falling score, none nearer to another than a distance.

    Parameters
    ----------
    x, y, score
        Shape (nodes): position in metres and attraction; nodes with a score of minus infinity are never picked.
    apart_m
        Least distance of two picked nodes, and of a picked node to those taken already.
    count
        At most so many.
    taken
        Nodes that stand already.
    """
    near: dict[tuple[int, int], list[int]] = {}

    def stand(node: int) -> None:
        near.setdefault((int(x[node] // apart_m), int(y[node] // apart_m)), []).append(node)

    def is_free(node: int) -> bool:
        column, row = int(x[node] // apart_m), int(y[node] // apart_m)
        around = ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return all(
            math.hypot(x[other] - x[node], y[other] - y[node]) >= apart_m
            for place in around
            for other in near.get(place, ())
        )

    for node in () if taken is None else taken.tolist():
        stand(node)
    picked: list[int] = []
    for node in np.argsort(-score, kind="stable")[: int(np.isfinite(score).sum())].tolist():
        if len(picked) == count:
            break
        if is_free(node):
            stand(node)
            picked.append(node)
    return np.asarray(picked, dtype=np.int64)


def choose_seats(lattice: Lattice, ground: Ground, near: tuple[float, float]) -> IntArray:
    """Choose the twelve seats: four streets (three make the county town, one lies down the road), then eight towns.

    Parameters
    ----------
    near
        Where the county town stands in reality, metres; the widest valley floor around it is taken.
    """
    distance = np.hypot(lattice.x - near[0], lattice.y - near[1])
    wide = _floor_around(lattice, ground.floor)
    town = int(np.argmax(np.where((distance < 6_500.0) & (ground.inside_m > 2_600.0), wide, -1.0)))
    streets = [town]
    for _ in range(2):
        apart = _distance_to(lattice, streets)
        ring = (apart > 1_500.0) & (apart < 2_600.0) & (ground.inside_m > 900.0)
        streets.append(int(np.argmax(np.where(ring, wide, -1.0))))
    apart = _distance_to(lattice, streets)
    ring = (apart > 6_500.0) & (apart < 9_500.0) & (ground.inside_m > 1_800.0)
    streets.append(int(np.argmax(np.where(ring, wide, -1.0))))
    return np.concatenate([streets, _choose_towns(lattice, ground, wide, streets)])


def _choose_towns(lattice: Lattice, ground: Ground, wide: FloatArray, streets: list[int]) -> IntArray:
    """Choose eight towns, each time the best floor among nodes far from all seats so far."""
    chosen: list[int] = []
    from_town = np.hypot(lattice.x - lattice.x[streets[0]], lattice.y - lattice.y[streets[0]])
    for number in range(8):
        apart = _distance_to(lattice, [*streets, *chosen])
        allowed = (apart > TOWN_APART_M) & (ground.inside_m > 1_600.0)
        if number < 2:  # About 15 km by road: on either side of the least distance of a sub-centre.
            allowed &= (from_town > 10_300.0) & (from_town < 11_800.0)
        score = np.minimum(apart, 13_000.0) / 9_000.0 + 1.2 * wide / max(float(wide[allowed].max(initial=0.0)), 1e-9)
        chosen.append(int(np.argmax(np.where(allowed, score, -1.0))))
    return np.asarray(chosen, dtype=np.int64)


def choose_neighbour_towns(lattice: Lattice, ground: Ground, seats: IntArray) -> IntArray:
    """Choose towns beyond the county line."""
    wide = _floor_around(lattice, ground.floor)
    allowed = (ground.inside_m < -2_200.0) & (ground.rim_m > RIM_M)
    sampled = np.arange(len(wide)) % 7 == 0
    score = np.where(allowed & sampled, wide, -np.inf)
    return scatter(lattice.x, lattice.y, score, NEIGHBOUR_TOWN_APART_M, 70, seats)


def choose_villages(
    lattice: Lattice, terrain: Terrain, ground: Ground, road_m: FloatArray, closed: BoolArray, taken: IntArray,
    count: int, seed: int,
) -> tuple[IntArray, IntArray]:  # fmt: skip
    """Choose villages of the county and, sparser, beyond its line.

    Parameters
    ----------
    road_m
        Shape (nodes): distance to the nearest main road.
    closed
        Shape (nodes): no village may stand here.
    taken
        Nodes of towns.
    count
        Villages of the county.

    Returns
    -------
    own, neighbours
        Nodes of villages inside and outside the county.
    """
    random = np.random.default_rng([seed, 3])
    level = np.exp(-((ground.steepness / 0.16) ** 2))
    score = np.log(
        level * (np.exp(-terrain.above_water_m / 70.0) + 0.12) * (np.exp(-road_m / 2_500.0) + 0.35) + 1e-9
    ) + 0.9 * random.gumbel(size=len(level))
    score[closed | (ground.rim_m < RIM_M)] = -np.inf
    inside = np.where((ground.inside_m > 350.0) & (random.random(len(score)) < 0.4), score, -np.inf)
    own = scatter(lattice.x, lattice.y, inside, VILLAGE_APART_M, count, taken)
    outside = np.where((ground.inside_m < -350.0) & (random.random(len(score)) < 0.12), score, -np.inf)
    neighbours = scatter(lattice.x, lattice.y, outside, NEIGHBOUR_VILLAGE_APART_M, 900, np.concatenate([taken, own]))
    return own, neighbours


def choose_lonely(lattice: Lattice, ground: Ground, terrain: Terrain, road_m: FloatArray) -> tuple[int, int]:
    """Choose a village off every road, high up, and one whose roads are cut off, in a valley."""
    far = np.where((ground.inside_m > 1_500.0) & (road_m > 2_700.0), 1.0, 0.0)
    high = far * (terrain.height_m + 1.0) * np.exp(-((ground.steepness / 0.2) ** 2)) * np.minimum(road_m, 4_500.0)
    off_road = int(np.argmax(high))
    apart = np.hypot(lattice.x - lattice.x[off_road], lattice.y - lattice.y[off_road])
    valley = far * (apart > 7_000.0) * (ground.floor + 0.02) * np.minimum(road_m, 3_500.0)
    return off_road, int(np.argmax(valley))


def _floor_around(lattice: Lattice, floor: FloatArray) -> FloatArray:
    """Average the level ground over about a kilometre."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(floor.reshape(lattice.rows, lattice.columns), 900.0 / lattice.spacing_m)).ravel()


def _distance_to(lattice: Lattice, nodes: list[int]) -> FloatArray:
    return np.asarray(
        np.minimum.reduce([np.hypot(lattice.x - lattice.x[node], lattice.y - lattice.y[node]) for node in nodes])
    )


__all__ = ["CHANNEL_KM2", "Ground", "choose_lonely", "choose_neighbour_towns", "choose_seats", "choose_villages",
           "scatter", "survey_ground"]  # fmt: skip
