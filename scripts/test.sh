#!/usr/bin/env bash
# Every check of the project, in the order of their price. ./test [STAGE...] runs only those named:
# format lint types imports dead unit integration. Ends with a line "N passed, N failed".
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. scripts/setup.sh

all_stages=(format lint types imports dead unit integration)
stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=("${all_stages[@]}")
for stage in "${stages[@]}"; do
  case " ${all_stages[*]} " in
    *" $stage "*) ;;
    *) fail "no stage '$stage'; there are: ${all_stages[*]}" ;;
  esac
done

need_root
need_node
need_lab
need_commands openssl=openssl ssh=openssh-client /usr/sbin/sshd=openssh-server python3=python3

passed=0 failed=0 skipped=0
# All labs of the run keep their state below this folder, so that whatever it leaves can be found.
work=$(mktemp -d /tmp/drover-test.XXXXXX)
export DROVER_LAB_DIR=$work/lab

# Whatever way the run ends, what it started goes; what had to be swept up is a failure.
finish() {
  if ! node scripts/sweep.ts "$work"; then
    printf 'FAILED  clean: the tests left something behind\n'
    failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
  rm -rf "$work"
}
trap 'finish; exit 130' INT TERM

run_check() {
  if npm run -s "check:$1" >"$work/$1.log" 2>&1; then
    printf 'ok      %s\n' "$1"
    passed=$((passed + 1))
  else
    cat "$work/$1.log"
    printf 'FAILED  %s\n' "$1"
    failed=$((failed + 1))
  fi
}

count() { # REPORT KEY
  node -p 'JSON.parse(fs.readFileSync(process.argv[1]))[process.argv[2]]' "$1" "$2"
}

run_suite() {
  local report=$work/$1.json status=0 tests_failed
  npm run -s "test:$1" -- --reporter=default --reporter=json --outputFile.json="$report" || status=$?
  if [ ! -s "$report" ]; then
    printf 'FAILED  %s wrote no report\n' "$1"
    failed=$((failed + 1))
    return
  fi
  tests_failed=$(count "$report" numFailedTests)
  # A suite that breaks outside its tests (a hook, an unhandled rejection) counts as one failure.
  if [ "$status" -ne 0 ] && [ "$tests_failed" -eq 0 ]; then tests_failed=1; fi
  passed=$((passed + $(count "$report" numPassedTests)))
  skipped=$((skipped + $(count "$report" numPendingTests)))
  failed=$((failed + tests_failed))
}

for stage in "${stages[@]}"; do
  case $stage in
    unit | integration) run_suite "$stage" ;;
    *) run_check "$stage" ;;
  esac
done
finish
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
