# `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A user with an NVIDIA GPU: `make demo TORCH=gpu` installs the registry's usual build. It stays until TORCH=cpu is said.
TORCH ?= $(or $(patsubst $(VENV)/.made-%,%,$(firstword $(wildcard $(VENV)/.made-*))),cpu)
TORCH_CPU_INDEX ?= https://download.pytorch.org/whl/cpu
TARGET ?= cpu
IMAGE ?= taktstream:$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)$(if $(filter cuda,$(TARGET)),-cuda)
# Some tests mount a small disk to fill. Who is not root may do so in a namespace of their own, where the kernel lets them.
OWN_MOUNTS := unshare --user --map-root-user --mount
# Many tests wait for cameras and servers, whose time is real: WORKERS=3 is quicker where nothing else runs.
# Those that wait stand side by side in files: whoever has none left takes over half of another's (worksteal).
WORKERS ?= 2
TESTS = $(if $(filter 0,$(shell id -u)),,$(shell $(OWN_MOUNTS) true 2>/dev/null && echo $(OWN_MOUNTS))) $(BIN)/pytest
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo docs screenshots test test-full unit lint image clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

$(VENV)/.made-$(TORCH): pyproject.toml constraints.txt scripts/install-python
	@rm -f $(VENV)/.made-*
	@scripts/install-python "$(PYTHON)" "$(VENV)" "$(TORCH)" "$(TORCH_CPU_INDEX)"
	@touch $@

$(VENV)/.servers: scripts/install-servers
	@scripts/install-servers
	@touch $@

$(VENV)/bin/helm: scripts/install-helm constraints.txt $(VENV)/.made-$(TORCH)
	@scripts/install-helm "$(VENV)"
	@touch $@

demo: $(VENV)/.made-$(TORCH)  ## See it work: a simulated cell as RTSP camera, events over MQTT (DEMO_SECONDS=60)
	@$(BIN)/takt demo --seconds $(or $(DEMO_SECONDS),60)

lint: $(VENV)/.made-$(TORCH)  ## Style, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.made-$(TORCH)  ## The fast tests only (under a minute)
	$(BIN)/pytest -m "not e2e and not full" -n 2 --dist worksteal -q

test: $(VENV)/.made-$(TORCH) $(VENV)/.servers $(VENV)/bin/helm lint  ## Everything that CI checks (installs what the tests start)
	$(TESTS) -m "not full" -n $(WORKERS) --dist worksteal -q

test-full: $(VENV)/.made-$(TORCH) $(VENV)/.servers $(VENV)/bin/helm lint  ## Also soaks of ten and fifteen minutes (SOAK_SECONDS), many kills, a training
	$(TESTS) --hypothesis-profile=explore -q

image:  ## Build the image and run it with the fewest rights (TARGET=cuda; see scripts/build-image)
	scripts/build-image $(TARGET) $(IMAGE)
	scripts/try-image $(IMAGE)

screenshots: $(VENV)/.made-$(TORCH) $(VENV)/.servers  ## Pictures of every view of the page, of the demo (docs/images/page); look at them
	PYTHONPATH=. $(BIN)/python scripts/screenshots.py

docs: $(VENV)/.made-$(TORCH)  ## The documents as pages with a search: site/index.html; no network is needed to read them
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
