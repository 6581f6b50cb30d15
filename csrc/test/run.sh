#!/usr/bin/env bash
# Builds and runs the C tests: with each compiler that is there, optimised, under the address and undefined-behaviour
# sanitizers, and, for the tests with threads, under the thread sanitizer.
#
# usage: run.sh [TEST...]    a test is the part of its file's name before _test.c; default: all
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
library=$here/..
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

warnings=(-std=c11 -Wall -Wextra -Wconversion -Wshadow -Werror)
all=(ring slots channels place wake doorbell end fault order stress processes ticket attach join walk link)
all+=(items metadata core_call core_channel core_request core_credit core_hostile core_sequence)
all+=(guest_serve guest_call guest_end guest_thread)

# runs_in TEST MODE: whether a test has something to say in that mode. The thread sanitizer is for those with threads.
# The order test is about what no sanitizer models, and wants the speed.
runs_in() {
  case $2 in
    thread) [[ $1 == slots || $1 == stress || $1 == guest_thread ]] ;;
    address+undefined) [[ $1 != order ]] ;;
  esac
}

passed=0
failed=0
declare -A ran=() # modes that ran with some compiler

die() {
  printf 'run.sh: %s\n' "$*" >&2
  exit 1
}

# compilers: one gcc and one clang, the latter under its plain name or the highest version that is there.
compilers() {
  command -v gcc >/dev/null && echo gcc
  if command -v clang >/dev/null; then
    echo clang
  else
    compgen -c clang- | grep -E '^clang-[0-9]+$' | sort -Vu | tail -n 1 || true
  fi
}

# prepare CC FLAG...: whether programs built so run here; sets the array runner, which stands in front of them.
prepare() {
  local cc=$1 trial=$out/trial
  runner=()
  echo 'int main(void) { return 0; }' | "$cc" "${@:2}" -x c -o "$trial" - 2>/dev/null || return 1
  "$trial" 2>/dev/null && return
  # The thread sanitizer of older compilers finds its place in memory taken where addresses are more random than it
  # knew.
  runner=(setarch "$(uname -m)" -R)
  "${runner[@]}" "$trial" 2>/dev/null
}

# run_one TEST PROGRAM LABEL: runs a program and adds the numbers of its closing line.
run_one() {
  local test=$1 program=$2 label=$3 status=0 line
  local arguments=()
  [[ $test != place ]] || arguments=("$here/testdata/segment-layout.json")
  "${runner[@]}" "$program" "${arguments[@]}" >"$out/output" || status=$?
  line=$(tail -n 1 "$out/output")
  printf '%-27s %-10s %s\n' "$label" "$test" "${line:-no closing line}"
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    ((status == 0 || BASH_REMATCH[2] > 0)) && return
  fi
  failed=$((failed + 1)) # it ended early, or a sanitizer found something after the last test
}

# run_mode CC MODE FLAG...: builds the library and the tests so, and runs them.
run_mode() {
  local cc=$1 mode=$2 flags=("${warnings[@]}" "${@:3}" -pthread "-I$library") file test objects=()
  local dir=$out/$cc-$mode
  prepare "$cc" "${@:3}" || {
    printf 'run.sh: %s has no %s here\n' "$cc" "$mode" >&2
    return 0
  }
  ran[$mode]=1
  mkdir "$dir"
  for file in "$library"/*.c "$library"/guest/*.c "$here"/{fixture,traffic,host,held,pair,core_peer}.c "$here"/core_world*.c; do
    objects+=("$dir/$(basename "$file" .c).o")
    "$cc" "${flags[@]}" -c -o "${objects[-1]}" "$file"
  done
  for test in "${tests[@]}"; do
    runs_in "$test" "$mode" || continue
    "$cc" "${flags[@]}" -o "$dir/$test" "$here/${test}_test.c" "${objects[@]}"
    run_one "$test" "$dir/$test" "$cc $mode"
  done
}

# The public header is usable from C++ too.
check_cxx() {
  command -v g++ >/dev/null || return 0
  g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -x c++ "$library/roam/shm.h"
}

tests=("$@")
((${#tests[@]} > 0)) || tests=("${all[@]}")
mapfile -t ccs < <(compilers)
((${#ccs[@]} > 0)) || die "neither gcc nor clang is there: install gcc and libc6-dev"
for cc in "${ccs[@]}"; do
  run_mode "$cc" optimised -O2
  run_mode "$cc" address+undefined -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
  run_mode "$cc" thread -O1 -g -fsanitize=thread
done
check_cxx
for mode in optimised address+undefined thread; do
  [[ -n ${ran[$mode]:-} ]] ||
    die "no compiler can build for '$mode' here: install its runtime (libasan, libubsan, libtsan)"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
