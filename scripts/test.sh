#!/usr/bin/env bash
# Every test of the project, stage by stage; the closing lines say what passed, what failed and
# what was skipped, and why. In CI (CI set) a stage that cannot run has failed.
set -u
cd "$(dirname "$0")/.."

passed=() failed=() skipped=()

# stage NAME COMMAND...: runs a stage; exit code 3 means that it cannot run here.
stage() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  "$@"
  local code=$?
  if [ "$code" = 0 ]; then
    passed+=("$name")
  elif [ "$code" = 3 ] && [ -z "${CI:-}" ]; then
    skipped+=("$name")
  else
    failed+=("$name")
  fi
}

rust_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --no-fail-fast
  else
    echo "cargo-nextest is not installed; cargo test runs the same tests, one crate after another"
    cargo test --no-fail-fast --lib --bins --tests
  fi
}

with_node() {
  if ! command -v node >/dev/null 2>&1 || [ ! -d node_modules ]; then
    echo "skipped: Node or its packages are missing (see the install stage)"
    return 3
  fi
  "$@"
}

with_chromium() {
  if ! command -v chromium >/dev/null 2>&1; then
    echo "skipped: chromium is missing (see the install stage)"
    return 3
  fi
  with_node "$@"
}

deny() {
  if ! cargo deny --version >/dev/null 2>&1; then
    echo "skipped: cargo-deny is missing (see the install stage)"
    return 3
  fi
  cargo deny --locked --workspace check --hide-inclusion-graph bans licenses sources
}

release() { cargo build --release --bin parlor --example echo; }

stage "install" bash scripts/install.sh
stage "formatting" cargo fmt --check
stage "lints" cargo clippy --all-targets --quiet -- -D warnings
stage "licences, bans, sources (cargo deny)" deny
stage "unit, property and integration tests" rust_tests
stage "documentation examples in code" cargo test --quiet --doc
stage "release build" release
stage "page types" with_node npm run --silent types
stage "page modules" with_node npm run --silent unit
stage "page in a real browser" with_chromium npm run --silent browser
stage "RFC 6455 (Autobahn)" bash scripts/autobahn.sh

printf '\n== closing lines\n'
for name in "${passed[@]}"; do printf 'passed:  %s\n' "$name"; done
for name in "${skipped[@]+"${skipped[@]}"}"; do printf 'skipped: %s (its output above says why)\n' "$name"; done
for name in "${failed[@]+"${failed[@]}"}"; do printf 'FAILED:  %s\n' "$name"; done
printf 'stages: %d passed, %d failed, %d skipped\n' "${#passed[@]}" "${#failed[@]}" "${#skipped[@]}"
[ "${#failed[@]}" = 0 ]
