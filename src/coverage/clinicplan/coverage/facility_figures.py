"""Say what each facility serves: as the nearest, within the circle, alone, and beside another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.homes import Homes
from clinicplan.coverage.searches import CircleRule, HomeTrips, ModeSearch, graph_of, trips_between

if TYPE_CHECKING:
    import pandas as pd

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEXT_CLINIC_LIMIT_MM: Final = 50_000_000
"""Farther than 50 km by road, the next clinic is not looked for."""


def facility_figures_of(
    search: ModeSearch,
    counted: Flags,
    trips: HomeTrips,
    homes: Homes,
    rule: CircleRule,
) -> pd.DataFrame:
    """Return one row a facility: villages and people served as the nearest, road km, people within the circle.

    `people_solely_served` have no other counted facility within the circle, `people_overlapping` have; kilometres are
    missing where nobody is served, `next_clinic_km` where no other counted facility lies within 50 km by road.
    """
    import pandas as pd

    n = counted.size
    served = trips.facility >= 0
    facility = trips.facility[served]
    assigned = pd.DataFrame(
        {"facility": facility, "village": homes.village[served], "people": homes.people[served],
         "km": trips.length_mm[served] / 1e6}
    ).groupby("facility")  # fmt: skip
    within = _circle_pairs(search, counted, rule)
    times_covered = np.bincount(within[0], minlength=search.n_homes)
    alone = times_covered[within[0]] == 1
    people = homes.people[within[0]]
    return pd.DataFrame(
        {
            "villages_served": assigned["village"].nunique().reindex(range(n), fill_value=0).to_numpy(),
            "people_served": assigned["people"].sum().reindex(range(n), fill_value=0).to_numpy(),
            "mean_road_km": assigned["km"].mean().reindex(range(n)).to_numpy(),
            "largest_road_km": assigned["km"].max().reindex(range(n)).to_numpy(),
            "next_clinic_km": _next_clinic_km(search, counted),
            "people_within": np.bincount(within[1], weights=people, minlength=n).astype(np.int64),
            "people_solely_served": np.bincount(within[1], weights=people * alone, minlength=n).astype(np.int64),
            "people_overlapping": np.bincount(within[1], weights=people * ~alone, minlength=n).astype(np.int64),
        }
    )


def _circle_pairs(search: ModeSearch, counted: Flags, rule: CircleRule) -> tuple[Int64, Int64]:
    """Return (home, facility) of every pair within the standard."""
    rows = np.flatnonzero(counted)
    homes = np.arange(search.n_homes)
    found = trips_between(
        graph_of(search, rule), homes, rows + search.n_homes,
        limit_ms=rule.standard.limit_ms, limit_mm=rule.standard.limit_mm,
    )  # fmt: skip
    return found.origin.astype(np.int64), rows[found.destination]


def _next_clinic_km(search: ModeSearch, counted: Flags) -> NDArray[np.float64]:
    """Return the shortest road from each counted facility to the next one, km; NaN beyond 50 km or where none."""
    km = np.full(counted.size, np.nan)
    rows = np.flatnonzero(counted)
    if rows.size > 1:
        points = rows + search.n_homes
        found = trips_between(search.by_length, points, points, limit_mm=NEXT_CLINIC_LIMIT_MM)
        other = found.origin != found.destination
        nearest = np.full(rows.size, np.inf)
        np.minimum.at(nearest, found.origin[other], found.length_mm[other] / 1e6)
        km[rows] = np.where(np.isfinite(nearest), nearest, np.nan)
    return km
