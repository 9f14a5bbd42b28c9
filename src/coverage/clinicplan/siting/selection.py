"""Hold sites of which some are to be chosen, the people who are to reach them, and what each set achieves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from math import comb
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from clinicplan.standard import MS_PER_MIN, UNREACHED

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Goal = Literal["person_minutes", "people_within"]

NO_WAY_MS: Final = 24 * 60 * MS_PER_MIN
"""A home without a way to any chosen site counts with a day's way, so that a set that leaves it out is never better."""
ENTRIES_AT_ONCE: Final = 4_000_000
NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class SelectionQuestion:
    """Sites of which some are to be chosen, and the people who are to reach the nearest.

    Parameters
    ----------
    site_ids
        Shape (sites): ids, ascending; of equal sets that with the smaller ids comes first.
    people
        Shape (homes): residents.
    time_ms
        Shape (homes, sites): way from each home to each site, milliseconds, `UNREACHED` where there is none.
    apart_mm
        Shape (sites, sites): road between sites, millimetres, `UNREACHED` where no road joins them, and then they are
        never too near; None where no spacing is asked.
    spacing_mm
        Least road between two chosen sites, inclusive.
    required, forbidden
        Shape (sites): must, must not be chosen; default none.
    group, group_least
        Shape (sites): number of the group (township) of each site, -1 for none; shape (groups): how many of each
        group at least.
    goal
        `person_minutes`: least sum over people of the way to the nearest chosen site. `people_within`: most people
        within `limit_ms` of one.
    limit_ms
        The circle, inclusive.
    """

    site_ids: NDArray[np.object_]
    people: Int64
    time_ms: Int64
    apart_mm: Int64 | None = None
    spacing_mm: int = 0
    required: Flags | None = None
    forbidden: Flags | None = None
    group: Int64 | None = None
    group_least: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    goal: Goal = "person_minutes"
    limit_ms: int = 30 * MS_PER_MIN

    def __repr__(self) -> str:
        return f"SelectionQuestion({self.n_sites} sites, {self.people.size} homes, {self.goal})"

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.site_ids)

    @property
    def must(self) -> Flags:
        """Shape (sites): must be chosen."""
        return np.zeros(self.n_sites, dtype=bool) if self.required is None else self.required

    @property
    def must_not(self) -> Flags:
        """Shape (sites): must not be chosen."""
        return np.zeros(self.n_sites, dtype=bool) if self.forbidden is None else self.forbidden

    @property
    def free(self) -> Int64:
        """Sites that may be chosen and need not."""
        return np.flatnonzero(~self.must & ~self.must_not)

    @property
    def apart(self) -> Int64:
        """Shape (sites, sites): road between sites, `NEVER` too near where unknown or not asked."""
        if self.apart_mm is None:
            return np.full((self.n_sites, self.n_sites), NEVER)
        return np.where(self.apart_mm == UNREACHED, NEVER, self.apart_mm)

    @property
    def near(self) -> Flags:
        """Shape (sites, sites): too near to be chosen together."""
        flags: Flags = (self.apart < self.spacing_mm) & ~np.eye(self.n_sites, dtype=bool)
        return flags

    @property
    def cost_ms(self) -> Int64:
        """Shape (homes, sites): the way, a day where there is none."""
        return np.where(self.time_ms == UNREACHED, NO_WAY_MS, np.minimum(self.time_ms, NO_WAY_MS))

    @property
    def circle_ms(self) -> int:
        """The circle; a way that does not exist is never within."""
        return min(self.limit_ms, NO_WAY_MS - 1)

    def only(self, sites: Flags) -> SelectionQuestion:
        """Return the question about some of the sites alone."""
        rows = np.flatnonzero(sites)
        return replace(
            self,
            site_ids=self.site_ids[rows],
            time_ms=self.time_ms[:, rows],
            apart_mm=None if self.apart_mm is None else self.apart_mm[np.ix_(rows, rows)],
            required=self.must[rows],
            forbidden=self.must_not[rows],
            group=None if self.group is None else self.group[rows],
        )


@dataclass(frozen=True, eq=False)
class Sets:
    """Sets of sites with what they achieve, best first.

    Parameters
    ----------
    sites
        Shape (sets, size): sites of each, ascending.
    person_ms
        Shape (sets): sum over people of the way to the nearest, milliseconds.
    people_within
        Shape (sets): people within the circle of one.
    """

    sites: Int64
    person_ms: Int64
    people_within: Int64

    def __len__(self) -> int:
        return len(self.sites)

    def at(self, rows: Int64 | Flags | slice) -> Sets:
        """Return some of the sets."""
        return Sets(self.sites[rows], self.person_ms[rows], self.people_within[rows])

    def values(self, goal: Goal) -> Int64:
        """Return what is optimised: person-milliseconds, or people within."""
        return self.person_ms if goal == "person_minutes" else self.people_within

    def having(self, site: int) -> Flags:
        """Tell which sets have a site."""
        flags: Flags = (self.sites == site).any(axis=1)
        return flags


def number_of_sets(question: SelectionQuestion, size: int) -> int:
    """Return how many sets of a size there are, lawful or not.

    Examples
    --------
    >>> import numpy as np
    >>> ids = np.array(list("abcde"), dtype=object)
    >>> number_of_sets(SelectionQuestion(ids, np.zeros(1, int), np.zeros((1, 5), int)), 2)
    10
    """
    more = size - int(question.must.sum())
    return comb(question.free.size, more) if more >= 0 and not (question.must & question.must_not).any() else 0


def every_set(question: SelectionQuestion, size: int, *, spaced: bool = True) -> Int64:
    """Return all lawful sets of a size, shape (sets, size); without `spaced` those too near as well."""
    n_sets = number_of_sets(question, size)
    if not n_sets:
        return np.zeros((0, size), dtype=np.int64)
    must = np.flatnonzero(question.must)
    more = size - must.size
    flat = chain.from_iterable(combinations(question.free.tolist(), more))
    added = np.fromiter(flat, dtype=np.int64, count=n_sets * more).reshape(n_sets, more)
    sets = np.sort(np.hstack([np.tile(must, (n_sets, 1)), added]), axis=1)
    return sets[_lawful(question, sets, spaced=spaced)]


def _lawful(question: SelectionQuestion, sets: Int64, *, spaced: bool) -> Flags:
    good = np.ones(len(sets), dtype=bool)
    if spaced and question.spacing_mm:
        near = question.near
        for one, other in combinations(range(sets.shape[1]), 2):
            good &= ~near[sets[:, one], sets[:, other]]
    if question.group is not None:
        for number, least in enumerate(question.group_least.tolist()):
            good &= (question.group[sets] == number).sum(axis=1) >= least
    return good


def evaluate(question: SelectionQuestion, sets: Int64) -> Sets:
    """Return what sets achieve, in the order given; whole person-milliseconds and people.

    Examples
    --------
    >>> import numpy as np
    >>> ids = np.array(["a", "b"], dtype=object)
    >>> question = SelectionQuestion(ids, np.array([3, 5]), np.array([[60_000, 0], [1_800_000, 2_400_000]]))
    >>> evaluate(question, np.array([[0], [1], ])).person_ms.tolist()
    [9180000, 12000000]
    """
    by_site = np.ascontiguousarray(question.cost_ms.T)
    person, within = (np.zeros(len(sets), dtype=np.int64) for _ in range(2))
    step = max(1, ENTRIES_AT_ONCE // max(1, question.people.size))
    for start in range(0, len(sets), step):
        part = slice(start, start + step)
        way = np.full((len(sets[part]), question.people.size), NO_WAY_MS)
        for column in sets[part].T:
            np.minimum(way, by_site[column], out=way)
        person[part] = way @ question.people
        within[part] = (way <= question.circle_ms).astype(np.int64) @ question.people
    return Sets(sets, person, within)


def ranked(question: SelectionQuestion, found: Sets) -> Sets:
    """Order sets: by what is optimised, then by the other figure, then by ids."""
    keys = [found.person_ms, -found.people_within]
    if question.goal == "people_within":
        keys.reverse()
    ids = [found.sites[:, at] for at in range(found.sites.shape[1])]
    return found.at(np.lexsort([*ids[::-1], *keys[::-1]]))


def within_share(question: SelectionQuestion, found: Sets, share: float) -> Flags:
    """Tell which sets are at most a share worse than the first."""
    value = found.values(question.goal)
    flags: Flags = np.abs(value - value[0]) <= share * max(int(value[0]), 0)
    return flags
