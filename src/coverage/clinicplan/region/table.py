"""Say what every table of the region file has in common: frozen, unknown keys refused, numbers of stated kinds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clinicplan.terms import TIERS

Mode = Literal["walk", "bicycle", "e_bike", "tricycle", "motorcycle", "car"]
Tier = Literal[TIERS]  # type: ignore[valid-type]
Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Minutes = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=600)]


class _Table(BaseModel):
    """A table of the region file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)
