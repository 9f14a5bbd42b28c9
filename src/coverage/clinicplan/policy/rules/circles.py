"""Test who lives within a circle: of clinics, of community institutions; and whether every village is served."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.arrangements import arrange, surely_without, without_surplus
from clinicplan.policy.bounds import (
    FALSE,
    TRUE,
    UNKNOWN,
    Flags3,
    all_of,
    any_of,
    exact,
    negated,
    shortfall,
)
from clinicplan.policy.circle_figures import CircleFigures, circle_figures
from clinicplan.policy.circle_lists import (
    doubtful_cases,
    exempt_list,
    nearest_phrase,
    outside_list,
    own_clinic_names,
    pending_cases,
    service_list,
    standard_phrase,
)
from clinicplan.policy.clinic_lists import register_remarks, threshold_remarks
from clinicplan.policy.evidence import joined
from clinicplan.policy.findings import Case, Finding, Measure
from clinicplan.policy.measures import people_measure, share_measure
from clinicplan.policy.parameters import Exempt, Service, ServiceCircle
from clinicplan.policy.printed import village_cases
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister
from clinicplan.policy.rules.minimums import every, lacking, undecided
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.policy.sharing import own_clinics, sharing
from clinicplan.standard import Standard
from clinicplan.terms import EXEMPT_STATUSES, FIXED_TIERS
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

ALL: Final = Fraction(1)
COMMUNITY_TIERS: Final = ("community_centre", "community_station")
"""Institutions that serve a village from outside where the document says that a community institution may."""
NO_STANDARD: Final = "standard.minutes"


# --- the circle -------------------------------------------------------------------------------------------------------


def service_circle(clause: Clause, county: CountyRegister) -> Finding:
    """Count who lives within the circle of the document, of three sets of facilities and under every mode.

    The body; body and supplement; any fixed facility. The second, in people and under the mode of the standard,
    decides, and only where the region sets a share to aim at. Exempt villages are apart; villages set aside, facilities
    of unknown operation and facilities without a place make a range.

    Parameters
    ----------
    clause
        A clause of kind `service_circle`.
    county
        The county.

    Returns
    -------
    finding
        People and villages inside, for each set and mode; villages outside as a list, and as failing where they are
        too many. Lacking where neither document nor region gives a standard.
    """
    # Without a share to aim at the register has no other verdict to give.
    rule = _circle if county.settings.target_share is None else remarking_the_register(_circle)
    return rule(clause, county)


def _circle(clause: Clause, county: CountyRegister) -> Finding:
    asked = cast("ServiceCircle", clause.parameters)
    villages = _counted(county, asked.kinds)
    if not villages.any():
        return Finding.silent()
    standard = circle_standard(county, asked.minutes)
    if standard is None:
        return Finding.lacking(NO_STANDARD, remarks=(phrase("policy_circles.remark.no_standard"),))
    sets = _facility_sets(asked)
    figures = {
        (name, mode): circle_figures(county, tiers, mode, standard, villages)
        for name, tiers in sets.items()
        for mode in county.journeys.modes
    }
    deciding = figures[next(iter(sets)), county.journeys.mode]
    if not deciding.assessed.any():
        lacking_places = bool((villages & county.wayless).any())
        needs = "villages.geometry" if lacking_places else "villages.population"
        return Finding.lacking(needs, unknown=pending_cases(county, deciding.pending))
    holds = _reaches(deciding, county.settings.target_share)
    return Finding(
        holds,
        tuple(_circle_measures(county, figures, deciding)),
        failing=_outside_cases(county, deciding) if holds is False else (),
        unknown=(*pending_cases(county, deciding.pending), *doubtful_cases(county, deciding)),
        remarks=(*_circle_remarks(county, asked, standard, deciding), *_register_only(county)),
        listings=(outside_list(county, deciding),),
    )


def circle_standard(county: CountyRegister, minutes: float | None = None) -> Standard | None:
    """Return the circle of the clause, else the region's own, else the document's; None where there is none."""
    if minutes is not None:
        return Standard.from_minutes(minutes)
    if county.settings.own_standard is not None:
        return county.settings.own_standard
    stated = county.profile.circle_minutes
    return None if stated is None else Standard.from_minutes(stated)


def _counted(county: CountyRegister, kinds: tuple[str, ...]) -> Flags:
    villages = county.villages
    flags: Flags = (villages["kind"].isin(kinds) & ~villages["status"].isin(EXEMPT_STATUSES)).to_numpy(dtype=bool)
    return flags


def _facility_sets(asked: ServiceCircle) -> dict[str, tuple[str, ...]]:
    """Return the tiers of each figure, the one that decides first."""
    body, supplement = tuple(asked.body_tiers), tuple(asked.supplement_tiers)
    first = {"with_supplement": (*body, *supplement)} if supplement else {}
    return {**first, "body": body, "any_fixed": FIXED_TIERS}


def _reaches(figures: CircleFigures, target: float | None) -> bool | None:
    if target is None or figures.people_range is None:
        return None
    low, high = figures.people_range
    if high < exact(target):
        return False
    return True if low >= exact(target) else None


def _circle_measures(
    county: CountyRegister, figures: dict[tuple[str, str], CircleFigures], deciding: CircleFigures
) -> Iterator[Measure]:
    target = county.settings.target_share
    for (name, mode), found in figures.items():
        words = {"figure": phrase(f"policy_circles.figure.{name}"), "mode": phrase(f"general.mode.{mode}")}
        least = exact(target) if found is deciding and target is not None else None
        inside, people = found.people
        ends = found.people_range or (None, None)
        yield _ranged("people", inside, people, ends, phrase("policy_circles.measure.people", **words), least)
        within = int((found.assessed & (found.within == TRUE)).sum())
        ends = found.villages_range
        name_of = phrase("policy_circles.measure.villages", **words)
        yield _ranged("villages", within, int(found.assessed.sum()), ends, name_of, None)


def _ranged(
    unit: str,
    value: int,
    of: int,
    ends: tuple[Fraction | None, Fraction | None],
    name: Phrase,
    least: Fraction | None,
) -> Measure:
    low, high = ends if of and ends != (Fraction(value, of),) * 2 else (None, None) if of else ends
    missing = None if least is None else shortfall(value, of, least)
    return Measure("share", value, of, unit=unit, name=name, low=low, high=high, least=least, shortfall=missing)


def _outside_cases(county: CountyRegister, figures: CircleFigures) -> tuple[Case, ...]:
    outside = figures.assessed & (figures.within == FALSE)
    return village_cases(county, outside, lambda row: nearest_phrase(county, figures, row))


def _circle_remarks(
    county: CountyRegister, asked: ServiceCircle, standard: Standard, deciding: CircleFigures
) -> Iterator[Phrase]:
    """Say which standard and which facilities count, what decides, and what makes the range."""
    own = county.settings.own_standard
    yield _standard_remark(county, standard, stated=asked.minutes is not None)
    if own is not None and asked.minutes is not None and own != standard:
        yield phrase("policy_circles.remark.other_standard", standard=standard_phrase(own))
    yield _tiers_remark(asked)
    if county.settings.target_share is None:
        yield phrase("policy_circles.remark.no_target")
    else:
        figure = phrase(f"policy_circles.figure.{next(iter(_facility_sets(asked)))}")
        yield phrase("policy_circles.remark.target", figure=figure)
    yield from _range_remarks(county, deciding)
    if "walk" not in county.journeys.modes:
        yield phrase("policy_circles.remark.no_walk")


def _standard_remark(county: CountyRegister, standard: Standard | None, *, stated: bool) -> Phrase:
    """Say which circle is tested: the document's, the region's own, or that there is none."""
    if standard is None:
        return phrase("policy_circles.remark.no_standard")
    by_region = not stated and county.settings.own_standard is not None
    return phrase(
        f"policy_circles.remark.standard_{'region' if by_region else 'document'}", standard=standard_phrase(standard)
    )


def _tiers_remark(asked: ServiceCircle) -> Phrase:
    body, supplement = (
        joined((phrase(f"general.tier.{tier}") for tier in tiers), "and")
        for tiers in (asked.body_tiers, asked.supplement_tiers)
    )
    name = "body" if asked.supplement_tiers else "body_only"
    return phrase(f"policy_circles.remark.{name}", tiers=body, supplement=supplement)


def _range_remarks(county: CountyRegister, figures: CircleFigures) -> Iterator[Phrase]:
    pending, nameless = figures.pending, figures.villages & ~county.population.known
    if pending.any():
        people = int(county.population.value[pending].sum())
        yield phrase("policy_circles.remark.pending", count=int(pending.sum()), people=people)
    if nameless.any():
        yield phrase("policy_circles.remark.people_unknown", count=int(nameless.sum()))
    if figures.unplaced.any():
        yield phrase("policy_circles.remark.unplaced", count=int(figures.unplaced.sum()))


def _register_only(county: CountyRegister) -> tuple[Phrase, ...]:
    return (phrase("policy_minimums.by_register_only"),) if county.by_register else ()


# --- every village served ---------------------------------------------------------------------------------------------


@remarking_the_register
def service(clause: Clause, county: CountyRegister) -> Finding:
    """Test that every village is served in one of the ways that the document names.

    Where a community institution is among them the exempt villages count too, since such an institution is to serve
    them; elsewhere they do not.

    Parameters
    ----------
    clause
        A clause of kind `service`.
    county
        The county.

    Returns
    -------
    finding
        Villages served, and their people.
    """
    asked = cast("Service", clause.parameters)
    villages = _served_units(county, asked)
    if not villages.any():
        return Finding.silent()
    ways = _ways_of_service(county, asked)
    served = any_of(*ways.values())
    member = np.where(villages, TRUE, FALSE).astype(np.int8)
    least = None if asked.required_share is None else exact(asked.required_share)
    villages_served = share_measure(member, served, unit="villages", name=_measure("served"), least=least)
    villages_served = without_surplus(villages_served, _surplus(county, ways, villages))
    people_served = people_measure(county.population, member, served, name=_measure("served_people"))
    open_rows = undecided(member, served)
    holds = None if least is None else _served_enough(villages_served, least)
    missing = lacking(member, served) & (holds is False)
    return Finding(
        holds,
        (villages_served, people_served),
        failing=village_cases(county, missing, phrase("policy_circles.why.not_served")),
        unknown=village_cases(county, open_rows, lambda row: _open_service(county, ways, row)),
        needs=_service_needs(county, ways, open_rows),
        remarks=tuple(_service_remarks(county, asked)),
        listings=(service_list(county, ways, villages),),
    )


def _surplus(county: CountyRegister, ways: dict[str, Flags3], villages: Flags) -> int:
    """Return how many villages are certainly not served, though of none is it known which."""
    if "own" not in ways:
        return 0
    others = [flags for name, flags in ways.items() if name != "own"]
    hangs = villages & (ways["own"] == UNKNOWN) & np.all([flags == FALSE for flags in others], axis=0)
    return surely_without(county, np.broadcast_to(hangs, villages.shape))


def _served_enough(measure: Measure, least: Fraction) -> bool | None:
    share = Fraction(measure.value, measure.of or 1)
    if (share if measure.high is None else measure.high) < least:
        return False
    return True if (share if measure.low is None else measure.low) >= least else None


def _served_units(county: CountyRegister, asked: Service) -> Flags:
    flags: Flags = (county.villages["kind"] == "village").to_numpy(dtype=bool)
    return flags if "community" in asked.ways else flags & _counted(county, ("village",))


def _ways_of_service(county: CountyRegister, asked: Service) -> dict[str, Flags3]:
    """Return which villages are served in each way that the document names. Shape (villages) each.

    Exempt villages share no clinic: a community institution is to cover them.
    """
    arranged = arrange(county, shared="shared" in asked.ways, seat="seat" in asked.ways)
    exempt_rows = county.villages["status"].isin(EXEMPT_STATUSES).to_numpy(dtype=bool)
    shared = np.where(exempt_rows, FALSE, arranged.may_share).astype(np.int8)
    known = {"own": arranged.own, "shared": shared, "seat": arranged.seat}
    flags: dict[str, Flags3] = {name: known[name] for name in asked.ways if name in known}
    return flags | ({"community": _covered(county, COMMUNITY_TIERS)} if "community" in asked.ways else {})


def _covered(county: CountyRegister, tiers: tuple[str, ...]) -> Flags3:
    """Return which villages lie within the region's circle of some facilities; unknown without a standard."""
    figures = _community_figures(county, tiers, np.ones(len(county.villages), dtype=bool))
    if figures is None:
        # Without any such facility no standard would help.
        doubt = UNKNOWN if (county.serving(tiers) != FALSE).any() else FALSE
        return np.full(len(county.villages), doubt, dtype=np.int8)
    return figures.within


def _community_figures(county: CountyRegister, tiers: tuple[str, ...], villages: Flags) -> CircleFigures | None:
    standard = circle_standard(county)
    return None if standard is None else circle_figures(county, tiers, county.journeys.mode, standard, villages)


def _open_service(county: CountyRegister, ways: dict[str, Flags3], village: int) -> Phrase:
    """Say which ways are open for a village that is not known to be served."""
    doubtful = [name for name, flags in ways.items() if flags[village] == UNKNOWN]
    reasons = [phrase(f"policy_circles.way.{name}") for name in doubtful]
    if "community" in doubtful and circle_standard(county) is None:
        reasons.append(phrase("policy_circles.why.no_limit"))
    elif county.wayless[village]:
        reasons.append(phrase("policy_circles.why.pending"))
    return phrase("policy_circles.why.open", reasons=joined(reasons, "and"))


def _service_needs(county: CountyRegister, ways: dict[str, Flags3], open_rows: Flags) -> tuple[str, ...]:
    """Return the settings that are missing and that a village hangs on."""
    needs = []
    if "shared" in ways and (open_rows & (ways["shared"] == UNKNOWN)).any():
        needs += [] if sharing(county, adjacent=False).complete else ["siting.merge"]
    if "community" in ways and (open_rows & (ways["community"] == UNKNOWN)).any():
        needs += [NO_STANDARD] if circle_standard(county) is None else []
    return tuple(needs)


def _service_remarks(county: CountyRegister, asked: Service) -> Iterator[Phrase]:
    ways = joined((phrase(f"policy_circles.way.{name}") for name in asked.ways), "and")
    yield phrase("policy_circles.remark.ways", ways=ways)
    if "shared" in asked.ways:
        yield from threshold_remarks(county, sharing(county, adjacent=False), adjacent=False)
    if "community" in asked.ways:
        yield _standard_remark(county, circle_standard(county), stated=False)
    yield from register_remarks(county)


# --- exempt villages --------------------------------------------------------------------------------------------------


@remarking_the_register
def exempt(clause: Clause, county: CountyRegister) -> Finding:
    """Test that exempt villages have no clinic of their own and lie within the circle of a community institution.

    The circle is the region's own; the document gives none.

    Parameters
    ----------
    clause
        A clause of kind `exempt`.
    county
        The county.

    Returns
    -------
    finding
        Exempt villages that meet both, and their people within the circle; silent where there are none.
    """
    asked = cast("Exempt", clause.parameters)
    villages = _exempt_villages(county, asked)
    if not villages.any():
        return Finding.silent(phrase("policy_circles.remark.no_exempt"))
    figures = _community_figures(county, tuple(asked.tiers), villages)
    covered, own = _covered(county, tuple(asked.tiers)), own_clinics(county)
    good = all_of(negated(own), covered)
    member = np.where(villages, TRUE, FALSE).astype(np.int8)
    open_rows = undecided(member, good)
    lacks_standard = figures is None and bool((open_rows & (covered == UNKNOWN)).any())
    return Finding(
        every(member, good),
        _exempt_measures(member, good, figures),
        failing=village_cases(county, lacking(member, good), lambda row: _exempt_reason(county, figures, own, row)),
        unknown=village_cases(county, open_rows, lambda row: _exempt_doubt(county, figures, own, row)),
        needs=(NO_STANDARD,) if lacks_standard else (),
        remarks=tuple(_exempt_remarks(county)),
        listings=(exempt_list(county, figures, villages),),
    )


def _exempt_villages(county: CountyRegister, asked: Exempt) -> Flags:
    villages = county.villages
    flags: Flags = ((villages["kind"] == "village") & villages["status"].isin(asked.statuses)).to_numpy(dtype=bool)
    return flags


def _exempt_measures(member: Flags3, good: Flags3, figures: CircleFigures | None) -> tuple[Measure, ...]:
    villages = share_measure(member, good, unit="villages", name=_measure("covered"), least=ALL)
    if figures is None:
        return (villages,)
    inside, people = figures.people
    return (
        villages,
        _ranged("people", inside, people, figures.people_range or (None, None), _measure("covered_people"), None),
    )


def _exempt_reason(county: CountyRegister, figures: CircleFigures | None, own: Flags3, village: int) -> Phrase:
    """Say what an exempt village misses: it still has a clinic, or no community institution is near."""
    reasons = []
    if own[village] == TRUE:
        clinics = own_clinic_names(county, village)
        reasons.append(phrase("policy_circles.why.has_clinic", clinics=clinics))
    if figures is not None and figures.within[village] == FALSE:
        reasons.append(nearest_phrase(county, figures, village))
    return joined(reasons or [phrase("policy_circles.why.no_way")])


def _exempt_doubt(county: CountyRegister, figures: CircleFigures | None, own: Flags3, village: int) -> Phrase:
    if own[village] == UNKNOWN:
        return phrase("policy_circles.why.may_have_clinic", clinics=own_clinic_names(county, village))
    if figures is None:
        return phrase("policy_circles.why.no_limit")
    return phrase(f"policy_circles.why.{'pending' if county.wayless[village] else 'doubtful'}")


def _exempt_remarks(county: CountyRegister) -> Iterator[Phrase]:
    yield _standard_remark(county, circle_standard(county), stated=False)
    yield from _register_only(county)


def _measure(entry: str) -> Phrase:
    return phrase(f"policy_circles.measure.{entry}")
