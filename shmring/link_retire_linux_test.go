package shmring

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestNobodyIsInsideARetiredLink uses a guest's link from all sides while it is
// retired and its memory unmapped: whoever is still inside would crash.
func TestNobodyIsInsideARetiredLink(t *testing.T) {
	for round := range 24 {
		c := pairConfig{words: round%2 == 1, foreign: round%3 == 0, start: nearWrap}
		p := onePair(t, Config{RingSize: 4, SlotSize: 64, SlotsPerGuest: 2}, c)
		stop, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		var started atomic.Int32
		use := func(fn func()) {
			running.Add(1)
			go func() {
				defer running.Done()
				for started.Add(1); stop.Err() == nil; fn() {
				}
			}()
		}
		var word uint32
		guest, host := p.guest, p.host
		hosts, guests := NewBatch(2), NewBatch(2)
		use(func() { exchange(guest, guests) })
		use(func() { exchange(host, hosts) })
		use(func() { _ = guest.Wait(true) })
		use(func() { guest.Nap(&word, 0, time.Millisecond, false) })
		use(func() {
			for k := KindMessages; k < kinds; k++ {
				guest.Arm(k, 1)
				guest.Disarm(k, 1)
			}
			guest.Activate(1, guest.Granted(1))
			guest.Grant(1, 1)
			guest.Free(1)
			guest.IsFree(1)
			guest.Pending()
			guest.Notify()
			guest.wakePeer()
		})
		for started.Load() < 5 {
			awaitChange(nil)
		}
		if round%4 < 2 {
			guest.retire()
		} else {
			assert.NoError(t, guest.Leave(within(t), ""))
		}
		<-guest.retired
		require.NoError(t, p.guestSeg.close())
		p.hangUp(guest)
		cancel()
		host.end(ErrPeerDied)
		running.Wait()
		require.Error(t, guest.Stage(&Message{Type: MsgCancel}, nil))
	}
	goleak.VerifyNone(t, goleak.IgnoreCurrent())
}

// exchange sends and receives what goes at once.
func exchange(l *Link, b *Batch) {
	if l.Stage(&Message{Type: MsgRequest, Payload: make([]byte, 40)}, nil) == nil {
		l.Commit()
	}
	if l.Stage(&Message{Type: MsgRequest, Payload: make([]byte, 40)}, nil) == nil {
		l.Abort()
	}
	_, _ = l.Receive(b)
}

func TestLeaveWaitsForAStagedMessage(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{})
	require.NoError(t, p.host.Stage(&Message{Type: MsgResponse, ID: 5}, nil))
	left := make(chan error)
	go func() { left <- p.host.Leave(within(t), "reason") }()
	<-p.host.Done()
	p.host.Commit()
	require.NoError(t, <-left)
	assert.EqualValues(t, 5, receiveOne(t, p.guest).ID)
	assert.Equal(t, "reason", string(receiveOne(t, p.guest).Payload))
}

func TestSimultaneousLeavesReturnTogether(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{})
	sendNow(t, p.guest, Message{Type: MsgRequest})
	results := make(chan error)
	for range 3 {
		go func() { results <- p.guest.Leave(within(t), "") }()
	}
	<-p.guest.Done()
	receiveOne(t, p.host)
	p.host.Rest() // it stops receiving: it may have looked before the guest waited
	for range 3 {
		require.NoError(t, <-results)
	}
	p.guest.retire()
}

func TestLeaveOfAGuestWhoseHostIsGone(t *testing.T) {
	p := onePair(t, Config{}, pairConfig{})
	sendNow(t, p.guest, Message{Type: MsgRequest})
	p.host.retire()
	p.hangUp(p.host)
	require.NoError(t, p.guest.Leave(within(t), ""), "a host that has died receives nothing more")
}

// TestRetiredLinksBellIsFree waits on the doorbell of a link as the host does once it
// is retired: whoever waited for the link is out by then.
func TestRetiredLinksBellIsFree(t *testing.T) {
	for range 200 {
		p := onePair(t, Config{}, pairConfig{})
		ended := make(chan error)
		go func() {
			for p.host.Wait(false) == nil {
			}
			ended <- p.host.Err()
		}()
		p.host.retire()
		require.NoError(t, p.host.bell.wait(time.Now()))
		require.ErrorIs(t, <-ended, ErrClosed)
	}
}
