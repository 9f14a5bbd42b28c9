"""State the question of the merge-and-add model as arrays: villages, sites, who may share what, what covers whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.object_]

FEN: Final = 100
"""Fen in a yuan."""
NO_LIMIT: Final = -1
"""Stands for a limit that is not set."""


@dataclass(frozen=True)
class Money:
    """What sites and doctors cost, whole fen.

    Parameters
    ----------
    upgrade, service_point
        One-off.
    run, doctor
        Per year, of a clinic and of a doctor.
    life_years
        Years that one-off money is spread over.
    """

    upgrade: int
    service_point: int
    run: int
    doctor: int
    life_years: float

    def per_year(self, one_off_fen: int) -> int:
        """Return one-off money as yearly money, rounded half up to whole fen."""
        return int(np.floor(one_off_fen / self.life_years + 0.5))


@dataclass(frozen=True)
class Limits:
    """What binds the county as a whole; `NO_LIMIT` where nothing does.

    Parameters
    ----------
    build_fen, running_fen
        One-off money, and yearly money of clinics and doctors.
    doctors_least, doctors_most
        Doctors of all clinics together.
    changes
        Clinics built, upgraded, converted or closed.
    people_outside
        People who may be left outside the circle.
    guests
        Villages that one clinic may take in.
    """

    build_fen: int = NO_LIMIT
    running_fen: int = NO_LIMIT
    doctors_least: int = 0
    doctors_most: int = NO_LIMIT
    changes: int = NO_LIMIT
    people_outside: int = NO_LIMIT
    guests: int = 3

    @property
    def couples(self) -> bool:
        """Whether any limit may leave a village without what it could have by itself."""
        return any(value != NO_LIMIT for value in (self.build_fen, self.running_fen, self.doctors_most, self.changes))


@dataclass(frozen=True, eq=False)
class MergeQuestion:
    """Everything that the model needs; rows of villages, sites, arcs and homes.

    Parameters
    ----------
    village_ids, people, township
        Shape (villages): the ordinary villages that could be assessed.
    has_clinic
        Shape (villages): a clinic in operation stands there today.
    outreach
        Shape (villages): an arrangement without a clinic may stand for one.
    seat_id, seat_person_ms
        Shape (villages): township hospital in the village, empty where none may stand for a clinic; person-ms to it.
    site_ids, site_village
        Shape (sites): the id and village of each place where a clinic stands or may stand.
    facility_id
        Shape (sites): what stands there today, in operation or not; empty where nothing does.
    stands, central
        Shape (sites): a clinic in operation today; a central clinic.
    open_least, open_most
        Shape (sites): bounds of its being open: required, forbidden, locked.
    host_least, host_most
        Shape (sites): bounds of its being a host.
    build_fen
        Shape (sites): one-off money of opening it, 0 where it stands.
    own_person_ms
        Shape (sites): person-ms of its village's people to it.
    arc_village, arc_site, arc_person_ms
        Shape (arcs): lawful pairs of a village and another village's site.
    home_village, home_people
        Shape (homes): where people live whom no other facility covers.
    cover_home, cover_site
        Shape (covers): sites within the standard of such a home.
    covers_open
        Shape (sites): covers as any clinic; otherwise as a host (central clinic) only.
    uncoverable_people
        People whom neither any site nor another facility covers.
    near_village, near_site
        Shape (near): sites within the minutes that a village may lose.
    near_needed
        Shape (villages): nothing else is that near, so that one of these sites must open.
    baseline_open
        Shape (sites): open in the plan that this one shall resemble; None without one.
    township_least
        Least number of clinics by township.
    money, limits
        Costs and county-wide limits.
    allow_close
        Clinics that are not needed may close.
    complete
        No village may be left without an arrangement.
    outreach_kind
        The arrangement that `outreach` stands for, empty without one.
    point_for_outreach
        Whether that arrangement needs a service point.
    """

    village_ids: Names
    people: Int64
    township: Names
    has_clinic: Flags
    outreach: Flags
    seat_id: Names
    seat_person_ms: Int64
    site_ids: Names
    site_village: Int64
    facility_id: Names
    stands: Flags
    central: Flags
    open_least: Flags
    open_most: Flags
    host_least: Flags
    host_most: Flags
    build_fen: Int64
    own_person_ms: Int64
    arc_village: Int64
    arc_site: Int64
    arc_person_ms: Int64
    home_village: Int64
    home_people: Int64
    cover_home: Int64
    cover_site: Int64
    covers_open: Flags
    uncoverable_people: int
    near_village: Int64
    near_site: Int64
    near_needed: Flags
    money: Money
    limits: Limits
    baseline_open: Flags | None = None
    township_least: dict[str, int] = field(default_factory=dict)
    allow_close: bool = False
    complete: bool = False
    outreach_kind: str = ""
    point_for_outreach: bool = False

    def __repr__(self) -> str:
        return f"MergeQuestion({self.n_villages} villages, {self.n_sites} sites, {self.arc_village.size} arcs)"

    @property
    def n_villages(self) -> int:
        """Number of villages."""
        return int(self.people.size)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return int(self.site_village.size)

    @property
    def n_homes(self) -> int:
        """Number of homes that only sites may cover."""
        return int(self.home_people.size)

    @property
    def seat(self) -> Flags:
        """Shape (villages): the township hospital may stand for a clinic."""
        return np.asarray(self.seat_id != "", dtype=bool)
