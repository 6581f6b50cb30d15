// Package engine is the hot path over one peer's shared memory: staging and
// publishing a message, receiving a batch, polling, granting credit, and the waiter
// flags and futexes that let the other side sleep.
//
// There are two implementations of one API, chosen at build time: [End] works through
// the C library of package csrc when cgo is on, and through sync/atomic on the mapped
// bytes with CGO_ENABLED=0 or the build tag purego. [Name] says which one is built in.
// Both lay the same bytes, so that processes with different engines can be peers.
//
// A payload may also be left in its slot until it is returned, and a slot be taken and
// written before its message is staged; the engine leaves to others for how long.
//
// An End trusts nothing that it reads from the segment: indices are kept privately,
// descriptors are copied once and checked. It knows no doorbell, no goroutine and no
// time: package shmring puts those around it. It is for Linux only.
package engine
