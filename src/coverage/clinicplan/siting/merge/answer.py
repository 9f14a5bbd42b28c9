"""Read a plan out of the model's solution: arrangements, actions, doctors, money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.merge.asking import Asked
from clinicplan.siting.merge.formulation import MergeModel
from clinicplan.siting.merge.question import FEN, MergeQuestion
from clinicplan.siting.proposal import SitePlan, VillagePlan
from clinicplan.standard import UNREACHED

if TYPE_CHECKING:
    from clinicplan.siting.merge.ground import SitingGround

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

OWN, SHARED, SEAT, OUTREACH, NONE = range(5)


@dataclass(frozen=True, eq=False)
class MergePlan:
    """A plan in the question's own rows.

    Parameters
    ----------
    open, host
        Shape (sites): clinic open; takes in other villages.
    kind
        Shape (villages): one of `OWN, SHARED, SEAT, OUTREACH, NONE`.
    site, arc
        Shape (villages): the site that serves it (own or shared), and the arc of a shared one; -1 without.
    doctors
        Shape (sites): doctors afterwards, 0 where closed.
    point
        Shape (villages): the village has a service point.
    converted
        Shape (sites): a clinic of today that becomes a service point; other clinics that do not stay open close.
    """

    open: Flags
    host: Flags
    kind: Int64
    site: Int64
    arc: Int64
    doctors: Int64
    point: Flags
    converted: Flags


def read_plan(question: MergeQuestion, model: MergeModel, x: Float64) -> MergePlan:
    """Return the plan that a solution stands for; hosts without guests are no hosts."""
    columns = model.columns
    value = np.round(x).astype(np.int64)
    opened = columns.open.of(value).astype(bool)  # type: ignore[arg-type]
    n = question.n_villages
    kind, site, arc = np.full(n, NONE), np.full(n, -1), np.full(n, -1)
    for name, block in ((OUTREACH, columns.outreach), (SEAT, columns.seat)):
        kind[np.flatnonzero(block.of(value))] = name  # type: ignore[arg-type]
    shared = np.flatnonzero(columns.share.of(value))  # type: ignore[arg-type]
    kind[question.arc_village[shared]] = SHARED
    site[question.arc_village[shared]], arc[question.arc_village[shared]] = question.arc_site[shared], shared
    own = np.flatnonzero(opened)
    order = own[np.lexsort((question.site_ids[own].astype(str), question.own_person_ms[own]))[::-1]]
    kind[question.site_village[order]] = OWN
    site[question.site_village[order]] = order  # the last assignment wins: the nearest of a village's own
    host = np.zeros(question.n_sites, dtype=bool)
    host[question.arc_site[shared]] = True
    host |= opened & columns.host.of(value).astype(bool) & ~question.covers_open  # type: ignore[arg-type]
    point = (kind == SHARED) | ((kind == OUTREACH) & question.point_for_outreach)
    plan = MergePlan(
        opened, host, kind, site, arc, np.zeros(question.n_sites, np.int64), point, _converted(question, opened, point)
    )
    return _with_doctors(question, plan)


def _converted(question: MergeQuestion, opened: Flags, point: Flags) -> Flags:
    """Tell which clinics of today become service points: all not needed, or one a village where they may close."""
    gone = question.stands & ~opened
    if not question.allow_close:
        return gone
    chosen = np.zeros(question.n_sites, dtype=bool)
    rows = np.flatnonzero(gone & point[question.site_village])
    order = rows[np.argsort(question.site_ids[rows].astype(str), kind="stable")]
    chosen[order[np.unique(question.site_village[order], return_index=True)[1]]] = True
    return chosen


def _with_doctors(question: MergeQuestion, plan: MergePlan) -> MergePlan:
    """Give every open clinic a doctor, and further ones where most people share one (ties: the smaller id)."""
    from dataclasses import replace

    doctors = plan.open.astype(np.int64)
    served = np.zeros(question.n_sites)
    has = plan.site >= 0
    np.add.at(served, plan.site[has], question.people[has])
    rank = np.argsort(np.argsort(question.site_ids.astype(str), kind="stable"), kind="stable")
    for _ in range(max(0, question.limits.doctors_least - int(doctors.sum()))):
        if not plan.open.any():
            break
        load = np.where(plan.open, served / np.maximum(doctors, 1), -1.0)
        doctors[np.lexsort((rank, -load))[0]] += 1
    return replace(plan, doctors=doctors)


def objective_values(question: MergeQuestion, plan: MergePlan) -> dict[str, int]:
    """Return every objective of a plan, counted from the plan alone."""
    serving = np.where(question.covers_open, plan.open, plan.open & (plan.host | question.central))
    covered = np.zeros(question.n_homes, dtype=bool)
    covered[question.cover_home[serving[question.cover_site]]] = True
    time = np.where(plan.kind == SEAT, question.seat_person_ms, 0)
    own, shared = plan.kind == OWN, plan.kind == SHARED
    time[own] = question.own_person_ms[plan.site[own]]
    time[shared] = question.arc_person_ms[plan.arc[shared]]
    away = 0 if question.baseline_open is None else int((question.baseline_open != plan.open).sum())
    money = question.money
    yearly = running_fen(question, plan) + sum(money.per_year(int(cost)) for cost in site_costs(question, plan))
    return {
        "people_without_arrangement": int(question.people[plan.kind == NONE].sum()),
        "people_outside": int(question.home_people[~covered].sum()) + question.uncoverable_people,
        "changes_from_baseline": away,
        "yearly_cost": yearly + money.per_year(money.service_point) * new_points(question, plan).size,
        "person_time": int(time.sum()),
        "changes": int((question.stands != plan.open).sum() + _raised(question, plan).sum()),
    }


def running_fen(question: MergeQuestion, plan: MergePlan) -> int:
    """Return the yearly money of clinics and doctors, fen."""
    return int(plan.open.sum()) * question.money.run + int(plan.doctors.sum()) * question.money.doctor


def new_points(question: MergeQuestion, plan: MergePlan) -> Int64:
    """Return the villages that get a service point where none of their own clinics becomes one."""
    has = np.zeros(question.n_villages, dtype=bool)
    has[question.site_village[plan.converted]] = True
    return np.flatnonzero(plan.point & ~has)


def _raised(question: MergeQuestion, plan: MergePlan) -> Flags:
    """Tell which clinics of today become central ones."""
    flags: Flags = question.stands & plan.open & plan.host & ~question.central
    return flags


def site_costs(question: MergeQuestion, plan: MergePlan) -> Int64:
    """Shape (sites): one-off money of what is done there, fen."""
    money = question.money
    built = plan.open & ~question.stands
    cost = np.where(built, question.build_fen + np.where(plan.host, money.upgrade, 0), 0)
    cost = np.where(_raised(question, plan), money.upgrade, cost)
    return np.where(plan.converted, money.service_point, cost).astype(np.int64)


def village_rows(ground: SitingGround, asked: Asked, plan: MergePlan) -> tuple[VillagePlan, ...]:
    """Return what becomes of every planned village."""
    question, today = asked.question, ground.today_ms
    words = ("own", "shared", "township_hospital", question.outreach_kind or "none", "none")
    rows = []
    for row in range(question.n_villages):
        kind, site = int(plan.kind[row]), int(plan.site[row])
        host, time = "", UNREACHED
        if kind == OWN:
            host, time = question.site_ids[site], int(asked.own.mean_ms[site])
        elif kind == SHARED:
            host, time = question.site_ids[site], int(asked.arcs.mean_ms[plan.arc[row]])
        elif kind == SEAT:
            host, time = question.seat_id[row], int(asked.seat_ms[row])
        at_home = kind == OWN and bool(question.stands[site])
        lost = 0 if at_home else UNREACHED if UNREACHED in (time, int(today[row])) else max(0, time - int(today[row]))
        rows.append(VillagePlan(str(question.village_ids[row]), words[kind], str(host), time, lost))  # type: ignore[arg-type]
    return tuple(rows)


def site_rows(question: MergeQuestion, plan: MergePlan) -> tuple[SitePlan, ...]:
    """Return what becomes of every clinic of today, and every new clinic and service point."""
    cost = site_costs(question, plan)
    raised = _raised(question, plan)
    rows = []
    for site in range(question.n_sites):
        if not (question.stands[site] or plan.open[site]):
            continue
        central = bool(plan.host[site] or question.central[site])
        tier = "central_clinic" if central else "village_clinic"
        action = "build" if not question.stands[site] else "upgrade" if raised[site] else "keep"
        if not plan.open[site]:
            action, tier = ("convert", "service_point") if plan.converted[site] else ("close", "")
        rows.append(
            SitePlan(
                str(question.site_ids[site]), str(question.village_ids[question.site_village[site]]),
                str(question.facility_id[site]), action, tier,  # type: ignore[arg-type]
                int(plan.doctors[site]) if plan.open[site] else None, int(cost[site]),
            )
        )  # fmt: skip
    rows += [
        SitePlan(f"{name}-point", name, "", "build", "service_point", None, question.money.service_point)
        for name in question.village_ids[new_points(question, plan)].astype(str)
    ]
    return tuple(rows)


def cost_table(question: MergeQuestion, plan: MergePlan, sites: tuple[SitePlan, ...]) -> dict[str, Any]:
    """Return the money of a plan in yuan, and that of today's clinics at the same prices."""
    by_action: dict[str, float] = {}
    for site in sites:
        name = "service_point" if site.tier == "service_point" and site.action == "build" else site.action
        by_action[name] = by_action.get(name, 0.0) + site.cost_fen / FEN
    standing = int(question.stands.sum())
    doctors = max(standing, 0)
    return {
        "build_cny": sum(site.cost_fen for site in sites) / FEN,
        "running_cny_per_year": running_fen(question, plan) / FEN,
        "yearly_cny": objective_values(question, plan)["yearly_cost"] / FEN,
        "today_running_cny_per_year": (standing * question.money.run + doctors * question.money.doctor) / FEN,
        "by_action": by_action,
    }
