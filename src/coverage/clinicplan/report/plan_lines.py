"""State a plan in five lines for people and in a few figures for programs."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.county import CountyResult
    from clinicplan.siting.proposal import Proposal

ACTIONS: Final = ("keep", "build", "upgrade", "convert", "close")
YUAN_PER: Final = {"zh": 10_000, "en": 1}
"""Money is told in ten thousand yuan in Chinese, in yuan in English."""


def plan_lines(result: CountyResult, lang: Language) -> list[str]:
    """Return status and proof, counts, money, people outside, and what else to know: five lines.

    Parameters
    ----------
    result
        The answer with a plan.
    lang
        Language.
    """
    proposal, figures = result.proposal, outside_figures(result)
    if proposal is None:
        raise ValueError("the result has no plan")
    region = result.county.region
    name = region.name
    if region.scenario:
        name = word("plan.line.scenario", lang, region=name, scenario=region.scenario)
    status = "optimal" if proposal.status == "optimal" else "gap"
    none = sum(item.arrangement == "none" for item in proposal.villages)
    notes = {"none": none, "count": len(proposal.notes)}
    counts = {action: proposal.count(action) for action in ACTIONS}
    shared = sum(item.arrangement == "shared" for item in proposal.villages)
    last = (
        word("plan.line.not_written", lang, **notes)
        if result.out is None
        else word("plan.line.notes", lang, out=result.out, **notes)
    )
    return [
        word(f"plan.line.{status}", lang, name=name, gap=gap_text(proposal.gap), engine=proposal.engine),
        word("plan.line.counts", lang, **counts, shared=shared),
        word("plan.line.costs", lang, **_money(proposal, lang)),
        word(
            "plan.line.outside", lang, today=f"{figures['people_outside_today']:,}",
            planned=f"{figures['people_outside_planned']:,}", all=f"{result.summary['population']:,}",
        ),
        last,
    ]  # fmt: skip


def plan_figures(result: CountyResult) -> dict[str, Any]:
    """Return the plan in figures, as `summary.json` has it under `plan`."""
    proposal = result.proposal
    if proposal is None:
        raise ValueError("the result has no plan")
    arrangements = [item.arrangement for item in proposal.villages]
    return {
        "model": proposal.model,
        "status": proposal.status,
        "gap": round(proposal.gap, 8),
        "engine": proposal.engine,
        "actions": {action: proposal.count(action) for action in ACTIONS},
        "arrangements": {name: arrangements.count(name) for name in dict.fromkeys(sorted(arrangements))},
        "costs": proposal.costs,
        **outside_figures(result),
    }


def outside_figures(result: CountyResult) -> dict[str, int]:
    """Return people and villages outside the circle, today and as planned."""
    today, planned = result.summary, result.summary["planned"]
    return {
        "people_outside_today": today["population"] - today["people_covered"],
        "people_outside_planned": planned["population"] - planned["people_covered"],
        "villages_outside_today": today["villages"] - today["villages_covered"],
        "villages_outside_planned": planned["villages"] - planned["villages_covered"],
    }


def status_text(proposal: Proposal, lang: Language) -> str:
    """Say whether the plan is proven, and if not, how far from the best it may be."""
    if proposal.status == "optimal":
        return word("plan.proven", lang)
    return word("plan.within", lang, gap=gap_text(proposal.gap))


def gap_text(share: float) -> str:
    """Write a gap as percent, rounded up, so that nothing looks better than it is proven.

    Examples
    --------
    >>> gap_text(0.0), gap_text(0.00021), gap_text(0.0501)
    ('0%', '0.03%', '5.01%')
    """
    return f"{ceil(round(share * 10_000, 6)) / 100:g}%"


def _money(proposal: Proposal, lang: Language) -> dict[str, str]:
    keys = {
        "build": "build_cny", "today": "today_running_cny_per_year", "running": "running_cny_per_year",
        "yearly": "yearly_cny",
    }  # fmt: skip
    return {name: _amount(proposal.costs.get(key), lang) for name, key in keys.items()}


def _amount(value: float | None, lang: Language) -> str:
    if value is None:
        return word("plan.nobody", lang)
    return f"{value / YUAN_PER[lang]:,.1f}".removesuffix(".0")
