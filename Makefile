# `make` builds the environment and renders the library into build/; `make check test` is what every change must pass.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
FORMATS := html,pdf,ipynb,tex,md

.PHONY: all library venv check test test-slow bench clean

all: library

venv: $(READY)

# The environment is built again when the dependencies change.
$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "make: there is no $(PYTHON); install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $(PYTHON) is older than 3.11; name a later one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: $(PYTHON) lacks venv; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m compileall -q diffsym
	@touch $@

# Renders only what changed; `make library FORCE=--force` renders everything.
library: $(READY)
	$(BIN)/diffsym derive --all --format $(FORMATS) -o build $(FORCE)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict diffsym
	$(PYTEST) tests/test_layers.py

test: $(READY)
	$(PYTEST) -n 2

test-slow: $(READY)
	$(PYTEST) -n 2 -m slow

# Numbers for a person to look at; they decide nothing.
bench: $(READY)
	$(BIN)/python tests/bench/bench.py

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find diffsym tests -name __pycache__ -type d -prune -exec rm -rf {} +
