"""Read roads of any source and make the network of each travel mode: OSM files, road layers, OSMnx graphs.

Sources: `.osm.pbf`, `.osm`, `.osm.gz`, `.osm.bz2`; any line layer that GDAL reads; `.graphml` and networkx graphs
written by OSMnx; a download through OSMnx.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinicplan.datum import metric_crs
from clinicplan.errors import NetworkError, Severity
from clinicplan.network.graph import RoadNetwork
from clinicplan.region import LayerSource
from clinicplan.roads.access_rules import tag_keys
from clinicplan.roads.graphs import download_roads, graph_ways, has_only_times, read_graphml
from clinicplan.roads.lines import read_road_lines
from clinicplan.roads.osm_file import is_osm_file, read_osm_file
from clinicplan.roads.report import RoadReport
from clinicplan.roads.road_layer import Box, RoadLayer, assemble
from clinicplan.speeds import Speeds, read_speeds
from clinicplan.words import fault

if TYPE_CHECKING:
    import networkx as nx

    from clinicplan.roads.ways import Ways

__all__ = ["RoadLayer", "RoadReport", "download_roads", "read_roads", "scan_roads"]


def scan_roads(
    path: str | Path,
    *,
    crs: str | None = None,
    box: Box | None = None,
    speeds: Speeds | None = None,
    source: LayerSource | None = None,
) -> RoadLayer:
    """Read a file of roads once, for all modes.

    Parameters
    ----------
    path
        OSM file, line layer or GraphML.
    crs
        Projected system of the result; default the metric system of the roads' middle.
    box
        West, south, east, north in degrees: the boundary and its margin. A segment is kept when one of its ends lies
        within.
    speeds
        Which highway values are known and how a road layer names its classes; default the built-in table.
    source
        How a line layer is written (datum, crs, encoding, layer), from the region file.

    Returns
    -------
    roads
        Segments, tags, barriers and a report of what was found and assumed.

    Raises
    ------
    NetworkError
        If the file is missing, a folder, empty, damaged, of another kind, or holds no roads within the box.

    Notes
    -----
    Turn restrictions are counted and ignored. Streams, ditches and ponds stop no one on foot; rivers, canals, other
    water, motorways and railways do, except in tunnels and on bridges.
    """
    file = Path(path)
    terms = speeds or read_speeds()
    _require_file(file)
    if is_osm_file(file):
        found = read_osm_file(file, tag_keys(terms))
        extra = {"outlines": found.outlines, "turn_restrictions": found.turn_restrictions}
        return _assembled(found.ways, crs, box, terms, file.name, **extra)
    if file.name.lower().endswith(".graphml"):
        ways, notes = graph_ways(read_graphml(file), terms, file.name)
    else:
        ways, notes = read_road_lines(file, terms, tag_keys(terms), source or LayerSource(path=str(path)))
    return _assembled(ways, crs, box, terms, file.name, notes=notes)


def read_roads(
    source: str | Path | nx.MultiDiGraph[Any] | nx.Graph[Any],
    *,
    mode: str = "car",
    crs: str | None = None,
    speeds: Speeds | None = None,
    box: Box | None = None,
) -> RoadNetwork:
    """Read roads and return the network of one mode.

    Parameters
    ----------
    source
        A file as for `scan_roads`, or a graph of OSMnx. A graph whose edges have times (`travel_time` or `time_s`) and
        no `highway` is taken as it is.
    mode
        One of `terms.MODES`.
    crs
        Projected system of the result; default the metric system of the roads' middle.
    speeds
        Speeds and rules; default the built-in table.
    box
        West, south, east, north in degrees.

    Returns
    -------
    network
        Directed edges with whole milliseconds and millimetres.

    Raises
    ------
    NetworkError
        As `scan_roads`, or if the mode is unknown or has no road.
    """
    terms = speeds or read_speeds()
    chosen = terms.mode(mode)
    if isinstance(source, str | Path):
        return scan_roads(source, crs=crs, box=box, speeds=terms).network(chosen)
    if has_only_times(source):
        return RoadNetwork.from_networkx(source)
    ways, notes = graph_ways(source, terms, "")
    return _assembled(ways, crs, box, terms, "", notes=notes).network(chosen)


def _assembled(ways: Ways, crs: str | None, box: Box | None, speeds: Speeds, file: str, **extra: Any) -> RoadLayer:
    return assemble(ways, crs=crs or _middle_crs(ways, box), box=box, speeds=speeds, file=file, **extra)


def _middle_crs(ways: Ways, box: Box | None) -> str:
    """Return the metric system of the box's middle, else of the roads' middle."""
    if box is not None:
        return metric_crs((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    if ways.lon.size == 0:
        return metric_crs(0.0, 0.0)
    return metric_crs(float(ways.lon.min() + ways.lon.max()) / 2, float(ways.lat.min() + ways.lat.max()) / 2)


def _require_file(path: Path) -> None:
    code, subject = "", "roads"
    if not path.exists():
        code, subject = "missing_file", "faults"
    elif path.is_dir() and path.suffix.lower() != ".gdb":
        code = "folder_not_file"
    elif path.is_file() and path.stat().st_size == 0:
        code = "empty_file"
    if code:
        raise NetworkError(fault(Severity.ERROR, code, layer="roads", file=str(path), subject=subject))
