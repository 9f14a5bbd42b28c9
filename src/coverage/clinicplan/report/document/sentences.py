"""Compute the sentences of the document; each agrees with the table it points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinicplan.report.document.clause_tables import policy_title
from clinicplan.report.document.entries import Sentence
from clinicplan.report.document.numbers import decimals, money, share, share_of, whole
from clinicplan.report.document.plan_tables import is_new_point, lacks_layout, longer_ways
from clinicplan.report.document.present_tables import villages_without_clinic
from clinicplan.report.document.statements import sources_line, table_statements
from clinicplan.report.headline import limit_text, percent
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource


def scope_sentences(source: DocumentSource) -> list[Sentence]:
    """Say how many villages and people are looked at."""
    summary = source.summary
    return [
        Sentence(
            source.say(
                "sentence.scope", name=source.name, villages=whole(summary["villages"]), people=source.people,
                population=whole(summary["population"]), communities=whole(summary["communities"]["n"]),
                exempt=whole(summary["exempt"]["n"]), pending=whole(summary["pending"]["villages"]),
            ),
            "2-1",
        )
    ]  # fmt: skip


def basis_sentences(source: DocumentSource) -> list[Sentence]:
    """Name the document compared with, with its number and whether it is a draft."""
    policy = source.manifest.get("policy")
    if not policy:
        return [Sentence(source.say("sentence.no_policy"))]
    number = source.say("cover.version", version=policy["number"]) if policy["number"] else ""
    lines = [Sentence(source.say("sentence.basis", title=policy_title(source), number=number))]
    if policy["draft"]:
        lines.append(Sentence(word("statements.draft_policy", source.lang, title=policy_title(source))))
    return lines


def problem_sentences(source: DocumentSource) -> list[Sentence]:
    """Say what is wrong today, each figure with its table."""
    summary = source.summary
    outside = summary["population"] - summary["people_covered"]
    villages = whole(summary["villages"] - summary["villages_covered"])
    part = share_of(outside, summary["population"])
    closed = sum(row["operating"] == "no" and row["outside_county"] != "true" for row in source.facilities)
    found = [
        Sentence(source.say("sentence.outside", villages=villages, people=whole(outside), share=part), "3-3"),
        Sentence(source.say("sentence.empty", villages=whole(len(villages_without_clinic(source)))), "2-4"),
        Sentence(source.say("sentence.closed", count=whole(closed)), "2-5"),
    ]
    if source.audit:
        fail = sum(row["status"] == "fail" for row in source.audit)
        found.append(Sentence(source.say("sentence.failing", all=whole(len(source.audit)), fail=whole(fail)), "4-1"))
    return found


def circle_sentences(source: DocumentSource) -> list[Sentence]:
    """State the answer: villages and people within the circle, with its range."""
    summary, lang = source.summary, source.lang
    low, high = summary["share_range"]
    return [
        Sentence(
            source.say(
                "sentence.circle", mode=word(f"general.mode.{summary['mode']}", lang),
                limit=limit_text(dict(summary), lang), covered=whole(summary["villages_covered"]),
                villages=whole(summary["villages"]), share=share(summary["villages_covered_share"]),
                people=source.people, people_covered=whole(summary["people_covered"]),
                population=whole(summary["population"]), people_share=share(summary["people_covered_share"]),
                low=percent(low), high=percent(high),
            ),
            "3-2",
        )
    ]  # fmt: skip


def ladder_sentences(source: DocumentSource) -> list[Sentence]:
    """Say how many people reach a township and a county hospital in time."""
    near, far = (source.summary["ladder"][step] for step in ("township_hospital", "county_hospital"))
    text = source.say(
        "sentence.ladder", people=source.people, near=f"{near['minutes']:g}", near_people=whole(near["people"]),
        near_share=share(near["people_share"]), far=f"{far['minutes']:g}", far_people=whole(far["people"]),
        far_share=share(far["people_share"]),
    )  # fmt: skip
    return [Sentence(text, "3-5")]


def plan_sentences(source: DocumentSource) -> list[Sentence]:
    """Say what the plan does with clinics, and how many villages it leaves without arrangement."""
    if lacks_layout(source) or source.plan is None:
        return []
    sites = source.plan["sites"]
    actions = [site["action"] for site in sites if not is_new_point(site)]
    counts = {name: actions.count(name) for name in ("keep", "build", "upgrade", "convert", "close")}
    planned = counts["keep"] + counts["build"] + counts["upgrade"]
    points = sum(is_new_point(site) for site in sites)
    shown = {name: whole(count) for name, count in counts.items()}
    text = source.say("sentence.plan", **shown, points=whole(points), planned=whole(planned))
    none = sum(item["arrangement"] == "none" for item in source.plan["villages"])
    return [Sentence(text, "5-3"), Sentence(source.say("sentence.none", count=whole(none)), "5-4")]


def effect_sentences(source: DocumentSource) -> list[Sentence]:
    """Say what the plan changes for people, and for whom the way grows longer."""
    planned = source.summary.get("planned")
    if planned is None:
        return []
    now = source.summary
    values = {
        "today": whole(now["population"] - now["people_covered"]),
        "planned": whole(planned["population"] - planned["people_covered"]),
        "villages_today": whole(now["villages"] - now["villages_covered"]),
        "villages_planned": whole(planned["villages"] - planned["villages_covered"]),
    }
    found = [Sentence(source.say("sentence.effects", **values), "5-7")]
    longer = longer_ways(source)
    if longer:
        most = decimals(longer[0]["minutes_lost"])
        found.append(Sentence(source.say("sentence.longer", count=whole(len(longer)), minutes=most), "5-6"))
    elif not lacks_layout(source):
        found.append(Sentence(source.say("sentence.not_longer"), "5-6"))
    return found


def money_sentences(source: DocumentSource) -> list[Sentence]:
    """Say what the plan costs once and every year."""
    costs = (source.plan or {}).get("costs") or {}
    if not costs:
        return []
    text = source.say(
        "sentence.money", build=money(costs["build_cny"]), today=money(costs["today_running_cny_per_year"]),
        running=money(costs["running_cny_per_year"]),
    )  # fmt: skip
    return [Sentence(text, "7-3")]


def definition_sentences(source: DocumentSource) -> list[Sentence]:
    """State the definitions once in the text."""
    return [Sentence(line) for line in table_statements(source)]


def closing_sentences(source: DocumentSource) -> list[Sentence]:
    """Name sources and versions."""
    versions = source.manifest["versions"]
    text = source.say("sentence.version", version=versions["clinicplan"], python=versions["python"])
    return [Sentence(sources_line(source)), Sentence(text)]


def check_sentences(source: DocumentSource) -> list[Sentence]:
    """Say how many claims of the plan were derived anew."""
    checks = (source.plan or {}).get("checks") or []
    if not checks:
        return []
    held = sum(bool(item["holds"]) for item in checks)
    return [Sentence(source.say("sentence.checks", all=whole(len(checks)), holds=whole(held)))]
