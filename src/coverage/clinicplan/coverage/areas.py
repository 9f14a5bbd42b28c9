"""Draw the areas that a county's facilities cover: of all together, and of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from clinicplan.standard import MS_PER_MIN, milliseconds

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.coverage.circles import ServiceCircles
    from clinicplan.network.joining import JoinedNetwork

COUNTY_CELL_M: Final = 50.0
"""Fineness of the circle of all facilities, metres: a county in 2 s; each facility's own circle is drawn finer."""
DRAWN_M: Final = 5.0
"""Outlines of single facilities are simplified by less than this, metres; circles still nest."""


def circle_areas(circles: ServiceCircles, *, each: bool = False) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
    """Draw what lies within each band and the standard of any counted facility, and of each where asked for.

    Parameters
    ----------
    circles
        The answer of `service_circles`.
    each
        Also draw every counted facility's own areas.

    Returns
    -------
    together
        `minutes, geometry`, one row a limit, ascending, nested; one surface of nearest times.
    apart
        `facility_id, minutes, geometry`, or None.
    """
    import geopandas as gpd

    from clinicplan.isochrones.circles import isochrones, nearest_circle, nearest_node_times, walking_discs
    from clinicplan.isochrones.road_surface import prepare_surface

    rule, search = circles.rule, circles.searches[circles.rule.mode]
    limits = drawn_minutes(circles)
    facilities = np.flatnonzero(circles.counted) + search.n_homes
    joined = search.joined
    surface = prepare_surface(joined.network, cell_m=COUNTY_CELL_M)
    node_ms = nearest_node_times(joined, limit_ms=milliseconds(limits[-1]), points=facilities)
    discs = walking_discs(_only(joined, facilities), surface, max_access_m=rule.max_access_m)
    found = nearest_circle(surface, node_ms, limits, walk_kmh=rule.access_kmh, discs=discs)
    crs = circles.villages.crs
    together = gpd.GeoDataFrame({"minutes": list(found)}, geometry=list(found.values()), crs=crs)
    if not each:
        return together, None
    apart = isochrones(
        search.network,
        circles.facilities.loc[circles.counted, ["facility_id", "geometry"]],
        minutes=limits,
        access_kmh=rule.access_kmh,
        max_access_m=rule.max_access_m,
        simplify_m=DRAWN_M,
    )
    return together, apart


def drawn_minutes(circles: ServiceCircles) -> list[float]:
    """Return the bands and the standard, minutes, ascending; without either, 15 and 20."""
    standard = circles.rule.standard
    limits = {*standard.bands_ms, *(() if standard.limit_ms is None else (standard.limit_ms,))}
    return sorted(limit / MS_PER_MIN for limit in limits) or [15.0, 20.0]


def _only(joined: JoinedNetwork, points: np.ndarray) -> JoinedNetwork:
    """Return the joined network with some of its points."""
    legs = joined.legs
    parts = {
        name: value[points]
        for name, value in vars(legs).items()
        if isinstance(value, np.ndarray) and value.shape[:1] == legs.x.shape
    }
    return replace(
        joined, departure=joined.departure[points], arrival=joined.arrival[points], legs=replace(legs, **parts)
    )
