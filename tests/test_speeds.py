"""The table of speeds: complete, sourced, and changed only where a planner says so."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from clinicplan.errors import NetworkError
from clinicplan.speeds import FASTEST_KMH, Speeds, read_speeds
from clinicplan.terms import MODES


def test_every_mode_of_the_program_has_speeds_and_no_other() -> None:
    assert set(read_speeds().modes) == set(MODES)


def test_every_number_stands_beside_a_source_or_the_word_assumption() -> None:
    text = resources.files("clinicplan").joinpath("speeds.toml").read_text(encoding="utf-8")
    bare: list[str] = []

    def walk(value: object, place: str) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                walk(part, f"{place}.{key}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            bare.append(place)
        elif isinstance(value, list) and value and not isinstance(value[0], str):
            assert len(value) == 2, place
            assert value[1].strip(), place

    walk(tomllib.loads(text), "")
    assert bare == []


def test_the_table_lists_each_number_once_with_unit_and_source() -> None:
    table = read_speeds().table()
    assert list(table.columns) == ["mode", "item", "value", "unit", "source"]
    assert not table.duplicated(["mode", "item"]).any()
    assert (table["source"] != "").all()
    assert set(table["unit"]) == {"km/h", "min", ""}
    car = table[(table["mode"] == "car") & (table["item"] == "kmh.tertiary")].iloc[0]
    assert car["value"] == 40.0
    assert "OSRM" in car["source"]


def test_numbers_of_every_mode_are_possible() -> None:
    for name in MODES:
        mode = read_speeds().mode(name)
        assert 0 < mode.top_kmh <= FASTEST_KMH
        assert all(0 < kmh <= mode.top_kmh for kmh in mode.kmh.values()), name
        assert not set(mode.kmh) & set(mode.kmh_if_allowed), name
        assert all(0 <= factor <= 1 for table in mode.quality.values() for factor in table.values())


@pytest.mark.parametrize("highway", ["trunk", "primary", "secondary", "tertiary", "unclassified"])
def test_a_better_vehicle_is_never_slower_on_an_open_road(highway: str) -> None:
    order = ["walk", "bicycle", "e_bike", "tricycle", "motorcycle", "car"]
    speeds = [read_speeds().mode(name).kmh[highway] for name in order]
    assert speeds == sorted(speeds)


@pytest.mark.parametrize("name", MODES)
def test_a_better_road_class_is_never_slower(name: str) -> None:
    kmh = read_speeds().mode(name).kmh
    order = ["trunk", "primary", "secondary", "tertiary", "unclassified", "residential"]
    speeds = [kmh[highway] for highway in order]
    assert speeds == sorted(speeds, reverse=True)


def test_no_highway_value_is_both_open_and_on_the_closed_list() -> None:
    speeds = read_speeds()
    assert not speeds.known_classes & speeds.closed_classes
    listed = {"construction", "proposed", "raceway", "via_ferrata", "platform", "elevator", "rest_area", "busway"}
    assert listed <= speeds.closed_classes


def test_classes_of_a_county_road_layer_lead_to_classes_with_a_speed() -> None:
    speeds = read_speeds()
    assert set(speeds.road_layer.classes.values()) <= speeds.known_classes
    assert speeds.road_layer.default_class in speeds.known_classes
    surfaces = read_speeds().mode("car").quality["surface"]
    assert set(speeds.road_layer.surfaces.values()) <= set(surfaces)


def own(tmp_path, text: str, encoding: str = "utf-8") -> Speeds:
    path = tmp_path / "speeds.toml"
    path.write_bytes(text.encode(encoding))
    return read_speeds(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_an_own_file_changes_what_it_names_and_nothing_else(tmp_path, encoding: str) -> None:
    changed = own(tmp_path, '[modes.car.kmh]\nunclassified = [22, "本县实测"]\n"村道" = 20\n', encoding)
    assert changed.mode("car").kmh["unclassified"] == 22.0
    assert changed.mode("car").kmh["村道"] == 20.0
    assert changed.mode("car").kmh["tertiary"] == read_speeds().mode("car").kmh["tertiary"]
    assert changed.mode("walk") == read_speeds().mode("walk")
    assert read_speeds().mode("car").kmh["unclassified"] == 30.0
    table = changed.table().set_index(["mode", "item"])["source"]
    assert table["car", "kmh.unclassified"] == "本县实测"
    assert table["car", "kmh.村道"] == "own file"


def test_an_own_file_with_windows_line_ends_is_read(tmp_path) -> None:
    assert own(tmp_path, "[ferry]\r\nwait_min = 0\r\n").mode("car").ferry.wait_min == 0.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[modes.car.kmh]\ntertiary = -3", "modes.car.kmh.tertiary"),
        ("[modes.car.kmh]\ntertiary = true", "modes.car.kmh.tertiary"),
        ('[modes.car.kmh]\ntertiary = "fast"', "modes.car.kmh.tertiary"),
        ("[modes.car.kmh]\ntertiary = [40, 2]", "modes.car.kmh.tertiary"),
        ("[modes.car.kmh]\ntertiary = nan", "modes.car.kmh.tertiary"),
        ("[modes.car.kmh]\ntertiary = inf", "modes.car.kmh.tertiary"),
        ("[modes.car.kmh]\ntertiary = 900", "modes.car.kmh.tertiary"),
        ("[modes.car]\nkmh = 5", "modes.car.kmh"),
        ("[modes.car.kmh.tertiary]\na = 5", "modes.car.kmh.tertiary"),
        ("[quality.surface]\ngravel = 1.5", "quality.surface.gravel"),
        ('[modes.car]\nmotor = "yes"', "modes.car.motor"),
        ('[barriers]\ngate = ["cars"]', "barriers.gate"),
        ("[modes.car]\nspeed = 5", "modes.car.speed"),
        ("[mode.car.kmh]\ntertiary = 5", "mode"),
        ("[modes.plane.kmh]\ntertiary = 5", "modes.plane"),
    ],
)
def test_an_impossible_entry_is_named_and_refused(tmp_path, text: str, found: str) -> None:
    with pytest.raises(NetworkError) as caught:
        own(tmp_path, text)
    assert len(caught.value.faults) == 1
    assert found in str(caught.value)
    assert "speeds.toml" in str(caught.value)


def test_all_faults_of_a_file_are_told_at_once_with_the_nearest_known_word(tmp_path) -> None:
    with pytest.raises(NetworkError) as caught:
        own(tmp_path, "[modes.cars.kmh]\ntertiary = 5\n[ferry]\nkmh = 0\nwait = 3\n")
    assert len(caught.value.faults) == 3
    assert "Did you mean car?" in str(caught.value)
    assert "Did you mean wait_min?" in str(caught.value)


def test_a_missing_or_broken_file_is_named(tmp_path) -> None:
    with pytest.raises(NetworkError, match="no such file"):
        read_speeds(tmp_path / "none.toml")
    with pytest.raises(NetworkError, match="not valid TOML"):
        own(tmp_path, "a = = 1")
    (tmp_path / "speeds.toml").write_bytes(b"\xff\xff\x00")
    with pytest.raises(NetworkError, match="encoding"):
        read_speeds(tmp_path / "speeds.toml")


def test_an_unknown_mode_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NetworkError, match="Did you mean e_bike"):
        read_speeds().mode("ebike")
