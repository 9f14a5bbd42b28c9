"""Write small OSM files by hand: nodes, ways and relations as plain Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

Tags = Mapping[str, str]
Node = tuple[float, float] | tuple[float, float, Tags]
Way = tuple[Sequence[int], Tags]


def osm_text(
    nodes: Mapping[int, Node],
    ways: Mapping[int, Way],
    relations: Mapping[int, tuple[Sequence[tuple[str, int, str]], Tags]] | None = None,
) -> str:
    """Return an .osm file: nodes are (lon, lat[, tags]), ways (nodes, tags), relations (members, tags)."""
    lines = ['<osm version="0.6">']
    for ident, node in nodes.items():
        tags = node[2] if len(node) == 3 else {}
        lines.append(f'<node id="{ident}" version="1" lon="{node[0]:.7f}" lat="{node[1]:.7f}">{_tags(tags)}</node>')
    for ident, (refs, tags) in ways.items():
        inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{ident}" version="1">{inside}{_tags(tags)}</way>')
    for ident, (members, tags) in (relations or {}).items():
        inside = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        lines.append(f'<relation id="{ident}" version="1">{inside}{_tags(tags)}</relation>')
    return "\n".join([*lines, "</osm>"])


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
