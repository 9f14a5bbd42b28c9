"""Test where clinics stand: one in every village, shared under the planner's thresholds, or a fixed place instead."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.policy.arrangements import Arrangements, arrange, fixed_places, surely_without, without_surplus
from clinicplan.policy.bounds import FALSE, TRUE, UNKNOWN, Flags3, negated
from clinicplan.policy.clinic_lists import (
    clinics_out_of_operation,
    fixed_places_list,
    guest_remarks,
    open_reason,
    register_remarks,
    sharing_list,
    threshold_remarks,
    villages_without_clinic,
    villages_without_doctor,
    why_not,
)
from clinicplan.policy.findings import Finding, Listing, Measure
from clinicplan.policy.measures import people_measure, share_measure
from clinicplan.policy.parameters import FixedServicePoint, Merge, OneVillageOneClinic
from clinicplan.policy.printed import village_cases
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister
from clinicplan.policy.rules.minimums import every, lacking, undecided
from clinicplan.policy.rules.registered import remarking_the_register
from clinicplan.policy.sharing import own_clinics, sharing, thresholds_complete
from clinicplan.terms import EXEMPT_STATUSES
from clinicplan.words import phrase

Flags = NDArray[np.bool_]

ALL: Final = Fraction(1)


@remarking_the_register
def one_village_one_clinic(clause: Clause, county: CountyRegister) -> Finding:
    """Test that every administrative village has a clinic in operation, or one of the lawful exceptions.

    A village is provided for by its own clinic; by one it may share under the planner's thresholds, where the document
    asks so adjacent and with a fixed place of service kept in the village; or, as the seat, by the township hospital
    that stands in it. Villages of the exempt statuses, communities and other units are no units of the rule.

    Parameters
    ----------
    clause
        A clause of kind `one_village_one_clinic`.
    county
        The county.

    Returns
    -------
    finding
        Villages provided for; beside, the strict count of own clinics, in operation and by register. With lists of
        villages without a clinic, villages without a doctor, clinics out of operation, and what could be shared.
    """
    asked = cast("OneVillageOneClinic", clause.parameters)
    villages = _administrative(county, asked.exempt_statuses)
    if not villages.any():
        return Finding.silent()
    arranged = arrange(
        county, shared=asked.shared, adjacent=asked.adjacent, place_needed=asked.fixed_place, seat=asked.seat
    )
    member, provided = np.where(villages, TRUE, FALSE).astype(np.int8), arranged.provided
    listings, remarks = _lists(county, arranged, villages, shared=asked.shared)
    if asked.shared:
        remarks = (*threshold_remarks(county, arranged.sharing, adjacent=asked.adjacent), *remarks)
    open_rows = undecided(member, provided)
    surplus = surely_without(county, villages & arranged.open_by_own)
    return Finding(
        False if surplus else every(member, provided),
        _arranged_measures(county, member, arranged, surplus),
        failing=village_cases(
            county, lacking(member, provided), lambda row: _why(county, arranged, row, shared=asked.shared)
        ),
        unknown=village_cases(county, open_rows, lambda row: open_reason(county, arranged, row)),
        needs=_sharing_needs(arranged, open_rows) if asked.shared else (),
        remarks=(_summary(arranged, villages), *_surplus_remarks(arranged, villages, surplus), *remarks),
        listings=listings,
    )


def merge(clause: Clause, county: CountyRegister) -> Finding:
    """Say which villages without a clinic could share another's, and which threshold the others miss.

    Parameters
    ----------
    clause
        A clause of kind `merge`.
    county
        The county.

    Returns
    -------
    finding
        Without a verdict; silent where every village has its own clinic, lacking where the planner sets no thresholds.
    """
    asked = cast("Merge", clause.parameters)
    villages = _administrative(county, EXEMPT_STATUSES) & (own_clinics(county) != TRUE)
    if not villages.any():
        return Finding.silent(phrase("policy_clinics.remark.all_have"))
    if not thresholds_complete(county.settings.merge):
        return Finding.lacking("siting.merge", remarks=(phrase("policy_clinics.remark.no_thresholds"),))
    pairs = sharing(county, adjacent=asked.adjacent)
    member = np.where(villages, negated(own_clinics(county)), FALSE).astype(np.int8)
    arranged = arrange(county, adjacent=asked.adjacent, seat=False)
    return Finding(
        None,
        _could_share(county, member, pairs.shares),
        unknown=village_cases(
            county, villages & (pairs.shares == UNKNOWN), lambda row: open_reason(county, arranged, row)
        ),
        remarks=(
            *threshold_remarks(county, pairs, adjacent=asked.adjacent),
            phrase("policy_clinics.remark.today"),
            *guest_remarks(county, pairs, np.flatnonzero(villages)),
            *register_remarks(county),
        ),
        listings=(sharing_list(county, pairs, villages),),
    )


@remarking_the_register
def fixed_service_point(clause: Clause, county: CountyRegister) -> Finding:
    """Test that every village without a clinic of its own keeps a fixed place of service.

    Parameters
    ----------
    clause
        A clause of kind `fixed_service_point`.
    county
        The county.

    Returns
    -------
    finding
        Silent where every village has its own clinic.
    """
    asked = cast("FixedServicePoint", clause.parameters)
    arranged = arrange(county, shared=False, seat=False)
    member = np.where(_administrative(county, EXEMPT_STATUSES), negated(arranged.own), FALSE).astype(np.int8)
    if not (member != FALSE).any():
        return Finding.silent(phrase("policy_clinics.remark.all_have"))
    kept = fixed_places(county, tuple(asked.tiers))
    chosen = member != FALSE
    return Finding(
        every(member[chosen], kept[chosen]),
        (
            share_measure(
                member[chosen],
                kept[chosen],
                unit="villages",
                name=phrase("policy_clinics.measure.fixed_place"),
                least=ALL,
            ),
        ),
        failing=village_cases(county, lacking(member, kept), phrase("policy_clinics.why.nothing_fixed")),
        unknown=village_cases(county, chosen & undecided(member, kept), lambda row: _open_place(county, arranged, row)),
        remarks=register_remarks(county),
        listings=(fixed_places_list(county, chosen, kept),),
    )


def _administrative(county: CountyRegister, exempt: tuple[str, ...]) -> Flags:
    """Return the administrative villages that are not exempt. Shape (villages)."""
    villages = county.villages
    flags: Flags = ((villages["kind"] == "village") & ~villages["status"].isin(exempt)).to_numpy(dtype=bool)
    return flags


def _arranged_measures(
    county: CountyRegister, member: Flags3, arranged: Arrangements, surplus: int
) -> tuple[Measure, ...]:
    provided = share_measure(member, arranged.provided, unit="villages", name=_name("arranged"), least=ALL)
    own = (("own", county), ("registered", county.registered))
    return (without_surplus(provided, surplus), *(_own_measure(name, here, member) for name, here in own))


def _own_measure(name: str, county: CountyRegister, member: Flags3) -> Measure:
    own = own_clinics(county)
    measure = share_measure(member, own, unit="villages", name=_name(name))
    return without_surplus(measure, surely_without(county, (member == TRUE) & (own == UNKNOWN)))


def _surplus_remarks(arranged: Arrangements, villages: Flags, surplus: int) -> tuple[Phrase, ...]:
    if not surplus:
        return ()
    count = int((villages & arranged.open_by_own).sum())
    return (phrase("policy_clinics.remark.surplus", count=count, surplus=surplus),)


def _could_share(county: CountyRegister, member: Flags3, shares: Flags3) -> tuple[Measure, ...]:
    return (
        share_measure(member, shares, unit="villages", name=_name("could_share")),
        people_measure(county.population, member, shares, name=_name("could_share_people")),
    )


def _name(entry: str) -> Phrase:
    return phrase(f"policy_clinics.measure.{entry}")


def _why(county: CountyRegister, arranged: Arrangements, village: int, *, shared: bool) -> Phrase:
    return why_not(county, arranged, village) if shared else phrase("policy_clinics.why.no_clinic")


def _open_place(county: CountyRegister, arranged: Arrangements, village: int) -> Phrase:
    if arranged.own[village] == UNKNOWN:
        return open_reason(county, arranged, village)
    return phrase("policy_clinics.open.fixed_place")


def _sharing_needs(arranged: Arrangements, open_rows: Flags) -> tuple[str, ...]:
    """Return the planner's thresholds as missing where a village hangs on them."""
    hangs = bool((open_rows & (arranged.shared == UNKNOWN)).any())
    return ("siting.merge",) if hangs and not arranged.sharing.complete else ()


def _summary(arranged: Arrangements, villages: Flags) -> Phrase:
    """Count the villages by how they are provided for."""
    counts = Counter(arranged.kind(row) for row in np.flatnonzero(villages).tolist())
    return phrase(
        "policy_clinics.remark.arrangements",
        **{name: counts[name] for name in ("own", "shared", "seat", "none", "open")},
    )


def _lists(
    county: CountyRegister, arranged: Arrangements, villages: Flags, *, shared: bool
) -> tuple[tuple[Listing, ...], tuple[Phrase, ...]]:
    """Return the lists that come with the rule, and what is to be remarked about them."""
    without_doctor, remarks = villages_without_doctor(county, villages)
    without_clinic = villages & (arranged.own != TRUE)
    listings = [villages_without_clinic(county, arranged, villages), without_doctor, clinics_out_of_operation(county)]
    if shared and without_clinic.any():
        listings.append(sharing_list(county, arranged.sharing, without_clinic))
        remarks = (*guest_remarks(county, arranged.sharing, np.flatnonzero(villages)), *remarks)
    return tuple(listings), (*register_remarks(county), *remarks)
