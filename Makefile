# The targets for people. `make` lists them.

# The first interpreter that is new enough; uv, where there is one, finds or fetches its own.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
ARGS ?=
# The tests of a file, which may share an installation, run in one worker. There is one worker more than cores, because each waits
# for its database half of the time.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 1 )))
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Bytecode is kept: a process that compiles every module anew starts half a second later.
unexport PYTHONDONTWRITEBYTECODE
NOT_FAST := architecture contracts local migrations running
SERVICE ?=

# Each stamp is newer than the list it was installed from; the list of developers contains the other.
LOCAL := .venv/installed-local
DEV := .venv/installed-dev

ifdef UV
INSTALL = uv pip install --quiet --python $(BIN)/python --require-hashes --requirement
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
endif

.PHONY: help install demo run dev stop roll status test coverage test-fast test-long test-scale check bench
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(DEV) ## make .venv and install everything, for developers
demo: $(LOCAL) ## start all, post Kon Tum's 2023, compare every figure with Plan 570; leaves it running
	@$(BIN)/python -m services up --detach
	@$(BIN)/python examples/kontum-2023/demo.py $(ARGS)

run: $(LOCAL) ## start all in the foreground; Ctrl-C stops it
	@exec $(BIN)/python -m services run

dev: $(DEV) ## serve one service of the running stack with reload (SERVICE=rural)
	@test -n "$(SERVICE)" || { echo "name a service: make dev SERVICE=rural" >&2; exit 2; }
	@exec $(BIN)/python -m services dev $(SERVICE)

stop: ## stop the stack that runs in the background
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m services stop; else echo "nothing is installed here"; fi

roll: $(LOCAL) ## replace each process of the running stack by the code of this folder, one after the other
	@$(BIN)/python -m services roll

status: $(LOCAL) ## list the processes of the running stack
	@$(BIN)/python -m services status

test: $(DEV) ## run all tests but the long forms (ARGS="-k words" runs some)
	@$(PYTEST) $(ARGS)

coverage: $(DEV) ## run the same tests and measure branch coverage; the floor is in pyproject.toml
	@$(PYTEST) --cov --cov-report=

test-fast: $(DEV) ## run the tests of rules and of one database, under a minute
	@$(PYTEST) -m "not (long or slow or race or own_database or e2e)" $(NOT_FAST:%=--ignore=tests/%) $(ARGS)

test-long: $(DEV) ## run the long forms: a hundred kills, back-tests, deep histories
	@$(PYTEST) -m long $(ARGS)

test-scale: $(DEV) ## several instances, rolls, a standby and failovers; leaves out what needs a program that is not installed
	@$(BIN)/python -m tests.scale $(ARGS)

check: $(DEV) ## lint, format, types, import rules, dependencies; all of them, whatever fails; counts the files of a write
	@failed=; for one in "ruff check ." "ruff format --check ." mypy lint-imports "deptry ."; do \
		echo "$$one"; $(BIN)/$$one || failed="$$failed $$one;"; done; \
		$(BIN)/python -m tests.architecture.write_path || true; \
		test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

bench: $(DEV) ## measure against bare asyncpg, bare FastAPI and no proxy, as ratios
	@$(BIN)/python -m tests.benchmarks $(ARGS)
	@$(BIN)/python -m tests.benchmarks.ledger --rounds 1
	@$(BIN)/python -m tests.benchmarks.national --millions 1 2
	@$(BIN)/python -m tests.benchmarks.poverty_forms
	@$(BIN)/python -m tests.benchmarks.page
	@$(BIN)/python -m tests.benchmarks.papers_files

.env: .env.example ## make the passwords of docker-compose.yml, once
	@umask 077; $(or $(PYTHON),python3) -c "import re, secrets; print(re.sub(r'(?m)^(\w+(?:PASSWORD|PEPPER|SECRET))=$$', \
		lambda match: match[1] + '=' + secrets.token_hex(24), open('.env.example').read()), end='')" > .env.new
	@if [ -e .env ]; then rm .env.new; echo ".env is there already; compare it with .env.example"; touch .env; \
		else mv .env.new .env; echo ".env written"; fi

$(BIN)/python:
ifdef UV
	uv venv --quiet --python '>=3.11' .venv
else
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
endif

# pip prints nothing while it works.
ANNOUNCE = @echo "installing $$(grep -c == $<) packages into .venv (about half a minute) …"

$(LOCAL): requirements/local.txt | $(BIN)/python
	$(ANNOUNCE)
	@$(INSTALL) $<
	@touch $@

$(DEV): requirements/dev.txt | $(BIN)/python
	$(ANNOUNCE)
	@$(INSTALL) $<
	@touch $(LOCAL) $@
