"""Carry a plan out on the layers of a county, so that its clauses can be tested as planned.

A plan comes as the two plain tables of a result's `plan.json`: villages and sites.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.check.matching import ClinicMatches
from clinicplan.errors import PolicyError, Severity
from clinicplan.terms import COUNTS_AS, TIERS
from clinicplan.words import fault

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from clinicplan.coverage import ServiceCircles
    from clinicplan.errors import Fault
    from clinicplan.layers import CountyLayers

PLAN_FILE: Final = "plan.json"
VILLAGE_COLUMNS: Final = ("village_id", "arrangement", "host_id", "time_min", "minutes_lost")
SITE_COLUMNS: Final = ("site_id", "village_id", "facility_id", "action", "doctors", "cost", "why")
ARRANGEMENTS: Final = (
    "own", "shared", "township_hospital", "community", "service_point", "touring", "stationed", "telemedicine", "none",
)  # fmt: skip
ACTIONS: Final = ("keep", "build", "upgrade", "convert", "close")
POINT_SUFFIX: Final = "-point"
"""Ends the id of a new service point at its village's point."""
_TEXTS: Final = (
    ("villages", "village_id"), ("villages", "arrangement"), ("villages", "host_id"),
    ("sites", "site_id"), ("sites", "village_id"), ("sites", "facility_id"), ("sites", "action"), ("sites", "tier"),
)  # fmt: skip
_NEEDED: Final = {"villages": VILLAGE_COLUMNS[:2], "sites": ("site_id", "action")}


@dataclass(frozen=True, eq=False)
class PlanTables:
    """A plan as two plain tables.

    Parameters
    ----------
    villages
        One row a village: `village_id, arrangement, host_id, time_min, minutes_lost`; `host_id` is the site that
        serves a sharing village.
    sites
        One row a site: `site_id, village_id, facility_id, action, doctors, cost, why`; `facility_id` is empty where
        nothing stands today. A column `tier`, where given, says what a built site is.
    """

    villages: pd.DataFrame
    sites: pd.DataFrame

    def __repr__(self) -> str:
        return f"PlanTables({len(self.villages)} villages, {len(self.sites)} sites)"


def read_plan(result: str | Path) -> PlanTables:
    """Read the plan of a result folder, or a `plan.json`.

    Raises
    ------
    PolicyError
        If there is no plan, or its tables lack what they need.
    """
    path = Path(result)
    file = path / PLAN_FILE if path.is_dir() else path
    if not file.is_file():
        raise PolicyError(fault(Severity.ERROR, "no_plan", subject="policy_planned", file=str(result)))
    try:
        table = json.loads(file.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        detail = str(error)
        raise PolicyError(
            fault(Severity.ERROR, "bad_json", subject="policy_planned", file=file.name, detail=detail)
        ) from error
    return plan_tables(table if isinstance(table, dict) else {}, file.name)


def plan_tables(table: Mapping[str, Any], file: str = PLAN_FILE) -> PlanTables:
    """Check the tables of a plan and return them; see `read_plan`."""
    import pandas as pd

    frames: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, columns in (("villages", VILLAGE_COLUMNS), ("sites", SITE_COLUMNS)):
        frame = pd.DataFrame(table.get(name) or [])
        lacking = [column for column in _NEEDED[name] if column not in frame] if len(frame) or name not in table else []
        if lacking:
            listed = ", ".join(lacking)
            faults.append(
                fault(Severity.ERROR, "lacks", subject="policy_planned", layer=name, file=file, columns=listed)
            )
        wanted = (*columns, "tier") if name == "sites" else columns
        frames[name] = frame.reindex(columns=[*wanted, *(item for item in frame if item not in wanted)])
    faults += _unknown_words(frames["villages"], "arrangement", ARRANGEMENTS, file)
    faults += _unknown_words(frames["sites"], "action", ACTIONS, file)
    frames["sites"]["tier"] = frames["sites"]["tier"].map(_text)
    faults += _unknown_words(frames["sites"], "tier", ("", *TIERS), file)
    if faults:
        raise PolicyError(*faults)
    for name, column in _TEXTS:
        frames[name][column] = frames[name][column].map(_text)
    return PlanTables(frames["villages"], frames["sites"])


def _unknown_words(frame: pd.DataFrame, column: str, known: tuple[str, ...], file: str) -> list[Fault]:
    words = sorted({str(value) for value in frame[column]} - set(known))
    if not words:
        return []
    return [
        fault(
            Severity.ERROR, "word", subject="policy_planned", file=file,
            column=column, words=", ".join(words), known=", ".join(known),
        )
    ]  # fmt: skip


def _text(value: object) -> str:
    return "" if _is_missing(value) else str(value)


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN differs from itself


@dataclass(frozen=True)
class _Site:
    """One row of the sites table."""

    site_id: str
    village_id: str
    facility_id: str = ""
    action: str = "build"
    doctors: int | None = None
    tier: str = ""


def _sites(plan: PlanTables) -> list[_Site]:
    columns = plan.sites[["site_id", "village_id", "facility_id", "action", "doctors", "tier"]]
    return [
        _Site(site, village, facility, action, None if _is_missing(doctors) else int(doctors), tier)
        for site, village, facility, action, doctors, tier in columns.itertuples(index=False)
    ]


@dataclass(frozen=True, eq=False)
class PlannedCounty:
    """A county with a plan carried out.

    Parameters
    ----------
    layers
        The layers, facilities changed: a column `plan_action` says how (empty: untouched).
    matches
        Own clinics of the changed facilities.
    """

    layers: CountyLayers
    matches: ClinicMatches


def carry_out(plan: PlanTables, layers: CountyLayers, matches: ClinicMatches) -> PlannedCounty:
    """Change the facilities of a county as a plan says.

    Kept and upgraded facilities are in operation; an upgraded clinic is a central clinic, an upgraded township
    hospital a sub-centre; a converted one is a service point; a closed one is gone. A built site that names a facility
    of today opens that one again. A new clinic stands at its candidate point, else at its village's point, and is what
    its tier says, else central where other villages share it; of it nothing is known but its doctors. A new service
    point stands at its village's point. A village whose arrangement is a service point that no site provides gets one.

    Parameters
    ----------
    plan
        The two tables.
    layers
        The county today.
    matches
        Own clinics today, row by row of the facilities layer.

    Returns
    -------
    county
        Layers and own clinics as planned.

    Raises
    ------
    PolicyError
        If the plan names villages or facilities that the county does not have.
    """
    _require_known(plan, layers)
    facilities, own = _changed(plan, layers.facilities, _hosts(plan))
    added, added_own = _added(plan, layers)
    return _with_added(layers, matches, facilities, own, added, added_own)


def planned_circles(county: PlannedCounty, times: ServiceCircles) -> ServiceCircles:
    """Compute the service circles of a planned county along the same roads as today's."""
    from clinicplan.coverage import service_circles

    turned = times.rule.direction != "to_facility"
    networks = {
        mode: search.network.reversed() if turned else search.network for mode, search in times.searches.items()
    }
    return service_circles(
        county.layers.villages,
        county.layers.facilities,
        networks,
        times.rule,
        natural_villages=county.layers.natural_villages,
    )


def _require_known(plan: PlanTables, layers: CountyLayers) -> None:
    villages = set(layers.villages["village_id"].astype(str))
    facilities = set(layers.facilities["facility_id"].astype(str))
    named = {
        "villages": (set(plan.villages["village_id"]) | set(plan.sites["village_id"]) - {""}) - villages,
        "facilities": set(plan.sites["facility_id"]) - {""} - facilities - _built_ids(plan),
    }
    faults = [
        fault(Severity.ERROR, "unknown_id", subject="policy_planned", layer=layer, ids=tuple(sorted(ids)))
        for layer, ids in named.items()
        if ids
    ]
    if faults:
        raise PolicyError(*faults)


def _built_ids(plan: PlanTables) -> set[str]:
    return set(plan.sites.loc[plan.sites["action"] == "build", "facility_id"])


def _hosts(plan: PlanTables) -> set[str]:
    """Return the ids that other villages share."""
    return set(plan.villages.loc[plan.villages["arrangement"] == "shared", "host_id"]) - {""}


def _changed(
    plan: PlanTables, facilities: gpd.GeoDataFrame, hosts: set[str]
) -> tuple[gpd.GeoDataFrame, np.ndarray[Any, Any]]:
    """Return the facilities that stand today as planned, and which rows of today they are."""
    frame = facilities.copy()
    frame["plan_action"] = ""
    row_of = {str(name): row for row, name in enumerate(frame["facility_id"])}
    gone: set[int] = set()
    for site in _sites(plan):
        row = row_of.get(site.facility_id)
        if row is None:
            continue
        if site.action == "close":
            gone.add(row)
            continue
        place = frame.index[row]
        reopened = site.action == "build"
        tier = str(frame["tier"].iloc[row])
        frame.loc[place, "tier"] = _tier_of_new(site, hosts) if reopened else _tier_after(tier, site.action)
        frame.loc[place, "operating"] = "yes"
        frame.loc[place, "plan_action"] = site.action
        if site.doctors is not None and "doctors" in frame:
            today = 0 if reopened or _is_missing(frame["doctors"].iloc[row]) else int(frame["doctors"].iloc[row])
            frame.loc[place, "doctors"] = max(today, site.doctors)
    stays = np.array([row for row in range(len(frame)) if row not in gone], dtype=np.int64)
    return frame.iloc[stays].reset_index(drop=True), stays


def _tier_after(tier: str, action: str) -> str:
    if action == "convert":
        return "service_point"
    if action != "upgrade":
        return tier
    return "sub_centre" if "township_hospital" in COUNTS_AS.get(tier, ()) else "central_clinic"


def _added(plan: PlanTables, layers: CountyLayers) -> tuple[list[dict[str, Any]], list[str]]:
    """Return rows of new clinics and service points, and the village each belongs to."""
    sites, shared = _sites(plan), _hosts(plan)
    standing = set(layers.facilities["facility_id"].astype(str))
    provided = {site.village_id for site in sites if site.action in {"build", "convert"}}
    points = [
        _Site(f"{village}{POINT_SUFFIX}", village)
        for village in plan.villages.loc[plan.villages["arrangement"] == "service_point", "village_id"]
        if village not in provided
    ]
    built = [site for site in sites if site.action == "build" and site.facility_id not in standing]
    places = _places(layers)
    rows = [_new_row(site, _tier_of_new(site, shared), places, layers) for site in built]
    rows += [_new_row(site, "service_point", places, layers) for site in points]
    return rows, [site.village_id for site in (*built, *points)]


def _tier_of_new(site: _Site, shared: set[str]) -> str:
    if site.tier:
        return site.tier
    hosts = {site.site_id, site.facility_id, site.village_id} & shared
    return "central_clinic" if hosts else "village_clinic"


def _places(layers: CountyLayers) -> dict[str, Any]:
    """Return the point of every village and candidate by id; a candidate's id comes before a village's."""
    places: dict[str, Any] = {}
    for frame, column in ((layers.villages, "village_id"), (layers.candidates, "candidate_id")):
        if frame is not None:
            places |= dict(zip(frame[column].astype(str), frame.geometry.representative_point(), strict=True))
    return places


def _new_row(site: _Site, tier: str, places: Mapping[str, Any], layers: CountyLayers) -> dict[str, Any]:
    village = layers.villages[layers.villages["village_id"].astype(str) == site.village_id].iloc[0]
    return {
        "facility_id": site.facility_id or site.site_id,
        "name": village["name"],
        "tier": tier,
        "township": village["township"],
        "village_id": site.village_id,
        "operating": "yes",
        "outside_county": False,
        "pending": "",
        "source_row": 0,
        "doctors": site.doctors,
        "plan_action": site.action if tier != "service_point" else "service_point",
        "geometry": places.get(site.site_id, places[site.village_id]),
    }


def _with_added(
    layers: CountyLayers,
    matches: ClinicMatches,
    facilities: gpd.GeoDataFrame,
    stays: np.ndarray[Any, Any],
    added: list[dict[str, Any]],
    added_own: Iterable[str],
) -> PlannedCounty:
    import geopandas as gpd
    import pandas as pd

    own = list(added_own)
    if added:
        fresh = gpd.GeoDataFrame(pd.DataFrame(added), geometry="geometry", crs=facilities.crs)
        fresh = fresh[[column for column in fresh if column in facilities or column == "doctors"]]
        kinds = {name: kind for name, kind in facilities.dtypes.items() if name in fresh and name != "geometry"}
        facilities = pd.concat([facilities, fresh.astype(kinds)], ignore_index=True)
    planned = ClinicMatches(
        facility_id=facilities["facility_id"].to_numpy(dtype=object),
        village_id=np.r_[matches.village_id[stays], np.array(own, dtype=object)],
        method=np.r_[matches.method[stays], np.full(len(own), "id", dtype=object)],
        detail=np.r_[matches.detail[stays], np.full(len(own), "same_id", dtype=object)],
        candidates=(*(matches.candidates[row] for row in stays), *(() for _ in own)),
        distance_m=np.r_[matches.distance_m[stays], np.full(len(own), np.nan)],
    )
    return PlannedCounty(replace(layers, facilities=gpd.GeoDataFrame(facilities, crs=layers.crs)), planned)
