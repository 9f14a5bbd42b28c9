"""List and show the policy documents that clinicplan can test: `clinicplan policies`."""

from __future__ import annotations

from typing import Annotated

import typer

from clinicplan.cli.console import Console, JsonOption, LangOption, language_asked

policies_app = typer.Typer(no_args_is_help=False, invoke_without_command=True, help="政策文件 / policy documents.")


@policies_app.callback()
def policies_default(context: typer.Context) -> None:
    """列出政策文件 / list the policy documents."""
    if context.invoked_subcommand is None:
        policies_list()


@policies_app.command("list")
def policies_list(lang: LangOption = None, json: JsonOption = False) -> None:
    """列出内置政策文件 / list the built-in documents."""
    from clinicplan.policy import built_in_profiles, read_profile
    from clinicplan.policy.pages import profile_head, profile_line

    profiles = [read_profile(name) for name in built_in_profiles()]
    console = Console(language_asked(lang, None), quiet=False, json=json)
    for profile in profiles:
        console.say(profile_line(profile, console.lang))
    console.say_json([profile_head(profile) for profile in profiles])


@policies_app.command("show")
def policies_show(
    policy: Annotated[str, typer.Argument(help="ID 或文件 / an id or a file.")],
    lang: LangOption = None,
    json: JsonOption = False,
) -> None:
    """显示一个政策文件的各条 / show the clauses of one document."""
    from clinicplan.policy import read_profile
    from clinicplan.policy.pages import profile_lines

    profile = read_profile(policy)
    console = Console(language_asked(lang, None), quiet=False, json=json)
    for line in profile_lines(profile, console.lang):
        console.say(line)
    console.say_json(profile.model_dump(mode="json"))
