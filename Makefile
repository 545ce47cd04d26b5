# make serve: everything from nothing to the demo borough in a browser. make test: everything that must hold.
PYTHON ?= python3
PORT ?= $(or $(EVENREACH_PORT),8000)
IMAGE ?= evenreach
BASE ?= python:3.11-slim

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PINS := .ci/requirements.txt .ci/requirements-build.txt pyproject.toml
ASSET_SOURCES := service/assets/package.json service/assets/package-lock.json service/assets/govuk.scss \
                 service/assets/build.py
ASSETS := service/assets/vendor/.built

# Without kept bytecode each of the many programs that the tests start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help serve test pytest soak lint bench bench-serving audit image pins clean

help:
	@echo 'make serve   install what is missing and serve on http://127.0.0.1:$(PORT) (another port: PORT=... or EVENREACH_PORT)'
	@echo 'make test    install what is missing, then check style, types and every test'
	@echo 'make soak    the long tests: load for minutes, slow clients, killed builds (an hour or two)'
	@echo 'make lint    style, types, Dockerfile and security checks alone'
	@echo 'make bench   measure what a user feels (SOURCES=... a folder of published files)'
	@echo 'make bench-serving   the same beside tipg, pygeoapi, geopandas, folium and nginx, which it installs (as root)'
	@echo 'make audit   ask whether a pinned package has a known weakness (needs the network)'
	@echo 'make image   build the container image (buildah or docker)'
	@echo 'make pins    choose the newest versions again and write their hashes'
	@echo 'make clean   remove what make made, but not the store'

serve: .venv/.installed $(ASSETS)
	@$(BIN)/evenreach serve --port $(PORT)

# The checks of style and types take one core, and the tests need not wait for them.
test: .venv/.installed-dev $(ASSETS)
	@$(MAKE) --no-print-directory --jobs 2 lint pytest

pytest: .venv/.installed-dev $(ASSETS)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(PYTEST)

soak: .venv/.installed-dev $(ASSETS)
	EVENREACH_SOAK=1 $(BIN)/python -m pytest -m soak --no-loadscope-reorder $(PYTEST)

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict geodata layers service
	$(BIN)/hadolint Dockerfile
	$(BIN)/bandit --quiet --configfile pyproject.toml --severity-level medium --recursive geodata layers service

bench: .venv/.installed-dev $(ASSETS)
	$(BIN)/python tests/benchmarks/run.py $(if $(SOURCES),--sources $(SOURCES))

bench-serving: .venv/.installed-dev $(ASSETS)
	$(BIN)/python tests/benchmarks/serving.py $(if $(SOURCES),--sources $(SOURCES)) $(if $(STORE),--store $(STORE))

audit: .venv/.installed-dev
	$(BIN)/pip-audit --require-hashes --requirement .ci/requirements.txt

image:
	@bash .ci/image '$(IMAGE)' '$(BASE)'

pins:
	@bash .ci/pin --upgrade

clean:
	rm -rf .venv service/assets/node_modules service/assets/vendor

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo 'Evenreach needs Python 3.11 or newer: install it, or name it: make PYTHON=python3.12 ...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo 'This Python cannot make a virtual environment: install python3-venv, then run make again.'; exit 1; }
	@echo 'Making .venv'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.made $(PINS)
	@echo 'Installing the libraries'
	@$(PIP) install --require-hashes --requirement .ci/requirements.txt
	@$(PIP) install --require-hashes --requirement .ci/requirements-build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed .ci/requirements-dev.txt
	@echo 'Installing the libraries for tests'
	@$(PIP) install --require-hashes --requirement .ci/requirements-dev.txt
	@touch $@

$(ASSETS): .venv/.installed $(ASSET_SOURCES)
	@echo 'Building the browser assets'
	@$(BIN)/python service/assets/build.py
	@touch $@
