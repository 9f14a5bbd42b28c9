"""Which way is open to whom, in which direction and how fast: each rule as a row of a table."""

from __future__ import annotations

import numpy as np
import pytest

from clinicplan.roads.access_rules import duration_minutes, maxspeed_kmh, stopping_nodes, tag_keys, way_rights
from clinicplan.roads.ways import TagCollector, TagTable
from clinicplan.speeds import read_speeds
from clinicplan.terms import MODES

WHEELS = ("bicycle", "e_bike", "tricycle", "motorcycle", "car")
MOTORS = ("tricycle", "motorcycle", "car")
BIKES = ("bicycle", "e_bike")


def table(*objects: dict[str, str]) -> TagTable:
    collector = TagCollector([*tag_keys(read_speeds()), "barrier", "locked"])
    for row, tags in enumerate(objects):
        collector.add(row, tags)
    return collector.table(len(objects))


def arrows(tags: dict[str, str]) -> dict[str, str]:
    """By mode: `<>` both ways, `>` along, `<` against, empty closed."""
    found = {}
    for name in MODES:
        rights = way_rights(table(tags), read_speeds().mode(name))
        found[name] = "<" * int(rights.backward_kmh[0] > 0) + ">" * int(rights.forward_kmh[0] > 0)
    return found


def expected(**groups: str) -> dict[str, str]:
    """By mode: what its group says, closed where none does."""
    members = {"all": MODES, "wheels": WHEELS, "motors": MOTORS, "bikes": BIKES}
    wanted = dict.fromkeys(MODES, "")
    for group, arrow in groups.items():
        wanted.update(dict.fromkeys(members.get(group, (group,)), arrow))
    return wanted


ROAD = {"highway": "unclassified"}
CASES = [
    (ROAD, expected(all="<>")),
    # Direction
    ({**ROAD, "oneway": "yes"}, expected(walk="<>", wheels=">")),
    ({**ROAD, "oneway": "1"}, expected(walk="<>", wheels=">")),
    ({**ROAD, "oneway": "true"}, expected(walk="<>", wheels=">")),
    ({**ROAD, "oneway": "-1"}, expected(walk="<>", wheels="<")),
    ({**ROAD, "oneway": "reverse"}, expected(walk="<>", wheels="<")),
    ({**ROAD, "oneway": "no"}, expected(all="<>")),
    ({**ROAD, "oneway": "reversible"}, expected(all="<>")),
    ({**ROAD, "oneway": "what"}, expected(all="<>")),
    ({**ROAD, "junction": "roundabout"}, expected(walk="<>", wheels=">")),
    ({**ROAD, "junction": "circular"}, expected(walk="<>", wheels=">")),
    ({**ROAD, "junction": "roundabout", "oneway": "-1"}, expected(walk="<>", wheels="<")),
    ({**ROAD, "junction": "roundabout", "oneway": "no"}, expected(all="<>")),
    ({**ROAD, "junction": "yes"}, expected(all="<>")),
    ({**ROAD, "oneway": "yes", "oneway:bicycle": "no"}, expected(walk="<>", motors=">", bikes="<>")),
    ({**ROAD, "oneway": "yes", "oneway:moped": "no"}, expected(walk="<>", wheels=">", e_bike="<>")),
    ({**ROAD, "oneway": "yes", "oneway:motorcycle": "no"}, expected(walk="<>", wheels=">", motorcycle="<>")),
    ({**ROAD, "oneway": "yes", "cycleway": "opposite_lane"}, expected(walk="<>", motors=">", bikes="<>")),
    ({**ROAD, "oneway": "yes", "cycleway:left": "opposite"}, expected(walk="<>", motors=">", bikes="<>")),
    ({**ROAD, "oneway": "yes", "oneway:foot": "yes"}, expected(all=">")),
    ({**ROAD, "oneway:foot": "-1"}, expected(walk="<", wheels="<>")),
    ({"highway": "motorway"}, expected(car=">")),
    ({"highway": "motorway_link"}, expected(car=">")),
    ({"highway": "motorway", "oneway": "no"}, expected(car="<>")),
    ({"highway": "motorway", "foot": "yes"}, expected(walk="<>", car=">")),
    ({"highway": "motorway", "motorcycle": "yes"}, expected(motorcycle=">", car=">")),
    ({"highway": "motorway", "access": "yes"}, expected(car=">")),
    # Classes
    ({"highway": "steps"}, expected(walk="<>")),
    ({"highway": "steps", "bicycle": "yes"}, expected(walk="<>")),
    ({"highway": "footway"}, expected(walk="<>")),
    ({"highway": "footway", "bicycle": "yes"}, expected(walk="<>", bikes="<>")),
    ({"highway": "path"}, expected(walk="<>", bikes="<>")),
    ({"highway": "path", "motorcycle": "designated"}, expected(walk="<>", bikes="<>", motorcycle="<>")),
    ({"highway": "cycleway", "foot": "no"}, expected(bikes="<>")),
    ({"highway": "pedestrian", "motor_vehicle": "destination"}, expected(walk="<>", motors="<>")),
    ({"highway": "trunk", "motorroad": "yes"}, expected(motorcycle="<>", car="<>")),
    ({"highway": "trunk", "motorroad": "yes", "bicycle": "yes"}, expected(bikes="<>", motorcycle="<>", car="<>")),
    *(({"highway": value}, expected()) for value in sorted(read_speeds().closed_classes)),
    ({"highway": "hyperloop"}, expected()),
    # Access, the most specific tag first
    ({**ROAD, "access": "no"}, expected()),
    ({**ROAD, "access": "private"}, expected()),
    ({**ROAD, "access": "no", "foot": "yes"}, expected(walk="<>")),
    ({**ROAD, "access": "no", "bicycle": "designated"}, expected(bikes="<>")),
    ({**ROAD, "access": "no", "moped": "yes"}, expected(e_bike="<>")),
    ({**ROAD, "access": "no", "mofa": "yes"}, expected(e_bike="<>")),
    ({**ROAD, "moped": "no", "bicycle": "yes"}, expected(all="<>")),
    ({**ROAD, "moped": "no"}, expected(all="<>", e_bike="")),
    ({**ROAD, "vehicle": "no"}, expected(walk="<>")),
    ({**ROAD, "vehicle": "no", "motor_vehicle": "yes"}, expected(walk="<>", motors="<>")),
    ({**ROAD, "motor_vehicle": "no"}, expected(walk="<>", bikes="<>")),
    ({**ROAD, "motor_vehicle": "no", "motorcycle": "yes"}, expected(walk="<>", bikes="<>", motorcycle="<>")),
    ({**ROAD, "motorcar": "no"}, expected(walk="<>", bikes="<>", motorcycle="<>")),
    *(
        ({**ROAD, "access": value}, expected(all="<>"))
        for value in ("destination", "customers", "delivery", "permissive", "designated", "yes", "unknown")
    ),
    ({**ROAD, "access": "agricultural;destination"}, expected()),
    ({**ROAD, "access": " Destination "}, expected(all="<>")),
    ({"highway": "service", "access": "private"}, expected(all="<>")),
    ({"highway": "track", "access": "private"}, expected(all="<>")),
    ({"highway": "track", "access": "no"}, expected()),
    ({"highway": "track", "motor_vehicle": "agricultural"}, expected(walk="<>", bikes="<>")),
    # Ferries
    ({"route": "ferry"}, expected(all="<>")),
    ({"route": "ferry", "highway": "footway"}, expected(all="<>")),
    ({"route": "ferry", "oneway": "yes"}, expected(walk="<>", wheels=">")),
    ({"route": "ferry", "foot": "no"}, expected(wheels="<>")),
    ({"route": "ferry", "foot": "yes"}, expected(walk="<>", bikes="<>")),
    ({"route": "ferry", "foot": "yes", "motor_vehicle": "yes"}, expected(all="<>")),
    ({"route": "ferry", "motorcar": "no"}, expected(walk="<>", bikes="<>", motorcycle="<>")),
    ({"route": "ferry", "access": "private"}, expected()),
    # Quality can close a road
    ({**ROAD, "smoothness": "impassable"}, expected(walk="<>")),
]


@pytest.mark.parametrize(("tags", "wanted"), CASES, ids=lambda value: ",".join(map("=".join, value.items())))
def test_a_way_is_open_as_its_tags_say(tags: dict[str, str], wanted: dict[str, str]) -> None:
    assert arrows(tags) == wanted


def speed(tags: dict[str, str], name: str = "car") -> float:
    return float(way_rights(table(tags), read_speeds().mode(name)).forward_kmh[0])


@pytest.mark.parametrize(
    ("tags", "kmh"),
    [
        ({"highway": "primary"}, 60.0),
        ({"highway": "primary", "maxspeed": "40"}, 40.0),
        ({"highway": "primary", "maxspeed": "80"}, 60.0),
        ({"highway": "primary", "maxspeed": "30 mph"}, 30 * 1.609344),
        ({"highway": "primary", "maxspeed": "none"}, 60.0),
        ({"highway": "primary", "maxspeed": "CN:urban"}, 50.0),
        ({"highway": "primary", "maxspeed": "walk"}, 5.0),
        ({"highway": "primary", "maxspeed": "fast"}, 60.0),
        ({"highway": "primary", "maxspeed": "0"}, 60.0),
        ({"highway": "primary", "maxspeed": "50;30"}, 30.0),
        ({"highway": "primary", "maxspeed": "50", "maxspeed:forward": "20"}, 20.0),
        ({"highway": "primary", "maxspeed:backward": "20"}, 60.0),
        ({"highway": "primary", "surface": "gravel"}, 42.0),
        ({"highway": "primary", "surface": "gravel", "smoothness": "bad"}, 36.0),
        ({"highway": "primary", "surface": "gravel", "maxspeed": "50"}, 42.0),
        ({"highway": "primary", "surface": "gravel", "maxspeed": "40"}, 40.0),
        ({"highway": "primary", "surface": "lava"}, 60.0),
        ({"highway": "track", "tracktype": "grade5"}, 9.0),
    ],
)
def test_quality_slows_and_maxspeed_caps_but_never_raises(tags: dict[str, str], kmh: float) -> None:
    assert speed(tags) == pytest.approx(kmh)


@pytest.mark.parametrize("name", ["walk", "bicycle", "e_bike"])
def test_maxspeed_binds_motor_modes_only(name: str) -> None:
    assert speed({"highway": "primary", "maxspeed": "3"}, name) == speed({"highway": "primary"}, name)


def test_surface_does_not_slow_a_walker() -> None:
    assert speed({"highway": "track", "surface": "mud", "tracktype": "grade5"}, "walk") == 5.0
    assert speed({"highway": "steps"}, "walk") == 3.0


def test_one_enters_no_motorway_no_ferry_and_no_tunnel_on_the_way() -> None:
    ways = [
        {"highway": "motorway"},
        {"highway": "motorway_link"},
        {"route": "ferry"},
        {**ROAD, "tunnel": "yes"},
        {**ROAD, "tunnel": "building_passage"},
        {**ROAD, "bridge": "yes"},
        ROAD,
    ]
    rights = way_rights(table(*ways), read_speeds().mode("car"))
    assert rights.joinable.tolist() == [False, False, False, False, True, True, True]


def test_private_service_roads_and_tracks_are_open_but_not_through() -> None:
    ways = [{"highway": "service", "access": "private"}, {"highway": "track", "vehicle": "private"}, ROAD]
    rights = way_rights(table(*ways), read_speeds().mode("car"))
    assert rights.through.tolist() == [False, False, True]
    assert (rights.forward_kmh > 0).all()
    assert way_rights(table(*ways), read_speeds().mode("walk")).through.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("tags", "stopped"),
    [
        ({"barrier": "gate"}, set()),
        ({"barrier": "gate", "access": "private"}, set(MODES)),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, set(WHEELS)),
        ({"barrier": "gate", "locked": "yes"}, set(MODES)),
        ({"barrier": "gate", "locked": "yes", "foot": "yes"}, set(WHEELS)),
        ({"barrier": "gate", "locked": "no"}, set()),
        ({"barrier": "bollard"}, {"car", "tricycle"}),
        ({"barrier": "bollard", "access": "yes"}, {"car", "tricycle"}),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, set()),
        ({"barrier": "bollard", "bicycle": "no"}, {"car", "tricycle", "bicycle", "e_bike"}),
        ({"barrier": "block"}, {"car", "tricycle"}),
        ({"barrier": "lift_gate"}, set()),
        ({"barrier": "toll_booth"}, set()),
        ({"barrier": "cattle_grid"}, set()),
        ({"barrier": "border_control"}, set()),
        ({"barrier": "entrance"}, set()),
        ({"barrier": "cycle_barrier"}, set(MOTORS)),
        ({"barrier": "stile"}, set(WHEELS)),
        ({"barrier": "kissing_gate"}, set(WHEELS)),
        ({"barrier": "turnstile"}, set(WHEELS)),
        ({"barrier": "wall"}, set(MODES)),
        ({"barrier": "dragon"}, set()),
        ({"ford": "yes"}, set()),
        ({"access": "no"}, set()),
    ],
    ids=lambda value: ",".join(map("=".join, value.items())) if isinstance(value, dict) else "",
)
def test_a_barrier_node_stops_whom_it_should(tags: dict[str, str], stopped: set[str]) -> None:
    found = {name for name in MODES if stopping_nodes(table(tags), read_speeds().mode(name))[0]}
    assert found == stopped


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("00:20", 20.0),
        ("1:05", 65.0),
        ("01:00:30", 60.5),
        ("25", 25.0),
        ("7.5", 7.5),
        ("PT20M", 20.0),
        ("PT1H30M", 90.0),
        ("pt45s", 0.75),
        ("P1D", 1440.0),
        ("P", None),
        ("", None),
        ("0", None),
        ("soon", None),
        ("48:00", None),
    ],
)
def test_a_duration_is_read_in_each_of_its_forms(text: str, minutes: float | None) -> None:
    assert duration_minutes(text) == minutes


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("60", 60.0),
        ("60 km/h", 60.0),
        ("60kmh", 60.0),
        ("10 knots", 18.52),
        ("DE:zone30", 30.0),
        ("FR:urban", 50.0),
        ("CN:rural", 70.0),
        ("none", float("inf")),
        ("signals", float("inf")),
        ("sixty", None),
        ("", None),
        ("-5", None),
    ],
)
def test_a_speed_limit_is_read_in_each_of_its_forms(text: str, kmh: float | None) -> None:
    assert maxspeed_kmh(text, read_speeds().mode("car").maxspeed_words) == kmh


def test_rules_look_at_each_way_alone() -> None:
    rng = np.random.default_rng(5)
    pool = [tags for tags, _ in CASES]
    order = rng.permutation(len(pool))
    together = table(*(pool[i] for i in order))
    for name in MODES:
        mode = read_speeds().mode(name)
        mixed = way_rights(together, mode)
        alone = [way_rights(table(pool[i]), mode) for i in order]
        assert mixed.forward_kmh.tolist() == [float(rights.forward_kmh[0]) for rights in alone]
        assert mixed.backward_kmh.tolist() == [float(rights.backward_kmh[0]) for rights in alone]
