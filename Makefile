# Everything runs in .venv, made from pyproject.toml and the pins of constraints.txt.
PYTHON ?= python3
VENV := .venv
UV := $(VENV)/uv/bin/uv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

SITE ?= docs/_site

.PHONY: quickstart wheel paper docs reference test test-slow cluster-test bench bench-quick bench-scale bench-gpu lint format pins clean

quickstart: $(STAMP)
	@$(BIN)/sweeps run digits-mlp

# The end-to-end tests have processes enough of their own. Hundreds of processes import the packages:
# only the first is to compile them, whatever the environment says of bytecode.
test: export PYTHONDONTWRITEBYTECODE =
test: lint
	$(BIN)/python -m pytest -m "not slow" --ignore tests/end_to_end -n 3 --dist loadfile
	$(BIN)/python -m pytest -m "not slow" tests/end_to_end -n 2 --dist loadfile

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

# What users install, into dist/. What an earlier build left would be packed as well.
wheel: $(STAMP)
	@rm -rf build
	$(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist

# Every figure and table of both papers in miniature.
paper: $(STAMP)
	$(BIN)/python -m sweeps.miniature --page $(or $(PAGE),.sweeps/miniature/miniature.md)

# A real cluster by `ray up`, on this machine: 4 to 9 minutes; needs root, openssh-server and rsync.
cluster-test: $(STAMP)
	$(BIN)/python tests/cluster/loopback.py

# 15 to 18 minutes on two cores that do nothing else; 3 minutes for the quick ones.
bench: $(STAMP)
	$(BIN)/python -m benchmarks $(BENCH)

bench-quick: $(STAMP)
	$(BIN)/python -m benchmarks --quick $(BENCH)

# What limits large sweeps, some 10 minutes; then clusters of up to 512 workers, simulated.
bench-scale: $(STAMP)
	$(BIN)/python -m benchmarks tune-overhead mlflow-overhead store-requests planning \
	  planning-local planning-s3
	$(BIN)/python -m benchmarks.simulated_cluster

# On a machine with an NVIDIA GPU, under 8 minutes: measures, then shows tables and rates for `sweeps plan`.
GPU_ROWS ?= .sweeps/gpu.jsonl
bench-gpu: $(STAMP)
	$(BIN)/python -m benchmarks.gpu --seconds 420 --out $(GPU_ROWS)
	$(BIN)/python -m benchmarks.gpu.table $(GPU_ROWS)
	$(BIN)/python -m benchmarks.gpu.fit $(GPU_ROWS)

# The documentation site; a warning, a dead link among them, is an error.
docs: reference
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs $(SITE)
	@echo "open $(SITE)/index.html"

# The pages of docs/reference that follow from the sources.
reference: $(STAMP)
	$(BIN)/python -m docs.generate

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The newest versions that pyproject.toml allows become the pins.
pins: $(UV)
	$(UV) pip compile --quiet --upgrade --no-header --no-annotate --no-emit-index-url \
	  --extra dev --extra gcs pyproject.toml --output-file constraints.txt

$(STAMP): pyproject.toml constraints.txt $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt \
	  --compile-bytecode --editable ".[dev]"
	@touch $@

# uv in an environment of its own, so that nothing outside the checkout changes.
$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PYTHON) -m venv $(VENV)/uv
	$(VENV)/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

clean:
	rm -rf $(VENV) $(SITE) build dist *.egg-info
