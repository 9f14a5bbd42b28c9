"""Add up the service circles: people and villages within, by band, by group, under every mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clinicplan.standard import MS_PER_MIN, UNREACHED

if TYPE_CHECKING:
    from clinicplan.coverage.circles import ServiceCircles, VillageTrips
    from clinicplan.coverage.searches import HomeTrips

Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]


def summarise(circles: ServiceCircles) -> dict[str, Any]:
    """Return the figures of `summary.json` that the circles decide.

    Villages and people are those of group `village`: ordinary administrative villages that could be assessed.
    Communities, exempt villages and pending rows have their own lines; the four add up to the layer. Shares are
    fractions, None where nothing can be assessed. `share_range` is the share of people if every pending village were
    outside, and if every one were inside.

    Parameters
    ----------
    circles
        The answer of `service_circles`.

    Returns
    -------
    summary
        JSON-ready values in a fixed order.
    """
    village = circles.group == "village"
    people = _people(circles)
    covered = covered_figures(circles.village_trips, village, people)
    return {
        **covered,
        **_ranges(circles, covered, people),
        "bands": band_figures(circles, circles.home_trips, circles.village_trips),
        "unreached": _unreached(circles),
        "unreached_people": _unreached_people(circles),
        "communities": _group_figures(circles, "community", people),
        "exempt": _group_figures(circles, "exempt", people),
        "pending": _pending_figures(circles, people),
        "with_supplement": covered_figures(circles.with_supplement, village, people),
        "modes": {mode: covered_figures(trips, village, people) for mode, trips in circles.by_mode.items()},
    }


def covered_figures(trips: VillageTrips, chosen: Flags, people: Int64) -> dict[str, Any]:
    """Count villages and people of the chosen rows, and those within the standard."""
    villages, population = int(chosen.sum()), int(people[chosen].sum())
    inside, people_inside = int((trips.within & chosen).sum()), int(trips.people_within[chosen].sum())
    return {
        "villages": villages,
        "population": population,
        "villages_covered": inside,
        "people_covered": people_inside,
        "villages_covered_share": share_of(inside, villages),
        "people_covered_share": share_of(people_inside, population),
    }


def band_figures(circles: ServiceCircles, homes: HomeTrips, trips: VillageTrips) -> list[dict[str, Any]]:
    """Count villages (by their farthest home) and people (where they live) in each disjoint band.

    The last band has no upper end; with the unreached the bands add up to villages and population.
    """
    standard = circles.rule.standard
    chosen = circles.group == "village"
    band_of_village = np.where(chosen, standard.band_of(trips.worst_ms), -1)
    band_of_home = np.where(chosen[circles.homes.village], standard.band_of(homes.time_ms), -1)
    uppers: list[float | None] = [_plain(band / MS_PER_MIN) for band in standard.bands_ms]
    return [
        {
            "upto_min": upper,
            "villages": int((band_of_village == index).sum()),
            "people": int(circles.homes.people[band_of_home == index].sum()),
        }
        for index, upper in enumerate([*uppers, None])
    ]


def people_figures(circles: ServiceCircles) -> Int64:
    """Return residents of every row of the villages layer, 0 where unknown."""
    return _people(circles)


def township_figures(circles: ServiceCircles) -> pd.DataFrame:
    """Add up villages and people by township, in code order, with a total row.

    Returns
    -------
    townships
        One row a township and a last row with an empty name in `township` standing for the county: villages and
        people assessed, within the standard, within each band (cumulative), outside; within the standard with
        supplement and under every mode; pending, communities and exempt rows with their people.
    """
    villages = circles.villages
    order = villages.groupby("township")["village_id"].min().sort_values(kind="stable").index
    rows = [_township_row(circles, str(name), (villages["township"] == name).to_numpy()) for name in order]
    rows.append(_township_row(circles, "", np.ones(len(villages), dtype=bool)))
    return pd.DataFrame(rows)


def _township_row(circles: ServiceCircles, name: str, here: Flags) -> dict[str, Any]:
    chosen = here & (circles.group == "village")
    people = _people(circles)
    row: dict[str, Any] = {"township": name, **covered_figures(circles.village_trips, chosen, people)}
    standard, homes = circles.rule.standard, circles.homes
    for band in standard.bands_ms:
        label = f"upto_{_plain(band / MS_PER_MIN)}_min"
        time, worst = circles.home_trips.time_ms, circles.village_trips.worst_ms
        near = (time != UNREACHED) & (time <= band) & chosen[homes.village]
        row[f"villages_{label}"] = int((chosen & (worst != UNREACHED) & (worst <= band)).sum())
        row[f"people_{label}"] = int(homes.people[near].sum())
    row["villages_outside"] = row["villages"] - row["villages_covered"]
    beside = {"with_supplement": circles.with_supplement, **circles.by_mode}
    for label, trips in beside.items():
        figures = covered_figures(trips, chosen, people)
        row[f"villages_covered_{label}"] = figures["villages_covered"]
        row[f"people_covered_{label}"] = figures["people_covered"]
    for group in ("pending", "community", "exempt"):
        rows = here & (circles.group == group)
        row[f"{group}_rows"] = int(rows.sum())
        row[f"{group}_people"] = int(people[rows].sum())
    communities = here & (circles.group == "community")
    row["community_people_covered"] = int(circles.village_trips.people_within[communities].sum())
    row["facilities_counted"] = int((circles.counted & _in_township(circles, name)).sum())
    return row


def _in_township(circles: ServiceCircles, name: str) -> Flags:
    if not name:
        return np.ones(len(circles.facilities), dtype=bool)
    here: Flags = (circles.facilities["township"] == name).to_numpy(dtype=bool)
    return here


def _people(circles: ServiceCircles) -> Int64:
    population = pd.to_numeric(circles.villages["population"], errors="coerce").fillna(0)
    whole: Int64 = population.to_numpy().astype(np.int64)
    return whole


def _ranges(circles: ServiceCircles, covered: dict[str, Any], people: Int64) -> dict[str, Any]:
    """Bound the shares by the pending villages; communities and exempt rows are not part of them."""
    pending = (circles.group == "pending") & (circles.villages["kind"] == "village").to_numpy()
    rows, crowd = int(pending.sum()), int(people[pending].sum())
    return {
        "share_range": _range(covered["people_covered"], covered["population"], crowd),
        "villages_share_range": _range(covered["villages_covered"], covered["villages"], rows),
    }


def _range(inside: int, assessed: int, pending: int) -> list[float | None]:
    return [share_of(inside, assessed + pending), share_of(inside + pending, assessed + pending)]


def _unreached_rows(circles: ServiceCircles) -> Flags:
    rows: Flags = (circles.group == "village") & (circles.village_trips.worst_ms == UNREACHED)
    return rows


def _unreached(circles: ServiceCircles) -> list[str]:
    return [str(value) for value in circles.villages.loc[_unreached_rows(circles), "village_id"]]


def _unreached_people(circles: ServiceCircles) -> int:
    chosen = (circles.group == "village")[circles.homes.village] & (circles.home_trips.time_ms == UNREACHED)
    return int(circles.homes.people[chosen].sum())


def _group_figures(circles: ServiceCircles, group: str, people: Int64) -> dict[str, Any]:
    chosen = circles.group == group
    return {
        "n": int(chosen.sum()),
        "people": int(people[chosen].sum()),
        "people_covered": int(circles.village_trips.people_within[chosen].sum()),
    }


def _pending_figures(circles: ServiceCircles, people: Int64) -> dict[str, Any]:
    chosen = circles.group == "pending"
    placeless = circles.facilities.geometry.isna() | (circles.facilities["pending"] != "")
    return {
        "villages": int(chosen.sum()),
        "people": int(people[chosen].sum()),
        "facilities": int(placeless.sum()),
    }


def share_of(part: int, whole: int) -> float | None:
    """Return a part as a fraction of the whole to six decimals, None of nothing."""
    return round(part / whole, 6) if whole else None


def _plain(value: float) -> float | int:
    """Return 15.0 as 15, so that a whole number of minutes reads as one."""
    return int(value) if float(value).is_integer() else value
