"""What is said about how points reach the road."""

from __future__ import annotations

import numpy as np
import pytest

import town
from clinicplan.check.access_report import access_faults, access_figures
from clinicplan.errors import Severity, fault_line
from clinicplan.network import RoadNetwork
from clinicplan.network.snapping import find_access


@pytest.fixture(scope="module")
def legs():
    return find_access(town.network(), *town.points())


def test_the_town_reports_each_trouble_once_with_its_ids(legs):
    faults = access_faults(legs, np.arange(len(town.VILLAGES)), layer="villages")
    assert [(found.code, found.severity, found.ids) for found in faults] == [
        ("off_road", Severity.PENDING, ("V11",)),
        ("barrier", Severity.NOTE, ("V12",)),
        ("second_choice", Severity.NOTE, ("V14",)),
        ("private_road", Severity.NOTE, ("V15",)),
        ("access_legs", Severity.NOTE, ()),
        ("long_legs", Severity.NOTE, ()),
    ]
    assert "3,000 m" in fault_line(faults[0], "en")
    assert faults[-1].count == 2


def test_figures_of_the_town_are_as_drawn(legs):
    """Fourteen legs: seven of 0, one of 100, two of 200, 300, 500, 900 and 1,000 m: median 50 m, two long ones."""
    figures = access_figures(legs, np.arange(len(town.VILLAGES)))
    assert (figures.n_points, figures.median_m, figures.n_long) == (14, 50, 2)
    assert figures.p90_m == pytest.approx(780)  # between the 12th (500) and 13th (900), at 0.7
    assert figures.long_share == 2 / 14


def test_exactly_500_metres_is_not_long_and_a_tenth_is_not_too_many():
    road = RoadNetwork.from_edges([0, 1], [1, 0], [72, 72], length_m=[1000, 1000], x=[0, 1000], y=[0, 0])
    legs = find_access(road, range(10), [500] * 10, [501] + [500] * 9)
    assert access_figures(legs, np.arange(10)).n_long == 1
    assert [found.code for found in access_faults(legs, np.arange(10), layer="villages")] == ["access_legs"]


def test_without_roads_or_points_there_is_no_figure_to_give():
    empty = RoadNetwork.from_edges([], [], [], x=[0.0], y=[0.0], n_nodes=1)
    legs = find_access(empty, ["V1"], [0], [0])
    assert [found.code for found in access_faults(legs, np.array([0]), layer="villages")] == ["no_road_at_all"]
    assert access_faults(legs, np.zeros(0, dtype=int), layer="villages") == ()
