"""Service circles: who is within the standard, by which facility, and if not, why not."""

from clinicplan.coverage.circles import ServiceCircles, service_circles
from clinicplan.coverage.searches import CircleRule

__all__ = ["CircleRule", "ServiceCircles", "service_circles"]
