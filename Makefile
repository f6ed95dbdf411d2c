# Everything that a person runs by hand. Needs Python >= 3.11 and make; the rest is set up in .venv.
PYTHON ?= python3
PORT ?= 4390
BIN := .venv/bin
READY := .venv/.ready

# Where it is set, each process of the tests would compile every module anew, which doubles the time until they begin.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check format lint types imports bench conformance faults lock

help:  ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

setup: $(READY)  ## make .venv with the pinned versions

# pip refuses an editable install once a constraint carries hashes, so they stand as comments in
# constraints.txt; here they are put back in force for every package that is downloaded.
$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Assent needs Python 3.11 or newer; set PYTHON=…")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Setting up .venv (about a minute, once) …"
	@sed 's/  # --hash/ --hash/' constraints.txt > .venv/locked.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/locked.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## the whole story on this machine: a local Slack, SQLite, the examples (PORT=4390)
	@exec $(BIN)/assent demo --port $(PORT)

serve: $(READY)  ## run the bot with the settings of the environment or .env
	@exec $(BIN)/assent serve

test: $(READY)  ## every test
	@$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile --no-loadscope-reorder

check: format lint types imports test  ## all that has to be green before a commit

format: $(READY)  ## the layout of the code
	@$(BIN)/ruff format --check .

lint: $(READY)  ## ruff's rules
	@$(BIN)/ruff check .

types: $(READY)  ## mypy --strict
	@$(BIN)/mypy

imports: $(READY)  ## who may import whom
	@$(BIN)/lint-imports

bench: $(READY)  ## figures for docs/performance.md
	@$(BIN)/python -m tests.bench

conformance: $(READY)  ## LangGraph's own tests on our checkpointer, on both databases (ARGS="--database sqlite -k …")
	@$(BIN)/python -m tests.conformance $(ARGS)

faults: $(READY)  ## prove that nothing is lost, doubled or misapplied; under half an hour (ARGS="kills --scale 0.1")
	@$(BIN)/python -m tests.faults $(ARGS)

# uv keeps what its output file pins, so a line that is to be renewed has to be deleted from constraints.txt first.
lock: $(READY)  ## pin what pyproject.toml names and constraints.txt does not
	@sed 's/  # --hash/ --hash/' constraints.txt > .venv/uv.txt
	@$(BIN)/uv pip compile pyproject.toml --quiet --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o .venv/uv.txt
	@sed -e ':a' -e '/ \\$$/{N;s/ \\\n */ /;ta' -e '}' -e 's/ --hash/  # --hash/' .venv/uv.txt > constraints.txt
