package shmring

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// napFor sleeps in Nap until a message is there.
func napFor(l *Link, word *uint32) {
	for !l.Pending() {
		l.Nap(word, atomic.LoadUint32(word), forEver)
	}
}

func TestNapWakesOnMessage(t *testing.T) {
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	const rounds = 2000
	p := onePair(t, Config{}, pairConfig{})
	p.host.patience, p.guest.patience = forEver, forEver
	var hostWord, guestWord uint32
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := NewBatch(1)
		for range rounds {
			napFor(p.host, &hostWord)
			_, _ = p.host.Receive(b)
			_ = p.host.Stage(&Message{Type: MsgResponse}, nil)
			p.host.Commit()
		}
	}()
	b := NewBatch(1)
	for range rounds {
		require.NoError(t, p.guest.Stage(&Message{Type: MsgRequest}, nil))
		p.guest.Commit()
		napFor(p.guest, &guestWord)
		_, err := p.guest.Receive(b)
		require.NoError(t, err)
	}
	<-done
	assert.False(t, p.host.bellDue.Load(), "a nap needs no doorbell")
}

func TestNapEnds(t *testing.T) {
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	p := onePair(t, Config{}, pairConfig{})
	p.guest.patience = forEver
	var word uint32
	assert.True(t, p.guest.Nap(&word, 1, forEver), "the word has changed")
	assert.True(t, p.guest.Nap(&word, 0, time.Microsecond), "the time is over")
	assert.True(t, p.guest.Nap(&word, 0, 0))

	napping := make(chan struct{})
	go func() {
		for atomic.LoadUint32(&word) == 0 {
			p.guest.Nap(&word, 0, forEver)
		}
		close(napping)
	}()
	WakeNap(&word)
	<-napping
	go func() {
		for p.guest.Err() == nil {
			p.guest.Nap(&word, 1, forEver)
		}
	}()
	p.guest.end(ErrPeerDied)
	p.guest.retire()
}

func TestNapAndArmShareTheFutexBit(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{words: true})
	var word uint32
	p.guest.Arm(KindMessages, 0)
	p.guest.Nap(&word, 0, 1)
	assert.NotZero(t, p.host.shm.PeerFlags()&layout.FlagFutexMessages)
	p.guest.Disarm(KindMessages, 0)
	assert.EqualValues(t, layout.FlagKeeps|layout.FlagTable, p.host.shm.PeerFlags())
}
