"""Say in a planner's words what stands in the way of a plan: sites in conflict, villages out of reach, few sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.coverage.searches import graph_of, trips_between
from clinicplan.errors import Fault, Phrase, PlannerError, Severity
from clinicplan.siting.merge.ground import SitingGround, covers
from clinicplan.standard import MM_PER_M, MS_PER_MIN, UNREACHED
from clinicplan.words import fault, phrase

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from clinicplan.region import Siting

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

SUBJECT: Final = "siting_county"
WIDEST: Final = 64
"""How many times the standard the search for a nearest site goes, by doubling."""
NAMED: Final = 30
"""Villages told with their nearest site in one sentence; all are named by id."""


def county_fault(
    ground: SitingGround, code: str, *, severity: Severity = Severity.ERROR, ids: Any = (), **values: Any
) -> Fault:
    """Make a fault of the plans of a county."""
    names = tuple(str(name) for name in ids)
    file = ground.county.region.siting_file(str(values.get("key", "")))
    return fault(severity, code, subject=SUBJECT, layer="siting", file=file, ids=names, **values)


def told_of(error: PlannerError, ground: SitingGround) -> PlannerError:
    """Return an error of a model with the files of `[siting]` named in every fault."""
    from dataclasses import replace

    file = ground.county.region.siting_file()
    faults = (replace(item, file=item.file or file, layer=item.layer or "siting") for item in error.faults)
    return type(error)(*faults)


def circle_text(ground: SitingGround) -> Phrase:
    """Return the standard in words, such as 15 minutes or 3 km."""
    standard = ground.circles.rule.standard
    if standard.limit_ms is not None:
        return phrase("siting_county.minutes", value=f"{standard.limit_ms / MS_PER_MIN:g}")
    return phrase("siting_county.km", value=f"{(standard.limit_mm or 0) / MM_PER_M / 1000:g}")


def village_names(ground: SitingGround) -> NDArray[np.object_]:
    """Return the name of every planned village, its id where it has none."""
    given = ground.villages["name"].astype(str).to_numpy(dtype=object)
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)
    return np.array([name or key for name, key in zip(given, ids, strict=True)], dtype=object)


def site_names(ground: SitingGround) -> NDArray[np.object_]:
    """Return what every site is called: the facility that stands there, else its village, with the id if it has two."""
    sites, facilities = ground.sites, ground.circles.facilities
    called = dict(zip(facilities["facility_id"].astype(str), facilities["name"].astype(str), strict=True))
    village = village_names(ground)[sites.village]
    several = np.bincount(sites.village, minlength=ground.rows.size)[sites.village] > 1
    rows = zip(sites.facility_id, village, sites.site_id, several, strict=True)
    return np.array(
        [
            called.get(str(facility), "") or (f"{name}（{site}）" if more else str(name))
            for facility, name, site, more in rows
        ],
        dtype=object,
    )


# --- sites in conflict ------------------------------------------------------------------------------------------------


def conflicts(ground: SitingGround, settings: Siting, least: Flags, most: Flags) -> list[Fault]:
    """Name the sites that must open and must not, each with what stands against it.

    Parameters
    ----------
    ground, settings
        The county and what its region file asks.
    least, most
        Shape (sites): must, may open.
    """
    rows = np.flatnonzero(least & ~most)
    if not rows.size:
        return []
    names = site_names(ground)
    told = listed([_pair(str(names[row]), why_not(ground, settings, int(row))) for row in rows])
    return [county_fault(ground, "conflict", ids=ground.sites.site_id[rows], told=told)]


def why_not(ground: SitingGround, settings: Siting, site: int) -> Phrase:
    """Say what keeps a site from opening: named in forbid, village to be relocated, township locked, or out of reach.

    Parameters
    ----------
    ground, settings
        The county and what its region file asks.
    site
        Number of a site that may not open.
    """
    sites, villages = ground.sites, ground.villages
    village = int(sites.village[site])
    if {str(sites.site_id[site]), str(villages["village_id"].iloc[village])} & set(settings.forbid):
        return phrase("siting_county.against.forbid")
    if not sites.stands[site] and villages["status"].iloc[village] == "planned_relocation":
        return phrase("siting_county.against.relocation")
    if str(villages["township"].iloc[village]) in settings.lock:
        return phrase("siting_county.against.lock")
    return phrase("siting_county.against.way")


# --- villages out of reach --------------------------------------------------------------------------------------------


def unreached_homes(ground: SitingGround, asked: Flags, most: Flags, times: int = 1) -> list[Fault]:
    """Name the villages with too few allowed sites within the standard, each with the site and the limit that would do.

    Parameters
    ----------
    ground
        The county.
    asked
        Shape (homes): homes to cover.
    most
        Shape (sites): may open.
    times
        How many sites each home needs.

    Returns
    -------
    faults
        One for villages that a longer limit would reach, sorted by it, one for those without any way; none where
        all are within reach.
    """
    home, site = covers(ground)
    count = np.bincount(home[most[site]], minlength=asked.size)
    short = np.flatnonzero(asked & (count < times))
    if not short.size:
        return []
    value, place = _completing(ground, short, np.flatnonzero(most), times)
    far, alone = value != UNREACHED, value == UNREACHED
    faults = []
    if far.any():
        faults.append(_far_fault(ground, short[far], value[far], place[far], times))
    if alone.any():
        villages, people = ground.home_village[short[alone]], ground.home_people[short[alone]]
        faults.append(no_way_fault(ground, villages, people, times))
    return faults


def unreached_villages(ground: SitingGround, reach: Int64, most: Flags) -> list[Fault]:
    """Name the villages whose every home no single allowed site has within the standard.

    Parameters
    ----------
    ground
        The county.
    reach
        Shape (villages, sites): minutes or metres of the standard, of the farthest home; -1 where it has no way.
    most
        Shape (sites): may open.
    """
    standard = ground.circles.rule.standard
    limit = standard.limit_ms if standard.limit_ms is not None else int(standard.limit_mm or 0)
    sites = np.flatnonzero(most)
    table = np.where(reach[:, sites] == UNREACHED, np.iinfo(np.int64).max, reach[:, sites])
    if not sites.size:
        return [no_way_fault(ground, np.arange(ground.rows.size), ground.people)]
    nearest, at = table.min(axis=1), table.argmin(axis=1)
    alone = nearest == np.iinfo(np.int64).max
    far = (nearest > limit) & ~alone
    faults = []
    if far.any():
        rows = np.flatnonzero(far)
        told = (rows, ground.people[rows], nearest[rows], sites[at[rows]])
        faults.append(_village_fault(ground, *told, 1, code="unreached_whole"))
    if alone.any():
        faults.append(no_way_fault(ground, np.flatnonzero(alone), ground.people[alone]))
    return faults


def no_way_fault(ground: SitingGround, village: Int64, people: Int64, times: int = 1) -> Fault:
    """Name villages (rows, repeated for their homes) that roads join to fewer sites that may open than they need."""
    rows = np.unique(village)
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)[rows]
    told = listed([Phrase(str(name), str(name)) for name in village_names(ground)[rows]])
    code = "no_way" if times == 1 else "no_way_times"
    return county_fault(ground, code, ids=ids, told=told, people=f"{int(people.sum()):,}", times=times)


def _completing(ground: SitingGround, homes: Int64, sites: Int64, times: int) -> tuple[Int64, Int64]:
    """Return value and site of the k-th nearest allowed site of homes, -1 where there are too few.

    The search goes twice as far each time, as far as `WIDEST` standards.
    """
    standard = ground.circles.rule.standard
    by_time = standard.limit_ms is not None
    graph = graph_of(ground.search, ground.circles.rule)
    value, place = np.full(homes.size, UNREACHED), np.full(homes.size, UNREACHED)
    limit, step = standard.limit_ms if by_time else int(standard.limit_mm or 0), 1
    while sites.size and step < WIDEST and (value == UNREACHED).any():
        step *= 2
        left = np.flatnonzero(value == UNREACHED)
        reach = {"limit_ms": int(limit or 0) * step} if by_time else {"limit_mm": int(limit or 0) * step}
        found = trips_between(graph, ground.homes[homes[left]], ground.point[sites], **reach)
        cost = np.asarray(found.time_ms if by_time else found.length_mm, dtype=np.int64)
        order = np.lexsort((found.destination, cost, found.origin))
        origin, cost, target = found.origin[order], cost[order], found.destination[order]
        rank = np.arange(origin.size) - np.searchsorted(origin, origin)
        last = rank == times - 1
        value[left[origin[last]]], place[left[origin[last]]] = cost[last], sites[target[last]]
    return value, place


def _far_fault(ground: SitingGround, homes: Int64, value: Int64, place: Int64, times: int) -> Fault:
    village, people = ground.home_village[homes], ground.home_people[homes]
    order = np.lexsort((value, village))
    last = np.flatnonzero(np.r_[village[order][1:] != village[order][:-1], True])  # the farthest home of each
    worst = order[last]
    rows = village[worst]
    count = np.bincount(village, weights=people, minlength=ground.rows.size)[rows].astype(np.int64)
    return _village_fault(ground, rows, count, value[worst], place[worst], times)


def _village_fault(
    ground: SitingGround, rows: Int64, people: Int64, value: Int64, place: Int64, times: int, *, code: str = ""
) -> Fault:
    order = np.lexsort((rows, value))
    rows, people, value, place = rows[order], people[order], value[order], place[order]
    ids = ground.villages["village_id"].astype(str).to_numpy(dtype=object)[rows]
    names, sites = village_names(ground)[rows], site_names(ground)[place]
    told = [
        phrase(
            "siting_county.nearest", village=name, people=f"{int(count):,}", site=site, value=_measure(ground, int(far))
        )
        for name, count, site, far in zip(names, people, sites, value, strict=True)
    ]
    code = code or ("unreached" if times == 1 else "unreached_times")
    return county_fault(
        ground, code, ids=ids, told=listed(told), people=f"{int(people.sum()):,}", times=times,
        circle=circle_text(ground), limit=_measure(ground, int(value.max())),
    )  # fmt: skip


def _measure(ground: SitingGround, value: int) -> Phrase:
    """Write minutes or kilometres rounded up, so that the printed limit does."""
    if ground.circles.rule.standard.limit_ms is not None:
        return phrase("siting_county.minutes", value=f"{-(-value * 10 // MS_PER_MIN) / 10:g}")
    return phrase("siting_county.km", value=f"{-(-value // MM_PER_M) / 1000:g}")


# --- too few sites ----------------------------------------------------------------------------------------------------


def separate_points(reach: csr_matrix, required: Int64) -> Int64:
    """Return points no two of which share a site, and none of which a required site reaches: each needs its own.

    Points with the fewest sites are taken first; the number found, with the required sites, bounds every cover.

    Parameters
    ----------
    reach
        Shape (points, sites): sites that may open and cover the point.
    required
        Sites that open in any case.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_matrix
    >>> table = csr_matrix(np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]))
    >>> separate_points(table, np.zeros(0, dtype=int)).tolist()
    [0, 2]
    """
    used = np.zeros(reach.shape[1], dtype=bool)
    used[required] = True
    chosen = []
    for point in np.argsort(np.diff(reach.indptr), kind="stable").tolist():
        sites = reach.indices[reach.indptr[point] : reach.indptr[point + 1]]
        if sites.size and not used[sites].any():
            used[sites] = True
            chosen.append(point)
    return np.array(sorted(chosen), dtype=np.int64)


def _pair(name: str, text: Phrase) -> Phrase:
    return phrase("siting_county.pair", name=name, text=text)


def listed(parts: list[Phrase]) -> Phrase:
    """Join what is named, the first of many."""
    shown = parts[:NAMED]
    zh, en = "；".join(part.zh for part in shown), "; ".join(part.en for part in shown)
    more = len(parts) - len(shown)
    return Phrase(f"{zh}等" if more else zh, f"{en} and {more} more" if more else en)
