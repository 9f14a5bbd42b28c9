# clinicplan: every verb of the project. `make help` lists them.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= auto
DEMO ?= demo

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint types docs notebooks bench clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# One stamp a set of extras, so that `make demo` installs no more than it needs.
.venv/ready:
	@test -n "$(PYTHON)" || { echo "clinicplan needs Python 3.11 or newer"; exit 2; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/with-%: .venv/ready pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e '.$(if $(filter-out run,$*),[$*],)'
	@touch $@

install: .venv/with-run  ## create .venv and install clinicplan with pinned versions

demo: .venv/with-run  ## plan the sample county: writes demo/region and demo/results
	$(BIN)/clinicplan demo --out $(DEMO) --force

test: .venv/with-test  ## the tests, under 10 minutes on 2 cores
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not slow"

test-all: .venv/with-test  ## the tests and the slow evidence
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

lint: .venv/with-dev  ## style, docstrings, spelling of names
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/numpydoc lint $$(git ls-files 'src/*.py')

types: .venv/with-dev  ## static types
	$(BIN)/mypy

docs: .venv/with-docs  ## the user guide, built strictly into site/
	$(BIN)/mkdocs build --strict --quiet

notebooks: .venv/with-test  ## execute the notebooks
	$(BIN)/python -m pytest -n 0 tests/test_notebooks.py

bench: .venv/with-bench  ## speed: paired, medians, prints and writes benchmarks/results/*.json
	$(BIN)/python -m benchmarks

clean:  ## remove what the verbs made
	rm -rf .venv demo site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/results benchmarks/cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
