# Everything runs in .venv, built from requirements.lock; a second run finds it ready.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete
HUMMINGBOT := .venv-hummingbot
HUMMINGBOT_STAMP := $(HUMMINGBOT)/.complete
DOCS := .venv-docs
DOCS_STAMP := $(DOCS)/.complete
NOTEBOOK := .venv-notebook
NOTEBOOK_STAMP := $(NOTEBOOK)/.complete
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# The Pythons that are supported: each as a command, or in pyenv's folder.
PYTHONS := 3.11 3.12 3.13
PYENV := $(or $(PYENV_ROOT),$(HOME)/.pyenv)
named = $(shell python$(1) -c 'import sys; print(sys.executable)' 2>/dev/null)
kept = $(lastword $(sort $(wildcard $(PYENV)/versions/$(1).*/bin/python$(1))))

.PHONY: help venv demo replays test test-fast test-debug core-covered rest-covered browser test-browser prometheus test-prometheus screenshots vendor planted chaos soak soak-books bench bench-gate bench-peers bench-books bench-books-peers standby-gap lint format frames lock package sbom public-api tour docs docs-serve notebook test-all test-lowest clean \
        hummingbot-env test-hummingbot test-hummingbot-all test-hummingbot-docker headless-hummingbot

help:
	@echo "make demo    run the market maker on the embedded exchange"
	@echo "make test    run all tests with the coverage floors"
	@echo "make test-fast  the tests of sockets over picows and uvloop, the extra 'fast'"
	@echo "make test-debug  the tests of sockets in asyncio's debug mode"
	@echo "make chaos   a maker through 200 network faults, compared with the venue (SEED=n FAULTS=n TRANSPORT=picows LOOP=uvloop)"
	@echo "make soak    kills, lost connections, full load and hours of trading, for about an hour (SECONDS=n of trading)"
	@echo "make soak-books   a million diffs of 50 books with faults, held against the truth (SEED=n DIFFS=n)"
	@echo "make bench   the goals of speed: measured, must and aim, in one table (WRITE=1 into docs/performance.md too)"
	@echo "make bench-all  the same on Python 3.11, 3.12 and 3.13, where they are here (BENCHMARKS='frame_path many_orders' chooses)"
	@echo "make bench-gate   whether frames, placing and books became slower (ACCEPT=1 keeps what is measured)"
	@echo "make bench-peers  the same orders through ccxt pro, nautilus_trader and Hummingbot; writes docs/performance.md"
	@echo "make bench-books  a million diffs against other books; 200 pairs at 50 changes a second"
	@echo "make bench-books-peers  the diffs against a published book too, fetched into .peers"
	@echo "make standby-gap  a fill while the account socket is away: when it is heard of (DROPS=n)"
	@echo "make replays  record a maker among faults twenty times, and replay each recording (RUNS=n SEED=n)"
	@echo "make planted plant bugs on purpose, and have the simulation find each (SEEDS=300 FROM=0)"
	@echo "make test-browser  test the dashboard's page in headless Chromium ('make browser' installs that)"
	@echo "make test-prometheus  have Prometheus scrape the demo ('make prometheus' fetches that)"
	@echo "make screenshots   take the pictures of the README and of docs/operations anew"
	@echo "make vendor  fetch the charting library and compare the packaged copy with it"
	@echo "make public-api  the public names against those that were accepted (ACCEPT=1 takes a change over)"
	@echo "make tour    the path of one ORDER_STATUS_UPDATE through the code, function by function"
	@echo "make package sdist and wheel, checked in empty environments"
	@echo "make test-lowest  the tests with every dependency at its lower bound"
	@echo "make sbom    what the package brings along, as CycloneDX, and under which licences"
	@echo "make test-all  the tests on Python 3.11, 3.12 and 3.13, where they are here"
	@echo "make docs    the docs as a site in build/site, every internal link checked (make docs-serve shows it)"
	@echo "make notebook  run examples/session.ipynb: a recorded session, with plots"
	@echo "make lint    ruff, mypy --strict, import-linter"
	@echo "make test-hummingbot  the Hummingbot connector in the real Hummingbot, which make hummingbot-env builds first"
	@echo "make test-hummingbot-all  the same on Python 3.11, 3.12 and 3.13, where they are here"
	@echo "make test-hummingbot-docker  the Dockerfile for Hummingbot, built (needs a Docker daemon)"
	@echo "make headless-hummingbot  market making in it for five minutes, with faults (SECONDS=n, SEED=n)"
	@echo "make venv    build the environment only"
	@echo "make frames  re-record tests/frames and show what differs (ACCEPT=1 keeps it)"

# An environment whose Python is gone, as after an upgrade of the system, is built anew.
venv:
	@$(BIN)/python -c '' >/dev/null 2>&1 || rm -rf $(VENV)
	@$(MAKE) --no-print-directory GOALS='$(MAKECMDGOALS)' $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c '' >/dev/null 2>&1 || { \
	  echo "Python is missing: '$(PYTHON)' does not run. Install Python 3.11 or newer, or name one with 'make PYTHON=/path/to/python $(GOALS)'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: valr-connector needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing: on Debian or Ubuntu, 'apt-get install python3-venv' brings it."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: venv
	$(BIN)/valr demo $(DEMO)

# Compiled files are kept, whatever the environment says: else each process rewrites every assertion in each run.
test: export PYTHONDONTWRITEBYTECODE :=
test: venv
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report= $(TESTS)
	@$(MAKE) --no-print-directory -j2 --output-sync core-covered rest-covered

# The same tests over the sockets and the event loop of the extra `fast`.
test-fast: venv
	$(BIN)/python -m pytest -n auto --transport picows --loop uvloop $(or $(TESTS),tests/net tests/chaos tests/replay)

# The same tests in asyncio's debug mode: whatever asyncio complains of fails the test.
test-debug: venv
	$(BIN)/python -m pytest -n auto --loop debug $(or $(TESTS),tests/net)

WHOLLY_COVERED := valr_connector/model/*,valr_connector/protocol/*,valr_connector/core/*

core-covered:
	$(BIN)/python -m coverage report --fail-under=100 --include='$(WHOLLY_COVERED)'

rest-covered:
	$(BIN)/python -m coverage report --fail-under=90 --omit='$(WHOLLY_COVERED)'

# Chromium is Debian's; it is not a Python package.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { $(SUDO) apt-get update -qq \
	  && $(SUDO) apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; }

test-browser: venv
	$(BIN)/python -m pytest tests/browser

# Debian's program without its service: unpacked, not installed.
prometheus: venv
	@test -x $(VENV)/prometheus/usr/bin/prometheus || { $(SUDO) apt-get update -qq && mkdir -p $(VENV)/prometheus && cd $(VENV)/prometheus \
	  && apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb; }

test-prometheus: venv
	$(BIN)/python -m pytest tests/prometheus

screenshots: venv
	$(BIN)/python -m tests.browser.screenshots
	$(BIN)/python -m tests.cli.top_screenshot
	$(BIN)/python -m tests.cli.demo_screenshot

vendor: venv
	$(BIN)/python scripts/vendor.py

# Hummingbot cannot live in .venv: it needs other versions. Compiling it takes a minute or two, once.
hummingbot-env: $(HUMMINGBOT_STAMP)

$(HUMMINGBOT_STAMP): requirements-hummingbot.lock pyproject.toml scripts/hummingbot_env.py
	$(PYTHON) scripts/hummingbot_env.py --environment $(HUMMINGBOT)
	@touch $(HUMMINGBOT_STAMP)

test-hummingbot: hummingbot-env
	$(HUMMINGBOT)/bin/python -m pytest -c tests/hummingbot/pytest.ini --rootdir=. $(or $(TESTS),tests/hummingbot) \
	  --cov=valr_connector.integrations.hummingbot --cov-config=tests/hummingbot/coverage.ini --cov-fail-under=90

# On every Python that Hummingbot runs on and that is here.
ON_PYTHONS := $(PYTHONS:%=test-hummingbot-%)
.PHONY: $(ON_PYTHONS)
test-hummingbot-all: $(ON_PYTHONS)
$(ON_PYTHONS): test-hummingbot-%:
	@python=$(or $(call named,$*),$(call kept,$*)); if [ -n "$$python" ]; then \
	  $(MAKE) --no-print-directory test-hummingbot PYTHON=$$python HUMMINGBOT=.venv-hummingbot-$*; \
	else echo "Python $* is not here: not tested with Hummingbot"; fi

# What `valr hummingbot install --docker` prints, built; an image made of the environment stands in for Hummingbot's.
test-hummingbot-docker: hummingbot-env
	$(HUMMINGBOT)/bin/python -m tests.hummingbot.image

# Market making in the real Hummingbot for five minutes, with faults; both sides compared every second.
headless-hummingbot: hummingbot-env
	$(HUMMINGBOT)/bin/python -m tests.hummingbot.headless $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

chaos: venv
	VALR_TRANSPORT=$(or $(TRANSPORT),websockets) $(BIN)/python -W error -m tests.chaos.chaos --loop $(or $(LOOP),asyncio) $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS))

# Each command stops by itself, and says what it measured.
soak: venv
	$(BIN)/python -W error -m tests.soak.load
	$(BIN)/python -W error -m tests.soak.kill_maker $(if $(SEED),--seed $(SEED))
	$(BIN)/python -W error -m tests.soak.reconnects --real 300 --virtual 10000
	$(BIN)/python -W error -m tests.soak.day --at-most-s $(or $(SECONDS),1800)

soak-books: venv
	$(BIN)/python -m tests.soak.books --diffs $(or $(DIFFS),1000000) $(if $(SEED),--seed $(SEED))

# Every goal of speed with what was measured, what it must come to and the aim; fails where one is missed.
bench: venv
	@$(BIN)/python -m benchmarks.all_goals $(if $(WRITE),--write) $(BENCHMARKS)

# The goals on every supported Python that is here, one table each, in the environments of test-all.
BENCH_ON := $(PYTHONS:%=bench-all-%)
.PHONY: bench-all $(BENCH_ON)
bench-all:
	@$(MAKE) --no-print-directory --keep-going $(BENCH_ON)
$(BENCH_ON): bench-all-%:
	@python=$(or $(call named,$*),$(call kept,$*)); if [ -n "$$python" ]; then \
	  $(MAKE) --no-print-directory bench PYTHON=$$python VENV=.venv-$*; \
	else echo "Python $* is not here: not measured"; fi

# Whether the hot paths became slower, against a yardstick; ACCEPT=1 keeps what is measured.
bench-gate: venv
	$(BIN)/python -m benchmarks.gate $(if $(ACCEPT),--accept)

# The same orders through other libraries, which have environments of their own; writes docs/performance.md.
PEERS := .venv-peers
PEERS_PYTHON ?= $(firstword $(foreach it,3.12 3.13,$(or $(call named,$(it)),$(call kept,$(it)))) $(PYTHON))

bench-peers: venv $(PEERS)/.complete
	$(BIN)/python -m benchmarks.peers.report $(PEERS) $(wildcard $(HUMMINGBOT))

$(PEERS)/.complete: requirements-peers.lock pyproject.toml
	@test -x $(PEERS)/bin/python || $(PEERS_PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-peers.lock
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

bench-books: venv
	$(BIN)/python -m benchmarks.book_diffs
	$(BIN)/python -m benchmarks.book_load

# The published book lives in a folder of its own: it is no dependency of anything here.
bench-books-peers: venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .peers order-book
	PYTHONPATH=.peers $(BIN)/python -m benchmarks.book_diffs

# How long a fill goes unheard when the account socket drops, without a standby and with one.
standby-gap: venv
	$(BIN)/python -m tests.soak.standby_gap $(DROPS)

replays: venv
	$(BIN)/python -W error -m tests.replay.recorded_makers $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED))

# SEEDS schedules for each bug; the first seed is FROM.
planted: venv
	$(BIN)/python -m tests.verification.planted_bugs --seeds $(or $(SEEDS),300) --from $(or $(FROM),0)

# What users may rely on, compared with what was accepted (ACCEPT=1 takes a change over).
public-api: venv
	$(BIN)/python -m scripts.public_api $(if $(ACCEPT),--accept)

tour: venv
	@$(BIN)/python -m scripts.tour

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.docs.typecheck
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet $$($(BIN)/python -m scripts.public_api --files)

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

frames: venv
	$(BIN)/python -m tests.replay.record $(if $(ACCEPT),--accept)

# Sdist and wheel in dist/, used as a stranger would: in empty environments, away from this folder.
package: venv
	$(BIN)/python scripts/check_package.py

# All that comes along with the wheel and its extras, with the licences, in dist/sbom.cdx.json.
sbom: venv
	$(BIN)/python -m scripts.sbom

# The tests on every supported Python that is here; each has an environment of its own.
test-all: $(PYTHONS:%=test-all-%)
$(PYTHONS:%=test-all-%): test-all-%:
	@python=$(or $(call named,$*),$(call kept,$*)); if [ -n "$$python" ]; then \
	  $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$*; \
	else echo "Python $* is not here: not tested"; fi

# What users may have at the oldest: every dependency at its lower bound.
LOWEST := .venv-lowest
test-lowest:
	$(PYTHON) -m venv --clear $(LOWEST)
	$(PYTHON) scripts/lowest.py > $(LOWEST)/requirements.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -r $(LOWEST)/requirements.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(LOWEST)/bin/python -m pytest -n auto $(or $(TESTS),tests/unit tests/net tests/replay tests/cli tests/doctor tests/dashboard)

# The site's generator has an environment of its own. Building fetches nothing, and the pages load nothing from elsewhere.
docs: $(DOCS_STAMP)
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict

docs-serve: $(DOCS_STAMP)
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs serve

$(DOCS_STAMP): requirements-docs.lock
	@test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock
	@touch $(DOCS_STAMP)

# Jupyter's kernel and the plots have an environment of their own, with the library in it.
notebook: $(NOTEBOOK_STAMP)
	$(NOTEBOOK)/bin/python scripts/run_notebook.py

$(NOTEBOOK_STAMP): requirements-notebook.lock
	@test -x $(NOTEBOOK)/bin/python || $(PYTHON) -m venv $(NOTEBOOK)
	$(NOTEBOOK)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-notebook.lock -e .
	@touch $(NOTEBOOK_STAMP)

# Resolves the newest versions afresh; the result is reviewed like any other change.
lock:
	$(PYTHON) scripts/lock.py

clean:
	rm -rf $(VENV) .venv-* .peers build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
