"""Say why each site is as it is: what happens without it, and the next best choice with its price."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.errors import Phrase
from clinicplan.siting.merge.answer import (
    NONE,
    OUTREACH,
    OWN,
    SEAT,
    SHARED,
    MergePlan,
    objective_values,
    read_plan,
)
from clinicplan.siting.merge.formulation import MergeModel
from clinicplan.siting.merge.question import MergeQuestion
from clinicplan.siting.merge.stages import part_labels, solve_in_order
from clinicplan.siting.proposal import SitePlan
from clinicplan.words import phrase

if TYPE_CHECKING:
    from clinicplan.siting.merge.ground import SitingGround

Flags = NDArray[np.bool_]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

COMPARED: Final = ("people_outside", "people_without_arrangement", "yearly_cost", "person_time", "changes")
SOLVED_AT_ONCE: Final = 2
FEN_PER_WAN: Final = 1_000_000
MS_PER_MIN: Final = 60_000


@dataclass(frozen=True, eq=False)
class Names:
    """What villages are called, and the circle in words.

    Parameters
    ----------
    village
        Shape (villages): name.
    circle
        The standard, such as 15 minutes.
    """

    village: NDArray[np.object_]
    circle: Phrase

    @classmethod
    def of(cls, ground: SitingGround, question: MergeQuestion) -> Names:
        """Take the names of the villages layer, ids where it has none."""
        given = ground.villages["name"].astype(str).to_numpy(dtype=object)
        village = np.where(given == "", question.village_ids, given).astype(object)
        standard = ground.circles.rule.standard
        if standard.limit_ms is not None:
            return cls(village, phrase("siting_merge.circle.minutes", minutes=f"{standard.limit_ms / MS_PER_MIN:g}"))
        return cls(village, phrase("siting_merge.circle.km", km=f"{(standard.limit_mm or 0) / 1e6:g}"))


@dataclass(frozen=True)
class Loss:
    """What is lost without a site while all others stay: villages and people.

    Parameters
    ----------
    outside_villages, outside_people
        Beyond the circle.
    bare_villages, bare_people
        Without an arrangement.
    """

    outside_villages: int
    outside_people: int
    bare_villages: int
    bare_people: int


def loss_without(question: MergeQuestion, plan: MergePlan, site: int) -> Loss:
    """Count who loses the circle, and who the arrangement, when one open site is left out of the plan."""
    serving = np.where(question.covers_open, plan.open, plan.open & (plan.host | question.central))
    times = np.bincount(question.cover_home[serving[question.cover_site]], minlength=question.n_homes)
    here = np.zeros(question.n_homes, dtype=bool)
    here[question.cover_home[question.cover_site == site]] = bool(serving[site])
    lost = here & (times == 1)
    bare = plan.site == site
    return Loss(
        int(np.unique(question.home_village[lost]).size),
        int(question.home_people[lost].sum()),
        int(bare.sum()),
        int(question.people[bare].sum()),
    )


def with_reasons(
    question: MergeQuestion,
    model: MergeModel,
    x: Float64,
    plan: MergePlan,
    sites: tuple[SitePlan, ...],
    names: Names,
    *,
    time_limit_s: float,
) -> tuple[tuple[SitePlan, ...], int]:
    """Return the sites of a plan, each with one sentence computed from the model, and how many lack a next best.

    For a site built, upgraded, converted or closed the model is solved again with that decision forbidden and
    everything else free, so that the next best choice is the best of all others; its price is the first objective in
    which it is worse. For a clinic that is kept the single exchanges of its own village are compared, the rest of the
    plan as it is. Where time runs out the sentence says what is lost, without a next best, and is counted.

    Parameters
    ----------
    question, model, x, plan
        The county, its model, its solution and the plan read from it.
    sites
        Rows of the plan.
    names
        Names of villages.
    time_limit_s
        For solving again, all sites together.
    """
    deadline = time.perf_counter() + time_limit_s
    row_of = {str(name): row for row, name in enumerate(question.site_ids)}
    _, part = part_labels(model.program)

    def reason(site: SitePlan) -> tuple[Phrase, bool]:
        row = row_of.get(site.site_id, -1)
        if row < 0:
            return phrase("siting_merge.why.point"), False
        if site.action == "keep":
            return _why_kept(question, plan, row, names), False
        late = time.perf_counter() >= deadline
        other = _next_best(question, model, x, part, row, site.action, deadline)
        return _why_changed(question, plan, row, site.action, other, names), late

    with ThreadPoolExecutor(max_workers=SOLVED_AT_ONCE) as pool:
        reasons = list(pool.map(reason, sites))
    told = tuple(replace(site, why=why) for site, (why, _) in zip(sites, reasons, strict=True))
    return told, sum(late for _, late in reasons)


def _next_best(
    question: MergeQuestion, model: MergeModel, x: Float64, part: Int64, site: int, action: str, deadline: float
) -> MergePlan | None:
    """Solve again with one decision forbidden; None where nothing else is lawful or time ran out.

    Parts of the model that the site has no part in keep their solution, which is best for them whatever it does.
    """
    left = deadline - time.perf_counter()
    if left <= 0:
        return None
    decided = (model.columns.host if action == "upgrade" else model.columns.open).column(site)
    elsewhere = part != part[decided]
    lower = np.where(elsewhere, x, model.program.lower)
    upper = np.where(elsewhere, x, model.program.upper)
    forbidden = 1.0 if action in {"convert", "close"} else 0.0
    if not model.program.lower[decided] <= forbidden <= model.program.upper[decided]:
        return None
    lower[decided] = upper[decided] = forbidden
    found = solve_in_order(replace(model.program, lower=lower, upper=upper), model.goals, time_limit_s=left, threads=1)
    return None if found.x is None else read_plan(question, model, found.x)


# --- sentences --------------------------------------------------------------------------------------------------------


def _why_changed(
    question: MergeQuestion, plan: MergePlan, site: int, action: str, other: MergePlan | None, names: Names
) -> Phrase:
    village = int(question.site_village[site])
    loss = (
        _loss(loss_without(question, plan, site), names) if plan.open[site] else _moved(question, plan, village, names)
    )
    if other is None:
        return phrase(f"siting_merge.why.{action}_alone", loss=loss)
    return phrase(
        f"siting_merge.why.{action}", loss=loss, other=_arranged(question, other, village, names),
        price=_price(question, plan, other),
    )  # fmt: skip


def _loss(loss: Loss, names: Names) -> Phrase:
    """Name the worst that happens: the circle first, then the arrangement."""
    parts = []
    if loss.outside_people:
        parts.append(
            phrase(
                "siting_merge.loss.outside", villages=loss.outside_villages, people=f"{loss.outside_people:,}",
                circle=names.circle,
            )
        )  # fmt: skip
    if loss.bare_villages:
        parts.append(phrase("siting_merge.loss.bare", villages=loss.bare_villages, people=f"{loss.bare_people:,}"))
    if not parts:
        return phrase("siting_merge.loss.nothing")
    return parts[0] if len(parts) == 1 else phrase("siting_merge.loss.both", one=parts[0], other=parts[1])


def _moved(question: MergeQuestion, plan: MergePlan, village: int, names: Names) -> Phrase:
    return phrase(
        "siting_merge.loss.moved", people=f"{int(question.people[village]):,}",
        arranged=_arranged(question, plan, village, names),
    )  # fmt: skip


def _arranged(question: MergeQuestion, plan: MergePlan, village: int, names: Names) -> Phrase:
    """Say how a plan provides for a village."""
    kind, site = int(plan.kind[village]), int(plan.site[village])
    if kind == OWN:
        word = "own" if question.stands[site] else "own_new"
        return phrase(f"siting_merge.arranged.{word}", site=question.site_ids[site])
    if kind == SHARED:
        return phrase("siting_merge.arranged.shared", host=names.village[question.site_village[site]])
    key = {SEAT: "seat", OUTREACH: f"outreach.{question.outreach_kind}", NONE: "none"}[kind]
    return phrase(f"siting_merge.arranged.{key}")


def _price(question: MergeQuestion, plan: MergePlan, other: MergePlan) -> Phrase:
    """Name the first objective in which another plan is worse, and by how much."""
    now, then = objective_values(question, plan), objective_values(question, other)
    for name in COMPARED:
        more = then[name] - now[name]
        if more > 0:
            return phrase(f"siting_merge.price.{name}", more=_amount(name, more))
        if more < 0:
            return phrase("siting_merge.price.less", name=phrase(f"siting_merge.objective.{name}"))
    return phrase("siting_merge.price.same")


def _amount(name: str, more: int) -> str:
    if name == "yearly_cost":
        return f"{more / FEN_PER_WAN:,.2f}"
    if name == "person_time":
        return f"{more / MS_PER_MIN:,.0f}"
    return f"{more:,}"


def _why_kept(question: MergeQuestion, plan: MergePlan, site: int, names: Names) -> Phrase:
    village = int(question.site_village[site])
    loss = loss_without(question, plan, site)
    guests = int(((plan.site == site) & (plan.kind == SHARED)).sum())
    if loss.bare_villages == 0 and loss.outside_people == 0:
        return phrase("siting_merge.why.keep_together", village=names.village[village])
    text = _loss(loss, names)
    if guests:
        return phrase("siting_merge.why.keep_host", loss=text, guests=guests)
    choice = _exchange(question, plan, village)
    if choice is None:
        return phrase("siting_merge.why.keep_only", loss=text)
    host, minutes, saved = choice
    key = "keep" if saved >= 0 else "keep_dearer"
    return phrase(
        f"siting_merge.why.{key}", loss=text, host=names.village[host], minutes=f"{minutes:,.1f}",
        saved=f"{abs(saved) / FEN_PER_WAN:,.2f}",
    )  # fmt: skip


def _exchange(question: MergeQuestion, plan: MergePlan, village: int) -> tuple[int, float, int] | None:
    """Return the cheapest lawful host for a village that keeps its clinic: host village, minutes, fen saved a year.

    Hosts are open clinics with room; a clinic that is not central yet costs its upgrade.
    """
    money = question.money
    guests = np.bincount(plan.site[(plan.kind == SHARED)], minlength=question.n_sites)
    arcs = np.flatnonzero(question.arc_village == village)
    site = question.arc_site[arcs]
    usable = plan.open[site] & (guests[site] < question.limits.guests)
    arcs, site = arcs[usable], site[usable]
    if not arcs.size:
        return None
    raised = np.where(plan.host[site] | question.central[site], 0, money.per_year(money.upgrade))
    standing = question.stands & (question.site_village == village)
    per_clinic = money.run + money.doctor - (0 if question.allow_close else money.per_year(money.service_point))
    saved = int((standing & plan.open).sum()) * per_clinic - raised
    order = np.lexsort((question.site_ids[site].astype(str), question.arc_person_ms[arcs], -saved))
    best = int(order[0])
    people = max(int(question.people[village]), 1)
    return (
        int(question.site_village[site[best]]),
        float(question.arc_person_ms[arcs[best]] / people / MS_PER_MIN),
        int(saved[best]),
    )
