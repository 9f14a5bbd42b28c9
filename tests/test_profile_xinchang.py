"""Promise: what the documents of Xinchang and Mentougou alone ask for stands in their profiles."""

from clinicplan.policy.profile import read_profile


def test_levels_are_cumulative_and_awards_are_not():
    """XC 二(一)2: the shares ask for at least a level, an award goes to the highest level reached alone."""
    profile = read_profile("xinchang-2022")
    shares = [part.conditions[0].at_least for part in profile.clause("XC-1.2").parameters.parts]
    assert shares == ["basic", "recommended", "community_hospital"]
    awards = [item.conditions[0].equals for item in profile.clause("XC-1.2c").parameters.items]
    assert awards == ["community_hospital", "recommended", True, ("A", "A+")]


def test_the_body_of_the_circle_is_what_the_document_calls_a_clinic():
    profile = read_profile("xinchang-2022")
    assert profile.clause("XC-1.3a").parameters.body_tiers == profile.clinic_tiers


def test_a_posted_person_is_enough_for_a_clinic_in_mentougou_and_not_in_xinchang():
    mentougou, xinchang = read_profile("mentougou-2024"), read_profile("xinchang-2022")
    assert mentougou.clause("MTG-08").parameters.conditions[0].or_columns == ("support_staff",)
    assert xinchang.clause("XC-3.1").parameters.conditions[0].or_columns == ()
