"""Draw the maps of today: settlements, facilities, service circles, villages outside, times to the upper tiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.errors import Language
from clinicplan.report import style
from clinicplan.report.figures.fonts import in_house_style
from clinicplan.report.figures.ground import draw_ground, draw_township_names, map_axes, window
from clinicplan.report.figures.labels import Label, place_names
from clinicplan.report.figures.marks import add_area, add_points
from clinicplan.terms import FIXED_TIERS, SUPPLEMENT_TIERS, TIERS
from clinicplan.words import word

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

    from clinicplan.report.figures.record import ResultRecord

PEOPLE_CLASSES: Final = (500, 1000, 2000)
"""Villages are drawn larger from each of these populations on."""
PEOPLE_RADII_PX: Final = (2.6, 3.8, 5.2, 6.8)
HATCH: Final = "////"
HOSPITALS: Final = TIERS[: TIERS.index("community_station")]
"""Tiers whose facilities are named on a map."""
SHOWN_TIERS: Final = (*FIXED_TIERS, *SUPPLEMENT_TIERS)
LADDER_STEPS: Final[dict[str, tuple[float, ...]]] = {
    "township_hospital": (1 / 3, 2 / 3, 1.0),
    "county_hospital": (1 / 2, 3 / 4, 1.0),
}
"""Ends of the classes of minutes to an upper tier, as shares of its limit."""


@in_house_style
def draw_settlements(record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0) -> Axes:
    """Draw villages by population, natural villages, communities and other units.

    Parameters
    ----------
    record
        The result.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    villages = placed(record.villages)
    plain = villages[villages["group"] == "village"]
    people = plain["population"].astype(float).to_numpy()
    classes = np.searchsorted(PEOPLE_CLASSES, people, side="right")
    for number, radius in reversed(list(enumerate(PEOPLE_RADII_PX))):
        rows = plain[classes == number]
        symbol = style.Symbol("circle", radius, style.ACCENT, line_px=0.8)
        label = word("figures.layer.village_class", lang, people=_people_class(number, lang), count=len(rows))
        add_points(ax, spots(rows), symbol, key=f"village-{number}", label=label, unit=unit)
    natural = record.ground.natural_villages
    if natural is not None and len(placed(natural)):
        rows = placed(natural)
        add_points(ax, spots(rows), style.Symbol("circle", 1.8, style.MUTED, line_px=0.4), key="natural",
                   label=word("figures.layer.natural", lang, count=len(rows)), unit=unit)  # fmt: skip
    add_other_villages(ax, record, lang, unit)
    draw_township_names(ax, record, unit=unit)
    order = plain.sort_values(["population", "village_id"], ascending=[False, True])
    names = [
        Label(point.x, point.y, str(name), size=4.6, clear=radius * 0.5)
        for point, name, radius in zip(
            order.geometry, order["name"],
            np.asarray(PEOPLE_RADII_PX)[np.searchsorted(PEOPLE_CLASSES, order["population"].astype(float), "right")],
            strict=True,
        )
    ]  # fmt: skip
    place_names(ax, names, unit=unit, within=window(ax, record))
    return ax


def _people_class(number: int, lang: Language) -> str:
    if number == 0:
        return word("figures.class.below", lang, upper=f"{PEOPLE_CLASSES[0]:,}")
    if number == len(PEOPLE_CLASSES):
        return word("figures.class.above", lang, lower=f"{PEOPLE_CLASSES[-1]:,}")
    lower, upper = PEOPLE_CLASSES[number - 1], PEOPLE_CLASSES[number]
    return word("figures.class.between", lang, lower=f"{lower:,}", upper=f"{upper:,}")


@in_house_style
def draw_facilities(record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0) -> Axes:
    """Draw health facilities by tier, hollow over the county line, grey where out of operation.

    Parameters
    ----------
    record
        The result.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    add_facilities(ax, record, lang, unit, tiers=TIERS)
    draw_township_names(ax, record, unit=unit)
    name_hospitals(ax, record, unit)
    return ax


@in_house_style
def draw_circles(
    record: ResultRecord, minutes: float, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0
) -> Axes:
    """Draw the service circle up to some minutes, the villages by band, and those outside.

    Parameters
    ----------
    record
        The result.
    minutes
        One of the bands of the result.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    bands = [band for band in record.bands_min if band <= minutes]
    add_circle_areas(ax, record, [edge for edge in record.rings if edge <= minutes], lang, unit)
    add_villages_by_band(ax, record, bands, lang, unit)
    add_other_villages(ax, record, lang, unit)
    add_facilities(ax, record, lang, unit, tiers=SHOWN_TIERS, size=0.85)
    draw_township_names(ax, record, unit=unit)
    return ax


@in_house_style
def draw_outside(record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0) -> Axes:
    """Draw and name the villages outside the standard, by reason.

    Parameters
    ----------
    record
        The result.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    limit = record.limit_min
    # A circle by distance has no area that minutes could show.
    bands = [minutes for minutes in record.rings if limit is not None and minutes <= limit]
    add_circle_areas(ax, record, bands, lang, unit)
    villages = placed(record.villages)
    plain = villages[villages["group"] == "village"]
    outside = plain[~plain["within_standard"].astype(bool)]
    inside = plain[plain["within_standard"].astype(bool)]
    add_points(ax, spots(inside), style.Symbol("circle", 3.0, style.UNKNOWN, line_px=0.8), key="village-inside",
               label=word("figures.layer.inside", lang), unit=unit)  # fmt: skip
    for number, (reason, rows) in enumerate(sorted(outside.groupby("reason"), key=lambda item: -len(item[1]))):
        symbol = style.OUTSIDE_SYMBOLS[min(number, len(style.OUTSIDE_SYMBOLS) - 1)]
        label = word(
            "figures.layer.outside_reason", lang, reason=word(f"general.reason.{reason}", lang), count=len(rows),
            people=f"{int(rows['population'].sum()):,}",
        )  # fmt: skip
        add_points(ax, spots(rows), symbol, key=f"village-outside-{reason}", label=label, unit=unit)
    add_facilities(ax, record, lang, unit, tiers=FIXED_TIERS, size=0.6)
    names = [
        Label(row.geometry.x, row.geometry.y, str(row.name_), size=6.4, must=True, clear=4.2, colour=style.OUTSIDE)
        for row in outside.rename(columns={"name": "name_"}).sort_values("village_id").itertuples()
    ]
    place_names(ax, names, unit=unit, within=window(ax, record))
    draw_township_names(ax, record, unit=unit)
    return ax


@in_house_style
def draw_upper_tier(
    record: ResultRecord, step: str, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0
) -> Axes:
    """Draw every village by its minutes by car to a township-level or a county-level hospital.

    Parameters
    ----------
    record
        The result.
    step
        `township_hospital` or `county_hospital`.
    ax
        A map whose limits are set; None makes one.
    lang
        Language of the legend.
    unit
        Size of text and symbols, 1 on A4.

    Returns
    -------
    ax
        With every layer named for the legend.
    """
    ax = map_axes(record, ax)
    draw_ground(ax, record, lang, unit=unit)
    limit = float(record.summary["ladder"][step]["minutes"])
    ends = [share * limit for share in LADDER_STEPS[step]]
    villages = placed(record.villages)
    rows = villages[villages["group"].isin(["village", "exempt"])]
    minutes = rows[f"{step}_min"].astype(float).to_numpy()
    classes = np.where(np.isnan(minutes), len(ends), np.searchsorted(ends, minutes, side="left"))
    name = word(f"figures.ladder.{step}", lang)
    for number in range(len(ends) + 1):
        chosen = rows[classes == number]
        symbol = style.LADDER_SYMBOLS[number]
        label = word("figures.ladder.class", lang, name=name, minutes=_minutes_class(ends, number, lang))
        add_points(ax, spots(chosen), symbol, key=f"village-{step}-{number}", label=label, unit=unit)
    tiers = ("county_medical_centre", "county_hospital")
    if step == "township_hospital":
        tiers = ("sub_centre", "central_township_hospital", "township_hospital", "community_centre")  # type: ignore[assignment]
    add_facilities(ax, record, lang, unit, tiers=tiers, size=0.85)
    return ax


def _minutes_class(ends: list[float], number: int, lang: Language) -> str:
    if number == 0:
        return word("figures.ladder.first", lang, upper=f"{ends[0]:g}")
    if number == len(ends):
        return word("figures.ladder.last", lang, lower=f"{ends[-1]:g}")
    return word("figures.ladder.next", lang, lower=f"{ends[number - 1]:g}", upper=f"{ends[number]:g}")


def placed(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows that have a position."""
    return rows[~(rows.geometry.isna() | rows.geometry.is_empty)]


def spots(rows: gpd.GeoDataFrame) -> Any:
    """Return positions as an array of shape (rows, 2), metres."""
    return np.column_stack([rows.geometry.x, rows.geometry.y])


def add_circle_areas(ax: Axes, record: ResultRecord, bands: list[float], lang: Language, unit: float) -> None:
    """Fill each band, the smallest first, and hatch what lies beyond the last."""
    looks = {look.upto_min: look for look in style.band_styles(list(record.rings), record.limit_min)}
    lower, beyond = "", None
    for minutes, (ring, outside) in record.rings.items():
        if minutes not in bands:
            continue
        look = looks.get(minutes, style.beyond_style())
        key = "figures.layer.circle_next" if lower else "figures.layer.circle_first"
        add_area(
            ax, ring, key=f"circle-{minutes:g}", fill=look.area, line=look.edge,
            label=word(key, lang, lower=lower, upper=f"{minutes:g}"), width=0.35, dash=[d * 0.5 for d in look.dash],
            unit=unit,
        )  # fmt: skip
        lower, beyond = f"{minutes:g}", outside
    if beyond is not None:
        label = word("figures.layer.circle_beyond", lang, lower=lower)
        add_area(ax, beyond, key="beyond", label=label, fill=style.LAND, hatch=HATCH, hatch_colour=style.RULE_DARK,
                 unit=unit)  # fmt: skip


def add_villages_by_band(ax: Axes, record: ResultRecord, bands: list[float], lang: Language, unit: float) -> None:
    """Draw villages in the colour of their band; those beyond the last band as triangles."""
    villages = placed(record.villages)
    plain = villages[villages["group"] == "village"]
    number = band_numbers(plain, record.bands_min)
    looks = style.band_styles(record.bands_min, record.limit_min)
    lower = ""
    for place, band in enumerate(bands):
        rows = plain[number == place]
        key = "figures.layer.band_next" if lower else "figures.layer.band_first"
        label = word(key, lang, lower=lower, upper=f"{band:g}", count=len(rows))
        add_points(ax, spots(rows), style.village_symbol(looks[place]), key=f"village-{band:g}", label=label,
                   unit=unit, size=0.9, above=3)  # fmt: skip
        lower = f"{band:g}"
    rows = plain[number >= len(bands)]
    label = word("figures.layer.outside_band", lang, lower=lower, count=len(rows))
    add_points(
        ax, spots(rows), style.OUTSIDE_VILLAGE, key="village-outside", label=label, unit=unit, size=0.85, above=4
    )


def band_numbers(villages: pd.DataFrame, bands_min: tuple[float, ...]) -> Any:
    """Return which band each village lies in; the number of bands for those beyond all and those without a way."""
    labels = {f"≤{band:g}": place for place, band in enumerate(bands_min)}
    return villages["band"].map(labels).fillna(len(bands_min)).astype(int).to_numpy()


def add_other_villages(ax: Axes, record: ResultRecord, lang: Language, unit: float) -> None:
    """Draw communities and other units, exempt villages, and rows set aside that have a position."""
    villages = placed(record.villages)
    symbols = {
        "community": style.Symbol("circle", 3.2, style.PAPER, line=style.ACCENT, line_px=2.0),
        "exempt": style.EXEMPT_VILLAGE,
        "pending": style.PENDING_VILLAGE,
    }
    for group, symbol in symbols.items():
        rows = villages[villages["group"] == group]
        label = word(f"figures.layer.{group}", lang, count=len(rows))
        add_points(ax, spots(rows), symbol, key=group, label=label, unit=unit)


def add_facilities(
    ax: Axes, record: ResultRecord, lang: Language, unit: float, *, tiers: Any, size: float = 0.85
) -> None:
    """Draw facilities of some tiers, lower tiers beneath."""
    rows = placed(record.facilities)
    rows = rows.assign(tier=rows["tier"].where(rows["tier"].isin(TIERS), "other"))
    closed = rows["operating"].eq("no")
    over = rows["outside_county"].astype(bool)
    for tier in reversed([tier for tier in TIERS if tier in tiers]):
        own = rows["tier"] == tier
        name = word(f"general.tier.{tier}", lang)
        above = 2 if tier in HOSPITALS else 0
        add_points(ax, spots(rows[own & ~closed & ~over]), style.facility_symbol(tier), key=f"facility-{tier}",
                   label=name, unit=unit, size=size, above=above)  # fmt: skip
        states = {"over_border": own & over & ~closed, "not_operating": own & closed}
        for state, chosen in states.items():
            operating = "no" if state == "not_operating" else ""
            symbol = style.facility_symbol(tier, operating=operating, outside_county=state == "over_border")
            add_points(ax, spots(rows[chosen]), symbol, key=f"facility-{tier}-{state}", unit=unit, size=size,
                       label=word(f"map.symbol.{state}", lang))  # fmt: skip


def name_hospitals(ax: Axes, record: ResultRecord, unit: float) -> None:
    """Write the names of hospitals, the highest tiers first, where there is room."""
    rows = placed(record.facilities)
    rows = rows[rows["tier"].isin(HOSPITALS) & ~rows["outside_county"].astype(bool)]
    rank = rows["tier"].map({tier: place for place, tier in enumerate(HOSPITALS)})
    rows = rows.assign(rank=rank).sort_values(["rank", "facility_id"])
    labels = [
        Label(point.x, point.y, str(name), size=5.6, clear=4.0, colour=style.HOSPITAL, must=True)
        for point, name in zip(rows.geometry, rows["name"], strict=True)
    ]
    place_names(ax, labels, unit=unit, within=window(ax, record))
