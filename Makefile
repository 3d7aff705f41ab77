# Two commands on a fresh machine: `make demo` and `make test`.
# They need make and a Python >= 3.11 with venv and pip; uv is used where it is installed.
#   make demo PYTHON=/path/to/python3.12     chooses the interpreter
#   make test JOBS=1 PYTEST_ARGS="-k saint"  chooses workers and tests

VENV        ?= .venv
JOBS        ?= auto
SCENARIO    ?= scenarios/five_pathways.yaml
PYTEST_ARGS ?=

BIN    := $(VENV)/bin
PY     := $(BIN)/python
# The locale of the machine changes nothing.
export PYTHONUTF8 := 1
# Settings of the machine that would point the install elsewhere than the venv.
unexport PIP_USER
unexport PIP_TARGET
unexport PIP_PREFIX
unexport PYTHONPATH
unexport PYTHONHOME

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help venv demo test check check-format check-lint check-types check-layers check-inputs \
        format verify golden bench docs lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# ------------------------------------------------------------------ the environment

# A venv that was moved, or whose Python was removed, is made again.
ifneq ($(shell '$(PY)' -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null),True)
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@PYTHON='$(PYTHON)' sh requirements/make_venv.sh '$(VENV)'
	@touch $@

$(VENV)/.core: requirements/core.txt $(VENV)/.made
	@sh requirements/install.sh '$(VENV)' requirements/core.txt
	@touch $@

# The test lock holds everything the core lock holds, in the same versions.
$(VENV)/.test: requirements/test.txt $(VENV)/.made
	@sh requirements/install.sh '$(VENV)' requirements/test.txt
	@touch $(VENV)/.core $@

# The project itself, editable: a change in src needs no new install. Its build tools are locked
# too, so this comes after one of the locks (prerequisites are made from left to right).
$(VENV)/.project: pyproject.toml $(VENV)/.made
	@sh requirements/install.sh '$(VENV)' --project
	@touch $@

venv: $(VENV)/.test $(VENV)/.project  ## the developer's environment in .venv

# ------------------------------------------------------------------ use

demo: $(VENV)/.core $(VENV)/.project  ## run the main comparison, print the table, name the report
	@$(BIN)/popmodel run $(SCENARIO)
	@echo "Report: outputs/$(basename $(notdir $(SCENARIO)))/report.html"

test: venv  ## every fast test
	@$(PY) -m pytest -n $(JOBS) $(PYTEST_ARGS)

# ------------------------------------------------------------------ keep it right

# `make -k check` goes on after a finding and shows the others too.
check: check-format check-lint check-types check-layers check-inputs  ## style, types, layers, scenarios and cards

check-format: venv
	$(BIN)/ruff format --check .

check-lint: venv
	$(BIN)/ruff check .

check-types: venv
	$(BIN)/mypy

check-layers: venv
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry src

check-inputs: venv
	$(PY) -m pip check
	$(BIN)/popmodel check $(sort $(wildcard scenarios/*.yaml scenarios/published/*.yaml))
	$(BIN)/popmodel check src/popmodel/evidence/cards scenarios/published/cards

format: venv  ## write the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

verify: venv  ## the slow tests: against closed forms, other programs and published trials
	$(PY) -m pytest -n $(JOBS) -m slow $(PYTEST_ARGS)

golden: venv  ## write the golden files anew; look at `git diff tests/golden` before committing
	$(PY) -m pytest tests/golden -m "slow or not slow" --regenerate-golden $(PYTEST_ARGS)

bench: venv  ## time it, the peers' version of the same work beside ours
	$(PY) -m pytest benchmarks -m "slow or not slow" --benchmark-enable --benchmark-group-by=group $(PYTEST_ARGS)

docs: venv  ## glossary, gallery and reference pages, from the code
	@if [ -f docs/build.py ]; then $(PY) docs/build.py; else echo "docs/build.py is not written yet"; fi

lock:  ## choose versions anew and write the hashed locks (needs uv); LOCK_ARGS=--upgrade for newer ones
	sh requirements/lock.sh $(LOCK_ARGS)

clean:  ## remove the environments, caches and builds; outputs stay
	rm -rf $(VENV) .venv-* build dist .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
