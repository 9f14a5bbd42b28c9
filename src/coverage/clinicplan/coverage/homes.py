"""Place people where they live: in natural villages where these are known, else at the village point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Homes:
    """The places trips start from, one row a natural village or, without these, a village.

    Parameters
    ----------
    ids
        Shape (homes): natural village id or village id.
    village
        Shape (homes): row of the village in the villages layer.
    people
        Shape (homes): residents; the homes of a village add up to its population (0 where that is unknown).
    x, y
        Shape (homes): position in metres in the region's system.
    n_villages
        Rows of the villages layer.
    by_natural_village
        Shape (villages): whether the village is given by its natural villages.
    """

    ids: NDArray[np.object_]
    village: NDArray[np.int32]
    people: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    n_villages: int
    by_natural_village: NDArray[np.bool_]

    def __repr__(self) -> str:
        split = int(self.by_natural_village.sum())
        return f"Homes({self.village.size} places of {self.n_villages} villages, {split} by natural village)"


def locate_homes(villages: gpd.GeoDataFrame, natural_villages: gpd.GeoDataFrame | None = None) -> Homes:
    """List where people live.

    A village set aside for want of coordinates, or lying outside the county, has no home here. Natural villages
    share out their village's population and never add to it: in proportion to their own figures where each has one,
    else equally. Whole people, the remainder to the largest fractions.

    Parameters
    ----------
    villages
        `village_id, population, pending, geometry` (points, or polygons taken at a point inside).
    natural_villages
        `natural_village_id, village_id, geometry [population]`; None where the county has no such layer.

    Returns
    -------
    homes
        In the order of the villages, within a village in the order of its natural villages.
    """
    import pandas as pd

    placed = ~villages.geometry.isna() & ~villages["pending"].isin(["no_coordinates", "outside_county"])
    population = pd.to_numeric(villages["population"], errors="coerce").fillna(0).to_numpy().astype(np.int64)
    own = pd.DataFrame({"id": villages["village_id"].astype(str), "village": np.arange(len(villages))})
    points = villages.geometry.representative_point()
    own["x"], own["y"], own["weight"] = points.x, points.y, np.nan
    parts = _natural_rows(villages, natural_villages)
    split = np.isin(np.arange(len(villages)), parts["village"])
    rows = pd.concat([own[placed.to_numpy() & ~split], parts[placed.to_numpy()[parts["village"]]]])
    rows = rows.sort_values("village", kind="stable")
    village = rows["village"].to_numpy(dtype=np.int32)
    return Homes(
        ids=rows["id"].to_numpy(dtype=object),
        village=village,
        people=share_out(population, village, rows["weight"].to_numpy(dtype=np.float64)),
        x=rows["x"].to_numpy(dtype=np.float64),
        y=rows["y"].to_numpy(dtype=np.float64),
        n_villages=len(villages),
        by_natural_village=split & placed.to_numpy(),
    )


def share_out(totals: NDArray[np.int64], group: NDArray[np.int32], weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Share whole totals among the rows of each group, in proportion to weights.

    Parameters
    ----------
    totals
        Shape (groups): whole amount of each group.
    group
        Shape (rows): group of each row, ascending.
    weight
        Shape (rows): at least 0; a group with any missing (NaN) weight, or none above 0, shares equally.

    Returns
    -------
    share
        Shape (rows): whole amounts that add up to the total in each group that has rows.

    Examples
    --------
    >>> share_out(np.array([100]), np.zeros(3, np.int32), np.array([1.0, 1.0, 1.0])).tolist()
    [34, 33, 33]
    """
    share = np.zeros(group.size, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if group.size else np.zeros(0, dtype=np.int64)
    for start, end in zip(starts, np.r_[starts[1:], group.size], strict=True):
        part = weight[start:end]
        if np.isnan(part).any() or part.sum() <= 0:
            part = np.ones(end - start)
        exact = totals[group[start]] * part / part.sum()
        whole = np.floor(exact).astype(np.int64)
        left = int(totals[group[start]] - whole.sum())
        # Largest fractions first; equal fractions in the order given.
        whole[np.argsort(-(exact - whole), kind="stable")[:left]] += 1
        share[start:end] = whole
    return share


def _natural_rows(villages: gpd.GeoDataFrame, natural_villages: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Return natural villages with the row of their village; those of unknown villages or without a place drop out."""
    import pandas as pd

    columns = {"id": object, "village": np.int64, "x": float, "y": float, "weight": float}
    if natural_villages is None or natural_villages.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    row_of = {str(value): row for row, value in enumerate(villages["village_id"])}
    village = natural_villages["village_id"].astype(str).map(row_of)
    kept = natural_villages[village.notna() & ~natural_villages.geometry.isna()]
    points = kept.geometry.representative_point()
    weight = pd.to_numeric(kept["population"], errors="coerce") if "population" in kept else np.nan
    rows = pd.DataFrame({"id": kept["natural_village_id"].astype(str), "village": village[kept.index].astype(np.int64)})
    return rows.assign(x=points.x, y=points.y, weight=weight).astype({"weight": float})
