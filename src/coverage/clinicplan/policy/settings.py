"""Hold what a county sets for its audit: the date, its own standard, target and thresholds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from clinicplan.region import MergeTable, Region
from clinicplan.standard import Standard

_DATE: Final = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})")
_REMARK: Final = re.compile(r"[（(][^（()）]*[)）]\s*$")
COUNTY_TYPES: Final = ("县", "市", "区")


@dataclass(frozen=True)
class AuditSettings:
    """What a county sets for its audit.

    Parameters
    ----------
    county
        Name of the county; its last character tells 县, 市 and 区 apart.
    day
        Day at which ages and deadlines are taken.
    target_share
        Share of people that the circle must hold, 0-1; None for no verdict.
    minutes, distance_m
        The county's own circle, for clauses whose document gives none; at most one of them.
    merge
        Thresholds for sharing a clinic.
    hukou
        Whether population figures are registered (户籍) people instead of residents.
    """

    county: str
    day: date
    target_share: float | None = None
    minutes: float | None = None
    distance_m: float | None = None
    merge: MergeTable = field(default_factory=MergeTable)
    hukou: bool = False

    @classmethod
    def of_region(cls, region: Region, day: date | None = None) -> AuditSettings:
        """Return what a region file sets; the day is the one given, else the document's, else today."""
        standard = region.standard
        return cls(
            county=region.name,
            day=day or written_date(region.document.date or "") or date.today(),  # noqa: DTZ011 - the planner's day
            target_share=standard.target_share,
            minutes=standard.minutes,
            distance_m=standard.distance_m,
            merge=region.siting.merge,
            hukou=region.population_basis == "hukou",
        )

    @property
    def plain_county(self) -> str:
        """Name of the county without a remark in brackets, such as （示例数据）."""
        return _REMARK.sub("", self.county).strip()

    @property
    def county_type(self) -> str:
        """县, 市 or 区 by the name, a remark in brackets aside; empty where it tells none."""
        name = self.plain_county
        return name[-1:] if name[-1:] in COUNTY_TYPES else ""

    @property
    def own_standard(self) -> Standard | None:
        """The county's own circle, or None where it sets none."""
        if self.minutes is not None:
            return Standard.from_minutes(self.minutes)
        return None if self.distance_m is None else Standard.from_distance(self.distance_m)


def written_date(text: str) -> date | None:
    """Read a day such as 2026-11-21, 2026年11月21日; None for anything else.

    Examples
    --------
    >>> written_date("2026年3月5日"), written_date("2026年11月")
    (datetime.date(2026, 3, 5), None)
    """
    match = _DATE.search(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None
