"""Hold a plan beside the county it is for: who must be provided for, what stands today, what may be built where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from clinicplan.check.layer_columns import flags, numbers, texts
from clinicplan.siting.check.rows import FEN, SiteRow, VillageRow, site_rows, village_rows

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.county import County
    from clinicplan.coverage import ServiceCircles
    from clinicplan.region import Siting

CLINICS: Final = ("village_clinic", "central_clinic")
STATION: Final = "community_station"


class Clinic(NamedTuple):
    """A clinic of the facilities layer: the village it belongs to, its tier."""

    village_id: str
    tier: str


class Candidate(NamedTuple):
    """A place for a new clinic: its village, its own price in fen (None: the county's)."""

    village_id: str
    build_fen: int | None


@dataclass(frozen=True, eq=False)
class PlanWorld:
    """A plan, the county and today's circles; everything else is worked out from these three.

    Parameters
    ----------
    county, circles
        The county as read, and its service circles of today.
    plan
        The plan as it stands in `plan.json`.
    """

    county: County
    circles: ServiceCircles
    plan: Mapping[str, Any]

    @cached_property
    def villages(self) -> tuple[VillageRow, ...]:
        """Rows of the plan's villages."""
        return village_rows(self.plan)

    @cached_property
    def sites(self) -> tuple[SiteRow, ...]:
        """Rows of the plan's sites."""
        return site_rows(self.plan)

    @property
    def siting(self) -> Siting:
        """What the region lets a plan do."""
        return self.county.region.siting

    @cached_property
    def village_ids(self) -> tuple[str, ...]:
        """Ids of the villages layer, row by row."""
        return tuple(self.circles.villages["village_id"].astype(str))

    @cached_property
    def village_row(self) -> dict[str, int]:
        """Row of each village in the villages layer."""
        return {name: row for row, name in enumerate(self.village_ids)}

    @cached_property
    def members(self) -> frozenset[str]:
        """Villages that need an arrangement."""
        return self._of_group("village")

    @cached_property
    def exempt(self) -> frozenset[str]:
        """Villages that need none of their own."""
        return self._of_group("exempt")

    @cached_property
    def people(self) -> dict[str, int]:
        """Residents of each village, as its homes hold them."""
        homes = self.circles.homes
        count = [0] * len(self.village_ids)
        for village, number in zip(homes.village.tolist(), homes.people.tolist(), strict=True):
            count[village] += number
        return dict(zip(self.village_ids, count, strict=True))

    @cached_property
    def member_people(self) -> int:
        """Residents of all villages that need an arrangement."""
        return sum(self.people[name] for name in self.members)

    @cached_property
    def township(self) -> dict[str, str]:
        """Township of each village."""
        return dict(zip(self.village_ids, texts(self.circles.villages, "township"), strict=True))

    @cached_property
    def status(self) -> dict[str, str]:
        """Status of each village."""
        return dict(zip(self.village_ids, texts(self.circles.villages, "status"), strict=True))

    @cached_property
    def must_keep(self) -> frozenset[str]:
        """Villages marked as never to share."""
        marked = flags(self.circles.villages, "must_keep_clinic").tolist()
        return frozenset(name for name, keeps in zip(self.village_ids, marked, strict=True) if keeps)

    @cached_property
    def facility_row(self) -> dict[str, int]:
        """Row of each facility in the facilities layer."""
        return {name: row for row, name in enumerate(texts(self.facilities, "facility_id"))}

    @property
    def facilities(self) -> gpd.GeoDataFrame:
        """The facilities layer of today."""
        return self.circles.facilities

    @cached_property
    def clinics(self) -> dict[str, Clinic]:
        """Clinics that serve a village of ours today, by facility id."""
        return self._clinics(stands=True)

    @cached_property
    def dormant(self) -> dict[str, Clinic]:
        """Clinics of our villages out of operation, by facility id."""
        return self._clinics(stands=False)

    @cached_property
    def clinics_of(self) -> dict[str, tuple[str, ...]]:
        """Facility ids of the clinics that stand in each village today."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, clinic in self.clinics.items():
            found[clinic.village_id].append(name)
        return {village: tuple(names) for village, names in found.items()}

    @cached_property
    def candidates(self) -> dict[str, Candidate]:
        """Places of new clinics by site id: those given, else the points of villages without a clinic."""
        layer = self.county.layers.candidates
        found: dict[str, Candidate] = {}
        if layer is not None:
            placed = ~layer.geometry.isna().to_numpy()
            rows = zip(
                texts(layer, "candidate_id"), texts(layer, "village_id"), numbers(layer, "build_cost"), placed,
                strict=True,
            )  # fmt: skip
            for name, village, price, here in rows:
                if village in self.members and here:
                    found[name] = Candidate(village, None if np.isnan(price) else round(price * FEN))
        named = {item.village_id for item in found.values()}
        for village in self.members - named - set(self.clinics_of):
            found[village] = Candidate(village, None)
        return found

    @cached_property
    def site_of(self) -> dict[str, SiteRow]:
        """Rows of the plan's sites by id; of equal ids the first."""
        return {site.site_id: site for site in reversed(self.sites)}

    @cached_property
    def open_sites(self) -> tuple[SiteRow, ...]:
        """Clinics in service afterwards that belong to a village of ours."""
        return tuple(site for site in self.sites if site.is_open and site.village_id in self.members)

    @cached_property
    def open_in(self) -> dict[str, tuple[SiteRow, ...]]:
        """Clinics in service afterwards, by village."""
        found: dict[str, list[SiteRow]] = defaultdict(list)
        for site in self.open_sites:
            found[site.village_id].append(site)
        return {village: tuple(rows) for village, rows in found.items()}

    @cached_property
    def member_rows(self) -> tuple[VillageRow, ...]:
        """Rows of the plan's villages that need an arrangement."""
        return tuple(row for row in self.villages if row.village_id in self.members)

    def arranged(self, *words: str) -> tuple[VillageRow, ...]:
        """Return the rows of some arrangements, among villages that need one."""
        return tuple(row for row in self.member_rows if row.arrangement in words)

    def _of_group(self, group: str) -> frozenset[str]:
        chosen = (self.circles.group == group).tolist()
        return frozenset(name for name, here in zip(self.village_ids, chosen, strict=True) if here)

    def _clinics(self, *, stands: bool) -> dict[str, Clinic]:
        profile = self.county.profile
        tiers = (*CLINICS, STATION) if profile is not None and STATION in profile.clinic_tiers else CLINICS
        layer = self.facilities
        rows = zip(
            texts(layer, "facility_id"), self.county.inspection.matches.village_id.tolist(), texts(layer, "tier"),
            texts(layer, "operating"), flags(layer, "outside_county").tolist(), texts(layer, "pending"),
            (~layer.geometry.isna()).tolist(), strict=True,
        )  # fmt: skip
        return {
            name: Clinic(str(village), tier)
            for name, village, tier, operating, outside, pending, placed in rows
            if tier in tiers and village in self.members and (operating != "no") is stands
            and not outside and not pending and placed
        }  # fmt: skip
