"""Test the service circles: who is within the standard, by which facility, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.facility_figures import facility_figures_of
from clinicplan.coverage.homes import Homes, locate_homes
from clinicplan.coverage.searches import CircleRule, HomeTrips, ModeSearch, nearest_homes, searches_of, trips_between
from clinicplan.standard import UNREACHED, Standard
from clinicplan.terms import EXEMPT_STATUSES, SUPPLEMENT_TIERS, serving_as

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from clinicplan.network import RoadNetwork

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

GROUPS: Final = ("pending", "community", "exempt", "village")
"""How the rows of the villages layer divide: set aside, communities and other units, exempt villages, the villages
that the figures are about."""


@dataclass(frozen=True, eq=False)
class VillageTrips:
    """The trips of a village's homes taken together; rows are villages.

    Parameters
    ----------
    facility
        Facility of the home with most people (ties: the first), -1 where none.
    time_ms
        Mean over people of the homes that reach one, -1 where none does.
    worst_ms
        Longest of the homes, -1 where any reaches none.
    length_mm, direct
        Of the home that `facility` belongs to.
    within
        Whether every home is within the standard.
    people_within
        Residents whose home is within the standard.
    main_home
        Row of the home that `facility` belongs to, -1 where the village has no home.
    """

    facility: NDArray[np.int32]
    time_ms: Int64
    worst_ms: Int64
    length_mm: Int64
    direct: Flags
    within: Flags
    people_within: Int64
    main_home: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class ServiceCircles:
    """The answer: for every village and facility, under every mode.

    Parameters
    ----------
    rule
        What counted.
    homes
        Where people live.
    villages, facilities
        The layers the answer is about, row by row.
    group
        Shape (villages): one of `GROUPS`.
    counted
        Shape (facilities): whether it counted as the service.
    home_trips, village_trips
        To the service, by the mode of the standard.
    with_supplement
        As `village_trips`, with service points and touring stops counted too.
    by_mode
        As `village_trips`, for every mode, the mode of the standard among them.
    nearest_outside
        To facilities of the same tiers beyond the county line.
    ladder
        To township-level and county-level hospitals, by car where there is such a network.
    reason
        Shape (villages): why a village is not within the standard, empty where it is.
    access_mm
        Shape (villages): access leg of the village's main home, -1 where none.
    facility_access_mm
        Shape (facilities): access leg, -1 where none.
    pairs
        One row a home, facility and mode within the largest band.
    facility_figures
        One row a facility: what it serves.
    searches
        The networks with points on them, by mode, for circles and maps.
    """

    rule: CircleRule
    homes: Homes
    villages: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    group: NDArray[np.object_]
    counted: Flags
    home_trips: HomeTrips
    village_trips: VillageTrips
    with_supplement: VillageTrips
    by_mode: Mapping[str, VillageTrips]
    nearest_outside: VillageTrips
    ladder: Mapping[str, VillageTrips]
    reason: NDArray[np.object_]
    access_mm: Int64
    facility_access_mm: Int64
    pairs: pd.DataFrame
    facility_figures: pd.DataFrame
    searches: Mapping[str, ModeSearch] = field(repr=False)

    def __repr__(self) -> str:
        inside = int((self.village_trips.within & (self.group == "village")).sum())
        return f"ServiceCircles({inside} of {int((self.group == 'village').sum())} villages within, {self.rule.mode})"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a village: id, seconds, facility, verdict and reason."""
        import pandas as pd

        trips = self.village_trips
        names = np.append(self.facilities["facility_id"].to_numpy(dtype=object), "")
        return pd.DataFrame(
            {
                "village_id": self.villages["village_id"],
                "facility_id": names[trips.facility],
                "time_s": np.where(trips.time_ms == UNREACHED, np.nan, trips.time_ms / 1000),
                "within_standard": trips.within,
                "reason": self.reason,
            }
        )


def service_circles(
    villages: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    networks: Mapping[str, RoadNetwork],
    rule: CircleRule,
    *,
    natural_villages: gpd.GeoDataFrame | None = None,
) -> ServiceCircles:
    """Find for every village the nearest facility that counts, and test the circle.

    Times are unbounded nearest searches, so a time is there wherever a route is; the verdict compares whole
    milliseconds (or millimetres) and includes the limit. A village given by natural villages is within the standard
    when all of them are; its people are counted where they live.

    Parameters
    ----------
    villages, facilities, natural_villages
        Layers as `read_layers` returns them, in the projected system of the networks.
    networks
        Roads by mode; the mode of the rule must be among them.
    rule
        What counts and how people travel.

    Returns
    -------
    circles
        Times, verdicts and reasons under every mode.

    Raises
    ------
    KeyError
        If the mode of the rule has no network.
    """
    homes = locate_homes(villages, natural_villages)
    searches = searches_of(networks, homes, facilities, rule)
    main = searches[rule.mode]
    counted = counted_facilities(facilities, rule.tiers, count_neighbours=rule.count_neighbours)
    supplemented = counted_facilities(
        facilities, (*rule.tiers, *SUPPLEMENT_TIERS), count_neighbours=rule.count_neighbours
    )
    home_trips = nearest_homes(main, counted, rule)
    trips = by_village(home_trips, homes, rule.standard)
    reason = _reasons(trips, homes, main, counted, villages)
    by_mode = {
        mode: trips if mode == rule.mode else by_village(nearest_homes(search, counted, rule), homes, rule.standard)
        for mode, search in searches.items()
    }
    outside = (
        counted_facilities(facilities, rule.tiers, count_neighbours=True) & facilities["outside_county"].to_numpy()
    )
    pairs = _pairs(searches, counted | outside, rule, homes, villages, facilities)
    return ServiceCircles(
        rule=rule,
        homes=homes,
        villages=villages,
        facilities=facilities,
        group=village_groups(villages, reason, trips),
        counted=counted,
        home_trips=home_trips,
        village_trips=trips,
        with_supplement=by_village(nearest_homes(main, supplemented, rule), homes, rule.standard),
        by_mode=by_mode,
        nearest_outside=by_village(nearest_homes(main, outside, rule), homes, rule.standard),
        ladder=_ladder(searches, facilities, rule, homes),
        reason=reason,
        access_mm=_main_access_mm(trips, main),
        facility_access_mm=_access_mm(main)[homes.village.size :],
        pairs=pairs,
        facility_figures=facility_figures_of(main, counted, home_trips, homes, rule),
        searches=searches,
    )


def counted_facilities(facilities: gpd.GeoDataFrame, tiers: Iterable[str], *, count_neighbours: bool) -> Flags:
    """Tell which facilities count as a service of the tiers.

    A facility known to be out of operation never counts; one whose state is unknown does. Without
    `count_neighbours` those beyond the county line do not.
    """
    serving = facilities["tier"].isin(serving_as(tiers)) & (facilities["operating"] != "no")
    serving &= ~facilities.geometry.isna()
    if not count_neighbours:
        serving &= ~facilities["outside_county"].astype(bool)
    flags: Flags = serving.to_numpy(dtype=bool)
    return flags


def village_groups(villages: gpd.GeoDataFrame, reason: NDArray[np.object_], trips: VillageTrips) -> NDArray[np.object_]:
    """Divide the rows of the villages layer into `GROUPS`; each row is in exactly one.

    Set aside are rows without coordinates or population, outside the county, and rows off every road with no
    facility within a straight walk (DESIGN section 4). A village of which only some natural villages are off the road
    is assessed, and outside.
    """
    group = np.full(len(villages), "village", dtype=object)
    group[villages["status"].isin(EXEMPT_STATUSES).to_numpy()] = "exempt"
    group[(villages["kind"] != "village").to_numpy()] = "community"
    roadless = (reason == "off_road") & (trips.time_ms == UNREACHED)
    group[(villages["pending"] != "").to_numpy() | roadless] = "pending"
    return group


def by_village(trips: HomeTrips, homes: Homes, standard: Standard) -> VillageTrips:
    """Take the homes of each village together; see `VillageTrips`."""
    n, village = homes.n_villages, homes.village
    reached = trips.time_ms != UNREACHED
    within = standard.holds(trips.time_ms, trips.length_mm)
    count = np.bincount(village, minlength=n)
    main = _main_homes(homes, reached)
    has = main >= 0
    pick = np.where(has, main, 0)
    return VillageTrips(
        facility=np.where(has, _take(trips.facility, pick), -1).astype(np.int32),
        time_ms=_mean_ms(trips.time_ms, reached, homes),
        worst_ms=_worst_ms(trips.time_ms, reached, homes),
        length_mm=np.where(has, _take(trips.length_mm, pick), UNREACHED),
        direct=has & _take(trips.direct, pick).astype(bool),
        within=(count > 0) & (np.bincount(village[within], minlength=n) == count),
        people_within=np.bincount(village, weights=homes.people * within, minlength=n).astype(np.int64),
        main_home=main,
    )


def _take(values: NDArray[np.generic], rows: NDArray[np.int32]) -> NDArray[np.generic]:
    return values[rows] if values.size else np.zeros(rows.size, dtype=values.dtype)


def _main_homes(homes: Homes, reached: Flags) -> NDArray[np.int32]:
    """Return each village's home with most people among those that reach a facility, else among all; -1 without."""
    main = np.full(homes.n_villages, -1, dtype=np.int32)
    order = np.lexsort((-np.arange(homes.village.size), homes.people, reached))
    main[homes.village[order]] = order  # the last assignment wins: reached, most people, first
    return main


def _mean_ms(time_ms: Int64, reached: Flags, homes: Homes) -> Int64:
    """Return the mean over people of the homes that reach a facility, whole milliseconds rounded half up."""
    n = homes.n_villages
    weight = np.where(reached, homes.people, 0)
    total = np.bincount(homes.village, weights=weight, minlength=n).astype(np.int64)
    nobody = (total == 0)[homes.village]
    weight = np.where(nobody & reached, 1, weight)
    total = np.bincount(homes.village, weights=weight, minlength=n).astype(np.int64)
    product = np.bincount(homes.village, weights=weight * np.where(reached, time_ms, 0), minlength=n).astype(np.int64)
    return np.where(total > 0, (2 * product + total) // np.maximum(2 * total, 1), UNREACHED)


def _worst_ms(time_ms: Int64, reached: Flags, homes: Homes) -> Int64:
    worst = np.full(homes.n_villages, UNREACHED, dtype=np.int64)
    np.maximum.at(worst, homes.village, time_ms)
    worst[homes.village[~reached]] = UNREACHED
    return worst


def _ladder(
    searches: Mapping[str, ModeSearch], facilities: gpd.GeoDataFrame, rule: CircleRule, homes: Homes
) -> dict[str, VillageTrips]:
    """Find the nearest township-level and county-level hospital, by car where the region computes it."""
    search = searches.get("car", searches[rule.mode])
    steps = {
        "township_hospital": ("township_hospital", "community_centre"),
        "county_hospital": ("county_hospital",),
    }
    return {
        step: by_village(
            nearest_homes(
                search,
                counted_facilities(facilities, tiers, count_neighbours=rule.count_neighbours),
                rule,
                graph=search.by_time,
            ),
            homes,
            rule.standard,
        )
        for step, tiers in steps.items()
    }


def _reasons(
    trips: VillageTrips, homes: Homes, search: ModeSearch, counted: Flags, villages: gpd.GeoDataFrame
) -> NDArray[np.object_]:
    """Say why each village is not within the standard; a village of several homes takes its worst home's reason."""
    reason = np.where(trips.within, "", "too_far").astype(object)
    lost = ~trips.within & (trips.worst_ms == UNREACHED)
    reason[lost] = "separate_component" if counted.any() else "no_facility"
    if counted.any():
        leg_reason = search.joined.legs.reason[: search.n_homes]
        for code in ("off_road", "barrier"):
            hit = np.zeros(len(villages), dtype=bool)
            hit[homes.village[leg_reason == code]] = True
            reason[lost & hit] = code
    reason[(villages["pending"] != "").to_numpy()] = "pending"
    return reason


def _access_mm(search: ModeSearch) -> Int64:
    legs = search.joined.legs
    return np.where(legs.edge >= 0, legs.access_mm, UNREACHED)


def _main_access_mm(trips: VillageTrips, search: ModeSearch) -> Int64:
    access = np.append(_access_mm(search)[: search.n_homes], UNREACHED)
    return access[trips.main_home]


def _pairs(
    searches: Mapping[str, ModeSearch],
    facility: Flags,
    rule: CircleRule,
    homes: Homes,
    villages: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """List home-facility pairs within the largest band under every mode, homes named by their village."""
    import pandas as pd

    frames = []
    village_id = villages["village_id"].astype(str).to_numpy(dtype=object)
    facility_id = facilities["facility_id"].astype(str).to_numpy(dtype=object)
    rows = np.flatnonzero(facility)
    for mode, search in searches.items():
        found = trips_between(
            search.by_time, np.arange(search.n_homes), rows + search.n_homes, limit_ms=rule.search_limit_ms
        )
        frames.append(
            pd.DataFrame(
                {
                    "village_id": village_id[homes.village[found.origin]],
                    "home_id": homes.ids[found.origin],
                    "facility_id": facility_id[rows[found.destination]],
                    "mode": mode,
                    "time_s": found.time_ms / 1000,
                    "length_m": found.length_mm / 1000,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
