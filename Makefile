# Two commands do everything: `cargo run --release` serves, `make test` checks.
.PHONY: run test bench pictures docs

run:
	cargo run --release

# Every test; installs what they need, and says what (scripts/install.sh).
test:
	bash scripts/test.sh

# Benchmarks: figures as ratios of one run, never part of the tests.
bench:
	cargo bench --bench load -- all

# The pictures of the page in docs/pictures/.
pictures:
	cargo build --release
	npm run pictures

# The generated files.
docs:
	cargo run --quiet -- config --markdown > docs/configuration.md
