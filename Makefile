# Needs Python 3.10 to 3.14, git, make and the package index. Every target works from a fresh clone.
#
#   make serve [ARGS="--port 9000"]   prepare what is missing, then serve on 127.0.0.1:8090
#   make test  [ARGS="-k session"]    prepare, check, run every test
#   make quick [ARGS=...]             the tests that need no model: about a minute
#   make check                        format, lint, types, import arrows
#   make setup                        .venv, the packages, the default models
#   make lock  [ARGS="--upgrade"]     make requirements/*.txt anew
#   make clean                        remove .venv and caches (models stay: liusheng models remove)
#
# PYTHON=python3.12 names an interpreter.

PYTHON ?= python3
BIN := .venv/bin
BOOTSTRAP := $(PYTHON) tools/bootstrap.py

.PHONY: help serve setup test quick check format lock clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

serve:
	@$(BOOTSTRAP) server
	@exec $(BIN)/liusheng serve --yes $(ARGS)

setup:
	@$(BOOTSTRAP) server
	@$(BIN)/liusheng models pull

test:
	@$(BOOTSTRAP) dev
	@$(BIN)/liusheng models pull
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest $(ARGS)

# Four at a time: half of their time, the tests wait for something.
quick:
	@$(BOOTSTRAP) dev
	$(BIN)/python -m pytest -m "not slow" --numprocesses 4 $(ARGS)

check:
	@$(BOOTSTRAP) dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format:
	@$(BOOTSTRAP) dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock:
	@$(BOOTSTRAP) dev
	$(BIN)/python tools/lock.py $(ARGS)

clean:
	rm -rf .venv .cache dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
