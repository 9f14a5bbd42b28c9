"""Graphs of OSMnx, from memory, from GraphML and from a server on this machine: the same roads as from the file."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import networkx as nx
import numpy as np
import pytest

from clinicplan.errors import NetworkError
from clinicplan.network import RoadNetwork
from clinicplan.roads import download_roads, read_roads, scan_roads
from osm_text import osm_text

ROAD = {"highway": "unclassified"}
NODES = {
    1: (120.001, 29.5),
    2: (120.002, 29.5005),
    3: (120.003, 29.5),
    4: (120.003, 29.502),
    5: (120.005, 29.5),
    6: (120.006, 29.5),
    7: (120.008, 29.501),
    8: (120.005, 29.503),
}
WAYS = {
    10: ([1, 2, 3], {**ROAD, "name": "后岸路", "maxspeed": "20"}),
    11: ([3, 4], {"highway": "tertiary", "oneway": "-1"}),
    12: ([4, 1], {"highway": "primary", "oneway": "yes"}),
    13: ([3, 5], {"highway": "secondary", "surface": "gravel"}),
    15: ([5, 8], {"highway": "track", "tracktype": "grade3"}),
    14: ([5, 6, 7], {"route": "ferry", "duration": "00:12"}),
}


@pytest.fixture(scope="module")
def osm_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("osm") / "roads.osm"
    path.write_text(osm_text(NODES, WAYS), encoding="utf-8")
    return path


def edges(network: RoadNetwork) -> dict[tuple[float, ...], int]:
    """Times by the places of both ends, to a decimetre."""
    assert network.x is not None
    assert network.y is not None
    place = np.round(np.column_stack((network.x, network.y)), 1)
    keys = np.column_stack((place[network.tail], place[network.head]))
    return dict(zip(map(tuple, keys.tolist()), network.time_ms.tolist(), strict=True))


def same(found: dict[tuple[float, ...], int], expected: dict[tuple[float, ...], int]) -> bool:
    """Equal to a millisecond; a ferry cut into edges is shared out by the lengths of OSMnx, on a sphere."""
    assert found.keys() == expected.keys()
    return all(
        abs(found[key] - expected[key]) <= max(1, 0.003 * expected[key] * (expected[key] > 200_000)) for key in found
    )


def osmnx_graph(path: Path, *, simplify: bool) -> nx.MultiDiGraph:
    import osmnx

    keys = ["highway", "route", "duration", "oneway", "maxspeed", "surface", "name", "junction", "tracktype"]
    before = osmnx.settings.useful_tags_way
    osmnx.settings.useful_tags_way = keys
    try:
        return osmnx.graph_from_xml(path, simplify=simplify, retain_all=True)
    finally:
        osmnx.settings.useful_tags_way = before


@pytest.mark.parametrize("simplify", [False, True])
@pytest.mark.parametrize("mode", ["walk", "car"])
def test_a_graph_of_osmnx_gives_the_same_times_as_the_file(osm_file: Path, mode: str, simplify: bool) -> None:
    expected = edges(read_roads(osm_file, mode=mode))
    found = edges(read_roads(osmnx_graph(osm_file, simplify=simplify), mode=mode))
    assert same(found, expected)
    assert sum(found.values()) == pytest.approx(sum(expected.values()), abs=4)


def test_a_graphml_file_and_a_projected_graph_give_the_same_times(osm_file: Path, tmp_path: Path) -> None:
    import osmnx

    graph = osmnx_graph(osm_file, simplify=True)
    expected = edges(read_roads(osm_file))
    osmnx.save_graphml(graph, tmp_path / "roads.graphml")
    assert same(edges(read_roads(tmp_path / "roads.graphml")), expected)
    projected = osmnx.project_graph(graph, to_crs="EPSG:32651")
    assert same(edges(read_roads(projected)), expected)


def test_both_directions_of_a_street_are_one_way_with_one_segment(osm_file: Path, tmp_path: Path) -> None:
    import osmnx

    osmnx.save_graphml(osmnx_graph(osm_file, simplify=True), tmp_path / "roads.graphml")
    layer = scan_roads(tmp_path / "roads.graphml")
    assert sorted(layer.ways["way_id"]) == sorted(WAYS)
    assert layer.segment_tail.size == 8
    assert dict(zip(layer.ways["way_id"], layer.ways["oneway"], strict=True))[11] == "yes"


def test_barrier_nodes_of_a_graph_stop_cars() -> None:
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (lon, lat) in NODES.items():
        graph.add_node(node, x=lon, y=lat)
    graph.nodes[2]["barrier"] = "bollard"
    for u, v in ((1, 2), (2, 1), (2, 3), (3, 2)):
        graph.add_edge(u, v, highway="residential", osmid=9, length=100.0)
    assert read_roads(graph, mode="car").component.max() == 1
    assert read_roads(graph, mode="bicycle").component.max() == 0


def test_an_undirected_graph_is_open_both_ways_and_a_lone_direction_is_one_way() -> None:
    graph = nx.MultiGraph(crs="EPSG:4326")
    graph.add_node("a", x=120.0, y=29.5)
    graph.add_node("b", x=120.001, y=29.5)
    graph.add_edge("a", "b", highway="residential")
    assert read_roads(graph).n_edges == 2
    lone = nx.MultiDiGraph(graph)
    lone.remove_edge("b", "a")
    assert read_roads(lone).n_edges == 1
    assert read_roads(lone, mode="walk").n_edges == 2


def test_a_graph_with_times_and_no_classes_is_taken_as_it_is() -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "b", travel_time=12.3456)
    assert read_roads(graph).time_ms.tolist() == [12_346]


def test_several_highway_values_on_an_edge_are_counted(tmp_path: Path) -> None:
    import osmnx

    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, (lon, lat) in NODES.items():
        graph.add_node(node, x=lon, y=lat)
    graph.add_edge(1, 2, highway=["track", "primary"], osmid=[3, 4], length=100.0, maxspeed=["60", "10"], oneway=True)
    osmnx.save_graphml(graph, tmp_path / "roads.graphml")
    layer = scan_roads(tmp_path / "roads.graphml")
    assert layer.ways["highway"].tolist() == ["track"]
    assert layer.ways["maxspeed"].tolist() == ["60;10"]
    assert {fault.code for fault in layer.report.faults} == {"merged_tags"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<graphml>",
        '<!DOCTYPE graphml [<!ENTITY a "b">]><graphml/>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed"/></graphml>',
    ],
)
def test_a_graphml_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "roads.graphml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NetworkError, match=r"roads\.graphml"):
        scan_roads(path)


@pytest.mark.parametrize("missing", ["crs", "x", "highway", "edges"])
def test_a_graph_that_is_not_of_osmnx_is_refused(missing: str) -> None:
    graph = nx.MultiDiGraph(**({} if missing == "crs" else {"crs": "EPSG:4326"}))
    graph.add_node(1, x=120.0, y=29.5)
    graph.add_node(2, **({} if missing == "x" else {"x": 120.001}), y=29.5)
    if missing != "edges":
        graph.add_edge(1, 2, **({} if missing == "highway" else {"highway": "track"}))
    with pytest.raises(NetworkError) as caught:
        read_roads(graph)
    assert caught.value.faults[0].code == "bad_graph"


# -------------------- a server on this machine

POLYGON = [[120.0, 29.49], [120.01, 29.49], [120.01, 29.51], [120.0, 29.51], [120.0, 29.49]]


def overpass_answer(query: str) -> dict[str, object]:
    """What Overpass would say to one of our two questions."""
    wanted = "route" if '"route"="ferry"' in query else "highway"
    ways = {ident: way for ident, way in WAYS.items() if wanted in way[1]}
    elements: list[dict[str, object]] = [
        {"type": "node", "id": ident, "lon": lon, "lat": lat} for ident, (lon, lat) in NODES.items()
    ]
    elements += [{"type": "way", "id": ident, "nodes": refs, "tags": tags} for ident, (refs, tags) in ways.items()]
    return {"version": 0.6, "osm3s": {"timestamp_osm_base": "2026-01-01T00:00:00Z"}, "elements": elements}


class Answers(BaseHTTPRequestHandler):
    asked: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["data"][0]
        type(self).asked.append(query)
        self.answer(overpass_answer(query))

    def do_GET(self) -> None:
        type(self).asked.append(urlparse(self.path).path)
        place = {
            "place_id": 1,
            "osm_type": "relation",
            "osm_id": 1,
            "lat": "29.5",
            "lon": "120.005",
            "class": "boundary",
            "type": "administrative",
            "importance": 0.5,
            "name": "新昌县",
            "display_name": "新昌县",
            "boundingbox": ["29.49", "29.51", "120.0", "120.01"],
            "geojson": {"type": "Polygon", "coordinates": [POLYGON]},
        }
        self.answer([place])

    def answer(self, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the test quiet."""


@pytest.fixture
def server() -> object:
    handler = type("Recorder", (Answers,), {"asked": []})
    found = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}", handler.asked
    found.shutdown()
    thread.join()
    found.server_close()


def test_a_box_is_downloaded_once_and_then_comes_from_the_cache(server, osm_file: Path, tmp_path: Path) -> None:
    import osmnx

    url, asked = server
    before = {name: getattr(osmnx.settings, name) for name in ("overpass_url", "cache_folder", "useful_tags_way")}
    options = {"box": (120.0, 29.49, 120.01, 29.51), "overpass_url": f"{url}/api", "rate_limit": False}
    path = download_roads(tmp_path / "roads.graphml", **options)
    assert len(asked) == 2
    for mode in ("walk", "car"):
        assert same(edges(read_roads(path, mode=mode)), edges(read_roads(osm_file, mode=mode)))
    again = download_roads(tmp_path / "again.graphml", **options)
    assert len(asked) == 2
    assert edges(read_roads(again)) == edges(read_roads(path))
    assert {name: getattr(osmnx.settings, name) for name in before} == before
    assert sorted(item.name for item in tmp_path.iterdir()) == ["again.graphml", "cache", "roads.graphml"]


def test_a_place_is_downloaded_by_its_name(server, osm_file: Path, tmp_path: Path, monkeypatch) -> None:
    from osmnx import _nominatim

    monkeypatch.setattr(_nominatim.time, "sleep", lambda _: None)
    url, asked = server
    path = download_roads(
        tmp_path / "roads.graphml",
        place="新昌县, 浙江省",
        cache=tmp_path / "kept",
        overpass_url=f"{url}/api",
        nominatim_url=f"{url}/",
        rate_limit=False,
    )
    assert asked[0] == "/search"
    assert same(edges(read_roads(path)), edges(read_roads(osm_file)))
    assert (tmp_path / "kept").is_dir()


def test_a_download_that_fails_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        download_roads(
            tmp_path / "roads.graphml",
            box=(120.0, 29.49, 120.01, 29.51),
            overpass_url="http://127.0.0.1:9/api",
            rate_limit=False,
        )
    assert caught.value.faults[0].code == "download_failed"
    assert not (tmp_path / "roads.graphml").exists()
    with pytest.raises(NetworkError, match="either place or box"):
        download_roads(tmp_path / "roads.graphml")
