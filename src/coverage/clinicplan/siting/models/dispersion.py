"""Choose p sites so that the two nearest of them are as far apart as can be (p-dispersion)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, Severity, SitingError
from clinicplan.siting.engine import NAME, Termination, solve
from clinicplan.siting.linear import Formulation, LinearProgram, Term
from clinicplan.siting.models.bisection import IMPOSSIBLE, bisect
from clinicplan.siting.models.choice import check_choice, may_open
from clinicplan.siting.problem import LocationProblem, SitingResult, Status, gap_of, proven, quantum
from clinicplan.words import fault

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def p_dispersion(
    site_distance: Any,
    p: int,
    *,
    required: Iterable[Any] = (),
    forbidden: Iterable[Any] = (),
    site_ids: Sequence[Any] | None = None,
    time_limit_s: float = 120.0,
) -> SitingResult:
    """Open exactly p sites so that the least distance between any two of them is largest.

    The answer is one of the distances; bisection over them asks each time whether p sites lie that far apart. A greedy
    choice says yes, a partition into groups of mutually near sites or a linear bound says no, and only what stays open
    is searched.

    Parameters
    ----------
    site_distance
        Shape (sites, sites), symmetric, at least 0: kilometres, minutes or any distance; the diagonal is ignored. In a
        scipy sparse table an absent pair, as `inf` in either kind, is farther apart than every stored value; a stored
        zero is the same place.
    p
        Number of sites that open, at least 2.
    required, forbidden
        Sites that must, must not open: ids where `site_ids` is given, else column numbers.
    site_ids
        Names of the sites; default their numbers.
    time_limit_s
        Seconds for the whole call.

    Returns
    -------
    result
        `objective`: the least distance between two open sites, infinite where every pair is absent; `bound`: the
        largest one not proven impossible; `assignment` is empty, since nobody is served.

    Raises
    ------
    SitingError
        If the table is not square, not symmetric, or has negative or missing values; if p is out of range.
    InfeasibleError
        If fewer than two sites may open.

    References
    ----------
    .. [1] Kuby (1987). Programming models for facility dispersion: the p-dispersion and maxisum dispersion problems.
       doi:10.1111/j.1538-4632.1987.tb00133.x

    Examples
    --------
    Of places at kilometres 0, 1, 4 and 6, three are at least 2 km apart at best: 0 (or 1), 4 and 6.

    >>> import numpy as np
    >>> from clinicplan.siting import p_dispersion
    >>> place = np.array([0.0, 1.0, 4.0, 6.0])
    >>> result = p_dispersion(np.abs(place[:, None] - place), 3)
    >>> result.objective, result.status
    (2.0, 'optimal')
    """
    begin = time.perf_counter()
    shape = np.shape(site_distance)
    if len(shape) == 2 and shape[0] != shape[1]:
        raise SitingError(_fault("not_square", rows=(), shape=str(shape)))
    sites = LocationProblem(site_distance, 0.0, required=required, forbidden=forbidden, site_ids=site_ids)
    _check_symmetry(sites)
    p = int(check_choice(sites, p, fewest=2) or 0)
    question = _Spread(sites, p, begin + time_limit_s)
    possible, attained = bisect(question.values.size, question, question.deadline)
    return question.result(possible, attained, begin)


def spread_apart(sites: LocationProblem, distance: float) -> LinearProgram:
    """Build the question of one step of the p-dispersion search: how many sites lie a distance apart.

    Sets: sites J; cliques K, groups of sites of which every two are nearer than the distance r; each such pair is in
    a clique.
    Parameters: distances d_jl.
    Variables: y_j in {0, 1}, 1 where site j opens (`open`); required sites are fixed at 1, forbidden ones at 0.

    (1) maximise sum_j y_j
    (2) `apart`: sum_{j in k} y_j <= 1 for every clique k

    The distance is attained where the maximum is at least p. A clique of n sites stands for n (n - 1) / 2 rows
    y_j + y_l <= 1 and cuts off the halves that satisfy those.

    Parameters
    ----------
    sites
        Sites as points and sites, `cost` their distances.
    distance
        Least distance, inclusive; may be infinite.

    Returns
    -------
    program
        The model with its rows by name.

    References
    ----------
    .. [1] Kuby (1987). doi:10.1111/j.1538-4632.1987.tb00133.x
    """
    low, high = sites.open_bounds
    model = Formulation("maximise")
    opened = model.variables("open", sites.n_sites, lower=low, upper=high, integer=True)
    model.charge(opened, 1.0)  # (1)
    cliques = _cliques(_neighbours(sites, distance))
    rows = np.repeat(np.arange(len(cliques)), [len(clique) for clique in cliques])
    members = np.array([site for clique in cliques for site in clique], dtype=np.int64)
    model.constrain("apart", [Term(rows, opened.column(members))], len(cliques), upper=1.0)  # (2)
    return model.program()


class _Spread:
    """Distances between sites, largest first, as a question for the bisection."""

    def __init__(self, sites: LocationProblem, p: int, deadline: float) -> None:
        self.sites, self.p, self.deadline = sites, p, deadline
        self.usable = np.flatnonzero(may_open(sites))
        row, column, value = _pairs(sites)
        pairs = self.usable.size * (self.usable.size - 1) // 2
        stored = np.unique(value)[::-1]
        self.values = np.concatenate([[np.inf], stored]) if value.size < pairs else stored
        fixed = np.isin(row, sites.required) & np.isin(column, sites.required)
        self.values = self.values[self.values <= value[fixed].min(initial=np.inf)]
        self.open: Int64 | None = None
        self.searched = False

    def attain(self, at: int) -> int | None:
        """Take required sites, then always the one that rules out fewest of the rest; stop at p."""
        near = _neighbours(self.sites, float(self.values[at]))
        left, chosen = set(near), []

        def take(site: int) -> None:
            chosen.append(site)
            left.discard(site)
            left.difference_update(near[site])

        for site in self.sites.required.tolist():
            take(site)
        while left and len(chosen) < self.p:
            take(min(left, key=lambda site: (len(near[site] & left), site)))
        return self._keep(np.sort(np.array(chosen, dtype=np.int64))) if len(chosen) == self.p else None

    def refute(self, at: int) -> bool:
        """Count groups of mutually near sites, then bound the number of sites by the linear relaxation."""
        if _groups(_neighbours(self.sites, float(self.values[at]))) < self.p:
            return True
        left = self.deadline - time.perf_counter()
        if left <= 0:
            return False
        found = solve(spread_apart(self.sites, float(self.values[at])), relaxed=True, time_limit_s=left)
        if found.termination is Termination.INFEASIBLE:
            return True
        return bool(found.termination is Termination.OPTIMAL and found.objective < self.p - 1e-6)

    def decide(self, at: int) -> int | None:
        """Search for p sites that far apart; stop at the first."""
        self.searched = True
        left = max(0.01, self.deadline - time.perf_counter())
        program = spread_apart(self.sites, float(self.values[at]))
        found = solve(program, time_limit_s=left, target=self.p - 0.5)
        if found.x is not None and round(found.objective) >= self.p:
            return self._keep(self._exactly(np.flatnonzero(found.x > 0.5)))
        ended = found.termination in {Termination.INFEASIBLE, Termination.OPTIMAL}
        return IMPOSSIBLE if ended or found.bound < self.p - 1e-6 else None

    def result(self, possible: int, attained: int, begin: float) -> SitingResult:
        """Return the plan with its least distance measured anew."""
        bound = float(self.values[possible])
        engine = f"bisection, {NAME}" if self.searched else "bisection"
        nobody = np.zeros(0, dtype=np.int64)
        if self.open is None or attained == self.values.size:
            spent = time.perf_counter() - begin
            return SitingResult(nobody, nobody, np.nan, bound, np.inf, "unknown", spent, engine=engine)
        objective = self._least(self.open)
        grid = quantum(self.sites.cost.data)
        # Two infinite values are equal without arithmetic: no pair of the plan is stored.
        is_proven = objective == bound if np.isinf(objective) else proven(objective, bound, grid, maximise=True)
        gap = 0.0 if is_proven else gap_of(objective, bound)
        status: Status = "optimal" if is_proven else "gap"
        return SitingResult(
            self.open, nobody, objective, bound, gap, status, time.perf_counter() - begin, engine=engine
        )

    def _exactly(self, found: Int64) -> Int64:
        """Return p of the sites found, the required ones among them."""
        order = np.argsort(~np.isin(found, self.sites.required), kind="stable")
        return np.sort(found[order[: self.p]])

    def _keep(self, found: Int64) -> int:
        """Remember a plan if it is the best so far; return the number of its own distance."""
        least = self._least(found)
        if self.open is None or least > self._least(self.open):
            self.open = found
        return int(np.flatnonzero(self.values <= least)[0])

    def _least(self, chosen: Int64) -> float:
        row, column, value = _pairs(self.sites)
        both = np.isin(row, chosen) & np.isin(column, chosen)
        return float(value[both].min(initial=np.inf))


def _fault(code: str, **values: Any) -> Fault:
    return fault(Severity.ERROR, code, subject="siting_centre", **values)


def _check_symmetry(sites: LocationProblem) -> None:
    """Raise SitingError naming the sites whose distance depends on the direction."""
    table = sites.cost
    other = table.T.tocsr()
    other.sort_indices()
    same = table.indptr.size == other.indptr.size and np.array_equal(table.indptr, other.indptr)
    same = same and np.array_equal(table.indices, other.indices)
    if same and np.allclose(table.data, other.data, rtol=1e-9, atol=1e-12):
        return
    difference = abs(table - other).tocoo()
    uneven = difference.row[difference.data > 1e-12 + 1e-9 * difference.data.max(initial=0.0)]
    names = tuple(str(name) for name in sites.site_ids[np.unique(uneven)])
    raise SitingError(_fault("not_symmetric", ids=names, count=max(1, len(names))))


def _pairs(sites: LocationProblem) -> tuple[Int64, Int64, Float64]:
    """Return every stored pair of sites that may open once: the two and their distance."""
    usable = may_open(sites)
    table = sites.cost.tocoo()
    kept = (table.row < table.col) & usable[table.row] & usable[table.col]
    return table.row[kept].astype(np.int64), table.col[kept].astype(np.int64), table.data[kept]


def _neighbours(sites: LocationProblem, distance: float) -> dict[int, set[int]]:
    """Return, of each site that may open, those nearer than a distance."""
    near: dict[int, set[int]] = {site: set() for site in np.flatnonzero(may_open(sites)).tolist()}
    row, column, value = _pairs(sites)
    close = value < distance
    for one, other in zip(row[close].tolist(), column[close].tolist(), strict=True):
        near[one].add(other)
        near[other].add(one)
    return near


def _cliques(near: dict[int, set[int]]) -> list[list[int]]:
    """Return groups of mutually near sites that together hold every near pair."""
    bare = {site: set(others) for site, others in near.items()}
    cliques = []
    for site, others in near.items():
        while bare[site]:
            clique, common = [site], set(others)
            while common:
                fresh = common & bare[site] or common
                chosen = max(fresh, key=lambda other: (len(near[other]), -other))
                clique.append(chosen)
                common &= near[chosen]
            for one in clique:
                bare[one].difference_update(clique)
            cliques.append(sorted(clique))
    return cliques


def _groups(near: dict[int, set[int]]) -> int:
    """Return in how many groups of mutually near sites all sites fit, each joining the first that it may."""
    common: list[set[int]] = []
    for site in sorted(near, key=lambda number: (len(near[number]), number)):
        home = next((place for place, group in enumerate(common) if site in group), None)
        if home is None:
            common.append(set(near[site]))
        else:
            common[home] &= near[site]
    return len(common)
