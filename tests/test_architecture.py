"""The package is an argument: each step may use only the steps above it (DESIGN section 1)."""

import ast
from pathlib import Path

import pytest

import clinicplan

ROOT = Path(clinicplan.__file__).parent
ORDER = [
    "errors", "words", "terms", "standard", "results", "datum", "region", "layers", "speeds", "network", "roads",
    "travel", "isochrones", "coverage", "check", "policy", "scenario", "county", "siting", "report", "extract",
    "sample", "plan", "cli",
]  # fmt: skip
"""The steps, first to last; `terms`, `standard` and `results` are common ground, `check` and `extract` are commands."""

FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def step_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


class RuntimeImports(ast.NodeVisitor):
    """Collect clinicplan modules imported when the code runs, type-checking blocks left out."""

    def __init__(self):
        self.found = set()

    def visit_If(self, node):
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self.generic_visit(node)

    def visit_ImportFrom(self, node):
        if node.module == "clinicplan":
            self.found |= {alias.name for alias in node.names}
        elif node.module and node.module.startswith("clinicplan."):
            self.found.add(node.module.split(".")[1])

    def visit_Import(self, node):
        self.found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("clinicplan.")}


def runtime_imports(path):
    visitor = RuntimeImports()
    visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
    return visitor.found - {step_of(path)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_modules_above_it(path):
    above = set(ORDER[: ORDER.index(step_of(path))])
    assert runtime_imports(path) <= above


def test_the_order_names_every_step():
    steps = {step_of(path) for path in FILES}
    assert steps <= set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_short_and_open_with_a_sentence(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500
    assert ast.get_docstring(ast.parse(text))


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_function_bodies_stay_small(path):
    """Kernels in machine code are one loop nest each, for speed; nothing else is long."""
    if path.name == "kernels.py":
        return
    for node in functions(ast.parse(path.read_text(encoding="utf-8"))):
        body = node.body[1:] if ast.get_docstring(node) else node.body
        size = node.end_lineno - body[0].lineno + 1 if body else 0
        assert size <= 60, f"{path.name}: {node.name} has {size} lines"


def test_only_the_program_prints():
    for path in FILES:
        if step_of(path) == "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", path
