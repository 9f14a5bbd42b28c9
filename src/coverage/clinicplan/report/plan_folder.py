"""Write the files of a plan into a result folder: `plan.json`, `plan.xlsx`, `pareto.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import Language
from clinicplan.policy.planned import PLAN_FILE
from clinicplan.report.plan_book import write_plan_book
from clinicplan.report.tables import site_table
from clinicplan.results import write_csv, write_json

if TYPE_CHECKING:
    import geopandas as gpd

    from clinicplan.county import CountyResult
    from clinicplan.siting.proposal import Proposal

PLAN_BOOK: Final = "plan.xlsx"
PARETO_FILE: Final = "pareto.csv"


def write_plan_files(result: CountyResult, folder: Path, *, lang: Language) -> None:
    """Write every file of the plan; nothing where there is none.

    Parameters
    ----------
    result
        The answer.
    folder
        Where the files go.
    lang
        Language of sentences and titles; ids and keys are the same in both.
    """
    import pandas as pd

    proposal = result.proposal
    if proposal is None:
        return
    write_json(proposal.to_json(lang), folder / PLAN_FILE)
    write_plan_book(result, folder / PLAN_BOOK, lang=lang)
    if proposal.pareto:
        write_csv(pd.DataFrame(list(proposal.pareto)), folder / PARETO_FILE)


def proposal_layer(result: CountyResult, lang: Language) -> gpd.GeoDataFrame:
    """Return the sites of a plan as points, in the order of the plan; a closed clinic stands where it stood."""
    import geopandas as gpd

    proposal, planned = result.proposal, result.planned
    if proposal is None or planned is None:
        raise ValueError("the result has no plan")
    places: dict[str, Any] = {}
    for circles in (result.circles, planned):
        ids = circles.facilities["facility_id"].astype(str)
        points = circles.facilities.geometry.representative_point()
        places |= dict(zip(ids, points, strict=True))
    table = site_table(result.circles, planned, proposal).assign(why=[item.why.text(lang) for item in proposal.sites])
    geometry = [places.get(item.facility_id or item.site_id) for item in proposal.sites]
    return gpd.GeoDataFrame(table, geometry=geometry, crs=result.circles.villages.crs)


def plan_entries(proposal: Proposal | None) -> dict[str, Any]:
    """Return what the manifest says of the solver: objectives, proof, engine; nothing without a plan.

    `stopped_on_time` says that a further run may find another plan.
    """
    if proposal is None:
        return {}
    table = proposal.to_json("en")
    keys = ("model", "status", "objectives", "bound", "gap", "engine")
    return {"plan": {**{key: table[key] for key in keys}, "stopped_on_time": proposal.status != "optimal"}}
