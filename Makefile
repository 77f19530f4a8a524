# Everything needs only python3 (3.11 or newer), make and the package index; .venv is made on first use. What is installed
# is locked with hashes in requirements/, written by `make lock`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := .venv-uv/bin/uv
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Four workers more than there are cores, since half of the time of a test is spent waiting. A test that must not run
# beside another of its kind says so with tests/exclusive.py.
PYTEST := -m pytest --numprocesses $(shell expr 4 + $$(getconf _NPROCESSORS_ONLN)) --dist worksteal
# What depends on the versions of Python and of packages; the command line, deployment, the browser and npm do not, nor
# do the rules of the source and the tests that take long, which are many generated requests: but for those that compare
# the walker with msgspec.
CORE := tests/architecture/test_import_time.py tests/emitted tests/faults tests/http tests/startup tests/testing \
  tests/unit app_template/tests -m 'not slow or walker'
# Images often set it; without bytecode each process that a test starts compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

# A room is a folder of framework/. `make test ROOM=sockets` runs its unit tests and what the row of the room names below
# tests/. What no row names belongs to the room emit.
ROOM_asgi := http/asgi deployment/test_asgi_servers.py
ROOM_binding := $(addprefix http/test_,binding* types*) \
  $(addprefix startup/test_,body* invalid_default* invalid_form* invalid_marker* invalid_patch* several_bodies* unsupported*)
ROOM_channels := channels startup/test_invalid_topic*
ROOM_cli := cli browser/test_dev_browser.py contract/test_node_tools* contract/test_openapi_python_client* \
  contract/test_python_client* deployment/test_new_projects* deployment/test_platform_files* deployment/test_proxies*
ROOM_compile := $(addprefix http/test_,exception_handlers* guards* pipeline* route_metadata*) \
  $(addprefix startup/test_,all_together* invalid_controller* invalid_guard* invalid_handler* invalid_layer* invalid_task*)
ROOM_connections := $(addprefix http/test_,protocol* private_names*)
ROOM_conversion := $(addprefix http/test_,responses_annotation* responses_values*)
ROOM_declarations := startup/new_users startup/test_new_users* $(addprefix startup/test_,invalid_option* near_misses* unknown*)
ROOM_jobs := jobs cli/test_jobs_command.py browser/test_jobs_browser.py startup/test_invalid_job*
ROOM_middleware := http/middleware unit/middleware browser/test_cross_origin.py $(addprefix http/test_,layers* middleware*) \
  $(addprefix startup/test_,invalid_layer_compiled* invalid_limits* invalid_middleware* layer_order* catalogue_order*)
ROOM_document := browser $(addprefix http/test_,documentation* documents* links*) \
  $(addprefix startup/test_,invalid_callback* invalid_example* invalid_link*)
ROOM_emit = emitted $(patsubst tests/%,%,$(filter-out $(foreach room,$(filter-out emit,$(ROOMS)),$(call tests_of,$(room))),$(wildcard tests/http/test_* tests/startup/test_*)))
ROOM_files := http/test_files* startup/test_static_files*
ROOM_health := http/test_health* http/test_runtime*
ROOM_http := http/test_bad_inputs_media_types* http/test_bad_inputs_targets*
ROOM_inspect := $(addprefix startup/test_,missing_annotation* missing_return* unresolved*)
ROOM_mounts := http/asgi/test_asgi_mounts.py
ROOM_observing := http/test_observers* startup/test_invalid_observer*
ROOM_plan := emitted
ROOM_requests := $(addprefix http/test_,bad_inputs* body* forms* multipart* patch*)
ROOM_responses := $(addprefix http/test_,answers* pagination* responses*) $(addprefix startup/test_,invalid_response* unencodable*)
ROOM_routing := http/test_routing* $(addprefix startup/test_,duplicate_route* invalid_path* unbound*)
ROOM_security := http/security browser/test_login* http/test_credentials* $(addprefix startup/test_,default_guard* invalid_jwt* invalid_login* invalid_security*)
ROOM_process := cli/test_run_* deployment/test_run_workers.py deployment/test_worker.py unit/test_gunicorn_configuration.py
ROOM_services := faults/test_scopes* $(addprefix startup/test_,captive* cyclic* duplicate_provider* invalid_provider* \
  invalid_registration* missing_provider* request_in*)
ROOM_settings := unit/settings unit/test_convert_strings.py
ROOM_sockets := http/test_sockets* startup/test_invalid_socket*
ROOM_stores := http/middleware/test_rate_limit*
ROOM_streams := http/test_streams*
ROOM_telemetry := http/telemetry deployment/test_prometheus.py
ROOM_templating := http/test_templating* startup/test_invalid_template*
ROOM_testing := testing contract/test_contract* contract/test_generated* contract/test_guarded* contract/test_testing_typing*
ROOM_validation := faults/test_leaves* faults/test_walker*
# The unit tests of a room have its place in the house: tests/unit/_serve/sockets.
tests_of = $(wildcard tests/unit/_$(1) $(addsuffix /$(1),tests/unit/_compile tests/unit/_document tests/unit/_serve)) \
  $(sort $(wildcard $(addprefix tests/,$(ROOM_$(1)))))
ROOMS := $(patsubst ROOM_%,%,$(sort $(filter ROOM_%,$(.VARIABLES))))

.PHONY: run setup test test-slow rooms test-core test-newest test-lowest test-neighbours check docs docs-check release-check bench bench-instructions bench-jobs bench-profile lock migrate migration pictures format clean

run: $(VENV)/.run
	$(BIN)/python -m app_template

# Installs what all other targets use; see CONTRIBUTING.md.
setup: $(VENV)/.check

ifdef ROOM
ifeq ($(ROOM_$(ROOM)),)
$(error there is no room "$(ROOM)"; the rooms are $(ROOMS))
endif
endif

# COVERAGE=1 measures branch coverage too, which doubles the time; continuous integration does. Some tests run the type
# checkers, which are not among the packages of .test.
# The tests that are marked as slow are those of test-slow.
test: $(VENV)/.check
	$(BIN)/python $(PYTEST) -m 'not slow' \
	  $(if $(ROOM),$(call tests_of,$(ROOM)),$(if $(COVERAGE),--cov=framework --cov-branch --cov-fail-under=95))

# The tests that take more than about a second of the processor each, or four seconds on the clock; a room may have none,
# which is the status 5 of pytest.
test-slow: $(VENV)/.check
	$(BIN)/python $(PYTEST) -m slow $(if $(ROOM),$(call tests_of,$(ROOM)) || [ $$? -eq 5 ])

# Prints the rooms and their tests.
rooms:
	@$(foreach room,$(ROOMS),echo '$(room): $(call tests_of,$(room))';)

test-core: $(VENV)/.test
	$(BIN)/python $(PYTEST) $(CORE)

# The newest versions that pyproject.toml allows.
test-newest: .venv-uv/.uv
	$(UV) venv --quiet --clear --python $(PYTHON) .venv-newest
	$(UV) pip install --quiet --compile-bytecode --python .venv-newest/bin/python --upgrade --editable '.[test]'
	.venv-newest/bin/python $(PYTEST) $(CORE)

# The lowest versions that pyproject.toml names, on the lowest Python, with the newest of what they require themselves.
test-lowest: .venv-uv/.uv
	$(UV) venv --quiet --clear --python 3.11 .venv-lowest
	$(UV) pip install --quiet --compile-bytecode --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	.venv-lowest/bin/python $(PYTEST) $(CORE)

# Sentry, OpenTelemetry and others beside the framework, in an environment of their own.
test-neighbours: .venv-neighbours/.installed
	.venv-neighbours/bin/python $(PYTEST) tests/neighbours $(OPTIONS)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	for step in docs/tutorial/steps/step_*; do MYPYPATH=$$step $(BIN)/mypy $$step || exit 1; done
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m tests.words
	$(BIN)/python tools/draw_house.py --check

# Builds the site of the documentation into build/site; its warnings, wrong links and misspelt words are errors.
# VERSION=0.1 builds build/versions/0.1, whose pages offer the other versions that are beside it.
docs: $(VENV)/.check
	$(BIN)/codespell docs framework app_template README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md
	$(BIN)/python tools/build_docs.py $(if $(VERSION),--version $(VERSION))

# Checks pages of the built site in Chromium (contrast, headings, labels, widths, search); OPTIONS=--all checks all pages.
docs-check: $(VENV)/.test
	$(BIN)/python -m tests.site $(OPTIONS)

# Builds the wheel and the source distribution into dist/, and checks them: metadata, contents, type information, size.
release-check: $(VENV)/.check
	rm -rf dist build
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/python tools/check_release.py dist

# Needs wrk beside Python; the peers go into an environment of their own. OPTIONS="--workloads form ws --rounds 1
# --seconds 1" measures less; --help names them all.
bench: .venv-bench/.bench
	.venv-bench/bin/python tests/benchmarks/run.py $(OPTIONS)

# Needs redis-server and nats-server; measures the jobs beside other queues, which go into an environment of their own.
bench-jobs: $(VENV)/.test .venv-queues/.bench
	$(BIN)/python -m tests.jobs.peers $(OPTIONS)

# Needs valgrind. OPTIONS=--write writes the figures of this Python; of another with PYTHON=python3.13 VENV=.venv-3.13.
bench-instructions: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.instructions $(OPTIONS)

# Needs valgrind and a Python from 3.12 on: PYTHON=python3.13 VENV=.venv-3.13.
bench-profile: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.profile $(OPTIONS)

# Writes requirements/*.txt for all supported Pythons and systems. Versions that still fit are kept; all are renewed with
# OPTIONS=--upgrade.
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --custom-compile-command 'make lock'
lock: .venv-uv/.uv
	$(LOCK) $(OPTIONS) --extra check pyproject.toml requirements/build.in --output-file requirements/check.txt
	$(LOCK) --extra test --constraint requirements/check.txt pyproject.toml requirements/build.in --output-file requirements/test.txt
	$(LOCK) --extra dev --extra dotenv --extra jobs --extra jwt --extra passwords --extra redis --extra server --extra sql --extra telemetry --extra templating --extra yaml --constraint requirements/check.txt pyproject.toml requirements/build.in \
	  --output-file requirements/run.txt
	$(LOCK) --constraint requirements/check.txt pyproject.toml --output-file requirements/core.txt
	$(LOCK) $(OPTIONS) --extra jobs --extra kafka --extra sqs requirements/neighbours.in pyproject.toml requirements/build.in --output-file requirements/neighbours.txt
	$(LOCK) $(OPTIONS) tests/contract/python/requirements.in --output-file tests/contract/python/requirements.txt
	$(LOCK) $(OPTIONS) tests/deployment/tools/requirements.in --output-file tests/deployment/tools/requirements.txt

# Runs the migrations of the template that the database of DATABASE_URL does not have; `make migration NAME="..."` writes
# one from the changes of its tables.
migrate: $(VENV)/.run
	$(BIN)/python -m alembic upgrade head

migration: $(VENV)/.run
	$(BIN)/python -m alembic revision --autogenerate -m "$(NAME)"

# Draws docs/design/floors.svg and request.svg from the code.
pictures: $(VENV)/.check
	$(BIN)/python tools/draw_house.py

format: $(VENV)/.check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-audit .venv-bench .venv-lowest .venv-neighbours .venv-newest .venv-queues .venv-uv build dist *.egg-info

.venv-bench/.bench: tests/benchmarks/peers.txt pyproject.toml setup.cfg
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install --requirement tests/benchmarks/peers.txt --editable .
	touch $@

.venv-queues/.bench: tests/benchmarks/peers/queues.txt
	$(PYTHON) -m venv .venv-queues
	.venv-queues/bin/python -m pip --disable-pip-version-check --quiet install --requirement tests/benchmarks/peers/queues.txt
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

.venv-neighbours/.installed: requirements/neighbours.txt pyproject.toml setup.cfg | .venv-uv/.uv
	$(UV) venv --quiet --clear --python $(PYTHON) .venv-neighbours
	$(UV) pip install --quiet --compile-bytecode --python .venv-neighbours/bin/python --require-hashes --requirement requirements/neighbours.txt
	$(UV) pip install --quiet --python .venv-neighbours/bin/python --no-deps --no-build-isolation --editable .
	touch $@
