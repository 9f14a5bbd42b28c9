"""Datum shifts are the public ones, exact both ways, identity outside their box, and quick."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinicplan import datum

METRES_PER_DEGREE = 111_320.0
PAIRS = [
    (datum.wgs84_to_gcj02, datum.gcj02_to_wgs84),
    (datum.gcj02_to_bd09, datum.bd09_to_gcj02),
    (datum.wgs84_to_bd09, datum.bd09_to_wgs84),
]
IDS = ["gcj02", "gcj02-bd09", "bd09"]


def china(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(73.2, 135.0, n), rng.uniform(3.5, 53.5, n)


@pytest.mark.parametrize(("there", "back"), PAIRS, ids=IDS)
def test_inverse_is_exact_to_a_tenth_of_a_millimetre(there, back):
    lon, lat = china(20_000)
    again_lon, again_lat = back(*there(lon, lat))
    error_m = np.hypot(again_lon - lon, again_lat - lat) * METRES_PER_DEGREE
    assert error_m.max() < 1e-4


@given(st.floats(73.2, 135.0), st.floats(3.5, 53.5))
@settings(max_examples=60, deadline=None)
def test_any_single_point_returns(lon, lat):
    for there, back in PAIRS:
        again = back(*there(lon, lat))
        assert again[0] == pytest.approx(lon, abs=1e-9)
        assert again[1] == pytest.approx(lat, abs=1e-9)


def test_shift_is_that_of_an_independent_library():
    prcoords = pytest.importorskip("prcoords", reason="the oracle is a development dependency")
    lon, lat = china(300, seed=1)
    for ours, theirs in (
        (datum.wgs84_to_gcj02, prcoords.wgs_gcj),
        (datum.gcj02_to_bd09, prcoords.gcj_bd),
        (datum.wgs84_to_bd09, prcoords.wgs_bd),
    ):
        expected = np.array([theirs((y, x)) for x, y in zip(lon, lat, strict=True)])
        x, y = ours(lon, lat)
        np.testing.assert_allclose(np.column_stack([y, x]), expected, rtol=0, atol=1e-9)


def test_shift_in_china_is_some_hundreds_of_metres():
    lon, lat = china(2_000)
    for shift, low, high in ((datum.wgs84_to_gcj02, 20, 900), (datum.wgs84_to_bd09, 500, 1_800)):
        x, y = shift(lon, lat)
        moved_m = pyproj.Geod(ellps="WGS84").inv(lon, lat, x, y)[2]
        assert low < moved_m.min()
        assert moved_m.max() < high


@pytest.mark.parametrize("convert", [function for pair in PAIRS for function in pair])
def test_outside_the_box_nothing_moves(convert):
    lon, lat = np.array([1.5, -58.4, 71.9, 138.0, 120.0, 0.0]), np.array([42.5, -34.6, 30.0, 35.0, 56.0, 0.0])
    x, y = convert(lon, lat)
    assert x.tolist() == lon.tolist()
    assert y.tolist() == lat.tolist()


@pytest.mark.parametrize("convert", [function for pair in PAIRS for function in pair])
def test_missing_stays_missing_and_does_not_disturb_others(convert):
    lon, lat = np.array([120.9, np.nan, 113.0]), np.array([29.5, 30.0, np.nan])
    x, y = convert(lon, lat)
    assert np.isnan(x).tolist() == [False, True, False] or np.isnan(x).tolist() == [False, True, True]
    alone = convert(120.9, 29.5)
    assert (float(x[0]), float(y[0])) == pytest.approx((float(alone[0]), float(alone[1])), abs=1e-12)
    assert np.isnan(convert(np.nan, np.nan)[0])


def test_shape_is_kept_and_inputs_are_not_touched():
    lon = np.array([[120.9, 121.0], [120.8, 120.7]])
    before = lon.copy()
    x, y = datum.gcj02_to_wgs84(lon, 29.5)
    assert x.shape == y.shape == (2, 2)
    assert (lon == before).all()
    assert datum.wgs84_to_gcj02([], [])[0].shape == (0,)


def test_pieces_give_the_same_as_the_whole():
    lon, lat = china(70_000)
    x, y = datum.wgs84_to_gcj02(lon, lat)
    part_x, part_y = datum.wgs84_to_gcj02(lon[33_000:33_010], lat[33_000:33_010])
    assert x[33_000:33_010].tolist() == part_x.tolist()
    assert y[33_000:33_010].tolist() == part_y.tolist()


def test_named_datums():
    lon, lat = china(10)
    for name in ("wgs84", "cgcs2000"):
        assert datum.to_wgs84(lon, lat, name)[0].tolist() == lon.tolist()
    assert datum.to_wgs84(lon, lat, "gcj02")[0].tolist() == datum.gcj02_to_wgs84(lon, lat)[0].tolist()
    assert datum.to_wgs84(lon, lat, "bd09")[0].tolist() == datum.bd09_to_wgs84(lon, lat)[0].tolist()
    with pytest.raises(ValueError, match="xian80"):
        datum.to_wgs84(lon, lat, "xian80")


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (120.9, 29.5, "EPSG:4549"),  # Xinchang, zone 40
        (112.5, 33.0, "EPSG:4547"),  # Nanyang, on the edge of zones 37 and 38: always 38
        (114.9, 25.8, "EPSG:4547"),  # Ganzhou
        (116.1, 40.0, "EPSG:4548"),  # Mentougou
        (73.5, 39.5, "EPSG:4534"),
        (134.9, 48.0, "EPSG:4554"),
        (1.5, 42.5, "EPSG:32631"),  # Andorra
        (9.5, 47.1, "EPSG:32632"),  # Liechtenstein
        (180.0, -10.0, "EPSG:32760"),
    ],
)
def test_metric_system_of_a_place(lon, lat, crs):
    assert datum.metric_crs(lon, lat) == crs
    assert pyproj.CRS(crs).is_projected


def test_metric_system_needs_degrees():
    with pytest.raises(ValueError, match="degrees"):
        datum.metric_crs(500_000.0, 3_260_000.0)
