//go:build linux

package engine

import (
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Place says where one peer's memory lies in a mapping and what its bounds are. The
// caller has checked every offset and size against the mapping, which stays mapped
// for as long as the End made from it is used.
type Place struct {
	Base unsafe.Pointer // start of the mapping, page aligned, not Go memory
	Host bool           // this side is the host

	Entry, Ring, Table  uint64 // offsets of the peer entry, the guest-to-host ring, the channel table
	HostPool, GuestPool uint64 // offsets of pool 0 and of the guest's pool
	PoolHeader          uint64 // bytes from a pool to its first slot
	RingSize            uint32 // descriptors, a power of two
	SlotSize            uint32 // bytes, generation word included
	Slots               uint32 // slots in a pool
	MaxChannels         uint32 // entries of the table
	PeerTable           bool   // the peer keeps the channel table
}

// at is the address of an offset of the mapping. The offset is inside it: see Place.
func (p *Place) at(off uint64) unsafe.Pointer { return unsafe.Add(p.Base, off) }

// word is the 32-bit word at an offset, which the layout aligns to 4 bytes.
func (p *Place) word(off uint64) *uint32 { return (*uint32)(p.at(off)) }

// words are the addresses of the words that the two sides of a peer share. "send" is
// the ring this side writes, "recv" the one it reads.
type words struct {
	sendHead, sendTail *uint32
	recvHead, recvTail *uint32
	ownFlags           *uint32 // this side writes it
	peerFlags          *uint32 // the other side writes it
	ownPool, peerPool  *uint32 // low half of the first bitmap word: where waiters for a slot sleep
	sendRing, recvRing unsafe.Pointer
}

// words works the addresses out for this side.
func (p *Place) words() words {
	g2hHead := p.word(p.Entry + layout.OffPeerGuestToHostHead)
	g2hTail := p.word(p.Entry + layout.OffPeerGuestToHostTail)
	h2gHead := p.word(p.Entry + layout.OffPeerHostToGuestHead)
	h2gTail := p.word(p.Entry + layout.OffPeerHostToGuestTail)
	guestFlags := p.word(p.Entry + layout.OffPeerGuestFlags)
	hostFlags := p.word(p.Entry + layout.OffPeerHostFlags)
	g2h := p.at(p.Ring)
	h2g := p.at(p.Ring + uint64(p.RingSize)*layout.SizeDesc)
	if p.Host {
		return words{
			sendHead: h2gHead, sendTail: h2gTail, recvHead: g2hHead, recvTail: g2hTail,
			ownFlags: hostFlags, peerFlags: guestFlags,
			ownPool: p.word(p.HostPool), peerPool: p.word(p.GuestPool),
			sendRing: h2g, recvRing: g2h,
		}
	}
	return words{
		sendHead: g2hHead, sendTail: g2hTail, recvHead: h2gHead, recvTail: h2gTail,
		ownFlags: guestFlags, peerFlags: hostFlags,
		ownPool: p.word(p.GuestPool), peerPool: p.word(p.HostPool),
		sendRing: g2h, recvRing: h2g,
	}
}

// pools are the pool this side takes from and the one it returns to.
func (p *Place) pools() (own, peer Pool) {
	host, guest := p.pool(p.HostPool), p.pool(p.GuestPool)
	if p.Host {
		return host, guest
	}
	return guest, host
}

func (p *Place) pool(off uint64) Pool {
	return NewPool(p.at(off), p.PoolHeader, p.SlotSize, p.Slots)
}

// channel is the entry of a channel id below MaxChannels.
func (p *Place) channel(id uint32) unsafe.Pointer {
	return p.at(p.Table + layout.SizeChannel*uint64(id))
}
