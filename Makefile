# Everything needs only python3 (3.11 or newer), make and the package index; .venv is made on first use. What is installed
# is locked with hashes in requirements/, written by `make lock`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Two workers for each core, since half of the time of a test is spent waiting. A test that must not run beside another of
# its kind says so with tests/exclusive.py.
PYTEST := -m pytest --numprocesses $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN)) --dist worksteal
# What depends on the versions of Python and of packages; the command line, deployment, the browser and npm do not.
CORE := tests/architecture tests/emitted tests/faults tests/http tests/startup tests/unit app_template/tests

# A room is a folder of framework/ without its underscore. `make test ROOM=responses` runs tests/unit/_responses and what
# the row of the room names below tests/. The compiler's room has the files of http and startup that no other row names.
ROOM_binding := faults/test_leaves* faults/test_walker* $(addprefix http/test_,bad_inputs* binding* body* forms* multipart* patch* types*) \
  $(addprefix startup/test_,body* invalid_default* invalid_form* invalid_marker* invalid_patch* several_bodies* unsupported*)
ROOM_cli := cli contract/test_node_tools* contract/test_python_client*
ROOM_compiler = emitted $(patsubst tests/%,%,$(filter-out $(foreach room,$(filter-out compiler,$(ROOMS)),$(call tests_of,$(room))),$(wildcard tests/http/test_* tests/startup/test_*)))
ROOM_inspect := $(addprefix startup/test_,missing_annotation* missing_return* unresolved*)
ROOM_openapi := browser $(addprefix http/test_,documentation* documents* links*) \
  $(addprefix startup/test_,invalid_callback* invalid_example* invalid_link*)
ROOM_plan := emitted
ROOM_responses := $(addprefix http/test_,answers* files* pagination* responses* streams*) \
  $(addprefix startup/test_,invalid_response* static_files* unencodable*)
ROOM_routing := http/test_routing* $(addprefix startup/test_,duplicate_route* invalid_path* unbound* unknown*)
ROOM_security := http/test_credentials* startup/test_invalid_security*
ROOM_services := faults/test_scopes* $(addprefix startup/test_,captive* cyclic* duplicate_provider* invalid_provider* \
  invalid_registration* missing_provider* request_in*)
ROOM_sockets := http/test_sockets* startup/test_invalid_socket*
ROOM_testing := contract/test_contract* contract/test_generated*
tests_of = $(wildcard tests/unit/_$(1)) $(sort $(wildcard $(addprefix tests/,$(ROOM_$(1)))))
ROOMS := $(patsubst ROOM_%,%,$(sort $(filter ROOM_%,$(.VARIABLES))))

.PHONY: run test rooms test-core test-newest test-lowest test-neighbours check bench bench-instructions bench-profile lock format clean

run: $(VENV)/.run
	$(BIN)/python -m app_template

ifdef ROOM
ifeq ($(ROOM_$(ROOM)),)
$(error there is no room "$(ROOM)"; the rooms are $(ROOMS))
endif
endif

test: $(VENV)/.test
ifdef ROOM
	$(BIN)/python $(PYTEST) $(call tests_of,$(ROOM))
else
	$(BIN)/python $(PYTEST) --cov=framework --cov-branch --cov-fail-under=95
endif

# Prints the rooms and their tests.
rooms:
	@$(foreach room,$(ROOMS),echo '$(room): $(call tests_of,$(room))';)

test-core: $(VENV)/.test
	$(BIN)/python $(PYTEST) $(CORE)

# The newest versions that pyproject.toml allows.
test-newest:
	test -x .venv-newest/bin/python || $(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip --disable-pip-version-check --quiet install --upgrade --upgrade-strategy eager --editable '.[test]'
	.venv-newest/bin/python $(PYTEST) $(CORE)

# The lowest versions that pyproject.toml names, on the lowest Python, with the newest of what they require themselves.
test-lowest: .venv-uv/.uv
	.venv-uv/bin/uv venv --quiet --clear --python 3.11 .venv-lowest
	.venv-uv/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	.venv-lowest/bin/python $(PYTEST) $(CORE)

# Sentry, OpenTelemetry and others beside the framework, in an environment of their own.
test-neighbours: .venv-neighbours/.installed
	.venv-neighbours/bin/python -m pytest tests/neighbours $(OPTIONS)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m tests.words

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

# Writes requirements/*.txt for all supported Pythons and systems. Versions that still fit are kept; all are renewed with
# OPTIONS=--upgrade.
LOCK := .venv-uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --custom-compile-command 'make lock'
lock: .venv-uv/.uv
	$(LOCK) $(OPTIONS) --extra check pyproject.toml requirements/build.in --output-file requirements/check.txt
	$(LOCK) --extra test --constraint requirements/check.txt pyproject.toml requirements/build.in --output-file requirements/test.txt
	$(LOCK) --extra server --extra sql --extra yaml --constraint requirements/check.txt pyproject.toml requirements/build.in \
	  --output-file requirements/run.txt
	$(LOCK) --constraint requirements/check.txt pyproject.toml --output-file requirements/core.txt
	$(LOCK) $(OPTIONS) requirements/neighbours.in pyproject.toml requirements/build.in --output-file requirements/neighbours.txt

format: $(VENV)/.check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-bench .venv-lowest .venv-neighbours .venv-newest .venv-uv build dist *.egg-info

.venv-bench/.bench: tests/benchmarks/peers.txt pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --requirement tests/benchmarks/peers.txt --editable .
	touch $@

.venv-uv/.uv:
	$(PYTHON) -m venv .venv-uv
	.venv-uv/bin/python -m pip --disable-pip-version-check --quiet install 'uv>=0.9'
	touch $@

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run $(VENV)/.test $(VENV)/.check: $(VENV)/.%: requirements/%.txt pyproject.toml setup.cfg | $(BIN)/python
	$(PIP) install --require-hashes --requirement $<
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(PIP) check
	touch $@ $(if $(filter run,$*),,$(VENV)/.run) $(if $(filter check,$*),$(VENV)/.test)

.venv-neighbours/.installed: requirements/neighbours.txt pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv-neighbours
	.venv-neighbours/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements/neighbours.txt
	.venv-neighbours/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	touch $@
