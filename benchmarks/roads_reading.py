"""Measure reading roads against OSMnx on Porto: from an .osm.xml to the junction graph of cars, and of walkers.

The file is converted once, outside the clock, from the real extract: the ways that the mode may use (our rules), their
nodes, tags as they stand, implied one-way streets written out and barrier tags left out, so that both programs see the
same streets. Each method runs in a process of its own: OSMnx `graph_from_xml` (unsimplified, all parts) and
`simplify_graph`; ours `read_roads` and `simplify`, which keeps the nodes that OSMnx's rule calls end points. Imports
are done before the clock starts. Times are processor seconds of all threads and seconds on the clock; memory is the
process's peak. The junctions of both must be the same places.

    python benchmarks/roads_reading.py
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

PORTO = Path(__file__).resolve().parents[2] / "shared" / "data" / "porto" / "porto_portugal-2015.osm.pbf"
CACHE = Path(__file__).resolve().parent / "cache"
MODES = ("car", "walk")
ROUNDS = {"osmnx": 1, "clinicplan": 5}
SPEED_FLOOR, MEMORY_FLOOR = 25.0, 4.0


def measure(modes: tuple[str, ...] = MODES) -> dict[str, Any]:
    """Return all figures by mode; `ratio_*` times as fast, or as small, as OSMnx."""
    if not PORTO.is_file():
        return {"skipped": "../shared/data/porto is absent"}
    return {mode: _measured(mode) for mode in modes}


def _measured(mode: str) -> dict[str, Any]:
    path = converted(mode)
    runs = {name: [_in_own_process(name, mode, path) for _ in range(rounds)] for name, rounds in ROUNDS.items()}
    found = {name: _medians(rows) for name, rows in runs.items()}
    ours, theirs = found["clinicplan"], found["osmnx"]
    return {
        "file": path.name,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        **found,
        "same_junctions": ours["junctions"] == theirs["junctions"] and ours["places"] == theirs["places"],
        "ratio_processor": round(theirs["processor_s"] / ours["processor_s"], 1),
        "ratio_clock": round(theirs["clock_s"] / ours["clock_s"], 1),
        "ratio_memory": round(theirs["peak_mb"] / ours["peak_mb"], 1),
    }


def converted(mode: str) -> Path:
    """Return the .osm.xml of the ways open to a mode, written on first use."""
    import osmium

    from clinicplan.roads import scan_roads
    from clinicplan.speeds import read_speeds

    path = CACHE / f"porto-{mode}.osm"
    if path.exists():
        return path
    layer = scan_roads(PORTO)
    network = layer.network(read_speeds().mode(mode))
    way = layer.ways["way_id"].to_numpy()[layer.segment_way]
    directions = np.bincount(network.segment, minlength=way.size)
    used, one_way = set(way[directions > 0].tolist()), set(way[directions == 1].tolist())
    nodes = {node.ref for item in osmium.FileProcessor(PORTO, osmium.osm.WAY) if item.id in used for node in item.nodes}
    CACHE.mkdir(exist_ok=True)
    draft = path.with_suffix(".part.osm")
    draft.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(draft)) as writer:
        for item in osmium.FileProcessor(PORTO):
            if item.is_node() and item.id in nodes:
                writer.add(item.replace(tags={}))
            elif item.is_way() and item.id in used:
                writer.add(item.replace(tags=_plain_directions(dict(item.tags), item.id in one_way)))
    draft.replace(path)
    return path


def _plain_directions(tags: dict[str, str], is_one_way: bool) -> dict[str, str]:
    """Write out what a roundabout or motorway implies, so that no rule about it can differ."""
    tags.pop("junction", None)
    if is_one_way and tags.get("oneway") not in {"-1", "reverse"}:
        tags["oneway"] = "yes"
    return tags


def run_osmnx(path: Path, mode: str) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """Return the timed work, and what reads its result."""
    import osmnx

    def work() -> Any:
        graph = osmnx.graph_from_xml(path, bidirectional=mode == "walk", simplify=False, retain_all=True)
        return osmnx.simplify_graph(graph)

    def figures(graph: Any) -> dict[str, Any]:
        places = [(data["x"], data["y"]) for _, data in graph.nodes(data=True)]
        return {"junctions": len(graph), "edges": graph.number_of_edges(), "places": _digest(np.array(places))}

    return work, figures


def run_clinicplan(path: Path, mode: str) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """Return the timed work, and what reads its result."""
    import osmium  # noqa: F401
    import pandas as pd  # noqa: F401
    import pyproj
    import scipy.sparse.csgraph  # noqa: F401
    import shapely  # noqa: F401

    from clinicplan.network.simplification import simplify
    from clinicplan.roads import read_roads

    crs = "EPSG:32629"

    def work() -> Any:
        network = read_roads(path, mode=mode, crs=crs)
        return simplify(network, end_points(network))

    def figures(core: Any) -> dict[str, Any]:
        back = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        places = np.column_stack(back.transform(core.network.x, core.network.y))
        return {"junctions": core.network.n_nodes, "edges": core.network.n_edges, "places": _digest(places)}

    return work, figures


def end_points(network: Any) -> np.ndarray:
    """Return the nodes that OSMnx's rule keeps: all but those with two neighbours and two or four directed edges."""
    n = network.n_nodes
    outgoing, incoming = np.bincount(network.tail, minlength=n), np.bincount(network.head, minlength=n)
    low, high = np.minimum(network.tail, network.head), np.maximum(network.tail, network.head)
    pair = np.sort(low.astype(np.int64) * n + high)
    pair = pair[np.concatenate(([True], pair[1:] != pair[:-1]))]
    neighbours = np.bincount(pair // n, minlength=n) + np.bincount(pair % n, minlength=n)
    degree = outgoing + incoming
    inside = (neighbours == 2) & np.isin(degree, (2, 4)) & (outgoing > 0) & (incoming > 0)
    return np.flatnonzero(~inside)


def _digest(places: np.ndarray) -> list[int]:
    """Return a figure that is equal for equal sets of places, to about a decimetre."""
    whole = np.rint(places * 1e6).astype(np.int64)
    return [int(whole[:, 0].sum() // 100_000), int(whole[:, 1].sum() // 100_000)]


def _in_own_process(name: str, mode: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--run", name, mode, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONUTF8": "1"})
    return json.loads(done.stdout.splitlines()[-1])


def _run(name: str, mode: str, path: Path) -> None:
    warnings.simplefilter("ignore")
    work, figures = {"osmnx": run_osmnx, "clinicplan": run_clinicplan}[name](path, mode)
    before_mb = _peak_mb()
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    seconds = {"processor_s": time.process_time() - processor, "clock_s": time.perf_counter() - clock}
    print(json.dumps({**seconds, "imports_mb": before_mb, "peak_mb": _peak_mb(), **figures(result)}))


def _peak_mb() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / (1024 if sys.platform == "darwin" else 1) / 1000, 1)


def _medians(rows: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = ("processor_s", "clock_s", "imports_mb", "peak_mb")
    return {**rows[0], **{key: round(statistics.median(row[key] for row in rows), 3) for key in numbers}}


def print_table(result: dict[str, Any]) -> None:
    """Print the figures, one method a line, and the floors."""
    if "skipped" in result:
        print(f"reading roads: skipped, {result['skipped']}")
        return
    for mode, case in result.items():
        print(f"reading roads: {case['file']} ({case['file_mb']} MB), {mode}, to junctions")
        for name in ROUNDS:
            row = case[name]
            print(
                f"  {name:<11} {row['processor_s']:7.2f} s processor  {row['clock_s']:7.2f} s clock  "
                f"{row['peak_mb']:7.0f} MB peak  {row['junctions']:,} junctions  {row['edges']:,} edges"
            )
        print(
            f"  ratio {case['ratio_processor']}x processor, {case['ratio_clock']}x clock (floor {SPEED_FLOOR:g}x); "
            f"memory 1/{case['ratio_memory']} (floor 1/{MEMORY_FLOOR:g}); same junctions: {case['same_junctions']}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        _run(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        print_table(measure())
