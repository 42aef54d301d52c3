# Set-up in one place: `make demo` and `make test` share `make install`, which does nothing the
# second time. It works with whatever package index and wheel folders pip is configured for.

PY      ?= $(shell command -v python3.11 || command -v python3)
VENV    ?= .venv
BIN     := $(VENV)/bin
# the same pin as in constraints.txt (no comment after the value: make would keep the blanks)
TORCH   := $(shell sed -n 's/^torch==//p' constraints.txt)
INSTALL := $(BIN)/uv pip install -q --python $(VENV) -c constraints.txt --group dev -e .

# Node comes from PyPI, in the virtual environment; quiet about settings of npm that it does not know
NPM     := PATH="$(abspath $(BIN)):$$PATH" npm --loglevel=error --prefix frontend
MODULES := frontend/node_modules/.package-lock.json
PAGES   := src/visionloom/server/static/index.html
FRONT   := $(shell find frontend -name node_modules -prune -o -type f -print)

.PHONY: install frontend types demo test test-slow check format lock docs screenshots clean

# all else works without the designer's pages
install: $(VENV)/.ready
	@$(MAKE) -s --no-print-directory frontend || \
	  echo "The designer's pages were not built; 'make frontend' tries again. All else works."

# the designer's pages
frontend: $(PAGES)

$(MODULES): frontend/package.json frontend/package-lock.json frontend/.npmrc | $(VENV)/.ready
	@$(NPM) ci --no-audit --no-fund >/dev/null
	@touch $@

$(PAGES): $(MODULES) $(FRONT)
	@$(NPM) run build >/dev/null
	@touch $@

# what goes over the wire: the server's description, and the types of the pages made from it
types: $(MODULES)
	$(BIN)/python -m visionloom.server.openapi frontend/openapi.json
	$(NPM) run types

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PY)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@test -x $(BIN)/python || $(PY) -m venv $(VENV) || { \
	  echo "No virtual environment could be made. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -q --disable-pip-version-check 'uv>=0.9'
	@set -e; links=; have=; \
	for d in $$($(BIN)/python -m pip config list | sed -n "s/^[^=]*find-links='\(.*\)'$$/\1/p" | sed 's/\\n/ /g' | tr ' ' '\n' | sort -u); do \
	  links="$$links --find-links $$d"; \
	  if ls "$$d"/torch-$(TORCH)*.whl >/dev/null 2>&1; then have=1; fi; \
	done; \
	if [ -n "$$have" ] || [ "$$(uname -s)" != Linux ]; then $(INSTALL) $$links; \
	else UV_HTTP_RETRIES=1 $(INSTALL) $$links --torch-backend=auto || { \
	  echo "PyTorch's own index is not reachable: taking PyPI's build (several GB)."; $(INSTALL) $$links; }; fi
	@# one warm-up, so that byte code exists for what the command line loads
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q src/visionloom || true
	@for words in doctor runs "validate examples/pipelines/score_only.yml"; do \
	  env -u PYTHONDONTWRITEBYTECODE VISIONLOOM_HOME=$(VENV)/warm-up $(BIN)/visionloom $$words >/dev/null 2>&1 || true; \
	done; rm -rf $(VENV)/warm-up
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c "import torch._dynamo, sklearn.metrics, duckdb" >/dev/null 2>&1 || true
	@touch $@

demo: install
	$(BIN)/visionloom demo

test: install frontend
	$(NPM) run test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow"

test-slow: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

check: install frontend
	$(BIN)/ruff format --check src tests examples benchmarks hatch_build.py
	$(BIN)/ruff check src tests examples benchmarks hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m visionloom.server.openapi frontend/openapi.json --check
	$(NPM) run check
	$(NPM) run budget

format: install $(MODULES)
	$(NPM) run format
	$(BIN)/ruff format src tests examples benchmarks hatch_build.py
	$(BIN)/ruff check --fix src tests examples benchmarks hatch_build.py

# the pins serve every system and Python from 3.11; compiled without wheel folders on purpose
lock: install
	echo "torch==$(TORCH)" > $(VENV)/torch-pin.txt
	$(BIN)/uv pip compile -q --universal --no-annotate --no-header --all-extras --group dev \
	  -c $(VENV)/torch-pin.txt pyproject.toml -o constraints.txt

# the reference page of each component, from its declaration
docs: install
	$(BIN)/python -m visionloom.runs.reference docs/components

# the pictures of docs/designer, light and dark
screenshots: install frontend
	VISIONLOOM_SCREENSHOTS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/designer

clean:
	rm -rf frontend/node_modules src/visionloom/server/static
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
