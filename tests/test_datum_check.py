"""The datum of a layer by closeness to roads: right where it answers, silent where it cannot tell."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from clinicplan.check.datum_check import CANDIDATES, identify_datum
from clinicplan.datum import wgs84_to_bd09, wgs84_to_gcj02

CRS = "EPSG:4549"
SHARED = Path(__file__).resolve().parents[2] / "shared"
ANDORRA = SHARED / "data" / "andorra" / "andorra-2025-01-19.osm.pbf"
PLACES = ("village", "hamlet", "town", "clinic", "pharmacy", "doctors", "school")
SHIFT = {"wgs84": lambda lon, lat: (lon, lat), "gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}
TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform


def winding_roads(rng, n_roads=40):
    """Forty random walks of 12 km in 150 m steps within a county of 30 km: about half a km of road per square km."""
    roads = []
    for _ in range(n_roads):
        start = rng.uniform((480_000, 3_250_000), (510_000, 3_280_000))
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.25, 80))
        steps = 150 * np.c_[np.cos(heading), np.sin(heading)]
        roads.append(shapely.linestrings(start + np.cumsum(steps, axis=0)))
    return np.array(roads)


def villages_along(roads, rng, n, off_m):
    """Points along roads, off the road by a normal distance, in degrees of WGS84."""
    chosen = roads[rng.integers(0, len(roads), n)]
    places = shapely.line_interpolate_point(chosen, rng.uniform(0, 1, n), normalized=True)
    offset = rng.normal(0, off_m, (n, 2))
    return TO_DEGREES(shapely.get_x(places) + offset[:, 0], shapely.get_y(places) + offset[:, 1])


@pytest.mark.parametrize("true", CANDIDATES)
@pytest.mark.parametrize("n", [15, 60, 300])
def test_the_true_datum_is_found(true, n):
    rng = np.random.default_rng(n)
    roads = winding_roads(rng)
    lon, lat = villages_along(roads, rng, n, off_m=25)
    guess = identify_datum(*SHIFT[true](lon, lat), roads, CRS, declared="wgs84")
    assert guess.answer == true
    assert guess.contradicts_declared == (true != "wgs84")
    assert not guess.looks_mixed


def test_it_is_never_confidently_wrong_even_far_off_the_road():
    rng = np.random.default_rng(5)
    for trial in range(15):
        roads = winding_roads(rng)
        true = CANDIDATES[trial % 3]
        lon, lat = villages_along(roads, rng, 20, off_m=200)
        assert identify_datum(*SHIFT[true](lon, lat), roads, CRS).answer in ("", true)


def test_points_that_have_nothing_to_do_with_the_roads_give_no_answer():
    rng = np.random.default_rng(11)
    answers = []
    for _ in range(20):
        roads = winding_roads(rng, 15)
        lon, lat = TO_DEGREES(rng.uniform(480_000, 510_000, 60), rng.uniform(3_250_000, 3_280_000, 60))
        guess = identify_datum(lon, lat, roads, CRS)
        assert not guess.looks_mixed
        answers.append(guess.answer)
    # By luck one candidate of three is the best of fifteen places in a fifth of the layers, at most.
    assert sum(answer != "" for answer in answers) <= 4


def test_a_layer_shifted_in_no_known_way_gives_no_answer():
    rng = np.random.default_rng(12)
    answers = []
    for _ in range(20):
        roads = winding_roads(rng, 60)
        lon, lat = villages_along(roads, rng, 60, off_m=30)
        angle = rng.uniform(0, 2 * np.pi)
        guess = identify_datum(lon + 0.0028 * np.cos(angle), lat + 0.0024 * np.sin(angle), roads, CRS)
        answers.append(guess.answer or guess.looks_mixed)
    assert sum(map(bool, answers)) <= 3


def test_fewer_than_fifteen_places_cannot_tell():
    rng = np.random.default_rng(1)
    roads = winding_roads(rng)
    lon, lat = villages_along(roads, rng, 14, off_m=5)
    guess = identify_datum(lon, lat, roads, CRS)
    assert guess.best == "wgs84"
    assert guess.answer == ""


def test_copied_coordinates_are_one_place():
    rng = np.random.default_rng(1)
    roads = winding_roads(rng)
    lon, lat = villages_along(roads, rng, 10, off_m=5)
    guess = identify_datum(np.tile(lon, 30), np.tile(lat, 30), roads, CRS)
    assert guess.n_places == 10
    assert guess.answer == ""


def test_cgcs2000_is_no_contradiction_of_wgs84():
    rng = np.random.default_rng(2)
    roads = winding_roads(rng)
    guess = identify_datum(*villages_along(roads, rng, 50, off_m=10), roads, CRS, declared="cgcs2000")
    assert guess.answer == "wgs84"
    assert not guess.contradicts_declared


def test_missing_positions_are_left_out_and_the_seed_decides_the_rest():
    rng = np.random.default_rng(3)
    roads = winding_roads(rng)
    lon, lat = villages_along(roads, rng, 40, off_m=20)
    lon[:5] = np.nan
    first, second = (identify_datum(lon, lat, roads, CRS, seed=4) for _ in range(2))
    assert first == second
    assert first.n_places == 35


def test_the_order_of_points_is_of_no_account():
    rng = np.random.default_rng(3)
    roads = winding_roads(rng)
    lon, lat = villages_along(roads, rng, 40, off_m=60)
    assert identify_datum(lon, lat, roads, CRS) == identify_datum(lon[::-1], lat[::-1], roads, CRS)


@pytest.mark.parametrize(("main", "stray"), [("wgs84", "gcj02"), ("gcj02", "wgs84")])
def test_a_layer_of_two_data_is_called_mixed(main, stray):
    rng = np.random.default_rng(8)
    roads = winding_roads(rng)
    lon, lat = villages_along(roads, rng, 120, off_m=20)
    from_phones = np.arange(120) < 48
    main_lon, main_lat = SHIFT[main](lon, lat)
    stray_lon, stray_lat = SHIFT[stray](lon, lat)
    guess = identify_datum(
        np.where(from_phones, stray_lon, main_lon), np.where(from_phones, stray_lat, main_lat), roads, CRS
    )
    assert guess.best == main
    assert guess.looks_mixed
    assert guess.stray == stray
    assert guess.stray_share == pytest.approx(0.4, abs=0.1)


def test_missing_roads_do_not_make_a_layer_look_mixed():
    rng = np.random.default_rng(9)
    for _ in range(10):
        roads = winding_roads(rng)
        lon, lat = villages_along(roads, rng, 80, off_m=40)
        assert not identify_datum(lon, lat, roads[rng.random(len(roads)) > 0.4], CRS).looks_mixed


def test_without_a_road_or_a_point_there_is_nothing_to_tell():
    road = np.array([shapely.linestrings([[0, 0], [1, 1]])])
    with pytest.raises(ValueError, match="at least one point"):
        identify_datum([np.nan], [30.0], road, CRS)
    with pytest.raises(ValueError, match="one road"):
        identify_datum([120.0], [30.0], road[:0], CRS)


def test_the_table_marks_what_is_declared_and_what_is_best():
    rng = np.random.default_rng(2)
    roads = winding_roads(rng)
    frame = identify_datum(
        *wgs84_to_gcj02(*villages_along(roads, rng, 50, off_m=10)), roads, CRS, declared="cgcs2000"
    ).to_frame()
    assert frame["datum"].tolist() == list(CANDIDATES)
    assert frame["declared"].tolist() == [True, False, False]
    assert frame["best"].tolist() == [False, True, False]


@pytest.mark.skipif(not ANDORRA.exists(), reason="the extract of Andorra in shared is absent")
def test_on_real_roads_moved_to_china_the_true_datum_is_found():
    """Roads and places of Andorra, moved as they stand to 120.9 E 29.5 N, where web maps shift by 0.5 and 1.2 km."""
    roads, x, y = _andorra_in_china()
    lon, lat = TO_DEGREES(x, y)
    rng = np.random.default_rng(0)
    for n in (15, 60):
        for true in CANDIDATES:
            chosen = rng.choice(len(lon), n, replace=False)
            guess = identify_datum(*SHIFT[true](lon[chosen], lat[chosen]), roads, CRS)
            assert guess.answer == true
            assert not guess.looks_mixed


def _andorra_in_china():
    import osmium

    roads, places = [], []
    for thing in osmium.FileProcessor(str(ANDORRA)).with_locations():
        if thing.is_way() and thing.tags.get("highway", "footway") not in ("footway", "path", "steps", "proposed"):
            line = [(node.lon, node.lat) for node in thing.nodes if node.location.valid()]
            roads.extend([line] if len(line) > 1 else [])
        elif thing.is_node() and thing.tags.get("place", thing.tags.get("amenity")) in PLACES:
            places.append((thing.lon, thing.lat))
    project = Transformer.from_crs("EPSG:4326", "EPSG:32631", always_xy=True).transform
    x, y = project(*np.array(places).T)
    east, north = 580_000 - x.mean(), 3_265_000 - y.mean()
    corners = np.concatenate([np.array(line) for line in roads])
    road_x, road_y = project(corners[:, 0], corners[:, 1])
    which = np.repeat(np.arange(len(roads)), [len(line) for line in roads])
    return shapely.linestrings(np.c_[road_x + east, road_y + north], indices=which), x + east, y + north
