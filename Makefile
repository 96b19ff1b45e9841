# `make accept` and `make test` set up what they need, once. `make help` lists everything.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup tools accept merge test prove doctor report signoff verify confirm bench lint lock clean

PYTHON := .venv/bin/python
SETTINGS = $(if $(PROFILE),-D profile=$(PROFILE)) $(foreach setting,$(SET),-D $(setting))
SETUP := .venv/.installed .cache/tools/.fetched

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

accept: $(SETUP) ## judge the agent: the whole suite, or a selection with TAGS=@AC3; another agent with PROFILE=mine.toml
	@.venv/bin/behave $(if $(TAGS),--tags "$(TAGS)") $(if $(JOBS),-j $(JOBS)) $(SETTINGS)

merge: $(SETUP) ## join the reports of SHARD=1/2 and SHARD=2/2, with SHARDS="one two"
	@$(PYTHON) -m reports.merge $(SHARDS)

test: $(SETUP) ## test the suite itself
	@$(PYTHON) -m pytest

prove: $(SETUP) ## prove the suite: seed defects into the reference and see each of them found
	@$(PYTHON) -m tests.prove

doctor: $(SETUP) ## look at a deployment for the first time: PROFILE=my-agent.toml
	@$(PYTHON) -m steps.incident.doctor $(SETTINGS)

report: $(SETUP) ## build the report of the latest run
	@$(PYTHON) -m reports.report

signoff: $(SETUP) ## decide on the last run; show what POST=linear or jira would tell the ticket, tell it with APPLY=yes
	@$(PYTHON) -m reports.signoff $(if $(POST),--post $(POST)) $(if $(TICKET),--ticket $(TICKET)) $(if $(APPLY),--apply)

verify: $(SETUP) ## see whether a bundle is as it was signed off, with BUNDLE=reports/signoff/...
	@$(PYTHON) -m reports.signoff verify $(BUNDLE)

confirm: $(SETUP) ## confirm that the scenarios say the ticket's changed words, with ITEM=AC3.5
	@$(PYTHON) -m reports.ticket confirm $(ITEM)

bench: $(SETUP) ## measure the suite's own speed
	@$(PYTHON) -m tests.bench

lint: .venv/.installed ## check style and types
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

setup: $(SETUP) ## set up only

tools: ## look for Prometheus and Alertmanager again, and fetch what is missing
	@rm -f .cache/tools/.fetched
	@$(MAKE) .cache/tools/.fetched

lock: $(PYTHON) ## write requirements.lock from pyproject.toml; remove it first to take newer versions
	@$(PYTHON) -m venv .cache/lock
	@.cache/lock/bin/pip install --quiet --quiet --disable-pip-version-check uv
	@.cache/lock/bin/uv pip compile pyproject.toml --extra dev --output-file requirements.lock --quiet \
	    --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock"

clean: ## remove everything that was set up or made
	@rm -rf .venv .cache reports/latest reports/history reports/proof *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PYTHON):
	@for python in python3 python3.13 python3.12 python3.11; do \
	    $$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "Setting up .venv with $$($$python --version) (once, about a minute) ..."; \
	    exec $$python -m venv .venv; \
	done; \
	echo "Python 3.11 or newer with venv was not found: install it (Debian: sudo apt-get install python3-venv)." >&2; \
	exit 1

.venv/.installed: requirements.lock pyproject.toml | $(PYTHON)
	@$(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(PYTHON) -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.cache/tools/.fetched: | $(PYTHON)
	@$(PYTHON) -m steps.world.processes.tools fetch
	@mkdir -p $(@D) && touch $@
