"""Name the villages and communities of the county, place them and count their people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.sample.landscape import Landscape
from clinicplan.sample.lattice import FloatArray, IntArray
from clinicplan.sample.names import village_names
from clinicplan.sample.routes import building_cost, spread
from clinicplan.sample.sites import scatter

COUNTY: Final = "330624"
PEOPLE: Final = 419_036
"""Residents of the county, census of 2020."""
URBAN_SHARE: Final = 0.6235
"""Urban share of the residents, census of 2020; here all live in communities and other units."""
TOWNSHIP_CODES: Final = ("001", "002", "003", "004", "104", "107", "108", "109", "110", "112", "200", "201")
N_COMMUNITIES: Final = (7, 10, 10, 5, 1, 1, 1, 1, 0, 0, 0, 0)
N_OTHERS: Final = 3
TWINS_APART_M: Final = 600.0


@dataclass(frozen=True, eq=False)
class Units:
    """Villages, then communities, then other units; one row each.

    Parameters
    ----------
    code
        12-digit codes.
    name
        Made-up names with their ending.
    township
        Number of the township, 0-11.
    kind
        `village`, `community` or `other`.
    node
        Lattice node that the unit stands at.
    x, y
        Position, metres.
    people
        Residents; they add up to the county's.
    seats
        Rows of the twelve villages that are seats.
    off_road, cut_off
        Rows of the two lonely villages.
    twins
        Rows of two villages 600 m apart.
    """

    code: NDArray[np.object_]
    name: NDArray[np.object_]
    township: IntArray
    kind: NDArray[np.object_]
    node: IntArray
    x: FloatArray
    y: FloatArray
    people: IntArray
    seats: IntArray
    off_road: int
    cut_off: int
    twins: tuple[int, int]

    def __len__(self) -> int:
        return len(self.code)


def assign_townships(land: Landscape) -> IntArray:
    """Return the township (0-11) of each node of the county and around it: the seat that is easiest to reach."""
    cost = building_cost(land.lattice, land.terrain, 0.10)
    cost = np.where(land.classes > 0, 0.45 * cost, cost)
    cost[land.ground.inside_m[land.lattice.tail] < -1_200.0] = np.inf
    found = spread(land.mesh, cost, land.settlements.seats)
    number = {int(seat): row for row, seat in enumerate(land.settlements.seats)}
    label = np.full(len(found.source), -1, dtype=np.int64)
    for seat, row in number.items():
        label[found.source == seat] = row
    return label


def settle_units(land: Landscape, label: IntArray, place: FloatArray, seed: int) -> Units:
    """Name, place and populate all units.

    Parameters
    ----------
    label
        Shape (nodes): township of each node.
    place
        Shape (nodes, 2): where the roads pass each node, metres.
    """
    random = np.random.default_rng([seed, 10])
    settlements = land.settlements
    villages = np.concatenate([settlements.seats, settlements.villages, [settlements.off_road, settlements.cut_off]])
    communities, others = _choose_communities(land, label, villages, random), _choose_others(land, villages)
    node = np.concatenate([villages, communities, others])
    kind = np.asarray(
        ["village"] * len(villages) + ["community"] * len(communities) + ["other"] * len(others), dtype=object
    )
    order = np.lexsort((random.random(len(node)), np.concatenate([np.zeros(12), np.ones(len(node) - 12)]), label[node]))
    order = order[
        np.argsort(np.select([kind[order] == "village", kind[order] == "community"], [0, 1], 2), kind="stable")
    ]
    node, kind = node[order], kind[order]
    back = np.argsort(order)
    x, y = _beside(place[node], random)
    township = label[node]
    units = Units(
        _codes(township, kind), _names(kind, seed), township, kind, node, x, y,
        _count_people(land, node, kind, random), back[:12], int(back[len(villages) - 2]), int(back[len(villages) - 1]),
        (0, 0),
    )  # fmt: skip
    return _place_twins(land, units)


def _choose_communities(land: Landscape, label: IntArray, taken: IntArray, random: np.random.Generator) -> IntArray:
    """Choose communities on streets, so many in each township."""
    on_street = np.zeros(len(label), dtype=bool)
    streets = (land.classes > 0) & (land.classes <= 7)
    on_street[land.lattice.tail[streets]] = True
    chosen: list[IntArray] = []
    for township, count in enumerate(N_COMMUNITIES):
        allowed = on_street & (label == township) & (land.town_reach < 1.05) & (land.ground.inside_m > 100)
        score = np.where(allowed, random.random(len(label)) - land.town_reach, -np.inf)
        for apart in (420.0, 230.0, 120.0):
            found = scatter(land.lattice.x, land.lattice.y, score, apart, count, taken)
            if len(found) == count:
                break
        chosen.append(found)
    return np.concatenate(chosen)


def _choose_others(land: Landscape, taken: IntArray) -> IntArray:
    """Choose the reservoir's settlement and two forest farms high up, on roads."""
    lattice, hamlets = land.lattice, land.hamlets
    lake = max(land.reservoirs.shapes, key=lambda shape: shape.area, default=None)
    score = np.full(len(lattice.x), -np.inf)
    score[hamlets] = land.terrain.height_m[hamlets]
    farms = scatter(lattice.x, lattice.y, score, 9_000.0, N_OTHERS - 1, taken[:12])
    if lake is None:
        return scatter(lattice.x, lattice.y, score, 6_000.0, N_OTHERS, taken[:12])
    distance = np.hypot(lattice.x[hamlets] - lake.centroid.x, lattice.y[hamlets] - lake.centroid.y)
    distance[np.isin(hamlets, farms)] = np.inf
    return np.concatenate([[hamlets[int(np.argmin(distance))]], farms])


def _beside(place: FloatArray, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Shift points off their road by some tens of metres."""
    angle = random.uniform(0, 2 * np.pi, len(place))
    distance = np.clip(random.lognormal(np.log(30.0), 0.7, len(place)), 8.0, 150.0)
    return place[:, 0] + distance * np.cos(angle), place[:, 1] + distance * np.sin(angle)


def _codes(township: IntArray, kind: NDArray[np.object_]) -> NDArray[np.object_]:
    first = {"village": 200, "community": 1, "other": 400}
    count: dict[tuple[int, str], int] = {}
    codes = []
    for number, what in zip(township.tolist(), kind.tolist(), strict=True):
        serial = count.get((number, what), 0)
        count[(number, what)] = serial + 1
        codes.append(f"{COUNTY}{TOWNSHIP_CODES[number]}{first[what] + serial:03d}")
    return np.asarray(codes, dtype=object)


def _names(kind: NDArray[np.object_], seed: int) -> NDArray[np.object_]:
    ending = {"village": "村", "community": "社区", "other": "林场管理区"}
    names = [name + ending[what] for name, what in zip(village_names(len(kind), seed), kind.tolist(), strict=True)]
    return np.asarray(names, dtype=object)


def _count_people(land: Landscape, node: IntArray, kind: NDArray[np.object_], random: np.random.Generator) -> IntArray:
    """Share out the county's people: the rural part among villages, the rest among communities and other units."""
    rural = PEOPLE - round(PEOPLE * URBAN_SHARE)
    low = np.exp(-land.terrain.above_water_m[node] / 250.0) * (0.55 + np.exp(-land.town_reach[node] / 3.0))
    weight = random.lognormal(0.0, 0.5, len(node)) * low
    weight[kind == "other"] = 0.05
    people = np.zeros(len(node), dtype=np.int64)
    village = kind == "village"
    people[village] = share_out(rural, weight[village], 60)
    people[~village] = share_out(PEOPLE - rural, weight[~village], 180)
    return people


def share_out(total: int, weight: FloatArray, least: int) -> IntArray:
    """Split a total by weight into whole numbers that add up to it, none below a least one.

    Examples
    --------
    >>> share_out(100, np.array([1.0, 1.0, 2.0]), 5).tolist()
    [26, 26, 48]
    """
    exact = least + (total - least * len(weight)) * weight / weight.sum()
    whole = np.floor(exact).astype(np.int64)
    rest = total - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:rest]] += 1
    return np.asarray(whole, dtype=np.int64)


def _place_twins(land: Landscape, units: Units) -> Units:
    """Move one village to a roadside 600 m from another."""
    lattice = land.lattice
    roads = (land.classes >= 4) & (land.classes <= 6) & (land.terrain.crossing_km2 == 0)
    middle = lattice.middles[roads]
    seats = set(units.seats.tolist())
    lonely = {units.off_road, units.cut_off}
    rows = [row for row in np.flatnonzero(units.kind == "village").tolist() if row not in seats | lonely]
    for row in rows:
        distance = np.hypot(middle[:, 0] - units.x[row], middle[:, 1] - units.y[row])
        spot = int(np.argmin(np.abs(distance - TWINS_APART_M)))
        gap = np.hypot(units.x - units.x[row], units.y - units.y[row])
        same = [o for o in rows if o != row and units.township[o] == units.township[row] and gap[o] < 2_200.0]
        if abs(distance[spot] - TWINS_APART_M) < 8.0 and same and np.sort(gap)[1] > 800.0:
            other = min(same, key=lambda candidate: gap[candidate])
            along = (middle[spot] - (units.x[row], units.y[row])) / distance[spot]
            x, y = units.x.copy(), units.y.copy()
            x[other], y[other] = (units.x[row], units.y[row]) + TWINS_APART_M * along
            return replace(units, x=x, y=y, twins=(row, other))
    raise RuntimeError("no roadside 600 m from a village: choose another seed")
