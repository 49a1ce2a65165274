# Needs Python 3.11 or newer and GNU make (3.81 or newer); every verb sets up what it needs in .venv.

PYTHON ?= python3
# Worker processes of `make test`.
WORKERS ?= 2

RUN := .venv/bin/python
READY := .venv/.ready
# Options that keep the lock free of registry addresses and valid on every platform.
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --no-header --quiet --extra dev --extra keyless --extra local

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup gate test test-fast check lock synth local local-down clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## create .venv from requirements.lock (every other verb does so by itself)

gate: $(READY) ## synthesize the stack and judge it; fails unless the verdict is pass
	@$(RUN) main.py gate

synth: $(READY) ## synthesize the stack to Terraform JSON in cdktf.out
	@$(RUN) main.py synth

local: $(READY) ## start the embedded AWS, then plan, deploy, outputs: no AWS account is needed
	@$(RUN) main.py local up
	@$(RUN) main.py plan
	@$(RUN) main.py deploy
	@$(RUN) main.py outputs

local-down: $(READY) ## stop the embedded AWS; nothing of it stays
	@$(RUN) main.py local down

test: $(READY) ## run every test; fails below 90 % branch coverage
	@$(RUN) -m pytest -n $(WORKERS) --dist loadgroup --cov

test-fast: $(READY) ## run unit and policy tests without the slow ones, for the inner loop
	@$(RUN) -m pytest -n $(WORKERS) tests/unit tests/policy -m "not slow" -q

check: $(READY) ## lint, formatting, types and import contracts
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@.venv/bin/lint-imports

lock: $(READY) ## compile pyproject.toml to requirements.lock
	@.venv/bin/uv $(COMPILE) pyproject.toml -o requirements.lock
	@! grep -nE '://|file:' requirements.lock

clean: ## remove .venv, caches and synthesized output; verdicts stay
	rm -rf .venv cdktf.out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp goes first and comes back last, so an interrupted set-up never counts as ready. Without a stamp the
# environment is built anew; with an old one it is only synchronized. pip stands in where uv cannot reach its index,
# as on a machine whose mirror is known to pip alone.
$(READY): requirements.lock
	@set -e; trap 'exit 130' INT TERM; \
	if [ -e $@ ]; then rm -f $@; else \
		for python in "$(PYTHON)" python3.13 python3.12 python3.11 none; do \
			if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
		done; \
		if [ "$$python" = none ]; then \
			echo "make: $(PYTHON) is missing or older than Python 3.11; install it or run: make PYTHON=/path/to/python3.11" >&2; \
			exit 1; \
		fi; \
		echo "set-up: .venv from requirements.lock"; \
		"$$python" -m venv --clear .venv; \
	fi; \
	uv=uv; \
	if ! uv --version >/dev/null 2>&1; then \
		sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock; \
		$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock; \
		uv=.venv/bin/uv; \
	fi; \
	$$uv pip sync --quiet --python $(RUN) --require-hashes requirements.lock || { \
		echo "set-up: uv could not install the locked set, trying pip" >&2; \
		$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	}; \
	touch $@
