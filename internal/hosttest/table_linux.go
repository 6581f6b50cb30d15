package hosttest

import (
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/internal/segmenttest"
)

func (g *Guest) channel(id uint32, field uint64) *uint32 {
	table := *g.U64(segmenttest.Entry(g.ID) + layout.OffPeerChannelTableOffset)
	return g.U32(table + layout.SizeChannel*uint64(id) + field)
}

// Entry reads a channel's entry.
func (g *Guest) Entry(id uint32) (state, granted uint32) {
	if id >= g.MaxChannels {
		return 0, 0
	}
	return atomic.LoadUint32(g.channel(id, layout.OffChannelState)), atomic.LoadUint32(g.channel(id, layout.OffChannelGrantedTotal))
}

// State is the state of a channel's entry.
func (g *Guest) State(id uint32) uint32 {
	state, _ := g.Entry(id)
	return state
}

// Granted is what was granted on a channel.
func (g *Guest) Granted(id uint32) uint32 {
	_, granted := g.Entry(id)
	return granted
}

// Activate opens the entry of a channel that the host allocates.
func (g *Guest) Activate(id uint32) {
	if !g.Foreign && id < g.MaxChannels {
		atomic.SwapUint32(g.channel(id, layout.OffChannelGrantedTotal), g.InitialCredit)
		atomic.SwapUint32(g.channel(id, layout.OffChannelState), layout.EntryActive)
	}
}

// SetGranted writes what is granted on a channel, and wakes those that wait for it.
func (g *Guest) SetGranted(id, total uint32) {
	word := g.channel(id, layout.OffChannelGrantedTotal)
	atomic.SwapUint32(word, total)
	g.wake(kindCredit, word)
}

// Grant grants bytes more.
func (g *Guest) Grant(id, bytes uint32) { g.SetGranted(id, g.Granted(id)+bytes) }

// Free frees entries: of channels on which the guest called, or that it refused.
func (g *Guest) Free(ids ...uint32) {
	for _, id := range ids {
		if !g.Foreign {
			g.monitor.hostFreed(id)
			atomic.SwapUint32(g.channel(id, layout.OffChannelState), layout.EntryFree)
		}
	}
}

// AwaitFree waits until the guest has freed entries.
func (g *Guest) AwaitFree(ids ...uint32) {
	g.t.Helper()
	for _, id := range ids {
		g.Eventually("a free entry", func() bool { return g.Foreign || g.State(id) == layout.EntryFree })
	}
}

// AwaitGranted waits until a total, or more, is granted on a channel.
func (g *Guest) AwaitGranted(id, total uint32) {
	g.t.Helper()
	g.await("credit", func() bool { return int32(g.Granted(id)-total) >= 0 })
}
