"""Tell which village each facility stands in, or could stand in where the register leaves that open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.duplicates import VILLAGE_TIERS
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3
from clinicplan.standard import MM_PER_M

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.policy.register import CountyRegister

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

SEAT_M: Final = 500.0
"""A hospital belongs to the nearest village point within this straight distance, inclusive; no road is shorter."""
NOWHERE: Final = -1


@dataclass(frozen=True, eq=False)
class Places:
    """Where facilities stand. Rows are those of the facilities layer, values rows of the villages layer.

    Parameters
    ----------
    village
        Shape (facilities): the village it certainly stands in, -1 where none is certain.
    possible
        One tuple a facility: the villages it could stand in where none is certain; empty where it stands in none.
    """

    village: Int64
    possible: tuple[tuple[int, ...], ...]

    def candidates(self, facility: int) -> tuple[int, ...]:
        """Return the village that a facility stands in, or all that it could stand in."""
        certain = int(self.village[facility])
        return (certain,) if certain != NOWHERE else self.possible[facility]


def facility_places(county: CountyRegister) -> Places:
    """Find the village of every facility.

    A village-level facility belongs to the village it was matched to; an ambiguous match leaves its candidates open,
    and one that fits no village at all could be of any in its township. Other facilities stand in the village that
    their `village_id` names, else in whose polygon they lie (on a common line either), else whose point is the nearest
    within `SEAT_M`, among villages without a polygon. A facility without coordinates could stand anywhere in its
    township, or in the county where that is unknown.
    """
    return county.recall("places", lambda: _find_places(county))


def facilities_by_village(county: CountyRegister, works: Flags3) -> dict[int, list[int]]:
    """Return, for each village, the counted facilities that stand or could stand in it, in the order of the layer."""
    places = facility_places(county)
    found: dict[int, list[int]] = defaultdict(list)
    for facility in np.flatnonzero(works != FALSE).tolist():
        for village in places.candidates(facility):
            found[village].append(facility)
    return found


def villages_with(county: CountyRegister, works: Flags3) -> Flags3:
    """Return which villages hold one of some facilities: certainly, certainly not, or unknown.

    Parameters
    ----------
    county
        The county.
    works
        Shape (facilities): which facilities count, as `CountyRegister.serving` gives it.

    Returns
    -------
    flags
        Shape (villages).
    """
    places = facility_places(county)
    flags = np.full(len(county.villages), FALSE, dtype=np.int8)
    counted = np.flatnonzero(works != FALSE)
    for facility in counted:
        rows = list(places.candidates(int(facility)))
        flags[rows] = np.where(flags[rows] == TRUE, TRUE, UNKNOWN)
    certain = counted[(works[counted] == TRUE) & (places.village[counted] != NOWHERE)]
    flags[places.village[certain]] = TRUE
    return flags


def _find_places(county: CountyRegister) -> Places:
    own = _of_ids(county.villages, county.facilities["own_village"].to_numpy(dtype=object))
    named = _of_ids(county.villages, county.facilities["village_id"].to_numpy(dtype=object))
    by_village = county.facilities["tier"].isin(VILLAGE_TIERS).to_numpy(dtype=bool)
    village = np.where(by_village, own, named)
    around = _around(county)
    for row in np.flatnonzero(~by_village & (village == NOWHERE)).tolist():
        if len(around[row]) == 1:
            village[row] = around[row][0]
    placed = ~county.facilities.geometry.isna().to_numpy()
    matched, township = _may_be_of(county), _same_township(county)
    by_match = [one or other for one, other in zip(matched, township, strict=True)]
    by_point = [one if here else other for one, other, here in zip(around, township, placed, strict=True)]
    choices = zip(by_match, by_point, by_village, village == NOWHERE, strict=True)
    possible = [(one if clinic else other) if uncertain else () for one, other, clinic, uncertain in choices]
    return Places(village, tuple(possible))


def _of_ids(villages: gpd.GeoDataFrame, names: NDArray[np.object_]) -> Int64:
    row_of = {str(name): row for row, name in enumerate(villages["village_id"])}
    return np.array([row_of.get(str(name), NOWHERE) for name in names], dtype=np.int64)


def _may_be_of(county: CountyRegister) -> list[tuple[int, ...]]:
    """Return the villages that each clinic with an ambiguous match could belong to."""
    if "may_be_of" not in county.facilities:
        return [()] * len(county.facilities)
    row_of = {str(name): row for row, name in enumerate(county.villages["village_id"])}
    return [tuple(row_of[name] for name in names if name in row_of) for names in county.facilities["may_be_of"]]


def _same_township(county: CountyRegister) -> list[tuple[int, ...]]:
    """Return the villages of each facility's township; all of them where it names none that has villages."""
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(county.villages["township"].astype(str).tolist()):
        rows.setdefault(name, []).append(row)
    known = {name: tuple(found) for name, found in rows.items() if name}
    everywhere = tuple(range(len(county.villages)))
    return [known.get(name, everywhere) for name in county.facilities["township"].astype(str).tolist()]


def _around(county: CountyRegister) -> list[tuple[int, ...]]:
    """Return the villages whose polygon holds each facility, else the nearest village point."""
    import shapely

    points = np.asarray(county.facilities.geometry.representative_point().array, dtype=object)
    found: list[tuple[int, ...]] = [()] * len(points)
    placed = ~(shapely.is_missing(points) | shapely.is_empty(points))
    held = _in_areas(county, points, placed)
    near = _nearest(county, points, placed)
    for row in np.flatnonzero(placed).tolist():
        found[row] = held.get(row) or ((near[row],) if near[row] != NOWHERE else ())
    return found


def _in_areas(county: CountyRegister, points: NDArray[np.object_], placed: Flags) -> dict[int, tuple[int, ...]]:
    import shapely

    areas = county.layers.village_areas
    if areas is None or not placed.any():
        return {}
    village = _of_ids(county.villages, areas["village_id"].to_numpy(dtype=object))
    rows = np.flatnonzero(placed)
    tree = shapely.STRtree(np.asarray(areas.geometry.array, dtype=object))
    which, area = tree.query(points[rows], predicate="intersects")
    found: dict[int, set[int]] = {}
    for row, one in zip(rows[which].tolist(), village[area].tolist(), strict=True):
        if one != NOWHERE:
            found.setdefault(row, set()).add(one)
    return {row: tuple(sorted(villages)) for row, villages in found.items()}


def _nearest(county: CountyRegister, points: NDArray[np.object_], placed: Flags) -> Int64:
    """Return the nearest village point of each facility within `SEAT_M`, ties to the smaller id; -1 where none."""
    import shapely
    from scipy.spatial import cKDTree

    found = np.full(points.size, NOWHERE, dtype=np.int64)
    rows = _point_villages(county)
    if not rows.size or not placed.any():
        return found
    homes = np.asarray(county.villages.geometry.iloc[rows].representative_point().array, dtype=object)
    tree = cKDTree(shapely.get_coordinates(homes))
    here = np.flatnonzero(placed)
    spots = shapely.get_coordinates(points[here])
    metres, _ = tree.query(spots, k=1)
    near = np.round(metres * MM_PER_M) <= SEAT_M * MM_PER_M
    tied = tree.query_ball_point(spots[near], np.asarray(metres)[near] + 1 / MM_PER_M)
    found[here[near]] = rows[[min(places) for places in tied]] if near.any() else NOWHERE
    return found


def _point_villages(county: CountyRegister) -> Int64:
    """Return the villages with a point and without a polygon, by id."""
    villages, areas = county.villages, county.layers.village_areas
    drawn = set() if areas is None else set(areas["village_id"].astype(str))
    pointed = (~villages.geometry.isna() & ~villages["village_id"].astype(str).isin(drawn)).to_numpy()
    rows = np.flatnonzero(pointed)
    names = villages["village_id"].astype(str).to_numpy(dtype=object)
    return rows[np.argsort(names[rows], kind="stable")].astype(np.int64)
