"""Choose sites with a proof: location models, the county's clinics, sub-centres; each plan with its bound."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "InfeasibleError": "clinicplan.errors",
    "SitingError": "clinicplan.errors",
    "LocationProblem": "clinicplan.siting.problem",
    "SitingResult": "clinicplan.siting.problem",
    "backup_cover": "clinicplan.siting.models",
    "capacitated_cover": "clinicplan.siting.models",
    "capacitated_facility_location": "clinicplan.siting.models",
    "capacitated_p_median": "clinicplan.siting.models",
    "max_cover": "clinicplan.siting.models",
    "multi_cover": "clinicplan.siting.models",
    "p_center": "clinicplan.siting.models",
    "p_dispersion": "clinicplan.siting.models",
    "p_median": "clinicplan.siting.models",
    "partial_cover": "clinicplan.siting.models",
    "set_cover": "clinicplan.siting.models",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'clinicplan.siting' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
