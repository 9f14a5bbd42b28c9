"""Read roads from OpenStreetMap files, OSMnx graphs, GraphML or line layers, and build a network a mode."""

from clinicplan.roads.graphs import download_roads
from clinicplan.roads.reading import read_roads, scan_roads
from clinicplan.roads.road_layer import RoadLayer

__all__ = ["RoadLayer", "download_roads", "read_roads", "scan_roads"]
