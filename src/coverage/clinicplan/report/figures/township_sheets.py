"""List one sheet of the plan for every township, for the atlas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clinicplan.errors import Language
from clinicplan.report.figures import plan_maps
from clinicplan.report.figures.catalogue import FigureEntry, lacks_plan, proof_note
from clinicplan.report.figures.maps import placed
from clinicplan.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from clinicplan.report.figures.record import ResultRecord


def township_entries(record: ResultRecord, lang: Language) -> tuple[FigureEntry, ...]:
    """List a map of the plan for each township, in the order of `townships.csv`.

    Parameters
    ----------
    record
        The result.
    lang
        Language.

    Returns
    -------
    entries
        One that lacks a plan or the township layer, where that is so.
    """
    lacks = lacks_plan(record) or ("" if record.ground.townships is not None else "no_townships")
    if lacks:
        title = word("figures.title.township", lang, name=word("figures.any_township", lang))
        return (FigureEntry("township", "5-1-1", title, lambda *_: None, lacks=word(f"figures.lack.{lacks}", lang)),)
    layer = record.ground.townships
    areas = {} if layer is None else layer.dissolve("township").geometry.to_dict()
    names = [name for name in record.townships["township"].iloc[:-1] if name in areas]
    return tuple(
        FigureEntry(
            f"township-{number}", f"5-1-{number}", word("figures.title.township", lang, name=name),
            _drawing(name, areas[name]), bounds=tuple(float(value) for value in areas[name].bounds),
            further=proof_note(record, lang),
        )
        for number, name in enumerate(names, 1)
    )  # fmt: skip


def _drawing(name: str, area: Any) -> Any:
    def draw(record: ResultRecord, panels: Sequence[Axes], lang: Language, unit: float) -> None:
        plan_maps.draw_plan(township_record(record, name, area), ax=panels[0], lang=lang, unit=unit, focus=area)

    return draw


def township_record(record: ResultRecord, name: str, area: Any) -> ResultRecord:
    """Return a result with the villages of one township and what stands in it."""

    def within(frame: Any) -> Any:
        rows = placed(frame)
        return rows[rows.geometry.intersects(area)]

    return replace(
        record,
        villages=record.villages[record.villages["township"] == name],
        facilities=within(record.facilities),
        proposals=None if record.proposals is None else within(record.proposals),
    )
