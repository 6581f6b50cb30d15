package hosttest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// Guest is a guest program with its entry, as the host sees it. One goroutine uses it.
type Guest struct {
	*Host
	*Program
	ID uint32

	// Mute has the host tell nobody anything: it neither wakes nor rings.
	Mute bool
	// Looks has a foreign host look by itself rather than sleep on its doorbell.
	Looks bool
	// Deaf has it take nothing off the ring.
	Deaf bool
	// HoldPlaces has it give no place of the ring back before GivePlaces.
	HoldPlaces bool
	// HoldSlots has it give no slot of the guest back before GiveSlots.
	HoldSlots bool

	t          testing.TB
	bell       int // -1 when there is none
	hungUp     bool
	head, tail uint32 // of the ring to the guest, of the one from it
	queue      []Message
	held       []uint32 // slots
	monitor    *monitor
}

// adopt is the host's side of the entry of a guest.
func (h *Host) adopt(id uint32, bell int) *Guest {
	g := &Guest{Host: h, t: h.t, ID: id, bell: bell}
	g.head = atomic.LoadUint32(g.word(layout.OffPeerHostToGuestHead))
	g.tail = atomic.LoadUint32(g.word(layout.OffPeerGuestToHostTail))
	g.monitor = newMonitor(h.Config, g.Entry, func() uint32 { return atomic.LoadUint32(g.word(layout.OffPeerGuestToHostHead)) })
	return g
}

func (g *Guest) check(err error) {
	g.t.Helper()
	if err != nil {
		g.fatal("it breaks a rule: %v", err)
	}
}

func (g *Guest) fatal(format string, args ...any) {
	g.t.Helper()
	g.t.Fatalf("guest %d: %s\nits entry is %+v, its flags are %x; messages not looked at: %v\nit said: %s",
		g.ID, fmt.Sprintf(format, args...), g.Host.Word(g.ID), g.Flags(), g.queue[:min(len(g.queue), 20)], g.Said())
}

// Over says that the guest has left, or is gone.
func (g *Guest) Over() bool {
	return g.Host.Word(g.ID).State != layout.StateAttached || g.hungUp || !g.Running()
}

// Next waits for the next message, in the order of the ring. false when the guest has left
// and sends no more.
func (g *Guest) Next() (m Message, ok bool) {
	g.t.Helper()
	if len(g.queue) == 0 {
		g.await("a message", func() bool { return len(g.queue) > 0 || g.Over() && g.Lying() == 0 })
	}
	if len(g.queue) == 0 {
		return Message{}, false
	}
	m, g.queue = g.queue[0], g.queue[1:]
	return m, true
}

// Expect waits for a message and takes it out of the order of the others.
func (g *Guest) Expect(kind uint8, id uint32) Message {
	g.t.Helper()
	return g.Await(Message{Type: kind, ID: id}.String(), func(m *Message) bool { return m.Type == kind && m.ID == id })
}

// Await waits for the first message that is wanted and takes it out of the order.
func (g *Guest) Await(what string, wanted func(m *Message) bool) (found Message) {
	g.t.Helper()
	looked := 0
	g.await(what, func() bool {
		for ; looked < len(g.queue); looked++ {
			if wanted(&g.queue[looked]) {
				found = g.queue[looked]
				g.queue = append(g.queue[:looked:looked], g.queue[looked+1:]...)
				return true
			}
		}
		return false
	})
	return found
}

// Called waits for a Request of the guest for a method.
func (g *Guest) Called(method uint64) Message {
	g.t.Helper()
	return g.Await(fmt.Sprintf("a Request of method %x", method), func(m *Message) bool {
		return m.Type == layout.MsgRequest && m.Method == method
	})
}

// Response waits for the Response to a Request and gives its payload.
func (g *Guest) Response(id uint32) []byte {
	g.t.Helper()
	return g.Expect(layout.MsgResponse, id).Payload
}

// RequireResult waits for a Response of success with a value.
func (g *Guest) RequireResult(id uint32, value ...[]byte) {
	g.t.Helper()
	require.Equal(g.t, append([]byte{0}, joined(value)...), g.Response(id), "response to request %d", id)
}

// Queued are the messages that have come and that nobody has taken.
func (g *Guest) Queued() []Message { return g.queue }

// TakeQueued takes them.
func (g *Guest) TakeQueued() (taken []Message) {
	taken, g.queue = g.queue, nil
	return taken
}

// Look receives what has come.
func (g *Guest) Look() { g.receive() }

// Call makes a Request of arguments that are encoded, or Channels, whose entries it opens.
func (g *Guest) Call(id uint32, method uint64, arguments ...any) Message {
	m := Message{Type: layout.MsgRequest, ID: id, Method: method}
	var channels []Channel
	for _, argument := range arguments {
		switch a := argument.(type) {
		case Channel:
			channels = append(channels, a)
			m.Payload = append(m.Payload, Uint(uint64(a.ID))...)
			g.Activate(a.ID)
		case []byte:
			m.Payload = append(m.Payload, a...)
		}
	}
	g.monitor.asked(id, channels)
	return m
}

// RequireGoodbye reads until the guest says why it leaves, and leaves: the rule is broken.
func (g *Guest) RequireGoodbye(rule string) {
	g.t.Helper()
	m := g.Await("a Goodbye", func(m *Message) bool { return m.Type == layout.MsgGoodbye })
	require.True(g.t, strings.HasPrefix(string(m.Payload), rule), "the reason %q begins with %q", m.Payload, rule)
	g.RequireLeft()
	g.RequireFailure(rule)
}

// RequireLeft waits until the guest has left in order: the entry first, then the doorbell.
func (g *Guest) RequireLeft() {
	g.t.Helper()
	for {
		if _, ok := g.Next(); !ok {
			break
		}
	}
	require.Equal(g.t, uint32(layout.StateGoodbye), g.Host.Word(g.ID).State, "the state; it said %q", g.Said())
	g.RequireGone()
}

// RequireGone waits until the guest's process and its end of the doorbell are gone.
func (g *Guest) RequireGone() {
	g.t.Helper()
	g.Exited()
	g.RequireHungUp()
}

// RequireHungUp waits until the guest's end of the doorbell is closed.
func (g *Guest) RequireHungUp() {
	g.t.Helper()
	for g.bell >= 0 && !g.hungUp { // a process that is being started may have a copy for a moment
		g.awaitBell()
		g.rang()
	}
}

// words are all words that a guest may sleep on.
func (g *Guest) words() []*uint32 {
	base, _ := g.Pool(g.ID)
	words := []*uint32{g.word(layout.OffPeerHostToGuestHead), g.word(layout.OffPeerGuestToHostTail), g.U32(base)}
	for id := uint32(1); id < g.MaxChannels; id++ {
		words = append(words, g.channel(id, layout.OffChannelGrantedTotal))
	}
	return words
}

// WakeAll rings and wakes whatever the guest may sleep on.
func (g *Guest) WakeAll() {
	for _, word := range g.words() {
		engine.WakeShared(word)
	}
	g.Ring()
}

// Leave says goodbye to all guests, and has this one leave.
func (g *Guest) Leave() {
	g.t.Helper()
	atomic.SwapUint32(g.U32(layout.OffHeaderHostGoodbye), 1)
	left := make(chan struct{})
	var waking sync.WaitGroup
	waking.Go(func() { // again and again, as the rule says
		for tick := time.Tick(50 * time.Millisecond); ; {
			g.WakeAll()
			select {
			case <-left:
				return
			case <-tick:
			}
		}
	})
	defer waking.Wait()
	defer close(left)
	g.RequireLeft()
}

// Evict ends the connection with a reason, if there is any.
func (g *Guest) Evict(reason string) {
	g.t.Helper()
	if reason != "" {
		g.Send(Goodbye(reason))
	}
	g.SetState(layout.StateGoodbye)
	g.WakeAll()
}

// HangUp closes the host's end of the doorbell, as its death would.
func (g *Guest) HangUp() { _ = unix.Shutdown(g.bell, unix.SHUT_RDWR) }

// SetState changes the state of the entry, with its epoch as it is.
func (g *Guest) SetState(state uint32) {
	g.SetWord(g.ID, Word{state, g.Host.Word(g.ID).Epoch})
}

// RequireIdle says that the guest lives and holds nothing: its answers come, every slot is
// back.
func (g *Guest) RequireIdle(probe Message, answer []byte) {
	g.t.Helper()
	g.Send(probe)
	require.Equal(g.t, answer, g.Response(probe.ID))
	require.Equal(g.t, int(g.SlotsPerGuest), g.FreeSlots(0), "free slots of the host")
	require.Equal(g.t, int(g.SlotsPerGuest), g.FreeSlots(g.ID), "free slots of the guest")
	require.Empty(g.t, g.queue, "messages that the guest has sent besides")
}
