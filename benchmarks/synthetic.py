"""Make seeded counties of any size: villages in clusters along valleys, minutes by slow mountain roads, sparse."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

VILLAGES_PER_KM2 = 0.22  # 假设: hill counties of eastern China have one administrative village in 4-5 km2
SPEED_KMH = 24.0  # 假设: village road in a plain
DETOUR = 1.35  # 假设: road over straight line
MOUNTAIN_SHARE = 0.35  # 假设: what the steepest ground takes off the speed
START_MIN = 0.5  # 假设: from the door to the road
CLUSTER_KM = 2.2


@dataclass(frozen=True, eq=False)
class SyntheticCounty:
    """Villages that are demand points and candidate sites at once.

    `xy` in km (n, 2); `people` whole numbers; `minutes` (n, n) sparse, pairs beyond the limit absent, 0.1 to oneself;
    `exists`: villages with a clinic today.
    """

    n: int
    xy: NDArray[np.float64]
    people: NDArray[np.float64]
    minutes: csr_matrix
    exists: NDArray[np.bool_]


def county(n: int, seed: int = 0, limit_min: float = 15.0) -> SyntheticCounty:
    """Return a county of n villages; at 15 minutes a village reaches 18-20 sites, at most some 80."""
    from scipy.sparse import csr_matrix
    from scipy.spatial import cKDTree

    random = np.random.default_rng(seed)
    side = math.sqrt(n / VILLAGES_PER_KM2)
    centres = random.random((max(4, n // 25), 2)) * side
    clustered = centres[random.integers(0, len(centres), n)] + random.normal(0, CLUSTER_KM, (n, 2))
    xy = np.clip(np.where(random.random((n, 1)) < 0.7, clustered, random.random((n, 2)) * side), 0, side)
    people = np.round(np.clip(random.lognormal(6.9, 0.55, n), 60, 6000))
    hill = np.clip((np.sin(xy[:, 0] / side * 7) + np.cos(xy[:, 1] / side * 5)) / 2, 0, 1)
    speed = SPEED_KMH * (1 - MOUNTAIN_SHARE * hill)
    one, other = cKDTree(xy).query_pairs(limit_min / 60 * SPEED_KMH / DETOUR, output_type="ndarray").T
    road_km = np.linalg.norm(xy[one] - xy[other], axis=1) * DETOUR
    time = np.round(road_km / ((speed[one] + speed[other]) / 2) * 60 + START_MIN, 2)
    near = time <= limit_min
    one, other, time = one[near], other[near], time[near]
    own = np.arange(n)
    row, column = np.concatenate([one, other, own]), np.concatenate([other, one, own])
    minutes = csr_matrix((np.concatenate([time, time, np.full(n, 0.1)]), (row, column)), shape=(n, n))
    minutes.sort_indices()
    return SyntheticCounty(n, xy, people, minutes, random.random(n) < 0.85)
