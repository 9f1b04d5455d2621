# `make demo` and `make test` do all the set-up on a fresh machine with Python and make.
PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)

.PHONY: help demo test lint bench clean

help:
	@echo "make demo   install into .venv and run the main job on real data"
	@echo "make test   install and run all tests"
	@echo "make lint   ruff and strict mypy"
	@echo "make bench  every speed claim, side by side with its peer"

demo: .venv/.demo
	$(BIN)/compete demo penguins -o build/demo --force

test: .venv/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.bench
	$(BIN)/python benchmarks/all.py

clean:
	rm -rf .venv build dist

.venv/pyvenv.cfg:
ifdef UV
	$(UV) venv --quiet --python ">=3.11" .venv
else
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "compete needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
endif

.venv/.demo: .venv/pyvenv.cfg pyproject.toml
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --editable .
else
	$(BIN)/python -m pip install --quiet --editable .
endif
	@touch $@

.venv/.bench: .venv/.dev
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --group catalogue
else
	$(BIN)/python -m pip install --quiet --group catalogue
endif
	@touch $@

.venv/.dev: .venv/.demo
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python --group dev
else
	$(BIN)/python -m pip install --quiet --group dev
endif
	@touch $@
