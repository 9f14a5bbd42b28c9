"""Draw the figures and the atlas of a result: `clinicplan figures`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from clinicplan.cli.console import (
    Console,
    ForceOption,
    JsonOption,
    LangOption,
    QuietOption,
    ResultArgument,
    language_asked,
)


def figures(
    result: ResultArgument,
    paper: Annotated[
        Literal["A4", "A3"] | None, typer.Option("--paper", help="单幅图的纸张 / paper of the single figures.")
    ] = None,
    townships: Annotated[
        bool, typer.Option("--townships", help="图集中每乡镇一幅 / a sheet a township in the atlas.")
    ] = False,
    font: Annotated[
        Path | None, typer.Option("--font", help="含生僻字的字体文件 / a font file with rare characters.")
    ] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """绘制图件和图集 / draw the figures and the atlas of a result folder."""
    from clinicplan.report.figures.writing import write_figures

    console = Console(language_asked(lang, result / "manifest.json"), quiet=quiet, json=json)
    report = write_figures(
        result, lang=console.lang, paper=paper, townships=townships, font=font, force=force, progress=console.progress
    )
    for line in report.lines(console.lang):
        console.say(line)
    console.say_json(report.to_json())
