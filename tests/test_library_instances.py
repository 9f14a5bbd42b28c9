"""The readers of public instances read what the files mean: small files written here, solved by hand."""

import numpy as np
import pytest
from benchmarks.siting_centres import read_cap, read_pmed
from benchmarks.siting_covering import SCP_LIMIT, library, read_scp

from clinicplan.siting import LocationProblem, capacitated_facility_location, p_median, set_cover


def written(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_of_a_pmed_edge_given_twice_the_last_counts(tmp_path):
    table, p = read_pmed(written(tmp_path, "pmed1.txt", "3 4 1\n1 2 9\n2 3 4\n1 3 100\n2 1 5\n"))
    assert p == 1
    assert table.tolist() == [[0, 5, 9], [5, 0, 4], [9, 4, 0]]
    result = p_median(LocationProblem(table, np.ones(3)), p)
    assert (result.status, result.objective, list(result.open)) == ("optimal", 9, [1])


def test_an_scp_file_is_a_set_cover_with_costs(tmp_path):
    """Columns 1, 2 and 3 cost 3, 5 and 1; the rows need {1, 2}, {2, 3} and {1}: 1 and 3 for 4."""
    path = written(tmp_path, "scp41.txt", "3 3\n3 5 1\n2\n1 2\n2\n2 3\n1\n1\n")
    result = set_cover(read_scp(path), SCP_LIMIT)
    assert (result.status, result.objective, sorted(result.open)) == ("optimal", 4, [0, 2])
    rows = library(tmp_path)
    assert [(row["model"], row["objective"], row["status"]) for row in rows] == [("scp41", 4, "optimal")]


def test_a_cap_file_is_a_facility_location_whose_costs_are_those_of_all_demand(tmp_path):
    """Site 1 holds 10 for 7, site 2 holds 5 for 1; the points of 4 and 3 cost 8, 40 and 9, 3: open both for 8+3+8."""
    path = written(tmp_path, "cap41.txt", "2 2\n10 7\n5 1\n4\n8 40\n3\n9 3\n")
    result = capacitated_facility_location(read_cap(path))
    assert result.status == "optimal"
    assert result.objective == pytest.approx(19)
