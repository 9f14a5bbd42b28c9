"""The command line: commands, exit codes, languages, what it prints and what it never does."""

import json
import subprocess
import sys

import pytest

from clinicplan import cli
from clinicplan.errors import InfeasibleError, RegionError


def call(*arguments):
    """Run the program as a user does; return exit code, stdout, stderr."""
    done = subprocess.run(  # a real process: exit codes and streams are the promise
        [sys.executable, "-m", "clinicplan.cli", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_help_lists_every_command_of_the_design():
    code, out, _ = call("--help")
    assert code == 0
    for command in ("demo", "init", "check", "run", "coverage", "isochrones", "map", "policies", "roads"):
        assert command in out


def test_a_wrong_option_is_a_usage_error():
    code, _, err = call("run", "--no-such-option")
    assert code == 2
    assert "Traceback" not in err


def test_a_missing_region_says_what_to_do(tmp_path):
    code, out, err = call("run", str(tmp_path / "none.toml"), "--out", str(tmp_path / "out"))
    assert code == 2
    assert out == ""
    assert "none.toml" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_faults_come_in_the_language_of_the_region_even_when_it_cannot_be_read(tmp_path):
    (tmp_path / "region.toml").write_text('name = "新昌县"\ncode = "330624"\nfoo = 1\n', encoding="utf-8")
    code, _, err = call("check", str(tmp_path))
    assert code == 2
    assert "错误" in err
    assert "不认识的键 foo" in err
    code, _, err = call("check", str(tmp_path), "--lang", "en")
    assert code == 2
    assert "unknown key foo" in err


def test_faults_as_json(tmp_path):
    (tmp_path / "region.toml").write_text('name = "X"\nfoo = 1\n', encoding="utf-8")
    code, out, _ = call("run", str(tmp_path), "--json")
    assert code == 2
    faults = json.loads(out)["faults"]
    assert {"unknown_key", "missing_key"} <= {fault["code"] for fault in faults}
    assert all(fault["severity"] == "error" for fault in faults)


def test_policies_are_listed_and_shown():
    code, out, _ = call("policies", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "ganzhou-2019", "laiyang-2024", "mentougou-2024", "nanyang-2024", "xinchang-2022",
    ]  # fmt: skip
    code, out, _ = call("policies", "show", "xinchang-2022")
    assert code == 0
    assert "20分钟" in out
    assert "XC-1.3a" in out
    code, out, _ = call("policies", "show", "xinchang-2022", "--json", "--lang", "en")
    assert json.loads(out)["circle_minutes"] == 20
    assert {clause["id"] for clause in json.loads(out)["clauses"]} >= {"XC-1.2", "XC-4.2"}
    code, _, err = call("policies", "show", "xinchang")
    assert code == 2
    assert "xinchang-2022" in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RegionError("x"), 2),
        (InfeasibleError("x"), 3),
        (MemoryError(), 2),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 1),
    ],
)
def test_every_error_has_its_exit_code(error, code, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["clinicplan", "run"])
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def fail():
        raise error

    assert cli._guarded(fail) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_keeps_its_traceback_in_a_file(monkeypatch, tmp_path, capsys):
    import tempfile

    monkeypatch.setattr(sys, "argv", ["clinicplan", "run"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fail():
        raise ZeroDivisionError

    assert cli._guarded(fail) == 1
    (log,) = tmp_path.glob("clinicplan-*.log")
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    assert log.name in capsys.readouterr().err
