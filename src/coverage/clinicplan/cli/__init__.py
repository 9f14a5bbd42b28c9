"""Parse the command line, call the public functions, print, and set the exit code.

Exit codes: 0 done, 1 a bug, 2 bad input, usage, disk or memory, 3 no plan can satisfy the rules, 4 `audit --strict` met
a clause that must hold and does not, 130 interrupted.
Every heavy import stands inside a command, so that `clinicplan --help` answers at once.
"""

from __future__ import annotations

import gc
import json as json_module
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import typer

from clinicplan.cli.comparison import compare
from clinicplan.cli.console import (
    Console,
    ForceOption,
    JsonOption,
    LangOption,
    OutOption,
    QuietOption,
    RegionArgument,
    ResultArgument,
    ScenarioOption,
    language_asked,
)
from clinicplan.cli.figures import figures
from clinicplan.cli.policies import policies_app
from clinicplan.cli.report import report
from clinicplan.errors import Fault, Language, PlannerError, Severity, fault_line, fault_table
from clinicplan.terms import ALL_PRODUCTS, COVERAGE_PRODUCTS, ISOCHRONE_PRODUCTS

EXIT_BUG: Final = 1
EXIT_INPUT: Final = 2
EXIT_STRICT: Final = 4
EXIT_INTERRUPTED: Final = 130

USAGE_ERRORS: Final[tuple[type[Any], ...]] = tuple(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)
"""What typer raises for wrong usage, whichever click it brings."""

app = typer.Typer(
    name="clinicplan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="村卫生室布局规划：出行时间、服务圈、地图。 Plan village clinics: travel times, service circles, maps.",
)
app.add_typer(policies_app, name="policies")


@app.command()
def demo(
    out: OutOption = Path("demo"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """写出示例县并运行 / write the sample county and run it."""
    from clinicplan import plan

    console = Console(language_asked(lang, None), quiet=quiet, json=json)
    result = plan.demo(out, lang=console.lang, force=force, progress=console.progress)
    _print_run(console, result)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="新建的地区文件夹 / the region folder to make.")],
    from_osm: Annotated[Path | None, typer.Option("--from-osm", help="OSM 文件 / an OpenStreetMap extract.")] = None,
    boundary: Annotated[Path | None, typer.Option("--boundary", help="边界文件 / a boundary file.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="地区名称 / name of the region.")] = None,
    tiers: Annotated[Path | None, typer.Option("--tiers", help="机构分级表 / a tier table of your own.")] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """建立地区文件夹：空白模板，或由 OSM 文件 / make a region folder: blank, or from an extract."""
    if (from_osm is None) != (boundary is None):
        raise typer.BadParameter("--from-osm FILE --boundary FILE")
    if from_osm is None or boundary is None:
        _init_template(folder, Console(language_asked(lang, None), quiet=quiet, json=json), force=force)
        return
    from clinicplan.extract import write_region_from_extract

    console = Console(language_asked(lang, None, default="en"), quiet=quiet, json=json)
    report = write_region_from_extract(folder, from_osm, boundary, name=name, tiers=tiers, force=force)
    for line in report.lines(console.lang):
        console.say(line)
    console.say_json(report.to_json())


def _init_template(folder: Path, console: Console, *, force: bool) -> None:
    from clinicplan.extract.templates import write_region_template
    from clinicplan.words import word

    made = write_region_template(folder, lang=console.lang, force=force)
    console.say(word("extract.template.done", console.lang, folder=made))
    console.say_json({"folder": str(made)})


@app.command()
def check(
    region: RegionArgument,
    out: Annotated[Path | None, typer.Option("--out", help="另存检查表 / also write the table.")] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """检查数据：错误、待核、提示 / check the data in three severities."""
    from clinicplan import plan

    console = Console(language_asked(lang, region), quiet=quiet, json=json)
    inspection = plan.check(region, out=out, lang=console.lang, force=force, progress=console.progress)
    for line in inspection.lines(console.lang):
        console.say(line)
    console.say_json([fault_table(fault, console.lang) for fault in inspection.faults])
    if any(fault.severity is Severity.ERROR for fault in inspection.faults):
        raise typer.Exit(EXIT_INPUT)


@app.command()
def run(
    region: RegionArgument,
    scenario: ScenarioOption = None,
    out: OutOption = Path("results"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """完整运行：服务圈、表格、地图 / everything: circles, tables, map."""
    console = Console(language_asked(lang, region), quiet=quiet, json=json)
    _run(ALL_PRODUCTS, region, out, console, force=force, scenario=scenario)


@app.command()
def coverage(
    region: RegionArgument,
    out: OutOption = Path("results"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """只算服务圈和表格 / circles and tables only."""
    _run(COVERAGE_PRODUCTS, region, out, Console(language_asked(lang, region), quiet=quiet, json=json), force=force)


@app.command()
def isochrones(
    region: RegionArgument,
    out: OutOption = Path("results"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """各机构等时圈 / the area each facility serves in time."""
    _run(ISOCHRONE_PRODUCTS, region, out, Console(language_asked(lang, region), quiet=quiet, json=json), force=force)


def _run(
    products: frozenset[str], region: Path, out: Path, console: Console, *, force: bool, scenario: Path | None = None
) -> None:
    """Run a county and print the answer."""
    from clinicplan import plan

    common: dict[str, Any] = {"out": out, "lang": console.lang, "force": force, "progress": console.progress}
    _print_run(console, plan.run(region, scenario=scenario, products=products, **common))


@app.command()
def site(
    region: RegionArgument,
    scenario: ScenarioOption = None,
    out: OutOption = Path("results"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """布局方案：保留、联合、新建、提升，并证明优劣 / which clinics to keep, share, build, upgrade, with a proof."""
    from clinicplan import plan
    from clinicplan.report.plan_lines import plan_lines

    console = Console(language_asked(lang, region), quiet=quiet, json=json)
    common: dict[str, Any] = {"out": out, "lang": console.lang, "force": force, "progress": console.progress}
    result = plan.propose(region, scenario=scenario, **common)
    for line in plan_lines(result, console.lang):
        console.say(line)
    console.say_json(result.summary)


@app.command()
def audit(
    region: RegionArgument,
    out: OutOption = Path("audit"),
    policy: Annotated[
        list[str] | None, typer.Option("--policy", help="政策编号或文件，可重复 / an id or a file, may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部内置文件并列 / every built-in document.")] = False,
    date: Annotated[str | None, typer.Option("--date", help="评价日期 2026-11-21 / day of the assessment.")] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="布局方案的结果文件夹 / a result folder with a plan.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="必须条款不符合时返回 4 / exit 4 on a failing must clause.")
    ] = False,
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """政策符合性评价：逐条对照 / test every clause of a policy document."""
    from clinicplan import plan as steps
    from clinicplan.policy import built_in_profiles

    console = Console(language_asked(lang, region), quiet=quiet, json=json)
    if everything and policy:
        raise typer.BadParameter("--policy ID | --all")
    audits = steps.audit_county(
        region,
        policies=built_in_profiles() if everything else tuple(policy or ()),
        day=_day(date),
        plan=plan,
        out=out,
        lang=console.lang,
        force=force,
        progress=console.progress,
    )
    _print_audits(console, audits, out)
    if strict:
        _judge_strictly(console, audits)


def _day(text: str | None) -> Any:
    from clinicplan.policy.settings import written_date

    day = None if text is None else written_date(text)
    if text is not None and day is None:
        raise typer.BadParameter("2026-11-21", param_hint="--date")
    return day


def _print_audits(console: Console, audits: Any, out: Path) -> None:
    from clinicplan.policy.rows import audit_lines, audit_rows
    from clinicplan.words import word

    for audit in audits:
        for line in audit_lines(audit, console.lang):
            console.say(line)
    console.say(word("policy.say.written", console.lang, folder=out))
    console.say_json([row for audit in audits for row in audit_rows(audit, console.lang)])


def _judge_strictly(console: Console, audits: Any) -> None:
    """Exit 4 where a clause that must hold fails, and say how many could not be assessed."""
    from clinicplan.words import word

    failed = sum(audit.counts["fail"] for audit in audits)
    open_ = sum(audit.counts["not_assessed"] for audit in audits)
    typer.echo(word("policy.say.strict", console.lang, fail=failed, not_assessed=open_), err=True)
    if failed:
        raise typer.Exit(EXIT_STRICT)


@app.command(name="map")
def map_(
    result: ResultArgument,
    tiles: Annotated[
        str | None, typer.Option("--tiles", help="tianditu 或 osm / a background, needs a network.")
    ] = None,
    tianditu_key: Annotated[str | None, typer.Option("--tianditu-key", envvar="TIANDITU_KEY")] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
) -> None:
    """重画结果文件夹中的地图 / draw the map of a result folder again."""
    from clinicplan import plan

    console = Console(language_asked(lang, result / "manifest.json"), quiet=quiet, json=False)
    if tiles not in (None, "tianditu", "osm"):
        raise typer.BadParameter("tianditu | osm", param_hint="--tiles")
    background = cast("Literal['tianditu', 'osm'] | None", tiles)
    path = plan.redraw_map(result, lang=console.lang, tiles=background, tianditu_key=tianditu_key)
    console.say(str(path))


app.command()(figures)
app.command()(report)
app.command()(compare)


@app.command()
def roads(
    region: Annotated[
        Path | None, typer.Argument(help="region.toml 或其文件夹 / the region file or its folder.")
    ] = None,
    place: Annotated[str | None, typer.Option("--place", help="按地名下载 / download by place name.")] = None,
    out: Annotated[Path, typer.Option("--out", help="GraphML 文件 / where to write.")] = Path("roads.graphml"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """道路概况，或按地名下载 / a summary of the roads, or a download."""
    from clinicplan import plan

    console = Console(language_asked(lang, region), quiet=quiet, json=json)
    if (region is None) == (place is None):
        raise typer.BadParameter("REGION | --place NAME")
    if place is not None:
        console.say(str(plan.download_place(place, out, force=force)))
        return
    assert region is not None
    table = plan.road_summary(region)
    console.say(table.to_string(index=False))
    console.say_json(json_module.loads(table.to_json(orient="records")))


def main() -> None:
    """Run the command line; the entry point of the `clinicplan` program."""
    # One command a process: looking for cyclic garbage as often as Python does by default costs a tenth of a cold run.
    gc.set_threshold(200_000, 50, 50)
    _speak_plainly()
    sys.exit(_guarded(lambda: app(standalone_mode=False)))


def _guarded(command: Callable[[], Any]) -> int:
    """Run a command and turn what it raises into a line a planner can act on and an exit code."""
    try:
        code = command()
    except PlannerError as error:
        _print_faults(error.faults)
        return error.exit_code
    except (MemoryError, OSError) as error:
        return _report_machine(error)
    except (typer.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, said as such, its traceback in a file
        if isinstance(error, USAGE_ERRORS):
            error.show()
            return EXIT_INPUT
        _report_bug(error)
        return EXIT_BUG
    return code if isinstance(code, int) else 0


def _report_machine(error: MemoryError | OSError) -> int:
    """Say what the machine refused: memory, a full disk, a file that another program holds, no permission."""
    from clinicplan.words import fault

    if isinstance(error, MemoryError):
        _print_faults((fault(Severity.ERROR, "out_of_memory"),))
        return EXIT_INPUT
    detail = error.strerror or str(error) or type(error).__name__
    _print_faults((fault(Severity.ERROR, "system_refused", file=str(error.filename or ""), detail=detail),))
    return EXIT_INPUT


def _print_faults(faults: tuple[Fault, ...]) -> None:
    from clinicplan.words import word

    lang = _language_of_arguments()
    if "--json" in sys.argv:
        typer.echo(json_module.dumps({"faults": [fault_table(fault, lang) for fault in faults]}, ensure_ascii=False))
    for fault in faults:
        label = word(f"general.severity.{fault.severity.value}", lang)
        typer.echo(f"{label}: {fault_line(fault, lang)}", err=True)


def _report_bug(error: Exception) -> None:
    """Say in one line that this is a bug and keep the traceback, with versions, in a log file."""
    import tempfile
    import traceback

    from clinicplan.words import word

    with tempfile.NamedTemporaryFile("w", prefix="clinicplan-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write(f"{sys.version}\n{' '.join(sys.argv)}\n")
        traceback.print_exception(error, file=log)
    typer.echo(word("cli.bug", _language_of_arguments(), error=repr(error), log=log.name), err=True)


def _language_of_arguments() -> Language:
    """Return the language of a message about a command that did not get far enough to know its own."""
    arguments = sys.argv[1:]
    for index, argument in enumerate(arguments):
        if argument in ("--lang=en", "--lang=zh"):
            return "en" if argument.endswith("en") else "zh"
        if argument == "--lang" and arguments[index + 1 : index + 2] in (["en"], ["zh"]):
            return "en" if arguments[index + 1] == "en" else "zh"
    from clinicplan.region import language_of_file

    paths = [Path(argument) for argument in arguments[1:] if not argument.startswith("-")]
    return language_of_file(paths[0]) if paths and paths[0].exists() else ("zh" if arguments[:1] == ["demo"] else "en")


def _print_run(console: Console, result: Any) -> None:
    from clinicplan.report.headline import headline_lines

    for line in headline_lines(result, console.lang):
        console.say(line)
    if result.audit is not None:
        from clinicplan.policy.rows import count_line

        console.say(count_line(result.audit, console.lang))
    console.say_json(result.summary)


def _speak_plainly() -> None:
    """Never fail on a character that the console cannot show (Windows code pages)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
