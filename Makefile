# One word for each act; `make help` lists them. Every act installs and builds what it needs first.
# npm runs on whatever Node the machine has; everything else on the Node of node_modules, which the lockfile pins.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

system_path := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# Compiled forms of stripped sources, kept between runs: a test file starts three times faster.
run_cached := NODE_COMPILE_CACHE=$(CURDIR)/.cache/compile

sources := $(shell find broker client bench -name '*.ts' 2>/dev/null)

.PHONY: help run build test ok check types lint format-check format unused tidy coverage sim crash interop interop-install vectors bench bench-micro lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 18

run: build ## a broker: Kafka on 127.0.0.1:9092, metrics and health on 127.0.0.1:9644, data in ./data
	@exec node dist/broker/cli/main.js start $(ARGS)

build: dist/.built ## dist/, what is run and published

test: build interop-install ## every test in its short form; FILES='test/a.test.ts …' for some, COVERAGE=1 to tell what they reach
	@$(run_cached) tap run $(if $(COVERAGE),,--disable-coverage) $(FILES)

ok: check test ## everything a change must pass

check: types lint format-check unused ## types, lint, format, dead code

types: node_modules/.installed
	@tsc -p .

lint: node_modules/.installed
	@oxlint --deny-warnings

format-check: node_modules/.installed
	@biome format --reporter=summary .

unused: node_modules/.installed
	@knip -c config/knip.json

tidy: node_modules/.installed ## what the repository holds itself to
	@$(run_cached) tap run --disable-coverage test/tidy/*.test.ts

format: node_modules/.installed ## puts every file into the one format
	@biome format --write --reporter=summary .

coverage: build ## the tests again, with a table of the lines they reach
	@tap run --coverage-report=text $(FILES)

sim: node_modules/.installed ## the simulator: 2,000 seeds, or SEED=n to replay one
	@$(run_cached) node test/simulation/run.ts

crash: build ## kill tests in their long mode
	@$(run_cached) STELE_CRASH_ROUNDS=$(or $(ROUNDS),50) tap run --disable-coverage --timeout=1800 test/crash/*.test.ts

interop: build interop-install ## every real client, in the long form
	@$(run_cached) INTEROP=full tap run --disable-coverage --timeout=1800 test/interop/*.test.ts

# Brings the clients of other languages where their language is; says what it leaves out.
interop-install: node_modules/.installed
	@if [ -e test/interop/install.sh ]; then bash test/interop/install.sh; fi

vectors: node_modules/.installed ## golden bytes; VECTORS=dir for another set
	@$(run_cached) node test/golden/vectors.ts

bench: build ## a broker of its own under a short load of every kind; ARGS='produce --size 100' for other words of `stele bench`
	@node bench/main.ts $(ARGS)

bench-micro: node_modules/.installed ## what the parts of the hot path cost here: codec, checksum, append, commit
	@for part in bench/micro/*.ts; do echo "== $$part"; node $$part; done

lock: ## the lockfile anew, after a change of package.json
	@node config/lock.ts

clean: ## away with what was made
	rm -rf dist .cache .tap node_modules

dist/.built: node_modules/.installed config/build.ts config/tsconfig.build.json tsconfig.json $(sources)
	@node config/build.ts

# By content, not by age alone: a checkout touches the lockfile's date without changing it.
node_modules/.installed: package-lock.json
	@if ! cmp -s package-lock.json $@; then PATH="$(system_path)" npm ci --no-progress && cp package-lock.json $@; else touch $@; fi
