"""Measure isochrone polygons against junctions: which reached ones lie inside, which unreached ones do too.

Shared by the tests (which hold the shares to their floors) and the benchmark (which adds the time).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import shapely

from clinicplan.isochrones import nearest_node_times
from clinicplan.isochrones.road_surface import prepare_surface
from clinicplan.network import RoadNetwork
from clinicplan.network.joining import join_points
from clinicplan.network.snapping import find_access
from clinicplan.roads import scan_roads
from clinicplan.speeds import read_speeds

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
ANDORRA = SHARED / "andorra" / "andorra-2025-01-19.osm.pbf"
LIMITS_MS = (900_000, 1_200_000)
SEED = 5


@dataclass(frozen=True)
class Shares:
    """Junctions of several circles together: shares of the number reached, and milliseconds a facility."""

    inside: float
    falsely_inside: float
    circles: int
    ms_a_facility: float


@cache
def andorra(mode: str) -> RoadNetwork:
    return scan_roads(ANDORRA, crs="EPSG:32631").network(read_speeds().mode(mode))


@cache
def sample(mode: str, folder: Path) -> RoadNetwork:
    return scan_roads(folder / "roads.osm.pbf", crs="EPSG:4549").network(read_speeds().mode(mode))


def junctions(network: RoadNetwork) -> np.ndarray:
    """Return nodes where three or more pieces of road meet."""
    ends = np.unique(
        np.column_stack([np.minimum(network.tail, network.head), np.maximum(network.tail, network.head)]), axis=0
    )
    return np.flatnonzero(np.bincount(ends.ravel(), minlength=network.n_nodes) >= 3)


def measure(network: RoadNetwork, *, facilities: int = 40, seed: int = SEED, exact: bool = False) -> Shares:
    """Draw the 15-minute circle of seeded facilities (nodes of the network) and count junctions."""
    nodes = np.random.default_rng(seed).choice(network.n_nodes, facilities, replace=False)
    legs = find_access(network, [str(n) for n in nodes], network.x[nodes], network.y[nodes])
    joined = join_points(network, legs)
    surface = prepare_surface(joined.network)
    places = junctions(network)
    counts, walls = [], []
    times = [nearest_node_times(joined, limit_ms=LIMITS_MS[0], points=[row]) for row in range(facilities)]
    for node_ms in times:
        surface.polygon(node_ms, LIMITS_MS[0], exact=exact)  # surveys the ground: the clock below is warm
    for node_ms in times:
        start = time.perf_counter()
        area = surface.polygon(node_ms, LIMITS_MS[0], exact=exact)
        walls.append((time.perf_counter() - start) * 1000)
        reached = node_ms[places] >= 0
        if not reached.any():
            continue
        inside = shapely.contains_xy(area, network.x[places], network.y[places])
        counts.append((int((inside & reached).sum()), int((inside & ~reached).sum()), int(reached.sum())))
    hit, false, reached = np.array(counts).sum(axis=0)
    return Shares(hit / reached, false / reached, len(counts), float(np.median(walls)))
