"""Write the result folder of an audit: rows, workbook, manifest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinicplan.errors import Language
from clinicplan.policy.planned import PLAN_FILE
from clinicplan.report.audit_book import write_audit
from clinicplan.report.statements import audit_statements
from clinicplan.results import checksum, describe_inputs, package_versions, write_manifest

if TYPE_CHECKING:
    from clinicplan.county import County
    from clinicplan.policy.audit import Audit


def write_audit_folder(
    audits: Sequence[Audit],
    county: County,
    folder: Path,
    *,
    lang: Language,
    seconds: dict[str, float],
    plan: str | Path | None = None,
) -> None:
    """Write `audit.json`, `audit.xlsx` and, last, the manifest.

    Parameters
    ----------
    audits
        One a document.
    county
        What was read.
    folder
        An empty folder.
    lang
        Language of titles and words; ids and keys are the same in both.
    seconds
        Time of each step.
    plan
        The plan that was carried out, for the manifest.
    """
    write_audit(audits, folder, lang=lang, statements=audit_statements(county, lang))
    write_manifest(folder, _manifest(audits, county, lang, seconds, plan))


def _manifest(
    audits: Sequence[Audit], county: County, lang: Language, seconds: dict[str, float], plan: str | Path | None
) -> dict[str, Any]:
    region, settings = county.region, audits[0].settings
    return {
        "program": "clinicplan",
        "command": "audit",
        "versions": package_versions(),
        "run_date": datetime.now(UTC).isoformat(timespec="seconds"),
        "lang": lang,
        "code": region.code,
        "region_file": str(region.path.resolve()),
        "inputs": describe_inputs(region.input_files()),
        "region": region.model_dump(mode="json", exclude={"path"}),
        "day": settings.day.isoformat(),
        "policies": [audit.profile.model_dump(mode="json") for audit in audits],
        "plan": None if plan is None else _describe_plan(Path(plan)),
        "seconds": seconds,
    }


def _describe_plan(path: Path) -> dict[str, Any]:
    file = path / PLAN_FILE if path.is_dir() else path
    return {"file": file.name, "sha256": checksum(file)}
