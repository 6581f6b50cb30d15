#!/usr/bin/env bash
# Builds and runs the C tests: with each compiler that is there, optimised, under the address and undefined-behaviour
# sanitizers, and, for the tests with threads, under the thread sanitizer.
#
# usage: run.sh [--valgrind | --coverage] [TEST...]
#
#   TEST        the part of a test file's name before _test.c; default: all
#   --valgrind  instead under valgrind's memcheck. It knows no futex_waitv, so this also tests guests on kernels that
#               have none
#   --coverage  instead once, to count which lines and branches of the library run, in the fuzz targets' corpora too:
#               a table by file
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
library=$(dirname "$here")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

warnings=(-std=c11 -Wall -Wextra -Wconversion -Wshadow -Werror)
mapfile -t all < <(cd "$here" && printf '%s\n' *_test.c | sed 's/_test\.c$//')

# Tests with threads of their own, or of the library's. The address sanitizer sees nothing in the order test, which is
# about what no sanitizer models and wants the speed.
threaded=' arm flood guest_call guest_decode guest_end guest_serve guest_thread join leave loop pulse sleep slots stress walk '

# Under valgrind threads take turns: tests that are many turns and little memory take too long. It knows no pidfd_open
# either, which the death test cannot do without, and the loop test makes descriptors scarce, which it does not mind.
not_valgrind=' core_sequence death flood loop order processes slots stress '

# runs_in TEST MODE: whether a test has something to say in that mode.
runs_in() {
  case $2 in
    thread) [[ $threaded == *" $1 "* ]] ;;
    address+undefined) [[ $1 != order ]] ;;
    valgrind) [[ $not_valgrind != *" $1 "* ]] ;;
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

# compile CC DIR FLAG...: the library and what the tests share, a folder in DIR for each of theirs.
compile() {
  local cc=$1 dir=$2 flags=("${@:3}") from
  for from in "$library" "$library/guest" "$here"; do
    mkdir -p "$dir/$(basename "$from")"
    (
      cd "$dir/$(basename "$from")"
      find "$from" -maxdepth 1 -name '*.c' -not -name '*_test.c' -print0 |
        xargs -0 -n 4 -P "$(nproc)" "$cc" "${flags[@]}" -c
    )
  done
}

# run_one TEST PROGRAM LABEL: runs a program and adds the numbers of its closing line.
run_one() {
  local test=$1 program=$2 label=$3 status=0 line
  local arguments=()
  case $test in
    place) arguments=("$here/testdata/segment-layout.json") ;;
    codec) arguments=("$here/testdata/postcard.json") ;;
  esac
  "${runner[@]}" "$program" "${arguments[@]}" >"$out/output" || status=$?
  line=$(tail -n 1 "$out/output")
  printf '%-27s %-14s %s\n' "$label" "$test" "${line:-no closing line}"
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    ((status == 0 || BASH_REMATCH[2] > 0)) && return
  fi
  failed=$((failed + 1)) # it ended early, or something was found after the last test
  cat "$out"/report.* 2>/dev/null | grep -v -e '^--' >&2 || true # but what valgrind says of system calls it does not know
}

# run_mode CC MODE FLAG...: builds the library and the tests so, and runs them.
run_mode() {
  local cc=$1 mode=$2 flags=("${warnings[@]}" "${@:3}" -pthread "-I$library") test
  local dir=$out/$cc-$mode
  prepare "$cc" "${@:3}" || {
    printf 'run.sh: %s has no %s here\n' "$cc" "$mode" >&2
    return 0
  }
  # Blocks of a thread that ends after main count as possibly lost.
  [[ $mode != valgrind ]] || runner=(valgrind -q "--log-file=$out/report.%p" --error-exitcode=9 --fair-sched=try
    "--suppressions=$library/valgrind.supp"
    --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
  ran[$mode]=1
  compile "$cc" "$dir" "${flags[@]}"
  for test in "${tests[@]}"; do
    runs_in "$test" "$mode" || continue
    "$cc" "${flags[@]}" -o "$dir/$test" "$here/${test}_test.c" "$dir"/*/*.o
    run_one "$test" "$dir/$test" "$cc $mode"
  done
}

# The public headers are usable from C++ too.
check_cxx() {
  local header
  command -v g++ >/dev/null || return 0
  for header in "$library"/roam/{shm,codec,guest}.h; do
    g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -x c++ "$header"
  done
}

# ---- Coverage -------------------------------------------------------------------------------------------------------

# count_lines: what gcov counted in the library's files, one line "FILE LINES RUN BRANCHES TAKEN" each.
count_lines() {
  local folder
  for folder in "$(basename "$library")" guest; do
    (
      cd "$dir/$folder"
      gcov -b -c ./*.o 2>/dev/null | awk -v library="$library/" '
        # A file that is included, and so counted with each file of its own, is no file of the library.
        /^File / { file = substr($2, 2, length($2) - 2); ours = index(file, library) == 1 && file ~ /\.c$/ }
        /^Lines executed/ { split($2, part, ":"); lines = $4; run = part[2] * lines / 100; branches = taken = 0 }
        /^Taken at least once/ { split($4, part, ":"); branches = $6; taken = part[2] * branches / 100 }
        /^$/ && ours { printf "%s %d %.0f %d %.0f\n", substr(file, length(library) + 1), lines, run, branches, taken; ours = 0 }
      '
    )
  done
}

# cover CC: runs everything once, and prints the table. A process that is killed counts for nothing.
cover() {
  local dir=$out/$1-coverage target
  command -v gcov >/dev/null || die "gcov is not there: it comes with gcc"
  run_mode "$1" coverage -O0 -g --coverage
  for target in "$library"/fuzz/*_fuzz.c; do
    target=$(basename "$target" _fuzz.c)
    # shellcheck disable=SC2046 # names without spaces, of this tree
    "$1" -std=c11 --coverage -pthread "-I$library" -o "$dir/fuzz-$target" $("$library/fuzz/run.sh" --sources "$target") \
      "$library/fuzz/replay.c" "$dir"/*/*.o
    "$dir/fuzz-$target" "$library/fuzz/corpus/$target"/*
  done
  count_lines | sort | awk '
    function percent(n, of) { return of == 0 ? "     -" : sprintf("%5.1f%%", 100 * n / of) }
    function row(name, l, r, b, t) { printf "%-28s %5d %s %6d %s\n", name, l, percent(r, l), b, percent(t, b) }
    BEGIN { printf "\n%-28s %5s %6s %6s %6s\n", "file", "lines", "run", "branch", "taken" }
    { row($1, $2, $3, $4, $5); part = $1 ~ /^guest\// ? 2 : 1; l[part] += $2; r[part] += $3; b[part] += $4; t[part] += $5 }
    END {
      row("csrc/*.c", l[1], r[1], b[1], t[1])
      row("csrc/guest/*.c", l[2], r[2], b[2], t[2])
      row("all", l[1] + l[2], r[1] + r[2], b[1] + b[2], t[1] + t[2])
    }'
}

# ---- Main -----------------------------------------------------------------------------------------------------------

instead=
[[ ${1:-} != --* ]] || {
  instead=${1#--}
  shift
}
tests=("$@")
((${#tests[@]} > 0)) || tests=("${all[@]}")
mapfile -t ccs < <(compilers)
((${#ccs[@]} > 0)) || die "neither gcc nor clang is there: install gcc and libc6-dev"
modes=(optimised address+undefined thread)
case $instead in
  '')
    for cc in "${ccs[@]}"; do
      run_mode "$cc" optimised -O2
      run_mode "$cc" address+undefined -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
        -fno-sanitize-recover=all
      run_mode "$cc" thread -O1 -g -fsanitize=thread
    done
    check_cxx
    ;;
  valgrind)
    command -v valgrind >/dev/null || die "valgrind is not there"
    modes=(valgrind)
    run_mode "${ccs[0]}" valgrind -O1 -g
    ;;
  coverage)
    modes=(coverage)
    cover gcc
    ;;
  *) die "there is no mode '--$instead': --valgrind and --coverage are all" ;;
esac
for mode in "${modes[@]}"; do
  [[ -n ${ran[$mode]:-} ]] ||
    die "no compiler can build for '$mode' here: install its runtime (libasan, libubsan, libtsan)"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
