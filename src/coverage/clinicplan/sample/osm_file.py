"""Write a drawing as an OpenStreetMap extract, readable by every OSM tool, the same bytes for the same drawing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clinicplan.roads.osm_writer import open_osm_writer
from clinicplan.sample.sketch import Drawing, runs_of

FIRST_ID = 1
"""Ids start here; they mean nothing outside the sample."""


def write_osm(path: Path, drawing: Drawing, crs: str) -> None:
    """Write points that are used and all ways, ids ascending, without times, users or versions.

    CGCS2000 degrees are written as WGS84 degrees: they agree to within centimetres.

    Parameters
    ----------
    path
        A file whose name ends in `.osm.pbf`; replaced where it exists.
    drawing
        The map, in metres.
    crs
        The system of its coordinates.
    """
    import osmium
    from osmium.osm import mutable
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(crs, "EPSG:4490", always_xy=True).transform(drawing.x, drawing.y)
    used = np.unique(runs_of(drawing.ways)[0])
    ids = np.full(len(drawing.x), -1, dtype=np.int64)
    ids[used] = FIRST_ID + np.arange(len(used))
    header = osmium.io.Header()
    header.set("generator", "clinicplan sample county (synthetic)")
    header.add_box(osmium.osm.Box(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())))
    with open_osm_writer(path, header=header) as writer:
        rows = zip(used.tolist(), ids[used].tolist(), lon[used].tolist(), lat[used].tolist(), strict=True)
        for point, number, x, y in rows:
            writer.add_node(mutable.Node(id=number, location=(x, y), tags=drawing.point_tags.get(point)))
        for number, way in enumerate(drawing.ways, start=FIRST_ID):
            writer.add_way(mutable.Way(id=number, nodes=ids[list(way.points)].tolist(), tags=way.tags))
