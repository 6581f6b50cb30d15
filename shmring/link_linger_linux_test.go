package shmring

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/forecast"
	"github.com/roam-rpc/roam-go/internal/layout"
)

// takeOne sends the guest a message, which it takes.
func takeOne(t *testing.T, p *pair) {
	t.Helper()
	sendNow(t, p.host, Message{Type: MsgRequest, ID: 1})
	n, err := p.guest.Receive(NewBatch(2))
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// asks is how the guest asks to be woken for messages.
func (p *pair) asks() uint32 {
	return p.host.shm.PeerFlags() & (layout.FlagFutexMessages | layout.FlagBellMessages)
}

// waitLingering is Wait of a link that expects a brief sleep.
func waitLingering(l *Link, busy bool) error {
	l.headSleeps.lingers = forecast.Sleep{}
	l.headSleeps.lingers.Took(0)
	return l.Wait(busy)
}

// lingeringGuest is a guest whose Wait, once it has had a message, sleeps on the ring's
// head until something breaks that.
func lingeringGuest(t *testing.T) (p *pair, woken chan error) {
	t.Helper()
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	p = onePair(t, Config{}, pairConfig{})
	p.guest.lingering = forEver
	takeOne(t, p)
	p.guest.Arm(KindMessages, 0)
	woken = make(chan error)
	go func() {
		for {
			err := waitLingering(p.guest, true)
			woken <- err
			if err != nil {
				return
			}
		}
	}()
	for p.asks() != layout.FlagFutexMessages {
		awaitChange(nil)
	}
	return p, woken
}

func TestAGuestLingersAfterAMessage(t *testing.T) {
	p, woken := lingeringGuest(t)
	sendNow(t, p.host, Message{Type: MsgRequest, ID: 2})
	require.NoError(t, <-woken)
	p.host.Notify()
	assert.False(t, rung(p.guest), "it did not ask for its doorbell")
	p.guest.end(ErrClosed)
	for err := range woken {
		if err != nil {
			break
		}
	}
	assert.Equal(t, uint32(layout.FlagBellMessages), p.asks(), "it lingers no more")
}

// TestALinkWhoseSleepsAreLongDoesNotLinger: it learns that on the doorbell too.
func TestALinkWhoseSleepsAreLongDoesNotLinger(t *testing.T) {
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	p := onePair(t, Config{}, pairConfig{})
	p.guest.lingering = forEver
	takeOne(t, p)
	p.guest.Arm(KindMessages, 0)
	require.False(t, p.guest.linger(false), "nothing is known yet")
	for !p.guest.headSleeps.lingers.Brief() {
		p.guest.bell.interrupt()
		require.NoError(t, p.guest.sleepOnBell(0))
	}
	p.guest.Arm(KindCredit, 5) // so that what ends the sleep is no message
	require.NoError(t, p.guest.sleepOnBell(2*forecast.Brief))
	assert.True(t, p.guest.headSleeps.lingers.Brief())
	p.guest.Disarm(KindCredit, 5)
	require.NoError(t, p.guest.sleepOnBell(2*forecast.Brief))
	assert.False(t, p.guest.headSleeps.lingers.Brief())
	require.False(t, p.guest.linger(false))
}

// TestWhatALingeringLinkDoesNotWatchBreaksItsSleep: a wait for credit is armed while the
// guest sleeps on the ring's head alone.
func TestWhatALingeringLinkDoesNotWatchBreaksItsSleep(t *testing.T) {
	p, woken := lingeringGuest(t)
	p.guest.Arm(KindCredit, 5)
	p.host.Grant(5, 1)
	p.host.Notify()
	for p.guest.Granted(5) == 0 {
		require.NoError(t, <-woken)
	}
	p.guest.Disarm(KindCredit, 5)
	p.guest.Interrupt()
	require.NoError(t, <-woken)
	p.guest.end(ErrClosed)
	for err := range woken {
		if err != nil {
			break
		}
	}
}

// TestLingeringIsForFewLinks: the others sleep on their doorbells, which takes no thread.
func TestLingeringIsForFewLinks(t *testing.T) {
	links := int(lingering.most) + 2
	var pairs []*pair
	for range links {
		p := onePair(t, Config{}, pairConfig{})
		p.guest.lingering = forEver
		takeOne(t, p)
		p.guest.Arm(KindMessages, 0)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for waitLingering(p.guest, true) == nil {
			}
		}()
		t.Cleanup(func() { p.guest.end(ErrClosed); <-done })
		pairs = append(pairs, p)
	}
	linger := func() (n int) {
		for _, p := range pairs {
			if p.asks() == layout.FlagFutexMessages {
				n++
			}
		}
		return n
	}
	for linger() < int(lingering.most) {
		awaitChange(nil)
	}
	assert.EqualValues(t, lingering.most, linger())
}
