# make demo: a whole desk on loopback. make test: everything, with the servers it needs.
PYTHON ?= $(shell for found in python3 python3.13 python3.12 python3.11; do \
	$$found -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$found && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Tests start hundreds of interpreters, and each would compile all of maild.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types format soak bench fuzz fuzz-reading servers clean

demo: $(STAMP)
	@$(BIN)/maild demo

test: $(STAMP) servers lint types
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not soak and not fuzz"

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Long sweeps: kills under load, random histories, and every desk once more on PostgreSQL.
soak: $(STAMP) servers
	$(BIN)/pytest -m soak tests/acceptance tests/doors tests/unit
	$(BIN)/pytest --postgresql -m "not soak" tests/acceptance

bench: $(STAMP) servers
	$(BIN)/python -m tests.bench

fuzz: $(STAMP)
	$(BIN)/pytest tests/unit -m hypothesis --hypothesis-profile=fuzz

# Coverage-guided, of what reads mail. Each target for so many seconds; a finding ends its target and stays as a file.
SECONDS ?= 1800
fuzz-reading: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	for target in headers mime new_text; do $(BIN)/python -m tests.fuzz $$target $(SECONDS) || exit 1; done

servers:
	@sh tests/install-servers.sh

# Installed anew whenever pyproject.toml changes.
$(STAMP): pyproject.toml
	@sh tests/require-python.sh "$(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing maild and what it needs into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
