"""Put a county before a location model: which sites may open, whom they reach, how far everybody travels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.searches import trips_between
from clinicplan.siting.merge.asking import require_known, site_bounds
from clinicplan.siting.merge.ground import SitingGround, covered_by_fixed, covers
from clinicplan.siting.merge.question import FEN
from clinicplan.siting.problem import LocationProblem
from clinicplan.standard import MS_PER_MIN, UNREACHED

if TYPE_CHECKING:
    from clinicplan.region import Siting

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

COVERING: Final = ("set_cover", "multi_cover", "backup_cover", "max_cover", "partial_cover")
FARTHEST_MM: Final = 500_000_000
CAPACITATED: Final = ("capacitated_cover", "capacitated_p_median", "capacitated_facility_location")


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways of every planned village to some sites.

    Parameters
    ----------
    sites
        Numbers of the sites, ascending.
    mean_ms, person_ms
        Shape (villages, sites): mean over people, and people times way; -1 where some home has no way.
    """

    sites: Int64
    mean_ms: Int64
    person_ms: Int64

    def columns(self, sites: Int64) -> Int64:
        """Return where sites stand in the tables."""
        return np.searchsorted(self.sites, sites)


@dataclass(frozen=True, eq=False)
class CountyQuestion:
    """What a location model is asked of a county.

    Parameters
    ----------
    ground, settings
        The county, and its `[siting]` table.
    least, most
        Shape (sites): must, may open.
    listed
        Rows of the planned villages that the model is about.
    """

    ground: SitingGround
    settings: Siting
    least: Flags
    most: Flags
    listed: Int64

    @property
    def asked_homes(self) -> Flags:
        """Shape (homes): homes of the listed villages."""
        return np.isin(self.ground.home_village, self.listed)

    @property
    def share(self) -> float | None:
        """Share of people to cover, of the siting table, else of the standard."""
        own = self.settings.target_share
        return own if own is not None else self.ground.county.region.standard.target_share

    @property
    def build_fen(self) -> Int64:
        """Shape (sites): one-off money of opening, 0 where a clinic stands."""
        sites = self.ground.sites
        price = np.where(np.isnan(sites.build_cny), self.settings.cost.build, sites.build_cny)
        return np.where(sites.stands, 0, np.round(price * FEN)).astype(np.int64)

    def ways(self, sites: Int64 | None = None) -> Ways:
        """Return the ways of every planned village to some sites, by default all."""
        ground = self.ground
        chosen = np.arange(ground.point.size) if sites is None else np.sort(sites)
        village, column = _grid(ground.rows.size, chosen.size)
        found = ground.ways(village, ground.point[chosen[column]])
        whole, shape = found.farthest_ms != UNREACHED, (ground.rows.size, chosen.size)
        mean, person = (np.where(whole, part, UNREACHED).reshape(shape) for part in (found.mean_ms, found.person_ms))
        return Ways(chosen, mean, person)

    def farthest(self) -> Int64:
        """Shape (villages, sites): way of the farthest home in the standard's own unit, ms or mm; -1 without one."""
        ground = self.ground
        village, site = _grid(ground.rows.size, ground.point.size)
        by_time = ground.circles.rule.standard.limit_ms is not None
        found = ground.ways(village, ground.point[site], shortest=not by_time)
        value = found.farthest_ms if by_time else found.farthest_mm
        return value.reshape(ground.rows.size, ground.point.size)


def county_question(ground: SitingGround) -> CountyQuestion:
    """Read what is asked of a county.

    Covering models are about villages with a home that no hospital or other fixed service covers; the others are about
    every village.

    Parameters
    ----------
    ground
        The county with its sites.

    Raises
    ------
    SitingError, InfeasibleError
        If ids are unknown, or a site is both kept and forbidden.
    """
    settings = ground.county.region.siting
    require_known(ground, settings)
    least, most = site_bounds(ground, settings)
    every = np.arange(ground.rows.size)
    if settings.model in COVERING:
        within, _ = covered_by_fixed(ground)
        every = every[np.bincount(ground.home_village, weights=~within, minlength=every.size) > 0]
    return CountyQuestion(ground, settings, least, most, every)


def home_problem(question: CountyQuestion) -> LocationProblem:
    """Put the homes of the listed villages against the sites within the standard; serving one costs nothing."""
    from scipy.sparse import csr_matrix

    ground = question.ground
    home, site = covers(ground)
    asked = question.asked_homes
    row_of = np.cumsum(asked) - 1
    kept = asked[home]
    shape = (int(asked.sum()), ground.point.size)
    reach = csr_matrix((np.zeros(int(kept.sum())), (row_of[home[kept]], site[kept])), shape=shape)
    ids = ground.circles.homes.ids[ground.homes[asked]]
    budget = question.settings.budget.build_cny
    priced = question.build_fen / FEN if question.settings.model == "max_cover" and budget > 0 else None
    return _problem(question, reach, ground.home_people[asked], ids, priced)


def village_problem(question: CountyQuestion, ways: Ways) -> LocationProblem:
    """Put villages against sites.

    The p-median costs whole person-milliseconds a village, the p-center the mean way, the capacitated cover the way of
    the farthest home in the standard's unit, and the other capacitated models the mean way of a person, whose sums are
    person-milliseconds; capacitated facility location counts yuan a year.
    """
    ground, model = question.ground, question.settings.model
    ids = ground.villages["village_id"].astype(str)
    people = ground.people.astype(float)
    if model == "capacitated_cover":
        return _problem(question, _costs(question.farthest()), people, ids, None)
    if model == "p_center":
        return _problem(question, _costs(ways.mean_ms), people, ids, None)
    if model == "p_median":
        return _problem(question, _costs(ways.person_ms), np.ones(people.size), ids, None)
    each = _costs(ways.person_ms) / np.maximum(people, 1)[:, None]
    if model == "capacitated_p_median":
        return _problem(question, each, people, ids, None)
    return _problem(
        question, each / MS_PER_MIN * question.settings.person_minute_cny, people, ids, yearly_cny(question)
    )


def site_distances(ground: SitingGround) -> Float64:
    """Shape (sites, sites): shortest road, whole mm, the shorter of both directions; infinite beyond 500 km."""
    graph = replace(ground.search.by_length, max_access_m=0.0)
    m = ground.point.size
    found = trips_between(graph, ground.point, ground.point, limit_mm=FARTHEST_MM)
    table: Float64 = np.full((m, m), np.inf)
    table[found.origin, found.destination] = found.length_mm
    np.minimum(table, table.T.copy(), out=table)
    np.fill_diagonal(table, 0.0)
    return table


def yearly_cny(question: CountyQuestion) -> Float64:
    """Shape (sites): what every site costs a year, yuan: running, a doctor, and its one-off money spread."""
    price = question.settings.cost
    yearly: Float64 = price.run_per_year + price.doctor_per_year + question.build_fen / FEN / price.life_years
    return yearly


def _problem(question: CountyQuestion, cost: Any, demand: Any, ids: Any, site_cost: Any) -> LocationProblem:
    ground, settings = question.ground, question.settings
    sites = ground.sites.site_id
    capacity = None if settings.capacity_people is None else np.full(sites.size, settings.capacity_people)
    return LocationProblem(
        cost, demand, required=sites[question.least], forbidden=sites[~question.most],
        existing=sites[ground.sites.stands], site_cost=site_cost, capacity=capacity, split=settings.split,
        demand_ids=list(ids), site_ids=sites.tolist(),
    )  # fmt: skip


def _costs(values: Int64) -> Float64:
    return np.where(values == UNREACHED, np.inf, values.astype(float))


def _grid(rows: int, columns: int) -> tuple[Int64, Int64]:
    one, other = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    return one.ravel(), other.ravel()
