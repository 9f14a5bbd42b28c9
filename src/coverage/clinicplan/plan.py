"""Run a county from its region file to its result folder; the table of contents of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from clinicplan.county import (
    County,
    CountyResult,
    Progress,
    Stopwatch,
    profiles_to_audit,
    read_county,
    region_with_car,
    scan_county_roads,
)
from clinicplan.errors import (
    Fault,
    InfeasibleError,
    Language,
    LayerError,
    Severity,
)
from clinicplan.region import Region, read_region
from clinicplan.scenario import region_under
from clinicplan.terms import ALL_PRODUCTS, AUDIT_PRODUCTS, COVERAGE_PRODUCTS, FIXED_TIERS, ISOCHRONE_PRODUCTS
from clinicplan.words import fault

if TYPE_CHECKING:
    import pandas as pd

    from clinicplan.check import Inspection
    from clinicplan.coverage import CircleRule, ServiceCircles
    from clinicplan.policy.audit import Audit, AuditGround
    from clinicplan.siting.proposal import Proposal

COMMANDS: Final = {COVERAGE_PRODUCTS: "coverage", ISOCHRONE_PRODUCTS: "isochrones"}
"""Which command makes which products; `run` makes all."""


class PlanBrokenError(RuntimeError):
    """A plan does not hold what it claims: a bug of the models, never a matter of the input."""


def run(
    region: str | Path | Region,
    *,
    scenario: str | Path | None = None,
    out: str | Path | None = None,
    lang: Language | None = None,
    force: bool = False,
    progress: Progress | None = None,
    products: frozenset[str] = ALL_PRODUCTS,
) -> CountyResult:
    """Read a county, test its circles and write its results.

    Parameters
    ----------
    region
        A region file, its folder, or a region already read.
    scenario
        A scenario file over that region.
    out
        Result folder; None computes without writing.
    lang
        Language of what is written; default by the region's code.
    force
        Replace an earlier result.
    progress
        Called with the name of each step and its values.
    products
        What to make: tables, isochrones of each facility, map.

    Returns
    -------
    result
        The answer, and where it stands.

    Raises
    ------
    PlannerError
        With every fault of the input, before anything is written.
    """
    from clinicplan.results import require_free, result_folder

    if out is not None:
        require_free(Path(out), force=force)
    watch = Stopwatch(progress)
    read = region_under(region, scenario)
    _require_apart(read, out)
    county = read_county(read, watch=watch)
    language = lang or read.lang
    result = compute(county, lang=language, watch=watch, products=products, out=None if out is None else Path(out))
    if out is not None:
        from clinicplan.report.folder import write_results

        with result_folder(Path(out), force=force) as folder:
            command = COMMANDS.get(products, "run")
            write_results(result, folder, lang=language, watch=watch, command=command)
    return result


def propose(
    region: str | Path | Region,
    *,
    scenario: str | Path | None = None,
    out: str | Path | None = None,
    lang: Language | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> CountyResult:
    """Propose which clinics to keep, share, build and upgrade, and write it beside what `run` writes.

    The plan is derived anew by other code before it is believed; circles and audit are computed again for the county
    with the plan carried out.

    Parameters
    ----------
    region
        A region file, its folder, or a region already read.
    scenario
        A scenario file over that region.
    out
        Result folder; None computes without writing.
    lang
        Language of what is written; default by the region's code.
    force
        Replace an earlier result.
    progress
        Called with the name of each step and its values.

    Returns
    -------
    result
        The answer: today's circles, `proposal`, and `planned` circles.

    Raises
    ------
    InfeasibleError
        If no plan can satisfy the rules, or none was found in time; everything but the plan is written all the same.
    PlannerError
        With every fault of the input, before anything is written.
    PlanBrokenError
        If a claim of the plan does not hold when derived anew: a bug; nothing is written.
    """
    from clinicplan.results import require_free

    if out is not None:
        require_free(Path(out), force=force)
    watch = Stopwatch(progress)
    read = region_under(region, scenario)
    _require_apart(read, out)
    county = read_county(read, watch=watch)
    language, target = lang or read.lang, None if out is None else Path(out)
    today = compute(county, lang=language, watch=watch, products=ALL_PRODUCTS - AUDIT_PRODUCTS, out=target)
    today = replace(today, products=ALL_PRODUCTS)
    try:
        proposal = _checked_proposal(county, today.circles, language, watch)
    except InfeasibleError as error:
        result = replace(today, audit=_own_audit(county, today.circles, watch))
        _write_site(result, language, watch, force=force)
        stands = () if target is None else (fault(Severity.NOTE, "results_stand", subject="plan", folder=str(target)),)
        raise InfeasibleError(*error.faults, *stands) from error
    result = _carried_out(today, proposal, language, watch)
    _write_site(result, language, watch, force=force)
    return result


def _checked_proposal(county: County, circles: ServiceCircles, lang: Language, watch: Stopwatch) -> Proposal:
    """Ask the solver for a plan and derive its claims anew."""
    from clinicplan.siting.check import check_plan
    from clinicplan.siting.county import plan_county

    with watch.step("site"):
        proposal = plan_county(county, circles)
    if proposal.status == "unknown":
        seconds = f"{county.region.siting.time_limit_s:g}"
        raise InfeasibleError(fault(Severity.ERROR, "no_plan_in_time", subject="plan", seconds=seconds))
    with watch.step("site_check"):
        checks = check_plan(county, circles, proposal.to_json(lang))
    broken = [f"{check.rule} ({check.detail.en})" for check in checks if not check.holds]
    if broken:
        raise PlanBrokenError("; ".join(broken))
    return replace(proposal, checks=tuple(checks))


def _carried_out(today: CountyResult, proposal: Proposal, lang: Language, watch: Stopwatch) -> CountyResult:
    """Carry a plan out and compute circles, audit and figures again."""
    from clinicplan.coverage.areas import circle_areas
    from clinicplan.policy.audit import audit_on, planned_ground
    from clinicplan.policy.planned import carry_out, plan_tables, planned_circles
    from clinicplan.report.headline import circle_figures
    from clinicplan.report.plan_lines import plan_figures

    county = today.county
    with watch.step("planned"):
        planned_county = carry_out(plan_tables(proposal.to_json(lang)), county.layers, county.inspection.matches)
        planned = planned_circles(planned_county, today.circles)
        areas, _ = circle_areas(planned)
    audit = None
    if county.profile is not None:
        with watch.step("audit", policies=county.profile.id):
            audit = audit_on(
                planned_ground(_audit_ground(county, today.circles), planned_county, planned), county.profile
            )
    summary = {**today.summary, "planned": circle_figures(county, planned, areas)}
    result = replace(today, proposal=proposal, planned=planned, planned_areas=areas, audit=audit, summary=summary)
    return replace(result, summary={**summary, "plan": plan_figures(result)})


def _write_site(result: CountyResult, lang: Language, watch: Stopwatch, *, force: bool) -> None:
    from clinicplan.report.folder import write_results
    from clinicplan.results import result_folder

    if result.out is not None:
        with result_folder(result.out, force=force) as folder:
            write_results(result, folder, lang=lang, watch=watch, command="site")


def demo(
    folder: str | Path, *, lang: Language = "zh", force: bool = False, progress: Progress | None = None
) -> CountyResult:
    """Write the sample county into `folder/region` and its results into `folder/results`."""
    from clinicplan.results import require_free, result_folder, write_manifest
    from clinicplan.sample import write_sample

    target, out = Path(folder) / "region", Path(folder) / "results"
    require_free(target, force=force)
    require_free(out, force=force)
    if progress is not None:
        progress("sample")
    with result_folder(target, force=force) as draft:
        write_sample(draft)
        write_manifest(draft, {"sample": "示例数据 / synthetic data"})
    return run(target / "region.toml", out=out, lang=lang, force=force, progress=progress)


def check(
    region: str | Path,
    *,
    out: str | Path | None = None,
    lang: Language | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Inspection:
    """Inspect the data of a county in the three severities; write the table where `out` is given."""
    from clinicplan.results import require_free, result_folder, write_csv, write_manifest

    if out is not None:
        require_free(Path(out), force=force)
    read = read_region(region)
    _require_apart(read, out)
    county = read_county(read, watch=Stopwatch(progress), strict=False)
    inspection = county.inspection
    if out is not None:
        with result_folder(Path(out), force=force) as folder:
            write_csv(inspection.to_frame(lang or county.region.lang), folder / "check.csv")
            write_manifest(folder, {"region": county.region.name})
    return inspection


def compute(
    county: County,
    *,
    lang: Language,
    watch: Stopwatch | None = None,
    products: frozenset[str] = ALL_PRODUCTS,
    out: Path | None = None,
) -> CountyResult:
    """Compute the circles of a county and the areas they cover."""
    from clinicplan.coverage.areas import circle_areas
    from clinicplan.report.headline import full_summary

    watch = watch or Stopwatch()
    with watch.step("circles"):
        circles = county_circles(county)
    with watch.step("isochrones"):
        areas, facility_areas = circle_areas(circles, each="isochrones" in products)
    audit = _own_audit(county, circles, watch) if "audit" in products else None
    summary = full_summary(county, circles, areas, lang, _notes(county))
    return CountyResult(county, circles, areas, facility_areas, summary, audit, out, products)


def _notes(county: County) -> tuple[Fault, ...]:
    """Say that there is no audit where the region names no policy."""
    if county.profile is not None:
        return ()
    return (fault(Severity.NOTE, "audit_skipped", layer="region", file=county.region.path.name),)


def _own_audit(county: County, circles: ServiceCircles, watch: Stopwatch) -> Audit | None:
    """Test the clauses of the region's own policy; None without one."""
    if county.profile is None:
        return None
    from clinicplan.policy.audit import audit_on

    with watch.step("audit", policies=county.profile.id):
        return audit_on(_audit_ground(county, circles), county.profile)


def _audit_ground(county: County, circles: ServiceCircles) -> AuditGround:
    """Set the county up for the audit of its own policy."""
    from clinicplan.policy.audit import audit_ground
    from clinicplan.policy.settings import AuditSettings

    settings = AuditSettings.of_region(county.region)
    return audit_ground(county.layers, circles, settings=settings, matches=county.inspection.matches)


def audit_county(
    region: str | Path,
    *,
    policies: Sequence[str] = (),
    day: date | None = None,
    plan: str | Path | None = None,
    out: str | Path | None = None,
    lang: Language | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[Audit, ...]:
    """Test every clause of one or several documents against a county, and write the result.

    Parameters
    ----------
    region
        A region file or its folder.
    policies
        Ids or files; none for the region's own policy.
    day
        Day at which ages and deadlines are taken; default the document's date in the region file, else today.
    plan
        A result folder with `plan.json`, or that file: adds the planned status of each clause.
    out
        Where `audit.json`, `audit.xlsx` and the manifest are written; None writes nothing.
    lang
        Language of what is written; default by the region's code.
    force
        Replace an earlier result.
    progress
        Called with the name of each step and its values.

    Returns
    -------
    audits
        One a document, in the order asked for.

    Raises
    ------
    PlannerError
        With every fault of region, layers, policies and plan, before anything is written.
    """
    from clinicplan.policy.audit import audit_ground, audit_on
    from clinicplan.policy.planned import read_plan
    from clinicplan.policy.settings import AuditSettings
    from clinicplan.report.audit_folder import write_audit_folder
    from clinicplan.results import require_free, result_folder

    if out is not None:
        require_free(Path(out), force=force)
    watch = Stopwatch(progress)
    read = read_region(region)
    _require_apart(read, out)
    profiles = profiles_to_audit(read, policies)
    tables = None if plan is None else read_plan(plan)
    county = read_county(region_with_car(read, profiles), watch=watch)
    with watch.step("circles"):
        circles = county_circles(county)
    with watch.step("audit", policies=", ".join(profile.id for profile in profiles)):
        settings = AuditSettings.of_region(read, day)
        matches = county.inspection.matches
        ground = audit_ground(county.layers, circles, settings=settings, matches=matches, plan=tables)
        audits = tuple(audit_on(ground, profile) for profile in profiles)
    if out is not None:
        with result_folder(Path(out), force=force) as folder:
            write_audit_folder(audits, county, folder, lang=lang or read.lang, seconds=watch.seconds, plan=plan)
    return audits


def county_circles(county: County) -> ServiceCircles:
    """Compute the service circles of a county under every mode."""
    from clinicplan.coverage import service_circles

    circles = service_circles(
        county.layers.villages,
        county.layers.facilities,
        county.networks,
        circle_rule(county),
        natural_villages=county.layers.natural_villages,
    )
    _require_villages(circles, county.region.layers.villages.path)
    return circles


def circle_rule(county: County) -> CircleRule:
    """Return what counts, and how people travel, as the region file has it."""
    from clinicplan.coverage import CircleRule

    travel, standard = county.region.travel, county.region.standard
    return CircleRule(
        standard=county.standard,
        mode=travel.mode,
        tiers=tuple(standard.tiers or FIXED_TIERS),
        count_neighbours=standard.count_neighbours,
        direction=travel.direction,
        access_kmh=travel.access_kmh,
        max_access_m=travel.max_access_m,
    )


def road_summary(region: str | Path) -> pd.DataFrame:
    """Return kilometres of road by class in a county and its margin: `highway, km`."""
    from clinicplan.layers import read_layers

    read = read_region(region)
    roads = scan_county_roads(read, read_layers(read))
    return roads.class_km()


def download_place(place: str, path: str | Path, *, force: bool = False) -> Path:
    """Download the roads of a named place through OSMnx and write them as GraphML."""
    from clinicplan.errors import OutputError
    from clinicplan.roads import download_roads

    target = Path(path)
    if target.exists() and not force:
        raise OutputError(fault(Severity.ERROR, "output_exists", folder=str(target)))
    return download_roads(target, place=place)


def redraw_map(
    result: str | Path, *, lang: Language, tiles: Literal["tianditu", "osm"] | None, tianditu_key: str | None
) -> Path:
    """Draw the map of a result folder again, from the region that its manifest names.

    Raises
    ------
    OutputError
        If the folder is no result, or its inputs are not what they were: the map would not match the tables.
    """
    from clinicplan.report.picture import county_picture
    from clinicplan.report.webmap import render_map

    folder = Path(result)
    region = _region_of_result(folder)
    found = run(region, lang=lang, products=COVERAGE_PRODUCTS)
    page = render_map(county_picture(found, lang), lang=lang, tiles=tiles, tianditu_key=tianditu_key)
    path = folder / "map.html"
    draft = folder / ".map.html"
    draft.write_bytes(page.encode("utf-8"))
    draft.replace(path)
    return path


def _region_of_result(folder: Path) -> Region:
    """Read the region that a result was computed from, as long as all its files are what they were."""
    import json

    from clinicplan.errors import OutputError
    from clinicplan.results import MANIFEST, describe_inputs

    manifest = folder / MANIFEST
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    if "region_file" not in entries:
        raise OutputError(fault(Severity.ERROR, "not_a_result", folder=str(folder)))
    region = region_under(entries["region_file"], entries.get("scenario_file"))
    now = describe_inputs(region.input_files())
    changed = sorted(layer for layer in {*now, *entries["inputs"]} if now.get(layer) != entries["inputs"].get(layer))
    if changed:
        raise OutputError(fault(Severity.ERROR, "inputs_changed", folder=str(folder), layers=", ".join(changed)))
    return region


def _require_apart(region: Region, out: str | Path | None) -> None:
    """Refuse to write where the inputs stand: replacing the folder would take them away."""
    from clinicplan.errors import OutputError

    if out is None:
        return
    folder = Path(out).resolve()
    if any(path.resolve().is_relative_to(folder) for path in region.input_files().values()):
        raise OutputError(fault(Severity.ERROR, "output_holds_inputs", folder=str(out)))


def _require_villages(circles: ServiceCircles, file: str) -> None:
    """Refuse a county of which nothing can be said."""
    if not (circles.group != "pending").any():
        reasons = ", ".join(sorted(set(circles.reason)))
        raise LayerError(fault(Severity.ERROR, "nothing_to_assess", layer="villages", file=file, detail=reasons))
