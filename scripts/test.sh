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
need_commands openssl=openssl ssh=openssh-client pgrep=procps /usr/sbin/sshd=openssh-server python3=python3

passed=0 failed=0 skipped=0
# All labs of the run keep their state below this folder, so that whatever it leaves can be found.
work=$(mktemp -d /tmp/drover-test.XXXXXX)
export DROVER_LAB_DIR=$work/lab

# What a run of the lab is made of: network namespaces, mounts, daemons, guests.
running_things() {
  ip netns list | sed 's/ .*//; s/^/namespace /'
  sed -n 's/^[^ ]* \([^ ]*drover[^ ]*\) .*/mount \1/p' /proc/self/mounts
  pgrep -l -x 'libvirtd|virtqemud|qemu-system-x86|sshd|postgres|chromium' | sed 's/^/process /'
}
running_things | sort >"$work/before"

# Whatever way the run ends, what it started goes. That something had to be swept up is a failure.
finish() {
  local left
  left=$(running_things | sort | comm -13 "$work/before" -)
  if [ -n "$left" ]; then
    printf '%s\nFAILED  clean: the tests left these behind\n' "$left"
    failed=$((failed + 1))
    find "$work" -name lab.json -printf '%h\n' | while read -r lab; do
      node bin/drover.js lab down --lab-dir "$lab"
    done
  else
    printf 'ok      clean\n'
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
