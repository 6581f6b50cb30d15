//go:build linux

package engine

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

const ring = 8 // descriptors of each ring of twoEnds

// twoEnds are both ends of one peer in a mapping of their own.
func twoEnds(t testing.TB) (host, guest *End) { return twoEndsOf(t, ring) }

// twoEndsOf are [twoEnds] with rings of so many descriptors.
func twoEndsOf(t testing.TB, ring uint32) (host, guest *End) {
	t.Helper()
	const slots, slotSize, channels, pool = 4, 128, 16, 64 + 4*128
	mem, err := unix.Mmap(-1, 0, 1<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(mem)) })
	place := Place{
		Base: unsafe.Pointer(unsafe.SliceData(mem)), Entry: 128, HostPool: 192, GuestPool: 192 + pool,
		PoolHeader: 64, Ring: 192 + 2*pool, Table: 192 + 2*pool + 2*uint64(ring)*layout.SizeDesc,
		RingSize: ring, SlotSize: slotSize, Slots: slots, MaxChannels: channels, PeerTable: true,
	}
	for _, off := range []uint64{place.HostPool, place.GuestPool} {
		*(*uint64)(place.at(off)) = 1<<slots - 1
	}
	for _, off := range []uint64{layout.OffPeerGuestFlags, layout.OffPeerHostFlags} {
		*place.word(place.Entry + off) = layout.FlagKeeps | layout.FlagTable
	}
	guest = New(place)
	place.Host = true
	host = New(place)
	t.Cleanup(func() { host.Close(); guest.Close() })
	return host, guest
}
