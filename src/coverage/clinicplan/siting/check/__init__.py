"""Derive every claim of a plan anew from the region and the plan alone, with nothing of the models."""

from clinicplan.siting.check.checking import check_plan

__all__ = ["check_plan"]
