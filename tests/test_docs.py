"""The guide and the README say what is so: pages, links, commands, keys, figures; and name no machine."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import typer

from clinicplan import region
from clinicplan.cli import app
from clinicplan.layers.headers import usual_header
from clinicplan.speeds import read_speeds
from clinicplan.terms import OPTIONAL_COLUMNS, REASONS

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted((PROJECT / "docs").rglob("*.md"))
TEXTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PAGES]
MODELS = (
    region.Region, region.Layers, region.LayerSource, region.Travel, region.StandardTable, region.Ladder, region.Siting,
    region.MergeTable, region.BudgetTable, region.CostTable, region.DoctorsTable, region.SubCentresTable,
    region.QuotaTable, region.Document, region.Edits, region.RoadEdit, region.FacilityEdit, region.VillageEdit,
    region.PopulationEdit,
)  # fmt: skip
REGISTRIES = (
    "pypi.org", "pythonhosted.org", "anaconda.org", "conda.io", "npmjs.com", "npmjs.org", "unpkg.com", "jsdelivr.net",
    "cdnjs.cloudflare.com", "crates.io", "rubygems.org", "proxy.golang.org", "tuna.tsinghua.edu.cn",
    "mirrors.aliyun.com",
)  # fmt: skip
"""Hosts of packages and their mirrors: no text sends anyone there."""
MACHINE_PATHS = ("/work/", "/root/", "/tmp/")


def read(path):
    return path.read_text(encoding="utf-8")


def code_in(text):
    """Return the fenced blocks and code spans of a page."""
    fenced = re.findall(r"^\s*```.*?\n(.*?)^\s*```", text, flags=re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^\s*```.*?^\s*```", "", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", rest)])


def load_reference():
    spec = importlib.util.spec_from_file_location("reference", PROJECT / "docs" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_name(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.name)


# ---------------------------------------- pages and links


def test_the_guide_lists_exactly_the_pages_there_are():
    listed = re.findall(r"^ +- .+: (\S+\.md)$", read(PROJECT / "mkdocs.yml"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(path.relative_to(PROJECT / "docs").as_posix() for path in PAGES)
    assert len(listed) == len(set(listed))


@by_name(TEXTS)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(path)):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_guide_is_built_strictly(tmp_path):
    pytest.importorskip("mkdocs", reason="mkdocs comes with the docs extra")
    pytest.importorskip("material", reason="mkdocs-material comes with the docs extra")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=PROJECT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    built = {path.stem for path in (tmp_path / "site").rglob("*.html")}
    assert {path.stem for path in PAGES} <= built
    assert "<code>max_access_m</code>" in read(tmp_path / "site" / "region.html")


# ---------------------------------------- reference tables


def test_the_region_page_names_every_key_with_its_meaning():
    meanings = tomllib.loads(read(PROJECT / "docs" / "region_keys.toml"))
    assert set(meanings) == {model.__name__ for model in MODELS}
    table = load_reference().on_page_markdown(read(PROJECT / "docs" / "region.md"))
    assert "<!--" not in table
    for model in MODELS:
        keys = [name for name, field in model.model_fields.items() if model is not region.Region or not field.exclude]
        assert list(meanings[model.__name__]) == keys
        for key in keys:
            meaning = meanings[model.__name__][key]
            assert re.search("[一-鿿]", meaning)
            assert re.search(rf"^\| `{key}` \| .*\| {re.escape(meaning)} \|$", table, flags=re.MULTILINE), key


def test_no_table_of_the_schema_is_left_out():
    tables = {item for item in vars(region).values() if isinstance(item, type) and issubclass(item, region._Table)}
    assert tables - {region._Table} == set(MODELS)


def test_tables_are_tables():
    """Every row has as many cells as its header."""
    for name in ("region.md", "parameters.md", "data.md"):
        text = load_reference().on_page_markdown(read(PROJECT / "docs" / name))
        for block in re.findall(r"(?:^\|.*\|\n?)+", text, flags=re.MULTILINE):
            assert len({row.count("|") for row in block.splitlines()}) == 1, block[:200]


def test_the_data_page_names_every_column_a_clause_may_need():
    text = load_reference().on_page_markdown(read(PROJECT / "docs" / "data.md"))
    for layer in ("villages", "townships", "facilities"):
        for column in set(OPTIONAL_COLUMNS[layer]) - {"outside_county"}:
            assert f"| {usual_header(layer, column)} | `{column}` | " in text
    assert "| 家庭医生签约人数" not in text  # one header a column
    assert "| 签约人数 | `contracted_people` | 整数 | LY-13, XC-2.1 |" in text


def test_the_parameters_page_has_every_number_and_its_source():
    text = load_reference().on_page_markdown(read(PROJECT / "docs" / "parameters.md"))
    table = read_speeds().table()
    assert len(re.findall(r"^\|", text, flags=re.MULTILINE)) == len(table) + 2
    assert table["source"].str.strip().ne("").all()


def test_the_example_region_files_are_accepted():
    for name in ("README.md", "docs/region.md"):
        blocks = re.findall(r"```toml\n(.*?)```", read(PROJECT / name), flags=re.DOTALL)
        assert blocks, name
        for block in blocks:
            region.region_from_table(tomllib.loads(block), Path("region.toml"))


@pytest.mark.parametrize("model", get_args(region.Siting.model_fields["model"].annotation))
def test_the_siting_page_explains_every_model_with_a_formula_and_a_picture(model):
    """A heading that ends in the name of the model, a question in the table, a formula, a picture that is there."""
    text = read(PROJECT / "docs" / "siting.md")
    assert re.search(rf"^\| .+？ \| `{model}` \|", text, flags=re.MULTILINE)
    parts = re.split(r"^##+ ", text, flags=re.MULTILINE)
    own = [part for part in parts if part.splitlines()[0].endswith(f" {model}")]
    assert len(own) == 1
    assert "Σ" in own[0] or "最大" in own[0]
    assert (PROJECT / "docs" / "images" / f"siting_{model}.svg").exists()
    assert f"(images/siting_{model}.svg)" in own[0]


def test_the_results_page_names_every_file_and_reason():
    text = read(PROJECT / "docs" / "results.md")
    files = (
        "summary.json", "villages.csv", "facilities.csv", "townships.csv", "travel_times.parquet", "coverage.gpkg",
        "map.html", "manifest.json", "plan.json", "plan.xlsx", "pareto.csv", "scenario.json",
        "compare.json", "compare.csv", "compare.xlsx", "compare_villages.csv",
    )  # fmt: skip
    assert all(f"`{name}`" in text for name in files)
    assert all(f"| {reason} |" in text for reason in REASONS if reason)


# ---------------------------------------- commands


def commands():
    """Return the options of every command of the program, those of a group under its name."""
    group = typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        parts = [command, *getattr(command, "commands", {}).values()]
        found[name] = {option for part in parts for parameter in part.params for option in parameter.opts}
    return found


@by_name(TEXTS)
def test_every_command_named_exists_with_its_options(path):
    known = commands()
    for line in code_in(read(path)).splitlines():
        for name, rest in re.findall(r"\bclinicplan(?:\.exe)? ([a-z]+)\b([^#]*)", line):
            assert name in known, line
            for option in re.findall(r"--[a-z-]+", rest):
                assert option in known[name], line


def test_every_command_is_told_in_the_guide():
    told = "\n".join(code_in(read(path)) for path in TEXTS)
    assert set(re.findall(r"\bclinicplan(?:\.exe)? ([a-z]+)\b", told)) == set(commands())


@by_name(TEXTS)
def test_every_verb_of_make_named_exists(path):
    verbs = set(re.findall(r"^([a-z-]+):.*##", read(PROJECT / "Makefile"), flags=re.MULTILINE))
    for line in re.findall(r"^\s*make ([a-z -]+?)\s*(?:#.*)?$", code_in(read(path)), flags=re.MULTILINE):
        assert set(line.split()) <= verbs


# ---------------------------------------- figures


def test_the_readme_shows_the_figures_of_the_sample():
    """Number for number those of the golden headline, which the sample is held to."""
    golden = read(PROJECT / "tests" / "goldens" / "headline_sample.zh.txt").splitlines()[1:]
    text = read(PROJECT / "README.md").replace(" ", "")
    for line in golden:
        for number in re.findall(r"\d[\d,.]*%?", line.split("：", 1)[1]):
            assert number in text, line


@by_name([PROJECT / "README.md", PROJECT / "docs" / "siting.md", PROJECT / "docs" / "results.md"])
def test_the_plan_of_the_sample_is_shown_as_the_program_prints_it(path):
    """Line for line the golden plan, which the sample is held to."""
    golden = read(PROJECT / "tests" / "goldens" / "plan_sample.zh.txt").splitlines()
    assert len(golden) == 4
    assert [line for line in golden if line not in read(path)] == []


# ---------------------------------------- nothing of one machine


@pytest.fixture(scope="module")
def tracked():
    """Text files that git keeps, with their text; notebooks and data among them."""
    if not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("git does not answer")
    texts = {}
    for name in done.stdout.decode("utf-8").split("\0"):
        path = PROJECT / name
        if name and path.is_file() and b"\0" not in (data := path.read_bytes()):
            texts[name] = data.decode("utf-8")
    return texts


def test_no_file_sends_to_a_package_host(tracked):
    hosts = re.compile(r"https?://[^\s\"'<>]*(?:" + "|".join(map(re.escape, REGISTRIES)) + ")")
    assert not [name for name, text in tracked.items() if hosts.search(text)]


def test_no_file_names_a_place_on_a_machine(tracked):
    told = {name: text for name, text in tracked.items() if name.startswith(("docs/", "src/", "notebooks/", "README"))}
    assert len(told) > 100
    assert not [name for name, text in told.items() if any(place in text for place in MACHINE_PATHS)]


def test_text_files_are_utf_8_and_end_in_one_line_break(tracked):
    for name, text in tracked.items():
        if name.endswith((".py", ".md", ".toml", ".txt", ".yml", ".js", ".css", ".ipynb")):
            assert not text or (text.endswith("\n") and not text.endswith("\n\n")), name
            assert "\r" not in text, name
