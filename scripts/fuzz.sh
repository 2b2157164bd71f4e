#!/usr/bin/env bash
# Fuzzes what strangers may send: scripts/fuzz.sh [SECONDS] [TARGET...]
#
# Each target of fuzz/ runs for SECONDS (60), one after another or FUZZ_JOBS at a time, from the
# seeds in fuzz/seeds/ and what earlier runs have left in fuzz/corpus/. Logs go to fuzz/logs/, or to
# FUZZ_LOGS. Ends with the figures of each target, and with 1 if one of them found something; the
# input that did it is in fuzz/artifacts/ then.
set -u
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ $# -gt 0 ] && shift
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
  for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
logs=${FUZZ_LOGS:-fuzz/logs}
version=0.13.2

if ! cargo fuzz --version 2>/dev/null | grep -qx "cargo-fuzz $version"; then
  echo "fuzz: installing cargo-fuzz $version (cargo install)"
  cargo install --quiet --locked cargo-fuzz --version "$version" || exit 1
fi

# The instrumentation is there in a stable compiler, too; only its flags are not.
export RUSTC_BOOTSTRAP=1
host=$(rustc -vV | sed -n 's/^host: //p')
sanitizer=address
[ -n "$(find "$(rustc --print target-libdir)" -name '*_rt.asan.a')" ] || sanitizer=none
echo "fuzz: building (sanitizer: $sanitizer)"
cargo fuzz build --target-dir fuzz/target --sanitizer "$sanitizer" || exit 1

# run TARGET: fuzzes it; its log tells the rest. The timeouts are by the clock, and the machine may be
# busy with other things.
run() {
  local words=()
  [ -f "fuzz/words/$1" ] && words=("-dict=fuzz/words/$1")
  mkdir -p "fuzz/corpus/$1" "fuzz/artifacts/$1"
  "fuzz/target/$host/release/$1" "fuzz/corpus/$1" "fuzz/seeds/$1" "${words[@]+"${words[@]}"}" \
    -artifact_prefix="fuzz/artifacts/$1/" -max_total_time="$seconds" -timeout=300 \
    -report_slow_units=30 -print_final_stats=1 >"$logs/$1.log" 2>&1
  echo "fuzz: exit code $?" >>"$logs/$1.log"
}

mkdir -p "$logs"
echo "fuzz: $seconds s each, logs in $logs/"
for target in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "${FUZZ_JOBS:-1}" ]; do wait -n; done
  run "$target" &
done
wait

figure() { sed -n "s/^stat::$2: *//p" "$logs/$1.log" | tail -1; }
found=0
printf '\n%-15s %12s %8s %9s %9s  %s\n' target executions per_s corpus coverage findings
for target in "${targets[@]}"; do
  log=$logs/$target.log
  last=$(grep -a -o 'cov: [0-9]* ft: [0-9]* corp: [0-9]*' "$log" | tail -1)
  read -r _ coverage _ _ _ corpus <<<"$last"
  said=none
  if ! grep -q '^fuzz: exit code 0$' "$log"; then
    said="see $log"
    found=1
  fi
  printf '%-15s %12s %8s %9s %9s  %s\n' "$target" "$(figure "$target" number_of_executed_units)" \
    "$(figure "$target" average_exec_per_sec)" "${corpus:-?}" "${coverage:-?}" "$said"
done
exit "$found"
