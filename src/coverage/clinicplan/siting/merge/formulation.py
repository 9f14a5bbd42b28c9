"""Write the merge-and-add model as a linear program with named constraints, and its objectives in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.linear import Block, Formulation, LinearProgram, Term
from clinicplan.siting.merge.question import NO_LIMIT, MergeQuestion

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Columns(NamedTuple):
    """Variables of the model, by name."""

    open: Block
    host: Block
    own: Block
    share: Block
    seat: Block
    outreach: Block
    none: Block
    outside: Block
    extra_doctors: Block


class Goal(NamedTuple):
    """One objective: whole coefficients and a constant, minimised."""

    name: str
    coefficient: Int64
    constant: int

    def value(self, x: Float64) -> int:
        """Return its value for a plan, in whole units."""
        return int(self.coefficient @ np.round(x).astype(np.int64)) + self.constant


@dataclass(frozen=True, eq=False)
class MergeModel:
    """The program without an objective, its variables, and the objectives in order."""

    program: LinearProgram
    columns: Columns
    goals: tuple[Goal, ...]


def merge_model(question: MergeQuestion) -> MergeModel:
    """Build the merge-and-add model of a county.

    Sets: villages i, sites j (S(i) those in village i), arcs (i, j) of villages that may lawfully share a site of
    another village, homes h that no other facility covers, W(h) the sites within the standard of h, L(i) the sites
    within the minutes that i may lose.

    Parameters of the model: w people of a village or home; K guests a host may take in; D least and E most doctors;
    B building money and R running money (fen); m_t least clinics of township t; C most changes.

    Variables, all 0 or 1 but the last two: y_j clinic open; v_j it is a central clinic that may host; z_j village of j
    has it as its own; x_ij village i shares site j; g_i the township hospital in i stands for a clinic; r_i outreach
    stands for one; n_i none; q_h in [0, 1] home outside the circle; e whole, doctors beyond one a clinic.

    Objectives, each minimised in turn while the earlier keep their values::

        (1) people_outside              sum w_h q_h
        (2) people_without_arrangement  sum w_i n_i
        (3) changes_from_baseline       sum |y_j - y'_j|                        (with a baseline only)
        (4) yearly_cost                 running + one-off money over its years, fen
        (5) person_time                 sum of people times way to what serves them, person-ms
        (6) changes                     clinics built, upgraded, converted or closed

    Constraints::

        (7)  arrangement       sum_{j in S(i)} z_j + sum_j x_ij + g_i + r_i + n_i = 1
        (8)  own_open          z_j <= y_j
        (9)  open_is_own       y_j <= sum_{k in S(i)} z_k                        for j in S(i)
        (10) share_host        x_ij <= v_j
        (11) host_open         v_j <= y_j
        (12) guests            sum_i x_ij <= K
        (13) circle            sum_{j in W(h)} y_j (or v_j) + q_h >= 1
        (14) minutes_lost      sum z_j + sum x_ij + g_i + sum_{j in L(i)} y_j >= 1
        (15) doctors_least     sum y_j + e >= D;  e <= D sum y_j                 no doctor without a clinic
        (16) doctors_most      sum y_j + e <= E
        (17) build_budget      one-off money <= B
        (18) running_budget    running money <= R
        (19) township_minimum  sum_{j in t} y_j >= m_t
        (20) changes_limit     changes <= C
        (21) outside_limit     sum w_h q_h <= people who may be outside
        (22) stay_together     y_j >= sum_{k in S(i)} z_k        for clinics of today: a village keeps all or none

    Parameters
    ----------
    question
        The county as arrays.

    Returns
    -------
    model
        Program, variables and objectives.

    References
    ----------
    .. [1] Toregas et al. (1971). The location of emergency service facilities. doi:10.1287/opre.19.6.1363
    .. [2] Church, ReVelle (1974). The maximal covering location problem. doi:10.1007/BF01942293
    """
    model = Formulation()
    columns = _variables(model, question)
    _arrangements(model, question, columns)
    _hosts(model, question, columns)
    _circles(model, question, columns)
    goals = _goals(question, columns, model.n_columns)
    _doctors(model, question, columns)
    _budgets(model, question, columns)
    _numbers(model, question, columns, goals)
    return MergeModel(model.program(), columns, goals)


def _variables(model: Formulation, question: MergeQuestion) -> Columns:
    n, m = question.n_villages, question.n_sites
    none_most = ~question.has_clinic & (not question.complete)
    if not question.limits.couples:
        none_most = none_most & ~_has_option(question)
    return Columns(
        open=model.variables("open", m, lower=question.open_least, upper=question.open_most, integer=True),
        host=model.variables("host", m, lower=question.host_least, upper=question.host_most, integer=True),
        own=model.variables("own", m, integer=True),
        share=model.variables("share", question.arc_village.size, integer=True),
        seat=model.variables("seat", n, upper=question.seat, integer=True),
        outreach=model.variables("outreach", n, upper=question.outreach, integer=True),
        none=model.variables("none", n, upper=none_most, integer=True),
        outside=model.variables("outside", question.n_homes),
        extra_doctors=model.variables("extra_doctors", 1, upper=np.inf, integer=True),
    )


def _has_option(question: MergeQuestion) -> Flags:
    """Tell which villages with people can be provided for whatever the others do; no plan leaves them out."""
    option = question.seat | question.outreach
    option[question.site_village[question.open_most]] = True
    return option & (question.people > 0)


def _arrangements(model: Formulation, question: MergeQuestion, columns: Columns) -> None:
    n, m = question.n_villages, question.n_sites
    villages, sites, arcs = np.arange(n), np.arange(m), np.arange(question.arc_village.size)
    provided = [
        Term(question.site_village, columns.own.columns),
        Term(question.arc_village, columns.share.columns),
        Term(villages, columns.seat.columns),
    ]
    unprovided = [Term(villages, columns.outreach.columns), Term(villages, columns.none.columns)]
    model.constrain("arrangement", [*provided, *unprovided], n, lower=1.0, upper=1.0)  # (7)
    own_open = [Term(sites, columns.own.columns), Term(sites, columns.open.columns, -1.0)]
    model.constrain("own_open", own_open, m, upper=0.0)  # (8)
    one, other = _same_village(question)
    is_own = [Term(sites, columns.open.columns), Term(one, columns.own.column(other), -1.0)]
    model.constrain("open_is_own", is_own, m, upper=0.0)  # (9)
    staying = np.flatnonzero((question.stands & question.open_most)[one])
    row_of_site = np.cumsum(question.stands & question.open_most) - 1
    together = [
        Term(row_of_site[one[staying]], columns.own.column(other[staying])),
        _only(Term(row_of_site, columns.open.columns, -1.0), question.stands & question.open_most),
    ]
    model.constrain("stay_together", together, int((question.stands & question.open_most).sum()), upper=0.0)  # (22)
    share_host = [Term(arcs, columns.share.columns), Term(arcs, columns.host.column(question.arc_site), -1.0)]
    model.constrain("share_host", share_host, arcs.size, upper=0.0)  # (10)
    needed = np.flatnonzero(question.near_needed)
    row_of = np.full(n, -1)
    row_of[needed] = np.arange(needed.size)
    near = [term._replace(row=row_of[np.asarray(term.row)]) for term in provided]
    near.append(Term(row_of[question.near_village], columns.open.column(question.near_site)))
    kept = [_only(term, np.asarray(term.row) >= 0) for term in near]
    model.constrain("minutes_lost", kept, needed.size, lower=1.0)  # (14); a site twice in a row counts no less


def _same_village(question: MergeQuestion) -> tuple[Int64, Int64]:
    """Return pairs of sites of one village, each with itself too."""
    order = np.argsort(question.site_village, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(question.site_village[order])) + 1) if order.size else []
    pairs = [(one, other) for group in groups for one in group for other in group]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _only(term: Term, chosen: Flags) -> Term:
    return Term(np.asarray(term.row)[chosen], np.asarray(term.column)[chosen], term.value)


def _hosts(model: Formulation, question: MergeQuestion, columns: Columns) -> None:
    sites = np.arange(question.n_sites)
    host_open = [Term(sites, columns.host.columns), Term(sites, columns.open.columns, -1.0)]
    model.constrain("host_open", host_open, sites.size, upper=0.0)  # (11)
    hosting = np.unique(question.arc_site)
    at = np.searchsorted(hosting, question.arc_site)
    guests = [Term(at, columns.share.columns)]
    model.constrain("guests", guests, hosting.size, upper=float(question.limits.guests))  # (12)


def _circles(model: Formulation, question: MergeQuestion, columns: Columns) -> None:
    """Write (13), leaving out homes that a clinic which stays in any case covers."""
    as_any = question.covers_open[question.cover_site]
    column = np.where(as_any, columns.open.column(question.cover_site), columns.host.column(question.cover_site))
    sure = forced_open(question) & question.covers_open
    done = np.zeros(question.n_homes, dtype=bool)
    done[question.cover_home[sure[question.cover_site]]] = True
    rows = np.flatnonzero(~done)
    row_of = np.full(question.n_homes, -1)
    row_of[rows] = np.arange(rows.size)
    left = row_of[question.cover_home]
    cover = [Term(left[left >= 0], column[left >= 0]), Term(np.arange(rows.size), columns.outside.column(rows))]
    model.constrain("circle", cover, rows.size, lower=1.0)


def forced_open(question: MergeQuestion) -> Flags:
    """Tell which sites are open in every plan: required ones, and the only way to provide for their village."""
    n = question.n_villages
    options = np.bincount(question.site_village[question.open_most], minlength=n)
    others = np.bincount(question.arc_village, minlength=n) + question.seat + question.outreach
    may_lack = ~question.has_clinic & question.limits.couples & (not question.complete)
    only = (options == 1) & (others == 0) & ~may_lack
    sure: Flags = question.open_least | (question.open_most & only[question.site_village])
    return sure


def _goals(question: MergeQuestion, columns: Columns, n_columns: int) -> tuple[Goal, ...]:
    people, outside, time = (np.zeros(n_columns, dtype=np.int64) for _ in range(3))
    people[columns.none.columns] = question.people
    outside[columns.outside.columns] = question.home_people
    time[columns.own.columns] = question.own_person_ms
    time[columns.share.columns] = question.arc_person_ms
    time[columns.seat.columns] = question.seat_person_ms
    goals = [
        Goal("people_outside", outside, question.uncoverable_people),
        Goal("people_without_arrangement", people, 0),
        cost_goal(question, columns, n_columns),
        Goal("person_time", time, 0),
        _changes(question, columns, n_columns),
    ]
    if question.baseline_open is not None:
        away = np.zeros(n_columns, dtype=np.int64)
        away[columns.open.columns] = np.where(question.baseline_open, -1, 1)
        goals.insert(2, Goal("changes_from_baseline", away, int(question.baseline_open.sum())))
    return tuple(goals)


def _changes(question: MergeQuestion, columns: Columns, n_columns: int) -> Goal:
    """Count clinics built, upgraded, converted or closed: a built host is one change."""
    changes = np.zeros(n_columns, dtype=np.int64)
    changes[columns.open.columns] = np.where(question.stands, -1, 1)
    changes[columns.host.columns] = question.stands & ~question.central
    return Goal("changes", changes, int(question.stands.sum()))


def building_goal(question: MergeQuestion, columns: Columns, n_columns: int, *, per_year: bool = False) -> Goal:
    """Return the one-off money of a plan, fen, or the same spread over its years."""
    money = question.money
    spread = np.vectorize(money.per_year if per_year else int, otypes=[np.int64])
    coefficient, constant = np.zeros(n_columns, dtype=np.int64), 0
    point = int(spread(money.service_point))
    m = question.n_sites
    raised = np.where(question.stands, money.upgrade, question.build_fen + money.upgrade)
    built = spread(question.build_fen) if m else np.zeros(0, dtype=np.int64)
    coefficient[columns.open.columns] = np.where(question.stands, 0, built)
    extra = (spread(raised) if m else built) - np.where(question.stands, 0, built)
    coefficient[columns.host.columns] = np.where(question.stands & question.central, 0, extra)
    own_room = question.has_clinic & (not question.allow_close)
    if not question.allow_close:
        coefficient[columns.open.columns] -= np.where(question.stands, point, 0)
        constant += point * int(question.stands.sum())
    coefficient[columns.share.columns] = np.where(own_room[question.arc_village], 0, point)
    if question.point_for_outreach:
        coefficient[columns.outreach.columns] = np.where(own_room, 0, point)
    return Goal("building", coefficient, constant)


def running_goal(question: MergeQuestion, columns: Columns, n_columns: int) -> Goal:
    """Return the yearly money of clinics and doctors, fen."""
    coefficient = np.zeros(n_columns, dtype=np.int64)
    coefficient[columns.open.columns] = question.money.run + question.money.doctor
    coefficient[columns.extra_doctors.columns] = question.money.doctor
    return Goal("running", coefficient, 0)


def cost_goal(question: MergeQuestion, columns: Columns, n_columns: int) -> Goal:
    """Return running money plus one-off money spread over its years, fen a year."""
    spread = building_goal(question, columns, n_columns, per_year=True)
    running = running_goal(question, columns, n_columns)
    return Goal("yearly_cost", spread.coefficient + running.coefficient, spread.constant + running.constant)


def _doctors(model: Formulation, question: MergeQuestion, columns: Columns) -> None:
    every = [Term(0, columns.open.columns), Term(0, columns.extra_doctors.columns)]
    if question.limits.doctors_least:
        least = question.limits.doctors_least
        somewhere = [Term(1, columns.open.columns, float(least)), Term(1, columns.extra_doctors.columns, -1.0)]
        model.constrain("doctors_least", [*every, *somewhere], 2, lower=[least, 0.0])  # (15)
    if question.limits.doctors_most != NO_LIMIT:
        model.constrain("doctors_most", every, 1, upper=question.limits.doctors_most)  # (16)


def _budgets(model: Formulation, question: MergeQuestion, columns: Columns) -> None:
    limits = question.limits
    if limits.build_fen != NO_LIMIT:
        _at_most(model, "build_budget", building_goal(question, columns, model.n_columns), limits.build_fen)  # (17)
    if limits.running_fen != NO_LIMIT:
        _at_most(model, "running_budget", running_goal(question, columns, model.n_columns), limits.running_fen)  # (18)


def _numbers(model: Formulation, question: MergeQuestion, columns: Columns, goals: tuple[Goal, ...]) -> None:
    wanted = sorted(question.township_least)
    if wanted:
        town = question.township[question.site_village]
        rows = [(at, site) for at, name in enumerate(wanted) for site in np.flatnonzero(town == name)]
        at, site = np.array(rows, dtype=np.int64).reshape(-1, 2).T
        least = [question.township_least[name] for name in wanted]
        model.constrain("township_minimum", [Term(at, columns.open.column(site))], len(wanted), lower=least)  # (19)
    if question.limits.changes != NO_LIMIT:
        _at_most(model, "changes_limit", goals[-1], question.limits.changes)  # (20)
    if question.limits.people_outside != NO_LIMIT:
        _at_most(model, "outside_limit", goals[0], question.limits.people_outside)  # (21)


def _at_most(model: Formulation, name: str, goal: Goal, limit: int) -> None:
    """Add the row goal <= limit, scaled so that its largest coefficient is of the order of a thousand."""
    used = np.flatnonzero(goal.coefficient)
    scale = row_scale(goal.coefficient)
    term = Term(np.zeros(used.size, dtype=np.int64), used, goal.coefficient[used] / scale)
    model.constrain(name, [term], 1, upper=(limit - goal.constant) / scale)


def row_scale(coefficient: Int64) -> float:
    """Return a power of two that brings whole coefficients near a thousand, so that the solver's tolerance is small."""
    most = int(np.abs(coefficient).max(initial=0))
    return float(2 ** max(0, most.bit_length() - 10))
