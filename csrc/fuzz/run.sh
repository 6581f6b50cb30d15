#!/usr/bin/env bash
# Runs each fuzz target under the sanitizers: over its corpus, and with clang's libFuzzer on from there.
#
# usage: run.sh [RUNS [TARGET...]]    default: 20000 runs of every target; a target is its file's name before _fuzz.c
#        run.sh --sources TARGET      names the target's files beside the library's and those that its tests share
#
# An input that libFuzzer finds stays beside this script as TARGET-crash-*.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
library=$here/..
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

runs=${1:-20000}
targets=("${@:2}")
((${#targets[@]} > 0)) || mapfile -t targets < <(cd "$here" && printf '%s\n' ./*_fuzz.c | sed -E 's|./(.*)_fuzz.c|\1|')

flags=(-std=c11 -Wall -Wextra -Wconversion -Wshadow -Werror -O1 -g -fno-sanitize-recover=all -pthread "-I$library")

# sources TARGET: the target's files beside the library's and those that its tests share.
sources() {
  printf '%s\n' "$here/$1_fuzz.c"
  [[ $1 != decode ]] || printf '%s\n' "$here/../../internal/roamgen/small/c/small_roam.c"
}

[[ ${1:-} != --sources ]] || {
  sources "$2"
  exit
}

# fuzz TARGET: with libFuzzer; new inputs are kept for this run only.
fuzz() {
  mkdir "$out/$1-new"
  "$out/$1" -runs="$runs" -max_len=4096 -artifact_prefix="$here/$1-" "$out/$1-new" "$here/corpus/$1" \
    >"$out/said" 2>&1 || {
    cat "$out/said" >&2
    exit 1
  }
  printf '%s: %s runs from a corpus of %d, nothing found\n' "$1" "$runs" "$(find "$here/corpus/$1" -type f | wc -l)"
}

for target in "${targets[@]}"; do
  mapfile -t files < <(sources "$target")
  if clang "${flags[@]}" -fsanitize=fuzzer,address,undefined -o "$out/$target" "${files[@]}" 2>"$out/said"; then
    fuzz "$target"
    continue
  fi
  ! command -v clang >/dev/null || cat "$out/said" >&2
  gcc "${flags[@]}" -fsanitize=address,undefined -o "$out/$target" "$here/replay.c" "${files[@]}"
  "$out/$target" "$here/corpus/$target"/*
done
