package hosttest

import (
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// guard is when a test that waits is taken to hang. It says nothing about speed. Who looks
// for what hangs makes it short by ROAM_TEST_GUARD, as in 5s.
var guard = guardTime()

func guardTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("ROAM_TEST_GUARD")); err == nil {
		return d
	}
	return 3 * time.Minute
}

// What a side waits for: a flag is that for messages, shifted.
const (
	kindMessages = iota
	kindSpace
	kindSlot
	kindCredit
)

// Asleep are the flags of a host that sleeps on its doorbell, whatever for.
const Asleep = layout.FlagKeeps | layout.FlagTable | layout.FlagBellMessages | layout.FlagBellSpace |
	layout.FlagBellSlot | layout.FlagBellCredit

// Awake are the flags of a host that looks by itself.
const Awake = layout.FlagKeeps | layout.FlagTable

// onWords are those of a host without a doorbell.
const onWords = layout.FlagKeeps | layout.FlagTable | layout.FlagFutexMessages | layout.FlagFutexSpace |
	layout.FlagFutexSlot | layout.FlagFutexCredit

// SetFlags writes the host's flags.
func (g *Guest) SetFlags(flags uint32) { atomic.SwapUint32(g.word(layout.OffPeerHostFlags), flags) }

func (g *Guest) flags() uint32 { return atomic.LoadUint32(g.word(layout.OffPeerHostFlags)) }

// Flags are the guest's.
func (g *Guest) Flags() uint32 { return atomic.LoadUint32(g.word(layout.OffPeerGuestFlags)) }

// wake wakes the guest as its flags ask: a foreign host always, in both ways.
func (g *Guest) wake(kind uint32, word *uint32) {
	if g.Mute {
		return
	}
	flags := g.Flags()
	if g.Foreign || flags&(layout.FlagFutexMessages<<kind) != 0 {
		engine.WakeShared(word)
	}
	if g.Foreign || flags&(layout.FlagBellMessages<<kind) != 0 {
		g.Ring()
	}
}

// Ring rings the guest's doorbell, if it has one.
func (g *Guest) Ring() {
	if g.bell >= 0 {
		_ = unix.Send(g.bell, []byte{0}, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) // full, or nobody there: seen elsewhere
	}
}

// Rings takes the rings that have come, and says how many and whether the guest's end is
// closed.
func (g *Guest) Rings() (n int, hungUp bool) {
	if g.bell < 0 {
		return 0, false
	}
	var b [4096]byte
	for {
		got, _, err := unix.Recvfrom(g.bell, b[:], unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return n, hungUp
		case err != nil || got == 0:
			return n, true
		default:
			n += got
		}
	}
}

// await receives until what is waited for is there. It sleeps as the host's flags say: a
// guest that forgets to wake it makes the test hang.
func (g *Guest) await(what string, there func() bool) {
	g.t.Helper()
	for began := time.Now(); !there(); {
		words := g.watched()
		over := g.Over()
		g.receive()
		if there() {
			return
		}
		if over {
			g.fatal("it is gone while the host waits for %s", what)
		}
		if time.Since(began) > guard {
			g.fatal("the host has waited %v for %s", guard, what)
		}
		g.sleep(words)
	}
}

// watched are the words that a host without a doorbell sleeps on, with the values from
// before it looks at what it waits for.
func (g *Guest) watched() (words []engine.Wait) {
	if g.flags()&layout.FlagFutexMessages == 0 {
		return nil
	}
	base, _ := g.Pool(0)
	all := []*uint32{g.word(layout.OffPeerGuestToHostHead), g.word(layout.OffPeerHostToGuestTail), g.U32(base)}
	for id := uint32(1); id < g.MaxChannels; id++ {
		all = append(all, g.channel(id, layout.OffChannelGrantedTotal))
	}
	for _, word := range all {
		words = append(words, engine.WaitShared(word, atomic.LoadUint32(word)))
	}
	return append(words, engine.WaitPrivate(&g.Program.ended, 0))
}

// sleep waits for a ring, or for a wake on a word. A host that looks by itself rests for a
// moment.
func (g *Guest) sleep(words []engine.Wait) {
	switch {
	case g.flags()&layout.FlagBellMessages != 0 || g.Foreign && g.bell >= 0 && !g.Looks:
		g.awaitBell()
		g.rang()
	case words != nil:
		engine.Sleep(words, guard)
	default:
		time.Sleep(50 * time.Microsecond)
	}
}

// awaitBell sleeps until the doorbell is rung or the guest's end is closed.
func (g *Guest) awaitBell() {
	g.t.Helper()
	poll := []unix.PollFd{{Fd: int32(g.bell), Events: unix.POLLIN | unix.POLLRDHUP}}
	if n, err := unix.Poll(poll, int(guard/time.Millisecond)); err == nil && n == 0 {
		g.fatal("no ring came for %v", guard)
	}
}

// rang notes what the doorbell says.
func (g *Guest) rang() {
	if _, hungUp := g.Rings(); hungUp {
		g.hungUp = true
	}
}

// Eventually waits for what comes without a wake.
func (g *Guest) Eventually(what string, there func() bool) {
	g.t.Helper()
	for began := time.Now(); !there(); {
		if time.Since(began) > guard {
			g.fatal("the host has waited %v for %s", guard, what)
		}
		g.receive()
		time.Sleep(50 * time.Microsecond)
	}
}

// Quietly does something of which the guest is not told.
func (g *Guest) Quietly(do func()) {
	g.Mute = true
	defer func() { g.Mute = false }()
	do()
}

// WakeOnce wakes the words that the guest sleeps on, as its flags say, and rings once for
// all that it sleeps on its doorbell for.
func (g *Guest) WakeOnce() {
	flags := g.Flags()
	if flags&(layout.FlagFutexMessages|layout.FlagFutexSpace|layout.FlagFutexSlot|layout.FlagFutexCredit) != 0 {
		for _, word := range g.words() {
			engine.WakeShared(word)
		}
	}
	if flags&(layout.FlagBellMessages|layout.FlagBellSpace|layout.FlagBellSlot|layout.FlagBellCredit) != 0 {
		g.Ring()
	}
}
