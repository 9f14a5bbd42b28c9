"""Hold a region: a county, its files and what is asked of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from clinicplan.errors import Language
from clinicplan.region.edits import Edits
from clinicplan.region.table import _Table
from clinicplan.region.tables import Document, Layers, LayerSource, Siting, StandardTable, Travel


class Region(_Table):
    """A county and what is asked of it."""

    name: Annotated[str, Field(min_length=1)]
    code: str = ""
    policy: str | None = None
    crs: str | None = None
    population_basis: Literal["resident", "hukou"] = "resident"
    layers: Layers
    travel: Travel = Travel()
    standard: StandardTable = StandardTable()
    siting: Siting = Siting()
    document: Document = Document()
    edits: Edits = Edits()

    path: Path = Field(default=Path("region.toml"), exclude=True)
    """The region file itself; set by `read_region`, never a key of the file."""
    scenario: str = Field(default="", exclude=True)
    """Name of the scenario that the region was read under, empty without one; never a key of the file."""
    scenario_files: tuple[Path, ...] = Field(default=(), exclude=True)
    """Scenario files over the region file, the first one read first; never a key of the file."""
    scenario_chain: tuple[str, ...] = Field(default=(), exclude=True)
    """Names of the files that a scenario was resolved from, kept when it is replayed; never a key of the file."""
    edit_places: dict[str, tuple[tuple[str, str], ...]] = Field(default_factory=dict, exclude=True)
    """By key of `[edits]`: file and key of every entry as its file has it; never a key of the file."""

    siting_places: dict[str, str] = Field(default_factory=dict, exclude=True)
    """By key of `[siting]`: the file that wrote it last; filled under a scenario, never a key of the file."""

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def lang(self) -> Language:
        """Chinese for a code in China, else English."""
        return language_of_code(self.code)

    def file(self, layer: str) -> Path:
        """Return the path of a layer's file."""
        source: LayerSource = getattr(self.layers, layer)
        return self.folder / source.path

    def edit_place(self, key: str, number: int = 0) -> tuple[str, str]:
        """Return the file and the key, such as `edits.roads[2]`, of an entry of `[edits]`."""
        places = self.edit_places.get(key, ())
        return places[number] if number < len(places) else (self.path.name, f"edits.{key}")

    def siting_file(self, key: str = "") -> str:
        """Return the file that wrote a key of `[siting]`; without a key every file that wrote one."""
        if key:
            return self.siting_places.get(key, self.path.name)
        return " + ".join(dict.fromkeys(self.siting_places.values())) or self.path.name

    def input_files(self) -> dict[str, Path]:
        """Return every file that results rest on, by layer: region file, layers, speeds, earlier plan, scenarios."""
        files = {"region": self.path, **{name: self.file(name) for name in self.layers.present()}}
        if self.travel.speeds:
            files["speeds"] = self.folder / self.travel.speeds
        if self.siting.baseline:
            plan = self.folder / self.siting.baseline
            files["baseline"] = plan if plan.suffix == ".json" else plan / "plan.json"
        areas = dict.fromkeys(edit.area for edit in self.edits.roads if edit.area)
        files |= {f"edit_area_{number}": self.folder / area for number, area in enumerate(areas, 1)}
        for number, file in enumerate(self.scenario_files, 1):
            files["scenario" if number == 1 else f"scenario_{number}"] = file
        return files


def language_of_code(code: str) -> Language:
    """Return `zh` for an administrative code of China (six digits, first two 11-82), else `en`."""
    return "zh" if re.fullmatch(r"[1-8]\d{5}(\d{3}|\d{6})?", code) and 11 <= int(code[:2]) <= 82 else "en"


def language_of_file(path: Path) -> Language:
    """Guess the language from the code in a region file, or a manifest, that may be faulty otherwise."""
    file = path / "region.toml" if path.is_dir() else path
    if not file.is_file():
        return "en"
    text = file.read_bytes()[:200_000].decode("utf-8", errors="ignore")
    code = re.search(r'"?code"?\s*[=:]\s*"([1-8]\d{5})', text)
    return language_of_code(code.group(1)) if code else "en"
