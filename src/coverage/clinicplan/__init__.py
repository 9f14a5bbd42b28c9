"""Plan village health services for Chinese counties.

The names below are the public interface; each loads its module on first use, so that importing the package is light::

    from clinicplan import read_region, read_layers, read_roads, travel_times, service_circles, isochrones, run, propose
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clinicplan import report, siting
    from clinicplan.coverage import CircleRule, service_circles
    from clinicplan.isochrones import isochrones
    from clinicplan.layers import read_layers
    from clinicplan.network import RoadNetwork
    from clinicplan.plan import propose, run
    from clinicplan.policy.audit import audit
    from clinicplan.region import read_region
    from clinicplan.roads import read_roads
    from clinicplan.standard import Standard
    from clinicplan.travel import TravelTimes, travel_times

__version__ = "0.1.0"

_HOMES = {
    "CircleRule": "coverage",
    "RoadNetwork": "network",
    "Standard": "standard",
    "TravelTimes": "travel",
    "audit": "policy.audit",
    "isochrones": "isochrones",
    "propose": "plan",
    "read_layers": "layers",
    "read_region": "region",
    "read_roads": "roads",
    "run": "plan",
    "service_circles": "coverage",
    "travel_times": "travel",
}
_MODULES = (
    "coverage",
    "datum",
    "layers",
    "network",
    "policy",
    "region",
    "report",
    "roads",
    "siting",
    "standard",
    "travel",
)

__all__ = [
    "CircleRule",
    "RoadNetwork",
    "Standard",
    "TravelTimes",
    "audit",
    "isochrones",
    "propose",
    "read_layers",
    "read_region",
    "read_roads",
    "report",
    "run",
    "service_circles",
    "siting",
    "travel_times",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name in _MODULES:
        return importlib.import_module(f"clinicplan.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"clinicplan.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'clinicplan' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
