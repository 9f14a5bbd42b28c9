"""Reckon who lives within a circle, and how many could if every unknown were bad, or good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, flags3
from clinicplan.standard import Standard

if TYPE_CHECKING:
    from clinicplan.coverage.circles import VillageTrips
    from clinicplan.policy.register import CountyRegister

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CircleFigures:
    """Who of some villages lives within a circle around facilities of some tiers, under one mode.

    Villages set aside could be inside or outside; facilities of unknown operation could be there or not; those without
    coordinates could at best cover every village of their township (of the county, where that is unknown); an unknown
    population could be any.

    Parameters
    ----------
    county
        The county.
    works
        Shape (facilities): which facilities count, as `CountyRegister.serving` gives it.
    mode, standard
        The circle.
    villages
        Shape (villages): those that are asked about.
    """

    county: CountyRegister
    works: Flags3
    mode: str
    standard: Standard
    villages: Flags

    @cached_property
    def trips(self) -> VillageTrips:
        """Trips to the nearest facility that certainly counts and has a place."""
        return self.county.journeys.nearest((self.works == TRUE) & self._placed, self.mode, self.standard)

    @cached_property
    def best_trips(self) -> VillageTrips:
        """Trips to the nearest facility that counts, or may."""
        return self.county.journeys.nearest((self.works != FALSE) & self._placed, self.mode, self.standard)

    @property
    def assessed(self) -> Flags:
        """Shape (villages): asked about and not set aside."""
        return self.villages & ~self.pending

    @property
    def pending(self) -> Flags:
        """Shape (villages): asked about and set aside."""
        flags: Flags = self.villages & self.county.journeys.set_aside
        return flags

    @cached_property
    def within(self) -> Flags3:
        """Shape (villages): whether every home is within the circle; unknown where that is open."""
        sure, best = self.trips.within, self.best_trips.within | self._within_unplaced
        return flags3(sure & ~self._wayless, (sure != best) | self._wayless)

    @property
    def doubtful_facilities(self) -> Flags:
        """Shape (facilities): those whose operation or place is unknown."""
        flags: Flags = (self.works != FALSE) & ((self.works == UNKNOWN) | ~self._placed)
        return flags

    @property
    def unplaced(self) -> Flags:
        """Shape (facilities): those that count, or may, and have no place."""
        flags: Flags = (self.works != FALSE) & ~self._placed
        return flags

    @property
    def people(self) -> tuple[int, int]:
        """People certainly inside, of the people of villages assessed."""
        value = self.county.population.value
        return int(self.trips.people_within[self.assessed].sum()), int(value[self.assessed].sum())

    @cached_property
    def people_range(self) -> tuple[Fraction, Fraction] | None:
        """Lowest and highest share of people inside; None where nobody lives there."""
        inside, assessed = self.people
        people, known = self.county.population
        pending = int(people[self.pending].sum())
        most = int(np.where(self._within_unplaced, people, self.best_trips.people_within)[self.assessed].sum())
        low, high = _share(inside, assessed + pending, 1), _share(most + pending, assessed + pending, 0)
        nameless = self.villages & ~known
        if not nameless.any():
            return None if assessed + pending == 0 else (low, high)
        # Any number of people could live there: nearly all people of the county, inside or outside.
        outside = (nameless & (self.within != TRUE)).any()
        inside_too = (nameless & ((self.within != FALSE) | self._scattered)).any()
        return Fraction(0) if outside else low, Fraction(1) if inside_too else high

    @property
    def villages_range(self) -> tuple[Fraction, Fraction]:
        """Lowest and highest share of villages inside, those set aside counted in."""
        sure = int((self.assessed & (self.within == TRUE)).sum())
        most = int((self.assessed & (self.within != FALSE)).sum() + self.pending.sum())
        return _share(sure, int(self.villages.sum()), 1), _share(most, int(self.villages.sum()), 0)

    @cached_property
    def _placed(self) -> Flags:
        flags: Flags = ~self.county.facilities.geometry.isna().to_numpy()
        return flags

    @property
    def _wayless(self) -> Flags:
        return self.county.wayless

    @cached_property
    def _within_unplaced(self) -> Flags:
        """Shape (villages): those that a facility without a place could cover."""
        townships = set(self.county.facilities["township"].astype(str)[self.unplaced])
        own = self.county.villages["township"].astype(str)
        if not townships:
            return np.zeros(len(own), dtype=bool)
        if "" in townships or townships - set(own):
            return np.ones(len(own), dtype=bool)
        flags: Flags = own.isin(townships | {""}).to_numpy(dtype=bool)
        return flags

    @property
    def _scattered(self) -> Flags:
        """Shape (villages): whether homes of a village differ, so that some may be inside though not all are."""
        flags: Flags = self.best_trips.time_ms != self.best_trips.worst_ms
        return flags


def circle_figures(
    county: CountyRegister, tiers: Iterable[str], mode: str, standard: Standard, villages: Flags
) -> CircleFigures:
    """Return who lives within a circle around the facilities that serve as some tiers."""
    return CircleFigures(county, county.serving(tiers), mode, standard, villages)


def _share(part: int, whole: int, of_nothing: int) -> Fraction:
    return Fraction(part, whole) if whole else Fraction(of_nothing)
