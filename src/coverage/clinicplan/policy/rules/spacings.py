"""Test that sub-centres stand outside the county seat and far enough by road from the county medical centre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, all_of, flags3
from clinicplan.policy.conditions import condition_columns, meets
from clinicplan.policy.evidence import asked_cells, failing_cells, joined
from clinicplan.policy.findings import Finding, Listing, Measure
from clinicplan.policy.parameters import Spacing
from clinicplan.policy.printed import answer_cell, facility_names, km_text
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, Members
from clinicplan.policy.rules.minimums import every, lacking, undecided
from clinicplan.policy.subjects import Subjects
from clinicplan.standard import MM_PER_M, UNREACHED
from clinicplan.words import phrase

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

MODE: Final = "car"
CENTRE_TIERS: Final = ("county_medical_centre", "county_hospital")
"""What the distance is measured to, the first that the county has."""
CANDIDATE_TIERS: Final = ("central_township_hospital",)
"""Listed beside, so that it can be seen which could become one."""
NO_END: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class _Distances:
    """How far some facilities stand from the county medical centre.

    Parameters
    ----------
    centre
        Shape (facilities): row of the nearest centre by road (by straight line where no road joins any), -1 where the
        county has none.
    road_mm, straight_mm
        Shape (facilities): to that centre; -1 where unknown.
    least_mm, most_mm
        Shape (facilities): between what lengths the distance lies that binds, whatever is unknown; `NO_END` for no end.
    """

    centre: Int64
    road_mm: Int64
    straight_mm: Int64
    least_mm: Int64
    most_mm: Int64

    def far_enough(self, limit_mm: int) -> Flags3:
        """Tell which certainly stand far enough, certainly not, or are open."""
        sure, possible = self.least_mm >= limit_mm, self.most_mm >= limit_mm
        return flags3(sure, possible & ~sure)


@dataclass(frozen=True, eq=False)
class _Tests:
    """What each facility meets, three-valued."""

    distances: _Distances
    far: Flags3
    outside: Flags3
    conditions: Flags3

    @property
    def all(self) -> Flags3:
        return all_of(self.far, self.outside, self.conditions)


def spacing(clause: Clause, county: CountyRegister) -> Finding:
    """Test every sub-centre: far enough from the centre by road, outside the urban area, and its other conditions.

    The centre is the county medical centre, else the county hospital; of several the nearest binds. Lengths are
    compared in whole millimetres, the limit included. A sub-centre that no road joins to the centre is open: the roads
    must be wrong. One on the edge of the urban area is inside.

    Parameters
    ----------
    clause
        A clause of kind `spacing`.
    county
        The county.

    Returns
    -------
    finding
        One measure a sub-centre, the nearest first; silent where the county has none. A list has the central township
        hospitals too.
    """
    asked = cast("Spacing", clause.parameters)
    units = county.members(Subjects(tiers=asked.tiers))
    listed = county.members(Subjects(tiers=(*asked.tiers, *CANDIDATE_TIERS)))
    everything = _tests(county, asked, listed)
    listing = _listing(county, asked, listed, everything)
    if not len(units):
        return Finding(None, applicable=False, remarks=(phrase("policy_spacings.remark.none"),), listings=(listing,))
    tests = _tests(county, asked, units)
    met = tests.all
    open_rows = undecided(units.member, met)
    return Finding(
        every(units.member, met),
        tuple(_measures(county, asked, units, tests)),
        failing=units.cases(lacking(units.member, met), lambda at: _why(county, asked, units, tests, at)),
        unknown=units.cases(open_rows, lambda at: _ask(county, asked, units, tests, at)),
        needs=tuple(_needs(county, asked)) if open_rows.any() else (),
        figure=_has_figure(tests),
        remarks=tuple(_remarks(county, asked, units, tests)),
        listings=(listing,),
    )


def _tests(county: CountyRegister, asked: Spacing, units: Members) -> _Tests:
    distances = _distances(county, units.row)
    return _Tests(
        distances,
        distances.far_enough(_limit_mm(asked)),
        _outside(county, asked, units.row),
        meets(units.frame, asked.conditions),
    )


def _limit_mm(asked: Spacing) -> int:
    return round(Fraction(str(asked.minimum_m)) * MM_PER_M)


# --- the centre -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Centres:
    """Facilities that the distance may be measured to; those that certainly bind among them."""

    possible: Int64
    certain: Int64


def _centres(county: CountyRegister) -> _Centres:
    """Return the county medical centres, else the county hospitals.

    Where the only medical centres are of unknown operation, the hospitals may stand for them.
    """
    medical, hospitals = (county.serving((tier,), exact=True) for tier in CENTRE_TIERS)
    if (medical == TRUE).any():
        return _Centres(np.flatnonzero(medical != FALSE), np.flatnonzero(medical == TRUE))
    possible = np.flatnonzero((medical != FALSE) | (hospitals != FALSE))
    certain = np.flatnonzero(hospitals == TRUE) if not (medical != FALSE).any() else possible[:0]
    return _Centres(possible, certain)


def _distances(county: CountyRegister, rows: Int64) -> _Distances:
    centres = _centres(county)
    n, m = rows.size, centres.possible.size
    if not n or not m:
        nothing = np.full(n, UNREACHED, dtype=np.int64)
        return _Distances(nothing, nothing, nothing, np.zeros(n, dtype=np.int64), np.full(n, NO_END))
    start, end = np.repeat(rows, m), np.tile(centres.possible, n)
    road = _roads(county, start, end).reshape(n, m)
    straight = county.journeys.straight_mm(start, end).reshape(n, m)
    # A road that is not known may be of any length.
    least = np.where(road == UNREACHED, 0, road).min(axis=1)
    highest = np.where(road == UNREACHED, NO_END, road)
    binds = np.isin(centres.possible, centres.certain)
    most = highest[:, binds].min(axis=1) if binds.any() else highest.max(axis=1)
    order = np.lexsort((np.tile(_by_id(county, centres.possible), (n, 1)), straight, highest), axis=1)
    pick = order[:, :1]
    return _Distances(
        centres.possible[pick[:, 0]],
        np.take_along_axis(road, pick, axis=1)[:, 0],
        np.take_along_axis(straight, pick, axis=1)[:, 0],
        least,
        most,
    )


def _by_id(county: CountyRegister, rows: Int64) -> Int64:
    """Return the place of each facility by its id."""
    names = np.array([facility_names(county)[row].id for row in rows.tolist()], dtype=object)
    return np.argsort(np.argsort(names, kind="stable"), kind="stable")


def _roads(county: CountyRegister, start: Int64, end: Int64) -> Int64:
    if MODE not in county.journeys.modes:
        return np.full(start.size, UNREACHED, dtype=np.int64)
    return county.journeys.roads_between(start, end, MODE)


# --- the urban area ---------------------------------------------------------------------------------------------------


def _outside(county: CountyRegister, asked: Spacing, rows: Int64) -> Flags3:
    """Tell which facilities stand outside the urban area, its edge being inside; unknown without it or a place."""
    import shapely

    if not asked.outside_urban_area:
        return np.full(rows.size, TRUE, dtype=np.int8)
    area = county.layers.urban_area
    points = np.asarray(county.facilities.geometry.iloc[rows].representative_point().array, dtype=object)
    placed = ~shapely.is_missing(points)
    if area is None or area.geometry.isna().all():
        return np.full(rows.size, UNKNOWN, dtype=np.int8)
    inside = shapely.intersects(area.geometry.union_all(), points)
    return flags3(~inside, ~placed)


# --- what is said -----------------------------------------------------------------------------------------------------


def _measures(county: CountyRegister, asked: Spacing, units: Members, tests: _Tests) -> Iterator[Measure]:
    """Give metres by road of each sub-centre, the nearest first; where no road is known, at least the straight line."""
    found, names = tests.distances, units.names
    for at in _nearest_first(units, found):
        if found.centre[at] == UNREACHED:
            continue
        known = found.road_mm[at] != UNREACHED
        length = int(found.road_mm[at] if known else max(found.straight_mm[at], 0))
        entry = f"policy_spacings.measure.{'road' if known else 'straight'}"
        low, high = _ends(found, at)
        yield Measure(
            "metres",
            length // MM_PER_M,
            unit="metres",
            name=phrase(entry, name=names[at], centre=_centre_name(county, found, at)),
            low=low,
            high=high,
            least=Fraction(str(asked.minimum_m)),
            shortfall=_missing_m(asked, int(found.most_mm[at])),
        )


def _ends(found: _Distances, at: int) -> tuple[Fraction | None, Fraction | None]:
    """Return the least and the largest metres that could bind, none where the distance is known."""
    least, most = int(found.least_mm[at]), int(found.most_mm[at])
    if least == most:
        return None, None
    return Fraction(least // MM_PER_M), None if most == NO_END else Fraction(most // MM_PER_M)


def _nearest_first(units: Members, found: _Distances) -> list[int]:
    """Return the places of units by their road, those without one last."""
    length = np.where(found.road_mm == UNREACHED, NO_END, found.road_mm)
    return sorted(range(len(units)), key=lambda at: (length[at], units.ids[at]))


def _missing_m(asked: Spacing, most_mm: int) -> int:
    """Return the metres that are certainly missing, rounded up."""
    return max(0, -((most_mm - _limit_mm(asked)) // MM_PER_M))


def _centre_name(county: CountyRegister, found: _Distances, at: int) -> str:
    return facility_names(county)[int(found.centre[at])].name


def _why(county: CountyRegister, asked: Spacing, units: Members, tests: _Tests, at: int) -> Phrase:
    """Say what a sub-centre certainly misses."""
    found, reasons = tests.distances, []
    if tests.far[at] == FALSE:
        km = km_text(int(found.road_mm[at]))
        reasons.append(phrase("policy_spacings.why.near", centre=_centre_name(county, found, at), km=km))
    if tests.outside[at] == FALSE:
        reasons.append(phrase("policy_spacings.why.urban"))
    if tests.conditions[at] == FALSE:
        reasons.append(phrase("policy_spacings.why.conditions", cells=failing_cells(units, asked.conditions)(at)))
    return joined(reasons)


def _ask(county: CountyRegister, asked: Spacing, units: Members, tests: _Tests, at: int) -> Phrase:
    """Say what is to be asked for before a sub-centre can be judged."""
    reasons = []
    unplaced = bool(county.facilities.geometry.isna().iloc[units.row[at]])
    if units.member[at] == UNKNOWN:
        reasons.append("operation")
    if unplaced:
        reasons.append("no_place")
    if tests.far[at] == UNKNOWN and not unplaced:
        reasons.append("no_road" if tests.distances.road_mm[at] == UNREACHED else "centre_operation")
    if tests.outside[at] == UNKNOWN and not unplaced:
        reasons.append("no_urban_area")
    phrases = [phrase(f"policy_spacings.why.{name}") for name in reasons]
    if tests.conditions[at] == UNKNOWN:
        phrases.append(asked_cells(units, condition_columns(asked.conditions))(at))
    return joined(phrases)


def _needs(county: CountyRegister, asked: Spacing) -> Iterator[str]:
    """Name the layers, roads and columns that are missing."""
    if not _centres(county).possible.size:
        yield "facilities.tier"
    elif MODE not in county.journeys.modes:
        yield f"roads.{MODE}"
    if asked.outside_urban_area and county.layers.urban_area is None:
        yield "urban_area"
    yield from county.missing(Subjects(tiers=asked.tiers), condition_columns(asked.conditions))


def _has_figure(tests: _Tests) -> bool:
    flags = (tests.far, tests.outside, tests.conditions)
    return bool((tests.distances.centre != UNREACHED).any() or any((flag != UNKNOWN).any() for flag in flags))


def _remarks(county: CountyRegister, asked: Spacing, units: Members, tests: _Tests) -> Iterator[Phrase]:
    """Say how the distance is taken, to which centre, and where road and straight line disagree."""
    yield phrase("policy_spacings.remark.road", limit=km_text(_limit_mm(asked)))
    yield from _centre_remarks(county)
    if MODE not in county.journeys.modes:
        yield phrase("policy_spacings.remark.no_car")
    elif (lost := _joined_to_no_road(county, units, tests)).any():
        yield phrase("policy_spacings.remark.no_road", names=_listed(units, lost))
    if asked.outside_urban_area:
        yield phrase(f"policy_spacings.remark.{'no_urban_area' if county.layers.urban_area is None else 'urban_area'}")
    different = _disagree(asked, tests)
    if different.any():
        yield phrase("policy_spacings.remark.disagree", names=_listed(units, different))


def _centre_remarks(county: CountyRegister) -> Iterator[Phrase]:
    rows = _centres(county).possible
    names = "、".join(facility_names(county)[row].name for row in rows.tolist())
    if not rows.size:
        yield phrase("policy_spacings.remark.no_centre")
        return
    medical = (county.facilities["tier"].iloc[rows] == CENTRE_TIERS[0]).all()
    if medical and rows.size > 1:
        yield phrase("policy_spacings.remark.several_centres", count=rows.size, names=names)
    elif not medical and rows.size > 1:
        yield phrase("policy_spacings.remark.several_hospitals", count=rows.size, names=names)
    elif not medical:
        yield phrase("policy_spacings.remark.by_hospital", name=names)


def _joined_to_no_road(county: CountyRegister, units: Members, tests: _Tests) -> Flags:
    placed = ~county.facilities.geometry.isna().to_numpy()[units.row]
    flags: Flags = placed & (tests.distances.centre != UNREACHED) & (tests.distances.road_mm == UNREACHED)
    return flags


def _disagree(asked: Spacing, tests: _Tests) -> Flags:
    """Return where one of road and straight line is far enough and the other is not."""
    found, limit = tests.distances, _limit_mm(asked)
    known = (found.road_mm != UNREACHED) & (found.straight_mm != UNREACHED)
    flags: Flags = known & ((found.road_mm >= limit) != (found.straight_mm >= limit))
    return flags


def _listed(units: Members, mask: Flags) -> str:
    return "、".join(units.names[at] for at in np.flatnonzero(mask).tolist())


def _listing(county: CountyRegister, asked: Spacing, units: Members, tests: _Tests) -> Listing:
    """List sub-centres and central township hospitals, the nearest first, with what each would meet."""
    found, limit, rows = tests.distances, _limit_mm(asked), []
    for at in _nearest_first(units, found):
        named = facility_names(county)[int(units.row[at])]
        straight = flags3(found.straight_mm[at] >= limit, found.straight_mm[at] == UNREACHED)
        flags = (tests.far[at], straight, tests.outside[at], tests.conditions[at])
        rows.append(
            (
                named.id,
                named.name,
                named.township,
                phrase(f"general.tier.{county.facilities['tier'].iloc[int(units.row[at])]}"),
                _centre_name(county, found, at) if found.centre[at] != UNREACHED else None,
                _km(int(found.road_mm[at])),
                _km(int(found.straight_mm[at])),
                *(answer_cell(int(flag)) for flag in flags),
            )
        )
    heads = tuple(
        f"policy_spacings.column.{name}" for name in ("far_enough", "straight_enough", "outside", "conditions")
    )
    columns = (
        "facility_id", "facility", "township", "tier", "policy_spacings.column.centre", "km", "straight_km", *heads,
    )  # fmt: skip
    return Listing("policy_spacings.list.candidates", columns, tuple(rows))


def _km(length_mm: int) -> float | None:
    """Return kilometres to the metre, rounded down: 14,999.999 m is not printed as 15."""
    return None if length_mm == UNREACHED else (length_mm // MM_PER_M) / 1000
