"""Name the layer and file that faults are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinicplan.errors import Fault, LayerError, Severity
from clinicplan.words import fault

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Origin:
    """Where a table came from.

    Parameters
    ----------
    layer
        Name of the layer, such as `villages`.
    file
        File as the planner gave it.
    """

    layer: str
    file: str

    def fault(
        self,
        severity: Severity,
        code: str,
        *,
        rows: Iterable[int] = (),
        ids: Iterable[str] = (),
        count: int | None = None,
        **values: object,
    ) -> Fault:
        """Return a fault of this layer from the entries of `words/layers.toml`."""
        return fault(
            severity,
            code,
            layer=self.layer,
            file=self.file,
            rows=tuple(int(row) for row in rows),
            ids=tuple(str(item) for item in ids),
            count=count,
            subject="layers",
            **values,
        )

    def note(
        self,
        code: str,
        *,
        rows: Iterable[int] = (),
        ids: Iterable[str] = (),
        count: int | None = None,
        **values: object,
    ) -> Fault:
        """Return a fault that sets nothing aside."""
        return self.fault(Severity.NOTE, code, rows=rows, ids=ids, count=count, **values)

    def pending(
        self, code: str, *, rows: Iterable[int], ids: Iterable[str] = (), count: int | None = None, **values: object
    ) -> Fault:
        """Return a fault that sets rows aside."""
        return self.fault(Severity.PENDING, code, rows=rows, ids=ids, count=count, **values)

    def error(
        self,
        code: str,
        *,
        rows: Iterable[int] = (),
        ids: Iterable[str] = (),
        count: int | None = None,
        **values: object,
    ) -> Fault:
        """Return a fault that stops the run."""
        return self.fault(Severity.ERROR, code, rows=rows, ids=ids, count=count, **values)

    def stop(self, code: str, *, rows: Iterable[int] = (), count: int | None = None, **values: object) -> LayerError:
        """Return the exception of a fault that leaves nothing to read on."""
        return LayerError(self.fault(Severity.ERROR, code, rows=rows, ids=(), count=count, **values))
