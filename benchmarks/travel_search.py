"""Measure the travel-time search against scipy, networkx, pandana and the OSMnx way: same work, paired, warm.

Every method computes the table village -> facility within 900 s, in one process pinned to one processor. Rounds
alternate between the methods; medians of processor time are compared, which other programs on the machine disturb
least (the rows on threads and the whole run take the time on the clock). Answers are compared pair by pair.
Graphs are the seeded ones of `road_graphs` and the New York graph of the ninth DIMACS challenge.

    python benchmarks/travel_search.py 50000 1000000          # sizes; without any: all three and New York
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from benchmarks.road_graphs import road_graph, villages_of, with_shape_nodes
else:
    from road_graphs import road_graph, villages_of, with_shape_nodes

from clinicplan.network import RoadNetwork
from clinicplan.network.simplification import simplify
from clinicplan.travel import node_times, travel_times
from clinicplan.travel.search import reached_blocks, reached_table, search_arcs

NEW_YORK = Path(__file__).resolve().parents[2] / "shared" / "data" / "ny-dimacs"
MS_PER_DIMACS_UNIT = 3.6  # 假设: the fastest class, one unit per 0.1 m, is 100 km/h
LIMIT_S = 900
SIZES = (50_000, 1_000_000, 5_000_000)
SOURCES = {50_000: 300, 264_346: 60, 1_000_000: 60, 5_000_000: 30}
ROUNDS = {50_000: 9, 264_346: 5, 1_000_000: 5, 5_000_000: 3}
NETWORKX_SOURCES, PANDANA_SOURCES = 5, 100
SLOW_ABOVE = 60_000  # nodes: networkx, pandana and OSMnx are measured up to here
WHOLE_RUN_SOURCES = 60_000
FLOORS = {50_000: 2.5, 1_000_000: 5.0, 5_000_000: 20.0}
PANDANA_FLOOR, THREADS_FLOOR, NODES_PER_SECOND_AIM = 12.0, 1.6, 40e6


def measure(sizes: tuple[int, ...] = SIZES, *, new_york: bool = True) -> dict[str, Any]:
    """Return all figures; times in seconds, `ratio_*` times as fast as the other."""
    result: dict[str, Any] = {}
    for size in sizes:
        network = road_graph(size)
        result[f"{size}"] = _measure_graph(network, size)
        if size <= SLOW_ABOVE:
            result[f"{size}"] |= _measure_slow(network) | _measure_simplification(network)
        if size == 1_000_000:
            result[f"{size}"] |= _measure_threads(network)
        del network
    if 5_000_000 in sizes:
        result["5000000"] |= _whole_run(5_000_000)
    if new_york and NEW_YORK.exists():
        network = _new_york()
        result["new_york"] = _measure_graph(network, network.n_nodes)
    return result


def _measure_graph(network: RoadNetwork, size: int) -> dict[str, Any]:
    facilities, villages = _facilities(network, SOURCES[size]), villages_of(network)
    arcs = search_arcs(network, backward=True)
    column = np.full(network.n_nodes, -1, dtype=np.int32)
    column[villages] = np.arange(villages.size)
    graph = arcs.graph(arcs.first.astype(np.float64))
    ways: dict[str, Callable[[], Any]] = {
        "kernels": lambda: reached_table(
            arcs, facilities, limit=LIMIT_S * 1000, column=column, backend="numba", threads=1
        ),
        "kernels_two_weights": lambda: reached_table(
            arcs, facilities, limit=LIMIT_S * 1000, column=column, both=True, backend="numba", threads=1
        ),
        "kernels_all_nodes": lambda: reached_table(arcs, facilities, limit=LIMIT_S * 1000, backend="numba", threads=1),
        "node_times": lambda: node_times(network, facilities, limit_s=LIMIT_S, targets=villages),
        "scipy": lambda: _scipy_table(graph, facilities, villages),
    }
    with _one_processor():
        seconds, answers = _paired(ways, ROUNDS[size])
    ours, scipy = answers["kernels"], answers["scipy"]
    nodes = int(answers["kernels_all_nodes"].first.size)
    equal = np.array_equal(ours.indptr, scipy[0]) and np.array_equal(ours.column, scipy[1])
    per_source = {name: value / facilities.size * 1e3 for name, value in seconds.items()}
    return {
        "nodes": network.n_nodes,
        "edges": network.n_edges,
        "sources": facilities.size,
        "reached_nodes_per_source": nodes / facilities.size,
        "pairs_per_source": int(ours.first.size) / facilities.size,
        "same_pairs_as_scipy": bool(equal),
        "largest_difference_ms": float(np.abs(ours.first - scipy[2]).max()) if equal else None,
        "ms_per_source": per_source,
        "ratio_scipy": seconds["scipy"] / seconds["kernels"],
        "ratio_scipy_node_times": seconds["scipy"] / seconds["node_times"],
        "floor_scipy": FLOORS.get(size),
        "settled_nodes_per_second": nodes / seconds["kernels"],
        "aim_settled_nodes_per_second": NODES_PER_SECOND_AIM if size == 50_000 else None,
    }


def _measure_slow(network: RoadNetwork) -> dict[str, Any]:
    """Measure the libraries that are too slow for the large graphs; sources few, times per source."""
    villages = villages_of(network)
    few, hundred = _facilities(network, NETWORKX_SOURCES), _facilities(network, PANDANA_SOURCES)
    wanted = set(villages.tolist())
    graph = _networkx_graph(network)
    ranges, pandana_s = _pandana(network)
    ways: dict[str, Callable[[], Any]] = {
        "ours_for_networkx": lambda: node_times(network, few, limit_s=LIMIT_S, targets=villages),
        "networkx": lambda: [_networkx_row(graph, source, wanted) for source in few.tolist()],
        "ours_for_pandana": lambda: node_times(network, hundred, limit_s=LIMIT_S),
    }
    if ranges is not None:
        ways["pandana"] = lambda: ranges(hundred)
    with _one_processor():
        seconds, answers = _paired(ways, 3)
    found = {
        "networkx_ms_per_source": seconds["networkx"] / few.size * 1e3,
        "ratio_networkx": seconds["networkx"] / seconds["ours_for_networkx"],
        "same_times_as_networkx": _equals_networkx(answers["ours_for_networkx"], answers["networkx"], villages),
    }
    if ranges is not None:
        found |= {
            "pandana_ms_per_source": seconds["pandana"] / hundred.size * 1e3,
            "pandana_preparation_s": pandana_s,
            "ratio_pandana": seconds["pandana"] / seconds["ours_for_pandana"],
            "floor_pandana": PANDANA_FLOOR,
            "same_nodes_as_pandana": len(answers["pandana"]) == answers["ours_for_pandana"].nnz,
        }
    return found | _measure_osmnx(network, graph, few, villages)


def _measure_osmnx(network: RoadNetwork, graph: Any, few: np.ndarray, villages: np.ndarray) -> dict[str, Any]:
    """Measure the usual way with OSMnx, nearest nodes and one search a facility, against `travel_times` from layers.

    Ours does more: points enter roads part-way and walk to them.
    """
    import geopandas as gpd
    import osmnx

    placed = replace(network, crs="EPSG:4549")
    graph.graph["crs"] = "EPSG:4549"

    def layer(nodes: np.ndarray) -> gpd.GeoDataFrame:
        places = gpd.points_from_xy(network.x[nodes] + 5, network.y[nodes] + 5)
        return gpd.GeoDataFrame({"id": nodes.astype(str)}, geometry=places, crs="EPSG:4549")

    origins, destinations = layer(villages), layer(few)

    def usual() -> list[dict[int, float]]:
        ends = osmnx.distance.nearest_nodes(graph, destinations.geometry.x, destinations.geometry.y)
        starts = set(osmnx.distance.nearest_nodes(graph, origins.geometry.x, origins.geometry.y).tolist())
        return [_networkx_row(graph, int(end), starts) for end in ends]

    ways = {"usual": usual, "ours": lambda: travel_times(placed, origins, destinations, limit_min=LIMIT_S / 60)}
    with _one_processor():
        seconds, _ = _paired(ways, 3)
    return {"osmnx_way_s": seconds["usual"], "travel_times_s": seconds["ours"], "osmnx_way_sources": int(few.size)}


def _measure_simplification(network: RoadNetwork) -> dict[str, Any]:
    raw = with_shape_nodes(network)
    villages, facilities = villages_of(network), _facilities(network, 100)
    kept = np.concatenate([villages, facilities])
    core = simplify(raw, kept)
    ways: dict[str, Callable[[], Any]] = {
        "simplify": lambda: simplify(raw, kept),
        "raw": lambda: node_times(raw, facilities, limit_s=LIMIT_S, targets=villages),
        "core": lambda: node_times(
            core.network, core.core_of[facilities], limit_s=LIMIT_S, targets=core.core_of[villages]
        ),
    }
    with _one_processor():
        seconds, answers = _paired(ways, 5)
    same = (answers["raw"] != answers["core"]).nnz == 0 and answers["raw"].nnz == answers["core"].nnz
    return {
        "raw_nodes": raw.n_nodes,
        "core_nodes": int(core.raw_of.size),
        "simplify_s": seconds["simplify"],
        "simplification_gain": seconds["raw"] / seconds["core"],
        "same_after_simplification": bool(same),
    }


def _measure_threads(network: RoadNetwork, sources: int = 3000) -> dict[str, Any]:
    arcs, facilities = search_arcs(network, backward=True), _facilities(network, sources)
    column = np.full(network.n_nodes, -1, dtype=np.int32)
    column[villages_of(network)] = np.arange(network.n_nodes // 25)

    def run(threads: int) -> Callable[[], Any]:
        return lambda: sum(
            block.first.size
            for block in reached_blocks(
                arcs, facilities, limit=LIMIT_S * 1000, column=column, backend="numba", threads=threads
            )
        )

    seconds, answers = _paired({"one": run(1), "two": run(2)}, 7, time.perf_counter)
    return {
        "processors": os.cpu_count(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "two_threads_ratio": seconds["one"] / seconds["two"],
        "floor_two_threads": THREADS_FLOOR,
        "same_pairs_with_two_threads": answers["one"] == answers["two"],
    }


def _whole_run(size: int) -> dict[str, Any]:
    """Run 60,000 facilities in a process of its own; pairs are counted block by block, as a writer to disk would."""
    command = [sys.executable, str(Path(__file__).resolve()), "--whole-run", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {f"whole_run_{name}": value for name, value in found.items()}


def _run_whole(size: int) -> None:
    network = road_graph(size)
    villages, facilities = villages_of(network), _facilities(network, WHOLE_RUN_SOURCES)
    column = np.full(network.n_nodes, -1, dtype=np.int32)
    column[villages] = np.arange(villages.size)
    start = time.perf_counter()
    arcs = search_arcs(network, backward=True)
    del network
    prepared = time.perf_counter()
    blocks = reached_blocks(arcs, facilities, limit=LIMIT_S * 1000, column=column, backend="numba")
    pairs = sum(block.first.size for block in blocks)
    end = time.perf_counter()
    figures = {"s": end - start, "search_s": end - prepared, "pairs": pairs, "peak_bytes": _peak_bytes()}
    print(json.dumps(figures | {"sources": WHOLE_RUN_SOURCES}))


def _peak_bytes() -> int:
    """Return this process's own peak; `ru_maxrss` would also count what its parent held when it started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _paired(
    ways: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.process_time
) -> tuple[dict[str, float], dict[str, Any]]:
    """Run every way once to warm up, then in turn; return medians in seconds and the last answers."""
    answers = {name: way() for name, way in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = clock()
            answers[name] = way()
            seconds[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}, answers


@contextmanager
def _one_processor() -> Iterator[None]:
    """Pin the process to one processor where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _facilities(network: RoadNetwork, count: int) -> np.ndarray:
    return np.random.default_rng(4).choice(network.n_nodes, count, replace=False)


def _scipy_table(graph: Any, facilities: np.ndarray, villages: np.ndarray) -> tuple[np.ndarray, ...]:
    """Compute the same sparse table with scipy, dense rows a few at a time."""
    from scipy.sparse.csgraph import dijkstra

    rows, columns, times = [], [], []
    step = max(1, 4_000_000 // graph.shape[0])
    for start in range(0, facilities.size, step):
        found = dijkstra(graph, indices=facilities[start : start + step], limit=LIMIT_S * 1000.0)[:, villages]
        row, column = np.nonzero(np.isfinite(found))
        rows.append(row + start)
        columns.append(column)
        times.append(found[row, column])
    count = np.bincount(np.concatenate(rows), minlength=facilities.size)
    return np.append(0, np.cumsum(count)), np.concatenate(columns), np.concatenate(times)


def _networkx_graph(network: RoadNetwork) -> Any:
    """Return the graph turned round, so that one search a facility gives the times to it."""
    graph = network.to_networkx().reverse()
    for _, _, data in graph.edges(data=True):
        data["travel_time"] = data["time_s"]
    return graph


def _networkx_row(graph: Any, source: int, wanted: set[int]) -> dict[int, float]:
    import networkx as nx

    found = nx.single_source_dijkstra_path_length(graph, source, cutoff=LIMIT_S, weight="travel_time")
    return {node: seconds for node, seconds in found.items() if node in wanted}


def _equals_networkx(table: Any, rows: list[dict[int, float]], villages: np.ndarray) -> bool:
    for i, row in enumerate(rows):
        ours = table[[i]]
        mine = dict(zip(villages[ours.indices].tolist(), ours.data.tolist(), strict=True))
        if mine.keys() != row.keys() or any(abs(mine[node] - row[node]) > 1e-6 for node in row):
            return False
    return True


def _pandana(network: RoadNetwork) -> tuple[Callable[[np.ndarray], Any] | None, float]:
    """Return pandana's range query on the graph turned round, and how long its preparation took."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pandana
    except ImportError:
        return None, 0.0
    start = time.perf_counter()
    edges = (pd.Series(network.head), pd.Series(network.tail), pd.DataFrame({"s": network.time_ms / 1000}))
    graph = pandana.Network(pd.Series(network.x), pd.Series(network.y), *edges, twoway=False)
    graph.precompute(1)
    return (lambda nodes: graph.nodes_in_range(nodes.tolist(), LIMIT_S)), time.perf_counter() - start


def _new_york() -> RoadNetwork:
    tail, head, units = _dimacs("USA-road-t.NY.gr.gz", "a")
    _, lon, lat = _dimacs("USA-road-d.NY.co.gz", "v")
    time_s = units * (MS_PER_DIMACS_UNIT / 1000)
    return RoadNetwork.from_edges(tail - 1, head - 1, time_s, x=lon * 0.0845, y=lat * 0.111, n_nodes=lon.size)


def _dimacs(name: str, kind: str) -> np.ndarray:
    with gzip.open(NEW_YORK / name, "rt") as lines:
        return np.loadtxt((line[2:] for line in lines if line[0] == kind), dtype=np.int64).T


def print_table(result: dict[str, Any]) -> None:
    """Print one line a figure."""
    for graph, figures in result.items():
        print(f"\n{graph}")
        for name, value in figures.items():
            if isinstance(value, dict):
                parts = ", ".join(f"{key} {number:.3f}" for key, number in value.items())
                print(f"  {name:34} {parts}")
            elif value is not None:
                shown = f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if type(value) is int else value
                print(f"  {name:34} {shown}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--whole-run"]:
        _run_whole(int(sys.argv[2]))
    else:
        asked = tuple(int(size) for size in sys.argv[1:])
        print_table(measure(asked or SIZES, new_york=not asked))
