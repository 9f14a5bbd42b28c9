"""The notebooks run from top to bottom, are short, and are kept without their outputs."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SLOW = {"01_quickstart.ipynb", "04_siting.ipynb"}
"""Those that take more than half a minute on one core."""
MOST_CELLS = 25

pytestmark = pytest.mark.xdist_group("sample")


def read(path):
    return nbformat.read(path, as_version=4)


def marked(path):
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.name in SLOW else [])


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == [
        "01_quickstart.ipynb", "02_travel_times.ipynb", "03_policy_audit.ipynb",
        "04_siting.ipynb",
    ]  # fmt: skip


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_short_and_stripped(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= MOST_CELLS
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert set(cell.metadata) <= {"tags"}
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert set(notebook.metadata.language_info) == {"name"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_speaks_chinese_first_then_english(path):
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    assert read(path).cells[0].cell_type == "markdown"
    for text in texts:
        lines = [line for line in text.splitlines() if line.strip()]
        chinese = [any("一" <= character <= "鿿" for character in line) for line in lines]
        assert chinese[0], text
        assert lines[-1].startswith("*"), text
        assert not chinese[-1], text


@pytest.mark.parametrize("path", [marked(path) for path in NOTEBOOKS])
def test_a_notebook_runs(path, sample_folder, tmp_path, monkeypatch):
    """In an empty folder but for the sample county, which it would otherwise write itself."""
    from nbclient import NotebookClient

    shutil.copytree(sample_folder, tmp_path / "sample-county")
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / ".jupyter" / name.lower()))
    notebook = read(path)
    with warnings.catch_warnings():
        # The kernel's own business, not what a notebook is tested for.
        warnings.simplefilter("ignore")
        NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
        ).execute()
    for cell in notebook.cells:
        assert not [out for out in cell.get("outputs", []) if out.output_type == "error" or out.get("name") == "stderr"]
    assert sum(bool(cell.get("outputs")) for cell in notebook.cells) >= 5
