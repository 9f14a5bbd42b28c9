"""Read what a result folder says of its villages, money and clauses, ready to be compared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from clinicplan.errors import OutputError, Severity
from clinicplan.results import MANIFEST, checksum
from clinicplan.words import fault

if TYPE_CHECKING:
    import pandas as pd

NEEDED: Final = (MANIFEST, "summary.json", "villages.csv")
READ: Final = (*NEEDED, "plan.json", "audit.json")
VILLAGE_COLUMNS: Final = ("village_id", "name", "township", "group", "population", "minutes", "within")


@dataclass(frozen=True, eq=False)
class Outcome:
    """One result: how it stands at its end, the plan carried out where there is one.

    Parameters
    ----------
    label
        The scenario's name, else the folder's.
    folder
        Where it stands.
    state
        `planned` where there is a plan, else `today`.
    code
        Code of the county, empty where it has none.
    summary
        The figures of that state, and mode and standard.
    villages
        `village_id, name, township, group, population, minutes` (as printed, NaN where no service is reached),
        `within` (bool).
    plan
        What stands in `plan.json`, or None.
    verdicts
        Status of every clause by document and clause, that of the plan where there is one.
    checksums
        Of the files read.
    """

    label: str
    folder: Path
    state: Literal["planned", "today"]
    code: str
    summary: dict[str, Any]
    villages: pd.DataFrame
    plan: dict[str, Any] | None
    verdicts: dict[tuple[str, str], dict[str, Any]]
    checksums: dict[str, str]

    def __repr__(self) -> str:
        return f"Outcome({self.label}, {self.state}, {len(self.villages)} villages)"


def read_outcome(folder: Path) -> Outcome:
    """Read a result folder that `run` or `site` wrote.

    Raises
    ------
    OutputError
        If the folder is no such result.
    """
    if any(not (folder / name).is_file() for name in NEEDED):
        raise OutputError(fault(Severity.ERROR, "not_comparable", subject="compare", file=str(folder)))
    try:
        manifest, summary = _json(folder / MANIFEST), _json(folder / "summary.json")
        plan = _json(folder / "plan.json") if (folder / "plan.json").is_file() else None
        audit = _json(folder / "audit.json") if (folder / "audit.json").is_file() else []
        is_planned = plan is not None and "planned" in summary
        villages = _villages(folder / "villages.csv", is_planned=is_planned)
        return Outcome(
            label=str(manifest.get("scenario") or folder.resolve().name),
            folder=folder,
            state="planned" if is_planned else "today",
            code=str(manifest.get("code") or ""),
            summary={**summary, **(summary["planned"] if is_planned else {})},
            villages=villages,
            plan=plan if is_planned else None,
            verdicts={(row["document"], row["clause"]): _verdict(row) for row in audit},
            checksums={name: checksum(folder / name) for name in READ if (folder / name).is_file()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(fault(Severity.ERROR, "not_comparable", subject="compare", file=str(folder))) from error


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _villages(path: Path, *, is_planned: bool) -> pd.DataFrame:
    import pandas as pd

    table = pd.read_csv(path, dtype={"village_id": str, "name": str, "township": str}, encoding="utf-8-sig")
    prefix = "planned_" if is_planned else ""
    known = table.assign(
        minutes=table[f"{prefix}time_min"].astype(float),
        within=table[f"{prefix}within_standard"].astype(str).str.lower() == "true",
        population=pd.to_numeric(table["population"]).fillna(0).astype("int64"),
    )
    return known[list(VILLAGE_COLUMNS)]


def _verdict(row: dict[str, Any]) -> dict[str, Any]:
    """Return status and figure of a clause, with the plan carried out where there is one."""
    planned = row.get("planned_status")
    return {
        "status": planned or row["status"],
        "actual": (row.get("planned_actual") if planned else None) or row.get("actual") or "",
    }
