"""Price a plan again in whole fen, and check doctors, budgets and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

from clinicplan.siting.check.claims import Offence, at_least, at_most, claim, yuan
from clinicplan.siting.check.rows import CENTRAL, FEN, POINT, SiteRow
from clinicplan.siting.check.world import PlanWorld
from clinicplan.siting.proposal import Check


def exact(number: float) -> Fraction:
    """Return a number of the region file as it is written there: 0.1 is a tenth."""
    return Fraction(str(number))


def fen(number: float) -> int:
    """Return yuan of the region file as whole fen, halves up."""
    return half_up(exact(number) * FEN)


def half_up(number: Fraction) -> int:
    """Return the nearest whole number, halves up."""
    return floor(number + Fraction(1, 2))


def site_cost_fen(world: PlanWorld, site: SiteRow) -> int:
    """Return what the action of a site costs once."""
    cost = world.siting.cost
    if site.action == "convert" or site.is_new_point:
        return fen(cost.service_point)
    if site.action == "upgrade":
        return fen(cost.upgrade)
    if site.action != "build":
        return 0
    candidate, before = world.candidates.get(site.site_id), world.dormant.get(site.site_id)
    price = fen(cost.build) if candidate is None or candidate.build_fen is None else candidate.build_fen
    raised = site.tier == CENTRAL and (before is None or before.tier != CENTRAL)
    return price + (fen(cost.upgrade) if raised else 0)


def build_fen(world: PlanWorld) -> int:
    """Return the one-off money of all sites."""
    return sum(site_cost_fen(world, site) for site in world.sites)


def running_fen(world: PlanWorld) -> int:
    """Return what the open clinics and their doctors cost a year."""
    cost = world.siting.cost
    doctors = sum(site.doctors or 0 for site in world.open_sites)
    return len(world.open_sites) * fen(cost.run_per_year) + doctors * fen(cost.doctor_per_year)


def yearly_fen(world: PlanWorld) -> int:
    """Return running money with each site's one-off money spread over its years, rounded site by site."""
    years = exact(world.siting.cost.life_years)
    return running_fen(world) + sum(half_up(site_cost_fen(world, site) / years) for site in world.sites)


def check_site_costs(world: PlanWorld) -> Iterator[Check]:
    """Check the one-off money of every site."""
    priced = [(site, site_cost_fen(world, site)) for site in world.sites]
    odd = [Offence(site.site_id, yuan(site.cost_fen), yuan(right)) for site, right in priced if site.cost_fen != right]
    yield claim("site_costs", odd)


def check_budgets(world: PlanWorld) -> Iterator[Check]:
    """Check both budgets, where the region sets them."""
    budget = world.siting.budget
    spent = (
        ("build_budget", build_fen(world), budget.build_cny),
        ("running_budget", running_fen(world), budget.running_cny_per_year),
    )
    for rule, money, limit in spent:
        over = limit > 0 and money > exact(limit) * FEN
        yield claim(rule, [Offence("", yuan(money), at_most(yuan(fen(limit))))] if over else ())


def check_doctors(world: PlanWorld) -> Iterator[Check]:
    """Check that each clinic has a doctor, that there are enough for the people, and no more than there are."""
    asked = world.siting.doctors
    bare = [site for site in world.open_sites if not site.doctors or site.doctors < 1]
    yield claim("doctors_each", (Offence(site.site_id, site.doctors, at_least(1)) for site in bare))
    total = sum(site.doctors or 0 for site in world.open_sites)
    least = 0 if asked.least_per_1000 is None else ceil(exact(asked.least_per_1000) * world.member_people / 1000)
    yield claim("doctors_least", [Offence("", total, at_least(least))] if total < least else ())
    most = asked.available
    over = most is not None and total > most
    yield claim("doctors_available", [Offence("", total, at_most(most or 0))] if over else ())


def check_totals(world: PlanWorld) -> Iterator[Check]:
    """Check the totals that stand beside the plan, to the fen; today's clinics count with one doctor each."""
    cost, costs = world.siting.cost, world.plan.get("costs") or {}
    today = len(world.clinics) * (fen(cost.run_per_year) + fen(cost.doctor_per_year))
    right = {
        "build_cny": build_fen(world),
        "running_cny_per_year": running_fen(world),
        "yearly_cny": yearly_fen(world),
        "today_running_cny_per_year": today,
    }
    odd = [
        Offence(name, _said(costs.get(name)), yuan(money))
        for name, money in right.items()
        if _differs(costs.get(name), money)
    ]
    by_action: Counter[str] = Counter()
    for site in world.sites:
        by_action[POINT if site.is_new_point else site.action] += site_cost_fen(world, site)
    said = costs.get("by_action") or {}
    odd += [
        Offence(name, _said(said.get(name, 0)), yuan(by_action[name]))
        for name in sorted({*said, *by_action})
        if _differs(said.get(name, 0), by_action[name])
    ]
    yield claim("cost_totals", odd)


def _differs(said: object, money: int) -> bool:
    return not isinstance(said, int | float) or abs(said * FEN - money) > 0.01


def _said(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, int | float) else "-"
