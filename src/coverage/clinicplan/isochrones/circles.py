"""Draw the ground within so many minutes of facilities: of each by itself, or of the nearest of all.

Roads are cut inside edges at the exact time; beside them lies the strip that can still be walked (`road_surface`).
Circles of one call nest, holes and separate parts are kept, strips stop at barriers, and a facility is always inside
its own circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from clinicplan.errors import Fault, LayerError, NetworkError, Severity
from clinicplan.isochrones.outlines import nested, simplified, with_discs
from clinicplan.isochrones.road_links import Direction, require_direction
from clinicplan.isochrones.road_surface import M_PER_MS_AT_1_KMH, STRIP_M, WALK_KMH, Discs, RoadSurface, prepare_surface
from clinicplan.network.joining import JoinedNetwork, join_points
from clinicplan.network.snapping import find_access
from clinicplan.standard import MM_PER_M, UNREACHED, milliseconds
from clinicplan.travel.search import reached_blocks, search_arcs
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.network.graph import RoadNetwork

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

CELL_M: Final = 25.0
"""Distance between the points of the ground, metres. On Andorra (40 facilities, 15 and 20 minutes) it keeps all but
one in ten thousand reached junctions inside, with 0.2 % (car) and 0.8 % (walk) of their number falsely inside."""
SMALLEST_DISC_M: Final = 1.0
"""A facility on a barrier line still gets a disc of this radius, metres."""


def isochrones(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    minutes: Sequence[float] = (15, 20),
    access_kmh: float = WALK_KMH,
    max_access_m: float = 2000.0,
    direction: Direction = "to_facility",
    strip_m: float = STRIP_M,
    cell_m: float = CELL_M,
    straight_walk: bool = False,
    simplify_m: float = 0.0,
    exact: bool = False,
) -> gpd.GeoDataFrame:
    """Draw what lies within so many minutes of each facility.

    Each facility joins the nearest road as in travel times; the time of its own access leg counts. A place beside a
    road is inside when the time left at its nearest road suffices to walk there at `access_kmh`, at most `strip_m`.
    A facility off every road gets the disc that can be walked, at most `max_access_m` and up to the next barrier.

    The strip is narrower than the access legs that travel times allow, and the straight walk from any place to the
    facility is left out unless asked for: a village 400 m off the road may be within the standard by its access leg
    and lie outside the drawn circle. The circle is a drawing; verdicts rest on travel times.

    Parameters
    ----------
    network
        Roads of one mode with positions in metres.
    facilities
        Points with a column `facility_id`, in any coordinate system.
    minutes
        Limits, minutes, above 0, inclusive.
    access_kmh
        Walking speed between roads and places beside them.
    max_access_m
        Longest way between a facility and its road, metres.
    direction
        `to_facility`: trips end at the facility; `from_facility`: they start there.
    strip_m
        Widest strip beside a road, metres (假设).
    cell_m
        Fineness of the drawing, metres; see `prepare_surface`.
    straight_walk
        Also take in what is reached on foot in a straight line from the facility, at most `max_access_m`.
    simplify_m
        Leave out points that bend an outline by less, metres; 0 keeps all. Circles still nest.
    exact
        Take in every reached piece of road, also those thinner than the drawing; slower.

    Returns
    -------
    areas
        `facility_id, minutes, geometry` (Polygon or MultiPolygon, never empty) in the network's system, one row per
        facility and limit, sorted by id and minutes.

    Raises
    ------
    LayerError
        If a facility has no point or no id of its own, the layer has no coordinate system, or minutes make no sense.
    NetworkError
        If the network has no positions, or speed, distance or direction make no sense.

    Examples
    --------
    >>> import geopandas
    >>> from clinicplan.network.graph import RoadNetwork
    >>> road = RoadNetwork.from_edges([0, 1], [1, 0], [900, 900], x=[0, 12500], y=[0, 0], length_m=[12500, 12500])
    >>> clinic = geopandas.GeoDataFrame(
    ...     {"facility_id": ["C1"]}, geometry=geopandas.points_from_xy([0], [0]), crs="EPSG:4549"
    ... )
    >>> area = isochrones(replace(road, crs="EPSG:4549"), clinic, minutes=[6])
    >>> float(round(area.geometry.iloc[0].bounds[2], -1))
    5000.0
    """
    import geopandas as gpd

    require_direction(direction)
    ids, places = _placed(network, facilities)
    limits = _ascending(minutes)
    joined = _joined(network, ids, places, access_kmh, max_access_m)
    surface = prepare_surface(joined.network, cell_m=cell_m, strip_m=strip_m)
    reach = max_access_m if straight_walk else 0.0
    discs = walking_discs(joined, surface, max_access_m=max_access_m, at_least_m=reach)
    found: dict[int, list[BaseGeometry]] = {}
    for row, node_ms in facility_node_times(joined, limit_ms=limits[-1], direction=direction):
        disc = Discs(*(part[row : row + 1] for part in discs))
        areas = surface.polygons(node_ms, limits, walk_kmh=access_kmh, direction=direction, discs=disc, exact=exact)
        areas = _with_facilities(surface, areas, limits, disc, access_kmh)
        found[row] = simplified(areas, simplify_m) if simplify_m > 0 else areas
    order = np.argsort(ids, kind="stable")
    return gpd.GeoDataFrame(
        {"facility_id": np.repeat(ids[order], len(limits)), "minutes": sorted(minutes) * len(ids)},
        geometry=[area for row in order.tolist() for area in found[row]],
        crs=network.crs or None,
    )


def nearest_circle(
    surface: RoadSurface,
    node_time_ms: ArrayLike,
    minutes: Sequence[float],
    *,
    walk_kmh: float = WALK_KMH,
    direction: Direction = "to_facility",
    discs: Discs | None = None,
    simplify_m: float = 0.0,
    exact: bool = False,
) -> dict[float, BaseGeometry]:
    """Draw what lies within so many minutes of the nearest facility: one surface, not a union of many circles.

    Parameters
    ----------
    surface
        The ground of the network that was searched.
    node_time_ms
        Shape (nodes): time between each node and its nearest facility, access leg included; see `nearest_node_times`.
    minutes
        Limits, minutes, above 0, inclusive.
    walk_kmh, direction, simplify_m, exact
        As in `isochrones`.
    discs
        Surroundings of the facilities, from `walking_discs`; None draws roads alone.

    Returns
    -------
    circles
        One area per limit, nested, in the order of `minutes`; empty where nothing is reached.

    Examples
    --------
    >>> from clinicplan.network.graph import RoadNetwork
    >>> road = RoadNetwork.from_edges([0, 1], [1, 0], [900, 900], x=[0, 12500], y=[0, 0])
    >>> circle = nearest_circle(prepare_surface(road), [0, 900_000], [6])[6]
    >>> float(round(circle.bounds[2], -1))
    5000.0
    """
    limits = _ascending(minutes)
    areas = surface.polygons(node_time_ms, limits, walk_kmh=walk_kmh, direction=direction, discs=discs, exact=exact)
    if discs is not None:
        areas = _with_facilities(surface, areas, limits, discs, walk_kmh)
    if simplify_m > 0:
        areas = simplified(areas, simplify_m)
    circles = dict(zip(limits, areas, strict=True))
    return {limit: circles[milliseconds(limit)] for limit in minutes}


def walking_discs(
    joined: JoinedNetwork, surface: RoadSurface, *, max_access_m: float = 2000.0, at_least_m: float = 0.0
) -> Discs:
    """Return the surroundings of joined points that are reached on foot: the access leg, or all where no road is.

    Parameters
    ----------
    joined
        Facilities on their roads; a facility without position gets a disc of no size.
    surface
        The ground; roads are drawn as wide as its corridor, and so is the end of an access leg.
    max_access_m
        Radius about facilities that no road reaches, metres.
    at_least_m
        Radius about every facility, metres.

    Returns
    -------
    discs
        One a point; what cannot be walked within a limit is taken off when it is drawn.
    """
    legs = joined.legs
    off_road = (joined.departure < 0) | (legs.access_mm < 0)
    leg_m = np.where(off_road, max_access_m, legs.access_mm / MM_PER_M + surface.corridor_m)
    radius_m = np.maximum(leg_m, at_least_m)
    known = np.isfinite(legs.x) & np.isfinite(legs.y)
    return Discs(legs.x[known], legs.y[known], radius_m[known])


def facility_node_times(
    joined: JoinedNetwork, *, limit_ms: int, direction: Direction = "to_facility"
) -> Iterator[tuple[int, Int64]]:
    """Yield the times between every node and each joined point, access leg included.

    Yields
    ------
    row, node_time_ms
        Number of the point, and shape (nodes) whole milliseconds, `UNREACHED` beyond the limit. In an order of the
        search's own; every point once.
    """
    node = joined.arrival if direction == "to_facility" else joined.departure
    on_road = np.flatnonzero((node >= 0) & (joined.legs.access_ms <= limit_ms))
    for row in np.setdiff1d(np.arange(node.size), on_road).tolist():
        yield row, np.full(joined.network.n_nodes, UNREACHED, dtype=np.int64)
    if not on_road.size:
        return
    arcs = search_arcs(joined.network, backward=direction == "to_facility")
    for block in reached_blocks(arcs, node[on_road], limit=limit_ms):
        for place, low, high in zip(block.rows.tolist(), block.indptr[:-1], block.indptr[1:], strict=True):
            row = int(on_road[place])
            times = np.full(joined.network.n_nodes, UNREACHED, dtype=np.int64)
            times[block.column[low:high]] = block.first[low:high] + joined.legs.access_ms[row]
            yield row, times


def nearest_node_times(
    joined: JoinedNetwork, *, limit_ms: int, points: ArrayLike | None = None, direction: Direction = "to_facility"
) -> Int64:
    """Return the time between every node and the nearest of some joined points, access leg included.

    One search from all points together, each entering with its access leg.

    Parameters
    ----------
    joined
        Points on their roads.
    limit_ms
        Longest time, whole milliseconds, inclusive.
    points
        Numbers of the points that count; default all.
    direction
        As in `isochrones`.

    Returns
    -------
    node_time_ms
        Shape (nodes of `joined.network`); `UNREACHED` beyond the limit.
    """
    node = joined.arrival if direction == "to_facility" else joined.departure
    asked = np.arange(node.size) if points is None else np.asarray(points, dtype=np.int64)
    asked = asked[node[asked] >= 0]
    network, hub = joined.network, joined.network.n_nodes
    if not asked.size:
        return np.full(network.n_nodes, UNREACHED, dtype=np.int64)
    ends = (node[asked].astype(np.int32), np.full(asked.size, hub, dtype=np.int32))
    start, end = ends if direction == "to_facility" else ends[::-1]
    with_hub = replace(
        network,
        n_nodes=hub + 1,
        tail=np.concatenate([network.tail, start]),
        head=np.concatenate([network.head, end]),
        time_ms=np.concatenate([network.time_ms, joined.legs.access_ms[asked].astype(np.int32)]),
        length_mm=np.concatenate([network.length_mm, np.zeros(asked.size, dtype=np.int32)]),
        x=None, y=None, segment=None, joinable=None, through=None,
    )  # fmt: skip
    arcs = search_arcs(with_hub, backward=direction == "to_facility")
    times = np.full(hub + 1, UNREACHED, dtype=np.int64)
    for block in reached_blocks(arcs, [hub], limit=limit_ms):
        times[block.column] = block.first
    return times[:hub]


def _placed(network: RoadNetwork, facilities: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], Float64]:
    """Return ids and positions (shape (facilities, 2)) in the network's system, or every fault of the layer."""
    import shapely

    if network.x is None or network.y is None:
        raise NetworkError("isochrones need node positions: give x and y (metres) to the network")
    if "facility_id" not in facilities.columns:
        raise LayerError(
            fault(Severity.ERROR, "missing_column", name="facility_id", layer="facilities", subject="isochrones")
        )
    ids = np.array([str(item) for item in facilities["facility_id"]], dtype=object)
    shapes = np.asarray(facilities.geometry.array, dtype=object)
    placed = (shapely.get_type_id(shapes) == shapely.GeometryType.POINT) & ~shapely.is_empty(shapes)
    names, count = np.unique(ids, return_counts=True)
    faults = [
        *([_fault("repeated_id", ids=tuple(names[count > 1]))] if (count > 1).any() else []),
        *([_fault("not_a_point", ids=tuple(ids[~placed]))] if not placed.all() else []),
        *([_fault("no_crs")] if network.crs and facilities.crs is None else []),
    ]
    if faults:
        raise LayerError(*faults)
    moved = facilities.geometry.to_crs(network.crs) if network.crs else facilities.geometry
    return ids, np.column_stack([moved.x.to_numpy(dtype=np.float64), moved.y.to_numpy(dtype=np.float64)])


def _fault(code: str, ids: tuple[str, ...] = ()) -> Fault:
    return fault(Severity.ERROR, code, ids=ids, layer="facilities", subject="isochrones")


def _ascending(minutes: Sequence[float]) -> list[int]:
    """Return limits in whole milliseconds, ascending, or say what is wrong with them."""
    numbers = list(minutes)
    limits = [milliseconds(value) for value in numbers if np.isfinite(value) and value > 0]
    if not numbers or len(limits) < len(numbers) or len(set(limits)) < len(limits) or min(limits) < 1:
        given = ", ".join(str(value) for value in numbers)
        raise LayerError(fault(Severity.ERROR, "minutes", given=given, subject="isochrones"))
    return sorted(limits)


def _joined(
    network: RoadNetwork, ids: NDArray[np.object_], places: Float64, access_kmh: float, max_access_m: float
) -> JoinedNetwork:
    legs = find_access(network, ids, places[:, 0], places[:, 1], access_kmh=access_kmh, max_access_m=max_access_m)
    return join_points(network, legs)


def _with_facilities(
    surface: RoadSurface, areas: Sequence[BaseGeometry], limits_ms: Sequence[int], discs: Discs, walk_kmh: float
) -> list[BaseGeometry]:
    """Add the facilities that the lattice is too coarse to show: what can be walked, at most a cell, to the barrier."""
    barrier_m = surface.lattice.barriers.nearest(np.column_stack([discs.x, discs.y]), surface.cell_m).distance_m
    most_m = np.minimum(np.minimum(discs.radius_m, surface.cell_m), np.maximum(barrier_m, SMALLEST_DISC_M))
    grown = [
        with_discs(area, discs.x, discs.y, np.minimum(most_m, walk_kmh * M_PER_MS_AT_1_KMH * limit))
        for area, limit in zip(areas, limits_ms, strict=True)
    ]
    return list(areas) if all(a is b for a, b in zip(areas, grown, strict=True)) else nested(grown)
