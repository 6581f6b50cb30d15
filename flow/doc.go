// Package flow counts credit and hands out channel ids: who may send how much, on
// which ids. A [Provider] serves one connection; there are two.
//
// [Messages] is for byte streams: credit travels in Credit messages and ids never
// repeat. [Table] is for shared memory: credit is a counter in the segment's channel
// table, ids index that table and are used again once nobody can touch the old use.
//
// The registry of channels, in the driver's core, stays the one source of truth for
// which channels are open and in what order things happen. It keeps a [Window] for
// each channel and calls the provider under its own lock; a provider never blocks.
package flow
