# The two commands: `make report` and `make test`. Each sets up all that it needs in .venv.
.DEFAULT_GOAL := help
.PHONY: help report test lab check strip golden pictures address scripts same mutants bench lock clean

VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A Python that is new enough and can make virtual environments; PYTHON=... takes another.
FITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11 python3

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

report: $(VENV)/.core  ## build the base report; the last line is the page to open
	@$(BIN)/alliance report base

test: $(VENV)/.dev  ## run all tests (three at once: those in a browser mostly wait)
	@PYTHONWARNDEFAULTENCODING=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lab: $(VENV)/.core  ## open JupyterLab in notebooks/
	@$(BIN)/alliance lab

check: $(VENV)/.core  ## list every problem of the evidence and of the parameter cells
	@$(BIN)/alliance check

strip: $(VENV)/.dev  ## clear the outputs of the notebooks, as git wants them
	@$(BIN)/nbstripout --keep-id --extra-keys metadata.language_info.version notebooks/*.ipynb

golden: $(VENV)/.dev  ## write all results of the shipped scenarios to tests/golden.txt, and say what moved
	@$(BIN)/python -m tests.golden --write $(ARGS)

pictures: $(VENV)/.dev  ## draw the README's charts again
	@$(BIN)/python -m tests.pictures

address: $(BIN)/python  ## write your fork's address into the links: REPOSITORY=owner/name
	@$(BIN)/python -m tests.address '$(REPOSITORY)'

scripts: $(VENV)/.dev  ## list the scripts that the app's page fetches early again (needs Chromium)
	@$(BIN)/python -m tests.scripts

same: $(VENV)/.dev  ## list what differs from another revision in what a reader sees: REF=main
	@$(BIN)/python -m tests.same $(REF) $(ARGS)

mutants: $(VENV)/.dev  ## change the code at random and see whether the tests notice (half an hour)
	@$(BIN)/python -m tests.mutants $(ARGS)

bench: $(VENV)/.dev  ## measure speed, as ratios side by side
	@$(BIN)/python -m tests.bench

lock:  ## renew core.lock and dev.lock from pyproject.toml (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --extra build pyproject.toml -o core.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --extra build --extra test -c core.lock pyproject.toml -o dev.lock

clean:  ## remove the environment and the built reports
	rm -rf $(VENV) build

$(BIN)/python:
	@found=; for p in $(CANDIDATES); do \
		if "$$p" -c '$(FITS)' >/dev/null 2>&1; then found=$$p; break; fi; done; \
	if [ -z "$$found" ]; then \
		echo "This needs Python 3.11 or newer with venv; none of these will do: $(CANDIDATES)."; \
		echo "Install one (Debian, Ubuntu: apt install python3 python3-venv), or name it:"; \
		echo "  make report PYTHON=/path/to/python3"; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	rm -rf $(VENV) && $$found -m venv $(VENV)

$(VENV)/.core: core.lock pyproject.toml | $(BIN)/python
	@echo "Installing the libraries of core.lock (about a minute)"
	@$(PIP) install --quiet --progress-bar on --require-hashes -r core.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing the libraries of dev.lock (about a minute)"
	@$(PIP) install --quiet --progress-bar on --require-hashes -r dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.core
