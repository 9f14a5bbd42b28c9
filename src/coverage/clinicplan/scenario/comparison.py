"""Compare results against the first: who is covered, what it costs, who loses minutes, which verdicts change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Fault, OutputError, PlannerError, Severity
from clinicplan.scenario.outcome import VILLAGE_COLUMNS, Outcome, read_outcome
from clinicplan.words import fault

if TYPE_CHECKING:
    import pandas as pd

Float64 = NDArray[np.float64]
MOST_NAMED: Final = 20
"""Worst-off and best-off villages that are named."""
WORST_SHARE: Final = 0.1
"""The share of people with the longest ways whose mean is reported."""
ACTIONS: Final = ("keep", "build", "upgrade", "convert", "close", "service_point")
"""What a plan does with a site; new service points stand apart from the clinics that are built."""
FIGURES: Final = (
    "villages", "population", "villages_covered", "people_covered", "people_covered_share", "people_without_way",
    "mean_minutes", "person_minutes", "gini", "worst_decile_minutes", "build_cny", "running_cny_per_year",
    "yearly_cny", *(f"sites_{action}" for action in ACTIONS),
)  # fmt: skip
"""What is told of each result, in the order of the table."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several results of a county, the first the one that others are held against.

    Parameters
    ----------
    outcomes
        The results, in the order asked for.
    labels
        A name for each, all different.
    figures
        By label: `FIGURES`, None where a result has no such figure.
    changes
        For every result but the first: what differs, as in `compare.json`.
    """

    outcomes: tuple[Outcome, ...]
    labels: tuple[str, ...]
    figures: tuple[dict[str, Any], ...]
    changes: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        return f"Comparison({' | '.join(self.labels)})"

    def to_json(self) -> dict[str, Any]:
        """Return what `compare.json` holds."""
        results = [
            {"label": label, "state": outcome.state, **_question(outcome), "figures": figures}
            for label, outcome, figures in zip(self.labels, self.outcomes, self.figures, strict=True)
        ]
        return {"against": self.labels[0], "results": results, "changes": list(self.changes)}

    def village_minutes(self) -> pd.DataFrame:
        """Return every village and its minutes in each result.

        Returns
        -------
        table
            `village_id, name, township, group`, then by label the minutes (missing where no service is reached or the
            village is not there).
        """
        import pandas as pd

        head = pd.concat([item.villages for item in self.outcomes]).drop_duplicates("village_id")
        table = head[["village_id", "name", "township", "group"]].reset_index(drop=True)
        for label, outcome in zip(self.labels, self.outcomes, strict=True):
            table[label] = table["village_id"].map(outcome.villages.set_index("village_id")["minutes"])
        return table


def compare_results(folders: Sequence[str | Path]) -> Comparison:
    """Compare result folders of one county.

    Minutes are those printed in `villages.csv`, so that the table can be followed by hand; with a plan, those once it
    is carried out. Villages of group `village` count: neither communities nor exempt nor pending ones.

    Parameters
    ----------
    folders
        At least two results of `run` or `site`; the others are held against the first.

    Returns
    -------
    comparison
        Figures of each, and what differs.

    Raises
    ------
    OutputError
        With every folder that is no result, or if the results are of several counties.

    Examples
    --------
    >>> compare_results(["today", "planned"])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    clinicplan.errors.OutputError: today: no result
    """
    outcomes: list[Outcome] = []
    faults: list[Fault] = []
    if len(folders) < 2:
        faults.append(fault(Severity.ERROR, "too_few", subject="compare", file=", ".join(map(str, folders))))
    for folder in folders:
        try:
            outcomes.append(read_outcome(Path(folder)))
        except PlannerError as error:
            faults += error.faults
    codes = sorted({outcome.code for outcome in outcomes})
    if len(codes) > 1:
        faults.append(fault(Severity.ERROR, "other_county", subject="compare", codes=", ".join(codes)))
    if faults:
        raise OutputError(*faults)
    labels = _labels(outcomes)
    figures = [outcome_figures(outcome) for outcome in outcomes]
    changes = [
        {"label": label, "figures": _differences(figures[0], own), **_changes(outcomes[0], outcome)}
        for label, outcome, own in zip(labels[1:], outcomes[1:], figures[1:], strict=True)
    ]
    return Comparison(tuple(outcomes), tuple(labels), tuple(figures), tuple(changes))


def outcome_figures(outcome: Outcome) -> dict[str, Any]:
    """Return the figures of one result, `FIGURES`."""
    rows = outcome.villages[outcome.villages["group"] == "village"]
    reached = rows[rows["minutes"].notna()]
    minutes, people = reached["minutes"].to_numpy(dtype=float), reached["population"].to_numpy(dtype=float)
    total = float((minutes * people).sum())
    summary, costs = outcome.summary, (outcome.plan or {}).get("costs", {})
    actions = Counter(_action(site) for site in (outcome.plan or {}).get("sites", ()))
    money = ("build_cny", "running_cny_per_year", "yearly_cny")
    return {
        **{name: summary[name] for name in FIGURES[:5]},
        "people_without_way": int(rows["population"].sum() - people.sum()),
        "mean_minutes": None if people.sum() == 0 else round(total / people.sum(), 2),
        "person_minutes": round(total),
        "gini": _rounded(gini(minutes, people), 4),
        "worst_decile_minutes": _rounded(worst_mean(minutes, people), 1),
        **{name: costs.get(name) for name in money},
        **{f"sites_{action}": None if outcome.plan is None else actions[action] for action in ACTIONS},
    }


def _action(site: dict[str, Any]) -> str:
    """Return what is done with a site; a service point that is set up is no clinic that is built."""
    is_point = site["action"] == "build" and site.get("tier") == "service_point"
    return "service_point" if is_point else str(site["action"])


def gini(values: Float64, weights: Float64) -> float:
    """Return the Gini coefficient of values that are weighed by people.

    Parameters
    ----------
    values, weights
        Shape (n): at least 0 each.

    Returns
    -------
    gini
        0 where all are alike, towards 1 where a few have all; NaN without people, 0 where nobody has anything.

    References
    ----------
    .. [1] Gini, C. (1912). Variabilità e mutabilità. As one minus twice the area under the Lorenz curve.

    Examples
    --------
    >>> gini(np.array([0.0, 10.0]), np.array([1.0, 1.0]))
    0.5
    """
    if weights.sum() == 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    amount = np.concatenate(([0.0], np.cumsum(values[order] * weights[order])))
    if amount[-1] == 0:
        return 0.0
    share = weights[order] / weights.sum()
    return float(1.0 - (share * (amount[1:] + amount[:-1])).sum() / amount[-1])


def worst_mean(values: Float64, weights: Float64, share: float = WORST_SHARE) -> float:
    """Return the mean of the largest values that a share of all people have; a village may count in part.

    Examples
    --------
    >>> worst_mean(np.array([5.0, 30.0, 20.0]), np.array([90.0, 5.0, 5.0]))
    25.0
    """
    wanted = float(weights.sum()) * share
    if wanted == 0:
        return float("nan")
    order = np.argsort(-values, kind="stable")
    before = np.concatenate(([0.0], np.cumsum(weights[order])[:-1]))
    counted = np.clip(wanted - before, 0.0, weights[order])
    return float((values[order] * counted).sum() / wanted)


def _rounded(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(value, digits)


def _labels(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the scenarios' names; where two are alike with the folder's, then with a number."""
    names = [item.label for item in outcomes]
    if len(set(names)) < len(names):
        names = [
            name if names.count(name) == 1 or name == item.folder.resolve().name
            else f"{name} {item.folder.resolve().name}"
            for name, item in zip(names, outcomes, strict=True)
        ]  # fmt: skip
    seen: Counter[str] = Counter(VILLAGE_COLUMNS)
    labels = []
    for name in names:
        seen[name] += 1
        labels.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return labels


def _question(outcome: Outcome) -> dict[str, Any]:
    """Return mode and standard, which a scenario may change."""
    return {name: outcome.summary.get(name) for name in ("region", "mode", "minutes", "distance_m", "direction")}


def _differences(first: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return own less first; None where either has no figure."""
    return {
        name: None if first[name] is None or own[name] is None else round(own[name] - first[name], 6)
        for name in FIGURES
    }  # fmt: skip


def _changes(first: Outcome, own: Outcome) -> dict[str, Any]:
    """Say which villages and clauses of a result differ from the first."""
    both = first.villages.merge(own.villages, on="village_id", suffixes=("_before", ""))
    both = both[(both["group"] == "village") & (both["group_before"] == "village")]
    lost = (both["minutes"] - both["minutes_before"]).round(1)
    cut = both["minutes"].isna() & both["minutes_before"].notna()
    joined = both["minutes"].notna() & both["minutes_before"].isna()
    losing, gaining = (lost > 0) | cut, (lost < 0) | joined
    people = both["population"]
    return {
        "losing": {
            **_crowd(both, losing), "cut_off": int(cut.sum()),
            "person_minutes": round(float((lost * people)[lost > 0].sum())),
            "worst_off": _named(both, losing, lost.fillna(np.inf)),
        },
        "gaining": {
            **_crowd(both, gaining), "newly_reached": int(joined.sum()),
            "person_minutes": round(float((-lost * people)[lost < 0].sum())),
            "best_off": _named(both, gaining, (-lost).fillna(np.inf)),
        },
        "leaving_the_circle": _crowd(both, both["within_before"] & ~both["within"], with_ids=True),
        "joining_the_circle": _crowd(both, ~both["within_before"] & both["within"], with_ids=True),
        "villages_in_one_only": sorted(_counted(first) ^ _counted(own)),
        "clauses": _clauses(first, own),
    }  # fmt: skip


def _counted(outcome: Outcome) -> set[str]:
    return set(outcome.villages["village_id"][outcome.villages["group"] == "village"])


def _crowd(both: pd.DataFrame, chosen: pd.Series, *, with_ids: bool = False) -> dict[str, Any]:
    rows = both[chosen]
    ids = {"ids": sorted(rows["village_id"])} if with_ids else {}
    return {"villages": len(rows), "people": int(rows["population"].sum()), **ids}


def _named(both: pd.DataFrame, chosen: pd.Series, size: pd.Series) -> list[dict[str, Any]]:
    """Name the villages with the largest change, those without a way first; ties by people, then by id."""
    rows = both.assign(size=size)[chosen]
    rows = rows.sort_values(["size", "population", "village_id"], ascending=[False, False, True]).head(MOST_NAMED)
    return [
        {
            "village_id": str(row["village_id"]), "name": row["name"], "township": row["township"],
            "people": int(row["population"]), "minutes_before": _rounded(row["minutes_before"], 1),
            "minutes_after": _rounded(row["minutes"], 1),
            "minutes_lost": _rounded(row["minutes"] - row["minutes_before"], 1),
        }
        for row in rows.to_dict(orient="records")
    ]  # fmt: skip


def _clauses(first: Outcome, own: Outcome) -> list[dict[str, Any]]:
    """List the clauses that both results test and whose verdict differs."""
    return [
        {
            "document": key[0], "clause": key[1], "before": first.verdicts[key]["status"],
            "after": verdict["status"], "actual_before": first.verdicts[key]["actual"],
            "actual_after": verdict["actual"],
        }
        for key, verdict in own.verdicts.items()
        if key in first.verdicts and first.verdicts[key]["status"] != verdict["status"]
    ]  # fmt: skip
