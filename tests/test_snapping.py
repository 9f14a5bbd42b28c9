"""How points find the road."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from clinicplan.errors import NetworkError
from clinicplan.network import RoadNetwork
from clinicplan.network.crossings import index_barriers
from clinicplan.network.snapping import find_access, walking_ms
from clinicplan.network.straight_walks import straight_walks


def roads_of(lines, *, one_way=(), joinable=(), private=(), barriers=None):
    """Return a network of straight lines [((x, y), (x, y)), …] in metres, segment = row, 1 m/s."""
    spots = {}
    rows = []
    for segment, (start, end) in enumerate(lines):
        a, b = (spots.setdefault(spot, len(spots)) for spot in (start, end))
        rows.append((a, b, segment))
        if segment not in one_way:
            rows.append((b, a, segment))
    tail, head, segment = np.array(rows, dtype=np.int32).T
    x, y = np.array(list(spots), dtype=float).T
    length_mm = np.rint(1000 * np.hypot(x[tail] - x[head], y[tail] - y[head])).astype(np.int32)
    lines_there = None if barriers is None else np.array(barriers, dtype=object)
    return RoadNetwork(
        len(spots), tail, head, length_mm, length_mm, x, y, segment,
        joinable=~np.isin(segment, [row for row in range(len(lines)) if row not in joinable]) if joinable else None,
        through=~np.isin(segment, private) if private else None,
        barrier_lines=lines_there,
    )  # fmt: skip


def one(network, x, y, **options):
    """Return the leg of a single point."""
    return find_access(network, ["P"], [x], [y], **options)


def segment_of(network, legs):
    return [-1 if edge < 0 else int(network.segment[edge]) for edge in legs.edge]


def random_roads(seed, *, n_nodes=40, n_lines=70, n_barriers=0):
    rng = np.random.default_rng(seed)
    spots = [tuple(spot) for spot in rng.integers(0, 3000, (n_nodes, 2)).astype(float).tolist()]
    lines = [(spots[a], spots[b]) for a, b in rng.integers(0, n_nodes, (n_lines, 2)).tolist() if spots[a] != spots[b]]
    barriers = [shapely.LineString(rng.uniform(0, 3000, (4, 2))) for _ in range(n_barriers)]
    one_way = [row for row in range(len(lines)) if row % 5 == 0]
    return roads_of(lines, one_way=one_way, barriers=barriers or None), rng


def brute_force(network, x, y, limit_mm):
    """Try every segment with shapely, nearest first: the first free one, or the reason."""
    rows = []
    for segment in np.unique(network.segment):
        edge = int(np.flatnonzero(network.segment == segment)[0])
        ends = [(network.x[node], network.y[node]) for node in (network.tail[edge], network.head[edge])]
        line, point = shapely.LineString(ends), shapely.Point(x, y)
        leg = shapely.shortest_line(point, line)
        rows.append((round(1000 * point.distance(line)), int(segment), leg))
    near = sorted((row for row in rows if row[0] <= limit_mm), key=lambda row: row[:2])
    if not near:
        return "off_road", -1, -1
    lines = [] if network.barrier_lines is None else network.barrier_lines
    for leg_mm, segment, leg in near:
        if not any(leg.intersects(line) for line in lines):
            return "", segment, leg_mm
    return "barrier", -1, -1


@pytest.mark.parametrize(("seed", "n_barriers"), [(1, 0), (2, 0), (3, 6), (4, 12), (5, 25)])
def test_every_point_reaches_the_nearest_road_with_a_free_leg(seed, n_barriers):
    network, rng = random_roads(seed, n_barriers=n_barriers)
    x, y = rng.uniform(-1000, 4000, (2, 120))
    legs = find_access(network, [f"P{row}" for row in range(120)], x, y, max_access_m=600, tiny_share=0)
    for row in range(120):
        reason, segment, leg_mm = brute_force(network, x[row], y[row], 600_000)
        assert legs.reason[row] == reason
        assert (segment_of(network, legs)[row], legs.access_mm[row]) == (segment, leg_mm)


def test_foot_lies_on_the_road_where_the_fraction_says():
    network, rng = random_roads(6)
    x, y = rng.uniform(0, 3000, (2, 80))
    legs = find_access(network, range(80), x, y)
    tail, head = network.tail[legs.edge], network.head[legs.edge]
    np.testing.assert_allclose(
        legs.foot_x, network.x[tail] + legs.fraction * (network.x[head] - network.x[tail]), atol=1e-6
    )
    np.testing.assert_allclose(np.hypot(legs.foot_x - x, legs.foot_y - y) * 1000, legs.access_mm, atol=0.51)


def test_a_point_moved_onto_its_foot_has_no_leg():
    network, rng = random_roads(7, n_barriers=5)
    x, y = rng.uniform(0, 3000, (2, 80))
    legs = find_access(network, range(80), x, y, tiny_share=0)
    there = legs.edge >= 0
    moved = find_access(network, range(int(there.sum())), legs.foot_x[there], legs.foot_y[there], tiny_share=0)
    assert (moved.access_mm == 0).all()
    assert (moved.access_ms == 0).all()


def test_order_of_points_is_of_no_account():
    network, rng = random_roads(8, n_barriers=8)
    x, y = rng.uniform(0, 3000, (2, 100))
    order = rng.permutation(100)
    straight = find_access(network, range(100), x, y)
    shuffled = find_access(network, order, x[order], y[order])
    for name in ("edge", "access_mm", "access_ms", "reason", "second_choice", "nearest_mm"):
        assert (getattr(straight, name)[order] == getattr(shuffled, name)).all(), name


def test_order_of_edges_is_of_no_account():
    network, rng = random_roads(9, n_barriers=8)
    order = rng.permutation(network.n_edges)
    names = ("tail", "head", "time_ms", "length_mm", "segment")
    mixed = replace(network, **{name: getattr(network, name)[order] for name in names})
    x, y = rng.uniform(0, 3000, (2, 100))
    legs, other = find_access(network, range(100), x, y), find_access(mixed, range(100), x, y)
    assert segment_of(network, legs) == segment_of(mixed, other)
    assert (legs.access_mm == other.access_mm).all()
    assert (legs.reason == other.reason).all()


def test_an_index_used_again_gives_the_same_legs():
    network, rng = random_roads(10, n_barriers=4)
    x, y = rng.uniform(0, 3000, (2, 50))
    first = find_access(network, range(50), x, y)
    again = find_access(network, range(50), x, y, roads=first.roads)
    assert again.roads is first.roads
    assert (first.edge == again.edge).all()


@given(st.floats(-500, 1500), st.floats(-800, 800))
@settings(max_examples=40, deadline=None)
def test_distance_to_a_lone_road_is_the_distance_to_its_line(x, y):
    legs = one(roads_of([((0, 0), (1000, 0))]), x, y)
    outside = max(-x, x - 1000, 0)
    assert abs(legs.access_mm[0] - 1000 * np.hypot(outside, y)) <= 0.5 + 1e-6
    assert legs.access_ms[0] == walking_ms(legs.access_mm, 4.0)[0]


def test_longest_leg_is_inclusive_to_the_millimetre():
    network = roads_of([((0, 0), (1000, 0))])
    assert one(network, 500, 2000).access_mm.tolist() == [2_000_000]
    beyond = one(network, 500, 2000.001)
    assert (beyond.reason[0], beyond.edge[0], beyond.access_mm[0], beyond.nearest_mm[0]) == (
        "off_road",
        -1,
        -1,
        2_000_001,
    )
    assert np.isnan(beyond.fraction[0])


def test_of_roads_equally_near_the_smaller_segment_is_taken():
    network = roads_of([((0, 100), (1000, 100)), ((0, -100), (1000, -100))])
    swapped = roads_of([((0, -100), (1000, -100)), ((0, 100), (1000, 100))])
    assert one(network, 500, 0).foot_y.tolist() == [100]
    assert one(swapped, 500, 0).foot_y.tolist() == [-100]
    with_a_hair = one(network, 500, -0.0002)
    assert with_a_hair.foot_y.tolist() == [100], "distances are compared in whole millimetres"


def test_roads_that_cannot_be_joined_are_passed_over():
    network = roads_of([((0, 0), (1000, 0)), ((0, 300), (1000, 300))], joinable=[1])
    legs = one(network, 500, 10)
    assert segment_of(network, legs) == [1]
    assert legs.nearest_mm.tolist() == [290_000]


def test_no_leg_crosses_the_river_and_a_bridge_carries_roads_not_legs():
    river = shapely.LineString([(-2000, 50), (3000, 50)])
    lines = [((0, 0), (1000, 0)), ((500, 0), (500, 400)), ((0, 400), (1000, 400))]
    network = roads_of(lines, barriers=[river])
    north = find_access(network, ["A", "B"], [0, 480], [100, 100])
    assert segment_of(network, north) == [2, 1], "A walks 300 m, not 100 m over the river; B reaches the bridge ramp"
    assert north.access_mm.tolist() == [300_000, 20_000]


def test_a_moat_is_a_barrier_and_says_so():
    moat = shapely.Polygon([(400, 100), (600, 100), (600, 300), (400, 300)])
    legs = find_access(roads_of([((0, 0), (1000, 0))], barriers=[moat]), ["in", "out"], [500, 500], [200, 50])
    assert legs.reason.tolist() == ["barrier", ""]
    assert (legs.edge[0], legs.access_ms[0], legs.nearest_mm[0]) == (-1, -1, 200_000)


def test_a_road_on_the_barrier_line_can_be_reached_from_both_sides():
    dyke = shapely.LineString([(-10, 0), (1010, 0)])
    legs = find_access(roads_of([((0, 0), (1000, 0))], barriers=[dyke]), ["N", "S"], [300.3, 700.7], [80, -80])
    assert legs.access_mm.tolist() == [80_000, 80_000]


def test_a_point_on_the_barrier_line_may_leave_it():
    canal = shapely.LineString([(0, 50), (1000, 50)])
    legs = one(roads_of([((0, 0), (1000, 0))], barriers=[canal]), 500, 50)
    assert legs.access_mm.tolist() == [50_000]


def test_a_leg_through_the_tip_of_a_barrier_or_along_it_is_cut():
    for line in ([(500, 50), (900, 50)], [(500, 20), (500, 80)]):
        network = roads_of([((0, 0), (1000, 0)), ((0, 200), (1000, 200))], barriers=[shapely.LineString(line)])
        assert one(network, 500, 95).foot_y.tolist() == [200]


def test_missing_and_empty_barriers_bar_nothing():
    nothing = np.array([None, shapely.LineString(), shapely.Point(1, 1)], dtype=object)
    assert index_barriers(nothing).n_pieces == 0
    assert index_barriers(None).n_pieces == 0
    several = np.array([None, shapely.MultiLineString([[(0, 0), (1, 1), (2, 0)], [(5, 5), (6, 6)]])], dtype=object)
    assert index_barriers(several).n_pieces == 3


def test_barriers_of_no_length_and_with_heights_are_no_trouble():
    odd = [shapely.LineString([(500, 50), (500, 50), (500, 50)]), shapely.LineString([(0, 150, 7), (900, 150, 8)])]
    network = roads_of([((0, 0), (1000, 0)), ((0, 300), (1000, 300))], barriers=odd)
    assert one(network, 400, 100).foot_y.tolist() == [0]
    assert one(network, 400, 200).foot_y.tolist() == [300]


def grid_with_stub(stub_y, gap_m):
    """Return a main road of 40 pieces at y = 0 and a stub that leads nowhere at `stub_y`; the point is between."""
    main = [((100.0 * i, -gap_m), (100.0 * (i + 1), -gap_m)) for i in range(40)]
    return roads_of([*main, ((1000, stub_y), (1100, stub_y))])


def test_a_tiny_cut_off_part_loses_within_the_stated_factor():
    near = one(grid_with_stub(100, 350), 1050, 0)
    assert (near.second_choice[0], near.access_mm[0], near.nearest_mm[0]) == (True, 350_000, 100_000)
    far = one(grid_with_stub(100, 350.001), 1050, 0)
    assert (far.second_choice[0], far.access_mm[0]) == (False, 100_000)


def test_a_part_of_some_size_keeps_its_points():
    network = grid_with_stub(100, 150)
    assert one(network, 1050, 0, tiny_share=0.02).second_choice.tolist() == [False]
    assert one(network, 1050, 0, tiny_share=0.03).second_choice.tolist() == [True]
    equal = roads_of([((0, 0), (100, 0)), ((0, 50), (100, 50))])
    assert segment_of(equal, one(equal, 50, 45)) == [1], "the largest part and one of equal size are both kept"


def test_a_second_choice_must_not_cross_a_barrier_either():
    network = grid_with_stub(100, 150)
    river = shapely.LineString([(-1000, -80), (9000, -80)])
    legs = one(replace(network, barrier_lines=np.array([river], dtype=object)), 1050, 0)
    assert (legs.second_choice[0], legs.access_mm[0]) == (False, 100_000)


def test_a_private_road_serves_up_to_500_metres_inclusive():
    network = roads_of([((0, 0), (3000, 0)), ((0, 0), (0, 2000))], private=[1])
    near = one(network, 10, 500)
    assert (segment_of(network, near), near.private[0]) == ([1], True)
    far = one(network, 10, 500.001)
    assert (segment_of(network, far), far.private[0], far.access_mm[0]) == ([0], False, 500_001)
    beyond = one(network, 10, 500.001, max_access_m=400)
    assert (beyond.reason[0], beyond.nearest_mm[0]) == ("off_road", 10_000)


def test_a_private_road_of_one_direction_is_no_way_in_and_out():
    network = roads_of([((0, 0), (3000, 0)), ((0, 0), (0, 400))], private=[1], one_way=[1])
    legs = one(network, 10, 200)
    assert segment_of(network, legs) == [0]


def test_a_point_at_the_open_end_of_a_private_road_is_not_on_it():
    network = roads_of([((0, 0), (0, 400)), ((0, 0), (3000, 0))], private=[0])
    legs = one(network, -30, -40)
    assert (legs.access_mm[0], legs.private[0]) == (50_000, False)


def test_points_without_coordinates_are_pending():
    legs = find_access(roads_of([((0, 0), (1000, 0))]), ["A", "B", "C"], [np.nan, 5, np.inf], [0, np.nan, 0])
    assert legs.reason.tolist() == ["pending"] * 3
    assert legs.edge.tolist() == legs.access_mm.tolist() == legs.nearest_mm.tolist() == [-1, -1, -1]


def test_no_points_and_no_roads_are_no_trouble():
    network = roads_of([((0, 0), (1000, 0))])
    assert find_access(network, [], [], []).n_points == 0
    empty = RoadNetwork.from_edges([], [], [], x=[0.0], y=[0.0], n_nodes=1)
    legs = one(empty, 0, 0)
    assert (legs.reason[0], legs.nearest_mm[0]) == ("off_road", -1)


def test_edges_of_no_length_and_loops_can_be_reached():
    network = RoadNetwork.from_edges([0, 1, 2], [1, 0, 2], [0, 0, 9], x=[5, 5, 50], y=[5, 5, 50])
    assert one(network, 5, 8).access_mm.tolist() == [3000]
    assert one(network, 50, 52).access_mm.tolist() == [2000]


def test_a_missing_piece_of_x_is_as_missing_as_both():
    walks = straight_walks(one(roads_of([((0, 0), (9, 0))]), 5, np.nan), np.array([0]), np.array([0]))
    assert walks.origin.size == 0


def test_wrong_arguments_are_named():
    network = roads_of([((0, 0), (1000, 0))])
    with pytest.raises(NetworkError, match="differ in length"):
        find_access(network, ["A"], [1, 2], [1, 2])
    with pytest.raises(NetworkError, match="access_kmh"):
        one(network, 0, 0, access_kmh=0)
    with pytest.raises(NetworkError, match="max_access_m"):
        one(network, 0, 0, max_access_m=-1)
    with pytest.raises(NetworkError, match="without x and y"):
        one(RoadNetwork.from_edges([0], [1], [1]), 0, 0)


def test_the_table_of_legs_has_metres_and_seconds():
    frame = find_access(roads_of([((0, 0), (1000, 0))]), ["A", "B"], [10, 0], [100, 9000]).to_frame()
    assert frame.loc[0, ["access_m", "access_s", "nearest_road_m"]].tolist() == [100, 90, 100]
    assert frame.loc[1, ["access_m", "access_s"]].isna().all()
    assert frame["reason"].tolist() == ["", "off_road"]


def brute_force_walks(legs, origins, destinations, limit_mm, lines):
    found = []
    for start in origins:
        for end in destinations:
            length_mm = round(1000 * np.hypot(legs.x[start] - legs.x[end], legs.y[start] - legs.y[end]))
            walk = shapely.LineString([(legs.x[start], legs.y[start]), (legs.x[end], legs.y[end])])
            if length_mm <= limit_mm and not any(walk.intersects(line) for line in lines):
                found.append((start, end, round(length_mm * 0.72), length_mm))
    return sorted(found)


def test_straight_walks_are_all_pairs_in_reach_with_nothing_between():
    network, rng = random_roads(11, n_barriers=7)
    x, y = rng.uniform(0, 3000, (2, 60))
    x[5] = np.nan
    legs = find_access(network, range(60), x, y)
    origins, destinations = rng.permutation(60)[:40], rng.permutation(60)[:30]
    walks = straight_walks(
        legs, origins, destinations, access_kmh=5, max_access_m=700, barrier_lines=network.barrier_lines
    )
    rows = list(zip(*(values.tolist() for values in walks), strict=True))
    expected = brute_force_walks(legs, set(origins) - {5}, set(destinations) - {5}, 700_000, network.barrier_lines)
    assert rows == expected


def test_the_same_place_is_no_walk_even_on_a_barrier():
    line = np.array([shapely.LineString([(0, 0), (10, 0)])], dtype=object)
    legs = find_access(roads_of([((0, 0), (1000, 0))]), ["A", "B"], [5, 5], [0, 0])
    walks = straight_walks(legs, np.array([0]), np.array([0, 1]), barrier_lines=line)
    assert (walks.destination.tolist(), walks.time_ms.tolist()) == ([0, 1], [0, 0])


def test_walks_of_nobody_are_none():
    legs = find_access(roads_of([((0, 0), (1000, 0))]), ["A"], [np.nan], [np.nan])
    assert straight_walks(legs, np.array([0]), np.array([0])).origin.size == 0
    assert straight_walks(legs, np.zeros(0, dtype=int), np.zeros(0, dtype=int)).origin.size == 0
