"""Polygons of what lies within so many minutes: of each facility, or of the nearest of all."""

import sys
import types
from typing import Any

from clinicplan.isochrones.circles import (
    facility_node_times,
    isochrones,
    nearest_circle,
    nearest_node_times,
    walking_discs,
)
from clinicplan.isochrones.road_surface import RoadSurface, prepare_surface

__all__ = [
    "RoadSurface",
    "facility_node_times",
    "isochrones",
    "nearest_circle",
    "nearest_node_times",
    "prepare_surface",
    "walking_discs",
]


class _CallableModule(types.ModuleType):
    """Let `clinicplan.isochrones(...)` work although a package bears the name."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return isochrones(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
