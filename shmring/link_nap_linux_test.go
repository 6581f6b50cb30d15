package shmring

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// eachNap runs a test of naps that are expected to be brief, and of others.
func eachNap(t *testing.T, test func(t *testing.T, brief bool)) {
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	for _, brief := range []bool{false, true} {
		t.Run(fmt.Sprintf("brief %v", brief), func(t *testing.T) {
			manyProcessors(t)
			test(t, brief)
		})
	}
}

// manyProcessors lets every sleep that is to be brief keep its P.
func manyProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(12)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// patient makes sleeps last until something ends them.
func patient(links ...*Link) {
	for _, l := range links {
		l.patience, l.lingering, l.headSleeps.bound = forEver, forEver, forEver
	}
}

// napFor sleeps in Nap until a message is there.
func napFor(l *Link, word *uint32, brief bool) {
	for !l.Pending() {
		l.Nap(word, atomic.LoadUint32(word), forEver, brief)
	}
}

// awaitHold waits until a sleeper of the link keeps its P.
func awaitHold(l *Link) {
	for l.headSleeps.holds.Load() == 0 {
		awaitChange(nil)
	}
}

func TestNapWakesOnMessage(t *testing.T) {
	eachNap(t, func(t *testing.T, brief bool) {
		const rounds = 2000
		p := onePair(t, Config{}, pairConfig{})
		patient(p.host, p.guest)
		var hostWord, guestWord uint32
		done := make(chan struct{})
		go func() {
			defer close(done)
			b := NewBatch(1)
			for range rounds {
				napFor(p.host, &hostWord, brief)
				_, _ = p.host.Receive(b)
				_ = p.host.Stage(&Message{Type: MsgResponse}, nil)
				p.host.Commit()
			}
		}()
		b := NewBatch(1)
		for range rounds {
			require.NoError(t, p.guest.Stage(&Message{Type: MsgRequest}, nil))
			p.guest.Commit()
			napFor(p.guest, &guestWord, brief)
			_, err := p.guest.Receive(b)
			require.NoError(t, err)
		}
		<-done
		assert.False(t, p.host.bellDue.Load(), "a nap needs no doorbell")
	})
}

func TestNapEnds(t *testing.T) {
	eachNap(t, func(t *testing.T, brief bool) {
		p := onePair(t, Config{}, pairConfig{})
		patient(p.guest)
		var word uint32
		assert.True(t, p.guest.Nap(&word, 1, forEver, brief), "the word has changed")
		assert.True(t, p.guest.Nap(&word, 0, time.Microsecond, brief), "the time is over")
		assert.True(t, p.guest.Nap(&word, 0, 0, brief))

		napping := make(chan struct{})
		for seen := range uint32(1000) { // before it sleeps, and when it does
			go func() {
				for atomic.LoadUint32(&word) == seen {
					p.guest.Nap(&word, seen, forEver, brief)
				}
				napping <- struct{}{}
			}()
			if brief && seen%2 == 0 {
				awaitHold(p.guest)
			}
			p.guest.WakeNap(&word)
			<-napping
		}
		go func() {
			for p.guest.Err() == nil {
				p.guest.Nap(&word, 1000, forEver, brief)
			}
		}()
		p.guest.end(ErrPeerDied)
		p.guest.retire()
	})
}

// TestTheRuntimeStopsAHold: it could not collect garbage otherwise while a sleeper that
// keeps its P gets no message.
func TestTheRuntimeStopsAHold(t *testing.T) {
	if !engine.CanSleep() || !engine.CanHold() {
		t.Skip("the kernel has no futex_waitv, or the runtime sends no signals")
	}
	manyProcessors(t)
	p := onePair(t, Config{}, pairConfig{})
	patient(p.guest)
	var word uint32
	napped := make(chan bool)
	for range 20 {
		go func() { napped <- p.guest.Nap(&word, 0, forEver, true) }()
		awaitHold(p.guest)
		runtime.GC()
		require.True(t, <-napped)
	}
}

// TestHoldsLeaveProcessorsFree: the sleeps of others give their P up.
func TestHoldsLeaveProcessorsFree(t *testing.T) {
	if !engine.CanHold() {
		t.Skip("the runtime sends no signals")
	}
	manyProcessors(t)
	var h headSleeps
	var sleeps []headSleep
	for i := range 6 {
		sleeps = append(sleeps, h.begin(true))
		assert.Equal(t, i < 3, sleeps[i].holds)
	}
	other := h.begin(false)
	assert.False(t, other.holds)
	sleeps[0].end()
	again := h.begin(true)
	assert.True(t, again.holds)
	for _, s := range append(sleeps[1:], again, other) {
		s.end()
	}
	for ps, most := range map[int]int32{1: 0, 2: 1, 3: 1, 7: 1, 8: 2, 64: 16} {
		runtime.GOMAXPROCS(ps)
		assert.Equal(t, most, mostHolds(), "%d Ps", ps)
	}
	assert.Zero(t, h.all.Load()+h.holds.Load()+holding.taken.Load())
}

func TestNapAndArmShareTheFutexBit(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{words: true})
	var word uint32
	p.guest.Arm(KindMessages, 0)
	p.guest.Nap(&word, 0, 1, false)
	assert.NotZero(t, p.host.shm.PeerFlags()&layout.FlagFutexMessages)
	p.guest.Disarm(KindMessages, 0)
	assert.EqualValues(t, layout.FlagKeeps|layout.FlagTable, p.host.shm.PeerFlags())
}
