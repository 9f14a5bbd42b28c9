"""Read one policy profile: the head of a document and the service circle it states."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clinicplan.errors import PolicyError, Severity
from clinicplan.region import decode_toml, nearest_word
from clinicplan.words import fault


class Profile(BaseModel):
    """The head of a policy document."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: str
    """Short name, such as `xinchang-2022`."""
    title: str
    """Title as the document has it."""
    title_en: str
    """Title in English, our rendering."""
    number: str = ""
    """Document number, such as 莱政办字〔2024〕28号; empty where the text shows none."""
    date: str = ""
    """Date of issue, ISO; empty where the text shows none."""
    draft: bool = False
    """Whether the text is a draft for comment (征求意见稿): every output says 仅供参考."""
    circle_minutes: Annotated[float, Field(gt=0)] | None = None
    """Minutes of the rural service circle, where the document states one."""
    circle_article: str = ""
    """Where the document states it."""


def built_in_profiles() -> tuple[str, ...]:
    """Return the ids of the profiles that come with the package, sorted."""
    files = resources.files("clinicplan.policy").joinpath("profiles").iterdir()
    return tuple(sorted(item.name.removesuffix(".toml") for item in files if item.name.endswith(".toml")))


def read_profile(name: str, folder: Path = Path()) -> Profile:
    """Read a built-in profile by id, or a profile file.

    Parameters
    ----------
    name
        Id of a built-in profile, or the path of a `.toml` file.
    folder
        Folder that a relative path starts from.

    Returns
    -------
    profile
        The head of the document.

    Raises
    ------
    PolicyError
        If there is neither such a profile nor such a file, or the file is not a profile.

    Examples
    --------
    >>> read_profile("xinchang-2022").circle_minutes
    20.0
    """
    known = built_in_profiles()
    if name in known:
        text = resources.files("clinicplan.policy").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")
        return Profile.model_validate(tomllib.loads(text))
    file = folder / name
    if not file.is_file():
        near = nearest_word(name, list(known))
        code = "unknown_policy_near" if near else "unknown_policy"
        raise PolicyError(fault(Severity.ERROR, code, layer="region", policy=name, known=", ".join(known), near=near))
    try:
        return Profile.model_validate(tomllib.loads(decode_toml(file)))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PolicyError(fault(Severity.ERROR, "bad_policy", file=file.name, detail=_first_line(error))) from error


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        item = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
    return str(error)
