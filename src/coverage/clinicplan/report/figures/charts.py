"""Draw the charts: reach by township, money against people outside, and the Lorenz curve of travel time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clinicplan.errors import Language
from clinicplan.report import style
from clinicplan.report.figures.fonts import font_families, in_house_style
from clinicplan.report.figures.lines import plain, text_width
from clinicplan.words import word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from clinicplan.report.figures.record import ResultRecord

CNY_PER: Final = {"zh": 10_000.0, "en": 1_000.0}
"""Money is told in ten thousand yuan in Chinese, in thousand yuan in English."""
DOT: Final = 5.0


def chart_axes(ax: Axes | None) -> Axes:
    """Return the axes asked for, or new ones."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(9, 6)).add_axes((0.1, 0.16, 0.85, 0.76))


@in_house_style
def draw_reach_by_township(
    record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0
) -> Axes:
    """Draw, by township in code order, the share of people within each band as stacked columns.

    Parameters
    ----------
    record
        The result.
    ax
        Where; None makes one.
    lang
        Language.
    unit
        Size of text, 1 on A4.

    Returns
    -------
    ax
        One column a township; the first band carries its percentage, the county's share is a line.
    """
    ax = chart_axes(ax)
    rows = record.townships.iloc[:-1]
    total = record.townships.iloc[-1]
    people = np.asarray(rows["population"], dtype=np.float64)
    looks = style.band_styles(record.bands_min, record.limit_min)
    place = np.arange(len(rows))
    base = np.zeros(len(rows))
    for number, (minutes, look) in enumerate(zip(record.bands_min, looks, strict=True)):
        share = _shares(rows[_upto(minutes)], people)
        lower = f"{record.bands_min[number - 1]:g}" if number else ""
        key = "figures.chart.band_next" if lower else "figures.chart.band_first"
        some = share > base
        ax.bar(
            place[some], 100 * (share - base)[some], 0.62, bottom=100 * base[some], color=look.area,
            edgecolor=look.edge, linewidth=0.7 * unit, hatch=("", "////", "....", "xx")[number % 4],
            label=word(key, lang, lower=lower, upper=f"{minutes:g}"), gid=f"bar-{minutes:g}", zorder=3,
        )  # fmt: skip
        base = share
    first = _shares(rows[_upto(record.bands_min[0])], people)
    size = 6.6 * unit * min(1.0, 0.95 * _column_pt(ax, len(rows)) / text_width("100.0", 6.6 * unit))
    for x, value, known in zip(place, first, people > 0, strict=True):
        text = f"{100 * value:.1f}" if known else "—"
        ax.text(float(x), 101.5, text, ha="center", va="bottom", fontsize=size, gid="value")
    county = float(total[_upto(record.bands_min[0])]) / float(total["population"]) if total["population"] else 0.0
    label = word("figures.chart.county", lang, upper=f"{record.bands_min[0]:g}", share=f"{100 * county:.1f}")
    ax.axhline(
        100 * county, color=style.INK, linewidth=0.9 * unit, linestyle=(0, (5, 2)), zorder=4, gid="county", label=label
    )
    names = [plain(name) for name in rows["township"]]
    level = _fit_beside_each_other(ax, names, unit)
    ax.set_xticks(place, names, rotation=0 if level else 45, ha="center" if level else "right")
    ax.set_ylim(0, 108)
    ax.set_yticks(range(0, 101, 20))
    ax.set_xlim(-0.7, len(rows) - 0.3)
    basis = word(f"figures.chart.people_{record.region.population_basis}", lang)
    _finish(ax, "", word("figures.chart.share", lang, people=basis), unit, lang, columns=3)
    return ax


def _fit_beside_each_other(ax: Axes, names: list[str], unit: float) -> bool:
    """Tell whether names fit under their columns without being turned."""
    room_pt = _column_pt(ax, len(names))
    return max((text_width(name, 7 * unit) for name in names), default=0.0) < 0.92 * room_pt


def _column_pt(ax: Axes, number: int) -> float:
    """Return the width on paper that each of some columns has, points."""
    inches = ax.get_position().width * ax.figure.get_figwidth()  # type: ignore[union-attr]
    return float(inches * 72 / max(number, 1))


def _upto(minutes: float) -> str:
    return f"people_upto_{minutes:g}_min"


def _shares(covered: Any, people: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.zeros(len(people))
    np.divide(np.asarray(covered, dtype=np.float64), people, out=shares, where=people > 0)
    return shares


@in_house_style
def draw_frontier(record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0) -> Axes:
    """Draw one-off money against the fewest people left outside the circle, and the plan's own place.

    Parameters
    ----------
    record
        A result with a frontier.
    ax
        Where; None makes one.
    lang
        Language.
    unit
        Size of text, 1 on A4.

    Returns
    -------
    ax
        Proven points are filled; an open one carries a bar down to the fewest people there could be.
    """
    ax = chart_axes(ax)
    if record.pareto is None:
        raise ValueError("the result has no frontier")
    table = record.pareto.sort_values("build_cny")
    money = table["build_cny"].astype(float).to_numpy() / CNY_PER[lang]
    people = table["people_outside"].astype(float).to_numpy()
    exact = table["exact"].astype(str).str.lower().eq("true").to_numpy()
    ax.step(money, people, where="post", color=style.ACCENT, linewidth=1.2 * unit, zorder=3, gid="step", label="_")
    ax.plot(money[exact], people[exact], "o", color=style.ACCENT, markersize=DOT * unit, zorder=4, gid="exact",
            label=word("figures.chart.exact", lang))  # fmt: skip
    if (~exact).any():
        least = people * (1 - table["gap"].astype(float).to_numpy())
        ax.vlines(money[~exact], least[~exact], people[~exact], color=style.MUTED, linewidth=0.9 * unit, label="_")
        ax.plot(money[~exact], people[~exact], "o", mfc=style.PAPER, mec=style.ACCENT, markersize=DOT * unit, zorder=4,
                gid="open", label=word("figures.chart.open", lang))  # fmt: skip
    _plan_point(ax, record, lang, unit)
    top = max(float(people.max()), 1.0)
    for x, y in zip(money, people, strict=True):
        ax.annotate(f"{y:,.0f}", (x, y), xytext=(3.5 * unit, 3.5 * unit), textcoords="offset points",
                    fontsize=6.6 * unit, color=style.INK, gid="value")  # fmt: skip
    ax.set_ylim(-0.02 * top, 1.1 * top)
    wide = max(float(money.max()), float(ax.get_xlim()[1]))
    ax.set_xlim(-0.03 * wide, 1.06 * wide)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    _finish(ax, word("figures.chart.money", lang), word("figures.chart.outside", lang), unit, lang, columns=3)
    return ax


def _plan_point(ax: Axes, record: ResultRecord, lang: Language, unit: float) -> None:
    """Mark what the plan itself costs and leaves outside."""
    figures = record.summary.get("plan", {})
    cost = figures.get("costs", {}).get("build_cny")
    if cost is None or "people_outside_planned" not in figures:
        return
    label = word("figures.chart.plan", lang, cost=f"{cost / CNY_PER[lang]:,.4g}",
                 people=f"{figures['people_outside_planned']:,}")  # fmt: skip
    ax.plot([cost / CNY_PER[lang]], [figures["people_outside_planned"]], "D", color=style.BUILD, mec=style.INK,
            markersize=(DOT + 1.5) * unit, zorder=5, gid="plan", label=label)  # fmt: skip


@in_house_style
def draw_lorenz(record: ResultRecord, *, ax: Axes | None = None, lang: Language = "zh", unit: float = 1.0) -> Axes:
    """Draw which share of all minutes falls on which share of the people, nearest first.

    Villages without a way are left out, and the legend says how many people that is.

    Parameters
    ----------
    record
        The result.
    ax
        Where; None makes one.
    lang
        Language.
    unit
        Size of text, 1 on A4.

    Returns
    -------
    ax
        The curve, the line of equal times, and the Gini coefficient in the legend.

    References
    ----------
    Lorenz (1905), Methods of measuring the concentration of wealth. doi:10.2307/2276207
    """
    ax = chart_axes(ax)
    curves = [("time_min", "today", style.CLINIC, "-")]
    if "planned_time_min" in record.villages and record.plan is not None:
        curves.append(("planned_time_min", "planned", style.BUILD, "--"))
    ax.plot([0, 100], [0, 100], color=style.MUTED, linewidth=0.8 * unit, linestyle=(0, (2, 2)), gid="equal",
            label=word("figures.chart.equal", lang))  # fmt: skip
    for column, name, colour, dash in curves:
        share, minutes, gini = lorenz_curve(*_times(record, column))
        ax.plot(100 * share, 100 * minutes, color=colour, linewidth=1.5 * unit, linestyle=dash, gid=f"curve-{name}",
                label=word(f"figures.chart.lorenz_{name}", lang, gini=f"{gini:.3f}"))  # fmt: skip
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.set_aspect("equal", adjustable="box", anchor="C")
    _finish(ax, word("figures.chart.people_share", lang), word("figures.chart.minutes_share", lang), unit, lang,
            columns=1, inside=True)  # fmt: skip
    return ax


def _times(record: ResultRecord, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return minutes and people of the villages that have both."""
    rows = record.villages[record.villages["group"] == "village"]
    minutes, people = rows[column].astype(float).to_numpy(), rows["population"].astype(float).to_numpy()
    known = ~np.isnan(minutes) & (people > 0)
    return minutes[known], people[known]


def lorenz_curve(
    minutes: NDArray[np.float64], people: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return the Lorenz curve of travel time over people, and its Gini coefficient.

    Parameters
    ----------
    minutes
        Time of each village.
    people
        Its population, above zero.

    Returns
    -------
    people_share, minutes_share
        From 0 to 1, one more point than there are villages.
    gini
        Twice the area between the curve and the line of equal times; 0 where all times are equal or zero.

    Examples
    --------
    >>> people_share, minutes_share, gini = lorenz_curve(np.array([30.0, 10.0]), np.array([100.0, 100.0]))
    >>> people_share.tolist(), minutes_share.tolist(), round(gini, 6)
    ([0.0, 0.5, 1.0], [0.0, 0.25, 1.0], 0.25)
    """
    order = np.argsort(minutes, kind="stable")
    weight, product = people[order], (minutes * people)[order]
    share = np.r_[0.0, np.cumsum(weight) / max(weight.sum(), 1.0)]
    whole = product.sum()
    curve = np.r_[0.0, np.cumsum(product) / whole] if whole > 0 else share
    gini = 1.0 - float(np.sum((curve[1:] + curve[:-1]) * np.diff(share)))
    return share, curve, gini if whole > 0 else 0.0


def _finish(
    ax: Axes, x_name: str, y_name: str, unit: float, lang: Language, *, columns: int, inside: bool = False
) -> None:
    """Give a chart its axes, names, grid and legend."""
    del lang
    families = list(font_families())
    ax.set_xlabel(x_name, fontsize=8 * unit, labelpad=5 * unit)
    ax.set_ylabel(y_name, fontsize=8 * unit, labelpad=5 * unit)
    ax.tick_params(labelsize=7 * unit, width=0.5 * unit, length=2.5 * unit, color=style.MUTED)
    for label in (*ax.get_xticklabels(), *ax.get_yticklabels()):
        label.set_fontfamily(families)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(True)
        ax.spines[side].set_linewidth(0.6 * unit)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(axis="y", color=style.RULE, linewidth=0.5 * unit, zorder=0)
    ax.set_axisbelow(True)
    place: dict[str, Any] = {"loc": "upper left"} if inside else {"loc": "lower center", "bbox_to_anchor": (0.5, 1.005)}
    ax.legend(ncols=columns, fontsize=7.4 * unit, frameon=False, **place)
