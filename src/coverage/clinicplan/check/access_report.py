"""Report how points reach the road: who does not, who takes a second choice, how long the walks are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, Severity
from clinicplan.network.private_roads import PRIVATE_LIMIT_MM
from clinicplan.network.snapping import COMPONENT_EXTRA_M, COMPONENT_FACTOR
from clinicplan.standard import MM_PER_M
from clinicplan.words import fault

if TYPE_CHECKING:
    from clinicplan.network.snapping import AccessLegs

Flags = NDArray[np.bool_]

LONG_LEG_M: Final = 500
"""A walk to the road longer than this points to a road that is missing, metres (issue 2, `clinicplan check`)."""
MOST_LONG_SHARE: Final = 0.1
"""With more than this share of long walks, times are an assumption about missing roads (issue 2)."""


@dataclass(frozen=True)
class AccessFigures:
    """How long the walks to the road are.

    Parameters
    ----------
    n_points
        Points that reach a road.
    median_m, p90_m
        Median and 90th percentile of the walks, metres; NaN without points.
    n_long
        Walks over `LONG_LEG_M`.
    """

    n_points: int
    median_m: float
    p90_m: float
    n_long: int

    @property
    def long_share(self) -> float:
        """Share of the points with a long walk, 0 without points."""
        return self.n_long / self.n_points if self.n_points else 0.0


def access_figures(legs: AccessLegs, points: NDArray[Any]) -> AccessFigures:
    """Measure the walks of some points to the road; points without one are left out.

    Parameters
    ----------
    legs
        Legs of all points.
    points
        Rows of the points to look at.

    Returns
    -------
    figures
        Median, 90th percentile, number of long walks.
    """
    walk_mm = legs.access_mm[points][legs.edge[points] >= 0]
    if walk_mm.size == 0:
        return AccessFigures(0, float("nan"), float("nan"), 0)
    median_mm, p90_mm = np.percentile(walk_mm, [50, 90])
    n_long = int((walk_mm > LONG_LEG_M * MM_PER_M).sum())
    return AccessFigures(walk_mm.size, float(median_mm) / MM_PER_M, float(p90_mm) / MM_PER_M, n_long)


def access_faults(
    legs: AccessLegs, points: NDArray[Any], *, layer: str, max_access_m: float = 2000.0, file: str = ""
) -> tuple[Fault, ...]:
    """Say what a planner should know about how the points of one layer reach the road.

    Points off every road are pending; points behind barriers (assessed, and outside), second choices, private roads
    and the lengths of walks are notes. Points without coordinates are the layer's own business.

    Parameters
    ----------
    legs
        Legs of all points.
    points
        Rows of the layer's points.
    layer, file
        Where the points come from.
    max_access_m
        The limit that `find_access` was given, for the message.

    Returns
    -------
    faults
        Nothing for a layer without points.
    """
    rows = np.asarray(points, dtype=np.int64)

    def concerning(chosen: Flags, severity: Severity, code: str, **values: Any) -> list[Fault]:
        ids = tuple(str(value) for value in legs.ids[rows][chosen])
        return [fault(severity, code, subject="snapping", layer=layer, file=file, ids=ids, **values)] if ids else []

    off_road, nearest_mm = legs.reason[rows] == "off_road", legs.nearest_mm[rows]
    roadless = off_road & (nearest_mm < 0)
    nearest_m = int(nearest_mm[off_road & ~roadless].min(initial=2**40) // MM_PER_M)
    return (
        *concerning(
            off_road & ~roadless, Severity.PENDING, "off_road", limit=_plain(max_access_m), nearest=f"{nearest_m:,}"
        ),
        *concerning(roadless, Severity.PENDING, "no_road_at_all"),
        *concerning(legs.reason[rows] == "barrier", Severity.NOTE, "barrier"),
        *concerning(
            legs.second_choice[rows], Severity.NOTE, "second_choice",
            factor=_plain(COMPONENT_FACTOR), extra=_plain(COMPONENT_EXTRA_M),
        ),
        *concerning(legs.private[rows], Severity.NOTE, "private_road", limit=PRIVATE_LIMIT_MM // MM_PER_M),
        *_walk_notes(access_figures(legs, rows), layer, file),
    )  # fmt: skip


def _walk_notes(figures: AccessFigures, layer: str, file: str) -> list[Fault]:
    if figures.n_points == 0:
        return []
    where: dict[str, Any] = {"subject": "snapping", "layer": layer, "file": file, "long": LONG_LEG_M}
    notes = [
        fault(
            Severity.NOTE, "access_legs", count=figures.n_points, **where,
            median=f"{figures.median_m:,.0f}", p90=f"{figures.p90_m:,.0f}", over=figures.n_long,
        )
    ]  # fmt: skip
    if figures.long_share > MOST_LONG_SHARE:
        where |= {"share": f"{figures.long_share:.0%}", "most": f"{MOST_LONG_SHARE:.0%}"}
        notes.append(fault(Severity.NOTE, "long_legs", count=figures.n_long, **where))
    return notes


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
