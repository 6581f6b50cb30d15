// Package shmring connects one host process to up to 255 guest processes through one
// shared memory segment.
//
// [Create] makes the segment; a guest is started by [Host.Spawn], joins over the
// socket of [Host.Listen] with [Join], or walks up to a segment with a path by
// [Attach]. Either side then holds a [Link]: its end of one guest's rings, slot pools
// and channel table, which a driver runs. The host watches its guests, fails what a
// dead one leaves behind, and makes its place ready for the next.
//
// Nothing a guest writes is trusted: what the host acts on is its own, host-private
// knowledge. The package knows no message contents and imports no protocol package.
// It works on Linux; elsewhere everything returns [ErrNotSupported].
package shmring
