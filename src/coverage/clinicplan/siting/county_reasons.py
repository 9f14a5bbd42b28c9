"""Say of every site of a location model's plan what happens without it, and what the next best choice would cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.siting.county_obstacles import circle_text, site_names
from clinicplan.siting.merge.ground import SitingGround, covers
from clinicplan.standard import MM_PER_M, MS_PER_MIN, UNREACHED, printed_minutes
from clinicplan.words import phrase

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]
Reason = Callable[[int], Phrase]

MM_PER_KM: Final = MM_PER_M * 1000


@dataclass(frozen=True, eq=False)
class Chosen:
    """A choice of sites, and whom each serves.

    Parameters
    ----------
    opened
        Numbers of the sites that open.
    spare
        Numbers of the sites that may open and do not.
    listed, host
        Shape (listed villages): rows of the planned villages, and the site that serves each, -1 where none.
    """

    opened: Int64
    spare: Int64
    listed: Int64
    host: Int64

    def people_of(self, ground: SitingGround, site: int) -> tuple[int, int]:
        """Return how many villages and people a site serves."""
        rows = self.listed[self.host == site]
        return rows.size, int(ground.people[rows].sum())


def cover_reasons(ground: SitingGround, chosen: Chosen, times: int) -> Reason:
    """Count who leaves the circle without a site; the next best is the site that keeps most of them in it.

    Parameters
    ----------
    ground, chosen
        The county and the choice.
    times
        How many sites each home needs.
    """
    from scipy.sparse import csc_matrix

    home, site = covers(ground)
    asked = np.isin(ground.home_village[home], chosen.listed)
    shape = (ground.homes.size, ground.point.size)
    reach = csc_matrix((np.ones(int(asked.sum())), (home[asked], site[asked])), shape=shape)
    count = np.asarray(reach[:, chosen.opened].sum(axis=1)).ravel()
    names, circle = site_names(ground), circle_text(ground)

    def reason(number: int) -> Phrase:
        mine = reach.indices[reach.indptr[number] : reach.indptr[number + 1]]
        lost = mine[count[mine] <= times]
        people, villages = int(ground.home_people[lost].sum()), np.unique(ground.home_village[lost]).size
        values = {"villages": villages, "people": f"{people:,}", "circle": circle, "times": times}
        loss = phrase("siting_county.loss.outside" if times == 1 else "siting_county.loss.times", **values)
        if not lost.size:
            return _told(phrase("siting_county.loss.nothing", circle=circle), phrase("siting_county.next.needless"))
        kept = np.asarray(reach[lost][:, chosen.spare].T @ ground.home_people[lost]).ravel()
        if not chosen.spare.size or kept.max() == 0:
            return _told(loss, phrase("siting_county.next.none"))
        best = int(kept.argmax())
        other, left = str(names[chosen.spare[best]]), people - int(kept[best])
        key = "cover" if left else "same"
        return _told(loss, phrase(f"siting_county.next.{key}", other=other, people=f"{left:,}", circle=circle))

    return reason


def median_reasons(ground: SitingGround, chosen: Chosen, person_ms: Int64) -> Reason:
    """Add up the person-time that a site saves; the next best is the one site whose place costs least.

    Parameters
    ----------
    ground, chosen
        The county and the choice.
    person_ms
        Shape (villages, sites): people times way, -1 without a way.
    """
    table, first, second = _two_nearest(chosen, person_ms)
    names = site_names(ground)
    total = first.sum()

    def reason(number: int) -> Phrase:
        mine = chosen.host == number
        without = np.where(mine, second, first)
        villages, people = chosen.people_of(ground, number)
        values = {"villages": villages, "people": f"{people:,}"}
        more = without.sum() - total
        if np.isfinite(more):
            loss = phrase("siting_county.loss.farther", more=_person_minutes(more), **values)
        else:
            loss = phrase("siting_county.loss.cut_off", **values)
        return _told(loss, _swap(without, table, chosen, names, lambda value: value.sum(axis=0) - total))

    return reason


def centre_reasons(ground: SitingGround, chosen: Chosen, mean_ms: Int64) -> Reason:
    """Say how long the longest way becomes without a site, and with the best other in its place.

    Parameters
    ----------
    ground, chosen
        The county and the choice.
    mean_ms
        Shape (villages, sites): mean way, -1 without a way.
    """
    table, first, second = _two_nearest(chosen, mean_ms)
    names = site_names(ground)

    def reason(number: int) -> Phrase:
        without = np.where(chosen.host == number, second, first)
        villages, people = chosen.people_of(ground, number)
        values = {"villages": villages, "people": f"{people:,}"}
        longest = without.max(initial=0.0)
        if not np.isfinite(longest):
            loss = phrase("siting_county.loss.cut_off", **values)
        else:
            loss = phrase("siting_county.loss.longest", minutes=_minutes(ground, int(longest)), **values)
        if not chosen.spare.size:
            return _told(loss, phrase("siting_county.next.none"))
        swapped = np.minimum(without[:, None], table[:, chosen.spare]).max(axis=0, initial=0.0)
        best = int(swapped.argmin())
        if not np.isfinite(swapped[best]):
            return _told(loss, phrase("siting_county.next.none"))
        minutes, other = _minutes(ground, int(swapped[best])), str(names[chosen.spare[best]])
        return _told(loss, phrase("siting_county.next.longest", other=other, minutes=minutes))

    return reason


def spacing_reasons(ground: SitingGround, chosen: Chosen, apart_mm: Float64) -> Reason:
    """Say how far the nearest other chosen site stands, and the least distance with the best other in its place.

    Parameters
    ----------
    ground, chosen
        The county and the choice.
    apart_mm
        Shape (sites, sites): road between sites, infinite without one.
    """
    names = site_names(ground)

    def reason(number: int) -> Phrase:
        others = chosen.opened[chosen.opened != number]
        if not others.size:
            return phrase("siting_county.loss.only")
        near = int(others[apart_mm[number, others].argmin()])
        loss = phrase("siting_county.loss.apart", other=str(names[near]), km=_km(apart_mm[number, near]))
        if not np.isfinite(apart_mm[number, near]):
            loss = phrase("siting_county.loss.apart_no_road")
        if not chosen.spare.size:
            return _told(loss, phrase("siting_county.next.none"))
        among = apart_mm[np.ix_(others, others)][np.triu_indices(others.size, 1)].min(initial=np.inf)
        swapped = np.minimum(apart_mm[np.ix_(chosen.spare, others)].min(axis=1), among)
        best = int(swapped.argmax())
        other = str(names[chosen.spare[best]])
        return _told(loss, phrase("siting_county.next.apart", other=other, km=_km(swapped[best])))

    return reason


def capacity_reasons(
    ground: SitingGround, chosen: Chosen, reach: Flags, person_ms: Int64, capacity: float, price: Price
) -> Reason:
    """Say whom a site serves and what room the others have; the next best takes in all its villages.

    Parameters
    ----------
    ground, chosen
        The county and the choice.
    reach
        Shape (villages, sites): the site may serve the village.
    person_ms
        Shape (villages, sites): people times way, -1 without a way.
    capacity
        People that a site may serve.
    price
        What another site in the place of one costs more, from both and the person-milliseconds more.
    """
    names = site_names(ground)
    served = int(ground.people[chosen.listed[chosen.host >= 0]].sum())

    def reason(number: int) -> Phrase:
        rows = chosen.listed[chosen.host == number]
        people = int(ground.people[rows].sum())
        room = int(capacity * (chosen.opened.size - 1)) - (served - people)
        loss = phrase("siting_county.loss.room", villages=rows.size, people=f"{people:,}", room=f"{max(room, 0):,}")
        able = chosen.spare[reach[np.ix_(rows, chosen.spare)].all(axis=0)]
        if not rows.size or not able.size:
            return _told(loss, phrase("siting_county.next.none"))
        more = price(number, able, (person_ms[np.ix_(rows, able)].sum(axis=0) - person_ms[rows, number].sum()))
        best = int(more.argmin())
        return _told(loss, price.told(str(names[able[best]]), float(more[best])))

    return reason


@dataclass(frozen=True, eq=False)
class Price:
    """What putting one site in the place of another costs.

    Parameters
    ----------
    kind
        `sites` (only their number counts), `person_time`, or `money`.
    yearly_cny
        Shape (sites): what a site costs a year; of `money`.
    person_minute_cny
        What a person-minute is worth; of `money`.
    """

    kind: str
    yearly_cny: Float64 | None = None
    person_minute_cny: float = 0.0

    def __call__(self, site: int, others: Int64, more_ms: Int64) -> Float64:
        """Return the price of each other site: yuan a year, else person-milliseconds."""
        if self.yearly_cny is None:
            return more_ms.astype(float)
        money: Float64 = self.yearly_cny[others] - self.yearly_cny[site]
        return money + more_ms / MS_PER_MIN * self.person_minute_cny

    def told(self, other: str, more: float) -> Phrase:
        """Say the price of one other site."""
        if self.kind == "money":
            key = "money" if more >= 0 else "money_better"
            return phrase(f"siting_county.next.{key}", other=other, more=f"{abs(more):,.0f}")
        if self.kind == "sites":
            key = "same_number" if more >= 0 else "same_number_nearer"
            return phrase(f"siting_county.next.{key}", other=other, more=_person_minutes(abs(more)))
        return _dearer(other, more)


def left_out_reason(ground: SitingGround, chosen: Chosen, mean_ms: Callable[[int, int], int]) -> Reason:
    """Say who serves the village of a clinic that is not among the chosen.

    Parameters
    ----------
    ground, chosen
        The county and the choice.
    mean_ms
        Mean way of a village to a site.
    """
    names = site_names(ground)
    place = {int(row): at for at, row in enumerate(chosen.listed.tolist())}

    def reason(number: int) -> Phrase:
        village = int(ground.sites.village[number])
        if village not in place:
            return phrase("siting_county.why.covered_anyway")
        host = int(chosen.host[place[village]])
        if host < 0:
            return phrase("siting_county.why.without_host")
        minutes = _minutes(ground, mean_ms(village, host))
        return phrase("siting_county.why.not_chosen", host=str(names[host]), minutes=minutes)

    return reason


def _two_nearest(chosen: Chosen, cost: Int64) -> tuple[Float64, Float64, Float64]:
    """Return costs of the listed villages (infinite without a way), their least over the open sites, and the next."""
    table = np.where(cost == UNREACHED, np.inf, cost.astype(float))[chosen.listed]
    order = np.sort(np.c_[table[:, chosen.opened], np.full((table.shape[0], 2), np.inf)], axis=1)
    return table, np.where(chosen.host < 0, 0.0, order[:, 0]), np.where(chosen.host < 0, 0.0, order[:, 1])


def _swap(
    without: Float64, table: Float64, chosen: Chosen, names: NDArray[np.object_], value: Callable[[Float64], Float64]
) -> Phrase:
    if not chosen.spare.size:
        return phrase("siting_county.next.none")
    more = value(np.minimum(without[:, None], table[:, chosen.spare]))
    best = int(more.argmin())
    if not np.isfinite(more[best]):
        return phrase("siting_county.next.none")
    return _dearer(str(names[chosen.spare[best]]), float(more[best]))


def _dearer(other: str, more_ms: float) -> Phrase:
    key = "person_time" if more_ms >= 0 else "person_time_better"
    return phrase(f"siting_county.next.{key}", other=other, more=_person_minutes(abs(more_ms)))


def _told(loss: Phrase, other: Phrase) -> Phrase:
    return phrase("siting_county.why.chosen", loss=loss, other=other)


def _person_minutes(value_ms: float) -> str:
    return f"{value_ms / MS_PER_MIN:,.0f}"


def _minutes(ground: SitingGround, time_ms: int) -> str:
    standard = ground.circles.rule.standard
    return f"{float(printed_minutes([time_ms], standard.limit_ms, standard.bands_ms)[0]):g}"


def _km(value_mm: float) -> Phrase:
    if not np.isfinite(value_mm):
        return phrase("siting_county.no_road")
    return phrase("siting_county.km", value=f"{value_mm / MM_PER_KM:,.2f}")
