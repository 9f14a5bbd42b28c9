"""Tell the choice of a location model as a plan: villages, sites with reasons, objectives, money, notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, Severity
from clinicplan.siting.county_obstacles import county_fault
from clinicplan.siting.county_question import CAPACITATED, COVERING, CountyQuestion, Ways, yearly_cny
from clinicplan.siting.county_reasons import (
    Chosen,
    Price,
    Reason,
    capacity_reasons,
    centre_reasons,
    cover_reasons,
    left_out_reason,
    median_reasons,
    spacing_reasons,
)
from clinicplan.siting.merge.question import FEN
from clinicplan.siting.problem import SitingResult, proven
from clinicplan.siting.proposal import Action, Objective, Proposal, SitePlan, VillagePlan
from clinicplan.standard import UNREACHED

if TYPE_CHECKING:
    from clinicplan.siting.merge.ground import SitingGround

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

MORE_IS_BETTER: Final = ("demand_covered", "people_covered_twice", "least_distance")
OBJECTIVE_OF: Final = {
    "max_cover": "demand_covered", "p_center": "largest_time", "p_dispersion": "least_distance",
    "p_median": "person_time", "capacitated_p_median": "person_time",
}  # fmt: skip
UNHEEDED: Final = (
    "max_minutes_lost", "max_changes", "complete", "outreach", "doctors", "township_minimum", "pareto", "alternatives",
)  # fmt: skip
"""Keys of `[siting]` that only the plan by the policy heeds."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model found.

    Parameters
    ----------
    result
        Open sites, value and bound.
    ways
        Ways of the villages to the sites, at least to the open ones.
    host
        Shape (listed villages): site that serves each, -1 where none.
    reach
        Shape (villages, sites): the site may serve the village; of capacitated models.
    apart_mm
        Shape (sites, sites): road between sites; of the p-dispersion.
    """

    result: SitingResult
    ways: Ways
    host: Int64
    reach: Flags | None = None
    apart_mm: Float64 | None = None


def location_proposal(question: CountyQuestion, answer: Answer) -> Proposal:
    """Tell an answer as a plan.

    Parameters
    ----------
    question, answer
        What was asked, and what was found.

    Returns
    -------
    proposal
        Without any row, and of status `unknown`, where nothing was found in time.
    """
    model, result = question.settings.model, answer.result
    if result.status == "unknown":
        return Proposal(model, "unknown", (), result.engine or "HiGHS", (), ())
    sites = _site_rows(question, answer)
    objectives = _objectives(question, answer)
    return Proposal(
        model=model,
        status="optimal" if objectives and all(item.proven for item in objectives) else "gap",
        objectives=objectives,
        engine=result.engine or "HiGHS",
        villages=_village_rows(question, answer),
        sites=sites,
        costs=_costs(question, sites),
        notes=_notes(question),
    )


def _village_rows(question: CountyQuestion, answer: Answer) -> tuple[VillagePlan, ...]:
    ground, ways = question.ground, answer.ways
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    rows = []
    for village, site in zip(question.listed.tolist(), answer.host.tolist(), strict=True):
        if site < 0:
            rows.append(VillagePlan(str(ids[village]), "none"))
            continue
        own = int(ground.sites.village[site]) == village
        time, today = int(ways.mean_ms[village, ways.columns(site)]), int(ground.today_ms[village])
        home = own and bool(ground.sites.stands[site])
        lost = 0 if home else UNREACHED if UNREACHED in (time, today) else max(0, time - today)
        name = str(ground.sites.site_id[site])
        rows.append(VillagePlan(str(ids[village]), "own" if own else "shared", name, time, lost))
    return tuple(rows)


def _site_rows(question: CountyQuestion, answer: Answer) -> tuple[SitePlan, ...]:
    """Return clinics that stay, are built, or are not among the chosen, each with its reason."""
    ground, settings = question.ground, question.settings
    sites = ground.sites
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    opened = np.zeros(sites.village.size, dtype=bool)
    opened[answer.result.open] = True
    chosen = Chosen(np.flatnonzero(opened), np.flatnonzero(question.most & ~opened), question.listed, answer.host)
    why_open, why_not = _reasons(question, answer, chosen), _reason_left_out(ground, answer, chosen)
    price, point = question.build_fen, round(settings.cost.service_point * FEN)
    rows = []
    for site in np.flatnonzero(opened | sites.stands).tolist():
        action: Action
        doctors: int | None = None
        if opened[site]:
            action, cost, doctors = ("keep", 0, None) if sites.stands[site] else ("build", int(price[site]), 1)
            tier = "central_clinic" if sites.central[site] else "village_clinic"
        else:
            action, cost, tier = ("close", 0, "") if settings.allow_close else ("convert", point, "service_point")
        rows.append(
            SitePlan(
                str(sites.site_id[site]), str(ids[sites.village[site]]), str(sites.facility_id[site]),
                action, tier, doctors, cost, why_open(site) if opened[site] else why_not(site),
            )
        )  # fmt: skip
    return tuple(rows)


def _reasons(question: CountyQuestion, answer: Answer, chosen: Chosen) -> Reason:
    ground, settings = question.ground, question.settings
    if settings.model in COVERING:
        return cover_reasons(ground, chosen, settings.times if settings.model == "multi_cover" else 1)
    if answer.apart_mm is not None:
        return spacing_reasons(ground, chosen, answer.apart_mm)
    if answer.reach is not None:
        assert settings.capacity_people is not None
        price = _price(question)
        return capacity_reasons(ground, chosen, answer.reach, answer.ways.person_ms, settings.capacity_people, price)
    if settings.model == "p_center":
        return centre_reasons(ground, chosen, answer.ways.mean_ms)
    return median_reasons(ground, chosen, answer.ways.person_ms)


def _price(question: CountyQuestion) -> Price:
    model, settings = question.settings.model, question.settings
    if model == "capacitated_facility_location":
        return Price("money", yearly_cny(question), settings.person_minute_cny)
    return Price("sites" if model == "capacitated_cover" else "person_time")


def _reason_left_out(ground: SitingGround, answer: Answer, chosen: Chosen) -> Reason:
    def mean_ms(village: int, site: int) -> int:
        return int(answer.ways.mean_ms[village, answer.ways.columns(np.array(site))])

    return left_out_reason(ground, chosen, mean_ms)


def _objectives(question: CountyQuestion, answer: Answer) -> tuple[Objective, ...]:
    """Return the model's objectives in whole units, each proven where its bound reaches the value."""
    model, result = question.settings.model, answer.result
    value, bound = result.objective, result.bound
    if model == "backup_cover":
        return (_objective("sites", value[0], bound[0]), _objective("people_covered_twice", value[1], bound[1]))
    if model == "capacitated_facility_location":
        return (_objective("yearly_cost", value * FEN, bound * FEN),)
    if model == "p_dispersion" and not np.isfinite(value):
        return ()
    name = OBJECTIVE_OF.get(model, "sites")
    if name == "person_time":
        served = answer.host >= 0
        columns = answer.ways.columns(answer.host[served])
        value = int(answer.ways.person_ms[question.listed[served], columns].sum())
    return (_objective(name, value, bound),)


def _objective(name: str, value: float, bound: float) -> Objective:
    whole = round(value)
    most = name in MORE_IS_BETTER
    limit = max(float(bound), float(whole)) if most else min(float(bound), float(whole))
    return Objective(name, whole, limit, proven(float(whole), limit, 1.0, maximise=most))


def _costs(question: CountyQuestion, sites: tuple[SitePlan, ...]) -> dict[str, Any]:
    price = question.settings.cost
    each = price.run_per_year + price.doctor_per_year
    opened = sum(site.action in {"keep", "build"} for site in sites)
    by_action: dict[str, float] = {}
    for site in sites:
        by_action[site.action] = by_action.get(site.action, 0.0) + site.cost_fen / FEN
    build = sum(site.cost_fen for site in sites) / FEN
    yearly = opened * each + sum(int(np.floor(site.cost_fen / price.life_years + 0.5)) for site in sites) / FEN
    return {
        "build_cny": build, "running_cny_per_year": opened * each, "yearly_cny": yearly,
        "today_running_cny_per_year": int(question.ground.sites.stands.sum()) * each, "by_action": by_action,
    }  # fmt: skip


def _notes(question: CountyQuestion) -> tuple[Fault, ...]:
    """Say what the model does not know, who is left out, and what was assumed."""
    ground, settings = question.ground, question.settings
    note = {"severity": Severity.NOTE}
    notes = [county_fault(ground, "location_model", model=settings.model, **note)]
    unheeded = [*_unheeded(settings)]
    if unheeded:
        notes.append(county_fault(ground, "unheeded", keys=", ".join(unheeded), model=settings.model, **note))
    others = np.setdiff1d(np.arange(ground.rows.size), question.listed)
    if others.size:
        people = f"{int(ground.people[others].sum()):,}"
        notes.append(county_fault(ground, "covered_anyway", villages=others.size, people=people, **note))
    empty = np.flatnonzero(ground.people == 0)
    if empty.size:
        ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)[empty]
        notes.append(county_fault(ground, "no_people", ids=ids, **note))
    if settings.model == "capacitated_facility_location":
        value = f"{settings.person_minute_cny:g}"
        notes.append(county_fault(ground, "time_value", value=value, **note))
    notes.append(county_fault(ground, "assumed_costs", **note))
    return tuple(notes)


def _unheeded(settings: Any) -> list[str]:
    """Return keys that are set and that a location model does not heed."""
    plain = type(settings)()
    keys = [key for key in UNHEEDED if getattr(settings, key) != getattr(plain, key)]
    if settings.budget.running_cny_per_year:
        keys.append("budget.running_cny_per_year")
    if settings.budget.build_cny and settings.model != "max_cover":
        keys.append("budget.build_cny")
    if settings.p is not None and settings.model in CAPACITATED and settings.model != "capacitated_p_median":
        keys.append("p")
    return keys
