# The two main commands: `make run` runs Mailpath on simulated companies, `make test` runs all tests.
# PYTHON names the interpreter to build the virtual environment with (3.11 or newer).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CONFIG ?= config.toml
LOCKS  := .ci/requirements
export UV_PYTHON_DOWNLOADS := never
# A company's own certificate authority counts for uv too.
export UV_SYSTEM_CERTS := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: run test check bench torture fuzz dashboards reference format requirements clean

run: $(VENV)/runtime ## start the service with config.toml: http://127.0.0.1:8025/
	$(BIN)/mailpath serve --config $(CONFIG)

test: $(VENV)/dev ## everything; the lab of real mail servers only as root
	@tests/lab/install.sh
	@tests/browser/install.sh
	@tests/lab/oidc/install.sh
	@[ "$$(id -u)" = 0 ] || echo "Not root: the tests on real mail servers (-m lab) are skipped."
	@echo "Tests on real mail servers run beside the others; what they say comes last."
	@$(BIN)/python -m pytest -m lab tests >$(VENV)/lab-tests.log 2>&1 & lab=$$!; \
	  trap 'kill $$lab; wait $$lab' INT TERM; others=0; real=0; \
	  $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not lab" tests || others=$$?; \
	  wait $$lab || real=$$?; \
	  echo; echo "Tests on real mail servers:"; cat $(VENV)/lab-tests.log; \
	  exit $$((others ? others : real))

check: $(VENV)/dev ## form, types and floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/dev ## how fast, how much memory, beside a bare floor in the same run
	$(BIN)/python -m tests.bench

torture: $(VENV)/dev ## kill the service 100 times and compare its store with what really happened; about 15 minutes
	$(BIN)/python -m tests.torture

fuzz: $(VENV)/dev ## every reader of hostile input, with 60,000 broken inputs: some 15 minutes
	$(BIN)/python -m tests.fuzz

dashboards: $(VENV)/dev ## after a change of dashboards/*.py, sources or rules: boards, rules, manifests
	$(BIN)/python -W ignore::DeprecationWarning -m dashboards.build

reference: $(VENV)/dev ## after a change of commands, keys, metrics or import contracts: the generated parts of docs/
	$(BIN)/python -m monitor.reference docs

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: $(VENV)/dev ## after a change of dependencies in pyproject.toml
	$(BIN)/uv pip compile -q pyproject.toml --universal --extra postgres --generate-hashes --no-annotate --no-header -o $(LOCKS)/runtime.txt
	$(BIN)/uv pip compile -q pyproject.toml --universal --extra dev --generate-hashes --no-annotate --no-header -o $(LOCKS)/dev.txt

# A bare Debian lacks python3-venv; as root we install it, otherwise we say how.
$(BIN)/uv:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv; \
	  else echo "python3-venv is missing; install it: sudo apt-get install python3-venv" >&2; exit 1; fi
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv

$(VENV)/runtime: $(BIN)/uv $(LOCKS)/runtime.txt pyproject.toml
	$(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r $(LOCKS)/runtime.txt
	$(BIN)/uv pip install -q -p $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/dev: $(BIN)/uv $(LOCKS)/dev.txt pyproject.toml
	$(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r $(LOCKS)/dev.txt
	$(BIN)/uv pip install -q -p $(BIN)/python --no-deps --editable .
	@touch $@ $(VENV)/runtime

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
