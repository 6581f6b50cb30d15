#!/usr/bin/env bash
# Builds, tests and shows the project. `./build.sh help` lists the commands.
#
# Notices of this script go to standard error, so that the output of the programs it runs stays their own.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

# The last release line that also builds with the oldest Go that go.mod allows.
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.7.0

# Runs of each fuzz target in `test`. A count, not a time: a fuzz run that a clock ends can fail on a slow machine.
fuzz_runs=20000

# Warnings that the C sources are free of.
c_warnings=(-std=c11 -O2 -Wall -Wextra -Wconversion -Wshadow -Werror)

usage() {
  cat <<'END'
usage: ./build.sh COMMAND [ARGUMENTS]

  demo      stream a folder of files through guest processes, half of them in C: [--guest c|go|both] [--guests N]
            [--json FILE] [--out DIR] [DIR]
  test      run every test: both engines, C, race detector, fuzz seeds and short runs, use from another module
  bench     measure against other transports and floors in C: [--quick] [--json FILE] [--html FILE]
  lint      check formatting, vet, staticcheck, C warnings, shell scripts, generated files and go.mod files
  generate  write the generated Go anew: layout constants from csrc/roam/shm.h, clients and dispatchers of services
  c-install build and install libroam, for guests in C: [--prefix DIR] [--static-only]; asks for no Go
  c-coverage
            run the C tests once, with gcc, and print which lines and branches of csrc they reach, by file
  clean     remove what builds and profiles leave in the tree
  help      print this list

The demo's DIR is this tree unless given, c-install's /usr/local; CC, CFLAGS, LDFLAGS and DESTDIR are heeded there. demo,
test and c-install install a missing C compiler, library or tool where they may (apt-get as root or through sudo);
without a compiler, demo runs the pure Go engine, and without a compiler or zlib all its guests are in Go.
END
}

# --- saying and ending -----------------------------------------------------------------------------------------------

current= # the step that runs now; named when the script ends early
scratch= # temporary directory, made on first use, removed at the end

say() { printf 'build.sh: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

finish() {
  local status=$?
  [[ -z $scratch ]] || rm -rf "$scratch"
  if ((status != 0)) && [[ -n $current ]]; then
    say "FAILED at step '$current' (exit status $status)"
  fi
}
trap finish EXIT

# make_scratch sets $scratch. Not a command substitution: the assignment must reach this shell.
make_scratch() { [[ -n $scratch ]] || scratch=$(mktemp -d); }

# step NAME COMMAND...: runs one step of test or lint. The command stands alone, outside any condition, since bash
# drops `set -e` inside one; finish names the step that failed.
step() {
  current=$1
  local began=$SECONDS
  printf '\n== %s\n' "$current"
  "${@:2}"
  printf '== %s: ok, %d s\n' "$current" $((SECONDS - began))
  current=
}

# --- what must be installed ------------------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }

# apt_install PACKAGE...: installs on Debian and its kin; fails without a word where that cannot be done.
apt_install() {
  local as=()
  have apt-get || return 1
  if ((EUID != 0)); then
    # -n: never ask for a password; who must type one can run apt-get themselves.
    have sudo && sudo -n true 2>/dev/null || return 1
    as=(sudo -n)
  fi
  say "installing $*"
  "${as[@]}" apt-get -qq update >&2 </dev/null || return 1
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "$@" >&2 </dev/null
}

# ensure_certificates: those by which go trusts a module proxy; a Debian at its smallest has none.
ensure_certificates() {
  [[ -n ${SSL_CERT_FILE:-}${SSL_CERT_DIR:-} || -e /etc/ssl/certs/ca-certificates.crt ]] ||
    apt_install ca-certificates || true
}

# require_go: a Go that is at least the one in go.mod, also where its usual folder is not in PATH.
require_go() {
  have go || PATH=$PATH:/usr/local/go/bin
  local need got
  need=$(awk '$1 == "go" {print $2}' "$root/go.mod")
  have go || die "Go is missing: install Go $need or newer (https://go.dev/dl/) and put it in PATH"
  got=$(cd "$root" && go env GOVERSION) || die "go does not run (see above)"
  got=${got#go}
  [[ $(printf '%s\n' "$need" "$got" | sort -V | head -n 1) == "$need" ]] ||
    die "Go is too old: this is $got, go.mod asks for $need or newer (https://go.dev/dl/)"
  ensure_certificates
  # No version stamp: it needs git and a repository that git trusts, and nothing here reads it.
  export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false"
}

# The C compiler that go calls, and the one that cmake does and the demo for its guest in C.
go_cc() { go env CC; }
cmake_cc() { echo "${CC:-$(compgen -c | grep -xE -m 1 'cc|gcc|clang')}"; }

# compiles WHOSE HEADER FLAG...: that compiler makes a program that uses a header.
compiles() {
  local cc
  make_scratch
  read -ra cc <<<"$("$1")"
  printf '#include <%s>\nint main(void) { return 0; }\n' "$2" |
    "${cc[@]}" -x c -o "$scratch/compiles" - "${@:3}" 2>/dev/null
}

# cc_works WHOSE: a compiler without libc's headers does not count.
cc_works() { compiles "$1" pthread.h; }

ensure_cc() { cc_works "$1" || { apt_install gcc libc6-dev && cc_works "$1"; }; }

# why_not: the reasons for which apt_install fails.
why_not='could not be installed (no root, no sudo without a password, or no network)'

require_cc() {
  ensure_cc "$1" || die "a C compiler is missing and $why_not: install gcc and libc6-dev, then run this again"
}

# ensure_tool COMMAND PACKAGE...: installs what has the command, if that is missing.
ensure_tool() { have "$1" || { apt_install "${@:2}" && have "$1"; }; }

# libpng is for an example.
have_libpng() { have pkg-config && pkg-config --exists libpng; }
ensure_libpng() { have_libpng || { apt_install pkg-config libpng-dev && have_libpng; }; }

# zlib is for the demo's guest in C.
have_zlib() { compiles cmake_cc zlib.h -lz; }
ensure_zlib() { have_zlib || { apt_install zlib1g-dev && have_zlib; }; }

# The cross compiler for arm64 is of use with its C library only.
have_arm64_cc() {
  make_scratch
  have aarch64-linux-gnu-gcc &&
    echo 'int main(void) { return 0; }' | aarch64-linux-gnu-gcc -x c -o "$scratch/arm64" - 2>/dev/null
}
ensure_arm64_cc() { have_arm64_cc || { apt_install gcc-aarch64-linux-gnu libc6-dev-arm64-cross && have_arm64_cc; }; }

# require_cmake: what builds libroam.
require_cmake() {
  ensure_tool cmake cmake || die "cmake is missing and $why_not: install cmake 3.16 or newer, then run this again"
  have make || have ninja || apt_install make ||
    die "make is missing and $why_not: install make or ninja, then run this again"
  have make || export CMAKE_GENERATOR=Ninja
}

# choose_engine: cgo where a C compiler is or can be had, else pure Go; the caller's CGO_ENABLED=0 is kept.
choose_engine() {
  if [[ ${CGO_ENABLED:-1} == 0 ]]; then
    say "pure Go engine (CGO_ENABLED=0 is set)"
  elif ensure_cc go_cc; then
    export CGO_ENABLED=1
  else
    say "pure Go engine: there is no C compiler, and none could be installed (gcc and libc6-dev give the cgo engine)"
    export CGO_ENABLED=0
  fi
}

# --- modules ---------------------------------------------------------------------------------------------------------

# nested_modules: the folder of every Go module below the root's.
nested_modules() {
  local file
  find . -mindepth 2 -name go.mod -not -path '*/testdata/*' -not -path './.git/*' | sort | while IFS= read -r file; do
    dirname "$file"
  done
}

# modules: the folder of every Go module of the tree, the root's first.
modules() {
  echo .
  nested_modules
}

# services write|check: runs roamgen as the Go files ask for it, each line of theirs once.
services() {
  local file line flags=() arguments
  [[ $1 == write ]] || flags=(-check)
  make_scratch
  go build -o "$scratch/roamgen" ./cmd/roamgen
  grep -rE --include='*.go' '^//go:generate go tool roamgen' . | sort -u |
    while IFS=: read -r file line; do
      read -ra arguments <<<"${line#*go tool roamgen}"
      (cd "$(dirname "$file")" && "$scratch/roamgen" "${flags[@]}" "${arguments[@]}")
    done
}

# run_program MODULE [ARGUMENTS]: builds the program of a nested module, with the caller's build_options if it has any,
# and runs it in the caller's working directory.
run_program() {
  local module=$1
  shift
  make_scratch
  go -C "$root/$module" build ${build_options[@]+"${build_options[@]}"} -o "$scratch/program" . ||
    die "building $module failed; if a module could not be fetched, it needs the network once"
  "$scratch/program" "$@"
}

# --- test ------------------------------------------------------------------------------------------------------------

fetch_modules() {
  local dir
  for dir in $(modules); do
    go -C "$dir" list -deps -test ./... >/dev/null
  done
}

# engine_packages: the root module's packages but the check from another module, which builds for every engine itself,
# and those that know no engine, start no goroutines and take minutes: the models, which are searches, and the generator.
# They are tested once.
engine_packages() { go list ./... | grep -vE '/internal/(usertest|model|roamgen/(ccode|load))$|/cmd/roamgen$'; }

# What the conformance suite plays by hand is the same whatever the host is built with, and so are guests in C: they are
# tested once, and once more with each of the sanitizers.
go_guests=(-skip '^TestGuestsKeepTheRules$')

test_pure_go() {
  local packages
  packages=$(CGO_ENABLED=0 engine_packages)
  CGO_ENABLED=0 go test -vet=off -count=1 -run='^TestCBesideCgo$' ./cmd/roamgen
  xargs env CGO_ENABLED=0 ROAM_CONFORMANCE_GUESTS=go go test -vet=off -count=1 -timeout=20m "${go_guests[@]}" <<<"$packages"
}

# shmring's tests start guests and hosts from their own binary; here from that with the other engine.
test_mixed() {
  make_scratch
  CGO_ENABLED=0 go test -vet=off -c -o "$scratch/shmring-go" ./shmring
  go test -vet=off -c -o "$scratch/shmring-cgo" ./shmring
  (
    cd shmring # where go test would run them
    SHMRING_TEST_BINARY=$scratch/shmring-go "$scratch/shmring-cgo"
    SHMRING_TEST_BINARY=$scratch/shmring-cgo "$scratch/shmring-go"
  )
}

# The race detector does not see into C, so where the engine matters the tests run once more with the other one.
test_race() {
  local packages
  packages=$(engine_packages)
  xargs env ROAM_CONFORMANCE_GUESTS=go \
    go test -vet=off -count=1 -race -timeout=20m "${go_guests[@]}" <<<"$packages"
  ROAM_CONFORMANCE_GUESTS=go go test -vet=off -count=1 -race -tags=purego -timeout=20m "${go_guests[@]}" \
    ./internal/engine ./shmring ./driver ./internal/conformance
}

# conform TESTS: tests of the conformance suite with guests in C. Its cases wait more than they work.
conform() {
  ROAM_CONFORMANCE_GUESTS=c go test -vet=off -count=1 -parallel=4 -timeout=20m -run="$1" ./internal/conformance
}

# with_sanitizer FLAGS...: whether a program built so can be built here.
with_sanitizer() {
  make_scratch
  echo 'int main(void) { return 0; }' | gcc "$@" -x c -o "$scratch/sanitized" - 2>/dev/null
}

# test_c_guests: guests in C, where a report of a sanitizer or of valgrind ends them with a code that no case expects.
test_c_guests() {
  local tests='^Test(GuestsKeepTheRules|TinyRingsAndPoolsUnderFlood|AllScenariosAtOnce|NestedCalls|ComingAndGoing.*)$'
  local mode
  for mode in '-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all' -fsanitize=thread; do
    # shellcheck disable=SC2086 # several flags
    if with_sanitizer $mode; then
      ROAM_CONFORMANCE_CFLAGS="-O1 $mode" conform "$tests"
    else
      say "gcc has no runtime for $mode here: guests in C do not run with it"
    fi
  done
  if ensure_tool valgrind valgrind; then
    ROAM_CONFORMANCE_WRAPPER="valgrind -q --error-exitcode=99 --leak-check=full --suppressions=$root/csrc/valgrind.supp" \
      conform '^TestGuestsKeepTheRules$/^c$/(call|stream|handler|goodbye|eviction|join_of|host_that|guest_that)'
  fi
}

# ensure_c_tools: what the tests of an installed libroam and of guests in C use. They skip a part whose tool is not
# there.
ensure_c_tools() {
  local tool package
  while read -r tool package; do
    ensure_tool "$tool" "$package" || say "$tool is not there: tests that use it are skipped"
  done <<'END'
cmake cmake
make make
pkg-config pkg-config
g++ g++
python3 python3
clang clang
musl-gcc musl-tools
qemu-aarch64 qemu-user
END
  ensure_arm64_cc ||
    say "there is no compiler for arm64 with a C library: libroam is not compiled for it"
  ensure_libpng ||
    say "libpng is not there: tests of the example that uses it are skipped"
  ensure_zlib ||
    say "zlib is not there: tests of the demo's guest in C are skipped"
}

test_c_valgrind() {
  ensure_tool valgrind valgrind || {
    say "valgrind is not there: the C tests do not run under it"
    return 0
  }
  csrc/test/run.sh --valgrind
}

test_c_installed() {
  ensure_c_tools
  csrc/test/install.sh
}

test_nested() {
  local dir
  for dir in $(nested_modules); do
    go -C "$dir" test -count=1 ./...
  done
}

# fuzz_targets: one line "FOLDER FuzzName" for each fuzz target of the tree.
fuzz_targets() {
  { grep -rHoE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' . || true; } | sort |
    sed -E 's|/[^/]*:func (.*)$| \1|'
}

test_fuzz() {
  local dir target
  while read -r dir target; do
    printf -- '-- %s %s\n' "$dir" "$target"
    go -C "$dir" test -vet=off -run='^$' -fuzz="^$target\$" -fuzztime="${fuzz_runs}x" . </dev/null
  done < <(fuzz_targets)
}

build_elsewhere() {
  local os
  for os in darwin windows freebsd; do
    printf -- '-- %s\n' "$os"
    GOOS=$os CGO_ENABLED=0 go build ./...
  done
}

run_tests() {
  cd "$root"
  require_go
  require_cc go_cc
  export CGO_ENABLED=1
  step 'fetch modules' fetch_modules
  step 'go vet' go vet ./...
  step 'go vet for arm64' env GOARCH=arm64 CGO_ENABLED=0 go vet ./...
  step 'build for other systems' build_elsewhere
  step 'C tests' csrc/test/run.sh
  step 'C tests, valgrind' test_c_valgrind
  step 'C fuzz targets, short runs' csrc/fuzz/run.sh "$fuzz_runs"
  step 'C library, installed' test_c_installed
  step 'tests, cgo engine' go test -vet=off -count=1 -timeout=20m ./...
  step 'tests, pure Go engine' test_pure_go
  step 'tests, both engines in one segment' test_mixed
  step 'guests in C, sanitizers and valgrind' test_c_guests
  step 'tests, race detector' test_race
  step 'tests of nested modules' test_nested
  step 'short fuzz runs' test_fuzz
  say "all tests passed in $SECONDS s"
}

# --- lint ------------------------------------------------------------------------------------------------------------

lint_format() {
  local unformatted
  unformatted=$(gofmt -l .)
  [[ -z $unformatted ]] || die "not gofmt-ed: $unformatted"
}

lint_vet() {
  local dir
  CGO_ENABLED=1 go vet -tags=purego ./...
  for dir in $(modules); do
    CGO_ENABLED=1 go -C "$dir" vet ./...
    CGO_ENABLED=0 go -C "$dir" vet ./...
  done
}

lint_staticcheck() {
  local dir
  make_scratch
  GOBIN=$scratch go install "$staticcheck"
  for dir in $(modules); do
    (cd "$dir" && CGO_ENABLED=1 "$scratch/staticcheck" ./...)
    (cd "$dir" && CGO_ENABLED=0 "$scratch/staticcheck" ./...)
  done
}

# c_compilers: gcc, and clang under its plain name or the highest version that is there.
c_compilers() {
  compgen -c | grep -E '^(gcc|clang)$' | sort -u
  have clang || compgen -c clang- | grep -E '^clang-[0-9]+$' | sort -Vu | tail -n 1
}

# lint_c: every C file with every compiler that is there, and every header as a file of its own.
lint_c() {
  local cc file flags
  make_scratch
  ensure_libpng || say "libpng is not there: the example that uses it is not checked"
  ensure_zlib || say "zlib is not there: the demo's guest in C is not checked"
  read -ra flags <<<"-Iexamples/c/hello $(pkg-config --cflags libpng 2>/dev/null || true)"
  for cc in $(c_compilers); do
    printf -- '-- %s\n' "$cc"
    for file in csrc/{,guest/,test/,test/user/,fuzz/}*.c bench/{floor,cguest}/*.c internal/{testbed/c,conformance/cguest}/*.c; do
      "$cc" "${c_warnings[@]}" -Icsrc -Iinternal/testbed/c -c -o "$scratch/lint.o" "$file"
    done
    for file in examples/c/{*,*/guest}/*.c examples/files/c/*.c; do
      [[ $file != */filter.c ]] || have_libpng || continue
      [[ $file != examples/files/c/guest.c ]] || have_zlib || continue
      "$cc" "${c_warnings[@]}" -Icsrc "${flags[@]}" -c -o "$scratch/lint.o" "$file"
    done
    for file in csrc/*.h csrc/guest/*.h csrc/roam/*.h; do
      "$cc" "${c_warnings[@]}" -Icsrc -include "$file" -x c -c -o "$scratch/lint.o" /dev/null
    done
  done
}

# lint_man: the manual pages and the headers say the same.
lint_man() {
  ensure_tool mandoc mandoc || true
  csrc/test/man.sh
}

lint_shell() {
  local scripts
  if ! have shellcheck && ! apt_install shellcheck; then
    say "shellcheck is not there: shell scripts are not checked"
    return
  fi
  mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
  shellcheck "${scripts[@]}"
}

# lint_text: no path of one machine, and nothing marked as left undone, in a tracked file. The patterns are written so
# that they do not find themselves.
lint_text() {
  local found
  found=$(git grep -nIE '(^|[^A-Za-z0-9_.])/(work|farm|home)/[a-z.]|/roo[t]/' -- . || true)
  [[ -z $found ]] || die "paths of one machine:"$'\n'"$found"
  found=$(git grep -nIwE 'TO[D]O|FIX[M]E|XX[X]|HAC[K]' -- '*.go' '*.c' '*.h' '*.sh' '*.md' || true)
  [[ -z $found ]] || die "left undone:"$'\n'"$found"
}

lint_modules() {
  local dir
  for dir in $(modules); do
    go -C "$dir" mod tidy -diff
  done
}

run_lint() {
  cd "$root"
  require_go
  require_cc go_cc
  have git || die "git is missing: lint looks at the tracked files"
  step 'gofmt' lint_format
  step 'tracked files' lint_text
  step 'shellcheck' lint_shell
  step 'C warnings' lint_c
  step 'manual pages' lint_man
  step 'generated layout is fresh' go -C internal/layoutgen run . -check
  step 'generated services are fresh' services check
  step 'go.mod files are tidy' lint_modules
  step 'go vet' lint_vet
  step 'staticcheck' lint_staticcheck
  say "nothing found, $SECONDS s"
}

# --- the other commands ----------------------------------------------------------------------------------------------

# all_in_go ARGUMENT...: whether the demo is told to have no guest in C.
all_in_go() { [[ " $* " == *' --guest go '* || " $* " == *' --guest=go '* ]]; }

run_demo() {
  require_go
  choose_engine
  # Where this fails the demo says what is missing.
  all_in_go "$@" || { ensure_cc cmake_cc && ensure_zlib; } || true
  ROAM_DEMO_DIR=$root ROAM_DEMO_TREE=$root run_program examples/files "$@"
}

run_bench() {
  require_go
  require_cc go_cc
  local build_options=(-pgo="$root/roam.pgo")
  run_program bench "$@"
}

run_generate() {
  cd "$root"
  require_go
  go -C internal/layoutgen run .
  services write
}

# run_c_install: builds libroam where nothing of it stays and installs it.
run_c_install() {
  local prefix=/usr/local options=() built
  while (($# > 0)); do
    case $1 in
      --prefix=*) prefix=${1#*=} ;;
      --prefix)
        (($# > 1)) || die "--prefix is the folder to install under: it is missing"
        prefix=$2
        shift
        ;;
      --static-only) options+=(-DROAM_SHARED=OFF) ;;
      *) die "c-install has no option '$1': --prefix DIR and --static-only are all" ;;
    esac
    shift
  done
  [[ -n $prefix ]] || die "--prefix is empty"
  [[ $prefix == /* ]] || prefix=$PWD/$prefix
  require_cc cmake_cc
  require_cmake
  make_scratch
  built=$scratch/libroam
  cmake -S "$root/csrc" -B "$built" -DCMAKE_INSTALL_PREFIX="$prefix" "${options[@]}" >"$scratch/configure.log" 2>&1 || {
    cat "$scratch/configure.log" >&2
    die "cmake could not configure libroam (see above)"
  }
  cmake --build "$built" --parallel "$(nproc)"
  cmake --install "$built"
  say "libroam is installed under ${DESTDIR:-}$prefix; pkg-config finds it with" \
    "PKG_CONFIG_PATH=$(dirname "$(grep '/roam\.pc$' "$built/install_manifest.txt")")"
}

run_clean() {
  local makefile
  rm -rf "${root:?}/bin" "${root:?}/out"
  for makefile in "$root"/examples/c/{*,*/*}/Makefile; do
    ! have make || make -s -C "$(dirname "$makefile")" clean
  done
  find "$root" \( -name '*.test' -o -name '*.prof' \) -type f -not -path '*/.git/*' -delete
}

main() {
  local command=${1:-help}
  (($# == 0)) || shift
  case $command in
    demo) run_demo "$@" ;;
    test) run_tests ;;
    bench) run_bench "$@" ;;
    lint) run_lint ;;
    generate) run_generate ;;
    c-install) run_c_install "$@" ;;
    c-coverage) "$root/csrc/test/run.sh" --coverage "$@" ;;
    clean) run_clean ;;
    help | -h | --help) usage ;;
    *)
      usage >&2
      die "unknown command '$command'"
      ;;
  esac
}

main "$@"
