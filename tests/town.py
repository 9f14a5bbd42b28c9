"""A small town drawn by hand, with every time and reason worked out on paper.

Coordinates in this text are kilometres east and north of the corner (580000, 3260000) in EPSG:4549::

    y
    8                                     V11
          (nothing in between)
    5                   F---+---E           K-V10-L         cut-off road, 3 km from the rest
                        ^       |
    4                  V06      +
                   V03 ^ V05    |                           V03 is at (1, 3.3), V05 and clinic C1 at C
    3       A-V02-+---B---+---C1--+---D
    2.8  ~~~~~~~~~~~~~||~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~     river from x = -3 to x = 14, one bridge at x = 2
                      ||             V04                    V04 at (4.8, 2.6)
    2                 G---+---R V17
                      |       :
    1           [V12] +       :  V16                        V12 at (1, 1) in a moat, V16 at (4, 0.9)
                   T1 |  M-N  : V15                         T1 at (1.9, 0.6), M-N at y = 0.3, V15 at (4, 0.4)
                      |  V14  :     V07 C2                  V14 at (3.1, 0.2), V07 at (6, 0.5), C2 at (6, 0.1)
    0                 H---+---S---+---I===+===+==V08====V09==J
            0     1   2   3   4   5   6   7   8  9  10  11  12   x

Nodes of junctions and ends: A (0, 3), B (2, 3), C (4, 3), D (6, 3), E (6, 5), F (4, 5), G (2, 2), R (4, 2), H (2, 0),
S (4, 0), I (6, 0), J (12, 0), K (9, 5), L (10, 5), M (2.9, 0.3), N (3.3, 0.3). Every road has a further node at each
whole kilometre (M-N and K-L have none), so that pieces are 1 km long.

- Paved roads: 30 km/h, 2 min a km. The bridge is B-G. C -> F is a one-way street northwards.
- Track I-J: 10 km/h, 6 min a km.
- Private road R-S: 15 km/h, 4 min a km, no through traffic.
- K-L and M-N are paved and joined to nothing: 2 of 56 open directed edges each, hence tiny.
- Walks: 4 km/h, 15 min a km, at most 2 km.

Nearest of C1, C2 (village clinics) and T1 (township hospital); P1 (11, 0) is a private clinic and does not count:

====  ============  ====================================================================================  =======
id    position      nearest, and how                                                                      seconds
====  ============  ====================================================================================  =======
V01   (2, 3)        C1: B to C 2 km                                                                           240
V02   (0.5, 3)      C1: 3.5 km, from the middle of a piece                                                    420
V03   (1, 3.3)      C1: leg 300 m 270 s, 3 km 360 s                                                           630
V04   (4.8, 2.6)    T1: the road 400 m north lies across the river; leg to R 1 km (0.8, 0.6) 900 s, R-G and
                    down to (2, 0.6) 3.4 km 408 s, leg of T1 100 m 90 s. (C1 is 894 m off, but over the
                    river: by road 900 + 600 s)                                                              1398
V05   (4, 3)        C1: same place, on the road (at equal time the way is the road)                           0
V06   (4, 4)        C1: on the one-way street: F, E, D, C 7 km; the straight walk of 1 km takes 900 s         840
V07   (6, 0.5)      C2: straight 400 m; by road 450 + 90 s                                                    360
V08   (9, 0)        C2: 3 km of track 1080 s, leg of C2 100 m 90 s                                           1170
V09   (11, 0.2)     C2: leg 200 m 180 s, 5 km of track 1800 s, 90 s                                          2070
V10   (9.5, 5.1)    none: its road K-L leads nowhere (separate_component)
V11   (9, 8)        none: 3 km to the nearest road (off_road)
V12   (1, 1)        none: the moat cuts every leg (barrier)
V13   none          none (pending)
V14   (3.1, 0.2)    T1: M-N is 100 m off but leads nowhere, the main road is 200 m off (second choice): leg
                    180 s, 1.1 km 132 s, 0.6 km 72 s, 90 s                                                    474
V15   (4, 0.4)      C2: 400 m of private road 96 s, S-I 240 s, 90 s                                           426
V16   (4, 0.9)      C2: too far along the private road (900 m), so 900 m on foot to S 810 s, 240 s, 90 s     1140
V17   (4, 2)        T1: 3.4 km 408 s, 90 s                                                                    498
====  ============  ====================================================================================  =======

Further pairs: V17 to C2 takes 8 km round by G and H, 960 + 90 = 1050 s, since nobody passes through the private road
(that way would take 480 + 240 + 90 = 810 s). From C1 to V06 it is 1 km, 120 s, the other way 840 s.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

CRS = "EPSG:4549"
CORNER = (580_000.0, 3_260_000.0)

PAVED, TRACK, PRIVATE = 30.0, 10.0, 15.0
"""Speeds, km/h."""
ROADS = [
    (((0, 3), (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 3)), PAVED, "both"),
    (((6, 3), (6, 4), (6, 5), (5, 5), (4, 5)), PAVED, "both"),
    (((4, 3), (4, 4), (4, 5)), PAVED, "oneway"),
    (((2, 3), (2, 2), (2, 1), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0)), PAVED, "both"),
    (((2, 2), (3, 2), (4, 2)), PAVED, "both"),
    (((6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 0), (12, 0)), TRACK, "both"),
    (((4, 2), (4, 1), (4, 0)), PRIVATE, "both"),
    (((9, 5), (10, 5)), PAVED, "both"),
    (((2.9, 0.3), (3.3, 0.3)), PAVED, "both"),
]
RIVER = ((-3, 2.8), (14, 2.8))
MOAT = ((0.9, 0.9), (1.1, 0.9), (1.1, 1.1), (0.9, 1.1), (0.9, 0.9))

VILLAGES = {
    "V01": (2, 3),
    "V02": (0.5, 3),
    "V03": (1, 3.3),
    "V04": (4.8, 2.6),
    "V05": (4, 3),
    "V06": (4, 4),
    "V07": (6, 0.5),
    "V08": (9, 0),
    "V09": (11, 0.2),
    "V10": (9.5, 5.1),
    "V11": (9, 8),
    "V12": (1, 1),
    "V13": None,
    "V14": (3.1, 0.2),
    "V15": (4, 0.4),
    "V16": (4, 0.9),
    "V17": (4, 2),
}
FACILITIES = {
    "C1": ((4, 3), "village_clinic"),
    "C2": ((6, 0.1), "village_clinic"),
    "T1": ((1.9, 0.6), "township_hospital"),
    "P1": ((11, 0), "private_clinic"),
}
COUNTED = ("C1", "C2", "T1")

NEAREST = {
    "V01": ("C1", 240, 2000, "road"),
    "V02": ("C1", 420, 3500, "road"),
    "V03": ("C1", 630, 3300, "road"),
    "V04": ("T1", 1398, 4500, "road"),
    "V05": ("C1", 0, 0, "road"),
    "V06": ("C1", 840, 7000, "road"),
    "V07": ("C2", 360, 400, "direct"),
    "V08": ("C2", 1170, 3100, "road"),
    "V09": ("C2", 2070, 5300, "road"),
    "V14": ("T1", 474, 2000, "road"),
    "V15": ("C2", 426, 2500, "road"),
    "V16": ("C2", 1140, 3000, "road"),
    "V17": ("T1", 498, 3500, "road"),
}
"""Nearest counted facility, seconds, metres with both legs, way; villages not named reach none."""
REASONS = {"V10": "separate_component", "V11": "off_road", "V12": "barrier", "V13": "pending"}
"""Why the others reach none; V04 and V09 are `too_far` under 20 minutes."""
FURTHER = {("V17", "C2"): (1050, 8100), ("V06", "C1"): (840, 7000), ("V04", "C1"): (1500, 6000)}
"""Seconds and metres of other pairs."""
LEGS_M = {
    "V01": 0, "V02": 0, "V03": 300, "V04": 1000, "V05": 0, "V06": 0, "V07": 500, "V08": 0, "V09": 200, "V10": 100,
    "V14": 200, "V15": 0, "V16": 900, "V17": 0, "C1": 0, "C2": 100, "T1": 100, "P1": 0,
}  # fmt: skip
"""Access legs, metres; points not named have none."""


def place(spot):
    """Return metres in `CRS` of kilometres in the drawing; NaN for no place."""
    if spot is None:
        return np.nan, np.nan
    return CORNER[0] + 1000 * spot[0], CORNER[1] + 1000 * spot[1]


def node_numbers():
    """Return the number of every node by its place in the drawing, in order of first mention in `ROADS`."""
    numbers = {}
    for spots, _, _ in ROADS:
        for spot in spots:
            numbers.setdefault(spot, len(numbers))
    return numbers


def network():
    """Return the roads as a network, barriers included."""
    from clinicplan.network import RoadNetwork

    numbers, rows = node_numbers(), []
    pieces = [(pair, speed, rule) for spots, speed, rule in ROADS for pair in pairwise(spots)]
    for segment, ((start, end), speed_kmh, rule) in enumerate(pieces):
        length_m = round(1000 * np.hypot(end[0] - start[0], end[1] - start[1]), 3)
        one = (numbers[start], numbers[end], length_m, length_m * 3.6 / speed_kmh, segment, speed_kmh != PRIVATE)
        rows.append(one)
        if rule == "both":
            rows.append((one[1], one[0], *one[2:]))
    tail, head, length_m, time_s, segment, through = (np.array(column) for column in zip(*rows, strict=True))
    x, y = np.array([place(spot) for spot in numbers]).T
    return RoadNetwork(
        n_nodes=len(numbers),
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        time_ms=np.rint(time_s * 1000).astype(np.int32),
        length_mm=np.rint(length_m * 1000).astype(np.int32),
        x=x,
        y=y,
        segment=segment.astype(np.int32),
        joinable=np.ones(tail.size, dtype=bool),
        through=through.astype(bool),
        barrier_lines=barrier_lines(),
        crs=CRS,
        mode="car",
    )


def barrier_lines():
    """Return the river and the moat as lines."""
    import shapely

    return np.array([shapely.LineString([place(spot) for spot in line]) for line in (RIVER, MOAT)], dtype=object)


def points():
    """Return ids, x and y of all villages, then all facilities."""
    spots = {**VILLAGES, **{name: spot for name, (spot, _) in FACILITIES.items()}}
    x, y = np.array([place(spot) for spot in spots.values()]).T
    return list(spots), x, y


def villages():
    """Return the villages as the layers module gives them; V0n has n hundred people."""
    import geopandas as gpd
    import pandas as pd

    names = list(VILLAGES)
    people = [100 * (row + 1) for row in range(len(names))]
    return gpd.GeoDataFrame(
        {
            "village_id": names,
            "name": [f"示例{name}" for name in names],
            "township": ["北镇" if spot and spot[1] > 2.8 else "南镇" for spot in VILLAGES.values()],
            "population": pd.array(people, dtype="Int64"),
            "population_imputed": False,
            "kind": "village",
            "status": "ordinary",
            "pending": ["" if spot else "no_coordinates" for spot in VILLAGES.values()],
            "source_row": range(2, len(names) + 2),
        },
        geometry=_geometry(VILLAGES.values()),
        crs=CRS,
    )


def facilities():
    """Return the facilities as the layers module gives them."""
    import geopandas as gpd

    names = list(FACILITIES)
    spots = [spot for spot, _ in FACILITIES.values()]
    return gpd.GeoDataFrame(
        {
            "facility_id": names,
            "name": [f"示例{name}" for name in names],
            "tier": [tier for _, tier in FACILITIES.values()],
            "township": ["北镇" if spot[1] > 2.8 else "南镇" for spot in spots],
            "operating": "yes",
            "village_id": "",
            "outside_county": False,
            "pending": "",
            "source_row": range(2, len(names) + 2),
        },
        geometry=_geometry(spots),
        crs=CRS,
    )


def _geometry(spots):
    import shapely

    return [None if spot is None else shapely.Point(place(spot)) for spot in spots]
