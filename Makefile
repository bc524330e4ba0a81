# The commands of the house. `make run` and `make test` need Python 3.11+ and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
LAKE := .venv-lake/bin
LAKE_TESTS := tests/store/test_ducklake.py tests/store/test_facts.py tests/backup/test_restore.py tests/backup/test_engines.py \
	tests/analytics/test_queries.py tests/analytics/test_integrity.py tests/analytics/test_workspace_zone.py \
	tests/ingest/test_posts.py tests/exports/test_evaluations.py tests/crashes/test_imports.py
PORT ?= 8501
WORKERS ?= 4
KILLS ?= 200
FILES ?= 10000
SEED ?= 0
SIEGE_SECONDS ?= 120
N ?= 20
DRAWS ?= 20000

.PHONY: run test test-lake torture fuzz siege simulate mutants bench screenshots install install-dev system lint format lock audit

run: install ## serve the app on http://localhost:8501
	@$(BIN)/streamlit run app.py --server.port $(PORT)

install: .venv/installed ## the pinned dependencies, into .venv

install-dev: .venv/installed-dev ## the same, and what the tests need

test: install-dev system lint test-lake ## lint, types, the whole suite on DuckDB, PostgreSQL and in Chromium, and what it runs of lib in its own processes; WORKERS files at once, each takes 2 GB and half a core
	@$(BIN)/python -m slipcover --source lib --skip-covered \
		-m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test-lake: .venv-lake/installed system ## what DuckLake answers for, in an environment of its own: its extensions fit another DuckDB
	@KILLS=2 $(LAKE)/python -m pytest -k ducklake --numprocesses $(WORKERS) --dist loadfile $(LAKE_TESTS)

torture: install-dev system ## kill -9 at random moments, KILLS of each kind on each engine; tells how long restarts took
	@KILLS=$(KILLS) $(BIN)/python -m pytest tests/crashes --numprocesses auto --dist load -rA

fuzz: install-dev ## brings in files that are broken on purpose: FILES of them, from SEED on; tells what came of them
	@$(BIN)/python -m tests.hostile --files $(FILES) --seed $(SEED)

siege: install-dev ## two minutes of a hostile visitor, viewer and key beside ten pages at work; SIEGE_SECONDS of them
	@$(BIN)/python -m tests.hostile.siege --seconds $(SIEGE_SECONDS)

simulate: install-dev ## every claim about chance, in simulated worlds, DRAWS draws in each
	@DRAWS=$(DRAWS) $(BIN)/python -m pytest tests/statistics tests/alerts -m simulation --numprocesses auto -rA

mutants: install-dev system ## puts N small faults into lib, or into MODULES of it, chosen by SEED; tells which of them no test notices
	@$(BIN)/python -m tests.mutants --count $(N) --seed $(SEED) $(MODULES)

bench: install-dev system ## measurements against yardsticks, on ten million evaluations; writes bench/results.md; ROWS=100000 tries it out
	@ROWS=$(ROWS) $(BIN)/python -m bench $(PARTS)

lint: install-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: install-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## pin the newest versions that pyproject.toml allows
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group build pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(PYTHON) -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['lake'], sep='\n')" \
		| uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		- -o requirements-lake.lock

audit: ## known vulnerabilities of the pinned packages: asks a database on the internet, so no part of make test
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit>=2.10,<3"
	@for lock in requirements.lock requirements-dev.lock; do \
		build/audit/bin/pip-audit --strict --disable-pip --require-hashes -r $$lock || exit 1; done

system: ## PostgreSQL, Chromium, Node.js, nginx and HAProxy, from the system's packages where they are missing
	@sh tests/system.sh

.venv/bin/python:
	@sh -c '$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))"' \
		|| { echo "Callboard needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "The venv module is missing: apt-get install python3-venv, then make again."; exit 1; }

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the pinned dependencies into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv-lake/installed: requirements-lake.lock .venv/installed-dev
	@echo "Installing what DuckLake needs into .venv-lake; the rest it has from .venv …"
	@$(BIN)/python -m venv --clear --without-pip .venv-lake
	@$(BIN)/python -m pip --python $(LAKE)/python install --quiet --disable-pip-version-check --require-hashes -r requirements-lake.lock
	@$(BIN)/python -c "import site; print('import site; site.addsitedir(%r)' % site.getsitepackages()[0])" \
		> "$$($(LAKE)/python -c 'import site; print(site.getsitepackages()[0])')/rest.pth"
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

screenshots: install-dev system ## pictures of every page, light and dark, at a desk's and a phone's width; writes docs/screens
	@$(BIN)/python -m tests.browser.screenshots
