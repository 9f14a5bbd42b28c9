"""Tell which facilities may be chosen for a service, and how far each stands from the county medical centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.check.layer_columns import flags, texts
from clinicplan.check.matching import facility_townships
from clinicplan.siting.check.money import exact
from clinicplan.siting.check.roads import PlannedRoads
from clinicplan.siting.check.world import PlanWorld
from clinicplan.standard import UNREACHED
from clinicplan.terms import serving_as

if TYPE_CHECKING:
    from clinicplan.region import QuotaTable, SubCentresTable

Int64 = NDArray[np.int64]

CENTRES: Final = ("county_medical_centre", "county_hospital")
"""What the distance is measured to: the first of these that the county has."""
CAR: Final = "car"
MM_PER_KM: Final = 1_000_000
DAY_MS: Final = 24 * 60 * 60_000
"""A home with a way to a facility that may be chosen, and none to a chosen one, counts with a day's way."""


def whole_mm(kilometres: float) -> int:
    """Return kilometres of the region file as whole millimetres."""
    return round(exact(kilometres) * MM_PER_KM)


@dataclass(frozen=True, eq=False)
class Eligible:
    """The facilities of today, and which of them the region lets a plan choose.

    Parameters
    ----------
    world
        The plan and the county; its model says which table of the region counts.
    """

    world: PlanWorld

    @property
    def is_sub_centres(self) -> bool:
        """Whether sub-centres are chosen."""
        return self.world.plan.get("model") == "sub_centres"

    @property
    def table(self) -> SubCentresTable | QuotaTable:
        """The table of the region file."""
        siting = self.world.siting
        return siting.sub_centres if self.is_sub_centres else siting.quota

    @cached_property
    def roads(self) -> PlannedRoads:
        """Roads for cars where the region has them, else for the mode of the standard."""
        modes = self.world.county.networks
        return PlannedRoads(self.world, CAR if CAR in modes else self.world.circles.rule.mode)

    @cached_property
    def names(self) -> list[str]:
        """Ids of all facilities, row by row."""
        return texts(self.world.facilities, "facility_id")

    @cached_property
    def townships(self) -> dict[str, str]:
        """Township of each facility, empty where nothing tells."""
        circles, layers = self.world.circles, self.world.county.layers
        found = facility_townships(circles.villages, circles.facilities, layers.townships)
        return dict(zip(self.names, found, strict=True))

    @cached_property
    def standing(self) -> frozenset[str]:
        """Facilities of the county in operation, or not known to be out of it, that have a place."""
        layer = self.world.facilities
        here = ((layer["operating"] != "no") & ~layer.geometry.isna()).to_numpy() & ~flags(layer, "outside_county")
        return frozenset(name for name, stands in zip(self.names, here.tolist(), strict=True) if stands)

    @cached_property
    def of_tier(self) -> frozenset[str]:
        """Standing facilities of a tier that may be chosen."""
        asked = ("central_township_hospital",) if self.is_sub_centres else self.world.siting.quota.tiers
        tiers = serving_as(asked)
        of_tier = zip(self.names, texts(self.world.facilities, "tier"), strict=True)
        return frozenset(name for name, tier in of_tier if tier in tiers) & self.standing

    @cached_property
    def centres(self) -> tuple[str, ...]:
        """The county medical centre, else the county hospitals."""
        tiers = dict(zip(self.names, texts(self.world.facilities, "tier"), strict=True))
        for tier in CENTRES:
            found = tuple(name for name in self.names if name in self.standing and tiers[name] == tier)
            if found:
                return found
        return ()

    @cached_property
    def in_seat(self) -> frozenset[str]:
        """Facilities in the county seat: its urban area, else, where a distance is asked, the centre's township."""
        area = self.world.county.layers.urban_area
        if area is not None and not area.geometry.isna().all():
            seat = area.geometry.union_all()
            points = self.world.facilities.geometry.representative_point()
            inside = (~points.isna() & points.intersects(seat)).tolist()
            return frozenset(name for name, here in zip(self.names, inside, strict=True) if here)
        if not self.table.min_km:
            return frozenset()
        towns = {self.townships[name] for name in self.centres} - {""}
        return frozenset(name for name in self.names if self.townships[name] in towns)

    @cached_property
    def road_mm(self) -> dict[str, int]:
        """Shortest road from every standing facility of a tier that may be chosen to a centre; -1 for none."""
        names = sorted(self.of_tier)
        pairs = [(name, centre) for name in names for centre in self.centres]
        if not pairs:
            return dict.fromkeys(names, UNREACHED)
        ways = self.roads.road_mm([name for name, _ in pairs], [centre for _, centre in pairs])
        found: dict[str, int] = {}
        for (name, _), way in zip(pairs, ways, strict=True):
            best = found.get(name, UNREACHED)
            found[name] = way if best == UNREACHED or (way != UNREACHED and way < best) else best
        return found

    @cached_property
    def too_near(self) -> frozenset[str]:
        """Facilities whose road to the centre is shorter than asked, or that have none."""
        least = whole_mm(self.table.min_km)
        return frozenset(name for name, way in self.road_mm.items() if least and way < least)

    @cached_property
    def all(self) -> frozenset[str]:
        """Facilities that may be chosen."""
        seat = self.in_seat if self.is_sub_centres else frozenset()
        return self.of_tier - seat - self.too_near

    @cached_property
    def way_ms(self) -> dict[str, Int64]:
        """Quickest way from every home to each facility that may be chosen, by facility; -1 where there is none."""
        names = sorted(self.all)
        villages = self.world.village_ids
        rows = [np.concatenate(self.roads.trips([(village, name) for village in villages])) for name in names]
        order = np.concatenate([self.roads.homes_of[village] for village in villages]).astype(np.int64)
        found: dict[str, Int64] = {}
        for name, times in zip(names, rows, strict=True):
            found[name] = np.empty(order.size, dtype=np.int64)
            found[name][order] = times.astype(np.int64)
        return found

    def achieved(self, chosen: tuple[str, ...]) -> tuple[int, int] | None:
        """Return person-milliseconds to the nearest of some facilities, and the people within the asked minutes.

        People without a way to any facility that may be chosen are left out; None where a facility may not be chosen.
        """
        if not chosen or not set(chosen) <= self.all:
            return None
        people = self.world.circles.homes.people
        ways = {name: np.where(way == UNREACHED, DAY_MS, np.minimum(way, DAY_MS)) for name, way in self.way_ms.items()}
        able = np.any([way != UNREACHED for way in self.way_ms.values()], axis=0)
        best = np.min([ways[name] for name in chosen], axis=0)
        limit = min(round(exact(self.table.minutes) * 60_000), DAY_MS - 1)
        person = sum(int(number) * int(time) for number, time in zip(people[able], best[able], strict=True))
        return person, int(people[able & (best <= limit)].sum())
