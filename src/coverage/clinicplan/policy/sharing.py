"""Tell which villages may share which clinic: under the planner's thresholds, and adjacent where that is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, flags3
from clinicplan.policy.journeys import Ways
from clinicplan.policy.places import NOWHERE, facility_places, villages_with
from clinicplan.region import MergeTable
from clinicplan.standard import UNREACHED, milliseconds

if TYPE_CHECKING:
    from clinicplan.policy.register import CountyRegister

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

MM_PER_KM: Final = 1_000_000
TESTS: Final = ("people", "township", "adjacent", "minutes", "km")
"""What a village and a clinic must meet together, in the order in which they are named."""


class Pairs(NamedTuple):
    """Villages and clinics elsewhere: rows of the two layers, and the village of the clinic."""

    village: Int64
    host: Int64
    clinic: Int64


@dataclass(frozen=True, eq=False)
class Sharing:
    """Which villages without a clinic may share which clinic of another village.

    Parameters
    ----------
    village, host, clinic
        Shape (pairs): row of the village, of the village that has the clinic, of the clinic.
    time_ms, length_mm
        Shape (pairs): quickest way and shortest road from the village's farthest home; -1 where there is none, or
        where the pair is out of the question anyway.
    tests
        Shape (pairs) each: whether a threshold is met, by the names of `TESTS`; met where it is not asked.
    host_known
        Shape (pairs): whether the clinic certainly is in operation and in that village.
    lawful
        Shape (pairs): whether the village may share the clinic.
    clinic_order
        Shape (pairs): place of the clinic by its id.
    complete
        Whether the planner's thresholds are enough to say so.
    n_villages
        Rows of the villages layer.
    """

    village: Int64
    host: Int64
    clinic: Int64
    time_ms: Int64
    length_mm: Int64
    tests: dict[str, Flags3]
    host_known: Flags
    lawful: Flags3
    clinic_order: Int64
    complete: bool
    n_villages: int

    @cached_property
    def shares(self) -> Flags3:
        """Shape (villages): whether the village may share some clinic."""
        flags = np.full(self.n_villages, FALSE, dtype=np.int8)
        flags[self.village[self.lawful == UNKNOWN]] = UNKNOWN
        flags[self.village[self.lawful == TRUE]] = TRUE
        return flags

    @cached_property
    def best(self) -> Int64:
        """Shape (villages): the pair shown for a village, -1 where it has none.

        A lawful one, else an open one, else one that misses least; of these the quickest, then the shortest, then the
        clinic of the smaller id.
        """
        missed = np.sum([test == FALSE for test in self.tests.values()], axis=0, dtype=np.int64)
        rank = np.select([self.lawful == TRUE, self.lawful == UNKNOWN], [0, 1], 2 + missed)
        time = np.where(self.time_ms == UNREACHED, np.iinfo(np.int64).max, self.time_ms)
        order = np.lexsort((self.clinic_order, self.length_mm, time, rank, self.village))[::-1]
        pair = np.full(self.n_villages, NOWHERE, dtype=np.int64)
        pair[self.village[order]] = order  # the last assignment wins: the best
        return pair


def sharing(county: CountyRegister, *, adjacent: bool) -> Sharing:
    """Test every village without a certain clinic against the clinics that it could share.

    A village may share a clinic when it has at most so many people, and its farthest home is at most so many minutes
    (region mode) and so many kilometres (shortest road) from it, as far as the region file sets these; both in one
    township and adjacent where that is asked. Without `max_people`, or without both other limits, nothing can be said.

    Parameters
    ----------
    county
        The county; its document says what a clinic is.
    adjacent
        Whether the document lets only adjacent villages share; the planner's own thresholds may ask for that too.

    Returns
    -------
    sharing
        The pairs that could be, and for every village its nearest clinic, so that what it misses can be named.
    """
    asked = county.settings.merge.model_copy(update={"adjacent": adjacent or county.settings.merge.adjacent})
    key = ("sharing", tuple(county.profile.clinic_tiers), asked.adjacent)
    return county.recall(key, lambda: _find_sharing(county, asked))


def own_clinics(county: CountyRegister) -> Flags3:
    """Return which villages have a clinic in operation: certainly, certainly not, or unknown. Shape (villages)."""
    tiers = tuple(county.profile.clinic_tiers)
    return county.recall(("own", tiers), lambda: villages_with(county, county.serving(tiers)))


def seats(county: CountyRegister) -> Flags3:
    """Return in which villages the township's institution stands. Shape (villages)."""
    tiers = tuple(county.profile.township_tiers)
    return county.recall(("seats", tiers), lambda: villages_with(county, county.serving(tiers)))


def thresholds_complete(table: MergeTable) -> bool:
    """Tell whether the planner's thresholds can say that a village may share: people, and minutes or kilometres."""
    return table.max_people is not None and (table.max_minutes is not None or table.max_km is not None)


def _find_sharing(county: CountyRegister, asked: MergeTable) -> Sharing:
    hosts = _hosts(county)
    village = np.flatnonzero((county.villages["kind"] == "village").to_numpy() & (own_clinics(county) != TRUE))
    pairs = _candidates(county, asked, village, hosts)
    people = _few_people(county, pairs.village, asked)
    tests = {
        "people": people,
        "township": _same_township(county, pairs) if asked.same_township else _met(pairs),
        "adjacent": county.neighbours.adjacent(pairs.village, pairs.host) if asked.adjacent else _met(pairs),
    }
    possible = all_of(*tests.values()) != FALSE
    looked_at = possible | _is_nearest(county, pairs)
    ways = _ways(county, pairs, looked_at, asked)
    tests |= _way_tests(county, pairs, ways, looked_at, asked)
    host_known = _known(county, pairs)
    lawful = all_of(*tests.values(), flags3(host_known, ~host_known))
    complete = thresholds_complete(asked)
    if not complete:
        lawful = np.where(lawful == TRUE, UNKNOWN, lawful).astype(np.int8)
    by_id = np.argsort(np.argsort(county.facilities["facility_id"].astype(str).to_numpy(dtype=object), kind="stable"))
    return Sharing(
        *pairs, ways.time_ms, ways.length_mm, tests, host_known, lawful, by_id[pairs.clinic], complete,
        len(county.villages),
    )  # fmt: skip


# --- who could share with whom ----------------------------------------------------------------------------------------


def _hosts(county: CountyRegister) -> Pairs:
    """Return the clinics that are, or may be, in operation and in a village; `village` is unused."""
    places = facility_places(county)
    works = county.serving(county.profile.clinic_tiers)
    found = [(row, clinic) for clinic in np.flatnonzero(works != FALSE).tolist() for row in places.candidates(clinic)]
    rows = np.array(found, dtype=np.int64).reshape(-1, 2)
    rows = rows[(county.villages["kind"] == "village").to_numpy()[rows[:, 0]]]
    return Pairs(rows[:, 0], rows[:, 0], rows[:, 1])


def _candidates(county: CountyRegister, asked: MergeTable, village: Int64, hosts: Pairs) -> Pairs:
    """Return the pairs worth looking at, each once: those that could be lawful, and each village's nearest clinic."""
    few = village[_few_people(county, village, asked) != FALSE]
    if asked.adjacent:
        one, other = county.neighbours.pairs
        chosen = np.isin(one, few)
        pairs = [_joined(one[chosen], other[chosen], hosts), *_unplaced(county, few, hosts)]
    else:
        pairs = [_every(few, hosts)]
    if asked.same_township:
        pairs = [_only(some, _same_township(county, some) != FALSE) for some in pairs]
    pairs.append(_nearest(county, village))
    joined = Pairs(*(np.concatenate(values) for values in zip(*pairs, strict=True)))
    distinct = np.unique(np.stack(joined, axis=1), axis=0)
    distinct = distinct[distinct[:, 0] != distinct[:, 1]]
    return Pairs(distinct[:, 0], distinct[:, 1], distinct[:, 2])


def _joined(village: Int64, host: Int64, hosts: Pairs) -> Pairs:
    """Return village, host and each clinic of the host."""
    order = np.argsort(hosts.host, kind="stable")
    sorted_hosts = hosts.host[order]
    first, last = (np.searchsorted(sorted_hosts, host, side=side) for side in ("left", "right"))
    count = last - first
    pair = np.repeat(np.arange(village.size), count)
    step = np.arange(pair.size) - np.repeat(np.cumsum(count) - count, count)
    return Pairs(village[pair], host[pair], hosts.clinic[order[first[pair] + step]])


def _every(village: Int64, hosts: Pairs) -> Pairs:
    pair, clinic = (grid.ravel() for grid in np.meshgrid(village, np.arange(hosts.host.size), indexing="ij"))
    return Pairs(pair, hosts.host[clinic], hosts.clinic[clinic])


def _unplaced(county: CountyRegister, village: Int64, hosts: Pairs) -> list[Pairs]:
    """Return pairs of which one side has no place, so that nobody knows whether they are adjacent."""
    placed = county.neighbours.placed
    nowhere = Pairs(*(values[~placed[hosts.host]] for values in hosts))
    return [_every(village[~placed[village]], hosts), _every(village, nowhere)]


def _nearest(county: CountyRegister, village: Int64) -> Pairs:
    """Return each village with its nearest clinic by the mode of the standard, among those certainly in a village."""
    trips = county.journeys.nearest(_certain_clinics(county), county.journeys.mode)
    clinic = trips.facility[village].astype(np.int64)
    served = clinic >= 0
    return Pairs(village[served], facility_places(county).village[clinic[served]], clinic[served])


def _is_nearest(county: CountyRegister, pairs: Pairs) -> Flags:
    trips = county.journeys.nearest(_certain_clinics(county), county.journeys.mode)
    flags: Flags = trips.facility[pairs.village] == pairs.clinic
    return flags


def _certain_clinics(county: CountyRegister) -> Flags:
    """Return the clinics certainly in operation and in a village of kind `village`."""
    village = facility_places(county).village
    of_kind = (county.villages["kind"] == "village").to_numpy()
    certain: Flags = (county.serving(county.profile.clinic_tiers) == TRUE) & (village != NOWHERE)
    certain[certain] = of_kind[village[certain]]
    return certain


def _only(pairs: Pairs, chosen: Flags) -> Pairs:
    return Pairs(*(values[chosen] for values in pairs))


# --- the tests --------------------------------------------------------------------------------------------------------


def _met(pairs: Pairs) -> Flags3:
    return np.full(pairs.village.size, TRUE, dtype=np.int8)


def _few_people(county: CountyRegister, village: Int64, asked: MergeTable) -> Flags3:
    if asked.max_people is None:
        return np.full(village.size, TRUE, dtype=np.int8)
    people, known = county.population
    few = people[village] <= asked.max_people
    return flags3(few, ~known[village])


def _same_township(county: CountyRegister, pairs: Pairs) -> Flags3:
    township = county.villages["township"].astype(str).to_numpy(dtype=object)
    one, other = township[pairs.village], township[pairs.host]
    return flags3(one == other, (one == "") | (other == ""))


def _known(county: CountyRegister, pairs: Pairs) -> Flags:
    works = county.serving(county.profile.clinic_tiers)[pairs.clinic] == TRUE
    flags: Flags = works & (facility_places(county).village[pairs.clinic] == pairs.host)
    return flags


def _ways(county: CountyRegister, pairs: Pairs, chosen: Flags, asked: MergeTable) -> Ways:
    """Return minutes of the quickest way and length of the shortest road; one search where only one is limited."""
    rows = np.flatnonzero(chosen)
    time, length = (np.full(pairs.village.size, UNREACHED, dtype=np.int64) for _ in range(2))
    journeys, village, clinic = county.journeys, pairs.village[rows], pairs.clinic[rows]
    quickest = journeys.ways(village, clinic, journeys.mode)
    time[rows], length[rows] = quickest.time_ms, quickest.length_mm
    if asked.max_km is not None:
        length[rows] = journeys.ways(village, clinic, journeys.mode, shortest=True).length_mm
    return Ways(time, length)


def _way_tests(
    county: CountyRegister, pairs: Pairs, ways: Ways, looked_at: Flags, asked: MergeTable
) -> dict[str, Flags3]:
    """Tell whether the way is short enough; unknown where a place is, or where nobody looked."""
    unplaced = county.facilities.geometry.isna().to_numpy()
    unknown = county.wayless[pairs.village] | unplaced[pairs.clinic] | ~looked_at
    limits = {
        "minutes": (ways.time_ms, None if asked.max_minutes is None else milliseconds(asked.max_minutes)),
        "km": (ways.length_mm, None if asked.max_km is None else round(asked.max_km * MM_PER_KM)),
    }
    return {
        name: _met(pairs) if limit is None else flags3((value != UNREACHED) & (value <= limit), unknown)
        for name, (value, limit) in limits.items()
    }
