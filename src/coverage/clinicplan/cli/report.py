"""Write the planning document of a result: `clinicplan report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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


def report(
    result: ResultArgument,
    template: Annotated[
        Path | None, typer.Option("--template", help="本单位的 Word 模板 / a Word file of your own to fill.")
    ] = None,
    lang: LangOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """生成说明书章节 report.docx / write the planning document of a result folder."""
    from clinicplan.report.document.writing import write_document

    console = Console(language_asked(lang, result / "manifest.json"), quiet=quiet, json=json)
    written = write_document(result, lang=console.lang, template=template, force=force)
    for line in written.lines(console.lang):
        console.say(line)
    console.say_json(written.to_json())
