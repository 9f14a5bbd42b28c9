"""Location models, one builder each: its docstring holds the numbered formulation, its code keeps the numbers."""

from clinicplan.siting.models.capacitated import (
    capacitated_cover,
    capacitated_facility_location,
    capacitated_p_median,
)
from clinicplan.siting.models.centres import p_center, p_dispersion
from clinicplan.siting.models.covering import backup_cover, max_cover, multi_cover, partial_cover, set_cover
from clinicplan.siting.models.medians import p_median

__all__ = [
    "backup_cover",
    "capacitated_cover",
    "capacitated_facility_location",
    "capacitated_p_median",
    "max_cover",
    "multi_cover",
    "p_center",
    "p_dispersion",
    "p_median",
    "partial_cover",
    "set_cover",
]
