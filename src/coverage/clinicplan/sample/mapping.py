"""Draw the whole map: roads, lanes, motorway, railway, ferry and water."""

from __future__ import annotations

import numpy as np
import shapely

from clinicplan.sample.curves import Curves
from clinicplan.sample.expressways import Passage, draw_motorway, draw_railway, find_line
from clinicplan.sample.highways import CODE
from clinicplan.sample.landscape import Landscape, distance_m
from clinicplan.sample.lattice import FloatArray
from clinicplan.sample.sketch import Drawing, Sketch
from clinicplan.sample.water import RIVER_KM2, draw_streams
from clinicplan.sample.ways import Points, draw_lanes, draw_roads, place_points

DETAIL_BEYOND_M = 500.0
"""Roads are drawn with all their points up to this far beyond the boundary; farther out with half of them."""
OUTER_STREAM_KM2 = 60.0
REACH_M = 21_000.0
"""Motorway and railway begin and end this far beyond the county's box, metres."""


def draw_map(land: Landscape, curves: Curves, seed: int) -> Drawing:
    """Draw everything that the extract holds."""
    sketch = Sketch()
    points = place_points(sketch, land, curves, land.ground.inside_m[land.lattice.tail] > -DETAIL_BEYOND_M)
    draw_roads(sketch, land, curves, points, seed)
    first_lane = len(sketch.ways)
    draw_lanes(sketch, land, points, near_settlements(land), seed)
    sketch.drop_collisions(first_lane)
    _draw_ferry(sketch, land, points)
    _draw_water(sketch, land)
    _draw_expressways(sketch, land, points, curves.node, seed)
    return sketch.finish()


def near_settlements(land: Landscape) -> FloatArray:
    """Return the distance of each node to the nearest village or hamlet, metres, hamlets counted as farther."""
    places = land.settlements
    villages = np.concatenate([places.villages, places.neighbour_villages, [places.cut_off]])
    return np.minimum(distance_m(land.lattice, villages, 900.0), distance_m(land.lattice, land.hamlets, 900.0) + 140.0)


def _draw_expressways(sketch: Sketch, land: Landscape, points: Points, place: FloatArray, seed: int) -> None:
    """Draw the railway from north to south and the motorway from west to east, both past the county town."""
    x, y = place[land.settlements.seats[0]]
    west, south, east, north = land.boundary.bounds
    middle = (west + east) / 2
    motorway = find_line(
        land, ((west - REACH_M, north - 9_000.0), (east + REACH_M, south + 14_000.0)), Passage(x, y, 2_400.0, 5_500.0),
        0.05, 600.0, seed,
    )  # fmt: skip
    railway = find_line(
        land, ((middle - 9_000.0, north + REACH_M), (middle + 9_000.0, south - REACH_M)),
        Passage(x, y, 2_000.0, 6_500.0), 0.03, 900.0, seed + 1,
    )  # fmt: skip
    roads = (land.classes > 0) & (land.classes <= CODE["secondary"])
    nodes = np.unique(np.concatenate([land.lattice.tail[roads], land.lattice.head[roads]]))
    draw_railway(sketch, railway)
    draw_motorway(sketch, motorway, points.node[nodes], place[nodes])


def _draw_ferry(sketch: Sketch, land: Landscape, points: Points) -> None:
    """Join two shores of the largest reservoir that has roads on both by a ferry."""
    lattice = land.lattice
    nodes = np.flatnonzero(points.node >= 0)
    for lake in sorted(land.reservoirs.shapes, key=lambda shape: -shape.area):
        place = np.column_stack([lattice.x[nodes], lattice.y[nodes]])
        shore = nodes[shapely.dwithin(shapely.points(place), lake, 260.0)]
        one, two = np.triu_indices(len(shore), 1)
        ends = np.stack([np.column_stack([lattice.x[shore[k]], lattice.y[shore[k]]]) for k in (one, two)], axis=1)
        lines = shapely.linestrings(ends)
        wet = shapely.length(shapely.intersection(lines, lake))
        length = shapely.length(lines)
        good = (wet > 350.0) & (length < 1_600.0) & (wet > 0.6 * length)
        if good.any():
            best = int(np.argmax(np.where(good, wet / length * np.minimum(wet, 900.0), -1.0)))
            tags = {
                "route": "ferry",
                "name": "水库渡口（示例）",
                "duration": "00:12",
                "motor_vehicle": "no",
                "foot": "yes",
            }
            sketch.add_way([int(points.node[shore[one[best]]]), int(points.node[shore[two[best]]])], tags)
            return


def _draw_water(sketch: Sketch, land: Landscape) -> None:
    for stream in draw_streams(land.lattice, land.terrain, land.ground.inside_m, OUTER_STREAM_KM2):
        kind = "river" if stream.drained_km2 >= RIVER_KM2 else "stream"
        sketch.add_way(sketch.add_points(stream.coordinates).tolist(), {"waterway": kind})
    for number, lake in enumerate(land.reservoirs.shapes):
        ring = sketch.add_points(shapely.get_coordinates(lake.exterior)[:-1]).tolist()
        tags = {"natural": "water", "water": "reservoir", "name": f"示例水库{number + 1}"}
        sketch.add_way([*ring, ring[0]], tags)
