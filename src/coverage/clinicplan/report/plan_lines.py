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
CHOICES: Final = ("sub_centres", "quota")
"""Models that choose among facilities that stand."""
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
    last = (
        word("plan.line.not_written", lang, **notes)
        if result.out is None
        else word("plan.line.notes", lang, out=result.out, **notes)
    )
    return [
        word(f"plan.line.{status}", lang, name=name, gap=gap_text(proposal.gap), engine=proposal.engine),
        _counts(proposal, lang),
        word("plan.line.costs" if proposal.costs else "plan.line.no_costs", lang, **_money(proposal, lang)),
        word(
            "plan.line.outside", lang, today=f"{figures['people_outside_today']:,}",
            planned=f"{figures['people_outside_planned']:,}", all=f"{result.summary['population']:,}",
        ),
        last,
    ]  # fmt: skip


def _counts(proposal: Proposal, lang: Language) -> str:
    """Count what is done: by the policy, by a location model, or among facilities that stand."""
    counts = {action: proposal.count(action) for action in ACTIONS}
    chosen = counts["keep"] + counts["build"] + counts["upgrade"]
    if proposal.model in CHOICES:
        return word("plan.line.chosen", lang, chosen=chosen, upgrade=counts["upgrade"])
    arrangements = [item.arrangement for item in proposal.villages]
    places = {name: arrangements.count(name) for name in ("own", "shared")}
    key = "counts" if proposal.model == "merge" else "located"
    return word(f"plan.line.{key}", lang, **counts, chosen=chosen, **places)


def arrangement_word(proposal: Proposal, arrangement: str, lang: Language) -> str:
    """Return the trade's word for an arrangement; a location model knows no sharing, only who goes where."""
    served = arrangement == "shared" and proposal.model != "merge"
    return word("plan.arrangement.served" if served else f"plan.arrangement.{arrangement}", lang)


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
