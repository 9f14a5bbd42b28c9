"""People are counted where they live, whole, and no one twice."""

import geopandas as gpd
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from clinicplan.coverage.homes import locate_homes, share_out


def villages(**columns):
    rows = {
        "village_id": ["A", "B", "C"],
        "population": [100, 50, 30],
        "pending": ["", "", "no_coordinates"],
        "geometry": [Point(0, 0), Point(10, 0), None],
    }
    return gpd.GeoDataFrame({**rows, **columns}, crs="EPSG:4549")


def test_without_natural_villages_the_village_point_stands_for_all():
    homes = locate_homes(villages())
    assert homes.ids.tolist() == ["A", "B"]
    assert homes.people.tolist() == [100, 50]
    assert not homes.by_natural_village.any()


def test_natural_villages_share_out_and_never_add():
    parts = gpd.GeoDataFrame(
        {
            "natural_village_id": ["a1", "a2", "a3", "x"],
            "village_id": ["A", "A", "A", "unknown"],
            "population": [60, 20, 20, 999],
            "geometry": [Point(0, 1), Point(0, 2), Point(0, 3), Point(9, 9)],
        },
        crs="EPSG:4549",
    )
    homes = locate_homes(villages(population=[50, 50, 30]), parts)
    assert homes.ids.tolist() == ["a1", "a2", "a3", "B"]
    assert homes.people.tolist() == [30, 10, 10, 50]
    assert homes.by_natural_village.tolist() == [True, False, False]


def test_natural_villages_without_figures_share_equally():
    parts = gpd.GeoDataFrame(
        {"natural_village_id": ["a1", "a2"], "village_id": ["A", "A"], "geometry": [Point(0, 1), Point(0, 2)]},
        crs="EPSG:4549",
    )
    assert locate_homes(villages(population=[101, 50, 30]), parts).people.tolist() == [51, 50, 50]


@given(st.integers(0, 10**6), st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_shares_are_whole_and_add_up(total, weights):
    share = share_out(np.array([total]), np.zeros(len(weights), np.int32), np.array(weights))
    assert share.sum() == total
    assert (share >= 0).all()
