#!/usr/bin/env bash
# Prints the names of all functions and variables that the public headers declare, one a line, sorted.
#
# usage: declared.sh [HEADER...]    default: every header of roam/
set -euo pipefail

library=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

headers=("$@")
((${#headers[@]} > 0)) || headers=("$library"/roam/*.h)

# Without comments and macros a name that an opening parenthesis follows is a function's: pointers to functions have
# theirs in parentheses of its own.
printf '#include "%s"\n' "${headers[@]}" | ${CC:-cc} -E -P -x c - | tr '\n' ' ' |
  grep -oE '\broam_[a-z0-9_]+ ?\(|\bextern [^("{;]*;' | sed -E 's/ ?\($//; s/^extern .*\b(roam_[a-z0-9_]+);$/\1/' | sort -u
