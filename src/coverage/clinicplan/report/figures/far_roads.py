"""Find the roads that lie beyond some kilometres by road from a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from clinicplan.county import county_speeds
from clinicplan.report.figures.ground import CLASSES_A4
from clinicplan.report.style import road_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clinicplan.network import RoadNetwork
    from clinicplan.report.figures.record import ResultRecord


def roads_beyond(record: ResultRecord, places: Sequence[Any], km: float) -> Any:
    """Return the major roads of the county that lie beyond some kilometres by road from the nearest of some places.

    Roads are those for cars (of the region's own mode where it has none), from the node of the largest connected part
    nearest each place; the shorter of both directions counts. A piece of road that crosses the distance is cut there.

    Parameters
    ----------
    record
        The result.
    places
        Points, such as the county medical centres.
    km
        Distance, inclusive.

    Returns
    -------
    lines
        One geometry within the county; None where there are no roads or no places. Roads without a way there count as
        beyond.
    """
    import shapely

    roads = record.ground.layer
    if roads is None or not len(places):
        return None
    travel = record.region.travel
    mode = "car" if "car" in travel.all_modes else travel.mode
    network = roads.network(county_speeds(record.region).mode(mode))
    reach_m = _road_metres(network, places)
    highway = roads.ways["highway"].to_numpy()[roads.segment_way[np.asarray(network.segment)]]
    shown = np.array([road_class(str(value)).name in CLASSES_A4 for value in highway])
    turned = reach_m[network.tail] > reach_m[network.head]
    near = np.where(turned, network.head, network.tail)
    far = np.where(turned, network.tail, network.head)
    chosen = shown & (reach_m[far] > km * 1000)
    if not chosen.any():
        return None
    near, far, length_m = near[chosen], far[chosen], network.length_mm[chosen] / 1000
    start, end = _xy(network, near), _xy(network, far)
    share = np.clip((km * 1000 - reach_m[near]) / np.maximum(length_m, 0.001), 0.0, 1.0)
    cut = start + share[:, None] * (end - start)
    ends = np.stack([cut, end], axis=1)[share < 1.0]
    lines = shapely.line_merge(shapely.union_all(shapely.linestrings(ends)))
    return shapely.intersection(lines, record.land)


def _xy(network: RoadNetwork, nodes: NDArray[np.int32]) -> NDArray[np.float64]:
    return np.column_stack([np.asarray(network.x)[nodes], np.asarray(network.y)[nodes]])


def _road_metres(network: RoadNetwork, places: Sequence[Any]) -> NDArray[np.float64]:
    """Return the shortest road from each node to the nearest place, metres; inf without one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial import cKDTree

    joined = _xy(network, np.arange(network.n_nodes, dtype=np.int32))
    main = np.flatnonzero(network.component == 0)
    _, nearest = cKDTree(joined[main]).query(np.array([(place.x, place.y) for place in places]))
    sources = main[nearest]
    # Sparse tables drop zeros and add up repeated pairs: pieces of no length count a millimetre, the shortest is kept.
    length = np.maximum(np.asarray(network.length_mm, dtype=float), 1.0)
    order = np.lexsort((length, network.head, network.tail))
    pairs = np.column_stack([network.tail, network.head])[order]
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    kept = order[first]
    graph = coo_array(
        (length[kept], (network.tail[kept], network.head[kept])), shape=(network.n_nodes, network.n_nodes)
    ).tocsr()
    reach = [dijkstra(own, indices=np.unique(sources), min_only=True) for own in (graph, graph.T.tocsr())]
    return np.asarray(np.minimum(*reach) / 1000, dtype=np.float64)
