# SPDX-License-Identifier: MIT
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint benchmark hbb payloads clean

help:  ## show these targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "fairreg needs Python 3.11 or newer; say which: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(VENV)/bin/python pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(VENV)/.base  ## install into .venv and show search, fetch --run and assess, offline
	$(BIN)/python scripts/demo.py

# Many tests start fairreg as a process, which would compile the package anew each time without kept bytecode.
test test-long: export PYTHONDONTWRITEBYTECODE :=
test test-long: PYTEST := FAIRREG_TEST_POSTGRES=required $(BIN)/python -m pytest -n auto --dist worksteal

test: $(VENV)/.dev lint  ## install what the tests need, check the code and run the tests, on SQLite and PostgreSQL
	$(PYTEST)

test-long: $(VENV)/.dev lint  ## the same with the long tests, ten times the fuzzing, and coverage
	$(PYTEST) --long --cov --cov-report=term

lint: $(VENV)/.dev  ## style, types and architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/build_document_schemas.py --check

benchmark: $(VENV)/.base  ## compare the network's graph with its plain definition
	$(BIN)/python benchmarks/hbb_inference.py

$(VENV)/.hbb: $(VENV)/.base
	$(PIP) --editable '.[simulate,torch,plot]'
	@touch $@

hbb: $(VENV)/.hbb  ## simulate 2,000 jets, train one epoch, evaluate, export and benchmark (some minutes)
	FAIRREG=$(BIN)/fairreg scripts/hbb_chain.sh

payloads: $(VENV)/.base  ## map every recorded payload kept beside the checkout and print what became of it
	$(BIN)/python scripts/payload_table.py

clean:  ## remove the venv and what the tools left
	rm -rf $(VENV) .demo hbb-chain .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
