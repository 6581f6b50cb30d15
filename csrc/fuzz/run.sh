#!/usr/bin/env bash
# Runs each fuzz target under the sanitizers: over its corpus, and with clang's libFuzzer on from there.
#
# usage: run.sh [RUNS [TARGET...]]    default: 20000 runs of every target; a target is its file's name before _fuzz.c
#        run.sh --sources TARGET      names the target's files beside the library's and those that its tests share
#
# An input that libFuzzer finds stays beside this script as TARGET-crash-*.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
library=$(dirname "$here")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

runs=${1:-20000}
targets=("${@:2}")
((${#targets[@]} > 0)) || mapfile -t targets < <(cd "$here" && printf '%s\n' ./*_fuzz.c | sed -E 's|./(.*)_fuzz.c|\1|')

flags=(-std=c11 -Wall -Wextra -Wconversion -Wshadow -Werror -O1 -g -fno-sanitize-recover=all -pthread "-I$library")
sanitize=address,undefined

# sources TARGET: the target's files beside the library's and those that its tests share.
sources() {
  printf '%s\n' "$here/$1_fuzz.c"
  [[ $1 != decode ]] || printf '%s\n' "$here/../../internal/roamgen/small/c/small_roam.c"
}

[[ ${1:-} != --sources ]] || {
  sources "$2"
  exit
}

# objects CC FLAG...: compiles the library and what its tests share, into folders of their own.
objects() {
  local cc=$1 from
  for from in "$library" "$library/guest" "$library/test"; do
    mkdir -p "$out/$cc/$(basename "$from")"
    (
      cd "$out/$cc/$(basename "$from")"
      find "$from" -maxdepth 1 -name '*.c' -not -name '*_test.c' -print0 |
        xargs -0 -n 4 -P "$(nproc)" "$cc" "${flags[@]}" "${@:2}" -c
    )
  done
}

# fuzz TARGET: with libFuzzer; new inputs are kept for this run only. An input that takes minutes hangs.
fuzz() {
  mkdir "$out/$1-new"
  "$out/$1" -runs="$runs" -max_len=4096 -timeout=300 -artifact_prefix="$here/$1-" "$out/$1-new" "$here/corpus/$1" \
    >"$out/said" 2>&1 || {
    cat "$out/said" >&2
    exit 1
  }
  printf '%s: %s runs from a corpus of %d, nothing found\n' "$1" "$runs" "$(find "$here/corpus/$1" -type f | wc -l)"
}

# Whether there is a clang with libFuzzer.
echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' >"$out/trial.c"
if clang -fsanitize="fuzzer,$sanitize" -o "$out/trial" "$out/trial.c" 2>"$out/said"; then
  objects clang -fsanitize="fuzzer-no-link,$sanitize"
else
  objects gcc -fsanitize="$sanitize"
fi
for target in "${targets[@]}"; do
  mapfile -t files < <(sources "$target")
  if [[ -d $out/clang ]]; then
    clang "${flags[@]}" -fsanitize="fuzzer,$sanitize" -o "$out/$target" "${files[@]}" "$out"/clang/*/*.o
    fuzz "$target"
  else
    gcc "${flags[@]}" -fsanitize="$sanitize" -o "$out/$target" "$here/replay.c" "${files[@]}" "$out"/gcc/*/*.o
    printf '%s: ' "$target"
    "$out/$target" "$here/corpus/$target"/*
  fi
done
