"""Count what the county must have: units, or sums of a column, beside fixed numbers, brackets or so many a person."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from clinicplan.errors import Phrase
from clinicplan.policy.bounds import TRUE
from clinicplan.policy.findings import Case, Finding, Measure, joined_holds
from clinicplan.policy.parameters import Quota, QuotaPart
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister, People
from clinicplan.policy.rules.limits import (
    NO_LIMITS,
    Asked,
    asked_of,
    asked_units,
    cells_of,
    follows_people,
    missing_of,
    unit_of,
)
from clinicplan.policy.rules.minimums import operation_remarks
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.policy.rules.served import village_towns
from clinicplan.policy.rules.township_quotas import quota_of_townships
from clinicplan.policy.settings import COUNTY_TYPES
from clinicplan.policy.spans import Span, counted_span
from clinicplan.words import phrase


@remarking_the_register
def quota(clause: Clause, county: CountyRegister) -> Finding:
    """Count the parts of a clause and compare each with what is asked for.

    A city total is never compared: the county's own count is shown. Where the number follows the population and that
    is not fully known, every bracket that is still possible must agree.

    Parameters
    ----------
    clause
        A clause of kind `quota`.
    county
        The county.

    Returns
    -------
    finding
        One measure a part; townships that lack what they must have are the failing units.
    """
    parameters = cast("Quota", clause.parameters)
    kind = county.settings.county_type
    if kind and kind not in parameters.county_types:
        return Finding.silent(phrase("policy_quotas.not_addressed", kind=kind))
    count = quota_of_townships if parameters.per == "township" else _of_county
    parts = [count(part, parameters, county) for part in parameters.parts]
    if not any(part.applicable for part in parts):
        return Finding.silent(*_remarks(parts), *_elsewhere(clause, county))
    return _together(parts, parameters, county)


def _together(parts: list[Finding], parameters: Quota, county: CountyRegister) -> Finding:
    """Join what the parts say that speak of this county; those that decide come first."""
    spoken = [part for part in parts if part.applicable]
    holds = [part.holds for part in spoken]
    answer = _any_holds(holds) if parameters.any_part else joined_holds(*holds)
    spoken.sort(key=lambda part: part.holds is not answer)
    failing = () if answer else tuple(case for part in spoken for case in part.failing)
    return Finding(
        answer,
        tuple(measure for part in spoken for measure in part.measures),
        failing=failing,
        unknown=_without_doubles(case for part in spoken for case in part.unknown),
        needs=tuple(dict.fromkeys(need for part in spoken for need in part.needs)),
        figure=any(part.figure for part in spoken),
        remarks=(
            *_county_remarks(parameters, county),
            *_remarks(parts),
            *_shown(parameters),
            *operation_remarks(county, *(part.subjects for part in parameters.parts)),
        ),
    )


def _any_holds(parts: Iterable[bool | None]) -> bool | None:
    """Join parts of which one is enough."""
    found = set(parts)
    if True in found:
        return True
    return None if None in found else False


def _remarks(parts: Iterable[Finding]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(remark for part in parts for remark in part.remarks))


def _without_doubles(cases: Iterable[Case]) -> tuple[Case, ...]:
    return tuple({case.id: case for case in cases}.values())


def _shown(parameters: Quota) -> tuple[Phrase, ...]:
    return tuple(
        phrase("policy_quotas.city_total", name=Phrase(item.name, item.name_en), number=item.number)
        for item in parameters.shown
    )


def _county_remarks(parameters: Quota, county: CountyRegister) -> tuple[Phrase, ...]:
    limited = set(parameters.county_types) != set(COUNTY_TYPES)
    if limited and not county.settings.county_type:
        return (phrase("policy_quotas.type_unknown", kinds="、".join(parameters.county_types)),)
    return ()


def _of_county(part: QuotaPart, parameters: Quota, county: CountyRegister) -> Finding:
    """Count one part over the county."""
    units = county.members(part.subjects)
    cells = cells_of(units, part)
    number = counted_span(cells, units.member == TRUE)
    of_city = parameters.per == "city"
    people = _residents(county, part)
    asked = Asked((NO_LIMITS,)) if of_city else asked_of(part, people)
    holds = None if of_city else asked.holds(number)
    doubtful, told = asked_units(units, part, cells)
    missing = missing_of(county, part) if doubtful.any() else ()
    return Finding(
        holds,
        (_measure(part, number, asked),),
        unknown=units.cases(doubtful, told),
        needs=(*missing, *(("villages.population",) if asked.is_open and holds is None else ())),
        applicable=not asked.is_silent,
        figure=not missing or number.low > 0,
        remarks=(
            *(_city_remarks(part) if of_city else _above(part, number, asked)),
            *_people_remarks(part, people, county, asked),
        ),
    )


def _residents(county: CountyRegister, part: QuotaPart) -> People:
    """Return the residents of the county, where the number follows them; villages without a township among them."""
    return _all_residents(county) if follows_people(part) else People(0)


def _all_residents(county: CountyRegister) -> People:
    return county.county_people() + county.people_of(village_towns(county) == "")


def _measure(part: QuotaPart, number: Span, asked: Asked) -> Measure:
    least, most = asked.sole
    limited = least is not None or most is not None
    return Measure(
        "count",
        int(number.low),
        unit=unit_of(part),
        name=Phrase(part.name, part.name_en),
        low=None if number.is_known else number.low,
        high=None if number.is_known else number.high,
        least=None if least is None else Fraction(least),
        most=None if most is None else Fraction(most),
        shortfall=max(0, (least or 0) - int(number.low)) if limited else None,
    )


def _above(part: QuotaPart, number: Span, asked: Asked) -> tuple[Phrase, ...]:
    """Say how many are above the ceiling."""
    most = asked.sole.most
    if most is None or number.low <= most:
        return ()
    unit = phrase(f"policy.unit.{unit_of(part)}")
    return (phrase("policy_quotas.above", count=int(number.low) - most, unit=unit),)


def _city_remarks(part: QuotaPart) -> tuple[Phrase, ...]:
    total = part.minimum if part.minimum is not None else part.maximum
    named = Phrase(part.name, part.name_en)
    return () if total is None else (phrase("policy_quotas.city_total", name=named, number=total),)


def _people_remarks(part: QuotaPart, people: People, county: CountyRegister, asked: Asked) -> tuple[Phrase, ...]:
    """Say which population decides what is asked for."""
    if not follows_people(part):
        return ()
    basis = phrase("policy.hukou" if county.settings.hukou else "policy.resident")
    said = phrase(f"policy_quotas.{'people' if people.complete else 'people_open'}", basis=basis, people=people.known)
    return (said, phrase("policy_quotas.silent")) if asked.is_silent else (said,)


def _elsewhere(clause: Clause, county: CountyRegister) -> tuple[Phrase, ...]:
    """Name the clauses of the document that set a plain number for the same units where this one is silent."""
    here = cast("Quota", clause.parameters)
    people = _all_residents(county)
    return tuple(
        phrase("policy_quotas.elsewhere", clause=other.id, article=other.article)
        for other in county.profile.clauses
        if other.kind == "quota"
        and other.id != clause.id
        and _sets_number(cast("Quota", other.parameters), here, county, people)
    )


def _sets_number(there: Quota, here: Quota, county: CountyRegister, people: People) -> bool:
    """Tell whether a quota sets a number for the units that another one is silent about."""
    tiers = {part.subjects.tiers for part in here.parts}
    speaks = any(part.subjects.tiers in tiers and not asked_of(part, people).is_silent for part in there.parts)
    return there.per == "county" and speaks and county.settings.county_type in ("", *there.county_types)
