"""Speak to whoever typed a command: arguments and options that commands share, progress, results, language."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from clinicplan.errors import Language

RegionArgument = Annotated[Path, typer.Argument(help="region.toml 或其文件夹 / the region file or its folder.")]
OutOption = Annotated[Path, typer.Option("--out", help="结果文件夹 / folder for the results.")]
LangOption = Annotated[str | None, typer.Option("--lang", help="zh 或 en；默认按区划代码 / default by the code.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="只输出错误 / print errors only.")]
JsonOption = Annotated[bool, typer.Option("--json", help="在标准输出打印 JSON / print JSON on stdout.")]
ResultArgument = Annotated[Path, typer.Argument(help="结果文件夹 / a result folder.")]
ScenarioOption = Annotated[Path | None, typer.Option("--scenario", help="情景文件 / a scenario over the region.")]
ForceOption = Annotated[bool, typer.Option("--force", help="覆盖已有结果 / replace earlier results.")]


class Console:
    """What a command says: progress on stderr, results on stdout, in one language."""

    def __init__(self, lang: Language, *, quiet: bool, json: bool) -> None:
        self.lang: Language = lang
        self.quiet = quiet
        self.json = json

    def progress(self, step: str, **values: object) -> None:
        """Say on stderr which step begins."""
        if not self.quiet:
            from clinicplan.words import word

            typer.echo(word(f"cli.step.{step}", self.lang, **values), err=True)

    def say(self, text: str) -> None:
        """Print a result line unless quiet or JSON was asked for."""
        if not self.quiet and not self.json:
            typer.echo(text)

    def say_json(self, table: Any) -> None:
        """Print a result as JSON where that was asked for."""
        if self.json:
            typer.echo(json_module.dumps(table, ensure_ascii=False, indent=2))


def language_asked(asked: str | None, region: Path | None, *, default: Language = "zh") -> Language:
    """Take the language asked for, else Chinese for a code in China, else English; `default` without a region."""
    if asked is not None:
        if asked not in ("zh", "en"):
            raise typer.BadParameter("zh | en", param_hint="--lang")
        return "zh" if asked == "zh" else "en"
    if region is None:
        return default
    from clinicplan.region import language_of_file

    return language_of_file(region)
