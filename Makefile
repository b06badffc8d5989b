# Everything there is to do with Sockeye. `make help` lists it.

PREFIX ?= /usr/local
SWIFT ?= swift
DESTDIR ?=
FUZZ_SECONDS ?= 60

release = .build/release/sockeye
# The runtime goes into the command, so that it can be copied to where no toolchain is.
build_release = $(SWIFT) build -c release --product sockeye --static-swift-stdlib

library = .build/release/libsockeye-library.so
build_library = $(SWIFT) build -c release --product sockeye-library --static-swift-stdlib

.DEFAULT_GOAL := build
.PHONY: build lib run test test-all tsan bench fuzz embedded lint format install setup clean help

build: ## build the sockeye command (the default)
	@scripts/setup.sh build
	$(build_release)
	@echo
	@echo "Built $(release). Next: \`make run\`, \`make test\`, \`make help\`."

lib: ## build the library for programs in C
	@scripts/setup.sh build
	$(build_library)

run: ## fetch a page with curl over Sockeye, packets shown
	@scripts/setup.sh run
	$(build_release)
	@scripts/run.sh $(release)

test: ## all tests that end within minutes
	@scripts/setup.sh test
	@scripts/test.sh

test-all: ## the tests, the long ones included
	@scripts/setup.sh test
	@SOCKEYE_LONG_TESTS=1 scripts/test.sh
	@scripts/tsan.sh

tsan: ## what has threads, under the thread sanitizer
	@scripts/setup.sh test
	@scripts/tsan.sh

bench: ## measurements, beside the kernel's in the same run
	@scripts/setup.sh test
	$(build_release)
	$(SWIFT) run -c release StackBenchmark
	python3 Benchmarks/tap.py $(release)

fuzz: ## inputs made up by coverage for each parser: make fuzz FUZZ_SECONDS=60
	@scripts/setup.sh build
	@scripts/fuzz.sh run $(FUZZ_SECONDS)

embedded: ## compile the pure modules in Embedded Swift
	@scripts/embedded.sh

lint: ## check style, and the rules of docs/ARCHITECTURE.md
	@scripts/lint.sh

format: ## bring the sources into the project's style
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Benchmarks Examples Package.swift

install: ## install command, library and manual pages: make install PREFIX=/usr/local
	@scripts/setup.sh build
	$(build_release)
	$(build_library)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(release) "$(DESTDIR)$(PREFIX)/bin/sockeye"
	@scripts/install-library.sh $(library) "$(DESTDIR)" "$(PREFIX)"

setup: ## install what builds and tests need
	@scripts/setup.sh test

clean: ## remove what was built
	rm -rf .build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
