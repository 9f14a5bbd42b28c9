"""Turn a county into the arrays of the merge-and-add model: villages, sites, lawful pairs, covers, ways."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.circles import GROUPS
from clinicplan.coverage.searches import ModeSearch, nearest_homes, search_of, trips_between
from clinicplan.policy.journeys import pair_trips
from clinicplan.policy.neighbours import find_neighbours
from clinicplan.standard import MM_PER_M, UNREACHED, milliseconds
from clinicplan.terms import serving_as

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.object_]

VILLAGE: Final = GROUPS[-1]
CLINIC_TIERS: Final = ("village_clinic", "central_clinic")
SEAT_M: Final = 500.0
"""A hospital stands in the village whose point is the nearest within this straight distance, inclusive."""


@dataclass(frozen=True, eq=False)
class Sites:
    """Places where a clinic stands or may stand; rows in the order of facilities, candidates, village points.

    Parameters
    ----------
    site_id, facility_id
        Id of the place, and of what stands there today (empty where nothing does).
    village
        Row among the planned villages.
    stands
        A clinic in operation today.
    central
        A central clinic today.
    build_cny
        One-off money of opening, NaN where the region's cost is taken.
    x, y
        Position, metres.
    """

    site_id: Names
    facility_id: Names
    village: Int64
    stands: Flags
    central: Flags
    build_cny: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SitingGround:
    """A county with its sites put on the roads, ready to be asked for times.

    Parameters
    ----------
    county, circles
        The county today.
    rows
        Shape (villages): rows of the villages layer that are planned for.
    sites
        Where clinics stand or may stand.
    search
        Homes, then facilities, then new places, on the roads of the region's mode.
    point
        Shape (sites): number of each site's point.
    """

    county: County
    circles: ServiceCircles
    rows: Int64
    sites: Sites
    search: ModeSearch = field(repr=False)
    point: Int64 = field(repr=False)

    def __repr__(self) -> str:
        return f"SitingGround({self.rows.size} villages, {self.sites.village.size} sites)"

    @property
    def villages(self) -> gpd.GeoDataFrame:
        """The villages that are planned for."""
        return self.circles.villages.iloc[self.rows]

    @cached_property
    def people(self) -> Int64:
        """Shape (villages): residents."""
        return np.bincount(self.home_village, weights=self.home_people, minlength=self.rows.size).astype(np.int64)

    @cached_property
    def homes(self) -> Int64:
        """Rows of the homes of the planned villages, ascending by village."""
        planned = np.full(self.circles.homes.n_villages, False)
        planned[self.rows] = True
        return np.flatnonzero(planned[self.circles.homes.village])

    @cached_property
    def home_village(self) -> Int64:
        """Shape (homes): row among the planned villages."""
        row_of = np.full(self.circles.homes.n_villages, -1)
        row_of[self.rows] = np.arange(self.rows.size)
        return np.asarray(row_of[self.circles.homes.village[self.homes]], dtype=np.int64)

    @cached_property
    def home_people(self) -> Int64:
        """Shape (homes): residents."""
        return np.asarray(self.circles.homes.people[self.homes], dtype=np.int64)

    @cached_property
    def today_ms(self) -> Int64:
        """Shape (villages): mean way to the nearest service today, -1 where there is none."""
        return self.circles.village_trips.time_ms[self.rows]

    @cached_property
    def site_facilities(self) -> Flags:
        """Shape (facilities): clinics in operation that the plan decides about."""
        names = set(self.sites.facility_id[self.sites.stands])
        ids = self.circles.facilities["facility_id"].astype(str)
        return np.array([name in names for name in ids], dtype=bool)

    def ways(self, village: Int64, point: Int64, *, shortest: bool = False) -> VillageWays:
        """Return the ways of villages to points, pair by pair, homes taken together."""
        first = np.searchsorted(self.home_village, np.arange(self.rows.size))
        count = np.bincount(self.home_village, minlength=self.rows.size)
        pair = np.repeat(np.arange(village.size), count[village])
        step = np.arange(pair.size) - np.repeat(np.cumsum(count[village]) - count[village], count[village])
        home = first[village[pair]] + step
        graph = self.search.by_length if shortest else self.search.by_time
        time, length = pair_trips(graph, self.homes[home], point[pair])
        return _together(pair, time, length, self.home_people[home], village.size)

    def own_ways(self) -> VillageWays:
        """Return the way of every site's village to it."""
        return self.ways(self.sites.village, self.point)


@dataclass(frozen=True, eq=False)
class VillageWays:
    """Ways of villages, homes taken together; -1 where any home has no way.

    Parameters
    ----------
    mean_ms
        Mean over people of the homes that have a way, half up.
    farthest_ms, farthest_mm
        Of the farthest home.
    person_ms
        People times way, summed over homes that have one.
    """

    mean_ms: Int64
    farthest_ms: Int64
    farthest_mm: Int64
    person_ms: Int64


def _together(pair: Int64, time: Int64, length: Int64, people: Int64, size: int) -> VillageWays:
    reached = time != UNREACHED
    weight = np.where(reached, people, 0)
    nobody = np.bincount(pair, weights=weight, minlength=size)[pair] == 0
    share = np.where(nobody & reached, 1, weight)
    total = np.bincount(pair, weights=share, minlength=size).astype(np.int64)
    product = np.zeros(size, dtype=np.int64)
    np.add.at(product, pair, share * np.where(reached, time, 0))
    person = np.zeros(size, dtype=np.int64)
    np.add.at(person, pair, weight * np.where(reached, time, 0))
    mean = np.where(total > 0, (2 * product + total) // np.maximum(2 * total, 1), UNREACHED)
    return VillageWays(mean, _farthest(pair, time, size), _farthest(pair, length, size), person)


def _farthest(pair: Int64, value: Int64, size: int) -> Int64:
    most = np.full(size, UNREACHED, dtype=np.int64)
    np.maximum.at(most, pair, value)
    most[pair[value == UNREACHED]] = UNREACHED
    return most


def siting_ground(county: County, circles: ServiceCircles) -> SitingGround:
    """Find the sites of a county and put them on its roads.

    Parameters
    ----------
    county, circles
        The county and its service circles today.

    Returns
    -------
    ground
        What the siting models ask for times.
    """
    rows = np.flatnonzero(circles.group == VILLAGE)
    sites = _find_sites(county, circles, rows)
    fresh = np.flatnonzero(sites.facility_id == "")
    layer = _with_places(circles.facilities, sites, fresh)
    mode = circles.rule.mode
    search = search_of(mode, county.networks[mode], circles.homes, layer, circles.rule)
    row_of = {str(name): row for row, name in enumerate(circles.facilities["facility_id"])}
    point = np.array([row_of.get(str(name), -1) for name in sites.facility_id], dtype=np.int64)
    point[fresh] = len(circles.facilities) + np.arange(fresh.size)
    return SitingGround(county, circles, rows, sites, search, point + search.n_homes)


def _with_places(facilities: gpd.GeoDataFrame, sites: Sites, fresh: Int64) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pandas as pd

    places = gpd.GeoDataFrame(
        {"facility_id": [f"site {name}" for name in sites.site_id[fresh]]},
        geometry=gpd.points_from_xy(sites.x[fresh], sites.y[fresh]),
        crs=facilities.crs,
    )
    both = pd.concat([facilities[["facility_id", "geometry"]], places], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=facilities.crs)


def clinic_tiers(county: County) -> tuple[str, ...]:
    """Return the tiers that are clinics of a village: those of the policy's profile, else the two of a register."""
    stated = () if county.profile is None else county.profile.clinic_tiers
    return tuple(dict.fromkeys((*CLINIC_TIERS, *stated)))


def _find_sites(county: County, circles: ServiceCircles, rows: Int64) -> Sites:
    """List existing clinics, candidates and, where a village has neither, its point."""
    ids = circles.villages["village_id"].astype(str).to_numpy(dtype=object)[rows]
    row_of = {name: row for row, name in enumerate(ids)}
    found = _clinics(county, circles, row_of)
    standing = {site["village"] for site in found if site["stands"]}
    offered = _candidates(county, row_of)
    named = {site["village"] for site in offered}
    points = circles.villages.geometry.iloc[rows].representative_point()
    own = [
        {"site_id": ids[row], "village": row, "x": points.x.iloc[row], "y": points.y.iloc[row]}
        for row in range(rows.size)
        if row not in standing and row not in named
    ]
    every = [*found, *offered, *own]
    return Sites(
        site_id=_column(every, "site_id", object, ""),
        facility_id=_column(every, "facility_id", object, ""),
        village=_column(every, "village", np.int64, 0),
        stands=_column(every, "stands", bool, default=False),
        central=_column(every, "central", bool, default=False),
        build_cny=_column(every, "build_cny", np.float64, np.nan),
        x=_column(every, "x", np.float64, np.nan),
        y=_column(every, "y", np.float64, np.nan),
    )


def _column(rows: list[dict[str, Any]], name: str, kind: Any, default: Any) -> NDArray[Any]:
    return np.array([row.get(name, default) for row in rows], dtype=kind)


def _clinics(county: County, circles: ServiceCircles, row_of: dict[str, int]) -> list[dict[str, Any]]:
    """Return the clinics of the planned villages; those out of operation are places, not services."""
    facilities, matches = circles.facilities, county.inspection.matches
    points = facilities.geometry.representative_point()
    tier, operating = facilities["tier"].to_numpy(dtype=object), facilities["operating"].to_numpy(dtype=object)
    usable = facilities["tier"].isin(clinic_tiers(county)) & ~facilities["outside_county"].astype(bool)
    usable &= ~facilities.geometry.isna() & (facilities["pending"] == "")
    ids = facilities["facility_id"].astype(str).to_numpy(dtype=object)
    return [
        {
            "site_id": ids[row], "facility_id": ids[row],
            "village": row_of[str(matches.village_id[row])], "stands": operating[row] != "no",
            "central": operating[row] != "no" and tier[row] == "central_clinic",
            "x": points.x.iloc[row], "y": points.y.iloc[row],
        }
        for row in np.flatnonzero(usable.to_numpy())
        if str(matches.village_id[row]) in row_of
    ]  # fmt: skip


def _candidates(county: County, row_of: dict[str, int]) -> list[dict[str, Any]]:
    layer = county.layers.candidates
    if layer is None:
        return []
    points = layer.geometry.representative_point()
    cost = layer["build_cost"].to_numpy(dtype=float) if "build_cost" in layer else np.full(len(layer), np.nan)
    return [
        {
            "site_id": str(layer["candidate_id"].iloc[row]), "village": row_of[str(layer["village_id"].iloc[row])],
            "build_cny": cost[row], "x": points.x.iloc[row], "y": points.y.iloc[row],
        }
        for row in range(len(layer))
        if str(layer["village_id"].iloc[row]) in row_of and not layer.geometry.isna().iloc[row]
    ]  # fmt: skip


def covers(ground: SitingGround) -> tuple[Int64, Int64]:
    """Return pairs of homes (of the planned villages) and sites within the standard."""
    standard = ground.circles.rule.standard
    numbers = np.arange(ground.point.size)
    limit = {"limit_ms": standard.limit_ms} if standard.limit_ms is not None else {"limit_mm": standard.limit_mm}
    graph = ground.search.by_time if standard.limit_ms is not None else ground.search.by_length
    found = trips_between(graph, ground.homes, ground.point[numbers], **limit)
    return found.origin.astype(np.int64), found.destination.astype(np.int64)


def fixed_services(ground: SitingGround) -> Flags:
    """Tell which facilities serve whatever the plan does. Shape (facilities)."""
    flags: Flags = ground.circles.counted & ~ground.site_facilities
    return flags


def covered_by_fixed(ground: SitingGround, *, known: Flags | None = None) -> tuple[Flags, Int64]:
    """Tell which homes a fixed service covers, and each village's mean way to the nearest one (-1 without)."""
    from clinicplan.coverage.circles import by_village

    flags = fixed_services(ground) if known is None else known
    rule = ground.circles.rule
    trips = nearest_homes(ground.circles.searches[rule.mode], flags, rule)
    within = rule.standard.holds(trips.time_ms, trips.length_mm)[ground.homes]
    return within, by_village(trips, ground.circles.homes, rule.standard).time_ms[ground.rows]


def lawful_pairs(ground: SitingGround, sites: Flags) -> tuple[Int64, Int64, VillageWays]:
    """Return the pairs of a village and another village's site that it may lawfully share, with their ways.

    Tested: people, must-keep flags, township, neighbourhood, minutes of the farthest home by the region's mode and
    kilometres of its shortest road, as far as `[siting.merge]` sets them; all limits inclusive.
    """
    merge = ground.county.region.siting.merge
    villages = ground.villages
    guest = _may_be_guest(ground)
    village, site = (grid.ravel() for grid in np.meshgrid(np.flatnonzero(guest), np.flatnonzero(sites), indexing="ij"))
    host = ground.sites.village[site]
    kept = village != host
    if merge.same_township:
        town = villages["township"].astype(str).to_numpy(dtype=object)
        kept &= (town[village] == town[host]) & (town[village] != "")
    if merge.adjacent:
        near = find_neighbours(ground.circles.villages, ground.county.layers.village_areas)
        kept &= near.adjacent(ground.rows[village], ground.rows[host]) == 1
    village, site = village[kept], site[kept]
    ways = ground.ways(village, ground.point[site])
    lawful = ways.farthest_ms != UNREACHED
    if merge.max_minutes is not None:
        lawful &= ways.farthest_ms <= milliseconds(merge.max_minutes)
    if merge.max_km is not None:
        shortest = ground.ways(village, ground.point[site], shortest=True).farthest_mm
        lawful &= (shortest != UNREACHED) & (shortest <= round(merge.max_km * 1000 * MM_PER_M))
    kept_ways = replace(
        ways, mean_ms=ways.mean_ms[lawful], farthest_ms=ways.farthest_ms[lawful],
        farthest_mm=ways.farthest_mm[lawful], person_ms=ways.person_ms[lawful],
    )  # fmt: skip
    return village[lawful], site[lawful], kept_ways


def _may_be_guest(ground: SitingGround) -> Flags:
    merge, villages = ground.county.region.siting.merge, ground.villages
    guest = np.ones(ground.rows.size, dtype=bool) if merge.max_guests > 0 else np.zeros(ground.rows.size, dtype=bool)
    if merge.max_people is not None:
        guest &= ground.people <= merge.max_people
    if "must_keep_clinic" in villages:
        guest &= ~_truth(villages["must_keep_clinic"])
    return guest


def _truth(column: Any) -> Flags:
    """Return which cells certainly say yes; empty ones do not."""
    return np.array([value is True or value in (1, "yes") for value in column], dtype=bool)


def seats(ground: SitingGround) -> tuple[Names, Int64, Int64]:
    """Return the township hospital that stands in each village (empty without), mean ms and person-ms to it.

    A hospital stands in the village its register names, else whose polygon holds it, else whose point is the nearest
    within 500 m. Community centres count as the township's institution. Of several the nearest is taken.
    """
    facilities = ground.circles.facilities
    tiers = serving_as(["township_hospital", "community_centre"])
    usable = facilities["tier"].isin(tiers) & (facilities["operating"] != "no") & ~facilities.geometry.isna()
    usable &= ~facilities["outside_county"].astype(bool)
    rows = np.flatnonzero(usable.to_numpy())
    village = _standing_in(ground, rows)
    rows, village = rows[village >= 0], village[village >= 0]
    ways = ground.ways(village, rows + ground.search.n_homes)
    known = ways.mean_ms != UNREACHED
    name = np.full(ground.rows.size, "", dtype=object)
    mean = np.full(ground.rows.size, UNREACHED, dtype=np.int64)
    person = np.zeros(ground.rows.size, dtype=np.int64)
    ids = facilities["facility_id"].astype(str).to_numpy(dtype=object)
    for at in np.lexsort((ids[rows].astype(str), ways.mean_ms))[::-1]:
        if known[at]:
            name[village[at]], mean[village[at]], person[village[at]] = (
                ids[rows[at]],
                ways.mean_ms[at],
                ways.person_ms[at],
            )
    return name, mean, person


def _standing_in(ground: SitingGround, rows: Int64) -> Int64:
    """Return the planned village that each facility stands in, -1 where it stands in none of them."""
    import shapely

    layer, facilities = ground.circles.villages, ground.circles.facilities
    row_of = {str(name): row for row, name in enumerate(ground.villages["village_id"].astype(str))}
    known = {str(name) for name in layer["village_id"].astype(str)}
    areas = ground.county.layers.village_areas
    points = layer.geometry.representative_point()
    xy = np.c_[points.x.to_numpy(dtype=float), points.y.to_numpy(dtype=float)]
    names = layer["village_id"].astype(str).to_numpy(dtype=object)
    found = np.full(rows.size, -1, dtype=np.int64)
    for at, row in enumerate(rows):
        stated = str(facilities["village_id"].iloc[row]) if "village_id" in facilities else ""
        place = facilities.geometry.iloc[row].representative_point()
        if stated not in known:
            inside = [] if areas is None else areas["village_id"][shapely.intersects(areas.geometry, place)].astype(str)
            distance = np.hypot(xy[:, 0] - place.x, xy[:, 1] - place.y)
            near = int(np.nanargmin(distance)) if np.isfinite(distance).any() else -1
            stated = next(iter(inside), names[near] if near >= 0 and distance[near] <= SEAT_M else "")
        found[at] = row_of.get(stated, -1)
    return found
