"""Answer a county by a location model: solve it, say why there is no plan, or hand the choice on to be told."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, InfeasibleError, PlannerError, SitingError
from clinicplan.siting import models
from clinicplan.siting.county_answer import Answer, location_proposal
from clinicplan.siting.county_obstacles import (
    conflicts,
    county_fault,
    no_way_fault,
    separate_points,
    told_of,
    unreached_homes,
    unreached_villages,
)
from clinicplan.siting.county_question import (
    CAPACITATED,
    COVERING,
    CountyQuestion,
    Ways,
    county_question,
    home_problem,
    site_distances,
    village_problem,
)
from clinicplan.siting.merge.ground import siting_ground
from clinicplan.siting.problem import LocationProblem, SitingResult
from clinicplan.siting.proposal import Proposal
from clinicplan.standard import UNREACHED

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles
    from clinicplan.siting.merge.ground import SitingGround

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

NEEDS_P: Final = ("p_median", "p_center", "p_dispersion", "capacitated_p_median")
COVERS_ALL: Final = ("set_cover", "multi_cover", "backup_cover")
EXPLAIN_S: Final = 10.0
"""Seconds for what a given number of sites reaches."""


def plan_location(county: County, circles: ServiceCircles) -> Proposal:
    """Answer `[siting] model` with a location model.

    Covering models count homes: those of villages that hospitals and other fixed services cover whole need no site and
    are left out, and said so; `p`, where given, is the most sites that may open. Median, centre and capacitated models
    count villages, by the mean way of their people; the capacitated cover by the way of the farthest home.

    Parameters
    ----------
    county, circles
        The county and its service circles today.

    Returns
    -------
    proposal
        Which clinics stay or are built, whom each serves, and the proof; status `unknown` where time ran out before a
        plan was found.

    Raises
    ------
    SitingError
        If `p`, `capacity_people` or a share is needed and not set, or out of range, or ids are unknown.
    InfeasibleError
        If no plan exists, with every reason found and what would do.
    """
    ground = siting_ground(county, circles)
    _require_settings(ground)
    question = county_question(ground)
    faults = conflicts(ground, question.settings, question.least, question.most)
    if faults:
        raise InfeasibleError(*faults)
    try:
        with warnings.catch_warnings():  # doubts about a problem's numbers are notes of the plan
            warnings.simplefilter("ignore", UserWarning)
            answer = _solve(question)
    except PlannerError as error:
        raise told_of(error, ground) from error
    return location_proposal(question, answer)


def _require_settings(ground: SitingGround) -> None:
    """Name every setting that the model needs and the region file lacks, or that a plan cannot hold."""
    region = ground.county.region
    settings, lacking = region.siting, []
    if settings.model in NEEDS_P and settings.p is None:
        lacking.append("p")
    if settings.model == "max_cover" and settings.p is None and not settings.budget.build_cny:
        lacking.append("p")
    if settings.model in CAPACITATED and settings.capacity_people is None:
        lacking.append("capacity_people")
    if settings.model == "partial_cover" and settings.target_share is None and region.standard.target_share is None:
        lacking.append("target_share")
    faults = [county_fault(ground, "lacks", key=key, model=settings.model) for key in lacking]
    if settings.model == "p_dispersion" and settings.p is not None and settings.p < 2:
        faults.append(county_fault(ground, "two_sites", p=settings.p))
    if settings.model in CAPACITATED and settings.split:
        faults.append(county_fault(ground, "split", model=settings.model))
    if faults:
        raise SitingError(*faults)


def _solve(question: CountyQuestion) -> Answer:
    if question.settings.model in COVERING:
        return _cover(question)
    if question.settings.model == "p_dispersion":
        return _spread(question)
    return _serve(question)


# --- covering ---------------------------------------------------------------------------------------------------------


def _cover(question: CountyQuestion) -> Answer:
    settings, ground = question.settings, question.ground
    clock = {"time_limit_s": settings.time_limit_s}
    times = settings.times if settings.model == "multi_cover" else 1
    missed = unreached_homes(ground, question.asked_homes, question.most, times)
    if missed and settings.model in COVERS_ALL:
        raise InfeasibleError(*missed)
    problem = home_problem(question)
    try:
        result: SitingResult = {
            "set_cover": lambda: models.set_cover(problem, 0.0, **clock),
            "multi_cover": lambda: models.multi_cover(problem, 0.0, times, **clock),
            "backup_cover": lambda: models.backup_cover(problem, 0.0, **clock),
            "max_cover": lambda: models.max_cover(
                problem, 0.0, settings.p, budget=settings.budget.build_cny or None, **clock
            ),
            "partial_cover": lambda: models.partial_cover(problem, 0.0, question.share or 0.0, **clock),
        }[settings.model]()
    except InfeasibleError as error:
        raise InfeasibleError(*error.faults, *missed) from error
    if settings.model != "max_cover" and settings.p is not None:
        result = _within_number(question, problem, result, settings.p)
    ways = question.ways(result.open)
    return Answer(result, ways, _nearest_hosts(question, ways, reached=_reached_villages(question, problem, result)))


def _within_number(question: CountyQuestion, problem: LocationProblem, result: SitingResult, p: int) -> SitingResult:
    """Refuse more sites than asked for; where the bound does not forbid them, no plan was found."""
    from dataclasses import replace

    if result.status == "unknown" or result.open.size <= p:
        return result
    bound = result.bound[0] if isinstance(result.bound, tuple) else result.bound
    if int(np.ceil(bound - 1e-6)) > p:
        raise InfeasibleError(_too_few(question, problem, result, p, int(np.ceil(bound - 1e-6))))
    return replace(result, status="unknown")


def _too_few(question: CountyQuestion, problem: LocationProblem, result: SitingResult, p: int, bound: int) -> Fault:
    """Prove that p sites are too few, by villages that share none, and say what p sites reach."""
    ground, required = question.ground, np.flatnonzero(question.least)
    home = np.flatnonzero(question.asked_homes)
    reach = problem.cost[:, np.flatnonzero(question.most)]
    alone = separate_points(reach, np.searchsorted(np.flatnonzero(question.most), required))
    rows = np.unique(ground.home_village[home[alone]])
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)[rows]
    least, most = max(int(required.size), 1), "—"
    if p >= least:
        found = models.max_cover(problem, 0.0, p, time_limit_s=EXPLAIN_S)
        most = "—" if found.status == "unknown" else f"{round(found.objective):,}"
    proof = alone.size + required.size
    code = "too_few_sites" if question.settings.model in COVERS_ALL and proof > p else "too_few_bound"
    return county_fault(
        ground, code, ids=ids if code == "too_few_sites" else (), p=p, separate=proof, villages=rows.size, bound=bound,
        least=result.open.size, reached=most, all=f"{int(problem.demand.sum()):,}",
    )  # fmt: skip


def _reached_villages(question: CountyQuestion, problem: LocationProblem, result: SitingResult) -> Int64:
    """Return the listed villages with a home within the standard of an open site."""
    opened = np.zeros(problem.n_sites)
    opened[result.open] = 1.0
    covered = problem.within(0.0) @ opened > 0
    return np.unique(question.ground.home_village[question.asked_homes][covered])


# --- the others -------------------------------------------------------------------------------------------------------


def _spread(question: CountyQuestion) -> Answer:
    settings = question.settings
    apart = site_distances(question.ground)
    result = models.p_dispersion(
        apart, settings.p or 0, required=np.flatnonzero(question.least), forbidden=np.flatnonzero(~question.most),
        time_limit_s=settings.time_limit_s,
    )  # fmt: skip
    ways = question.ways(result.open)
    return Answer(result, ways, _nearest_hosts(question, ways), apart_mm=apart)


def _serve(question: CountyQuestion) -> Answer:
    """Serve every village: by the nearest site, or by one with room."""
    settings, ground = question.settings, question.ground
    p, clock = settings.p or 0, {"time_limit_s": settings.time_limit_s}
    ways = question.ways()
    _require_ways(question, ways)
    problem = village_problem(question, ways)
    standard = ground.circles.rule.standard
    limit = float(standard.limit_ms if standard.limit_ms is not None else standard.limit_mm or 0)
    result: SitingResult = {
        "p_median": lambda: models.p_median(problem, p, **clock),
        "p_center": lambda: models.p_center(problem, p, **clock),
        "capacitated_cover": lambda: models.capacitated_cover(problem, limit, **clock),
        "capacitated_p_median": lambda: models.capacitated_p_median(problem, p, **clock),
        "capacitated_facility_location": lambda: models.capacitated_facility_location(problem, **clock),
    }[settings.model]()
    if settings.model not in CAPACITATED:
        return Answer(result, ways, _nearest_hosts(question, ways, opened=result.open))
    reach = problem.within(limit if settings.model == "capacitated_cover" else np.inf).toarray() > 0
    return Answer(result, ways, np.asarray(result.assignment, dtype=np.int64), reach=reach)


def _require_ways(question: CountyQuestion, ways: Ways) -> None:
    """Refuse villages that no site that may open can serve."""
    ground, most = question.ground, question.most
    if question.settings.model == "capacitated_cover":
        faults = unreached_villages(ground, question.farthest(), most)
    else:
        alone = np.flatnonzero((ways.mean_ms[:, most] == UNREACHED).all(axis=1))
        faults = [no_way_fault(ground, alone, ground.people[alone])] if alone.size else []
    if faults:
        raise InfeasibleError(*faults)


def _nearest_hosts(
    question: CountyQuestion, ways: Ways, *, opened: Int64 | None = None, reached: Int64 | None = None
) -> Int64:
    """Shape (listed villages): the nearest open site of each, -1 where none serves it.

    Parameters
    ----------
    question, ways
        The county, and the ways to its sites.
    opened
        The open sites; None for all that `ways` has.
    reached
        Villages that an open site serves; None for all.
    """
    sites = ways.sites if opened is None else np.sort(opened)
    if not sites.size or not question.listed.size:
        return np.full(question.listed.size, -1, dtype=np.int64)
    mean = ways.mean_ms[np.ix_(question.listed, ways.columns(sites))].astype(float)
    mean[mean == UNREACHED] = np.inf
    serves = np.isfinite(mean.min(axis=1))
    if reached is not None:
        serves &= np.isin(question.listed, reached)
    return np.where(serves, sites[mean.argmin(axis=1)], -1)
