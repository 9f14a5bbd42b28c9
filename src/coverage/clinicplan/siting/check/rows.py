"""Read the rows of a plan as they stand in `plan.json`, taking nothing for granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

FEN: Final = 100
"""Fen in a yuan."""
OPENING: Final = frozenset({"keep", "upgrade", "build"})
POINT: Final = "service_point"
CENTRAL: Final = "central_clinic"


@dataclass(frozen=True)
class VillageRow:
    """One row of the plan's villages; a number is None where the plan gives none."""

    village_id: str
    arrangement: str
    host_id: str
    time_ms: int | None
    lost_ms: int | None
    time_min: float | None
    minutes_lost: float | None


@dataclass(frozen=True)
class SiteRow:
    """One row of the plan's sites; a number is None where the plan gives none."""

    site_id: str
    village_id: str
    facility_id: str
    action: str
    tier: str
    doctors: int | None
    cost_fen: int | None

    @property
    def is_new_point(self) -> bool:
        """Whether the row is a new service point, which is no clinic."""
        return self.action == "build" and self.tier == POINT

    @property
    def is_open(self) -> bool:
        """Whether a clinic is in service there afterwards."""
        return self.action in OPENING and self.tier != POINT

    @property
    def is_change(self) -> bool:
        """Whether it counts as a change of the network of clinics."""
        return self.action not in {"keep", ""} and not self.is_new_point


def village_rows(plan: Mapping[str, Any]) -> tuple[VillageRow, ...]:
    """Return the villages of a plan."""
    return tuple(
        VillageRow(
            _text(row, "village_id"), _text(row, "arrangement"), _text(row, "host_id"),
            _whole(row.get("time_ms")), _whole(row.get("lost_ms")),
            _number(row.get("time_min")), _number(row.get("minutes_lost")),
        )
        for row in plan.get("villages") or ()
    )  # fmt: skip


def site_rows(plan: Mapping[str, Any]) -> tuple[SiteRow, ...]:
    """Return the sites of a plan."""
    return tuple(
        SiteRow(
            _text(row, "site_id"), _text(row, "village_id"), _text(row, "facility_id"), _text(row, "action"),
            _text(row, "tier"), _whole(row.get("doctors")), _fen(row.get("cost")),
        )
        for row in plan.get("sites") or ()
    )  # fmt: skip


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value == value else None  # noqa: PLR0124


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _fen(value: Any) -> int | None:
    """Return yuan as whole fen; None where they are not whole to a ten-thousandth of one."""
    number = _number(value)
    if number is None or abs(number * FEN - round(number * FEN)) > 1e-4:
        return None
    return round(number * FEN)
