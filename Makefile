# `make` alone shows what one can do. Needs only Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
T ?= tests

.DEFAULT_GOAL := help
.PHONY: help setup quickstart check test lint types imports fix golden lab-build lab lab-node-build lab-node lab-test lab-down corpus bench lock image clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/.runtime: requirements/runtime.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/runtime.txt
	@touch $@

$(BIN)/.dev: requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	@touch $@ $(BIN)/.runtime

setup: $(BIN)/.dev ## Install everything a developer needs into .venv

quickstart: $(BIN)/.runtime ## Run a restore drill on the embedded cluster; no cluster needed
	$(BIN)/python -m runner scenarios/quickstart.yaml

check: lint types imports test ## Everything that must be green before a merge; changes nothing

test: $(BIN)/.dev ## Run the tests (T=path for some of them)
	$(BIN)/python -m pytest -n auto $(T)

lint: $(BIN)/.dev ## Format and lint rules, without rewriting
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(BIN)/.dev ## Strict types
	$(BIN)/mypy

imports: $(BIN)/.dev ## Who may import whom
	$(BIN)/lint-imports

fix: $(BIN)/.dev ## Rewrite what lint can rewrite
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: $(BIN)/.dev ## Rewrite the golden reports and the compatibility table, then show what changed
	$(BIN)/python -m pytest tests/reports tests/corpus/test_compatibility.py --update-golden -q
	git diff --stat -- tests/reports docs/compatibility.md

lab-build: $(BIN)/.dev ## Build the real control plane for the lab tests (Go, about ten minutes cold)
	$(BIN)/python tests/lab/lab.py build

lab: lab-build ## Bring the lab up and drill on a real Kubernetes and Velero
	$(BIN)/python tests/lab/lab.py up
	$(BIN)/python -m runner scenarios/lab.yaml

lab-node-build: $(BIN)/.dev ## Build what the lab with a real node needs besides (root on Linux)
	$(BIN)/python tests/lab/lab.py build --node real

lab-node: lab-node-build ## Bring up the lab with a real node and real pods
	$(BIN)/python tests/lab/lab.py up --node real

lab-test: $(BIN)/.dev ## Run the lab tests, as far as this machine can
	.ci/lab

lab-down: ## Take both labs down
	$(BIN)/python tests/lab/lab.py down
	$(BIN)/python tests/lab/lab.py down --node real

corpus: $(BIN)/.dev ## Make the kept backups of eight Veleros anew (Go, root on Linux; an hour cold)
	$(BIN)/python tests/lab/corpus/making.py

bench: $(BIN)/.dev ## Run the benchmarks
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/hundred_drills.py
	$(BIN)/python benchmarks/overhead.py
	@echo 'benchmarks/lab.py needs the lab: python tests/lab/lab.py up'
	$(BIN)/python benchmarks/verify.py --gigabytes 0.5
	$(BIN)/python benchmarks/scaling.py

lock: $(BIN)/.dev ## Renew the pinned requirements from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url -o requirements/runtime.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --group dev -o requirements/dev.txt pyproject.toml

image: ## Build the container image
	docker build -t restore-drill-runner .

clean: ## Remove what the tools left here
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage dist
