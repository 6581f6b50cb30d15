#!/usr/bin/env bash
# Checks the manual pages against the public headers: each function has exactly one page, no page names one that is
# gone, and what a synopsis says is what the header declares. mandoc, where it is there, finds faults of form.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
library=$(dirname "$here")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$library/man"

die() {
  printf 'man.sh: %s\n' "$*" >&2
  exit 1
}

# named: what stands under NAME, of all pages of functions.
named() { sed -nE 's/^\.Nm (roam_[a-z0-9_]+).*/\1/p' ./*.3 | sort; }

# synopses: what the pages declare, as C. A declaration that differs from the header's does not compile.
synopses() {
  awk '
    # words: those of a macro line, those in quotes as one.
    function words(line, list,    count) {
      count = 0
      while (match(line, /"[^"]*"|[^ "]+/)) {
        list[++count] = substr(line, RSTART, RLENGTH)
        gsub(/"/, "", list[count])
        line = substr(line, RSTART + RLENGTH)
      }
      return count
    }
    function declare(    i, arguments) {
      for (i = 1; i <= n; i++)
        arguments = arguments (i > 1 ? ", " : "") argument[i]
      printf "#line %d \"%s\"\n%s %s(%s);\n", FNR, FILENAME, type, name, arguments
    }
    /^\.Sh / { synopsis = $2 == "SYNOPSIS" }
    !synopsis { next }
    /^\.In / { print "#include <" $2 ">" }
    /^\.Vt / { sub(/^\.Vt /, ""); gsub(/"/, ""); sub(/ ;$/, ""); print $0 ";" }
    /^\.Ft / { sub(/^\.Ft /, ""); gsub(/"/, ""); type = $0 }
    /^\.Fn / {
      count = words($0, word)
      name = word[2]
      n = 0
      for (i = 3; i <= count; i++)
        argument[++n] = word[i]
      declare()
    }
    /^\.Fo / { name = $2; n = 0 }
    /^\.Fa / { words($0, word); argument[++n] = word[2] }
    /^\.Fc/ { declare() }
  ' ./*.3
}

# structures: those of the C text that comes in, one a line, without comments and spaces.
structures() {
  sed -E 's#/\*.*\*/##; s/_Bool/bool/' | sed -nE '/^struct roam_[a-z0-9_]+ \{$/,/^\};$/p' | tr -d '\n\t ' | sed 's/};/&\n/g' | sort -u
}

"$here/declared.sh" >"$out/declared"
named >"$out/named"
diff -u --label 'declared in the headers' --label 'under NAME in csrc/man' "$out/declared" "$out/named" ||
  die "the pages are not about what the headers declare"

synopses >"$out/synopses.c"
grep -v '^#include' "$out/synopses.c" >"$out/alone.c"
"$here/declared.sh" "$out/alone.c" >"$out/synopses"
diff -u --label 'declared in the headers' --label 'under SYNOPSIS in csrc/man' "$out/declared" "$out/synopses" ||
  die "a function has no synopsis"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -I"$library" -fsyntax-only "$out/synopses.c" ||
  die "a synopsis is not what its header declares"

# The overview's example is a whole program.
sed -n '/^\.Sh EXAMPLES/,$p' roam.7 | sed -n '/^\.Bd/,/^\.Ed/p' | grep -v '^\.' >"$out/example.c"
${CC:-cc} -std=c11 -Wall -Wextra -Werror -I"$library" -fsyntax-only "$out/example.c" || die "the example of roam(7) does not compile"

printf '#include "%s"\n' "$library"/roam/*.h | ${CC:-cc} -E -P -x c - | structures >"$out/structures"
cat ./* | structures | comm -23 - "$out/structures" >"$out/stale"
[[ ! -s $out/stale ]] || die "a page shows a structure that its header declares otherwise: $(cat "$out/stale")"

sed -nE 's/^\.Xr (roam_[a-z0-9_]+) 3.*/\1/p' ./* | sort -u | comm -23 - <(sort -u "$out/named") >"$out/lost"
[[ ! -s $out/lost ]] || die "referred to, but nowhere described: $(tr '\n' ' ' <"$out/lost")"

if command -v mandoc >/dev/null; then
  # The base system's pages, which a reference may lead to, need not be installed.
  ! mandoc -T lint -W warning ./* | grep -v 'referenced manual not found' || die "mandoc finds faults"
else
  printf 'man.sh: mandoc is not there: the form of the pages is not checked\n' >&2
fi
printf '%d functions in %d pages\n' "$(wc -l <"$out/declared")" "$(find . -name '*.3' | wc -l)"
