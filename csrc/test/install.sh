#!/usr/bin/env bash
# Installs libroam as its users do and builds programs with it: by pkg-config, by CMake's package and as a part of
# another project; with other compilers, another C library and for another architecture. Nothing may warn.
#
# Says so and skips a part whose tool is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
library=$(dirname "$here")
user=$here/user
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

strict=(-std=c11 -Wall -Wextra -Wconversion -Wshadow -Werror)

die() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
ok() { printf 'ok       %s\n' "$*"; }
skipped() { printf 'skipped  %s\n' "$*"; }

# quietly COMMAND...: shows what it said last only when it fails.
quietly() {
  "$@" >"$out/log" 2>&1 || {
    tail -n 40 "$out/log" >&2
    die "failed: $*"
  }
}

# build DIR OPTION...: the library in DIR, every warning an error.
build() {
  quietly cmake -S "$library" -B "$1" -DCMAKE_C_FLAGS=-Werror "${@:2}"
  quietly cmake --build "$1" --parallel 2
}

# install DIR PREFIX OPTION...: builds in DIR and installs.
install() {
  build "$1" "-DCMAKE_INSTALL_PREFIX=$2" "${@:3}"
  quietly cmake --install "$1"
}

# pc PREFIX ARGUMENT...: pkg-config, which knows what is installed under PREFIX.
pc() { PKG_CONFIG_PATH=$(dirname "$(find "$1" -name roam.pc)") pkg-config "${@:2}"; }

# libdir PREFIX: the folder of the libraries there.
libdir() { dirname "$(find "$1" -name libroam.a)"; }

# runs PROGRAM: the user's program is told that nothing started it.
runs() { quietly "$@"; }

# links_shared PROGRAM: whether it needs libroam.so.1.
links_shared() { readelf -d "$1" | grep -q 'NEEDED.*\[libroam\.so\.1\]'; }

test_install() {
  prefix=$out/prefix
  mkdir "$out/bin"
  printf '#!/bin/sh\ntouch "%s/asked"\nexit 1\n' "$out" >"$out/bin/go"
  chmod +x "$out/bin/go"
  PATH=$out/bin:$PATH CFLAGS=-Werror quietly "$library/../build.sh" c-install --prefix "$prefix"
  [[ ! -e $out/asked ]] || die "c-install asks for go"
  local file missing=()
  for file in include/roam/{guest,codec,shm,layout}.h share/man/man7/roam.7 share/man/man3/roam_call_begin.3 \
    share/doc/roam/LICENSE-{APACHE,MIT}; do
    [[ -s $prefix/$file ]] || missing+=("$file")
  done
  for file in libroam.a libroam.so libroam.so.1 pkgconfig/roam.pc cmake/roam/roam-config.cmake; do
    [[ -s $(libdir "$prefix")/$file ]] || missing+=("$file")
  done
  ((${#missing[@]} == 0)) || die "not installed: ${missing[*]}"
  [[ $(<"$prefix/share/man/man3/roam_guest_join.3") == '.so man3/roam_guest_attach.3' ]] ||
    die "the page of roam_guest_join does not lead to that of roam_guest_attach"
  ok 'build.sh c-install'
}

test_places() {
  local dir=$out/places
  build "$dir/build" -DROAM_SHARED=OFF
  DESTDIR=$dir/stage quietly cmake --install "$dir/build" --prefix /opt/roam
  [[ $(pc "$dir/stage" --variable=prefix roam) == /opt/roam ]] || die "roam.pc names another prefix than --prefix did"
  [[ $(pc "$dir/stage" --libs-only-other roam) == *-pthread* ]] || die "roam.pc of a static library lacks -pthread"
  [[ -z $(find "$dir/stage" -name '*.so*') ]] || die "a shared library is installed that was not to be built"
  [[ -z $(find "$dir/stage" -type f -not -path "$dir/stage/opt/roam/*") ]] || die "files outside of the prefix"
  [[ $(pc "$dir/stage" --modversion roam) == "$(version)" ]] || die "roam.pc has another version than roam/guest.h"
  ok 'DESTDIR, another prefix, static only'
}

version() { sed -nE 's/^#define ROAM_VERSION_TEXT "(.*)"$/\1/p' "$library/roam/guest.h"; }

test_symbols() {
  # The version itself is listed as an absolute symbol.
  nm -D --defined-only "$(libdir "$prefix")/libroam.so" | awk 'NF == 3 && $2 != "A" {print $3}' | sort -u >"$out/exported"
  "$here/declared.sh" | sed 's/$/@@ROAM_1/' | sort >"$out/declared"
  diff -u --label 'declared in the headers' --label 'exported by libroam.so' "$out/declared" "$out/exported" ||
    die "libroam.so exports something else than its headers declare"
  [[ $(readelf -d "$(libdir "$prefix")/libroam.so") == *'soname: [libroam.so.1]'* ]] || die "the soname is not libroam.so.1"
  ok "$(wc -l <"$out/declared") symbols of version ROAM_1, those that the headers declare"
}

# C++ by the name of a C compiler.
cxx_of() { case $1 in gcc) echo g++ ;; clang) echo clang++ ;; esac; }

# The headers stand alone, in C and C++, and what includes them is not warned.
test_headers() {
  local cc=$1 cxx header std
  cxx=$(cxx_of "$cc")
  for header in "$prefix"/include/roam/*.h; do
    quietly "$cc" "${strict[@]}" -pedantic -fsyntax-only -x c "$header"
    ! have "$cxx" || for std in c++11 c++20; do
      quietly "$cxx" -std=$std -Wall -Wextra -Wconversion -Wshadow -pedantic -Werror -fsyntax-only -x c++ "$header"
    done
  done
  ok "$cc: headers alone, in C and C++"
}

test_pkg_config() {
  local cc=$1 flags libs cxx
  read -ra flags <<<"$(pc "$prefix" --cflags roam)"
  read -ra libs <<<"$(pc "$prefix" --libs roam)"
  quietly "$cc" "${strict[@]}" "${flags[@]}" -o "$out/program" "$user/user.c" "${libs[@]}"
  links_shared "$out/program" || die "pkg-config --libs does not link the shared library"
  LD_LIBRARY_PATH=$(libdir "$prefix") runs "$out/program"
  cxx=$(cxx_of "$cc")
  if have "$cxx"; then
    quietly "$cxx" -Wall -Wextra -Werror "${flags[@]}" -o "$out/program" -x c++ "$user/user.c" "${libs[@]}"
    LD_LIBRARY_PATH=$(libdir "$prefix") runs "$out/program"
  fi
  read -ra libs <<<"$(pc "$prefix" --static --libs roam)"
  quietly "$cc" "${strict[@]}" "${flags[@]}" -static -o "$out/program" "$user/user.c" "${libs[@]}"
  runs "$out/program"
  ok "$cc: pkg-config, shared and static, C and C++"
}

test_cmake() {
  local dir=$out/user-cmake
  quietly cmake -S "$user" -B "$dir" "-DCMAKE_PREFIX_PATH=$prefix" -DCMAKE_C_FLAGS=-Werror
  quietly cmake --build "$dir"
  links_shared "$dir/user" || die "roam::roam is not the shared library"
  ! links_shared "$dir/user-static" || die "roam::static is not the static library"
  runs "$dir/user"
  runs "$dir/user-static"
  ok 'find_package(roam)'
  dir=$out/user-inside
  quietly cmake -S "$user/inside" -B "$dir" -DCMAKE_C_FLAGS=-Werror "-DCMAKE_INSTALL_PREFIX=$dir/prefix"
  quietly cmake --build "$dir" --parallel 2
  quietly cmake --install "$dir"
  [[ $(find "$dir/prefix" -type f) == "$dir/prefix/bin/user" ]] || die "libroam was installed with the program it is in"
  runs "$dir/prefix/bin/user"
  ok 'add_subdirectory'
}

# The other compiler; the one that cmake finds by itself built what is installed.
test_clang() {
  have clang || { skipped 'clang: not there'; return; }
  install "$out/clang" "$out/clang-prefix" -DCMAKE_C_COMPILER=clang
  ok 'clang builds the library'
}

test_musl() {
  local dir=$out/musl flags libs
  have musl-gcc || { skipped 'musl: no musl-gcc'; return; }
  install "$dir" "$dir/prefix" -DCMAKE_C_COMPILER=musl-gcc
  read -ra flags <<<"$(pc "$dir/prefix" --cflags roam)"
  read -ra libs <<<"$(pc "$dir/prefix" --static --libs roam)"
  quietly musl-gcc "${strict[@]}" "${flags[@]}" -static -o "$out/program" "$user/user.c" "${libs[@]}"
  runs "$out/program"
  ok 'musl: library, and a static program that runs'
}

test_arm64() {
  local dir=$out/arm64 cc=aarch64-linux-gnu-gcc flags libs
  have $cc || { skipped "arm64: no $cc"; return; }
  echo 'int main(void) { return 0; }' | $cc -x c -o "$out/trial" - 2>/dev/null ||
    { skipped "arm64: $cc has no C library"; return; }
  install "$dir" "$dir/prefix" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=$cc
  read -ra flags <<<"$(pc "$dir/prefix" --cflags roam)"
  read -ra libs <<<"$(pc "$dir/prefix" --static --libs roam)"
  quietly $cc "${strict[@]}" "${flags[@]}" -static -o "$out/program" "$user/user.c" "${libs[@]}"
  [[ $(readelf -h "$out/program") == *Machine:*AArch64* ]] || die "the cross-compiled program is not for arm64"
  if [[ $(uname -m) == aarch64 ]]; then
    runs "$out/program"
  elif have qemu-aarch64; then
    runs qemu-aarch64 "$out/program"
  else
    skipped 'arm64: running the program, there is no qemu-aarch64'
  fi
  ok 'arm64: cross-compiled library, and a static program'
}

for tool in cmake pkg-config nm readelf; do
  have "$tool" || { skipped "all: $tool is missing; install cmake, pkg-config and binutils"; exit; }
done
test_install
test_places
test_symbols
for cc in gcc clang; do
  have $cc || continue
  test_headers $cc
  test_pkg_config $cc
done
test_cmake
test_clang
test_musl
test_arm64
