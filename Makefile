# SPDX-License-Identifier: MIT
PYTHON ?= python3
VENV ?= .venv
# One more than there are cores: many tests wait for a process or a server.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')
BIN := $(VENV)/bin
# Without --no-compile pip would compile thousands of modules that nothing imports.
INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile
PIP := $(BIN)/python $(INSTALL)

.DEFAULT_GOAL := help
.PHONY: help demo docs publish-demo test test-browser test-long lint benchmark hbb figures notebooks payloads clean

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

# An environment of its own: roc-validator and cffconvert need other versions of rich and jsonschema, and mlcroissant
# brings pandas.
$(VENV)/.validators: $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/validators
	$(VENV)/validators/bin/python $(INSTALL) 'roc-validator>=0.13,<0.14' \
		'rocrate>=0.16,<0.17' 'cffconvert>=2,<3' 'mlcroissant>=1.1.1,<2' 'pyld>=3,<4'
	@touch $@

# An environment of its own: tritonclient needs another protobuf than onnx does, and schemathesis brings a web
# framework's worth of packages. What asks a server of fairreg from outside.
$(VENV)/.clients: $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/clients
	$(VENV)/clients/bin/python $(INSTALL) 'tritonclient[grpc,http]>=2.60,<3' \
		'sickle>=0.7,<1' 'oaipmh-scythe>=0.16,<1' 'signposting>=0.9.9,<1' 'schemathesis>=4.32,<5' \
		'openapi-spec-validator>=0.9,<1'
	@touch $@

# Copier would bring pydantic, and with it 25 MB, to where none of fairreg's own programs needs it.
$(VENV)/.copier: $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/copier
	$(VENV)/copier/bin/python $(INSTALL) \
		'copier>=9.10,<10' 'check-jsonschema>=0.30,<1' 'hatchling>=1.25'
	@touch $@

demo: $(VENV)/.base  ## install into .venv and show search, fetch --run and assess, offline
	$(BIN)/python scripts/demo.py

publish-demo: $(VENV)/.base  ## make, publish, fetch and assess three models at a local stand-in for Zenodo (a minute)
	$(BIN)/python scripts/publish_chain.py

# Many tests start fairreg as a process, which would compile the package anew each time without kept bytecode.
test test-long: export PYTHONDONTWRITEBYTECODE :=
test test-long: export FAIRREG_TEST_CLIENTS := $(abspath $(VENV))/clients/bin/python
test test-long: export FAIRREG_TEST_COPIER := $(abspath $(VENV))/copier/bin/python
test test-long: export FAIRREG_TEST_VALIDATORS := $(abspath $(VENV))/validators/bin/python
test test-long: PYTEST := FAIRREG_TEST_POSTGRES=required FAIRREG_TEST_SKIPS=hardware $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

# Programs of others that the tests use, each group in an environment of its own.
$(VENV)/.others: $(VENV)/bin/python
	$(MAKE) --no-print-directory -j2 $(VENV)/.clients $(VENV)/.copier $(VENV)/.validators
	@touch $@

test: $(VENV)/.dev $(VENV)/.others lint  ## install what the tests need, check the code and run the tests, on SQLite and PostgreSQL
	$(PYTEST)

$(VENV)/.browser: $(VENV)/.dev
	$(PIP) --editable '.[browser]'
	@touch $@

test-browser: export PYTHONDONTWRITEBYTECODE := 1
test-browser: $(VENV)/.browser  ## the tests of pages in Chromium or Chrome: search, records, keyboard, axe-core
	$(BIN)/python -m pytest --long -n 0 tests/pages/test_browser.py tests/pages/test_notebook_views.py tests/server/pages

$(VENV)/.notebooks: $(VENV)/.base
	$(PIP) --editable '.[notebooks]'
	@touch $@

notebooks: $(VENV)/.notebooks  ## run the notebooks from top to bottom, offline, and keep what they draw (minutes)
	$(BIN)/python scripts/run_notebooks.py

test-long: $(VENV)/.browser $(VENV)/.docs $(VENV)/.notebooks $(VENV)/.others lint  ## the same with the long tests, ten times the fuzzing, and coverage
	$(PYTEST) --long --cov --cov-report=term

lint: $(VENV)/.dev  ## style, types, architecture and the evidence of the catalogue
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/build_document_schemas.py --check
	$(BIN)/python scripts/check_catalogue.py

$(VENV)/.docs: $(VENV)/.base
	$(PIP) --editable '.[docs]'
	@touch $@

docs: $(VENV)/.docs  ## build the documentation with Sphinx into docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html \
		--doctree-dir docs/_build/trees docs docs/_build/html
	@echo "The first page is docs/_build/html/index.html."

benchmark: $(VENV)/.base  ## compare the network's graph with its plain definition
	$(BIN)/python benchmarks/hbb_inference.py

$(VENV)/.hbb: $(VENV)/.base
	$(PIP) --editable '.[simulate,torch,plot]'
	@touch $@

hbb: $(VENV)/.hbb  ## simulate 2,000 jets, train one epoch, evaluate, export and benchmark (some minutes)
	FAIRREG=$(BIN)/fairreg scripts/hbb_chain.sh

$(VENV)/.plot: $(VENV)/.base
	$(PIP) --editable '.[hep,plot]'
	@touch $@

# QUICK=1: only what the packaged jets give (a minute). PUBLISHED: gnn_baseline_best.pth of 10.5281/zenodo.7305227.
figures: $(if $(QUICK),$(VENV)/.plot,$(VENV)/.hbb)  ## make the figures and tables of docs/hbb-explanations.md again (half an hour; QUICK=1: a minute)
	OMP_NUM_THREADS=1 $(BIN)/python scripts/make_figures.py $(if $(QUICK),,--simulate) \
		$(if $(PUBLISHED),--published '$(PUBLISHED)')

payloads: $(VENV)/.base  ## map every recorded payload kept beside the checkout and print what became of it
	$(BIN)/python scripts/payload_table.py

clean:  ## remove the venv and what the tools left
	rm -rf $(VENV) .demo .publish-demo hbb-chain docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
