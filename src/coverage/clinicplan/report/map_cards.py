"""Write what the card of a village or facility says; every text is escaped here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from clinicplan.report.escaping import escape
from clinicplan.standard import UNREACHED, milliseconds, printed_minutes
from clinicplan.terms import EXEMPT_STATUSES, KINDS, REASONS, STATUSES
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import shapely
    from numpy.typing import NDArray

    from clinicplan.errors import Language
    from clinicplan.report.webmap import CountyPicture

PENDING_REASONS: Final = ("no_coordinates", "outside_county", "no_population")
DECIMALS: Final = 5
_LADDER: Final = (("time_min_worst", "worst"), ("township_hospital_min", "township_hospital"),
                  ("county_hospital_min", "county_hospital"))  # fmt: skip


def position(point: shapely.Point) -> list[float]:
    """Return latitude and longitude to five decimals, about one metre."""
    return [round(float(point.y), DECIMALS), round(float(point.x), DECIMALS)]


def has_place(places: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which rows have a position."""
    return np.asarray(~(places.geometry.isna() | places.geometry.is_empty), dtype=bool)


def village_groups(villages: gpd.GeoDataFrame) -> pd.Series[str]:
    """Sort villages into `inside, outside, community, community_outside, exempt, pending`.

    Parameters
    ----------
    villages
        `kind, status, within_standard`; no verdict is pending.

    Returns
    -------
    groups
        Same index as the villages.
    """
    verdict = villages["within_standard"].astype("boolean")
    inside = verdict.fillna(value=False).to_numpy(dtype=bool)
    community = villages["kind"].ne("village").to_numpy()
    exempt = villages["status"].isin(EXEMPT_STATUSES).to_numpy()
    groups = np.select(
        [verdict.isna().to_numpy(), community & inside, community, exempt, inside],
        ["pending", "community", "community_outside", "exempt", "inside"],
        "outside",
    )
    return pd.Series(groups, index=villages.index, dtype=object)


def band_numbers(villages: gpd.GeoDataFrame, bands_min: Sequence[float]) -> NDArray[np.int64]:
    """Return the number of each village's band, `len(bands_min)` beyond the last or where there is no band.

    Parameters
    ----------
    villages
        `band`: the upper end in minutes, or a label such as `≤15` or `>20`.
    bands_min
        Upper ends, ascending.

    Returns
    -------
    numbers
        Shape (villages,).
    """
    uppers = [float(band) for band in bands_min]
    found = [_band_upper(value) for value in villages["band"]]
    return np.array([uppers.index(upper) if upper in uppers else len(uppers) for upper in found], dtype=np.int64)


def village_card(row: Any, picture: CountyPicture, lang: Language) -> dict[str, Any]:
    """Write the card of one village; empty entries are left out."""
    pending = pd.isna(row.within_standard)
    verdict = "pending" if pending else "in" if row.within_standard else "out"
    more = [
        [word(f"map.card.{key}", lang), _minutes_text(getattr(row, column, None), picture, lang)]
        for column, key in _LADDER
    ]
    card = {
        "type": "village",
        "id": escape(row.village_id),
        "name": escape(row.name),
        "town": escape(row.township),
        "tags": _tags(row, lang),
        "verdict": verdict,
        "reason": escape(reason_text(row.reason, lang)) if verdict != "in" else "",
        "minutes": printed(row.time_min, picture),
        "modes": [printed(getattr(row, f"time_min_{mode}", None), picture) for mode in picture.modes],
        "facility": escape(row.facility_name),
        "fid": escape(row.facility_id),
        "km": _number("map.card.kilometres", row.route_km, 2, lang),
        "way": _way(row.way, lang),
        "access": _number("map.card.metres", row.access_m, 0, lang),
        "people": people_text(row.population, lang),
        "more": [pair for pair in more if pair[1]],
    }
    return {name: value for name, value in card.items() if value}


def facility_card(row: Any, lang: Language) -> dict[str, Any]:
    """Write the card of one facility; empty entries are left out."""
    operating, over = facility_state(row)
    states = [word("map.card.not_operating" if operating == "no" else "map.card.operating", lang)] if operating else []
    states += [word("map.card.over_border", lang)] if over else []
    served = getattr(row, "villages_served", None)
    card = {
        "type": "facility",
        "id": escape(row.facility_id),
        "name": escape(row.name),
        "town": escape(row.township),
        "tier": escape(word(f"general.tier.{row.tier}", lang)),
        "state": escape(("，" if lang == "zh" else ", ").join(states)),
        "villages": "" if pd.isna(served) else f"{int(served)}",
        "people": people_text(getattr(row, "people_served", None), lang),
    }
    return {name: value for name, value in card.items() if value}


def facility_state(row: Any) -> tuple[str, bool]:
    """Return whether a facility operates (`yes`, `no`, empty) and whether it lies over the county line."""
    operating = "" if pd.isna(row.operating) else str(row.operating)
    return operating, bool(not pd.isna(row.outside_county) and row.outside_county)


def pending_rows(pending: pd.DataFrame, lang: Language) -> list[dict[str, str]]:
    """List the rows set aside: `name, id, town, reason`, escaped, in the order of the table."""
    return [
        {
            "id": escape(row.village_id),
            "name": escape(row.name),
            "town": escape(row.township),
            "reason": escape(reason_text(row.reason, lang)),
        }
        for row in pending.itertuples()
    ]


def reason_text(reason: Any, lang: Language) -> str:
    """Say a reason in words; a reason that is already in words stays as it is.

    Examples
    --------
    >>> reason_text("too_far", "zh"), reason_text("no_coordinates", "en"), reason_text("河上无桥", "zh")
    ('路程过远', 'no coordinates', '河上无桥')
    """
    text = "" if pd.isna(reason) else str(reason)
    if text in PENDING_REASONS:
        return word(f"map.pending.{text}", lang)
    return word(f"general.reason.{text}", lang) if text and text in REASONS else text


def printed(minutes: Any, picture: CountyPicture) -> str:
    """Print minutes to a tenth that crosses neither the standard nor a band; empty where there is no time."""
    if minutes is None or pd.isna(minutes):
        return ""
    time_ms = milliseconds(float(minutes))
    limit_ms = None if picture.limit_min is None else milliseconds(picture.limit_min)
    if time_ms == UNREACHED or math.isinf(time_ms):
        return ""
    value = printed_minutes([time_ms], limit_ms, [milliseconds(band) for band in picture.bands_min])[0]
    return f"{value:.1f}"


def people_text(number: Any, lang: Language) -> str:
    """Print a number of people; empty where unknown."""
    if number is None or pd.isna(number):
        return ""
    whole = int(number)
    return word("map.card.people_number", lang, number=f"{whole}" if lang == "zh" else f"{whole:,}")


def _minutes_text(minutes: Any, picture: CountyPicture, lang: Language) -> str:
    text = printed(minutes, picture)
    return word("map.card.minutes_number", lang, number=text) if text else ""


def _tags(row: Any, lang: Language) -> list[str]:
    """Name what is special about a village."""
    tags = []
    if row.kind in KINDS and row.kind != "village":
        tags.append(word(f"general.kind.{row.kind}", lang))
    if row.status in STATUSES and row.status != "ordinary":
        tags.append(word(f"general.status.{row.status}", lang))
    return [escape(tag) for tag in tags]


def _way(way: Any, lang: Language) -> str:
    if way == "direct":
        return word("map.card.direct", lang)
    return word("map.card.road", lang) if way == "road" else escape(way)


def _number(key: str, value: Any, decimals: int, lang: Language) -> str:
    if value is None or pd.isna(value):
        return ""
    return word(key, lang, number=f"{float(value):.{decimals}f}")


def _band_upper(value: Any) -> float:
    """Read the upper end of a band from a number or a label; infinite beyond the last, NaN without a band."""
    if value is None or pd.isna(value):
        return math.nan
    text = str(value).strip().replace("<=", "≤")
    if text.startswith((">", "＞")):
        return math.inf
    try:
        return float(text.removeprefix("≤"))
    except ValueError:
        return math.nan
