// Package layout holds the byte layout of the shared segment as Go constants: sizes of
// structures (SizePeer), offsets of fields in them (OffPeerState), and the values that
// fields take (StateAttached, MsgRequest, FlagKeeps). They are generated from
// csrc/roam/shm.h, the one source of the layout, by internal/layoutgen: run
// `./build.sh generate` after a change there.
//
// The constants are untyped so that an offset adds to whatever integer an address is
// computed in. Offsets and sizes are bytes. The fields of the segment are little-endian.
package layout
