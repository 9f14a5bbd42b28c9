"""Roads as arrays, contracted exactly, with points on them: nodes, directed edges, components, access legs."""

from clinicplan.network.graph import Adjacency, RoadNetwork, connected_parts, group_edges

__all__ = ["Adjacency", "RoadNetwork", "connected_parts", "group_edges"]
