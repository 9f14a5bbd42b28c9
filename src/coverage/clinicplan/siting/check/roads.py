"""Search the roads again with the plan's sites on them: from every home to its host, and to the nearest service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.circles import counted_facilities
from clinicplan.coverage.searches import ModeSearch, nearest_homes, search_of
from clinicplan.policy.journeys import pair_trips
from clinicplan.siting.check.rows import POINT
from clinicplan.standard import UNREACHED
from clinicplan.travel import trips_within

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.coverage.searches import HomeTrips
    from clinicplan.siting.check.world import PlanWorld

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

NOWHERE: Final = -1


@dataclass(frozen=True, eq=False)
class PlannedRoads:
    """The roads of a county with its facilities of today and the plan's new sites on them.

    Parameters
    ----------
    world
        The plan and the county.
    mode
        How people travel.
    """

    world: PlanWorld
    mode: str

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """Today's facilities as the plan leaves them, row by row, and after them what it builds on new ground."""
        import geopandas as gpd
        import pandas as pd

        today = self.world.facilities.copy()
        tier, operating = list(today["tier"]), list(today["operating"])
        for site in self.world.sites:
            row = self.world.facility_row.get(site.facility_id)
            if row is None:
                continue
            operating[row] = "yes" if site.is_open or site.action == "convert" else "no"
            tier[row] = site.tier or tier[row]
        frame = pd.DataFrame({"facility_id": today["facility_id"], "tier": tier, "operating": operating})
        frame["outside_county"] = today["outside_county"].astype(bool)
        built = pd.DataFrame(
            [
                {"facility_id": site.site_id, "tier": site.tier, "operating": "yes", "outside_county": False}
                for site in self._built
            ],
            columns=list(frame),
        ).astype(frame.dtypes.to_dict())
        points = [*today.geometry, *(self._ground[site.site_id] for site in self._built)]
        joined = pd.concat([frame, built], ignore_index=True)
        return gpd.GeoDataFrame(joined, geometry=gpd.GeoSeries(points, crs=today.crs), crs=today.crs)

    @cached_property
    def place_row(self) -> dict[str, int]:
        """Row of `places` of every facility and site; a site that stands on new ground comes before a facility."""
        rows = dict(self.world.facility_row)
        start = len(self.world.facilities)
        for site in self.world.sites:
            if site.facility_id in rows:
                rows[site.site_id] = rows[site.facility_id]
        rows |= {site.site_id: start + number for number, site in enumerate(self._built)}
        return rows

    @cached_property
    def search(self) -> ModeSearch:
        """The roads with homes and places on them."""
        circles = self.world.circles
        return search_of(self.mode, self.world.county.networks[self.mode], circles.homes, self.places, circles.rule)

    @cached_property
    def counted(self) -> Flags:
        """Shape (places): what is a service afterwards; service points of the plan never are."""
        rule = self.world.circles.rule
        serving = np.array(counted_facilities(self.places, rule.tiers, count_neighbours=rule.count_neighbours))
        for site in self.world.sites:
            row = self.place_row.get(site.site_id)
            if row is not None and site.tier == POINT:
                serving[row] = False
        return serving

    @cached_property
    def to_service(self) -> HomeTrips:
        """The trip of every home to its nearest service afterwards."""
        return self.to_nearest(self.counted)

    @cached_property
    def homes_of(self) -> dict[str, Int64]:
        """Numbers of the homes of each village."""
        village = self.world.circles.homes.village
        order = np.argsort(village, kind="stable")
        cuts = np.searchsorted(village[order], np.arange(1, len(self.world.village_ids)))
        return dict(zip(self.world.village_ids, np.split(order, cuts), strict=True))

    def to_nearest(self, places: Flags) -> HomeTrips:
        """Return the trip of every home to the nearest of some places, by what the standard is about."""
        return nearest_homes(self.search, places, self.world.circles.rule)

    def trips(self, pairs: Sequence[tuple[str, str]], *, weight: str = "time") -> list[list[int]]:
        """Return the best trips from all homes of a village to a place, pair by pair.

        Parameters
        ----------
        pairs
            Village and place, both known.
        weight
            `time` for milliseconds of the quickest way, `length` for millimetres of the shortest.

        Returns
        -------
        trips
            One list a pair, one number a home; -1 where there is no way.
        """
        by_length = weight == "length"
        homes = [self.homes_of[village] for village, _ in pairs]
        if not homes:
            return []
        goals = [self.place_row[place] + self.search.n_homes for _, place in pairs]
        start = np.concatenate(homes).astype(np.int64)
        end = np.repeat(np.array(goals, dtype=np.int64), [part.size for part in homes])
        time, length = pair_trips(self.search.by_length if by_length else self.search.by_time, start, end)
        cuts = np.cumsum([part.size for part in homes])[:-1]
        return [part.tolist() for part in np.split(length if by_length else time, cuts)]

    def road_mm(self, one: Sequence[str], other: Sequence[str]) -> list[int]:
        """Return the shortest road between places, pair by pair, the shorter of both directions; -1 where none is.

        A straight walk off the road is no road.
        """
        graph = replace(self.search.by_length, max_access_m=0.0)
        start, end = (np.array([self.place_row[name] for name in names], dtype=np.int64) for names in (one, other))
        ways = [
            pair_trips(graph, a + self.search.n_homes, b + self.search.n_homes)[1]
            for a, b in ((start, end), (end, start))
        ]
        return [
            0 if a == b else min((way for way in both if way != UNREACHED), default=UNREACHED)
            for a, b, *both in zip(start.tolist(), end.tolist(), *(way.tolist() for way in ways), strict=True)
        ]

    def within(self, places: Sequence[str], homes: Int64, *, limit_ms: int | None, limit_mm: int | None) -> list[int]:
        """Return for each home how many of some places lie within a limit, by time where that is given."""
        goals = np.unique([self.place_row[name] for name in places]).astype(np.int64) + self.search.n_homes
        if not goals.size or not homes.size:
            return [0] * homes.size
        if limit_ms is not None:
            found = trips_within(self.search.by_time, homes, goals, limit_ms=limit_ms)
        else:
            found = trips_within(self.search.by_length, homes, goals, limit_mm=limit_mm)
        count: list[int] = np.bincount(found.origin, minlength=homes.size).tolist()
        return count

    def people(self, village: str) -> list[int]:
        """Return the residents of each home of a village."""
        found: list[int] = self.world.circles.homes.people[self.homes_of[village]].tolist()
        return found

    def mean_ms(self, village: str, trips: Iterable[int]) -> int:
        """Return the mean over people of the homes that have a way, whole milliseconds, halves up; -1 without any.

        Where nobody lives in these homes, each counts once.
        """
        reached = [
            (number, time) for number, time in zip(self.people(village), trips, strict=True) if time != UNREACHED
        ]
        if not reached:
            return UNREACHED
        if not any(number for number, _ in reached):
            reached = [(1, time) for _, time in reached]
        total = sum(number for number, _ in reached)
        return (2 * sum(number * time for number, time in reached) + total) // (2 * total)

    def mean_to_service_ms(self, village: str) -> int:
        """Return the mean time from a village to the nearest service afterwards, -1 where there is none."""
        return self.mean_ms(village, self.to_service.time_ms[self.homes_of[village]].tolist())

    def people_outside(self, villages: Iterable[str]) -> int:
        """Return how many people of some villages live beyond the standard afterwards."""
        trips = self.to_service
        within = self.world.circles.rule.standard.holds(trips.time_ms, trips.length_mm)
        people = self.world.circles.homes.people
        return sum(int(people[rows][~within[rows]].sum()) for name in villages for rows in [self.homes_of[name]])

    @cached_property
    def _built(self) -> tuple[Any, ...]:
        """Sites on new ground, each once."""
        known = self.world.facility_row
        rows = {
            site.site_id: site
            for site in self.world.sites
            if site.action == "build" and site.facility_id not in known and site.site_id in self._ground
        }
        return tuple(rows.values())

    @cached_property
    def _ground(self) -> dict[str, Any]:
        """Where each new site stands: at the candidate or village of its id, else at its village's point."""
        layers, world = self.world.county.layers, self.world
        at = dict(zip(world.village_ids, world.circles.villages.geometry.representative_point(), strict=True))
        if layers.candidates is not None:
            names = layers.candidates["candidate_id"].astype(str)
            points = layers.candidates.geometry.representative_point()
            candidates = dict(zip(names, points, strict=True))
        else:
            candidates = {}
        return {
            site.site_id: candidates.get(site.site_id, at.get(site.site_id, at.get(site.village_id)))
            for site in world.sites
            if site.site_id in candidates or site.village_id in at
        }
