"""Service circles: who is within the standard, by which facility, and if not, why not."""

from clinicplan.coverage.circles import CircleRule, ServiceCircles, service_circles

__all__ = ["CircleRule", "ServiceCircles", "service_circles"]
