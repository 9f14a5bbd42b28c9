"""Put headings, sentences, tables and figures in the order of the 说明书."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinicplan.report.document import annex_tables as annex
from clinicplan.report.document import clause_tables as clauses
from clinicplan.report.document import money_tables as money
from clinicplan.report.document import plan_tables as plan
from clinicplan.report.document import present_tables as present
from clinicplan.report.document import sentences as say
from clinicplan.report.document import service_tables as service
from clinicplan.report.document.entries import Blank, Block, FigurePlace, Heading
from clinicplan.words import word

if TYPE_CHECKING:
    from clinicplan.report.document.source import DocumentSource


def chapters(source: DocumentSource) -> list[Block]:
    """Return every block of the document, first to last.

    Parameters
    ----------
    source
        A result read back.

    Returns
    -------
    blocks
        Tables and figures stand in the order of their numbers.
    """
    figures = {figure.key: figure for figure in figure_places(source)}
    return [
        *_overview(source), *_present(source, figures), *_service(source, figures), *_policy(source),
        *_plan(source, figures), *_comparison(source, figures), *_annexes(source, figures),
    ]  # fmt: skip


def figure_places(source: DocumentSource) -> list[FigurePlace]:
    """List the figures with the numbers and titles that `clinicplan figures` gives them."""
    first = f"{source.bands[0]:g}" if source.bands else ""
    natural = "settlements" if source.region["layers"].get("natural_villages") else "settlements_plain"
    bars = "bars" if source.region["population_basis"] == "resident" else "bars_hukou"
    titled: list[tuple[str, str, str, dict[str, str]]] = [
        ("2", "settlements", natural, {}),
        ("2", "facilities", "facilities", {}),
        *(("3", f"circle-{upper:g}", "circle", {"minutes": f"{upper:g}"}) for upper in source.bands),
        ("3", "reach", bars, {"minutes": first}),
        ("3", "outside", "outside", {}),
        ("3", "ladder", "ladder", {}),
        ("5", "plan", "plan", {}),
        ("5", "comparison", "comparison", {"minutes": first or "15"}),
        ("5", "sub-centres", "sub_centres", {"km": f"{source.region['siting']['sub_centres']['min_km']:g}"}),
        ("6", "frontier", "frontier", {}),
    ]
    scenario = source.manifest.get("scenario")
    if scenario and source.plan is None and source.bands:
        titled.append(("6", "scenario", "scenario", {"scenario": scenario}))
    titled.append(("A", "lorenz", "lorenz", {}))
    count: dict[str, int] = {}
    places = []
    for chapter, key, title, values in titled:
        count[chapter] = count.get(chapter, 0) + 1
        text = word(f"figures.title.{title}", source.lang, **{"name": source.name, **values})
        places.append(FigurePlace(f"{chapter}-{count[chapter]}", key, text))
    return places


def _overview(source: DocumentSource) -> list[Block]:
    return [
        _head(source, "c1", 1),
        _head(source, "c1_task"), *say.scope_sentences(source), Blank(),
        _head(source, "c1_basis"), *say.basis_sentences(source), Blank(),
        _head(source, "c1_terms"), *say.definition_sentences(source), Blank(),
        present.conclusions_table(source), present.data_table(source),
    ]  # fmt: skip


def _present(source: DocumentSource, figures: dict[str, FigurePlace]) -> list[Block]:
    return [
        _head(source, "c2", 1),
        _head(source, "c2_people"), present.people_table(source), figures["settlements"],
        _head(source, "c2_facilities"), present.facilities_table(source), present.owners_table(source),
        figures["facilities"],
        _head(source, "c2_empty"), present.empty_villages_table(source), present.closed_table(source),
        present.ages_table(source),
        _head(source, "c2_problems"), *say.problem_sentences(source),
    ]  # fmt: skip


def _service(source: DocumentSource, figures: dict[str, FigurePlace]) -> list[Block]:
    circles = [figure for key, figure in figures.items() if key.startswith("circle-")]
    return [
        _head(source, "c3", 1),
        _head(source, "c3_method"), service.speeds_table(source),
        _head(source, "c3_results"), *say.circle_sentences(source), service.circles_table(source), *circles,
        figures["reach"],
        _head(source, "c3_outside"), service.outside_table(source), service.clinics_table(source), figures["outside"],
        _head(source, "c3_ladder"), *say.ladder_sentences(source), service.ladder_table(source), figures["ladder"],
        service.modes_table(source),
    ]  # fmt: skip


def _policy(source: DocumentSource) -> list[Block]:
    return [_head(source, "c4", 1), clauses.clauses_table(source), clauses.open_clauses_table(source),
            clauses.failing_table(source)]  # fmt: skip


def _plan(source: DocumentSource, figures: dict[str, FigurePlace]) -> list[Block]:
    return [
        _head(source, "c5", 1),
        _head(source, "c5_rules"), plan.rules_table(source), plan.parameters_table(source),
        _head(source, "c5_plan"), *say.plan_sentences(source), plan.counts_table(source),
        plan.arrangements_table(source), figures["plan"], figures["comparison"],
        _head(source, "c5_centres"), plan.sub_centres_table(source), figures["sub-centres"],
        _head(source, "c5_effects"), *say.effect_sentences(source), plan.longer_table(source),
        plan.effects_table(source),
    ]  # fmt: skip


def _comparison(source: DocumentSource, figures: dict[str, FigurePlace]) -> list[Block]:
    scenario = [figures["scenario"]] if "scenario" in figures else []
    return [
        _head(source, "c6", 1), money.plans_table(source), figures["frontier"], *scenario,
        _head(source, "c7", 1), *say.money_sentences(source), money.projects_table(source),
        money.investment_table(source), money.running_table(source),
        _head(source, "c8", 1), *say.closing_sentences(source), Blank(),
    ]  # fmt: skip


def _annexes(source: DocumentSource, figures: dict[str, FigurePlace]) -> list[Block]:
    return [
        _head(source, "annex", 1), annex.villages_table(source), annex.sites_table(source), annex.project_list(source),
        annex.opinions_form(source), annex.pending_table(source), annex.corrections_form(source),
        _head(source, "technical", 1), *say.check_sentences(source), annex.proofs_table(source), figures["lorenz"],
    ]  # fmt: skip


def _head(source: DocumentSource, key: str, level: int = 2) -> Heading:
    return Heading(source.say(f"heading.{key}"), level)
