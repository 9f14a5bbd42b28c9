"""Check the hospitals chosen as sub-centres, or the facilities chosen for a service with a quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from clinicplan.check.layer_columns import numbers, texts
from clinicplan.siting.check import ids, location_rules, objectives
from clinicplan.siting.check.claims import Offence, at_least, at_most, claim, kilometres
from clinicplan.siting.check.eligible import Eligible, whole_mm
from clinicplan.siting.check.objectives import Value
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check
from clinicplan.standard import UNREACHED

MODELS: Final = ("sub_centres", "quota")
CEILINGS: Final = ((1_000_000, 4), (500_000, 3), (200_000, 2))
"""Most sub-centres by people of the county, where the region sets no number."""
SMALL: Final = 2
"""Most in a county of fewer people."""
SUB_CENTRE: Final = "sub_centre"


def check_chosen(world: PlanWorld) -> Iterator[Check]:
    """Check every claim of a plan that chooses among the facilities there are."""
    eligible = Eligible(world)
    names = tuple(sorted(site.facility_id or site.site_id for site in location_rules.opened(world)))
    yield from ids.check_ids(world)
    yield from _check_sites(eligible)
    yield from _check_eligible(eligible, names)
    yield from _check_count(eligible, names)
    yield from _check_spacing(eligible, names)
    yield from _check_sets(eligible, names)
    yield from _check_facilities(eligible, names)
    found = eligible.achieved(names)
    values: dict[str, Value] = {
        "person_time": lambda: found[0] if found else None,
        "people_within_30": lambda: found[1] if found else None,
        "sites": lambda: len(names),
    }
    yield from objectives.check_values(world, values)
    yield from objectives.check_proof(world)


def _check_sites(eligible: Eligible) -> Iterator[Check]:
    """Check that sites are facilities of today: kept, or a hospital raised to a sub-centre."""
    world = eligible.world
    tiers = dict(zip(eligible.names, texts(world.facilities, "tier"), strict=True))
    odd = []
    for site in world.sites:
        tier = tiers.get(site.site_id)
        raised = eligible.is_sub_centres and tier != SUB_CENTRE
        right = ("upgrade", SUB_CENTRE) if raised else ("keep", tier)
        if tier is None or site.facility_id != site.site_id or (site.action, site.tier) != right:
            odd.append(Offence(site.site_id, f"{site.action} {site.tier}", " ".join(part or "-" for part in right)))
    yield claim("chosen_rows", odd)


def _check_eligible(eligible: Eligible, names: tuple[str, ...]) -> Iterator[Check]:
    """Check that what was chosen may be chosen, and the ids that must and must not be."""
    known, siting = eligible.world.facility_row, eligible.world.siting
    yield claim("chosen_tier", (Offence(name) for name in names if name in known and name not in eligible.of_tier))
    in_seat = [name for name in names if eligible.is_sub_centres and name in eligible.in_seat]
    yield claim("chosen_outside_seat", (Offence(name) for name in in_seat))
    least = whole_mm(eligible.table.min_km)
    near = [name for name in names if name in eligible.too_near]
    yield claim(
        "chosen_min_km",
        (Offence(name, kilometres(eligible.road_mm[name]), at_least(kilometres(least))) for name in near),
    )
    yield claim("keep", (Offence(name) for name in siting.keep if name in eligible.all and name not in names))
    yield claim("forbid", (Offence(name) for name in siting.forbid if name in names))


def _check_count(eligible: Eligible, names: tuple[str, ...]) -> Iterator[Check]:
    """Check how many were chosen, in the county and in each township."""
    world, count = eligible.world, len(names)
    if eligible.is_sub_centres:
        least, most = world.siting.sub_centres.least, _most(world)
        odd = [Offence("", count, at_least(least))] if count < least else []
        odd += [Offence("", count, at_most(most))] if count > most else []
        yield claim("chosen_count", odd)
        return
    quota = world.siting.quota
    each = quota.per_township or (1 if quota.count is None else 0)
    towns = sorted({name for name in texts(world.circles.villages, "township") if name})
    size = max(quota.count or 0, each * len(towns))
    yield claim("chosen_count", [Offence("", count, size)] if count != size else ())
    number = Counter(eligible.townships.get(name, "") for name in names)
    few = [Offence(town, number[town], at_least(each)) for town in towns if number[town] < each]
    yield claim("chosen_a_township", few)


def _most(world: PlanWorld) -> int:
    """Return how many sub-centres there may be: the region's number, else what its people allow."""
    table = world.siting.sub_centres
    if table.most is not None:
        return table.most
    layers = (world.circles.villages, world.county.layers.townships)
    counts = [numbers(layer, "population") for layer in layers if layer is not None]
    residents = max(int(count[count >= 0].sum()) for count in counts)
    ceiling = next((most for low, most in CEILINGS if residents >= low), SMALL)
    return max(ceiling, table.least)


def _check_spacing(eligible: Eligible, names: tuple[str, ...]) -> Iterator[Check]:
    """Check the shortest road between two of the chosen, the limit included."""
    roads, least = eligible.roads, whole_mm(eligible.table.spacing_km)
    pairs = list(combinations([name for name in names if name in roads.place_row], 2)) if least else []
    ways = roads.road_mm([one for one, _ in pairs], [other for _, other in pairs]) if pairs else []
    close = [
        Offence(f"{one}, {other}", kilometres(way), at_least(kilometres(least)))
        for (one, other), way in zip(pairs, ways, strict=True)
        if way != UNREACHED and way < least
    ]
    yield claim("chosen_spacing", close)


def _rows(eligible: Eligible, *, sets: bool) -> list[dict[str, Any]]:
    """Return the rows of sets, or those of facilities, that stand beside the plan."""
    key = "sub_centres" if eligible.is_sub_centres else "quotas"
    return [dict(row) for row in eligible.world.plan.get(key) or () if (row.get("row") == "set") is sets]


def _check_sets(eligible: Eligible, names: tuple[str, ...]) -> Iterator[Check]:
    """Check that the chosen set is the one listed, what every listed set achieves, and that none of its size is better.

    Only what is listed is compared: that nothing else is better is the bound's claim.
    """
    rows = _rows(eligible, sets=True)
    marked = [sorted(row.get("sites", ())) for row in rows if row.get("chosen") is True]
    right = [list(names)] if names else []
    yield claim("chosen_set", [Offence("", str(marked), str(right))] if rows and marked != right else ())
    figures = [(row, eligible.achieved(tuple(row.get("sites", ())))) for row in rows]
    odd = [
        Offence(", ".join(row.get("sites", ())), str((row.get("person_ms"), row.get("people_within"))), str(found))
        for row, found in figures
        if (row.get("person_ms"), row.get("people_within")) != found
    ]
    yield claim("sets_listed", odd)
    own = eligible.achieved(names)
    within = eligible.table.objective == "people_within"
    better = [
        Offence(", ".join(row.get("sites", ())))
        for row, found in figures
        if own and found and row.get("size") == len(names) and _is_better(found, own, within=within)
    ]
    yield claim("best_listed", better)


def _is_better(one: tuple[int, int], other: tuple[int, int], *, within: bool) -> bool:
    return one[1] > other[1] if within else one[0] < other[0]


def _check_facilities(eligible: Eligible, names: tuple[str, ...]) -> Iterator[Check]:
    """Check of every listed facility whether it may be chosen, whether it is, and its road to the centre."""
    odd = []
    for row in _rows(eligible, sets=False):
        name = str(row.get("facility_id"))
        right = (name in eligible.all, name in names)
        said = (row.get("eligible"), row.get("chosen"))
        way = eligible.road_mm.get(name)
        road = row.get("road_km") if way is None else None if way == UNREACHED else way // 1_000 / 1_000
        if said != right or row.get("road_km") != road:
            odd.append(Offence(name, str((*said, row.get("road_km"))), str((*right, road))))
    yield claim("facilities_listed", odd)
