"""Floors of the isochrone polygons on 40 seeded facilities: reached junctions inside, unreached ones outside."""

import pytest

import circle_shares

INSIDE_FLOOR = 0.995
FALSE_CEILING = 0.01


def hold(shares):
    assert shares.circles >= 20
    assert shares.inside >= INSIDE_FLOOR
    assert shares.falsely_inside <= FALSE_CEILING


@pytest.mark.skipif(not circle_shares.ANDORRA.exists(), reason="the shared real data is not here")
@pytest.mark.parametrize("mode", ["walk", "car"])
def test_andorra(mode):
    hold(circle_shares.measure(circle_shares.andorra(mode)))


@pytest.mark.parametrize("mode", ["walk", "car"])
def test_the_sample_county(mode, sample_folder):
    hold(circle_shares.measure(circle_shares.sample(mode, sample_folder)))
