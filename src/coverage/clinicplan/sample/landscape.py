"""Put the sample county together on the lattice: ground, water, settlements and the roads between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from clinicplan.sample import highways
from clinicplan.sample.highways import CODE, Classes, Settlements
from clinicplan.sample.lattice import BoolArray, FloatArray, IntArray, Lattice, Mesh, lay_lattice, mesh_of
from clinicplan.sample.routes import building_cost, spread
from clinicplan.sample.sites import (
    Ground,
    choose_lonely,
    choose_neighbour_towns,
    choose_seats,
    choose_villages,
    scatter,
    survey_ground,
)
from clinicplan.sample.terrain import Terrain, raise_terrain
from clinicplan.sample.water import Reservoirs, dam_reservoirs

SPACING_M = 170.0
MARGIN_M = 22_600.0
"""The lattice reaches this far beyond the boundary, metres; more than the 20 km that a region is cut at."""
N_VILLAGES = 253
"""Administrative villages of the county (statistical codes of 2023)."""
OFF_ROAD_M = 2_450.0
"""No road, track or path comes nearer to the off-road village, metres; people walk at most 2,000 m to a road."""
CUT_OFF_M = 1_350.0


@dataclass(frozen=True, eq=False)
class Landscape:
    """The county on the lattice.

    Parameters
    ----------
    boundary
        The county, metres.
    classes
        Shape (edges): road class of each edge by number (`highways.CLASSES`), 0 where there is no road.
    town_reach
        Shape (nodes): 0 in the middle of a town, 1 at the rim of its streets, more beyond.
    hamlets
        Nodes of hamlets of the county, beside the villages.
    """

    lattice: Lattice
    mesh: Mesh
    terrain: Terrain
    ground: Ground
    boundary: Polygon
    settlements: Settlements
    reservoirs: Reservoirs
    classes: Classes
    town_reach: FloatArray
    hamlets: IntArray
    cost: FloatArray


def make_landscape(boundary: Polygon, town: tuple[float, float], seed: int) -> Landscape:
    """Make the county from its boundary and the place of its town, both in metres."""
    west, south, east, north = boundary.bounds
    box = (west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)
    lattice = lay_lattice(box, SPACING_M, seed)
    mesh, terrain = mesh_of(lattice), raise_terrain(lattice, seed)
    ground = survey_ground(lattice, terrain, _inside(lattice, boundary))
    seats = choose_seats(lattice, ground, town)
    towns = np.concatenate([seats, choose_neighbour_towns(lattice, ground, seats)])
    reservoirs = dam_reservoirs(lattice, terrain, ground.inside_m, seats, 4)
    cost = np.where(reservoirs.closed, np.inf, building_cost(lattice, terrain, 0.09))
    levelled = np.where(reservoirs.closed, np.inf, building_cost(lattice, terrain, 0.09, levelled_m=300.0))
    classes = highways.join_towns(lattice, mesh, levelled, towns, _trunk_stops(lattice, towns))
    settlements, closed = _settle(lattice, terrain, ground, classes, towns, reservoirs.closed, seed)
    reach = _town_reach(lattice, mesh, terrain, settlements)
    return _build(
        lattice,
        mesh,
        terrain,
        ground,
        boundary,
        settlements,
        reservoirs,
        classes,
        reach,
        np.where(closed, np.inf, cost),
        seed,
    )


def _inside(lattice: Lattice, boundary: Polygon) -> FloatArray:
    """Return the distance to the boundary in metres, positive inside."""
    from scipy.ndimage import distance_transform_edt

    inside = shapely.contains_xy(boundary, lattice.x, lattice.y).reshape(lattice.rows, lattice.columns)
    cells = np.where(inside, distance_transform_edt(inside), -distance_transform_edt(~inside))
    return np.asarray(cells * lattice.spacing_m).ravel()


def _trunk_stops(lattice: Lattice, towns: IntArray) -> tuple[int, ...]:
    """Return the stops of the trunk road: the westernmost town, the county town, its farthest seat, the easternmost."""
    slanted = lattice.x[towns] - 0.5 * lattice.y[towns]
    seats = towns[:12]
    apart = np.hypot(lattice.x[seats] - lattice.x[seats[0]], lattice.y[seats] - lattice.y[seats[0]])
    far = int(seats[np.argmax(apart)])
    return int(towns[np.argmin(slanted)]), int(seats[0]), far, int(towns[np.argmax(slanted)])


def _settle(
    lattice: Lattice, terrain: Terrain, ground: Ground, classes: Classes, towns: IntArray, wet: BoolArray, seed: int
) -> tuple[Settlements, BoolArray]:
    """Choose the villages; return them and the edges closed around the two lonely ones."""
    nodes = highways.road_nodes(lattice, classes)
    road_m = distance_m(lattice, nodes, 8_000.0)
    off_road, cut_off = choose_lonely(lattice, ground, terrain, road_m)
    from_off = np.hypot(lattice.x - lattice.x[off_road], lattice.y - lattice.y[off_road])
    from_cut = np.hypot(lattice.x - lattice.x[cut_off], lattice.y - lattice.y[cut_off])
    empty = (from_off < OFF_ROAD_M + 250.0) | (from_cut < 2_500.0)
    empty[lattice.tail[wet]] = empty[lattice.head[wet]] = True
    # The seats are villages too: each township hospital stands in one.
    count = N_VILLAGES - 12 - 2
    own, others = choose_villages(lattice, terrain, ground, road_m, empty, towns, count, seed)
    settlements = Settlements(towns[:12], towns[12:], own, others, off_road, cut_off)
    held = (from_off < OFF_ROAD_M) | (from_cut < CUT_OFF_M)
    return settlements, held[lattice.tail] | held[lattice.head]


def distance_m(lattice: Lattice, nodes: IntArray, limit_m: float) -> FloatArray:
    """Return the distance of every node to the nearest of some nodes along the undisturbed grid, at most the limit."""
    from scipy.ndimage import distance_transform_edt

    empty = np.ones((lattice.rows, lattice.columns), dtype=bool)
    empty.ravel()[nodes] = False
    return np.minimum(np.asarray(distance_transform_edt(empty)).ravel() * lattice.spacing_m, limit_m)


def _town_reach(lattice: Lattice, mesh: Mesh, terrain: Terrain, settlements: Settlements) -> FloatArray:
    """Return how far out in its town each node lies: 0 in the middle, 1 at the rim."""
    radius = np.full(len(lattice.x), 420.0)
    radius[settlements.neighbour_towns] = 620.0
    radius[settlements.seats] = [3_200.0, 2_500.0, 2_500.0, 1_500.0] + [950.0] * 8
    sources = np.concatenate([settlements.seats, settlements.neighbour_towns])
    cost = building_cost(lattice, terrain, 0.16, bridge_share=0.25)
    found = spread(mesh, cost, sources, limit=3_400.0)
    return np.where(found.source >= 0, found.cost / radius[np.maximum(found.source, 0)], np.inf)


def _build(
    lattice: Lattice, mesh: Mesh, terrain: Terrain, ground: Ground, boundary: Polygon, settlements: Settlements,
    reservoirs: Reservoirs, classes: Classes, reach: FloatArray, cost: FloatArray, seed: int,
) -> Landscape:  # fmt: skip
    """Lay all roads below the main ones."""
    random = np.random.default_rng([seed, 5])
    villages = np.concatenate([settlements.villages, settlements.neighbour_villages])
    towns = np.concatenate([settlements.seats, settlements.neighbour_towns])
    markets = _markets(lattice, ground, villages, towns)
    classes = highways.join_markets(lattice, mesh, cost, classes, np.concatenate([towns, markets]))
    classes = highways.reach_villages(lattice, mesh, cost, classes, villages)
    own = np.where(ground.inside_m[lattice.tail] < -3_000.0, np.inf, cost)
    places = np.concatenate([settlements.seats, settlements.villages])
    classes = highways.close_loops(lattice, mesh, own, classes, places, 4_300.0, 1.5)
    hamlets = _hamlets(lattice, ground, settlements, cost, random)
    classes = highways.reach_villages(lattice, mesh, cost, classes, hamlets)
    classes = highways.cut_off_roads(
        lattice, mesh, _dry_cost(lattice, terrain, reservoirs), classes, settlements.cut_off
    )
    classes = _streets(lattice, terrain, settlements, classes, reach, np.isinf(cost), seed)
    classes = _tracks(lattice, mesh, terrain, ground, cost, classes, random)
    return Landscape(lattice, mesh, terrain, ground, boundary, settlements, reservoirs, classes, reach, hamlets, cost)


def _dry_cost(lattice: Lattice, terrain: Terrain, reservoirs: Reservoirs) -> FloatArray:
    """Return the building cost with only water closed: the cut-off village may build on its own ground."""
    return np.where(reservoirs.closed, np.inf, building_cost(lattice, terrain, 0.09))


def _markets(lattice: Lattice, ground: Ground, villages: IntArray, towns: IntArray) -> IntArray:
    """Choose market villages, which have better roads; few beyond the county line."""
    score = np.full(len(lattice.x), -np.inf)
    score[villages] = ground.floor[villages]
    chosen = scatter(lattice.x, lattice.y, score, 3_000.0, 400, towns)
    kept: IntArray = chosen[(ground.inside_m[chosen] > 0) | (np.arange(len(chosen)) % 3 == 0)]
    return kept


def _hamlets(
    lattice: Lattice, ground: Ground, settlements: Settlements, cost: FloatArray, random: np.random.Generator
) -> IntArray:
    """Choose hamlets on level spots of the county."""
    score = np.log(np.exp(-((ground.steepness / 0.22) ** 2)) + 1e-6) + 1.2 * random.gumbel(size=len(lattice.x))
    score[(ground.inside_m < 300.0) | (random.random(len(score)) < 0.75)] = -np.inf
    reached = np.zeros(len(score), dtype=bool)
    reached[lattice.tail[np.isfinite(cost)]] = True
    reached[lattice.tail[np.isinf(cost)]] = reached[lattice.head[np.isinf(cost)]] = False
    score[~reached] = -np.inf
    taken = np.concatenate([settlements.seats, settlements.villages])
    return scatter(lattice.x, lattice.y, score, 560.0, 420, taken)


def _streets(
    lattice: Lattice, terrain: Terrain, settlements: Settlements, classes: Classes, reach: FloatArray,
    closed: BoolArray, seed: int,
) -> Classes:  # fmt: skip
    """Lay the streets of towns and the few of each village."""
    village = np.full(len(lattice.x), np.inf)
    near = distance_m(lattice, settlements.villages, 400.0)
    village[near < 340.0] = near[near < 340.0] / 340.0 * 0.6
    return highways.lay_streets(lattice, classes, np.minimum(reach, village), closed, terrain.crossing_km2, seed)


def _tracks(
    lattice: Lattice, mesh: Mesh, terrain: Terrain, ground: Ground, cost: FloatArray, classes: Classes,
    random: np.random.Generator,
) -> Classes:  # fmt: skip
    """Lead farm tracks and footpaths up the slopes of the county."""
    inside = np.flatnonzero(ground.inside_m > 150.0)
    gentle = random.choice(inside, 4_000, replace=False)
    closed = np.isinf(cost)
    soft = np.where(closed, np.inf, building_cost(lattice, terrain, 0.13))
    classes = highways.lead_to(lattice, mesh, soft, classes, gentle[ground.steepness[gentle] < 0.32], 1_500.0, "track")
    softer = np.where(closed, np.inf, building_cost(lattice, terrain, 0.25))
    shrines = random.choice(inside, 420, replace=False)
    classes = highways.lead_to(lattice, mesh, softer, classes, shrines, 900.0, "footway")
    peaks = random.choice(inside, 800, replace=False)
    return highways.lead_to(lattice, mesh, softer, classes, peaks, 1_900.0, "path")


__all__ = ["CODE", "Landscape", "distance_m", "make_landscape"]
