"""Fixtures shared by several test files."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory) -> Path:
    """The sample county's region folder, written once a process."""
    from clinicplan.sample import write_sample

    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="session")
def sample_result(sample_folder, tmp_path_factory):
    """Everything `run` makes of the sample county, computed and written once a process (`result.out`)."""
    from clinicplan import plan

    return plan.run(sample_folder, out=tmp_path_factory.mktemp("sample-result") / "results")
