"""Say how each village is provided for: its own clinic, one it may share, the township hospital in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, any_of
from clinicplan.policy.findings import Measure
from clinicplan.policy.parameters import FixedServicePoint
from clinicplan.policy.places import NOWHERE, facility_places, villages_with
from clinicplan.policy.profile import Profile
from clinicplan.policy.register import CountyRegister
from clinicplan.policy.sharing import Sharing, own_clinics, seats, sharing

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Arrangements:
    """How each village is provided for, three-valued; rows are those of the villages layer.

    Parameters
    ----------
    county
        The county.
    own
        It has a clinic in operation.
    may_share
        The thresholds allow it to share another village's clinic.
    fixed_place
        There is a fixed place of service in it.
    seat
        The township hospital stands in it.
    adjacent, place_needed
        Whether a village that shares must be adjacent, and must keep a fixed place.
    """

    county: CountyRegister = field(repr=False)
    own: Flags3
    may_share: Flags3
    fixed_place: Flags3
    seat: Flags3
    adjacent: bool = False
    place_needed: bool = False

    @property
    def sharing(self) -> Sharing:
        """The pairs behind `may_share`."""
        return sharing(self.county, adjacent=self.adjacent)

    @property
    def shared(self) -> Flags3:
        """Villages that share lawfully, with a fixed place where one is needed."""
        return all_of(self.may_share, self.fixed_place) if self.place_needed else self.may_share

    @property
    def provided(self) -> Flags3:
        """Villages that are provided for in one of the three ways."""
        return any_of(self.own, self.shared, self.seat)

    @property
    def open_by_own(self) -> Flags:
        """Villages that hang on clinics that may be their own, and on nothing else."""
        flags: Flags = (self.own == UNKNOWN) & (self.shared == FALSE) & (self.seat == FALSE)
        return flags

    def kind(self, village: int) -> str:
        """Return how one village is provided for: `own, seat, shared, none`, or `open` where that is not known."""
        for name, flags in (("own", self.own), ("seat", self.seat), ("shared", self.shared)):
            if flags[village] == TRUE:
                return name
        return "open" if self.provided[village] == UNKNOWN else "none"


def arrange(
    county: CountyRegister,
    *,
    shared: bool = True,
    adjacent: bool = False,
    place_needed: bool = False,
    seat: bool = True,
) -> Arrangements:
    """Find how each village is provided for.

    Parameters
    ----------
    county
        The county; its document says what a clinic is and what the institution of a township.
    shared
        Whether a village may share another's clinic at all.
    adjacent
        Whether the document lets only adjacent villages share.
    place_needed
        Whether a village that shares must keep a fixed place of service.
    seat
        Whether the township hospital in the village may stand for a clinic.
    """
    nowhere = np.full(len(county.villages), FALSE, dtype=np.int8)
    return Arrangements(
        county,
        own=own_clinics(county),
        may_share=sharing(county, adjacent=adjacent).shares if shared else nowhere,
        fixed_place=fixed_places(county, fixed_tiers(county.profile)),
        seat=seats(county) if seat else nowhere,
        adjacent=adjacent,
        place_needed=place_needed,
    )


def surely_without(county: CountyRegister, open_villages: Flags) -> int:
    """Return how many of some villages certainly have no clinic of their own, though of none is it known which.

    A clinic whose operation or village is unknown is the own clinic of one village at most.

    Parameters
    ----------
    county
        The county.
    open_villages
        Shape (villages): villages that hang on such clinics and on nothing else.
    """
    places, works = facility_places(county), county.serving(county.profile.clinic_tiers)
    doubtful = np.flatnonzero((works != FALSE) & ((works == UNKNOWN) | (places.village == NOWHERE)))
    helpful = sum(any(open_villages[row] for row in places.candidates(int(clinic))) for clinic in doubtful)
    return max(0, int(open_villages.sum()) - helpful)


def without_surplus(measure: Measure, surplus: int) -> Measure:
    """Return a share whose upper end leaves out units that cannot all be good."""
    if measure.high is None or not measure.of or not surplus:
        return measure
    return replace(measure, high=measure.high - Fraction(surplus, measure.of))


def fixed_tiers(profile: Profile) -> tuple[str, ...]:
    """Return what a document counts as a fixed place of service: what its own clause says, else the default."""
    found = [clause.parameters for clause in profile.clauses if isinstance(clause.parameters, FixedServicePoint)]
    return tuple((found or [FixedServicePoint()])[0].tiers)


def fixed_places(county: CountyRegister, tiers: tuple[str, ...]) -> Flags3:
    """Return which villages hold a fixed place of service. Shape (villages)."""
    return county.recall(("fixed", tiers), lambda: villages_with(county, county.serving(tiers)))
