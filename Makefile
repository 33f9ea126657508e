# Two commands: `make run` and `make test`. Both set themselves up in .venv first.
.DEFAULT_GOAL := help
.PHONY: help setup run test test-slow test-spark35 test-spark42 check bench lock clean

BIN := .venv/bin
PYTEST := -m pytest -q

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## make .venv: locked packages, locked jars; seconds when nothing has changed
	@sh deploy/packaging/setup.sh spark40 .venv

run: setup ## the demo: sample drops into an embedded Postgres, killed on the way, nothing lost
	@$(BIN)/penstock demo

test: setup ## the whole test suite but for the slow ones
	$(BIN)/python $(PYTEST) -m "not slow" tests

test-slow: setup ## real drivers killed at every fail point and at random moments
	$(BIN)/python $(PYTEST) -m slow tests

test-spark35: ## the test suite on Spark 3.5, in an environment of its own
	@sh deploy/packaging/setup.sh spark35 .venv-spark35
	.venv-spark35/bin/python $(PYTEST) -m "not slow" tests

test-spark42: ## the test suite on Spark 4.2, in an environment of its own
	@sh deploy/packaging/setup.sh spark42 .venv-spark42
	.venv-spark42/bin/python $(PYTEST) -m "not slow" tests

check: setup ## lint, types, layers and unit tests; no JVM, under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python $(PYTEST) tests/unit

bench: setup ## side by side with plain Spark and dlt
	$(BIN)/python tests/bench/run.py

lock: setup ## resolve packages and jars anew
	$(BIN)/python deploy/packaging/lock.py

clean: ## remove what make and the demo made; stops the embedded server
	-@test -x $(BIN)/penstock && $(BIN)/penstock database --stop 2>/dev/null
	rm -rf .venv .venv-spark35 .venv-spark42 .penstock build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
