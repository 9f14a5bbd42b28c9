"""Own clinics and suspected duplicates: found where the data say so, listed where they do not, never guessed."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, box

from clinicplan.check.matching import METHODS, match_own_clinics, suspected_duplicates

CRS = "EPSG:4549"


def villages(*rows, geometry=None):
    """Rows of (id, name, township, x, y)."""
    points = [None if row[3] is None else Point(row[3], row[4]) for row in rows] if geometry is None else geometry
    return gpd.GeoDataFrame(
        {"village_id": [r[0] for r in rows], "name": [r[1] for r in rows], "township": [r[2] for r in rows]},
        geometry=gpd.GeoSeries(points, crs=CRS),
    )


def facilities(*rows, **columns):
    """Rows of (id, name, tier, township, x, y)."""
    points = [None if row[4] is None else Point(row[4], row[5]) for row in rows]
    table = {
        "facility_id": [r[0] for r in rows],
        "name": [r[1] for r in rows],
        "tier": [r[2] for r in rows],
        "township": [r[3] for r in rows],
    }
    return gpd.GeoDataFrame({**table, **columns}, geometry=gpd.GeoSeries(points, crs=CRS))


def straight_road(villages_layer, facilities_layer, factor=1.0):
    """Roads that run straight, longer by a factor."""

    def metres(facility_rows, village_rows):
        f, v = facilities_layer.geometry, villages_layer.geometry
        return np.array([f[i].distance(v[j]) * factor for i, j in zip(facility_rows, village_rows, strict=True)])

    return metres


def method_and_village(matches):
    return dict(zip(matches.facility_id, zip(matches.method, matches.village_id, strict=True), strict=True))


TOWN = villages(
    ("V1", "后岸村委会", "儒岙镇", 0, 0),
    ("V2", "镜岭村委会", "镜岭镇", 10_000, 0),
    ("V3", "镜岭居委会", "镜岭镇", 10_400, 0),
    ("V4", "后岸村委会", "镜岭镇", 20_000, 0),
    ("V5", "上坑村委会", "儒岙镇", 30_000, 0),
)


def test_the_register_id_decides_before_everything_else():
    clinics = facilities(("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 0, 0), village_id=["V5"])
    assert method_and_village(match_own_clinics(TOWN, clinics)) == {"F1": ("id", "V5")}


def test_an_id_that_names_no_village_leaves_the_name_to_decide():
    clinics = facilities(("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 0, 0), village_id=["V99"])
    assert method_and_village(match_own_clinics(TOWN, clinics)) == {"F1": ("name", "V1")}


def test_an_id_that_stands_twice_in_the_villages_layer_is_ambiguous():
    twice = villages(("V1", "甲村", "A镇", 0, 0), ("V1", "乙村", "A镇", 5_000, 0))
    clinics = facilities(("F1", "丙村卫生室", "village_clinic", "A镇", 0, 0), village_id=["V1"])
    assert method_and_village(match_own_clinics(twice, clinics)) == {"F1": ("ambiguous", "")}


def test_the_same_name_in_two_townships_is_told_apart_by_the_township():
    clinics = facilities(
        ("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 20_000, 0),
        ("F2", "后岸村第一卫生室", "village_clinic", "镜岭", 0, 0),
        ("F3", "镜岭镇后岸村卫生室", "village_clinic", "", 0, 0),
    )
    found = method_and_village(match_own_clinics(TOWN, clinics))
    assert found == {"F1": ("name", "V1"), "F2": ("name", "V4"), "F3": ("name", "V4")}


def test_a_name_without_any_township_is_not_enough():
    clinics = facilities(("F1", "后岸村卫生室", "village_clinic", "", None, None))
    assert method_and_village(match_own_clinics(TOWN, clinics)) == {"F1": ("unmatched", "")}


def test_the_township_polygon_stands_in_for_a_missing_township():
    towns = gpd.GeoDataFrame(
        {"township": ["儒岙镇", "镜岭镇"]}, geometry=[box(-1e3, -1e3, 1e3, 1e3), box(5e3, -1e3, 25e3, 1e3)], crs=CRS
    )
    clinics = facilities(("F1", "后岸卫生室", "village_clinic", "", 20_000, 500))
    assert method_and_village(match_own_clinics(TOWN, clinics, townships=towns)) == {"F1": ("name", "V4")}


def test_village_and_community_of_one_name_are_told_apart_by_the_word():
    clinics = facilities(
        ("F1", "镜岭村卫生室", "village_clinic", "镜岭镇", 10_400, 0),
        ("F2", "镜岭社区卫生服务站", "community_station", "镜岭镇", 10_000, 0),
        ("F3", "镜岭卫生室", "village_clinic", "镜岭镇", 10_000, 0),
    )
    matches = match_own_clinics(TOWN, clinics)
    assert method_and_village(matches) == {"F1": ("name", "V2"), "F2": ("name", "V3"), "F3": ("ambiguous", "")}
    assert matches.candidates[2] == ("V2", "V3")
    assert "V2、V3" in matches.to_frame("zh").loc[2, "detail"]


def test_a_village_that_became_a_community_keeps_its_clinic_and_the_row_says_so():
    layer = villages(("V1", "后岸社区居委会", "儒岙镇", 0, 0))
    matches = match_own_clinics(layer, facilities(("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 0, 0)))
    assert method_and_village(matches) == {"F1": ("name", "V1")}
    assert matches.detail[0] == "other_unit"


def test_two_villages_of_one_name_in_a_township_are_listed_not_guessed():
    layer = villages(("V1", "新村村委会", "A镇", 0, 0), ("V2", "新村村委会", "A镇", 5_000, 0))
    clinics = facilities(("F1", "新村卫生室", "village_clinic", "A镇", 10, 0))
    matches = match_own_clinics(layer, clinics, road_distance=straight_road(layer, clinics))
    assert method_and_village(matches) == {"F1": ("ambiguous", "")}


def test_the_polygon_decides_where_the_name_does_not():
    layer = villages(
        ("V1", "甲村", "A镇", 0, 0),
        ("V2", "乙村", "A镇", 0, 0),
        geometry=[box(0, 0, 1_000, 1_000), box(1_000, 0, 2_000, 1_000)],
    )
    clinics = facilities(
        ("F1", "上坑卫生室", "village_clinic", "A镇", 500, 500),
        ("F2", "下坑卫生室", "village_clinic", "A镇", 1_000, 500),
        ("F3", "外坑卫生室", "village_clinic", "A镇", 9_000, 500),
    )
    found = method_and_village(match_own_clinics(layer, clinics))
    assert found == {"F1": ("polygon", "V1"), "F2": ("ambiguous", ""), "F3": ("unmatched", "")}


def test_the_nearest_village_by_road_is_taken_up_to_one_kilometre_inclusive():
    layer = villages(("V1", "甲村", "A镇", 0, 0), ("V2", "乙村", "A镇", 5_000, 0))
    clinics = facilities(
        ("F1", "康民卫生室", "village_clinic", "A镇", 500, 0),
        ("F2", "惠民卫生室", "village_clinic", "A镇", 4_000, 0),
        ("F3", "利民卫生室", "village_clinic", "A镇", 3_999.9, 0),
    )
    matches = match_own_clinics(layer, clinics, road_distance=straight_road(layer, clinics))
    expected = {"F1": ("nearest_road", "V1"), "F2": ("nearest_road", "V2"), "F3": ("unmatched", "")}
    assert method_and_village(matches) == expected
    assert matches.distance_m[0] == 500
    assert matches.to_frame("en").loc[0, "detail"] == "500 m by road"


def test_nearness_is_by_road_not_by_air():
    layer = villages(("V1", "甲村", "A镇", 0, 0))
    clinics = facilities(("F1", "康民卫生室", "village_clinic", "A镇", 600, 0))
    matches = match_own_clinics(layer, clinics, road_distance=straight_road(layer, clinics, factor=2.0))
    assert method_and_village(matches) == {"F1": ("unmatched", "")}
    nowhere = match_own_clinics(layer, clinics, road_distance=lambda rows, _: np.full(len(rows), np.nan))
    assert method_and_village(nowhere) == {"F1": ("unmatched", "")}


def test_two_villages_almost_equally_near_are_ambiguous():
    layer = villages(("V1", "甲村", "A镇", 0, 0), ("V2", "乙村", "A镇", 600, 0))
    clinics = facilities(("F1", "康民卫生室", "village_clinic", "A镇", 310, 0))
    matches = match_own_clinics(layer, clinics, road_distance=straight_road(layer, clinics))
    assert method_and_village(matches) == {"F1": ("ambiguous", "")}
    assert matches.candidates[0] == ("V2", "V1")


def test_roads_are_asked_only_about_clinics_that_earlier_rules_left_open():
    asked = []

    def metres(facility_rows, village_rows):
        asked.extend(facility_rows.tolist())
        return np.full(len(facility_rows), 100.0)

    clinics = facilities(
        ("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 0, 0),
        ("F2", "康民卫生室", "village_clinic", "儒岙镇", 100, 0),
        ("F3", "儒岙镇卫生院", "township_hospital", "儒岙镇", 100, 0),
    )
    match_own_clinics(TOWN, clinics, road_distance=metres)
    assert set(asked) == {1}


def test_higher_tiers_belong_to_no_village():
    clinics = facilities(("F1", "后岸卫生院", "township_hospital", "儒岙镇", 0, 0), village_id=["V1"])
    assert method_and_village(match_own_clinics(TOWN, clinics)) == {"F1": ("not_applicable", "")}


def test_a_clinic_over_the_county_line_is_not_given_to_the_village_next_to_it():
    clinics = facilities(
        ("F1", "外村卫生室", "village_clinic", "外镇", 100, 0),
        ("F2", "后岸村卫生室", "village_clinic", "儒岙镇", 100, 0),
        outside_county=[True, True],
    )
    found = method_and_village(match_own_clinics(TOWN, clinics, road_distance=straight_road(TOWN, clinics)))
    assert found == {"F1": ("not_applicable", ""), "F2": ("name", "V1")}


def test_matching_does_not_depend_on_the_order_of_rows():
    clinics = facilities(
        ("F1", "镜岭卫生室", "village_clinic", "镜岭镇", 10_000, 0),
        ("F2", "康民卫生室", "village_clinic", "儒岙镇", 100, 0),
        ("F3", "后岸村第二卫生室", "village_clinic", "镜岭镇", 0, 0),
    )
    forward = match_own_clinics(TOWN, clinics, road_distance=straight_road(TOWN, clinics))
    turned_villages, turned = TOWN[::-1].reset_index(drop=True), clinics[::-1].reset_index(drop=True)
    backward = match_own_clinics(turned_villages, turned, road_distance=straight_road(turned_villages, turned))
    assert method_and_village(forward) == method_and_village(backward)


def test_every_facility_has_one_row_and_a_known_method():
    clinics = facilities(
        ("F1", None, "village_clinic", None, None, None), ("F2", "巡诊", "touring_stop", "儒岙镇", 0, 0)
    )
    matches = match_own_clinics(TOWN, clinics)
    assert len(matches.to_frame()) == 2
    assert set(matches.method) <= set(METHODS)
    assert sum(matches.counts().values()) == 2
    assert repr(matches) == "ClinicMatches(2 facilities: unmatched 1, not_applicable 1)"


def test_villages_without_a_clinic_are_named_in_the_order_given():
    clinics = facilities(
        ("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 0, 0),
        ("F2", "后岸村第二卫生室", "village_clinic", "儒岙镇", 0, 0),
    )
    matches = match_own_clinics(TOWN, clinics)
    assert matches.villages_without(["V5", "V1", "V2"]) == ("V5", "V2")
    assert dict(matches.clinics_of) == {"V1": ("F1", "F2")}


def test_empty_layers_are_answered_with_nothing():
    assert len(match_own_clinics(TOWN, facilities()).to_frame()) == 0
    alone = facilities(("F1", "后岸村卫生室", "village_clinic", "儒岙镇", 0, 0))
    assert method_and_village(match_own_clinics(villages(), alone)) == {"F1": ("unmatched", "")}


@pytest.mark.parametrize(("apart", "pairs"), [(150.0, 1), (150.002, 0), (0.0, 1)])
def test_two_clinics_within_150_metres_are_suspected_inclusively(apart, pairs):
    layer = facilities(("F1", "甲", "village_clinic", "A镇", 0, 0), ("F2", "乙", "village_clinic", "A镇", apart, 0))
    assert len(suspected_duplicates(layer)) == pairs


def test_one_name_within_a_kilometre_is_suspected_but_not_a_first_and_a_second_clinic():
    layer = facilities(
        ("F1", "后岸村第一卫生室", "village_clinic", "A镇", 0, 0),
        ("F2", "后岸卫生室", "village_clinic", "A镇", 1_000, 0),
        ("F3", "后岸村卫生室", "village_clinic", "A镇", 2_500, 0),
        ("F4", "后岸村第二卫生室", "village_clinic", "A镇", 200, 0),
    )
    [pair] = suspected_duplicates(layer)
    assert (pair.first_id, pair.second_id, pair.reason, pair.name, pair.distance_m) == (
        "F1",
        "F2",
        "same_name",
        "后岸",
        1_000,
    )
    assert "1000 m" in pair.sentence("en")
    assert "后岸" in pair.sentence("zh")


def test_tiers_that_serve_as_one_are_compared_and_others_are_not():
    layer = facilities(
        ("F1", "甲", "village_clinic", "A镇", 0, 0),
        ("F2", "乙", "central_clinic", "A镇", 10, 0),
        ("F3", "丙", "township_hospital", "A镇", 20, 0),
        ("F4", "丁", "other", "A镇", 0, 0),
        ("F5", "戊", "other", "A镇", 0, 0),
    )
    assert [(pair.first_id, pair.second_id) for pair in suspected_duplicates(layer)] == [("F1", "F2")]


def test_rows_without_a_position_are_suspected_by_township_and_name_only():
    layer = facilities(
        ("F1", "后岸村卫生室", "village_clinic", "A镇", None, None),
        ("F2", "后岸卫生室", "village_clinic", "A镇", 0, 0),
        ("F3", "后岸村卫生室", "village_clinic", "B镇", None, None),
    )
    [pair] = suspected_duplicates(layer)
    assert (pair.first_id, pair.second_id, pair.reason) == ("F1", "F2", "same_name_unplaced")
    assert np.isnan(pair.distance_m)


def test_clinics_without_a_telling_name_are_not_suspected_for_it():
    layer = facilities(
        ("F1", "村卫生室", "village_clinic", "A镇", 0, 0), ("F2", "卫生室", "village_clinic", "A镇", 500, 0)
    )
    assert suspected_duplicates(layer) == ()


def test_every_sentence_exists_in_both_languages():
    from clinicplan.words import _subject

    entries = _subject("matching")
    used = {f"method.{method}" for method in METHODS}
    used |= {f"reason.{reason}" for reason in ("near", "same_place", "same_name", "same_name_unplaced")}
    assert used <= set(entries)
