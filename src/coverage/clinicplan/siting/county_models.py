"""Ask a location model of a county: its homes or villages as demand, its clinics and candidates as sites."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, Severity, SitingError
from clinicplan.policy.journeys import pair_trips
from clinicplan.siting import models
from clinicplan.siting.merge.asking import require_known, site_bounds
from clinicplan.siting.merge.ground import SitingGround, covered_by_fixed, covers, siting_ground
from clinicplan.siting.merge.question import FEN
from clinicplan.siting.problem import LocationProblem, SitingResult, proven
from clinicplan.siting.proposal import Objective, Proposal, SitePlan, VillagePlan
from clinicplan.standard import UNREACHED
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles
    from clinicplan.region import Siting

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

COVERING: Final = ("set_cover", "multi_cover", "backup_cover", "max_cover", "partial_cover")
NEEDS_P: Final = ("p_median", "p_center", "p_dispersion", "capacitated_p_median")
NEEDS_CAPACITY: Final = ("capacitated_cover", "capacitated_p_median", "capacitated_facility_location")
MS_PER_MIN: Final = 60_000


@dataclass(frozen=True, eq=False)
class CountyTimes:
    """Ways of every planned village to every site.

    Parameters
    ----------
    mean_ms, person_ms
        Shape (villages, sites): mean over people, and people times way; -1 where some home has no way.
    """

    mean_ms: Int64
    person_ms: Int64


def plan_location(county: County, circles: ServiceCircles) -> Proposal:
    """Answer `[siting] model` with a location model.

    Covering models count homes: those of villages that hospitals and other fixed services cover whole need no site and
    are left out, and said so. Median, centre and capacitated models count villages, by the mean way of their people.

    Parameters
    ----------
    county, circles
        The county and its service circles today.

    Returns
    -------
    proposal
        Which clinics stay or are built, whom each serves, and the proof.

    Raises
    ------
    SitingError, InfeasibleError
        As the model raises them, and where `p`, `capacity_people` or a share is needed and not set.
    """
    settings = county.region.siting
    _require_settings(county, settings)
    ground = siting_ground(county, circles)
    require_known(ground, settings)
    within, _ = covered_by_fixed(ground)
    listed = _listed(ground, settings, within)
    times = county_times(ground)
    result = _solve(ground, settings, listed, times)
    host = _hosts(settings, listed, times, result)
    sites = _site_rows(ground, settings, result.open, listed, host)
    return Proposal(
        model=settings.model,
        status=result.status,
        objectives=_objectives(settings, listed, host, times, result),
        engine=result.engine or "HiGHS",
        villages=_village_rows(ground, listed, host, times),
        sites=sites,
        costs=_costs(settings, ground, sites),
        notes=_notes(ground, settings, listed),
    )


def county_times(ground: SitingGround) -> CountyTimes:
    """Return the way of every planned village to every site."""
    n, m = ground.rows.size, ground.point.size
    village, site = (grid.ravel() for grid in np.meshgrid(np.arange(n), np.arange(m), indexing="ij"))
    ways = ground.ways(village, ground.point[site])
    whole = ways.farthest_ms != UNREACHED
    mean, person = (np.where(whole, values, UNREACHED).reshape(n, m) for values in (ways.mean_ms, ways.person_ms))
    return CountyTimes(mean, person)


def _require_settings(county: County, settings: Siting) -> None:
    """Name every setting that the model needs and the region file lacks."""
    lacking = []
    if settings.model in NEEDS_P and settings.p is None:
        lacking.append("p")
    if settings.model == "max_cover" and settings.p is None and not settings.budget.build_cny:
        lacking.append("p")
    if settings.model in NEEDS_CAPACITY and settings.capacity_people is None:
        lacking.append("capacity_people")
    if settings.model == "partial_cover" and _share(county) is None:
        lacking.append("target_share")
    if lacking:
        file = county.region.path.name
        raise SitingError(*(_fault("lacks", file=file, key=key, model=settings.model) for key in lacking))


def _share(county: County) -> float | None:
    own = county.region.siting.target_share
    return own if own is not None else county.region.standard.target_share


def _listed(ground: SitingGround, settings: Siting, within: Flags) -> Int64:
    """Return the villages that the model is about."""
    every = np.arange(ground.rows.size)
    if settings.model not in COVERING:
        return every
    bare = np.bincount(ground.home_village, weights=~within, minlength=every.size) > 0
    return every[bare]


def _problem(ground: SitingGround, settings: Siting, cost: Any, demand: Any, ids: Any) -> LocationProblem:
    least, most = site_bounds(ground, settings)
    sites = ground.sites.site_id
    priced = settings.model == "max_cover" and settings.budget.build_cny > 0
    return LocationProblem(
        cost,
        demand,
        required=sites[least],
        forbidden=sites[~most],
        existing=sites[ground.sites.stands],
        site_cost=_build_fen(ground, settings) if priced else None,
        capacity=None if settings.capacity_people is None else np.full(sites.size, settings.capacity_people),
        split=settings.split,
        demand_ids=ids,
        site_ids=sites.tolist(),
    )


def _build_fen(ground: SitingGround, settings: Siting) -> Int64:
    price = np.where(np.isnan(ground.sites.build_cny), settings.cost.build, ground.sites.build_cny)
    return np.where(ground.sites.stands, 0, np.round(price * FEN)).astype(np.int64)


def _home_problem(ground: SitingGround, settings: Siting, listed: Int64) -> LocationProblem:
    """Put the homes of the listed villages against the sites within the standard; serving one costs nothing."""
    from scipy.sparse import csr_matrix

    home, site = covers(ground)
    asked = np.isin(ground.home_village, listed)
    row_of = np.cumsum(asked) - 1
    kept = asked[home]
    shape = (int(asked.sum()), ground.point.size)
    reach = csr_matrix((np.zeros(int(kept.sum())), (row_of[home[kept]], site[kept])), shape=shape)
    ids = ground.circles.homes.ids[ground.homes[asked]]
    return _problem(ground, settings, reach, ground.home_people[asked], ids)


def _village_problem(ground: SitingGround, settings: Siting, times: CountyTimes) -> LocationProblem:
    """Put villages against sites: people times mean way, as whole person-ms; a circle for the capacitated cover."""
    ids = ground.villages["village_id"].astype(str)
    if settings.model in {"p_center", "capacitated_cover"}:
        cost = np.where(times.mean_ms == UNREACHED, np.inf, times.mean_ms)
        return _problem(ground, settings, cost, ground.people, ids)
    people = np.maximum(ground.people, 1)[:, None]
    cost = np.where(times.person_ms == UNREACHED, np.inf, times.person_ms)
    if settings.model == "p_median":
        return _problem(ground, settings, cost, np.ones(ground.rows.size), ids)
    return _problem(ground, settings, cost / people, ground.people, ids)


def _solve(ground: SitingGround, settings: Siting, listed: Int64, times: CountyTimes) -> SitingResult:
    clock = {"time_limit_s": settings.time_limit_s}
    p, model = settings.p, settings.model
    if model in COVERING:
        problem = _home_problem(ground, settings, listed)
        budget = round(settings.budget.build_cny * FEN) or None
        share = _share(ground.county)
        cover: SitingResult = {
            "set_cover": lambda: models.set_cover(problem, 0.0, **clock),
            "multi_cover": lambda: models.multi_cover(problem, 0.0, settings.times, **clock),
            "backup_cover": lambda: models.backup_cover(problem, 0.0, **clock),
            "max_cover": lambda: models.max_cover(problem, 0.0, p, budget=budget, **clock),
            "partial_cover": lambda: models.partial_cover(problem, 0.0, share or 0.0, **clock),
        }[model]()
        return cover
    if model == "p_dispersion":
        least, most = site_bounds(ground, settings)
        apart = site_distances(ground)
        required, forbidden = np.flatnonzero(least), np.flatnonzero(~most)
        return models.p_dispersion(
            apart, p or 0, required=required, forbidden=forbidden, time_limit_s=settings.time_limit_s
        )
    problem = _village_problem(ground, settings, times)
    standard = ground.circles.rule.standard
    answer: SitingResult = {
        "p_median": lambda: models.p_median(problem, p or 0, **clock),
        "p_center": lambda: models.p_center(problem, p or 0, **clock),
        "capacitated_cover": lambda: models.capacitated_cover(problem, float(standard.limit_ms or 0), **clock),
        "capacitated_p_median": lambda: models.capacitated_p_median(problem, p or 0, **clock),
        "capacitated_facility_location": lambda: models.capacitated_facility_location(
            _with_yearly_cost(ground, settings, problem), **clock
        ),
    }[model]()
    return answer


def _with_yearly_cost(ground: SitingGround, settings: Siting, problem: LocationProblem) -> LocationProblem:
    """Put sites at their yearly money and ways at the value of a person-minute, yuan."""
    price = settings.cost
    yearly = price.run_per_year + price.doctor_per_year + _build_fen(ground, settings) / FEN / price.life_years
    table = problem.cost.copy()
    table.data = table.data / MS_PER_MIN * settings.person_minute_cny
    ids = problem.site_ids
    return LocationProblem(
        table, problem.demand, required=ids[problem.required], forbidden=ids[problem.forbidden],
        existing=ids[problem.existing], site_cost=yearly, capacity=problem.capacity, split=problem.split,
        demand_ids=problem.demand_ids.tolist(), site_ids=ids.tolist(),
    )  # fmt: skip


def site_distances(ground: SitingGround) -> NDArray[np.float64]:
    """Return the shortest road between sites, whole mm, the shorter of both directions; infinite without one."""
    graph = replace(ground.search.by_length, max_access_m=0.0)
    m = ground.point.size
    one, other = np.triu_indices(m, 1)
    there, back = (
        pair_trips(graph, ground.point[a], ground.point[b])[1].astype(float) for a, b in ((one, other), (other, one))
    )
    there[there == UNREACHED], back[back == UNREACHED] = np.inf, np.inf
    table = np.zeros((m, m))
    table[one, other] = table[other, one] = np.minimum(there, back)
    return table


# --- the answer -------------------------------------------------------------------------------------------------------


def _hosts(settings: Siting, listed: Int64, times: CountyTimes, result: SitingResult) -> Int64:
    """Shape (listed villages): site that serves each, -1 where none: as assigned, else the nearest open one."""
    if settings.model in NEEDS_CAPACITY:
        return np.asarray(result.assignment, dtype=np.int64)
    mean = times.mean_ms[np.ix_(listed, result.open)].astype(float)
    mean[mean == UNREACHED] = np.inf
    if not result.open.size:
        return np.full(listed.size, -1, dtype=np.int64)
    nearest = mean.argmin(axis=1)
    return np.where(np.isfinite(mean.min(axis=1)), result.open[nearest], -1)


def _village_rows(ground: SitingGround, listed: Int64, host: Int64, times: CountyTimes) -> tuple[VillagePlan, ...]:
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    rows = []
    for village, site in zip(listed.tolist(), host.tolist(), strict=True):
        if site < 0:
            rows.append(VillagePlan(str(ids[village]), "none"))
            continue
        own = int(ground.sites.village[site]) == village
        time, today = int(times.mean_ms[village, site]), int(ground.today_ms[village])
        home = own and bool(ground.sites.stands[site])
        lost = 0 if home else UNREACHED if UNREACHED in (time, today) else max(0, time - today)
        name = str(ground.sites.site_id[site])
        rows.append(VillagePlan(str(ids[village]), "own" if own else "shared", name, time, lost))
    return tuple(rows)


def _site_rows(
    ground: SitingGround, settings: Siting, opened: Int64, listed: Int64, host: Int64
) -> tuple[SitePlan, ...]:
    """Return clinics that stay, are built, or are not among the chosen; each with whom it serves."""
    sites, people = ground.sites, ground.people[listed]
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    chosen = np.zeros(sites.village.size, dtype=bool)
    chosen[opened] = True
    price = _build_fen(ground, settings)
    point = round(settings.cost.service_point * FEN)
    rows = []
    for site in np.flatnonzero(chosen | sites.stands).tolist():
        doctors: int | None = 1
        served = host == site
        central = bool(sites.central[site])
        if chosen[site]:
            action, cost = ("keep", 0) if sites.stands[site] else ("build", int(price[site]))
            tier = "central_clinic" if central else "village_clinic"
            why = phrase(
                "siting_county.why.chosen", villages=int(served.sum()), people=f"{int(people[served].sum()):,}"
            )
        else:
            doctors = None
            action, cost, tier = ("close", 0, "") if settings.allow_close else ("convert", point, "service_point")
            why = phrase("siting_county.why.not_chosen")
        rows.append(
            SitePlan(
                str(sites.site_id[site]), str(ids[sites.village[site]]), str(sites.facility_id[site]),
                action, tier, doctors, cost, why,  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return tuple(rows)


def _objectives(
    settings: Siting,
    listed: Int64,
    host: Int64,
    times: CountyTimes,
    result: SitingResult,
) -> tuple[Objective, ...]:
    """Return the model's objective in whole units, and the person-time of the hosts where that is the objective."""
    model, done = settings.model, result.status == "optimal"
    value, bound = result.objective, result.bound
    if model == "backup_cover":
        return (Objective("sites", int(value[0]), float(bound[0]), proven(value[0], bound[0], 1.0)),)
    if model == "capacitated_facility_location":
        return (Objective("yearly_cost", round(value * FEN), float(bound) * FEN, done),)
    if model in {"p_median", "capacitated_p_median"}:
        served = host >= 0
        total = int(times.person_ms[listed[served], host[served]].sum())
        return (Objective("person_time", total, min(float(bound), float(total)), done),)
    name = {"max_cover": "demand_covered", "p_center": "largest_time", "p_dispersion": "least_distance"}
    return (Objective(name.get(model, "sites"), round(value), float(bound), done),)


def _costs(settings: Siting, ground: SitingGround, sites: tuple[SitePlan, ...]) -> dict[str, Any]:
    price = settings.cost
    each = price.run_per_year + price.doctor_per_year
    opened = sum(site.action in {"keep", "build"} for site in sites)
    by_action: dict[str, float] = {}
    for site in sites:
        by_action[site.action] = by_action.get(site.action, 0.0) + site.cost_fen / FEN
    build = sum(site.cost_fen for site in sites) / FEN
    yearly = opened * each + sum(int(np.floor(site.cost_fen / price.life_years + 0.5)) for site in sites) / FEN
    return {
        "build_cny": build, "running_cny_per_year": opened * each, "yearly_cny": yearly,
        "today_running_cny_per_year": int(ground.sites.stands.sum()) * each, "by_action": by_action,
    }  # fmt: skip


def _notes(ground: SitingGround, settings: Siting, listed: Int64) -> tuple[Fault, ...]:
    file = ground.county.region.path.name
    notes = [_fault("location_model", severity=Severity.NOTE, file=file, model=settings.model)]
    others = np.setdiff1d(np.arange(ground.rows.size), listed)
    if others.size:
        people = f"{int(ground.people[others].sum()):,}"
        notes.append(_fault("covered_anyway", severity=Severity.NOTE, file=file, villages=others.size, people=people))
    return tuple(notes)


def _fault(code: str, *, severity: Severity = Severity.ERROR, file: str = "", **values: Any) -> Fault:
    return fault(severity, code, subject="siting_county", layer="siting", file=file, **values)
