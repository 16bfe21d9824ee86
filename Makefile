# Two commands matter: `make run` and `make test`. Both set up what they need.
PY ?= python3
V := .venv
BIN := $(V)/bin

.PHONY: run test unit lint audit format bench demo lock clean

$(V)/.run: requirements.txt pyproject.toml
	@test -d $(V) || $(PY) -m venv $(V) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@# Compiled once here, so that the first start does not compile everything while somebody waits.
	@$(BIN)/python -m compileall -q channels chatbot classifier report router store gateway console config
	@touch $@

$(V)/.dev: requirements-dev.txt $(V)/.run
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

# Everything in one process at http://127.0.0.1:8080; PORT, GUICHET_DATA and GUICHET_LMTP_PORT change where.
run: $(V)/.run
	@exec $(BIN)/guichet run

# All tests, real servers included. As root or with sudo the Debian packages they need are installed.
test: $(V)/.dev
	@sh tests/servers/install.sh
	@# What only computes runs on all cores; of what starts servers, houses and browsers, two files at a time.
	$(BIN)/python -m pytest tests/classifier tests/chatbot -n auto --dist loadfile
	$(BIN)/python -m pytest tests --ignore=tests/classifier --ignore=tests/chatbot -n 2 --dist loadfile

# The quick part: no server, no browser, no register, no process of the house. On all cores, in less than a minute.
unit: $(V)/.dev
	$(BIN)/python -m pytest tests -n auto -m "not servers and not browser and not chaos and not house and not slow"

lint: $(V)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Whether what is pinned has a known weakness, where the package index knows.
audit: $(V)/.dev
	@$(BIN)/python .ci/audit.py

format: $(V)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(V)/.dev
	@sh tests/servers/install.sh
	$(BIN)/python -m bench

# A house of its own with fourteen months of invented cases in four languages, and people to sign in as. PORT, GUICHET_DATA (a
# folder that is empty, or holds a demonstration) and GUICHET_LMTP_PORT change where.
demo: $(V)/.run
	@exec $(BIN)/python -m gateway.demo

lock: $(V)/.run
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-header --python-version 3.11 --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(V) .mypy_cache .ruff_cache .hypothesis
