"""Read roads from graphs of OSMnx, and download them through OSMnx."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, NetworkError
from clinicplan.roads.access_rules import duration_minutes, tag_keys
from clinicplan.roads.faults import road_error, road_note
from clinicplan.roads.osm_file import OBSTACLE_NODE_TAGS
from clinicplan.roads.ways import Float64, Int32, TagCollector, TagTable, Ways
from clinicplan.speeds import Ferry, Speeds, read_speeds

if TYPE_CHECKING:
    import networkx as nx

ROAD_FILTERS = ['["highway"]["area"!~"yes"]', '["route"="ferry"]']
"""What is asked of Overpass: roads of every class, and ferries."""
TIME_KEYS = ("travel_time", "time_s")
TRUE_WORDS = frozenset({"true", "yes", "1"})


def has_only_times(graph: nx.Graph[Any]) -> bool:
    """Tell whether a graph gives times of its own and no road classes."""
    edges = [data for _, _, data in graph.edges(data=True)]
    timed = bool(edges) and all(any(key in data for key in TIME_KEYS) for data in edges)
    return timed and not any("highway" in data for data in edges)


def read_graphml(path: Path) -> nx.MultiDiGraph[Any]:
    """Read a GraphML file that OSMnx wrote.

    Raises
    ------
    NetworkError
        If it is no GraphML, or none of OSMnx.
    """
    import osmnx

    head = path.read_bytes()[:4096].lower()
    if b"<!doctype" in head or b"<!entity" in head:
        raise road_error("bad_graph", path.name, detail="DOCTYPE")
    try:
        return osmnx.load_graphml(path)
    except Exception as error:  # the XML reader and OSMnx raise many kinds
        raise road_error("bad_graph", path.name, detail=f"{type(error).__name__} {error}"[:200]) from error


def graph_ways(graph: nx.Graph[Any], speeds: Speeds, file: str) -> tuple[Ways, list[Fault]]:
    """Return the edges of an OSMnx graph as ways, both directions of a street as one.

    Parameters
    ----------
    graph
        Nodes with `x` and `y` in the graph's `crs`, edges with `highway`; edge geometry is used where present. An
        edge whose mirror image is there too is open both ways, another is one-way.
    speeds
        Which tags the rules read, and how long ferries take.
    file
        Name of the source, for the faults.

    Returns
    -------
    ways, notes
        Way ids are OSM ids (the first where OSMnx merged several).

    Raises
    ------
    NetworkError
        If positions, the coordinate system or road classes are missing.
    """
    _require_osmnx(graph, file)
    keys = tag_keys(speeds)
    number = {node: i for i, node in enumerate(graph.nodes)}
    streets = list(_streets(graph))
    durations, notes = _shared_durations(streets, speeds.mode(speeds.modes[0]).ferry, file)
    collector = TagCollector(tuple(keys))
    chains: list[NDArray[np.int64]] = []
    inner: list[NDArray[np.float64]] = [np.zeros((0, 2))]
    count = len(number)
    for row, (u, v, data, is_one_way) in enumerate(streets):
        shape = _inner_points(data)
        chains.append(np.concatenate(([number[u]], np.arange(count, count + len(shape)), [number[v]])))
        inner.append(shape)
        count += len(shape)
        own = {"oneway": "yes" if is_one_way else "no", **({"duration": durations[row]} if row in durations else {})}
        collector.add(row, {**_tags_of(data, keys), **own})
    lon, lat = _positions(graph, inner)
    obstacles, node_tags = _obstacle_nodes(graph, number, keys)
    ways = Ways(
        way_id=np.array([_first_id(data.get("osmid"), i + 1) for i, (_, _, data, _) in enumerate(streets)]),
        start=np.concatenate(([0], np.cumsum([chain.size for chain in chains], dtype=np.int64))),
        node=np.concatenate(chains).astype(np.int32),
        lon=lon,
        lat=lat,
        tags=collector.table(len(streets)),
        tagged_node=obstacles,
        node_tags=node_tags,
    )
    merged = sum(isinstance(data.get("highway"), list) for _, _, data, _ in streets)
    return ways, [*notes, *([road_note("merged_tags", file, merged)] if merged else [])]


def _obstacle_nodes(graph: nx.Graph[Any], number: Mapping[Any, int], keys: Sequence[str]) -> tuple[Int32, TagTable]:
    kept = [*keys, *OBSTACLE_NODE_TAGS]
    collector = TagCollector(kept)
    found = [(number[node], data) for node, data in graph.nodes(data=True) if "barrier" in data or "ford" in data]
    for row, (_, data) in enumerate(found):
        collector.add(row, _tags_of(data, kept))
    return np.array([node for node, _ in found], dtype=np.int32), collector.table(len(found))


def _shared_durations(
    streets: Sequence[tuple[Any, Any, Mapping[str, Any], bool]], ferry: Ferry, file: str
) -> tuple[dict[int, str], list[Fault]]:
    """Share the time of a ferry way among its edges where a graph cuts it into several, by length.

    Minutes as text by row of the street, and a note on ways without a stated duration.
    """
    groups: dict[str, list[int]] = {}
    for row, (_, _, data, _) in enumerate(streets):
        if data.get("route") == "ferry":
            groups.setdefault(str(data.get("osmid", row)), []).append(row)
    minutes: dict[int, str] = {}
    unstated = 0
    for rows in groups.values():
        lengths = [float(streets[row][2].get("length", 0.0)) for row in rows]
        total = sum(lengths)
        if len(rows) == 1 or total <= 0:
            continue
        stated = duration_minutes(str(streets[rows[0]][2].get("duration", "")))
        unstated += stated is None
        whole = stated if stated is not None else total / 1000.0 / ferry.kmh * 60.0 + ferry.wait_min
        minutes.update({row: f"{whole * length / total:.9f}" for row, length in zip(rows, lengths, strict=True)})

    if not unstated:
        return minutes, []
    rule = {"kmh": f"{ferry.kmh:g}", "wait_min": f"{ferry.wait_min:g}"}
    return minutes, [road_note("assumed_ferries", file, unstated, ferries=len(groups), **rule)]


def _require_osmnx(graph: nx.Graph[Any], file: str) -> None:
    problem = ""
    if graph.number_of_edges() == 0:
        problem = "0 edges"
    elif not graph.graph.get("crs"):
        problem = "no crs"
    elif any("x" not in data or "y" not in data for _, data in graph.nodes(data=True)):
        problem = "nodes without x, y"
    elif not any("highway" in data for _, _, data in graph.edges(data=True)):
        problem = "no highway"
    if problem:
        raise road_error("bad_graph", file, detail=problem)


def _streets(graph: nx.Graph[Any]) -> Iterator[tuple[Any, Any, Mapping[str, Any], bool]]:
    """Yield each street once, and whether it is one-way."""
    edges = list(graph.edges(data=True))
    if not graph.is_directed():
        yield from ((u, v, data, False) for u, v, data in edges)
        return
    waiting: dict[tuple[Any, ...], list[int]] = {}
    partner: dict[int, int] = {}
    for i, (u, v, data) in enumerate(edges):
        if _is_true(data.get("oneway")):
            continue
        mirror = waiting.get(_street_key(v, u, data))
        if mirror:
            partner[i] = mirror.pop()
        else:
            waiting.setdefault(_street_key(u, v, data), []).append(i)
    paired = set(partner.values())
    for i, (u, v, data) in enumerate(edges):
        if i not in partner:
            yield u, v, data, i not in paired


def _street_key(u: Any, v: Any, data: Mapping[str, Any]) -> tuple[Any, ...]:
    osmid = data.get("osmid")
    ids = tuple(sorted(map(str, osmid))) if isinstance(osmid, list) else str(osmid)
    return u, v, ids, round(float(data.get("length", 0.0)), 1)


def _is_true(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return str(first).lower() in TRUE_WORDS


def _first_id(osmid: Any, default: int) -> int:
    first = osmid[0] if isinstance(osmid, list) and osmid else osmid
    try:
        return int(first)
    except (TypeError, ValueError):
        return default


def _inner_points(data: Mapping[str, Any]) -> NDArray[np.float64]:
    geometry = data.get("geometry")
    if geometry is None:
        return np.zeros((0, 2))
    return np.asarray(geometry.coords, dtype=np.float64)[1:-1, :2]


def _tags_of(data: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
    return {key: _plain(key, data[key]) for key in keys if key in data and key != "oneway"}


def _plain(key: str, value: Any) -> str:
    if isinstance(value, list):
        parts = [str(part) for part in value]
        return ";".join(parts) if key.startswith("maxspeed") else parts[0]
    return "" if value is None or value != value else str(value)  # noqa: PLR0124  # not a number


def _positions(graph: nx.Graph[Any], inner: list[NDArray[np.float64]]) -> tuple[Float64, Float64]:
    """Return longitudes and latitudes of the graph's nodes, then of the points inside its edges."""
    import pyproj

    places = np.array([(float(data["x"]), float(data["y"])) for _, data in graph.nodes(data=True)]).reshape(-1, 2)
    points = np.concatenate((places, *inner))
    lon, lat = pyproj.Transformer.from_crs(graph.graph["crs"], "EPSG:4326", always_xy=True).transform(*points.T)
    return np.asarray(lon), np.asarray(lat)


def download_roads(
    path: str | Path,
    *,
    place: str | None = None,
    box: tuple[float, float, float, float] | None = None,
    cache: str | Path | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    rate_limit: bool = True,
) -> Path:
    """Download the roads of a place or box through OSMnx and write them as GraphML.

    Parameters
    ----------
    path
        The GraphML file; written whole or not at all.
    place
        Name that Nominatim knows, such as `新昌县, 浙江省`.
    box
        West, south, east, north in degrees.
    cache
        Folder of OSMnx's cache: the same question is asked of the server once. Default `cache` beside the file.
    overpass_url, nominatim_url
        Servers; default those of OSMnx.
    rate_limit
        Whether to wait while the server has no free slot.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    NetworkError
        If neither or both of place and box are given, or the download fails.

    Notes
    -----
    Turn restrictions, rivers and railways are not downloaded: straight walks then cross them. An extract has them.
    """
    if (place is None) == (box is None):
        raise NetworkError("download_roads needs either place or box")
    target = Path(path)
    folder = Path(cache) if cache is not None else target.parent / "cache"
    servers = {"overpass_url": overpass_url, "nominatim_url": nominatim_url}
    chosen = {name: url for name, url in servers.items() if url is not None}
    with _osmnx_settings(cache_folder=folder, overpass_rate_limit=rate_limit, **chosen) as osmnx:
        try:
            graph = _one_edge_a_way(osmnx, _asked(osmnx, place, box))
        except Exception as error:  # OSMnx and requests raise many kinds
            detail = f"{type(error).__name__}: {error}"[:200]
            raise road_error("download_failed", "", detail=detail) from error
        draft = target.with_name(f".{target.name}.part")
        osmnx.save_graphml(graph, draft)
    draft.replace(target)
    return target


def _asked(osmnx: Any, place: str | None, box: tuple[float, float, float, float] | None) -> Any:
    options = {"simplify": False, "retain_all": True, "truncate_by_edge": True, "custom_filter": ROAD_FILTERS}
    if place is not None:
        return osmnx.graph_from_place(place, **options)
    return osmnx.graph_from_bbox(box, **options)


def _one_edge_a_way(osmnx: Any, graph: Any) -> Any:
    """Contract a graph so that an edge lies within one OSM way and ends at junctions and obstacles."""
    return osmnx.simplify_graph(graph, edge_attrs_differ=["osmid"], node_attrs_include=["barrier", "ford"])


@contextlib.contextmanager
def _osmnx_settings(**wanted: Any) -> Iterator[Any]:
    """Set OSMnx's global settings for the time of a block: our tags, a cache, no log."""
    import osmnx

    speeds = read_speeds()
    changes = {
        "use_cache": True,
        "doh_url_template": None,
        "useful_tags_way": list(tag_keys(speeds)),
        "useful_tags_node": [*OBSTACLE_NODE_TAGS, *speeds.access_keys],
        **wanted,
    }
    before = {name: getattr(osmnx.settings, name) for name in changes}
    try:
        for name, value in changes.items():
            setattr(osmnx.settings, name, value)
        yield osmnx
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)
