# Everything needs only python3 (3.11 or newer), make and the package index; .venv is made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test test-core test-neighbours lock-neighbours check bench bench-instructions bench-profile format clean

run: $(VENV)/.run
	$(BIN)/python -m app_template

test: $(VENV)/.test
	$(BIN)/python -m pytest --cov=framework --cov-branch --cov-fail-under=95

# What depends on the version of Python; the command line, deployment, the browser and npm do not.
test-core: $(VENV)/.test
	$(BIN)/python -m pytest tests/architecture tests/emitted tests/faults tests/http tests/startup tests/unit app_template/tests

# Sentry, OpenTelemetry and others beside the framework, in an environment of their own.
test-neighbours: .venv-neighbours/.installed
	.venv-neighbours/bin/python -m pytest tests/neighbours $(OPTIONS)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# Needs wrk beside Python; the peers go into an environment of their own. OPTIONS="--workloads form ws --rounds 1
# --seconds 1" measures less; --help names them all.
bench: .venv-bench/.bench
	.venv-bench/bin/python tests/benchmarks/run.py $(OPTIONS)

# Needs valgrind. OPTIONS=--write writes the figures of this Python; of another with PYTHON=python3.13 VENV=.venv-3.13.
bench-instructions: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.instructions $(OPTIONS)

# Needs valgrind and a Python from 3.12 on: PYTHON=python3.13 VENV=.venv-3.13.
bench-profile: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.profile $(OPTIONS)

format: $(VENV)/.check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv-bench/.bench: tests/benchmarks/peers.txt pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --requirement tests/benchmarks/peers.txt --editable .
	touch $@

clean:
	rm -rf $(VENV) .venv-bench .venv-neighbours build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --editable '.[server,sql,yaml]'
	touch $@

$(VENV)/.test: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --editable '.[test]'
	touch $@ $(VENV)/.run

$(VENV)/.check: pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --editable '.[check]'
	touch $@ $(VENV)/.test $(VENV)/.run

.venv-neighbours/.installed: requirements/neighbours.txt pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv-neighbours
	.venv-neighbours/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements/neighbours.txt
	.venv-neighbours/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --editable .
	touch $@

# Resolves the newest versions anew; needs uv.
lock-neighbours:
	UV_CUSTOM_COMPILE_COMMAND="make lock-neighbours" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade requirements/neighbours.in pyproject.toml --output-file requirements/neighbours.txt
