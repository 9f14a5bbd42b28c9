"""Choose so many of the sites that people have the least way to the nearest, or most people are within a circle."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.siting.engine import Termination, solve
from clinicplan.siting.linear import Block, Formulation, LinearProgram, Term
from clinicplan.siting.problem import proven
from clinicplan.siting.selection import (
    NEVER,
    SelectionQuestion,
    Sets,
    evaluate,
    every_set,
    number_of_sets,
    ranked,
    within_share,
)

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

ENUMERATED: Final = 200_000
"""Up to so many sets are all looked at; beyond that HiGHS chooses."""
MOST_LISTED: Final = 200
"""Near-optimal sets listed at most."""
AFTERWARDS: Final = 0.25
"""Share of the time limit that the solver may take for the next best sets, and as much for what each site is worth."""


@dataclass(frozen=True, eq=False)
class Selection:
    """The best sets of one size.

    Parameters
    ----------
    listed
        The best set, then those within the share asked for.
    n_near
        How many there are within that share, listed or not; at least so many where `complete` is false.
    complete
        Whether every set within the share is known.
    bound
        No set is better; whole units.
    proven
        Whether the bound reaches the best set.
    engine
        What looked for it.
    with_site, without_site
        For each site the best set that has it, that has it not; None where there is none or time ran out.
    """

    listed: Sets
    n_near: int
    complete: bool
    bound: float
    proven: bool
    engine: str
    with_site: tuple[Sets | None, ...] = ()
    without_site: tuple[Sets | None, ...] = ()

    def __repr__(self) -> str:
        return f"Selection({self.listed.sites[0].tolist()}, {self.n_near} near, {self.engine})"


def choose(
    question: SelectionQuestion,
    size: int,
    *,
    near_share: float = 0.0,
    time_limit_s: float = 120.0,
    enumerate_up_to: int = ENUMERATED,
) -> Selection | None:
    """Find the best set of a size, and all that are at most a share worse.

    Where there are few sets all are looked at, so that optimum and list are complete; otherwise HiGHS finds the best,
    then the next by forbidding those found.

    Parameters
    ----------
    question
        Sites and people.
    size
        How many sites.
    near_share
        How much worse listed sets may be, as a share of the best value.
    time_limit_s
        For HiGHS.
    enumerate_up_to
        Number of sets up to which all are looked at.

    Returns
    -------
    selection
        None where no set is lawful, or (for HiGHS) none was found in time.
    """
    if number_of_sets(question, size) <= enumerate_up_to:
        return _among_all(question, size, near_share)
    return _by_solver(question, size, near_share, time_limit_s)


def _among_all(question: SelectionQuestion, size: int, near_share: float) -> Selection | None:
    sets = every_set(question, size)
    if not len(sets):
        return None
    found = ranked(question, evaluate(question, sets))
    near = within_share(question, found, near_share)
    return Selection(
        listed=found.at(np.flatnonzero(near)[:MOST_LISTED]),
        n_near=int(near.sum()),
        complete=True,
        bound=float(found.values(question.goal)[0]),
        proven=True,
        engine="enumeration",
        with_site=tuple(_first(found, found.having(site)) for site in range(question.n_sites)),
        without_site=tuple(_first(found, ~found.having(site)) for site in range(question.n_sites)),
    )


def _first(found: Sets, mask: Flags) -> Sets | None:
    return found.at(np.array([mask.argmax()])) if mask.any() else None


# --- the model --------------------------------------------------------------------------------------------------------


def selection_model(
    question: SelectionQuestion, size: int, *, excluded: Iterable[Int64] = (), bare: bool = False
) -> tuple[LinearProgram, Block]:
    """Write the choice as a mixed-integer program.

    Sets: homes i, sites j, groups g; N(i) the sites that can be the nearest chosen one of home i: the first
    (allowed sites) - size + 1 by time, equal ones too, none farther than the nearest required one.
    Parameters: people w_i, way t_ij (ms, a day where there is none), size k, spacing s (mm), road d_jl (mm),
    least number q_g of a group, circle T (ms).
    Variables: open_j in {0, 1} (chosen); serve_ij in [0, 1] (j serves i); inside_i in [0, 1] (i is within the circle).

    Least way:

        (0) min sum_i sum_{j in N(i)} w_i t_ij serve_ij
        (1) chosen      sum_j open_j = k
        (2) serve       sum_{j in N(i)} serve_ij = 1               for all i
        (3) open_first  serve_ij <= open_j                         for all i, j in N(i)
        (4) spacing     open_j + open_l <= 1                       where d_jl < s
        (5) quota       sum_{j in g} open_j >= q_g                 for all g
        (6) another     sum_{j in S} open_j <= k - 1               for every set S found before

    Most people within: (0') max sum_i w_i inside_i, with (1), (4) to (6), and

        (7) within      inside_i <= sum_{j: t_ij <= T} open_j      for all i

    Parameters
    ----------
    question, size
        Sites, people and how many to choose.
    excluded
        Sets that are not to be found again.
    bare
        Whether only the rules (1), (4), (5), (6) are written, without people.

    Returns
    -------
    program, sites
        The model, and its variables of sites.

    References
    ----------
    .. [1] ReVelle, Swain (1970). Central facilities location. doi:10.1111/j.1538-4632.1970.tb00142.x
    .. [2] Church, ReVelle (1974). The maximal covering location problem. doi:10.1007/BF01942293
    """
    least_way = question.goal == "person_minutes"
    model = Formulation("minimise" if bare or least_way else "maximise")
    sites = model.variables("open", question.n_sites, lower=question.must, upper=~question.must_not, integer=True)
    if not bare and least_way:
        _add_ways(model, question, sites, size)
    elif not bare:
        _add_circle(model, question, sites)
    _add_rules(model, question, sites, size, excluded)
    return model.program(), sites


def _add_rules(
    model: Formulation, question: SelectionQuestion, sites: Block, size: int, excluded: Iterable[Int64]
) -> None:
    model.constrain("chosen", [Term(0, sites.columns)], 1, lower=size, upper=size)
    one, other = np.nonzero(np.triu(question.near))
    if one.size:
        pair = np.arange(one.size)
        model.constrain("spacing", [Term(pair, sites.column(one)), Term(pair, sites.column(other))], one.size, upper=1)
    if question.group is not None and question.group_least.size:
        member = np.flatnonzero(question.group >= 0)
        terms = [Term(question.group[member], sites.column(member))]
        model.constrain("quota", terms, question.group_least.size, lower=question.group_least)
    found = list(excluded)
    if found:
        rows = np.repeat(np.arange(len(found)), size)
        model.constrain("another", [Term(rows, sites.column(np.concatenate(found)))], len(found), upper=size - 1)


def _add_ways(model: Formulation, question: SelectionQuestion, sites: Block, size: int) -> None:
    home, site = np.nonzero(_may_be_nearest(question, size))
    serve = model.variables("serve", home.size)
    arc = np.arange(home.size)
    model.charge(serve, question.people[home] * question.cost_ms[home, site])
    model.constrain("serve", [Term(home, serve.columns)], question.people.size, lower=1, upper=1)
    model.constrain("open_first", [Term(arc, serve.columns), Term(arc, sites.column(site), -1.0)], home.size, upper=0)


def _may_be_nearest(question: SelectionQuestion, size: int) -> Flags:
    """Tell which sites can be the nearest chosen one of a home, by the two rules of the model's N(i)."""
    cost = np.where(question.must_not, NEVER, question.cost_ms)
    last = min(int((~question.must_not).sum()) - size, question.n_sites - 1)
    farthest = np.sort(cost, axis=1)[:, max(last, 0)]
    if question.must.any():
        farthest = np.minimum(farthest, cost[:, question.must].min(axis=1))
    flags: Flags = (cost <= farthest[:, None]) & (cost < NEVER)
    return flags


def _add_circle(model: Formulation, question: SelectionQuestion, sites: Block) -> None:
    inside = model.variables("inside", question.people.size)
    home, site = np.nonzero(question.cost_ms <= question.circle_ms)
    model.charge(inside, question.people)
    terms = [Term(np.arange(question.people.size), inside.columns), Term(home, sites.column(site), -1.0)]
    model.constrain("within", terms, question.people.size, upper=0)


# --- by solver --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Found:
    """One answer of the solver: the set with its values, the bound, and whether there is certainly none better."""

    best: Sets | None
    bound: float
    proven: bool
    infeasible: bool


def _by_solver(question: SelectionQuestion, size: int, share: float, time_limit_s: float) -> Selection | None:
    first = _solved(question, size, (), time.perf_counter() + time_limit_s)
    if first.best is None:
        return None
    deadline = time.perf_counter() + time_limit_s * AFTERWARDS
    found, complete = [first.best], False
    while len(found) < MOST_LISTED and time.perf_counter() < deadline:
        other = _solved(question, size, [item.sites[0] for item in found], deadline)
        if other.best is None:
            complete = other.infeasible
            break
        if not within_share(question, _joined([first.best, other.best]), share)[1]:
            complete = other.proven
            break
        found.append(other.best)
    listed = ranked(question, _joined(found))
    deadline = time.perf_counter() + time_limit_s * AFTERWARDS
    without = _pinned(question, size, listed, deadline, inside=False)
    return Selection(
        listed,
        len(listed),
        complete and first.proven,
        first.bound,
        proven=first.proven,
        engine="HiGHS",
        with_site=_pinned(question, size, listed, deadline, inside=True),
        without_site=without,
    )


def _pinned(
    question: SelectionQuestion, size: int, listed: Sets, deadline: float, *, inside: bool
) -> tuple[Sets | None, ...]:
    """Return for each site the best set with it, or without it: solved anew where the best set does not tell."""
    found: list[Sets | None] = []
    for site in range(question.n_sites):
        first = listed.at(slice(0, 1))
        if bool(first.having(site)[0]) is inside:
            found.append(first)
            continue
        pin = np.arange(question.n_sites) == site
        asked = replace(
            question, **({"required": question.must | pin} if inside else {"forbidden": question.must_not | pin})
        )
        lawful = not (asked.must & asked.must_not).any() and time.perf_counter() < deadline
        answer = _solved(asked, size, (), deadline) if lawful else None
        found.append(answer.best if answer is not None and answer.proven else None)
    return tuple(found)


def _joined(parts: list[Sets]) -> Sets:
    return Sets(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("sites", "person_ms", "people_within"))
    )


def _solved(question: SelectionQuestion, size: int, excluded: Iterable[Int64], deadline: float) -> _Found:
    program, sites = selection_model(question, size, excluded=excluded)
    answer = solve(program, time_limit_s=deadline - time.perf_counter())
    infeasible = answer.termination is Termination.INFEASIBLE
    if answer.x is None:
        return _Found(None, answer.bound, proven=False, infeasible=infeasible)
    best = evaluate(question, np.flatnonzero(sites.of(answer.x) > 0.5)[None, :])
    value = float(best.values(question.goal)[0])
    maximise = program.sense == "maximise"
    bound = max(answer.bound, value) if maximise else min(answer.bound, value)
    return _Found(best, bound, proven(value, bound, 1.0, maximise=maximise), infeasible)


# --- what would be lawful ---------------------------------------------------------------------------------------------


def is_possible(question: SelectionQuestion, size: int, *, enumerate_up_to: int = ENUMERATED) -> bool:
    """Tell whether any set of a size is lawful."""
    n_sets = number_of_sets(question, size)
    if n_sets <= enumerate_up_to:
        return len(every_set(question, size)) > 0
    return solve(selection_model(question, size, bare=True)[0]).x is not None


def largest_spacing(
    question: SelectionQuestion, size: int, *, enumerate_up_to: int = ENUMERATED
) -> tuple[int, Int64] | None:
    """Return the largest spacing, millimetres, under which a set of a size is lawful, and the first such set.

    Parameters
    ----------
    question, size
        Sites and how many to choose; the question's own spacing is not looked at.
    enumerate_up_to
        Number of sets up to which all are looked at; beyond that the spacing is found by bisection over distances.

    Returns
    -------
    spacing
        None where even without any spacing no set is lawful; `NEVER` where no two sites of the set are joined.
    """
    if number_of_sets(question, size) <= enumerate_up_to:
        sets = every_set(question, size, spaced=False)
        if not len(sets):
            return None
        least = np.full(len(sets), NEVER)
        for one, other in combinations(range(size), 2):
            np.minimum(least, question.apart[sets[:, one], sets[:, other]], out=least)
        best = int(least.argmax())
        return int(least[best]), sets[best]
    steps = np.unique(np.append(question.apart[np.triu_indices(question.n_sites, 1)], [0, NEVER])).tolist()
    low, high, chosen = -1, len(steps), None
    while high - low > 1:
        middle = (low + high) // 2
        program, sites = selection_model(replace(question, spacing_mm=steps[middle]), size, bare=True)
        x = solve(program).x
        if x is None:
            high = middle
        else:
            low, chosen = middle, np.flatnonzero(sites.of(x) > 0.5)
    return None if chosen is None else (steps[low], chosen)
