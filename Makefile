# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore

.PHONY: help install demo test clients browser screenshots chaos chaos-proof rules endurance hostile fuzz check lint package container sbom stranger bench bench-database bench-devnet bench-workers bench-queue bench-rendering bench-check bench-results bench-calendar bench-web docs translations lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed ## Make the virtual environment with what running briefbot needs

demo: $(VENV)/.installed ## Publish the sample briefs on a chain of its own and show the log
	@$(BIN)/briefbot demo

test: $(VENV)/.installed-dev ## Run the tests
	@$(BIN)/python -m pytest

clients: $(VENV)/.installed-dev ## Try clients from npm against the devnet, and check our scripts' types (needs Node.js)
	@cd tests/clients && npm ci --silent --no-fund --no-audit
	@cd tests/clients && npx --no-install tsc --noEmit --allowJs --checkJs --strict --module es2022 --moduleDetection force \
		--target es2022 --lib dom,dom.iterable,es2022 ../../bot/web/static/*.js
	@$(BIN)/python -m pytest tests/clients

browser: $(VENV)/.installed-dev ## Look at the pages in a real browser (needs Chromium)
	@$(BIN)/python -m pytest -n 2 tests/browser

screenshots: $(VENV)/.installed-dev ## Take the pictures of docs/ anew, of a demo's dashboard and the preview (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots
	@$(BIN)/python -m tests.browser.dashboard_screenshots

ROUNDS ?= 20
chaos: $(VENV)/.installed-dev ## Random trouble over real processes and databases; ROUNDS=1000 is the long form
	@$(BIN)/python -m tests.chaos --engine sqlite --rounds $(ROUNDS)
	@$(BIN)/python -m tests.chaos --engine postgresql --rounds $(ROUNDS)
	@$(BIN)/python -m tests.chaos --engine sqlite --pairs
	@$(BIN)/python -m tests.chaos --engine postgresql --pairs
	@ROUNDS=$(ROUNDS) $(BIN)/python -m pytest --timeout 3600 tests/publishing/test_world.py \
		tests/publishing/test_machine.py tests/publishing/test_restore.py tests/rehearsal/test_property.py

chaos-proof: $(VENV)/.installed-dev ## Take each guard of exactly-once out, and see that the chaos notices
	@$(BIN)/python -m tests.chaos.prove

rules: ## Try the alerts for Prometheus (needs Debian's package prometheus)
	@promtool check rules docs/prometheus-rules.yml
	@promtool test rules tests/metrics/rules.yml

endurance: $(VENV)/.installed-dev ## A day of a chain's time at a hundred times its pace, with all troubles (a quarter of an hour)
	@$(BIN)/python -m tests.endurance

hostile: $(VENV)/.installed-dev ## Every hostile peer against every command and the service, one by one (half an hour)
	@HOSTILE_LONG=1 $(BIN)/python -m pytest --timeout 1800 tests/hostile

SECONDS_TO_FUZZ ?= 600
fuzz: $(VENV)/.installed-dev ## Look for a brief that gives a traceback, or on which checks and chain differ (Linux)
	@SECONDS_TO_FUZZ=$(SECONDS_TO_FUZZ) $(BIN)/python -m tests.fuzz

check: lint ## Everything that CI runs, on this Python
	@$(MAKE) --no-print-directory test

lint: $(VENV)/.installed-dev ## Lint, format, types and import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

DIST ?= dist
package: $(VENV)/.installed-dev ## Build wheel and source archive into dist/, and use them where nothing else is installed
	@$(BIN)/python -m tests.packaging.installed $(DIST)

container: $(VENV)/.installed-dev ## Take the Containerfile's steps without an engine, and run what they make (Linux)
	@$(BIN)/python -m tests.packaging.container

stranger: $(VENV)/.installed-dev ## Type docs/operations.md into an empty Debian that systemd boots (root; minutes)
	@$(BIN)/python -m tests.packaging.stranger

sbom: $(VENV)/.installed-dev ## Write what a release is made of into dist/, as CycloneDX has it
	@$(BIN)/python -m tests.packaging.sbom $(DIST)

bench: $(VENV)/.installed-dev ## Measure against the named baselines; table and JSON
	@$(BIN)/python -m tests.bench

bench-devnet: $(VENV)/.installed-dev ## Measure the devnet: rate, memory and restart with 100,000 comments
	@$(BIN)/python -m tests.bench_devnet

bench-workers: $(VENV)/.installed-dev ## Measure 1, 2, 4 and 8 workers on PostgreSQL, 500 authors due at once
	@$(BIN)/python -m tests.bench_workers

bench-queue: $(VENV)/.installed-dev ## Measure queues of 1,000, 10,000 and 100,000 briefs; a quarter of an hour
	@$(BIN)/python -m tests.bench_queue --plot docs/images/queue.svg

bench-calendar: $(VENV)/.installed-dev ## Measure 100,000 briefs of 1,000 authors with slots; half an hour
	@$(BIN)/python -m tests.bench_calendar

bench-results: $(VENV)/.installed-dev ## Measure what following results costs, and sums over a million votes
	@$(BIN)/python -m tests.bench_results

bench-web: $(VENV)/.installed-dev ## Measure pages at their largest: 5,000 votes, 500 replies, a million events
	@$(BIN)/python -m tests.bench_web

bench-database: $(VENV)/.installed-dev ## Measure backup, restore, check, prune and move of 100,000 publications; half an hour
	@$(BIN)/python -m tests.bench_database

bench-rendering: $(VENV)/.installed-dev ## Measure the rendering: how true, how fast, and the worst input
	@$(BIN)/python -m tests.bench_rendering

docs: $(VENV)/.installed ## Write the generated pages of docs/ anew
	@$(BIN)/python -c 'from bot.briefs.catalogue import page; print(page(), end="")' > docs/checks.md

translations: $(VENV)/.installed-dev ## Bring the dashboard's catalogues up to date with its pages
	@cd bot/web && $(CURDIR)/$(BIN)/pybabel --quiet extract --mapping translations/babel.cfg --keyword N_ \
		--no-location --sort-output --omit-header --output-file translations/messages.pot .
	@cd bot/web && $(CURDIR)/$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --omit-header --no-wrap \
		--input-file translations/messages.pot --output-dir translations
	@rm bot/web/translations/messages.pot

lock: ## Resolve the dependencies anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --extra postgres --extra keyring --extra notify --extra web \
		pyproject.toml --group build -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --extra postgres --extra keyring --extra notify --extra web \
		pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove what these commands made
	rm -rf $(VENV) .briefbot .fuzz .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "briefbot needs Python 3.11 or later; try: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing briefbot into $(VENV) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
