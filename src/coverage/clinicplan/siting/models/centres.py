"""Choose p sites so that the farthest point is as near as can be (p-center)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, InfeasibleError, Severity
from clinicplan.siting.engine import NAME, Solution, Termination, solve
from clinicplan.siting.linear import Formulation, LinearProgram, Term
from clinicplan.siting.models.bisection import IMPOSSIBLE, bisect
from clinicplan.siting.models.choice import check_choice, complete, constrain_choice, keeps_rules, may_open
from clinicplan.siting.models.dispersion import p_dispersion, spread_apart
from clinicplan.siting.models.radius import essential, greedy_cover, packing
from clinicplan.siting.problem import UNSERVED, LocationProblem, SitingResult, Status, gap_of, proven, quantum
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["cover_within", "p_center", "p_dispersion", "spread_apart"]

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
EXPLAIN_S: Final = 10.0
"""Seconds given to each search for what would make an impossible problem possible."""


def p_center(
    problem: LocationProblem, p: int, *, budget: float | None = None, time_limit_s: float = 120.0
) -> SitingResult:
    """Open exactly p sites so that the largest cost of any point to its nearest open site is least.

    Every point counts, whatever its demand: one without residents too. The answer is one of the costs of the table;
    bisection over them asks each time whether p sites cover all points within that cost. A greedy cover says yes, a
    packing of points or a linear bound says no, and only what stays open is searched.

    Parameters
    ----------
    problem
        Points, sites and costs; `demand` and `capacity` play no part.
    p
        Number of sites that open.
    budget
        Most that the `site_cost` of the open sites may add up to; None for no limit.
    time_limit_s
        Seconds for the whole call.

    Returns
    -------
    result
        `objective` and `bound` in units of cost: the largest cost of the plan, and the least one not proven impossible.

    Raises
    ------
    SitingError
        If p is no whole number or out of the range that the rules allow, or the budget is negative.
    InfeasibleError
        If a point has no site, or p sites within the rules reach not all points: with what would do.

    References
    ----------
    .. [1] Hakimi (1964). Optimum locations of switching centers and the absolute centers and medians of a graph.
       doi:10.1287/opre.12.3.450
    .. [2] Elloumi, Labbé, Pochet (2004). A new formulation and resolution method for the p-center problem.
       doi:10.1287/ijoc.1030.0028
    .. [3] Contardo, Iori, Kramer (2019). A scalable exact algorithm for the vertex p-center problem.
       doi:10.1016/j.cor.2018.11.006

    Examples
    --------
    Four villages on a road at kilometres 0, 2, 7 and 10, each also a site: two sites, nobody farther than 3 km.

    >>> import numpy as np
    >>> from clinicplan.siting import LocationProblem, p_center
    >>> place = np.array([0.0, 2.0, 7.0, 10.0])
    >>> problem = LocationProblem(np.abs(place[:, None] - place), [5, 1, 1, 5])
    >>> result = p_center(problem, 2)
    >>> result.objective, result.status
    (3.0, 'optimal')
    """
    begin = time.perf_counter()
    p = int(check_choice(problem, p, budget) or 0)
    _check_reach(problem)
    question = _Radius(problem, p, budget, begin + time_limit_s)
    possible, attained = bisect(question.values.size, question, question.deadline)
    if possible == question.values.size:
        raise InfeasibleError(_explain(problem, p, budget, float(question.values[-1])))
    return question.result(possible, attained, begin)


def cover_within(
    problem: LocationProblem,
    radius: float,
    p: int | None = None,
    *,
    budget: float | None = None,
    points: Int64 | None = None,
    sites: Flags | None = None,
) -> LinearProgram:
    """Build the question of one step of the p-center search: whether p sites cover every point within a radius.

    Sets: points I, sites J, existing sites E, N(i) the sites whose cost c_ij is at most the radius r.
    Parameters: number of sites p; site costs f_j and budget B (money); bounds k-, k+ of existing sites that stay.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); required sites are fixed at 1, forbidden ones at 0.

    (1) minimise sum_j y_j
    (2) `cover`: sum_{j in N(i)} y_j >= 1 for every point i
    (3) `count`: sum_j y_j = p
    (4) `budget`: sum_j f_j y_j <= B
    (5) `keep`: k- <= sum_{j in E} y_j <= k+

    The radius is attained where a solution exists. The largest cost itself is no variable: a model that minimises it
    under c_ij x_ij <= z has a bound far from the answer.

    Parameters
    ----------
    problem
        Points, sites, costs and rules.
    radius
        Largest cost, inclusive.
    p
        Number of sites; None leaves out (3).
    budget
        Most that sites may cost; None leaves out (4).
    points
        Points whose constraint (2) is needed; None for all.
    sites
        Shape (sites): which may open; None for all that the rules allow.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Elloumi, Labbé, Pochet (2004). doi:10.1287/ijoc.1030.0028
    """
    low, high = problem.open_bounds
    if sites is not None:
        high = np.where(sites, high, low)
    cover = problem.within(radius) if points is None else problem.within(radius)[points]
    model = Formulation()
    opened = model.variables("open", problem.n_sites, lower=low, upper=high, integer=True)
    model.charge(opened, 1.0)  # (1)
    rows = np.repeat(np.arange(cover.shape[0]), np.diff(cover.indptr))
    model.constrain("cover", [Term(rows, opened.column(cover.indices))], cover.shape[0], lower=1.0)  # (2)
    constrain_choice(model, opened, problem, p, budget)  # (3) (4) (5)
    return model.program()


class _Radius:
    """Radii of a p-center problem, least first, as a question for the bisection."""

    def __init__(self, problem: LocationProblem, p: int, budget: float | None, deadline: float) -> None:
        self.problem, self.p, self.budget, self.deadline = problem, p, budget, deadline
        usable = may_open(problem)[problem.cost.indices]
        values = np.unique(problem.cost.data[usable])
        # No radius below the farthest point's nearest site can do.
        nearest = problem.nearest(np.flatnonzero(may_open(problem)))[1] if values.size else np.zeros(0)
        self.values = values[values >= nearest.max(initial=0.0)] if problem.n_points else np.zeros(1)
        self.bound_by_rules = budget is not None or problem.counts_existing
        self.open: Int64 | None = None
        self.searched = False
        self._reduced: tuple[int, Int64, Flags] | None = None

    def attain(self, at: int) -> int | None:
        """Cover greedily, fill up to p sites, and see how far the farthest point really is."""
        price = np.ones(self.problem.n_sites) if self.budget is None else self.problem.site_cost
        found = greedy_cover(self._cover(at), self.problem.required, price, self.p)
        found = None if found is None else complete(self.problem, found, self.p, self.budget)
        return None if found is None else self._keep(found)

    def refute(self, at: int) -> bool:
        """Count points that need a site each, then bound the number of sites by the linear relaxation."""
        cover, required = self._cover(at), self.problem.required
        if required.size + packing(cover, required).size > self.p:
            return True
        left = self.deadline - time.perf_counter()
        if left <= 0:
            return False
        found = solve(self._program(at), relaxed=True, time_limit_s=left)
        if found.termination is Termination.INFEASIBLE:
            return True
        return bool(found.termination is Termination.OPTIMAL and found.objective > self.p + 1e-6)

    def decide(self, at: int) -> int | None:
        """Search for p sites; stop at the first cover that has no more."""
        self.searched = True
        left = max(0.01, self.deadline - time.perf_counter())
        most = None if self.bound_by_rules else self.p + 0.5
        found = solve(self._program(at), time_limit_s=left, target=most, cutoff=most)
        if found.x is not None and round(found.objective) <= self.p:
            plan = complete(self.problem, np.flatnonzero(found.x > 0.5), self.p, self.budget)
            return None if plan is None else self._keep(plan)
        ended = found.termination in {Termination.INFEASIBLE, Termination.CUTOFF, Termination.OPTIMAL}
        return IMPOSSIBLE if ended or found.bound > self.p + 1e-6 else None

    def result(self, possible: int, attained: int, begin: float) -> SitingResult:
        """Return the plan with everything measured anew from its sites."""
        bound = float(self.values[possible])
        engine = f"bisection, {NAME}" if self.searched else "bisection"
        if self.open is None or attained == self.values.size:
            nobody = np.full(self.problem.n_points, UNSERVED)
            spent = time.perf_counter() - begin
            return SitingResult(np.zeros(0, np.int64), nobody, np.nan, bound, np.inf, "unknown", spent, engine=engine)
        assignment, cost = self.problem.nearest(self.open)
        objective = float(cost.max(initial=0.0))
        is_proven = proven(objective, bound, quantum(self.problem.cost.data))
        gap = 0.0 if is_proven else gap_of(objective, bound)
        status: Status = "optimal" if is_proven else "gap"
        return SitingResult(
            self.open, assignment, objective, bound, gap, status, time.perf_counter() - begin, engine=engine
        )

    def _keep(self, found: Int64) -> int:
        """Remember a plan if it is the best so far; return the number of its own radius."""
        at = int(np.searchsorted(self.values, self._farthest(found)))
        if self.open is None or at < int(np.searchsorted(self.values, self._farthest(self.open))):
            self.open = found
        return at

    def _farthest(self, open_sites: Int64) -> float:
        return float(self.problem.nearest(open_sites)[1].max(initial=0.0))

    def _cover(self, at: int) -> csr_matrix:
        """Return which site covers which point; forbidden sites cover none."""
        table = self.problem.within(float(self.values[at]))
        if self.problem.forbidden.size:
            table = table.multiply(may_open(self.problem)[None, :].astype(float)).tocsr()
            table.eliminate_zeros()
        return table

    def _program(self, at: int) -> LinearProgram:
        """Return the model of one radius, without the points and sites that do not matter.

        A smaller cover can always be filled up to p sites, except under a budget or a limit of existing sites: there
        the number is a row, and every site stays.
        """
        if self._reduced is None or self._reduced[0] != at:
            droppable = np.full(self.problem.n_sites, not self.bound_by_rules)
            droppable[self.problem.required] = False
            self._reduced = (at, *essential(self._cover(at), droppable))
        _, points, sites = self._reduced
        number = self.p if self.bound_by_rules else None
        radius = float(self.values[at])
        return cover_within(self.problem, radius, number, budget=self.budget, points=points, sites=sites)


def _fault(code: str, **values: Any) -> Fault:
    return fault(Severity.ERROR, code, subject="siting_centre", **values)


def _check_reach(problem: LocationProblem) -> None:
    """Raise InfeasibleError naming every point that no allowed site reaches."""
    usable = may_open(problem)[problem.cost.indices]
    count = np.concatenate([[0], np.cumsum(usable)])[problem.cost.indptr]
    alone = np.flatnonzero(np.diff(count) == 0)
    if alone.size:
        raise InfeasibleError(_fault("point_alone", ids=tuple(str(name) for name in problem.demand_ids[alone])))


def _explain(problem: LocationProblem, p: int, budget: float | None, radius: float) -> Fault:
    """Say why p sites do not reach every point at all, with the smallest change of each rule that would do."""
    disjoint = packing(problem.within(radius), problem.required)
    ways = []
    fewest = _solve_whole(cover_within(problem, radius, budget=budget))
    if fewest.x is not None and keeps_rules(problem, np.flatnonzero(fewest.x > 0.5), budget=budget):
        ways.append(phrase("siting_centre.way_count", p=round(fewest.objective)))
    if budget is not None:
        program = cover_within(problem, radius, p)
        cheapest = _solve_whole(replace(program, cost=problem.site_cost.copy()))
        if cheapest.x is not None:
            ways.append(phrase("siting_centre.way_budget", budget=f"{cheapest.objective:g}"))
    if (
        problem.counts_existing
        and _solve_whole(cover_within(problem, radius, p, budget=budget).without("keep")).x is not None
    ):
        ways.append(phrase("siting_centre.way_keep"))
    ways.append(phrase("siting_centre.way_reach"))
    joined = ways[0]._replace(zh="；或".join(way.zh for way in ways), en="; or ".join(way.en for way in ways))
    names = tuple(str(name) for name in problem.demand_ids[disjoint])
    needed = disjoint.size + problem.required.size
    return _fault("no_reach", ids=names, count=len(names), p=p, needed=needed, ways=joined)


def _solve_whole(program: LinearProgram) -> Solution:
    return solve(program, time_limit_s=EXPLAIN_S)
