"""Promise: what the document of Ganzhou alone asks for stands in its profile."""

from clinicplan.policy.profile import read_profile


def test_one_allowance_a_doctor():
    """The remote-area allowance gives way to the one of small villages (GZ 四(三)23), at 1,000 residents inclusive."""
    profile = read_profile("ganzhou-2019")
    assert profile.clause("GZ-23a").parameters.excluded_by == "GZ-23b"
    small = profile.clause("GZ-23b").parameters.items[0].at_village[0]
    assert (small.column, small.at_most, small.less_than) == ("population", 1000, None)
