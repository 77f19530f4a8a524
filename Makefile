# Everything needs only python3 (3.11 or newer), make and the package index; .venv is made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check bench bench-instructions format clean

run: $(VENV)/.run
	$(BIN)/python -m app_template

test: $(VENV)/.test
	$(BIN)/python -m pytest --cov=framework --cov-branch --cov-fail-under=95

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks

bench-instructions: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.instructions

format: $(VENV)/.check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --editable '.[server,sql]'
	touch $@

$(VENV)/.test: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --editable '.[test]'
	touch $@ $(VENV)/.run

$(VENV)/.check: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --editable '.[check]'
	touch $@ $(VENV)/.test $(VENV)/.run
