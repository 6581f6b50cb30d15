//go:build linux && cgo && !purego

package csrc

/*
#cgo CFLAGS: -std=c11 -O2
#cgo noescape receive
#cgo nocallback receive
#cgo nocallback grant

#include <stdlib.h>

#include "roam/shm.h"

// Ends come as numbers, so that cgo does not look at every call whether Go pointers lie in C's memory.

static uintptr_t new_end(struct roam_place place)
{
	struct roam_end *end = malloc(sizeof *end);

	if (end != NULL)
		roam_end_init(end, &place);
	return (uintptr_t)end;
}

static void free_end(uintptr_t end)
{
	free((void *)end);
}

// Where the receive part's indices and guesses lie one after the other.
enum {
	NEXT = offsetof(struct roam_end, receive) + offsetof(struct roam_ring, next),
	SEEN = offsetof(struct roam_end, receive) + offsetof(struct roam_ring, seen),
	TOLD = offsetof(struct roam_end, receive) + offsetof(struct roam_ring, told),
	LAST_SLOT = offsetof(struct roam_end, last_slot),
	NEXT_SLOT = offsetof(struct roam_end, next_slot),
	RECEIVING = NEXT_SLOT + sizeof(((struct roam_end *)0)->next_slot) - NEXT
};
_Static_assert(SEEN == NEXT + 4 && TOLD == NEXT + 8 && LAST_SLOT == NEXT + 12 && NEXT_SLOT == NEXT + 16, "recvState");

static void *receiving(uintptr_t end)
{
	return (char *)end + NEXT;
}

static struct roam_received receive(uintptr_t end, struct roam_message *messages, uint32_t max, unsigned char *arena,
				    size_t arena_len)
{
	return roam_end_receive((struct roam_end *)end, messages, max, arena, arena_len);
}

static bool grant(uintptr_t end, uint32_t id, uint32_t bytes)
{
	return roam_end_grant((struct roam_end *)end, id, bytes);
}
*/
import "C"

import (
	"unsafe"

	_ "github.com/roam-rpc/roam-go/csrc/roam" // the headers
)

// MessageSize is the bytes of struct roam_message.
const MessageSize = C.sizeof_struct_roam_message

// ReceivingSize is the bytes of what Receiving gives.
const ReceivingSize = C.RECEIVING

// Place is struct roam_place, where its fields are described.
type Place struct {
	Base                unsafe.Pointer
	Entry, Ring, Table  uint64
	HostPool, GuestPool uint64
	PoolHeader          uint64
	RingSize            uint32
	SlotSize, Slots     uint32
	MaxChannels         uint32
	Host, PeerTable     bool
}

// End is a struct roam_end, in C's memory. The methods are the functions of that name,
// with their rules of who may call at once.
type End struct{ at C.uintptr_t }

// NewEnd makes an end, which is in use until Free.
func NewEnd(p Place) End {
	end := C.new_end(C.struct_roam_place{
		base:  p.Base, // the mapping is not Go memory
		entry: C.uint64_t(p.Entry), ring: C.uint64_t(p.Ring), table: C.uint64_t(p.Table),
		host_pool: C.uint64_t(p.HostPool), guest_pool: C.uint64_t(p.GuestPool), pool_header: C.uint64_t(p.PoolHeader),
		ring_size: C.uint32_t(p.RingSize), slot_size: C.uint32_t(p.SlotSize), slots: C.uint32_t(p.Slots),
		max_channels: C.uint32_t(p.MaxChannels), host: C.bool(p.Host), peer_table: C.bool(p.PeerTable),
	})
	if end == 0 {
		panic("csrc: out of memory")
	}
	return End{end}
}

// Free ends the use of the end.
func (e End) Free() { C.free_end(e.at) }

// Receiving is the private memory of the receiving role: the index of the next message,
// the peer's index when last seen, and more that internal/engine knows of.
func (e End) Receiving() unsafe.Pointer { return C.receiving(e.at) }

// Receive is roam_end_receive into an array of n struct roam_message. C keeps neither
// the array nor the arena.
func (e End) Receive(messages unsafe.Pointer, n int, arena []byte) (count int, status uint8, bell bool) {
	got := C.receive(e.at, (*C.struct_roam_message)(messages), C.uint32_t(n), bytes(arena), C.size_t(len(arena)))
	return int(got.count), uint8(got.status), bool(got.bell)
}

// Grant is roam_end_grant.
func (e End) Grant(id, n uint32) bool { return bool(C.grant(e.at, C.uint32_t(id), C.uint32_t(n))) }

// bytes is the start of a slice as C names it. It holds no pointers.
func bytes(b []byte) *C.uchar { return (*C.uchar)(unsafe.SliceData(b)) }
