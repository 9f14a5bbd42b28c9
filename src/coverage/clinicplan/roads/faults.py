"""Word the faults and notes about roads: entries of `words/roads.toml`."""

from __future__ import annotations

from typing import Any

from clinicplan.errors import Fault, NetworkError, Severity
from clinicplan.words import fault


def road_note(code: str, file: str, count: int, **values: Any) -> Fault:
    """Return a note on so many roads of a file."""
    return fault(Severity.NOTE, code, layer="roads", file=file, subject="roads", count=count, **values)


def road_error(code: str, file: str, *, count: int | None = None, **values: Any) -> NetworkError:
    """Return the exception of a fault that leaves no roads to use."""
    problem = fault(Severity.ERROR, code, layer="roads", file=file, subject="roads", count=count, **values)
    return NetworkError(problem)
