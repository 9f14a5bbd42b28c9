"""The standard is inclusive, compared in whole milliseconds, and a printed minute never crosses it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinicplan.standard import UNREACHED, Standard, milliseconds, printed_minutes


def test_the_limit_itself_is_within_and_one_millisecond_more_is_not():
    standard = Standard.from_minutes(15, [15, 20])
    assert standard.holds([900_000, 900_001, UNREACHED], [0, 0, 0]).tolist() == [True, False, False]


def test_a_circle_by_distance_compares_millimetres():
    standard = Standard.from_distance(15_000)
    assert standard.holds([0, 0, 0], [15_000_000, 15_000_001, UNREACHED]).tolist() == [True, False, False]


def test_bands_are_inclusive_and_disjoint():
    standard = Standard.from_minutes(15, [20, 15])
    assert standard.band_of([0, 900_000, 900_001, 1_200_000, 1_200_001, UNREACHED]).tolist() == [0, 0, 1, 1, 2, -1]


def test_a_standard_needs_exactly_one_limit():
    with pytest.raises(ValueError, match="exactly one"):
        Standard(None, None, ())
    with pytest.raises(ValueError, match="exactly one"):
        Standard(1, 1, ())


def test_printed_examples():
    printed = printed_minutes([900_000, 902_400, 899_999, UNREACHED], 900_000)
    assert printed[:3].tolist() == [15.0, 15.1, 14.9]
    assert np.isnan(printed[3])


def test_a_band_within_the_standard_is_not_crossed_either():
    assert printed_minutes([902_400], 1_200_000, [900_000]).tolist() == [15.1]


@given(st.integers(0, 10_000_000), st.integers(1, 90), st.lists(st.integers(1, 120), max_size=3))
def test_a_printed_minute_never_crosses_a_limit(time_ms, limit_min, bands_min):
    bands = [milliseconds(band) for band in bands_min]
    printed = printed_minutes([time_ms], milliseconds(limit_min), bands)[0]
    for limit in [limit_min, *bands_min]:
        assert (printed <= limit) == (time_ms <= milliseconds(limit))
    assert abs(printed - time_ms / 60_000) <= 0.1 + 1e-9
