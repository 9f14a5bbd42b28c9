"""Lay results out as the tables of the result folder: villages, facilities, townships, travel times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clinicplan.coverage.summary import township_figures
from clinicplan.standard import MM_PER_M, MS_PER_MIN, MS_PER_S, UNREACHED, Standard, printed_minutes

if TYPE_CHECKING:
    from clinicplan.coverage.circles import ServiceCircles
    from clinicplan.siting.proposal import Proposal

MM_PER_KM: Final = 1_000_000

VILLAGE_COLUMNS: Final = (
    "village_id", "name", "township", "kind", "status", "population", "facility_id", "facility_tier", "time_s",
    "time_min", "band", "within_standard", "reason", "route_km", "way", "access_m", "facility_access_m", "supplement",
    "nearest_outside_id", "nearest_outside_min", "township_hospital_min", "county_hospital_min",
)  # fmt: skip
"""Columns of `villages.csv` before those by mode and by natural village."""
PLANNED_COLUMNS: Final = ("planned_facility_id", "planned_time_min", "planned_within_standard", "arrangement")
"""Columns that `villages.csv` ends with where there is a plan."""
SITE_COLUMNS: Final = ("site_id", "facility_id", "name", "village_id", "township", "action", "tier", "doctors", "cost")
"""Columns of the sites of a plan; `cost` in yuan."""


def village_table(circles: ServiceCircles) -> pd.DataFrame:
    """Lay out one row a village or community, in the order of the layer.

    Times are those of the mode of the standard unless a column names another; `time_s` is exact to the millisecond,
    `time_min` rounded so that it crosses no limit. `reason` is empty when covered; `within_standard` is empty for
    rows set aside.

    Returns
    -------
    villages
        The columns of `VILLAGE_COLUMNS`, then `time_min_<mode>` for every mode, then, where a village is given by
        natural villages, `time_min_worst` and `people_covered`, then `pending`, `population_imputed`, `group`.
    """
    trips, villages, standard = circles.village_trips, circles.villages, circles.rule.standard
    aside = circles.group == "pending"
    table = pd.DataFrame(
        {name: villages[name] for name in ("village_id", "name", "township", "kind", "status", "population")}
    )
    table["facility_id"] = _named(circles, trips.facility, "facility_id")
    table["facility_tier"] = _named(circles, trips.facility, "tier")
    table["time_s"] = _seconds(trips.time_ms)
    table["time_min"] = _minutes(trips.time_ms, standard)
    table["band"] = band_labels(trips.worst_ms, standard)
    table["within_standard"] = _verdict(trips.within, aside)
    table["reason"] = circles.reason
    table["route_km"] = _km(trips.length_mm)
    table["way"] = np.where(trips.facility < 0, "", np.where(trips.direct, "direct", "road"))
    table["access_m"] = _metres(circles.access_mm)
    table["facility_access_m"] = _metres(np.append(circles.facility_access_mm, UNREACHED)[trips.facility])
    table["supplement"] = _verdict(circles.with_supplement.within, aside)
    table["nearest_outside_id"] = _named(circles, circles.nearest_outside.facility, "facility_id")
    table["nearest_outside_min"] = _minutes(circles.nearest_outside.time_ms, standard)
    table["township_hospital_min"] = _minutes(circles.ladder["township_hospital"].time_ms, standard)
    table["county_hospital_min"] = _minutes(circles.ladder["county_hospital"].time_ms, standard)
    for mode, found in circles.by_mode.items():
        table[f"time_min_{mode}"] = _minutes(found.time_ms, standard)
    if circles.homes.by_natural_village.any():
        table["time_min_worst"] = _minutes(trips.worst_ms, standard)
        table["people_covered"] = trips.people_within
    table["pending"] = villages["pending"]
    table["population_imputed"] = villages["population_imputed"]
    table["group"] = circles.group
    return table


def planned_columns(circles: ServiceCircles, planned: ServiceCircles, proposal: Proposal) -> pd.DataFrame:
    """Lay out what a plan changes for each village: `PLANNED_COLUMNS`, row by row of `village_table`.

    Facility, time and verdict are those of the nearest service once the plan is carried out, which need not be the host
    of the arrangement; `arrangement` is empty for rows that the plan does not deal with.
    """
    trips = planned.village_trips
    arranged = {item.village_id: item.arrangement for item in proposal.villages}
    values = (
        _named(planned, trips.facility, "facility_id"),
        _minutes(trips.time_ms, planned.rule.standard),
        _verdict(trips.within, circles.group == "pending"),
        circles.villages["village_id"].astype(str).map(lambda name: arranged.get(name, "")).to_numpy(dtype=object),
    )
    return pd.DataFrame(dict(zip(PLANNED_COLUMNS, values, strict=True)))


def site_table(circles: ServiceCircles, planned: ServiceCircles, proposal: Proposal) -> pd.DataFrame:
    """Lay out the sites of a plan, `SITE_COLUMNS`, in the order of the plan; a new site is called by its village."""
    names = _by_id(circles, "name") | _by_id(planned, "name")
    villages = circles.villages.set_index(circles.villages["village_id"].astype(str))["township"]
    rows = [
        (item.site_id, item.facility_id, names.get(item.facility_id or item.site_id, ""), item.village_id,
         villages.get(item.village_id, ""), item.action, item.tier, item.doctors, item.cost_fen / 100)
        for item in proposal.sites
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(SITE_COLUMNS)).astype({"doctors": "Int64"})


def _by_id(circles: ServiceCircles, column: str) -> dict[str, str]:
    facilities = circles.facilities
    return dict(zip(facilities["facility_id"].astype(str), facilities[column].astype(str), strict=True))


def facility_table(circles: ServiceCircles) -> pd.DataFrame:
    """Lay out one row a facility: what it is and what it serves; lengths in km by road."""
    facilities = circles.facilities
    head = ["facility_id", "name", "tier", "township", "village_id", "operating", "outside_county"]
    table = pd.DataFrame({name: facilities[name] for name in head})
    table["counted"] = circles.counted
    figures = circles.facility_figures.copy()
    for name in ("mean_road_km", "largest_road_km", "next_clinic_km"):
        figures[name] = figures[name].round(3)
    table["access_m"] = _metres(circles.facility_access_mm)
    return pd.concat([table, figures.set_index(table.index)], axis=1)


def township_table(circles: ServiceCircles, total: str) -> pd.DataFrame:
    """Lay out one row a township in code order and a last row for the county, named `total`."""
    table = township_figures(circles)
    table.loc[table.index[-1], "township"] = total
    return table


def travel_time_table(circles: ServiceCircles) -> pd.DataFrame:
    """Lay out pairs within the largest band: `village_id, facility_id, mode, time_s, length_m`.

    A village given by natural villages has one row a facility: that of its quickest natural village.
    """
    best = circles.pairs.sort_values(["mode", "village_id", "facility_id", "time_s", "length_m"], kind="stable")
    best = best.drop_duplicates(["mode", "village_id", "facility_id"])
    return best[["village_id", "facility_id", "mode", "time_s", "length_m"]].reset_index(drop=True)


def band_labels(time_ms: NDArray[np.int64], standard: Standard) -> NDArray[np.object_]:
    """Name the band of each time: `≤15`, `≤20`, `>20`; empty where unreached."""
    uppers = [f"{band / MS_PER_MIN:g}" for band in standard.bands_ms]
    labels = [*(f"≤{upper}" for upper in uppers), f">{uppers[-1]}" if uppers else "", ""]
    return np.array(labels, dtype=object)[standard.band_of(time_ms)]


def _verdict(within: NDArray[np.bool_], aside: NDArray[np.bool_]) -> pd.Series[bool]:
    """Return yes or no, missing for rows set aside."""
    return pd.Series(within).astype("boolean").mask(aside)


def _named(circles: ServiceCircles, rows: NDArray[np.int32], column: str) -> NDArray[np.object_]:
    names = np.append(circles.facilities[column].to_numpy(dtype=object), "")
    return np.asarray(names[rows], dtype=object)


def _seconds(time_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(time_ms == UNREACHED, np.nan, time_ms / MS_PER_S)


def _minutes(time_ms: NDArray[np.int64], standard: Standard) -> NDArray[np.float64]:
    return printed_minutes(time_ms, standard.limit_ms, standard.bands_ms)


def _km(length_mm: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(length_mm == UNREACHED, np.nan, np.round(length_mm / MM_PER_KM, 3))


def _metres(length_mm: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(length_mm == UNREACHED, np.nan, np.round(length_mm / MM_PER_M, 1))
