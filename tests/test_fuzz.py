"""Whatever happens to a county's files, its figures never change in silence.

Five hundred spoilt counties (`mutations.py`; the number of a case is its seed). Each must be refused with a proper
message, or give the same figures as the unspoilt county, or give at least one warning about the layer that was spoilt
which the unspoilt county does not give; harmless changes must be accepted and change nothing.
"""

from __future__ import annotations

import functools

import pytest

import county as drawing
from clinicplan import plan, terms
from clinicplan.errors import PlannerError, Severity, fault_line
from mutations import MUTATIONS, make_case

CASES = 500
CHUNK = 5
WRITTEN_EVERY = 10
MAPPED_EVERY = 50
"""One case in so many writes its tables, and one in so many isochrones and map too."""
FEWEST_OPERATORS = 20
ROUNDED_MS = 600
"""The mean is given in hundredths of a minute."""
TOLD_BY = {
    "villages": {"villages", "townships"},
    "facilities": {"facilities"},
    "townships": {"townships", "villages", "facilities"},
    "boundary": {"boundary", "villages", "facilities", "townships", "roads"},
    "roads": {"roads", "villages"},
    "region": {"region", "villages", "facilities", "townships", "boundary", "roads"},
}
"""Layers whose warnings may tell of a change in a layer."""
CONSEQUENCES = frozenset(
    {"village_without_clinic", "village_clinic_closed", "clinic_unmatched", "clinic_by_nearness", "clinic_ambiguous",
     "clinic_other_unit", "facility_village_unknown", "access_legs", "township_without_villages"}
)  # fmt: skip
"""Notes that follow from a change without naming it; they do not count as a warning of it."""


def figures(result):
    """Return the figures that must not change in silence."""
    summary = result.summary
    names = ("villages", "population", "villages_covered", "people_covered", "pending", "communities", "exempt",
             "unreached", "bands")  # fmt: skip
    figures = {name: summary[name] for name in names}
    mean_ms = None if summary["mean_minutes"] is None else round(summary["mean_minutes"] * 60_000)
    return figures | {"facilities_counted": int(result.circles.counted.sum()), "mean_ms": mean_ms}


def differences(expected, found):
    """Return the figures that differ; the mean may by what converting coordinates to text and back rounds."""
    changed = {name: (expected[name], found[name]) for name in found if found[name] != expected[name]}
    if "mean_ms" in changed and None not in changed["mean_ms"]:
        before, after = changed["mean_ms"]
        if abs(before - after) <= ROUNDED_MS:
            del changed["mean_ms"]
    return changed


def warnings_of(result):
    """Return the warnings that count, by what identifies them."""
    return {
        (fault.layer, fault.code, fault.severity, fault.count, fault.rows)
        for fault in result.county.inspection.faults
        if fault.code not in CONSEQUENCES
    }


@pytest.fixture(scope="module")
def unspoilt(tmp_path_factory):
    """Figures and warnings of the unspoilt county, by the formats it is written in."""

    @functools.cache
    def answer(formats):
        county = drawing.draw_county()
        for layer, name in formats:
            county.rename(layer, name)
        folder = tmp_path_factory.mktemp("unspoilt")
        result = plan.run(drawing.write_county(county, folder), products=terms.COVERAGE_PRODUCTS)
        return figures(result), warnings_of(result)

    return answer


def refusal(error):
    """Return what is wrong with a refusal: every error must name where, what, what was expected and what to do."""
    errors = [fault for fault in error.faults if fault.severity is Severity.ERROR]
    if not errors:
        return f"refused without an error: {error}"
    for fault in errors:
        for lang in ("zh", "en"):
            if not (fault.file and fault.found.text(lang) and fault.allowed.text(lang) and fault.remedy.text(lang)):
                return f"incomplete message: {fault.code}: {fault_line(fault, lang)}"
    return ""


def verdict(number, folder, unspoilt):
    """Run one case and return what is wrong with the answer, empty text where nothing is."""
    mutation, case, formats = make_case(number)
    region = case.write(folder / "region")
    out = folder / "results" if number % WRITTEN_EVERY == 0 else None
    products = terms.COVERAGE_PRODUCTS if number % MAPPED_EVERY else terms.ALL_PRODUCTS
    try:
        result = plan.run(region, out=out, products=products)
    except PlannerError as error:
        left = sorted(path.name for path in folder.iterdir())
        if left != ["region"]:
            return f"left behind: {left}"
        return f"refused: {error}" if mutation.harmless else refusal(error)
    if out is not None and not (out / "manifest.json").is_file():
        return "no manifest"
    expected, known = unspoilt(tuple(sorted(formats.items())))
    changed = differences(expected, figures(result))
    if not changed:
        return ""
    told = {fault for fault in warnings_of(result) - known if fault[0] in TOLD_BY[mutation.layer]}
    if told and not mutation.harmless:
        return ""
    return f"changed in silence: {changed}; new: {sorted(fault[:2] for fault in warnings_of(result) - known)}"


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_no_figure_changes_in_silence(first, tmp_path, unspoilt):
    wrong = []
    for number in range(first, min(first + CHUNK, CASES)):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            problem = verdict(number, folder, unspoilt)
        except Exception as error:  # noqa: BLE001  # any kind is a failure of the program
            problem = f"crashed: {error!r}"
        if problem:
            wrong.append(f"case {number} ({make_case(number)[0]}): {problem}")
    assert not wrong, "\n".join(wrong)


def test_there_are_operators_for_every_layer():
    assert len({mutation.name for mutation in MUTATIONS}) >= FEWEST_OPERATORS
    assert {mutation.layer for mutation in MUTATIONS} == {"region", *drawing.draw_county().files}
