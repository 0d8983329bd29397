# The front door. `make help` lists what it opens.
.DEFAULT_GOAL := help
.PHONY: help run test test-pg test-sqlite test-e2e lint fmt screenshots bench faults

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the office here. PORT=8000; DEMO=0: empty office; TLS=1: HTTPS from a local CA
	@bash scripts/run.sh

test: ## Everything: checks, the suite on PostgreSQL + Redis and on SQLite, browser journeys
	@bash scripts/test.sh

lint: ## Only the checks: style, templates, types, layers, house rules, migrations
	@bash scripts/test.sh lint

test-pg: ## Only the suite on PostgreSQL + Redis
	@bash scripts/test.sh pg

test-sqlite: ## Only the suite on SQLite
	@bash scripts/test.sh sqlite

test-e2e: ## Only the browser journeys
	@bash scripts/test.sh e2e

fmt: ## Format code and templates, mend what can be mended
	@bash -c '. scripts/lib.sh && ensure_venv requirements-dev.txt'
	@.venv/bin/ruff check --fix-only --quiet . ; .venv/bin/ruff format .
	@.venv/bin/djlint templates --reformat --quiet || true

screenshots: ## Pictures of every page at 360 and 1280 px into docs/screenshots/
	@bash -c '. scripts/lib.sh && ensure_venv requirements-dev.txt'
	@.venv/bin/python scripts/screenshots.py $(ARGS)

bench: ## The benchmarks on a PostgreSQL of their own; writes bench/results.md
	@bash -c '. scripts/lib.sh && ensure_venv requirements-dev.txt'
	@PG_DURABLE=1 bash scripts/with_services.sh .venv/bin/python -m bench $(ARGS)

faults: ## Kill workers, stop servers, hang up: what becomes of the reminders. ARGS=--long: a minute each
	@bash -c '. scripts/lib.sh && ensure_venv requirements-dev.txt'
	@bash scripts/with_services.sh .venv/bin/python -m tests.faults $(ARGS)
