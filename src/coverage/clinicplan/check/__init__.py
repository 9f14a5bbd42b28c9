"""What is known about the quality of a county's data, in three severities, and which clinic is whose."""

from clinicplan.check.inspection import Inspection
from clinicplan.check.questions import inspect

__all__ = ["Inspection", "inspect"]
