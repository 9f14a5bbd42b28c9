"""Measure the facilities of a county among which some are chosen: ways of the people, roads to the county centre."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.journeys import RoadJourneys, pair_trips
from clinicplan.policy.register import CountyRegister, county_register
from clinicplan.siting.selection import Goal, SelectionQuestion
from clinicplan.standard import MM_PER_M, UNREACHED, milliseconds

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.object_]

CENTRE_TIERS: Final = ("county_medical_centre", "county_hospital")
"""What distances are measured to, the first that the county has."""
MM_PER_KM: Final = 1000 * MM_PER_M


@dataclass(frozen=True, eq=False)
class CountySites:
    """Facilities of a county, ascending by id, with their roads.

    Parameters
    ----------
    county, circles
        The county and its circles, whose roads are searched again.
    rows
        Shape (sites): rows of the facilities layer.
    mode
        The car where the region has roads for it, else the mode of the standard.
    centres
        Rows of the county medical centres, else of the county hospitals; in the county and not out of operation.
    centre
        Shape (sites): row of the nearest centre by road (by straight line where no road joins any), -1 without one.
    road_mm, straight_mm
        Shape (sites): shortest road and straight line to it, `UNREACHED` where unknown.
    """

    county: County
    circles: ServiceCircles
    rows: Int64
    mode: str
    centres: Int64
    centre: Int64
    road_mm: Int64
    straight_mm: Int64
    journeys: RoadJourneys = field(repr=False)

    def __repr__(self) -> str:
        return f"CountySites({self.rows.size} facilities, {self.mode})"

    def texts(self, column: str) -> Names:
        """Return a column of the sites as text, empty where there is none."""
        names: Names = self.all_texts(column)[self.rows]
        return names

    def all_texts(self, column: str) -> Names:
        """Return a column of every facility as text, empty where there is none."""
        frame = self.circles.facilities
        if column not in frame:
            return np.full(len(frame), "", dtype=object)
        names: Names = frame[column].astype("string").fillna("").to_numpy(dtype=object)
        return names

    @cached_property
    def ids(self) -> Names:
        """Shape (sites): facility ids."""
        return self.texts("facility_id")

    @cached_property
    def townships(self) -> Names:
        """Shape (sites): township of each, as the villages layer writes it; empty where nothing tells."""
        names: Names = self._towns[self.rows]
        return names

    @cached_property
    def _towns(self) -> Names:
        names: Names = self.register.facilities["township"].astype(str).to_numpy(dtype=object)
        return names

    @cached_property
    def seat(self) -> frozenset[str]:
        """Townships in which the centres stand."""
        return frozenset(str(name) for name in self._towns[self.centres] if name)

    @cached_property
    def placed(self) -> Flags:
        """Shape (sites): has a position."""
        flags: Flags = ~self.circles.facilities.geometry.isna().to_numpy()[self.rows]
        return flags

    @cached_property
    def in_urban_area(self) -> Flags:
        """Shape (sites): within the urban area or on its edge; false without such a layer."""
        import shapely

        if not self.has_urban_area:
            return np.zeros(self.rows.size, dtype=bool)
        area = self.county.layers.urban_area
        assert area is not None
        points = np.asarray(self.circles.facilities.geometry.iloc[self.rows].representative_point().array, dtype=object)
        flags: Flags = shapely.intersects(area.geometry.union_all(), points)
        return flags

    @property
    def has_urban_area(self) -> bool:
        """Whether the region gives the urban area of the county seat."""
        area = self.county.layers.urban_area
        return area is not None and not area.geometry.isna().all()

    @cached_property
    def register(self) -> CountyRegister:
        """The county as the rules of the audit see it, so that both count the same people and townships."""
        from datetime import date

        from clinicplan.policy.profile import Profile
        from clinicplan.policy.settings import AuditSettings

        return county_register(
            self.county.profile or Profile(id="none", title="无", title_en="none"),
            AuditSettings.of_region(self.county.region, date.min),
            self.county.layers,
            self.journeys,
            self.county.inspection.matches,
        )

    @cached_property
    def way_ms(self) -> Int64:
        """Shape (homes, sites): quickest way of every home to every site, `UNREACHED` where there is none."""
        search = self.circles.searches[self.mode]
        n_homes = search.n_homes
        home, site = np.repeat(np.arange(n_homes), self.rows.size), np.tile(self.rows + n_homes, n_homes)
        time, _ = pair_trips(search.by_time, home, site)
        return time.reshape(n_homes, self.rows.size)

    @cached_property
    def apart_mm(self) -> Int64:
        """Shape (sites, sites): shortest road between sites, `UNREACHED` where no road joins them."""
        n = self.rows.size
        apart = np.zeros((n, n), dtype=np.int64)
        one, other = np.triu_indices(n, 1)
        apart[one, other] = apart[other, one] = self.journeys.roads_between(self.rows[one], self.rows[other], self.mode)
        return apart

    def question(
        self,
        sites: Flags,
        *,
        goal: Goal,
        minutes: float,
        spacing_mm: int = 0,
        required: Iterable[str] = (),
        forbidden: Iterable[str] = (),
        groups: tuple[str, ...] = (),
        group_least: int = 0,
    ) -> tuple[SelectionQuestion, int]:
        """Ask which of some sites to choose.

        Parameters
        ----------
        sites
            Shape (sites): those among which is chosen.
        goal, minutes
            What is optimised, and the circle.
        spacing_mm
            Least road between two of them.
        required, forbidden
            Ids that must, must not be chosen; others than `sites` are passed over.
        groups, group_least
            Townships, and how many each must have at least.

        Returns
        -------
        question, people_without_way
            Homes without a way to any of the sites are left out, and their people counted.
        """
        picked = np.flatnonzero(sites)
        way = self.way_ms[:, picked]
        reached = (way != UNREACHED).any(axis=1)
        people = self.circles.homes.people.astype(np.int64)
        number = {name: at for at, name in enumerate(groups)}
        question = SelectionQuestion(
            self.ids[picked],
            people[reached],
            way[reached],
            self.apart_mm[np.ix_(picked, picked)] if spacing_mm else None,
            spacing_mm,
            np.isin(self.ids[picked], list(required)),
            np.isin(self.ids[picked], list(forbidden)),
            np.array([number.get(name, -1) for name in self.townships[picked]], dtype=np.int64) if groups else None,
            np.full(len(groups), group_least, dtype=np.int64),
            goal,
            milliseconds(minutes),
        )
        return question, int(people[~reached].sum())


def county_sites(county: County, circles: ServiceCircles, tiers: Iterable[str]) -> CountySites:
    """Measure the facilities of some tiers in the county, out of operation or not.

    The shortest road counts, whichever direction is shorter, the walks between door and road included; of several
    centres the nearest binds.

    Parameters
    ----------
    county, circles
        The county and its circles.
    tiers
        Tiers of the facilities.

    Returns
    -------
    sites
        Ascending by id.
    """
    facilities = circles.facilities
    ids = facilities["facility_id"].astype(str).to_numpy(dtype=object)
    inside = ~facilities["outside_county"].to_numpy(dtype=bool)
    rows = np.flatnonzero(facilities["tier"].isin(list(tiers)).to_numpy() & inside)
    rows = rows[np.argsort(ids[rows].astype(str), kind="stable")]
    mode = "car" if "car" in circles.searches else circles.rule.mode
    journeys = RoadJourneys(circles)
    centres = _centres(circles, inside)
    centre, road, straight = _to_centre(journeys, rows, centres, mode)
    return CountySites(county, circles, rows, mode, centres, centre, road, straight, journeys)


def _centres(circles: ServiceCircles, inside: Flags) -> Int64:
    facilities = circles.facilities
    usable = inside & (facilities["operating"] != "no").to_numpy() & ~facilities.geometry.isna().to_numpy()
    for tier in CENTRE_TIERS:
        found = np.flatnonzero(usable & (facilities["tier"] == tier).to_numpy())
        if found.size:
            return found
    return np.zeros(0, dtype=np.int64)


def _to_centre(journeys: RoadJourneys, rows: Int64, centres: Int64, mode: str) -> tuple[Int64, Int64, Int64]:
    """Return each row's nearest centre, the road and the straight line to it."""
    n, m = rows.size, centres.size
    if not n or not m:
        nothing = np.full(n, UNREACHED, dtype=np.int64)
        return nothing, nothing, nothing
    start, end = np.repeat(rows, m), np.tile(centres, n)
    road = journeys.roads_between(start, end, mode).reshape(n, m)
    straight = journeys.straight_mm(start, end).reshape(n, m)
    never = np.iinfo(np.int64).max
    order = np.lexsort((straight, np.where(road == UNREACHED, never, road)), axis=1)[:, :1]
    picked = (np.take_along_axis(table, order, axis=1)[:, 0] for table in (np.tile(centres, (n, 1)), road, straight))
    return tuple(picked)  # type: ignore[return-value]


def mm_of_km(km: float) -> int:
    """Return kilometres as whole millimetres.

    Examples
    --------
    >>> mm_of_km(15.0), mm_of_km(0.1)
    (15000000, 100000)
    """
    return round(Fraction(str(km)) * MM_PER_KM)


def km_down(length_mm: int) -> float | None:
    """Return kilometres to the metre, rounded down, so that what is too near does not look far enough.

    Examples
    --------
    >>> km_down(14_999_999), km_down(-1)
    (14.999, None)
    """
    return None if length_mm == UNREACHED else (length_mm // MM_PER_M) / 1000


def km_up(length_mm: int) -> float:
    """Return kilometres to the metre, rounded up: what is missing.

    Examples
    --------
    >>> km_up(1)
    0.001
    """
    return -(-length_mm // MM_PER_M) / 1000
