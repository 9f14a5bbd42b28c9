"""Bind a choice of sites by the rules every model shares: how many, which, how many existing ones, at what cost."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, InfeasibleError, Severity, SitingError
from clinicplan.siting.linear import Block, Formulation, Term
from clinicplan.siting.problem import LocationProblem
from clinicplan.words import fault

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
MONEY_NOISE = 1e-9
"""Sums of costs and demands closer than this share are equal: they were added in floating point."""


def choice_fault(code: str, **values: Any) -> Fault:
    """Make a fault of the vocabulary of choices."""
    return fault(Severity.ERROR, code, subject="siting_choice", **values)


def may_open(problem: LocationProblem) -> Flags:
    """Tell of each site whether it may open."""
    return problem.open_bounds[1] > 0


def count_range(problem: LocationProblem) -> tuple[int, int]:
    """Return the fewest and the most sites that the rules let open; the most is below the fewest where none can."""
    ranges = list(_existing_counts(problem))
    if not ranges:
        return 1, 0
    new = _groups(problem)[1]
    return ranges[0] + new[0].size, ranges[-1] + new[0].size + new[1].size


def least_sum(problem: LocationProblem, values: Float64, p: int | None = None) -> float:
    """Return the least sum of values over all choices that keep the rules; infinite where there is none.

    Parameters
    ----------
    problem
        Sites and their rules.
    values
        Shape (sites): what each open site adds; may be negative.
    p
        Number of sites; None for any number.
    """
    existing, new = _groups(problem)
    of_existing, of_new = (_sums(values, *group) for group in (existing, new))
    best = np.inf
    for count in _existing_counts(problem):
        part = of_existing[count - existing[0].size]
        if p is None:
            best = min(best, float(part + of_new.min()))
        elif 0 <= p - count - new[0].size < of_new.size:
            best = min(best, float(part + of_new[p - count - new[0].size]))
    return best


def check_choice(
    problem: LocationProblem, p: Any = None, budget: float | None = None, *, fewest: int = 1
) -> int | None:
    """Return the number of sites as a whole number once it and the rules hold together.

    Parameters
    ----------
    problem
        Sites and their rules.
    p
        Number of sites, None for any.
    budget
        Most that the sites may cost, None for no limit.
    fewest
        Least number that makes sense for the model.

    Returns
    -------
    p
        The number, None where none was given.

    Raises
    ------
    SitingError
        If p is no whole number, or outside what the rules allow; if the budget is negative or missing.
    InfeasibleError
        If forbidden and required sites leave too few or too many existing ones, or the budget buys no choice.
    """
    faults: list[Fault] = []
    whole = None if p is None else _whole(p, faults)
    if budget is not None and not budget >= 0:
        faults.append(choice_fault("budget_negative", found=budget))
    if faults:
        raise SitingError(*faults)
    least, most = count_range(problem)
    if least > most:
        raise InfeasibleError(_keep_fault(problem))
    if most < fewest and whole is not None:
        raise InfeasibleError(choice_fault("sites_short", most=most, fewest=fewest, forbidden=problem.forbidden.size))
    least = max(least, fewest)
    if whole is not None and not least <= whole <= most:
        raise SitingError(choice_fault("p_range", found=whole, least=least, most=most))
    cheapest = least_sum(problem, problem.site_cost, whole)
    if budget is not None and cheapest > budget * (1 + MONEY_NOISE) + 1e-12:
        raise InfeasibleError(choice_fault("budget_small", found=f"{budget:g}", least=f"{cheapest:g}"))
    return whole


def constrain_choice(
    model: Formulation, opened: Block, problem: LocationProblem, p: int | None = None, budget: float | None = None
) -> None:
    """Add the rules of a choice: `count` (exactly p sites), `budget` (cost of sites), `keep` (existing ones)."""
    if p is not None:
        model.constrain("count", [Term(0, opened.columns)], 1, lower=p, upper=p)
    if budget is not None:
        model.constrain("budget", [Term(0, opened.columns, problem.site_cost)], 1, upper=budget)
    if problem.counts_existing:
        most = np.inf if problem.keep_at_most is None else problem.keep_at_most
        model.constrain("keep", [Term(0, opened.column(problem.existing))], 1, lower=problem.keep_at_least, upper=most)


def complete(problem: LocationProblem, open_sites: Int64, p: int, budget: float | None = None) -> Int64 | None:
    """Return a choice of exactly p sites that holds some others and the cheapest besides, None where rules break."""
    standing = np.zeros(problem.n_sites, dtype=bool)
    standing[problem.existing] = True
    chosen = np.zeros(problem.n_sites, dtype=bool)
    chosen[open_sites] = True
    order = np.argsort(problem.site_cost, kind="stable")
    spare = order[(may_open(problem) & ~chosen)[order]]
    needed = max(0, problem.keep_at_least - int((chosen & standing).sum()))
    chosen[spare[standing[spare]][:needed]] = True
    most = problem.n_sites if problem.keep_at_most is None else problem.keep_at_most
    for site in spare:
        if chosen.sum() >= p:
            break
        if not chosen[site] and (not standing[site] or (chosen & standing).sum() < most):
            chosen[site] = True
    found = np.flatnonzero(chosen)
    return found if keeps_rules(problem, found, p, budget) else None


def keeps_rules(problem: LocationProblem, open_sites: Int64, p: int | None = None, budget: float | None = None) -> bool:
    """Tell whether a choice keeps every rule."""
    chosen = np.zeros(problem.n_sites, dtype=bool)
    chosen[open_sites] = True
    low, high = problem.open_bounds
    kept = int(chosen[problem.existing].sum())
    most = problem.n_sites if problem.keep_at_most is None else problem.keep_at_most
    return bool(
        (chosen >= low).all()
        and (chosen <= high).all()
        and problem.keep_at_least <= kept <= most
        and (p is None or chosen.sum() == p)
        and (budget is None or problem.site_cost[chosen].sum() <= budget * (1 + MONEY_NOISE) + 1e-12)
    )


def _whole(p: Any, faults: list[Fault]) -> int | None:
    try:
        return operator.index(p)
    except TypeError:
        faults.append(choice_fault("p_whole", found=p))
        return None


def _groups(problem: LocationProblem) -> tuple[tuple[Int64, Int64], tuple[Int64, Int64]]:
    """Return (required, free) sites among the existing and among the others."""
    low, high = problem.open_bounds
    standing = np.zeros(problem.n_sites, dtype=bool)
    standing[problem.existing] = True
    free = (low == 0) & (high == 1)
    existing, new = ((np.flatnonzero(kind & (low == 1)), np.flatnonzero(kind & free)) for kind in (standing, ~standing))
    return existing, new


def _existing_counts(problem: LocationProblem) -> Iterator[int]:
    required, free = _groups(problem)[0]
    most = required.size + free.size
    if problem.keep_at_most is not None:
        most = min(most, problem.keep_at_most)
    return iter(range(max(required.size, problem.keep_at_least), most + 1))


def _sums(values: Float64, required: Int64, free: Int64) -> Float64:
    """Return the least sums with 0, 1, 2 ... of the free sites besides the required ones."""
    return float(values[required].sum()) + np.concatenate([[0.0], np.cumsum(np.sort(values[free]))])


def _keep_fault(problem: LocationProblem) -> Fault:
    required, free = _groups(problem)[0]
    if problem.keep_at_least > required.size + free.size:
        gone = np.intersect1d(problem.existing, problem.forbidden)
        return choice_fault(
            "keep_forbidden", ids=_named(problem, gone), least=problem.keep_at_least, left=required.size + free.size
        )
    return choice_fault("keep_required", ids=_named(problem, required), most=problem.keep_at_most)


def _named(problem: LocationProblem, sites: Int64) -> tuple[str, ...]:
    return tuple(str(name) for name in problem.site_ids[sites])
