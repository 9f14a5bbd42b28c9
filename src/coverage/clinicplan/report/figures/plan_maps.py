"""Draw the maps of a plan: layout of clinics, the circle before and after, sub-centres."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.errors import Language
from clinicplan.report import style
from clinicplan.report.figures.far_roads import roads_beyond
from clinicplan.report.figures.fonts import in_house_style
from clinicplan.report.figures.ground import draw_ground, draw_township_names, map_axes, window
from clinicplan.report.figures.labels import Label, place_names
from clinicplan.report.figures.maps import (
    HATCH,
    add_facilities,
    add_other_villages,
    band_numbers,
    placed,
    spots,
)
from clinicplan.report.figures.marks import add_area, add_lines, add_points, reach_pt
from clinicplan.report.figures.record import without_specks
from clinicplan.words import word

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from clinicplan.report.figures.record import ResultRecord

UPPER_TIERS: Final = (
    "county_medical_centre", "county_hospital", "sub_centre", "central_township_hospital", "township_hospital",
    "community_centre", "community_station",
)  # fmt: skip
ACTIONS_BELOW_FIRST: Final = ("close", "keep", "convert", "upgrade", "upgrade_hospital", "reopen", "point", "build")
NAMED_ACTIONS: Final = ("build", "point", "reopen", "upgrade", "upgrade_hospital", "convert", "close")
SITE_SIZE: Final = 0.85
LINK_DASH: Final = (2.5, 1.5)


@in_house_style
def draw_plan(
    record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0, focus: Any = None
) -> Axes:
    """Draw what a plan does at each site, and which villages share a clinic or have none yet.

    Parameters
    ----------
    record
        A result with a plan of clinics.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.
    focus
        An area, such as a township: what lies beyond is veiled, and every village in it is named.

    Returns
    -------
    ax
        With every layer named for the legend.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit, detail=focus is not None)
    if focus is not None:
        _veil(ax, focus)
        _own_villages(ax, record, lang, unit)
    _arrangements(ax, record, lang, unit)
    add_facilities(ax, record, lang, unit, tiers=UPPER_TIERS, size=0.8)
    sites = plan_sites(record)
    for action in ACTIONS_BELOW_FIRST:
        rows = sites[sites["shown"] == action]
        label = word("figures.layer.site", lang, action=word(f"plan.action.{action}", lang), count=len(rows))
        add_points(ax, spots(rows), style.ACTION_SYMBOLS[action], key=f"site-{action}", label=label, unit=unit,
                   size=SITE_SIZE, above=2 if action in NAMED_ACTIONS else -2)  # fmt: skip
    named = sites[sites["shown"].isin(NAMED_ACTIONS)]
    labels = [
        Label(row.geometry.x, row.geometry.y, str(row.site_name), size=6.2, must=True,
              clear=reach_pt(style.ACTION_SYMBOLS[row.shown], SITE_SIZE))
        for row in named.rename(columns={"name": "site_name"}).itertuples()
    ]  # fmt: skip
    around = window(ax, record) if focus is None else focus.bounds
    place_names(ax, labels, unit=unit, within=around)
    if focus is None:
        draw_township_names(ax, record, unit=unit)
    else:
        named_places = {(label.x, label.y) for label in labels}
        others = [label for label in _village_labels(record) if (label.x, label.y) not in named_places]
        place_names(ax, others, unit=unit, within=around)
    return ax


def _veil(ax: Axes, focus: Any) -> None:
    """Let what lies beyond an area fade."""
    import shapely

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    beyond = shapely.difference(shapely.box(west, south, east, north), focus)
    add_area(ax, beyond, key="veil", label="", fill=style.PAPER + "b0", line=style.BOUNDARY, width=0.8)


def _own_villages(ax: Axes, record: ResultRecord, lang: Language, unit: float) -> None:
    """Draw the villages that have a clinic of their own, and communities: where there is room, names need a place."""
    villages = placed(record.villages)
    rows = villages[(villages["group"] == "village") & villages["arrangement"].eq("own")]
    symbol = style.Symbol("circle", 3.0, style.UNKNOWN, line_px=0.8)
    label = word("figures.layer.arrangement", lang, name=word("plan.arrangement.own", lang), count=len(rows))
    add_points(ax, spots(rows), symbol, key="village-own", label=label, unit=unit)
    add_other_villages(ax, record, lang, unit)


def _village_labels(record: ResultRecord) -> list[Label]:
    rows = placed(record.villages).sort_values(["population", "village_id"], ascending=[False, True])
    return [
        Label(point.x, point.y, str(name), size=5.4, clear=3.0, colour=style.MUTED)
        for point, name in zip(rows.geometry, rows["name"], strict=True)
    ]


def plan_sites(record: ResultRecord) -> gpd.GeoDataFrame:
    """Return the sites of the plan with a position and with `shown`, what is done there in the trade's words."""
    if record.proposals is None:
        raise ValueError("the result has no plan")
    sites = placed(record.proposals)
    standing = set(record.facilities["facility_id"].astype(str))
    shown = [
        "point" if action == "build" and tier == "service_point"
        else "reopen" if action == "build" and str(facility) in standing
        else "upgrade_hospital" if action == "upgrade" and tier == "sub_centre"
        else action
        for action, tier, facility in zip(sites["action"], sites["tier"], sites["facility_id"], strict=True)
    ]  # fmt: skip
    return sites.assign(shown=shown)


def _arrangements(ax: Axes, record: ResultRecord, lang: Language, unit: float) -> None:
    """Draw villages without a clinic of their own, with a line to what serves them."""
    import shapely

    villages = placed(record.villages)
    hosts = _places_by_id(record)
    by_id = {item["village_id"]: item["host_id"] for item in (record.plan or {}).get("villages", [])}
    located = (record.plan or {}).get("model") != "merge"
    links = []
    for arrangement, symbol in style.ARRANGEMENT_SYMBOLS.items():
        rows = villages[villages["arrangement"].eq(arrangement)]
        key = "served" if arrangement == "shared" and located else arrangement
        label = word("figures.layer.arrangement", lang, name=word(f"plan.arrangement.{key}", lang), count=len(rows))
        add_points(ax, spots(rows), symbol, key=f"arrangement-{arrangement}", label=label, unit=unit)
        for village_id, point in zip(rows["village_id"].astype(str), rows.geometry, strict=True):
            host = hosts.get(by_id.get(village_id, ""))
            if host is not None and host.distance(point) > 0:
                links.append(shapely.LineString([point, host]))
    add_lines(ax, links, key="link", label=word("figures.layer.link", lang), colour=style.INK, width=0.6, unit=unit,
              dash=LINK_DASH)  # fmt: skip


def _places_by_id(record: ResultRecord) -> dict[str, Any]:
    places: dict[str, Any] = {}
    for frame, column in ((record.facilities, "facility_id"), (record.proposals, "site_id")):
        if frame is not None:
            rows = placed(frame)
            places |= dict(zip(rows[column].astype(str), rows.geometry, strict=True))
    return places


@in_house_style
def draw_state(
    record: ResultRecord, minutes: float, *, planned: bool, ax: Axes | None = None, lang: Language = "zh",
    unit: float = 1.0,
) -> Axes:  # fmt: skip
    """Draw the circle of some minutes as it is, or as it will be; side by side the two make the comparison.

    Parameters
    ----------
    record
        A result with a plan and the circle with the plan carried out.
    minutes
        The first band of the result.
    planned
        Whether the plan is carried out.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend; what the plan adds is hatched.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    look = style.band_styles([minutes], None)[0]
    for part, area in _state_areas(record, minutes, planned=planned).items():
        label = word(f"figures.layer.circle_{part}", lang, upper=f"{minutes:g}", lower=f"{minutes:g}")
        key = "beyond" if part == "beyond" else f"circle-{part}"
        fill, hatch, colour = {
            "first": (look.area, "", ""), "added": (style.ADDED_AREA, "....", look.edge),
            "lost": (style.PAPER, "xxxx", style.OUTSIDE), "beyond": (style.LAND, HATCH, style.RULE_DARK),
        }[part]  # fmt: skip
        add_area(ax, area, key=key, label=label, fill=fill, line=look.edge, width=0.0 if part == "beyond" else 0.35,
                 hatch=hatch, hatch_colour=colour, unit=unit)  # fmt: skip
    within = within_minutes(record, minutes, planned=planned)
    villages = placed(record.villages)
    plain = (villages["group"] == "village").to_numpy()
    inside = villages[plain & within[villages.index]]
    outside = villages[plain & ~within[villages.index]]
    add_points(ax, spots(inside), style.village_symbol(look), key="village-inside", unit=unit, size=0.75,
               label=word("figures.layer.inside_minutes", lang, upper=f"{minutes:g}"))  # fmt: skip
    add_points(ax, spots(outside), style.OUTSIDE_VILLAGE, key="village-outside", unit=unit, size=0.75,
               label=word("figures.layer.outside_minutes", lang, lower=f"{minutes:g}"))  # fmt: skip
    if planned:
        sites = plan_sites(record)
        for action in ("upgrade", "reopen", "build"):
            rows = sites[sites["shown"] == action]
            add_points(ax, spots(rows), style.ACTION_SYMBOLS[action], key=f"site-{action}", unit=unit, size=0.6,
                       label=word(f"plan.action.{action}", lang))  # fmt: skip
    return ax


def _state_areas(record: ResultRecord, minutes: float, *, planned: bool) -> dict[str, Any]:
    """Divide the county into the circle, what a plan adds to it and takes from it, and what lies beyond."""
    import shapely

    today = _circle(record.rings, minutes)
    if not planned or record.planned_circles is None:
        return {"first": today, "beyond": record.rings[minutes][1]}
    after = _circle(record.planned_rings, minutes)
    # What is lost is found before outlines are simplified: simplified apart, they differ where nothing changed.
    lost = shapely.difference(_union(record.circles, minutes), _union(record.planned_circles, minutes))
    lost = without_specks(shapely.intersection(lost, record.land), record.land)
    added = without_specks(shapely.difference(after, today), record.land)
    first = shapely.difference(today, lost)
    beyond = shapely.difference(record.land, shapely.union_all([first, added, lost]))
    return {"first": first, "added": added, "lost": lost, "beyond": beyond}


def _union(circles: gpd.GeoDataFrame, minutes: float) -> Any:
    """Return a circle as it was computed."""
    return circles.geometry[np.isclose(circles["minutes"].astype(float), minutes)].union_all()


def _circle(rings: dict[float, tuple[Any, Any]], minutes: float) -> Any:
    """Return the whole circle of some minutes."""
    import shapely

    return shapely.union_all([ring for upto, (ring, _) in rings.items() if upto <= minutes])


def within_minutes(record: ResultRecord, minutes: float, *, planned: bool) -> Any:
    """Tell which villages are within some minutes, today or with the plan carried out; row by row of the villages.

    A village whose nearest facility and time the plan leaves as they are keeps its band; others go by the planned time.
    """
    villages = record.villages
    number = band_numbers(villages, record.bands_min)
    today = number <= record.bands_min.index(minutes)
    if not planned:
        return today
    time = villages["planned_time_min"].astype(float).to_numpy()
    stays = villages["planned_facility_id"].astype(str).eq(villages["facility_id"].astype(str)).to_numpy()
    same = stays & np.isclose(time, villages["time_min"].astype(float).to_numpy(), equal_nan=True)
    return np.where(same, today, np.nan_to_num(time, nan=np.inf) <= minutes)


@in_house_style
def draw_sub_centres(record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0) -> Axes:
    """Draw the sub-centres chosen, the hospitals that could be, and those too near the county medical centre.

    Parameters
    ----------
    record
        A result of the model of sub-centres.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend; names carry the kilometres by road.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    min_km = record.region.siting.sub_centres.min_km
    hospitals = [row for row in (record.plan or {}).get("sub_centres", []) if row["row"] == "hospital"]
    places = _places_by_id(record)
    centres = {str(row["centre_id"]) for row in hospitals if row.get("centre_id")}
    _distance(ax, record, [places[name] for name in sorted(centres) if name in places], min_km, lang, unit)
    states = {"chosen": [], "eligible": [], "too_near": [], "other": []}  # type: ignore[var-annotated]
    for row in hospitals:
        states[_hospital_state(row)].append(row)
    labels = []
    for state, rows in states.items():
        chosen = [row for row in rows if row["facility_id"] in places]
        points = np.array([(places[row["facility_id"]].x, places[row["facility_id"]].y) for row in chosen])
        add_points(ax, points, style.SUB_CENTRE_SYMBOLS[state], key=f"site-{state}", unit=unit,
                   label=word(f"figures.sub_centre.{state}", lang, count=len(chosen), km=f"{min_km:g}"))  # fmt: skip
        labels += [_hospital_label(row, point, state, lang) for row, point in zip(chosen, points, strict=True)]
    own, centre = record.facilities, style.FACILITY_SYMBOLS["county_medical_centre"]
    rows = placed(own[own["facility_id"].astype(str).isin(centres)])
    add_points(ax, spots(rows), centre, key="centre",
               label=word("general.tier.county_medical_centre", lang), unit=unit)  # fmt: skip
    labels += [
        Label(
            row.geometry.x, row.geometry.y, str(row.site_name), size=6.6, must=True, bold=True, clear=reach_pt(centre)
        )
        for row in rows.rename(columns={"name": "site_name"}).itertuples()
    ]
    place_names(ax, labels, unit=unit, within=window(ax, record))
    draw_township_names(ax, record, unit=unit)
    return ax


def _distance(ax: Axes, record: ResultRecord, centres: list[Any], min_km: float, lang: Language, unit: float) -> None:
    """Draw the least distance: the roads beyond it, and, for comparison, as the crow flies."""
    far = roads_beyond(record, centres, min_km)
    if far is not None:
        add_lines(ax, [far], key="road-far", label=word("figures.layer.far_roads", lang, km=f"{min_km:g}"),
                  colour=style.UPGRADE, width=1.1, unit=unit)  # fmt: skip
    circles = [centre.buffer(min_km * 1000, quad_segs=64) for centre in centres]
    add_lines(ax, circles, key="ring", label=word("figures.layer.ring", lang, km=f"{min_km:g}"), colour=style.MUTED,
              width=0.8, unit=unit, dash=(4, 2))  # fmt: skip


def _hospital_state(row: dict[str, Any]) -> str:
    if row["chosen"]:
        return "chosen"
    if row["eligible"]:
        return "eligible"
    return "too_near" if "too_near" in row["lacks"] else "other"


def _hospital_label(row: dict[str, Any], point: Any, state: str, lang: Language) -> Label:
    text = str(row["name"])
    if row.get("road_km") is not None:
        text = word("figures.sub_centre.name", lang, name=text, km=f"{row['road_km']:.1f}")
    return Label(point[0], point[1], text, size=6.4 if state == "chosen" else 5.6, must=True,
                 clear=reach_pt(style.SUB_CENTRE_SYMBOLS[state]), bold=state == "chosen")  # fmt: skip
