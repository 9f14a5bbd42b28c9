"""Turn places into villages and give each a population: tagged, shared out, or modelled, and say which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.homes import share_out

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

DEFAULT_POPULATION: Final = {"hamlet": 50, "village": 500, "town": 5000, "city": 50_000}
"""Residents of a place about which nothing is known (assumption)."""
DEFAULT_PEOPLE_PER_M2: Final = 0.02
"""Residents per square metre of building footprint where no tagged place calibrates it (assumption)."""
NEAREST_BUILDING_M: Final = 3000.0
"""A building farther than this from every place counts for none (assumption)."""


@dataclass(frozen=True, eq=False)
class Settlements:
    """Villages of an extract.

    Parameters
    ----------
    villages
        `village_id, name, township, population, population_source, place, geometry` in a metric system.
        `population_source` is `tagged`, `within_count` (a share of the count of the place that stands for its whole
        township), `buildings` (modelled from footprints) or `default`.
    inside_other_counts
        Names of places whose people another row's tag already counts, with that row's name.
    people_per_m2
        Residents per square metre of footprint that the model used; None where it used none.
    """

    villages: gpd.GeoDataFrame
    inside_other_counts: tuple[tuple[str, str], ...]
    people_per_m2: float | None

    def __repr__(self) -> str:
        modelled = int(self.villages["population_source"].isin(["buildings", "default"]).sum())
        return f"Settlements({len(self.villages)} villages, {modelled} modelled)"


def settle(
    places: gpd.GeoDataFrame,
    townships: gpd.GeoDataFrame | None,
    buildings: gpd.GeoDataFrame,
    total: int | None,
) -> Settlements:
    """Give every place a population without counting anyone twice.

    A tagged place that bears its township's name stands for the whole township: the other places of that township
    are inside its count, keep their own tag or take a share by building footprint, and the seat keeps the rest. A
    township with a population of its own is shared out likewise. Elsewhere a tag is taken as it is, and untagged
    places share what is left of the total by footprint; without a total, footprints are multiplied by the residents
    per square metre of the tagged places, or a stated default.

    Parameters
    ----------
    places
        As `OsmObjects.places`, in a metric system, within the county.
    townships
        `township, geometry [population]` in the same system, or None.
    buildings
        Footprints in the same system.
    total
        Residents of the whole county where known.

    Returns
    -------
    settlements
        One village a place, in the order of places.
    """
    township = _township_of(places, townships)
    area = _footprint_m2(places, buildings)
    tagged = places["population"].to_numpy(dtype=float, na_value=np.nan)
    population, source = tagged.copy(), np.where(np.isnan(tagged), "", "tagged").astype(object)
    inside: list[tuple[str, str]] = []
    for name, count, seat in _township_counts(places, townships, township, tagged):
        rows = np.flatnonzero(township == name)
        _share_township(rows, count, tagged, area, population, source, seat)
        if seat >= 0:
            inside += [(places["name"].iloc[row], places["name"].iloc[seat]) for row in rows if row != seat]
    density = _fill_rest(places, area, total, population, source)
    villages = places[["name", "place", "geometry"]].copy()
    villages.insert(0, "village_id", [f"V{row + 1:04d}" for row in range(len(places))])
    villages["township"] = township
    villages["population"] = np.rint(population).astype(np.int64)
    villages["population_source"] = source
    return Settlements(villages, tuple(inside), density)


def _township_of(places: gpd.GeoDataFrame, townships: gpd.GeoDataFrame | None) -> NDArray[np.object_]:
    names = np.full(len(places), "", dtype=object)
    if townships is not None:
        hits = townships.sindex.query(places.geometry, predicate="intersects")
        for place, area in zip(*hits, strict=True):
            names[place] = names[place] or townships["township"].iloc[area]
    return names


def _footprint_m2(places: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Add up the footprints nearest to each place."""
    from scipy.spatial import cKDTree

    area = np.zeros(len(places))
    if len(buildings) and len(places):
        centre = buildings.geometry.centroid
        tree = cKDTree(np.c_[places.geometry.x, places.geometry.y])
        distance, nearest = map(
            np.asarray, tree.query(np.c_[centre.x, centre.y], distance_upper_bound=NEAREST_BUILDING_M)
        )
        near = np.isfinite(distance)
        np.add.at(area, nearest[near], buildings.geometry.area.to_numpy()[near])
    return area


def _township_counts(
    places: gpd.GeoDataFrame,
    townships: gpd.GeoDataFrame | None,
    township: NDArray[np.object_],
    tagged: NDArray[np.float64],
) -> list[tuple[str, int, int]]:
    """List (township, residents, row of its seat or -1) of every township whose count is known."""
    if townships is None:
        return []
    own_count = townships.get("population")
    counts = []
    for number, row in enumerate(townships.itertuples()):
        here = np.flatnonzero(township == row.township)
        seat = [i for i in here if places["name"].iloc[i] == row.township and not np.isnan(tagged[i])]
        own = None if own_count is None or own_count.isna().iloc[number] else int(own_count.iloc[number])
        if here.size and own:
            counts.append((str(row.township), own, int(seat[0]) if seat else -1))
        elif seat and here.size > 1:
            counts.append((str(row.township), int(tagged[seat[0]]), int(seat[0])))
    return counts


def _share_township(
    rows: NDArray[np.int64],
    count: int,
    tagged: NDArray[np.float64],
    area: NDArray[np.float64],
    population: NDArray[np.float64],
    source: NDArray[np.object_],
    seat: int,
) -> None:
    """Share a township's count among its places: own tags first (the seat's apart), the rest by footprint."""
    fixed = [row for row in rows if row != seat and not np.isnan(tagged[row])]
    if sum(tagged[row] for row in fixed) > count:
        return  # the tags contradict the count: leave them as they are
    open_rows = np.array([row for row in rows if row not in fixed], dtype=np.int64)
    rest = count - int(sum(tagged[row] for row in fixed))
    if not open_rows.size:
        return
    population[open_rows] = share_out(np.array([rest]), np.zeros(open_rows.size, np.int32), area[open_rows])
    source[open_rows] = "within_count"


def _fill_rest(
    places: gpd.GeoDataFrame,
    area: NDArray[np.float64],
    total: int | None,
    population: NDArray[np.float64],
    source: NDArray[np.object_],
) -> float | None:
    """Model the places still without people; return the residents per square metre used."""
    empty = np.isnan(population)
    if not empty.any():
        return None
    known = float(np.nansum(population))
    built = empty & (area > 0)
    bare = empty & ~built
    population[bare] = [DEFAULT_POPULATION[kind] for kind in places["place"].to_numpy()[bare]]
    source[bare] = "default"
    if not built.any():
        return None
    rest = None if total is None else total - known - float(population[bare].sum())
    if rest is not None and rest > 0:
        group = np.zeros(int(built.sum()), np.int32)
        population[built] = share_out(np.array([int(rest)]), group, area[built])
        density = rest / float(area[built].sum())
    else:
        density = _people_per_m2(population, area, empty)
        population[built] = np.rint(area[built] * density)
    source[built] = "buildings"
    return density


def _people_per_m2(population: NDArray[np.float64], area: NDArray[np.float64], empty: NDArray[np.bool_]) -> float:
    calibrating = ~empty & (area > 0) & (population > 0)
    if not calibrating.any():
        return DEFAULT_PEOPLE_PER_M2
    return float(population[calibrating].sum() / area[calibrating].sum())


def source_counts(villages: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return rows and residents by source of the population."""
    grouped = villages.groupby("population_source")["population"].agg(["size", "sum"])
    return {str(name): (int(row["size"]), int(row["sum"])) for name, row in grouped.iterrows()}
