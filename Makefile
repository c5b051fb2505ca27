# Each target does all the set-up that it needs; a second call does none of it again.
PYTHON ?= python3
VENV := .venv
PAGE := $(shell find frontend -name node_modules -prune -o -type f -print)
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
BENCH_READY := $(VENV)/.ready-bench
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
CLEAR = || { echo "Set-up stopped: $(1) Run the same command again to go on." >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help run dev caption batch setup test fuzz check format bench clean

help:
	@echo 'make run                                                  serve the page and the API'
	@echo 'make dev                                                  the same, with a page that follows its source (needs Node)'
	@echo 'make caption IMAGE=photo.jpg [ARGS="--json --mood awe"]   caption a photo'
	@echo 'make batch FOLDER=photos OUT=captions.jsonl [ARGS=…]      caption a folder'
	@echo 'make test                                                 run the tests'
	@echo 'make fuzz [COUNT=200000] [SEED=7]                         send changed photos through every way in'
	@echo 'make check                                                run the linters, types, layout and docs tests'
	@echo 'make format                                               put the code into its form'
	@echo 'make bench [ARGS="--quick --photos photos"]               measure speed anew and write docs/speed.md'

run: $(READY)
	@$(BIN)/moodcap serve

dev: $(READY)
	@command -v npm >/dev/null || { echo 'The page follows its source by Vite, which needs Node 20 or newer and npm.' >&2; exit 1; }
	@test -d frontend/node_modules || (cd frontend && npm ci)
	@trap 'kill 0' INT TERM EXIT; $(BIN)/moodcap serve & cd frontend && npm run dev

caption: $(READY)
	@test -n "$(IMAGE)" || { echo 'Which photo? make caption IMAGE=photo.jpg' >&2; exit 2; }
	@$(BIN)/moodcap caption "$(IMAGE)" $(ARGS)

batch: $(READY)
	@test -n "$(FOLDER)" -a -n "$(OUT)" || { echo 'make batch FOLDER=photos OUT=captions.jsonl' >&2; exit 2; }
	@$(BIN)/moodcap batch "$(FOLDER)" --out "$(OUT)" $(ARGS)

setup: $(READY)
	@$(BIN)/moodcap setup

test: $(DEV_READY)
	@$(BIN)/moodcap setup
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest $(ARGS)

fuzz: $(DEV_READY)
	HF_HUB_OFFLINE=1 $(BIN)/python -m tests.fuzz $(or $(COUNT),200000) $(if $(SEED),--seed $(SEED))

check: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q tests/test_layout.py tests/test_docs.py

format: $(DEV_READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH_READY)
	@$(BIN)/moodcap setup
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.all --out docs/speed.md $(ARGS)

clean:
	rm -rf $(VENV) dist build static/dist frontend/node_modules .mypy_cache .ruff_cache .pytest_cache

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null $(call CLEAR,Python 3.11 or newer is needed; install it$(COMMA) or name it with PYTHON=python3.12.)
	@$(PYTHON) -m venv $(VENV).part >/dev/null 2>&1 && rm -rf $(VENV).part && $(PYTHON) -m venv $(VENV) >/dev/null $(call CLEAR,Python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv.)

$(READY): pyproject.toml constraints.txt hatch_build.py $(PAGE) $(VENV)/pyvenv.cfg
	@echo 'Installing Moodcap …'
	@$(PIP) -e . $(call CLEAR,packages could not be installed; pip says why above.)
	@touch $@

$(DEV_READY): $(READY)
	@echo 'Installing the tools for tests …'
	@$(PIP) -e '.[dev]' $(call CLEAR,packages could not be installed; pip says why above.)
	@touch $@

$(BENCH_READY): $(READY) benchmarks/requirements-straight.txt
	@echo 'Installing what speed is compared with; llama.cpp is built, which takes some minutes …'
	@$(PIP) -e '.[evaluation]' $(call CLEAR,packages could not be installed; pip says why above.)
	@$(PIP) --no-deps -r benchmarks/requirements-straight.txt $(call CLEAR,packages could not be installed; pip says why above.)
	@$(PIP) -e '.[benchmarks]' || echo 'Without llama.cpp then: the report will say that it was not measured.' >&2
	@touch $@

COMMA := ,
