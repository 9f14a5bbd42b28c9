"""Promise: one look, told apart by colour-blind readers and in grey print, and no red cross anywhere."""

import colorsys
import itertools

import numpy as np
import pytest

from clinicplan.report import style
from clinicplan.terms import TIERS

# Viénot, Brettel, Mollon (1999), linear RGB: what a reader without the long- or medium-wave cones sees.
DICHROMATS = {
    "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}


def _linear(colour):
    share = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _lab(linear):
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = (np.array(matrix) @ np.clip(linear, 0, 1)) / (0.9505, 1.0, 1.089)
    root = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@pytest.mark.parametrize("sight", DICHROMATS)
def test_colour_blind_readers_tell_bands_outside_and_clinics_apart(sight):
    bands = style.band_styles((15, 20), 20)
    colours = [bands[0].dot, bands[1].dot, style.OUTSIDE, style.CLINIC]
    seen = [_lab(np.array(DICHROMATS[sight]) @ _linear(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15
    areas = [_lab(np.array(DICHROMATS[sight]) @ _linear(band.area)) for band in bands]
    assert np.linalg.norm(areas[0] - areas[1]) > 15


@pytest.mark.parametrize("sight", DICHROMATS)
def test_colour_blind_readers_tell_the_actions_of_a_plan_apart(sight):
    """Kept, built, improved and out of operation; and the villages without a settled arrangement."""
    colours = [style.CLINIC, style.BUILD, style.UPGRADE, style.UNKNOWN, style.OUTSIDE]
    seen = [_lab(np.array(DICHROMATS[sight]) @ _linear(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15
    ladder = [symbol.fill for symbol in style.LADDER_SYMBOLS]
    seen = [_lab(np.array(DICHROMATS[sight]) @ _linear(colour)) for colour in ladder]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15


def test_grey_print_tells_the_areas_apart():
    first, second = style.band_styles((15, 20), 20)
    greys = [style.grey_level(first.area), style.grey_level(second.area), style.grey_level(style.LAND)]
    assert greys == sorted(greys)
    assert greys[1] - greys[0] > 0.12
    assert greys[2] - greys[1] > 0.04
    assert first.dash != second.dash


def test_grey_print_tells_villages_inside_from_outside_by_shape():
    inside = {style.village_symbol(band).shape for band in style.band_styles((15, 20, 30), 20)}
    assert style.OUTSIDE_VILLAGE.shape not in inside
    assert style.OUTSIDE_VILLAGE.shape not in {symbol.shape for symbol in style.FACILITY_SYMBOLS.values()}


def test_every_tier_has_a_symbol_of_its_own():
    looks = [(s.shape, s.rings, s.radius_px, s.fill, s.line) for s in style.FACILITY_SYMBOLS.values()]
    assert set(style.FACILITY_SYMBOLS) == set(TIERS)
    assert len(set(looks)) == len(looks)


def test_the_trade_reads_shapes_as_it_is_used_to():
    symbols = style.FACILITY_SYMBOLS
    assert {symbols[t].shape for t in ("village_clinic", "central_clinic")} == {"circle"}
    assert {symbols[t].shape for t in ("township_hospital", "central_township_hospital", "sub_centre")} == {"square"}
    assert {symbols[t].shape for t in ("county_hospital", "county_medical_centre")} == {"star"}
    assert all(symbols[t].rings for t in ("central_clinic", "central_township_hospital", "sub_centre"))
    assert not any(symbols[t].rings for t in ("village_clinic", "township_hospital", "county_hospital"))


def test_hollow_means_over_the_border_and_grey_hollow_out_of_operation():
    for tier in TIERS:
        assert style.facility_symbol(tier, operating="yes") == style.FACILITY_SYMBOLS[tier]
        over = style.facility_symbol(tier, outside_county=True)
        closed = style.facility_symbol(tier, operating="no", outside_county=True)
        assert over.fill == closed.fill == style.PAPER
        assert over.line == style.FACILITY_SYMBOLS[tier].fill
        assert closed.line == style.UNKNOWN


def test_no_symbol_is_red():
    looks = {**style.FACILITY_SYMBOLS, **style.ACTION_SYMBOLS, **style.SUB_CENTRE_SYMBOLS, **style.ARRANGEMENT_SYMBOLS}
    for tier, symbol in looks.items():
        red, green, blue = (int(symbol.fill[at : at + 2], 16) / 255 for at in (1, 3, 5))
        hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
        assert saturation < 0.3 or 0.05 < hue < 0.93, tier


@pytest.mark.parametrize(
    "shape", ["circle", "square", "star", "diamond", "triangle", "house", "hexagon", "drop", "bar"]
)
def test_outlines_fit_their_radius(shape):
    corners = np.array(style.outline(shape)).reshape(-1, 2)
    assert (np.abs(corners) <= 1).all()


def test_bands_beyond_the_standard_do_not_look_like_bands_within():
    within, beyond = style.band_styles((15, 20), 15)
    assert within.area == style.band_styles((15, 20), 20)[0].area
    assert beyond.area not in {band.area for band in style.band_styles((5, 10, 15), 15)}


@pytest.mark.parametrize("bands", [(), (20,), (15, 20), (10, 15, 20), (5, 10, 15, 20, 30)])
def test_any_number_of_bands_has_styles(bands):
    assert [look.upto_min for look in style.band_styles(bands, 20)] == list(bands)
    assert len(style.band_styles(bands, None)) == len(bands)


def test_every_highway_value_has_a_class():
    assert style.road_class("motorway").name == "trunk"
    assert style.road_class("nonsense").name == "path"
    widths = [look.width_px for look in style.ROADS]
    assert widths == sorted(widths, reverse=True)
