// Layoutgen writes the Go constants of internal/layout from the C header csrc/roam/shm.h,
// which is the one source of the segment's byte layout.
//
// It parses the header as a C compiler for linux/amd64 would, with the few standard
// headers it needs built in, so that neither a C compiler nor C headers have to be
// installed. The static assertions of the header hold on every other architecture
// that compiles it, so one set of constants serves all.
//
// Run it in its own folder: `go run .` writes, `go run . -check` only compares and
// exits with status 1 when the constants are stale.
package main
