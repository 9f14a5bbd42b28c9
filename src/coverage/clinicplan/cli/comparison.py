"""Compare results against the first: `clinicplan compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clinicplan.cli.console import Console, ForceOption, JsonOption, LangOption, QuietOption, language_asked


def compare(
    results: Annotated[
        list[Path], typer.Argument(help="结果文件夹，第一个为基准 / result folders, the first is the base.")
    ],
    out: Annotated[Path, typer.Option("--out", help="结果文件夹 / folder for the results.")] = Path("comparison"),
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """情景对比：与第一个结果相比谁得谁失 / compare results against the first."""
    from clinicplan.report.comparison_book import comparison_lines, write_comparison
    from clinicplan.scenario.comparison import compare_results

    console = Console(language_asked(lang, results[0] / "manifest.json"), quiet=quiet, json=json)
    comparison = compare_results(results)
    write_comparison(comparison, out, lang=console.lang, force=force)
    for line in comparison_lines(comparison, console.lang):
        console.say(line)
    console.say_json(comparison.to_json())
