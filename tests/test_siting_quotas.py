"""A service with a quota: how many in the county or in every township, how far apart, and why there is no plan."""

from itertools import combinations

import numpy as np
import pytest

from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.siting.quotas import plan_quota
from line_county import PERSON_MINUTES, hospital, line_county, standard_facilities

CENTRAL = ("central_township_hospital",)
TOWNS = {"V1": (10, 1000, "东镇"), "V2": (20, 2000, "东镇"), "V3": (30, 3000, "西镇"), "V4": (40, 2000, "西镇")}


def plan(quota, *, keep=(), forbid=(), **county):
    siting = {"quota": {"tiers": CENTRAL, **quota}, "keep": tuple(keep), "forbid": tuple(forbid)}
    return plan_quota(*line_county(siting, **county))


def in_towns(quota, h1="东镇", h2="东镇", h3="西镇", extra=(), **asked):
    """Two townships of two villages; the hospitals stand in the townships given."""
    cells = {name: {"township": town} for name, town in (("H1", h1), ("H2", h2), ("H3", h3))}
    return plan(quota, facilities=[*standard_facilities(**cells), *extra], people=TOWNS, **asked)


def chosen(proposal):
    return [site.site_id for site in proposal.sites]


def codes(faults):
    return [item.code for item in faults]


def failure(run, error=InfeasibleError):
    with pytest.raises(error) as caught:
        run()
    return caught.value.faults


@pytest.mark.parametrize(("count", "best"), [(1, ("H2",)), (2, ("H2", "H3")), (3, ("H1", "H2", "H3"))])
def test_so_many_in_the_county_stand_where_the_paper_says(count, best):
    proposal = plan({"count": count})
    assert chosen(proposal) == list(best)
    assert proposal.objectives[0].value == PERSON_MINUTES[best] * 60_000
    assert (proposal.model, proposal.status, proposal.sub_centres) == ("quota", "optimal", ())
    assert {site.action for site in proposal.sites} == {"keep"}
    assert {site.tier for site in proposal.sites} == {"central_township_hospital"}


def test_a_higher_tier_counts_as_a_lower_one():
    proposal = plan({"count": 4, "tiers": ("township_hospital",)})
    assert chosen(proposal) == ["H1", "H2", "H3", "T1"]
    assert [site.tier for site in proposal.sites] == [*["central_township_hospital"] * 3, "township_hospital"]


def test_every_facility_has_its_row_and_its_price():
    told = {row["facility_id"]: row for row in plan({"count": 2}).quotas if row["row"] == "facility"}
    assert set(told) == {"H1", "H2", "H3"}
    assert told["H1"]["extra_person_minutes"] == 5000
    assert told["H2"]["people_served"] == 6000


def test_without_a_number_every_township_has_one_the_best_of_its_own():
    """East: H1 or H2; west: H3. H2 with H3 is better (40,000) than H1 with H3 (45,000)."""
    assert chosen(in_towns({})) == ["H2", "H3"]
    assert chosen(in_towns({"per_township": 1})) == ["H2", "H3"]


def test_the_rule_of_the_townships_outweighs_the_county_as_a_whole():
    """All three may stand anywhere for the county: H2 and H3. With H2 and H3 in the west, one must be H1."""
    assert chosen(in_towns({"count": 2}, h2="西镇")) == ["H2", "H3"]
    assert chosen(in_towns({}, h2="西镇")) == ["H1", "H3"]


def test_the_larger_of_both_numbers_holds():
    proposal = in_towns({"count": 1, "per_township": 1})
    assert chosen(proposal) == ["H2", "H3"]
    assert "count_raised" in codes(proposal.notes)
    assert chosen(in_towns({"count": 3, "per_township": 1})) == ["H1", "H2", "H3"]


def test_most_people_within_minutes():
    proposal = plan({"count": 2, "objective": "people_within", "minutes": 10.0})
    assert (chosen(proposal), proposal.objectives[0].value) == (["H1", "H3"], 8000)


def test_equal_sets_are_settled_by_ids_and_said():
    twins = [*standard_facilities(H1=None, H3=None), hospital("H9", 25)]
    proposal = plan({"count": 1}, facilities=twins)
    assert chosen(proposal) == ["H2"]
    assert "equal_sets" in codes(proposal.notes)
    assert [row["sites"] for row in proposal.quotas if row["row"] == "set"] == [["H2"], ["H9"]]


def test_the_centre_is_needed_only_where_a_distance_from_it_is_asked():
    alone = standard_facilities(A0=None)
    assert chosen(plan({"count": 1}, facilities=alone)) == ["H2"]
    assert codes(failure(lambda: plan({"count": 1, "min_km": 1.0}, facilities=alone), SitingError)) == ["no_centre"]


@pytest.mark.parametrize(("min_km", "best"), [(25.0, ["H2"]), (25.001, ["H3"])])
def test_the_least_distance_is_inclusive(min_km, best):
    assert chosen(plan({"count": 1, "min_km": min_km})) == best


def test_spacing_and_its_largest_relaxation():
    assert chosen(plan({"count": 2, "spacing_km": 20.0})) == ["H1", "H3"]
    (found,) = failure(lambda: plan({"count": 3, "spacing_km": 12.0}))
    assert (found.code, found.ids) == ("too_close", ("H1", "H2", "H3"))
    assert "spacing_km = 10.0 " in found.remedy.en
    assert len(plan({"count": 3, "spacing_km": 10.0}).sites) == 3
    assert codes(failure(lambda: plan({"count": 3, "spacing_km": 10.001}))) == ["too_close"]


def test_spacing_within_townships_is_relaxed_with_their_rule():
    """H2 in the west alone with H1: 10 km apart at most, whatever stands elsewhere."""
    (found,) = failure(lambda: in_towns({"spacing_km": 16.0}, h1="东镇", h2="西镇", h3="别镇"))
    assert "spacing_km = 10.0 " in found.remedy.en
    assert chosen(in_towns({"spacing_km": 10.0}, h1="东镇", h2="西镇", h3="别镇")) == ["H1", "H2"]


def test_townships_with_too_few_are_named():
    (found,) = failure(lambda: in_towns({"per_township": 2}))
    assert (found.code, found.ids) == ("townships_short", ("西镇",))
    assert "西镇 1/2" in found.found.zh
    barred = failure(lambda: in_towns({}, forbid=["H3"]))
    assert (codes(barred), barred[0].ids) == (["townships_short"], ("西镇",))


def test_too_few_far_enough_with_a_relaxation_that_works():
    (found,) = failure(lambda: plan({"count": 2, "min_km": 30.0}))
    assert "min_km = 25.0 " in found.remedy.en
    assert chosen(plan({"count": 2, "min_km": 25.0})) == ["H2", "H3"]
    assert codes(failure(lambda: plan({"count": 4}))) == ["too_few"]


def test_keep_and_forbid():
    assert chosen(plan({"count": 1}, keep=["H1"])) == ["H1"]
    assert codes(failure(lambda: plan({"count": 1}, keep=["H1", "H2"]))) == ["kept_too_many"]
    assert codes(failure(lambda: plan({"count": 1}, keep=["H1"], forbid=["H1"]))) == ["keep_and_forbid"]
    assert codes(failure(lambda: plan({"count": 1}, keep=["?"]), SitingError)) == ["unknown_id"]
    closed = standard_facilities(H1={"operating": "no"})
    assert codes(failure(lambda: plan({"count": 1}, keep=["H1"], facilities=closed))) == ["kept_not_eligible"]


def test_no_tiers_is_bad_input_and_nothing_asked_is_an_empty_plan():
    assert codes(failure(lambda: plan({"tiers": ()}), SitingError)) == ["no_tiers"]
    assert plan({"count": 0}).sites == ()


def test_the_sample_county_with_one_a_township_against_brute_force(sample_result):
    """Every township has one hospital or centre; of four for the county the best of all 495 sets is found."""
    from dataclasses import replace

    from clinicplan.siting.county_sites import county_sites

    county, circles = sample_result.county, sample_result.circles
    table = type(county.region.siting.quota)(tiers=("township_hospital", "community_centre"), count=4)
    siting = county.region.siting.model_copy(update={"quota": table})
    asked = replace(county, region=county.region.model_copy(update={"siting": siting}))
    proposal = plan_quota(asked, circles)
    sites = county_sites(county, circles, ("township_hospital", "community_centre", "sub_centre", *CENTRAL))
    way, people = sites.way_ms, circles.homes.people
    reached = (way >= 0).any(axis=1)
    cost = np.where(way < 0, 24 * 3_600_000, way)[reached]
    values = {
        members: int(people[reached] @ cost[:, list(members)].min(axis=1))
        for members in combinations(range(sites.rows.size), 4)
    }
    best = min(values, key=values.get)
    assert len(values) == 495
    assert chosen(proposal) == [str(sites.ids[at]) for at in best]
    assert proposal.objectives[0].value == values[best]
