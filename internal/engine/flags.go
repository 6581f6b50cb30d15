//go:build linux

package engine

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Kind is what a waiter waits for, in the order of the flag bits.
type Kind uint8

// The kinds.
const (
	Messages Kind = iota
	Space
	SlotBack
	Credit
	Kinds = 4
)

// FutexBit is the flag of a waiter of kind k that sleeps on the futex word.
func FutexBit(k Kind) uint32 { return layout.FlagFutexMessages << k }

// BellBit is the flag of a waiter of kind k that sleeps on the doorbell.
func BellBit(k Kind) uint32 { return layout.FlagBellMessages << k }

// Declare sets flag bits of this side. A Go atomic is sequentially consistent, so it
// is the fence too: a waker that stored before this either is seen by the look that
// follows, or sees the bit.
func (e *End) Declare(bits uint32) { atomic.OrUint32(e.ownFlags, bits) }

// Withdraw clears flag bits of this side.
func (e *End) Withdraw(bits uint32) { atomic.AndUint32(e.ownFlags, ^bits) }

// WaitWord is where a waiter of kind k sleeps: for Credit, that of channel id below
// MaxChannels.
func (e *End) WaitWord(k Kind, id uint32) *uint32 {
	switch k {
	case Messages:
		return e.recvHead
	case Space:
		return e.sendTail
	case SlotBack:
		return e.ownPool
	}
	return e.granted(id)
}

// PeerFlags are the other side's flags now.
func (e *End) PeerFlags() uint32 { return atomic.LoadUint32(e.peerFlags) }

// store writes a word that the peer may wait for: what was written before lies before it
// (release), and the look at the peer's flags that follows comes after it. A swap for
// the latter: the race detector makes of a Store to memory that is not Go's one that
// later loads may overtake (golang/go#58020), and without it both are one instruction.
func store(word *uint32, v uint32) { atomic.SwapUint32(word, v) }

// asks says, after store of what a waiter of kind k of the peer may wait for, how it
// wants to be woken. A peer that keeps no flags is woken both ways, always.
func (e *End) asks(k Kind) (futex, bell bool) {
	flags := atomic.LoadUint32(e.peerFlags)
	if flags&layout.FlagKeeps == 0 {
		return true, true
	}
	return flags&FutexBit(k) != 0, flags&BellBit(k) != 0
}

// either is both flags of a waiter of kind k.
func either(k Kind) uint32 { return FutexBit(k) | BellBit(k) }

// waitsFor says whether somebody of the peer waits for what one of these flags says, or may.
func (e *End) waitsFor(flags uint32) bool {
	return atomic.LoadUint32(e.peerFlags)&(layout.FlagKeeps|flags) != layout.FlagKeeps
}

// wakeAsked wakes the peer's waiters of kind k that sleep on word, and says how the peer
// asks to be woken.
func (e *End) wakeAsked(k Kind, word *uint32) (futex, bell bool) {
	if futex, bell = e.asks(k); futex {
		WakeShared(word)
	}
	return futex, bell
}

// tell wakes the peer's waiters of kind k that sleep on word and reports whether the
// doorbell has to be rung for others.
func (e *End) tell(k Kind, word *uint32) (bell bool) {
	_, bell = e.wakeAsked(k, word)
	return bell
}

// SlotReturned tells the peer that a slot of its pool came back.
func (e *End) SlotReturned() (bell bool) { return e.tell(SlotBack, e.peerPool) }

// WakeAll wakes every word of the segment that the peer may sleep on, whatever its
// flags say: for the end of either side. The words of channels are those that Active
// entries, or any state a peer wrote, may have waiters on: all of the table.
func (e *End) WakeAll() {
	for _, word := range []*uint32{e.sendHead, e.recvTail, e.peerPool} {
		WakeShared(word)
	}
	if flags := e.PeerFlags(); flags&layout.FlagKeeps != 0 && flags&FutexBit(Credit) == 0 {
		return
	}
	for id := uint32(1); id < e.place.MaxChannels; id++ {
		WakeShared(e.granted(id))
	}
}
