# Needs Python 3.10 to 3.14, git, make and a package index that pip can reach. Every target works
# from a fresh clone.
#
#   make serve [ARGS="--port 9000"]   install what is missing, then serve on 127.0.0.1:8090
#   make test  [ARGS="-k session"]    install, check, run all tests; without ARGS: coverage floors
#   make quick [ARGS=...]             the tests that need no models
#   make check                        format, lint, types, import contracts
#   make format                       format, and fix what ruff can fix
#   make setup                        .venv, the packages, the default models
#   make lock  [ARGS="--upgrade"]     resolve dependencies again: requirements/*.txt
#   make dist                         build and check dist/*.tar.gz and dist/*.whl
#   make clean                        remove .venv, builds and caches (models stay)
#
# PYTHON=python3.12 selects the interpreter.

PYTHON ?= python3
BIN := .venv/bin
BOOTSTRAP := $(PYTHON) tools/bootstrap.py

.PHONY: help serve setup test quick check format lock dist clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

serve:
	@$(BOOTSTRAP) server
	@exec $(BIN)/liusheng serve --yes $(ARGS)

setup:
	@$(BOOTSTRAP) server
	@$(BIN)/liusheng models pull

# Two processes, as some tests wait and others use one core; whole files for each, so that a model for
# the tests of a file is loaded once. Clusters of Ray on one machine take each other's ports, so their
# tests come by themselves. A part of the tests says nothing about coverage.
RAY_TESTS := tests/cluster/serving

test: check
	@$(BIN)/liusheng models pull
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadfile --ignore $(RAY_TESTS)
	$(BIN)/coverage run -m pytest $(RAY_TESTS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/python tools/coverage_floors.py
endif

# Without cached bytecode each test process, and each worker that a test starts, compiles all modules.
test quick: export PYTHONDONTWRITEBYTECODE :=

# More processes than two cores, because some tests wait; whole files for each, so that a model for
# the tests of a file is loaded once.
quick:
	@$(BOOTSTRAP) dev
	$(BIN)/python -m pytest -m "not slow" --hypothesis-profile quick --numprocesses 5 --dist loadfile $(ARGS)

check:
	@$(BOOTSTRAP) dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	@if $(BIN)/python -c "import sys; sys.exit(sys.version_info < (3, 11))"; then \
		echo $(BIN)/mypy; $(BIN)/mypy; \
	else \
		echo "types are checked from Python 3.11 on: older packages describe other types"; \
	fi
	$(BIN)/lint-imports --no-logo

format:
	@$(BOOTSTRAP) dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock:
	@$(BOOTSTRAP) dev
	$(BIN)/python tools/lock.py $(ARGS)

# The wheel is built from the source distribution, with the locked build backend.
dist:
	@$(BOOTSTRAP) dev
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*

clean:
	rm -rf .venv .cache build dist .coverage .coverage.* htmlcov
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools training examples -name __pycache__ -type d -prune -exec rm -rf {} +
