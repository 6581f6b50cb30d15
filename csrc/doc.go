// Package csrc is the C library over roam's shared segment, and its binding for Go.
//
// The library is C11 without dependencies: roam/layout.h declares the bytes, roam/shm.h
// what one side does with them. It can be built and used from C alone; programs in C
// are guests of a Go host by it.
//
// The Go part is for internal/engine only and follows no compatibility promise. It is
// built on Linux with cgo and without the tag purego; otherwise the package is empty.
package csrc
