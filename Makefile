# What a developer does, by name: `make help`. All that is needed beforehand is Python 3.11 or
# 3.12, Java 17 and make; every target sets up what it uses, once.
.POSIX:

LINE = spark40
VENV = .venv
BIN = $(VENV)/bin
# What to pass on: make test ARGS="tests/unit -k plan"
ARGS =
PYTEST = $(BIN)/python -m pytest

help: ## List these targets
	@awk -F ': ## ' '/^[a-z0-9-]+: ## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

setup: ## Make .venv: locked packages, jars, penstock itself
	@sh deploy/packaging/setup.sh $(LINE) $(VENV)

run: ## The demo: sample drops into an embedded Postgres, killed and recovered on the way
	@$(MAKE) -s setup
	@$(BIN)/penstock demo $(ARGS)

test: ## The test suite, on real Spark, Postgres, Delta and an S3 API
	@$(MAKE) -s setup
	$(PYTEST) -m "not slow" $(ARGS)

test-quick: ## Those of them that need no JVM
	@$(MAKE) -s setup
	$(PYTEST) -m "not slow and not spark" $(ARGS)

test-slow: ## Killed processes, two drivers, twenty files: a quarter of an hour
	@$(MAKE) -s setup
	$(PYTEST) -m slow $(ARGS)

coverage: ## What the test suite reaches; fails below the floor in pyproject.toml
	@$(MAKE) -s setup
	$(PYTEST) -m "not slow" --cov --cov-report=term-missing:skip-covered $(ARGS)

test-spark35: ## The test suite on Spark 3.5
	@$(MAKE) -s test-line LINE=spark35 VENV=.venv-spark35

test-spark42: ## The test suite on Spark 4.2
	@$(MAKE) -s test-line LINE=spark42 VENV=.venv-spark42

test-line:
	@$(MAKE) -s setup
	$(PYTEST) -m "not slow" $(ARGS)

check: ## Style, types, import layers and unit tests, in under a minute, no JVM
	@$(MAKE) -s setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) tests/unit

format: ## Put the code into shape
	@$(MAKE) -s setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: ## Penstock and its peers on 2 M events, side by side (ARGS="--case plan")
	@$(MAKE) -s setup
	@$(BIN)/python tests/bench/run.py $(ARGS)

lock: ## Resolve packages and jars anew and write the lock files
	@$(MAKE) -s setup
	$(BIN)/python deploy/packaging/lock.py

clean: ## Stop the embedded Postgres and remove all that was made; the data in .penstock stays
	@if [ -d .penstock/postgres ] && [ -x $(BIN)/penstock ]; then $(BIN)/penstock database --stop; fi
	rm -rf .venv .venv-spark* build dist .coverage* htmlcov
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help setup run test test-quick coverage test-slow test-spark35 test-spark42 test-line check format bench lock clean
