# Every target calls a script of scripts/, which can be called by itself as well.

.DEFAULT_GOAL := help
.PHONY: help demo test test-deep dist release-tree lint docs bench clean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## Deploy, break and roll back the example stack on this machine's Docker engine
	scripts/setup
	scripts/dist
	scripts/release-tree release-tree
	scripts/demo "$(CURDIR)/release-tree"

test: ## All tests, with everything that they need
	scripts/test

test-deep: ## What takes longer than CI allows: more cases, killed runs, fuzzing
	scripts/test-deep

dist: ## The static binary, in dist/
	scripts/dist

release-tree: dist ## The tree that a release tag points to, in release-tree/
	scripts/release-tree release-tree

lint: ## Format, clippy, licences, and the checks of actions and workflows
	scripts/setup tools
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings
	scripts/deny
	scripts/lint-actions

docs: ## Write action.yml, README tables and the umbrella from the tables in the code
	cargo run --quiet --locked -- docs --write

bench: ## The benchmarks
	ulimit -v 8388608 && cargo bench --locked

clean: ## What was built in this clone; the cache outside it stays
	cargo clean
	rm -rf release-tree dist/mta-linux-*
