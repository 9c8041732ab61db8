# Everything a person or a machine does with this repository. Works with GNU make 3.81 (macOS).
# PYTHON=/path/to/python3 chooses the interpreter, PROOF_SCALE=5 makes the heavy proofs larger.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help benchmarks demo test back-ends found-after check suite format golden fuzz lock upgrade build clean \
	runtime dev

# The size of the heavy proofs, and how many tests run side by side.
PROOF_SCALE ?= 1
JOBS ?= auto
FUZZ_SECONDS ?= 600
# Needs LLVM's fuzzer, which its wheel holds for some Pythons only: no part of the lock.
ATHERIS := 3.0.0
export PROOF_SCALE

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: runtime  ## a simulated Fuse account, the daemon and its pages, from nothing
	@.venv/bin/fuse-otel demo

test: check suite  ## the checks, then every test, with the coverage of branches

back-ends: dev  ## the real back ends that the end-to-end tests run, built once into a cache (minutes)
	@PYTHONPATH=tests .venv/bin/python -m support.back_ends

found-after: dev  ## writes the table of docs/back-ends.md: what is found how long after its delivery
	UPDATE_DOCS=1 .venv/bin/pytest tests/e2e/test_found_after.py

check: dev  ## linters, formatting, types, layers, dependencies
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/deptry fuse_otel

suite: dev
	@echo "Heavy proofs run at PROOF_SCALE=$(PROOF_SCALE)."
	@.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest -n $(JOBS) $(PYTEST)
	@.venv/bin/coverage combine --quiet
	.venv/bin/coverage report

benchmarks: dev  ## what a call costs beside the SDK's way, and what each way loses
	@PYTHONPATH=tests .venv/bin/python -m benchmarks

format: dev  ## formats, and mends what the linter can mend
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

golden: dev  ## writes golden calls, golden messages and generated pages anew: read the difference
	UPDATE_GOLDENS=1 .venv/bin/pytest -q tests/golden tests/unit/config/test_bad_files.py
	.venv/bin/python -m fuse_otel.config >docs/configuration.md
	UPDATE_DOCS=1 .venv/bin/pytest -q tests/repository/test_telemetry_page.py

fuzz: dev  ## the decoders and the transform against FUZZ_SECONDS=600 of changed answers
	mkdir -p build/fuzz/corpus
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --target build/fuzz/atheris \
		--upgrade atheris==$(ATHERIS)
	PYTHONPATH=build/fuzz/atheris:tests .venv/bin/python tests/fuzz/fuzz_whole_path.py -timeout=60 \
		-max_len=65536 -rss_limit_mb=4096 -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ \
		-print_final_stats=1 build/fuzz/corpus tests/data/odd tests/data/samples

lock: dev  ## the lock after pyproject.toml changed; pins that fit stay
	scripts/lock.sh

upgrade: dev  ## the lock with the newest of everything
	scripts/lock.sh --upgrade

build: dev  ## the wheel and the source archive, in dist/
	rm -rf dist
	.venv/bin/python -m hatchling build

clean:  ## takes away the environment and everything made
	rm -rf .venv dist build demo .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache \
		.pytest_cache .import_linter_cache
	find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

runtime:
	@scripts/environment.sh runtime

dev:
	@scripts/environment.sh dev
