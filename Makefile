# The commands of a maintainer and of CI. Works with GNU make 3.81 (macOS).
# PYTHON=/path/to/python3 chooses the interpreter. PROOF_SCALE=5 runs the heavy proofs as well, as large as CI does.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help bench bench-check bench-scale bench-write benchmarks dashboards manifests demo test back-ends found-after incidents check suite format golden fuzz lock \
	upgrade build packages release-files release-check site clean runtime dev

# Empty: `make test` leaves out slow tests, heavy proofs and coverage. JOBS: how many tests run side by side; auto
# is three for two cores. What runs the same lines many times runs without coverage, which doubles its time.
PROOF_SCALE ?=
JOBS ?= auto
FUZZ_SECONDS ?= 600
# Not part of the lock: its wheel, with LLVM's fuzzer, exists only for some versions of Python.
ATHERIS := 3.0.0
export PROOF_SCALE
# The tests keep the bytecode of their rewritten asserts, or each process of a run makes it anew (seconds).
unexport PYTHONDONTWRITEBYTECODE

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: $(if $(BACK_ENDS),dev,runtime)  ## run the daemon on a simulated Fuse account; BACK_ENDS=1 adds Jaeger, VictoriaLogs
	@$(if $(BACK_ENDS),PYTHONPATH=tests .venv/bin/python -m support.back_ends.demo,.venv/bin/fuse-otel demo)

test: check suite  ## run the checks, then the tests; PROOF_SCALE=1 adds the slow ones, the heavy proofs and coverage

back-ends: dev  ## build the real back ends of the end-to-end tests into a cache (takes minutes, once)
	@PYTHONPATH=tests .venv/bin/python -m support.back_ends

found-after: dev  ## measure how long after its delivery a call is found, and write docs/back-ends.md
	UPDATE_DOCS=1 .venv/bin/pytest tests/e2e/test_found_after.py

check: dev  ## run the linters and check formatting, types, layers and dependencies
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/deptry fuse_otel

suite: dev
ifeq ($(PROOF_SCALE),)
	.venv/bin/pytest -n $(JOBS) -m "not proof and not slow" $(PYTEST)
else
	@.venv/bin/coverage erase
	# 5: PYTEST names a folder without such tests
	.venv/bin/coverage run -m pytest -n $(JOBS) -m "not many" $(PYTEST) || [ $$? -eq 5 ]
	.venv/bin/pytest -n $(JOBS) -m many $(PYTEST) || [ $$? -eq 5 ]
	@.venv/bin/coverage combine --quiet
	.venv/bin/coverage report
endif

benchmarks: dev  ## compare the cost and the losses of the exporter with those of the SDK
	@PYTHONPATH=tests .venv/bin/python -m benchmarks

bench: dev  ## print what a log entry costs (takes minutes); ROWS="memory latency" chooses groups of rows
	@PYTHONPATH=tests .venv/bin/python -m benchmarks.table $(ROWS)

bench-write: dev  ## measure all groups, and write the figures and the picture of docs/performance.md
	@PYTHONPATH=tests .venv/bin/python -m benchmarks.table --write $(ROWS)

bench-scale: dev  ## measure replicas over PostgreSQL, and write the figures of docs/scale.md
	@PYTHONPATH=tests .venv/bin/python -m benchmarks.scale_page --write

bench-check: dev  ## compare the ratios with benchmarks/figures.json; fails where a row costs 20 % more
	@PYTHONPATH=tests .venv/bin/python -m benchmarks.table --check

format: dev  ## format the code and apply the fixes of the linter
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

golden: dev  ## write the golden calls, golden messages and generated pages again; read the difference
	UPDATE_GOLDENS=1 .venv/bin/pytest -q tests/golden tests/unit/config/test_bad_files.py
	.venv/bin/python -m fuse_otel.config >docs/configuration.md
	UPDATE_DOCS=1 .venv/bin/pytest -q tests/repository/test_telemetry_page.py tests/repository/test_flow_pictures.py

dashboards: dev  ## write the dashboards of deploy/grafana again from their code
	.venv/bin/python -m deploy.grafana

manifests: dev  ## write the manifests of deploy/kubernetes again from the Helm chart
	@PYTHONPATH=tests .venv/bin/python -m support.kubernetes

incidents: dev  ## run the simulated incidents of docs/operations.md again and write what they showed
	@PYTHONPATH=tests .venv/bin/python -m support.incidents

fuzz: dev  ## fuzz the decoders and the translation for FUZZ_SECONDS=600
	mkdir -p build/fuzz/corpus
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --target build/fuzz/atheris \
		--upgrade atheris==$(ATHERIS)
	PYTHONPATH=build/fuzz/atheris:tests .venv/bin/python tests/fuzz/fuzz_whole_path.py -timeout=60 \
		-max_len=65536 -rss_limit_mb=4096 -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ \
		-print_final_stats=1 build/fuzz/corpus tests/data/odd tests/data/samples

lock: dev  ## update the lock after a change of pyproject.toml; pins that still fit stay
	scripts/lock.sh

upgrade: dev  ## update the lock to the newest versions
	scripts/lock.sh --upgrade

build: dev  ## build the wheel and the source archive into dist/
	rm -rf dist
	.venv/bin/python -m hatchling build

packages: build  ## build a deb and an rpm with the Python of this Linux into dist/
	scripts/packages.sh

release-files: packages  ## build all files of a release into dist/; BASE=NAME@sha256:… adds the image, SSH_KEY=FILE signs
	$(if $(BASE),scripts/release-image.sh "$(BASE)")
	.venv/bin/python scripts/release_files.py dist
	$(if $(SSH_KEY),scripts/sign-release.sh dist "$(SSH_KEY)")

release-check:  ## check the files of a release in dist/ against their checksums, and these against the signature
	scripts/check-release.sh dist

site: dev  ## build the documentation as a site into build/site
	.venv/bin/properdocs build --strict

clean:  ## remove the environment and all generated files
	rm -rf .venv dist build demo .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache \
		.pytest_cache .import_linter_cache
	find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

runtime:
	@scripts/environment.sh runtime

dev:
	@scripts/environment.sh dev
