package driver

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transporttest"
)

func newParking() *parking {
	p := new(parking)
	p.init()
	return p
}

func newAnswerWaiter() *waiter {
	w := newWaiter(func() bool { return false })
	w.answer = true
	return w
}

// TestThePromotedIsTheFirstThatWaits: who has left is passed over, and who has come back has
// its place of before.
func TestThePromotedIsTheFirstThatWaits(t *testing.T) {
	p := newParking()
	var all []*waiter
	for range 4 {
		w := newAnswerWaiter()
		p.enter(w, true, false)
		all = append(all, w)
	}
	assert.False(t, p.leave(all[0]))
	assert.False(t, p.leave(all[2]))
	require.True(t, p.promote())
	assert.True(t, p.leave(all[1]))
	p.enter(all[2], true, false)
	require.True(t, p.promote())
	assert.True(t, p.leave(all[2]))
	require.True(t, p.promote())
	assert.True(t, p.leave(all[3]))
	assert.False(t, p.promote())
	assert.Zero(t, p.queue.len())
}

// TestWhoDoesNotTakeTheRoleIsNotPromoted, though it was in the queue before.
func TestWhoDoesNotTakeTheRoleIsNotPromoted(t *testing.T) {
	p := newParking()
	w := newAnswerWaiter()
	p.enter(w, true, false)
	p.leave(w)
	p.enter(w, false, false)
	assert.True(t, p.needs(false), "it waits")
	assert.False(t, p.promote())
	assert.False(t, p.leave(w))
	assert.False(t, p.needs(false))
	p.enter(w, true, false)
	assert.True(t, p.promote())
	assert.True(t, p.leave(w))
}

// TestWhoHasLeftNeedsNobody, and is out of the queue once somebody asks.
func TestWhoHasLeftNeedsNobody(t *testing.T) {
	p := newParking()
	w, other := newAnswerWaiter(), newAnswerWaiter()
	p.enter(w, true, false)
	p.enter(other, true, false)
	p.leave(w)
	assert.True(t, p.needs(true))
	p.leave(other)
	assert.False(t, p.needs(false))
	assert.Zero(t, p.queue.len())
}

// TestTheQueueForgetsWhoHasLeft: callers that come once each do not pile up there, while one
// that waits keeps its place.
func TestTheQueueForgetsWhoHasLeft(t *testing.T) {
	p := newParking()
	stays := newAnswerWaiter()
	p.enter(stays, true, false)
	for range 100 * fewQueued {
		w := newAnswerWaiter()
		p.enter(w, true, false)
		p.leave(w)
		require.LessOrEqual(t, p.queue.len(), uint32(fewQueued))
	}
	assert.True(t, p.promote())
	assert.True(t, p.leave(stays))
}

// TestTheQueueGrowsWithThoseThatWait, and what is put out of it for their number are the others.
func TestTheQueueGrowsWithThoseThatWait(t *testing.T) {
	p := newParking()
	const waiting = 10 * fewQueued
	for range waiting {
		p.enter(newAnswerWaiter(), true, false)
		w := newAnswerWaiter()
		p.enter(w, true, false)
		p.leave(w)
	}
	for range waiting {
		require.True(t, p.promote())
	}
	assert.False(t, p.promote())
}

// TestWhoGivesUpIsForgotten, with what its call would have sent, though one before it in the
// queue waits on.
func TestWhoGivesUpIsForgotten(t *testing.T) {
	end, _ := transporttest.New(4)
	handle, _ := pipeConn(end, Initiator)
	c := handle.c
	require.True(t, c.tryRole())
	c.park.enter(newAnswerWaiter(), true, false)
	ctx, cancel := context.WithCancel(context.Background())
	given := make(chan error)
	go func() { given <- c.await(ctx, newAnswerWaiter()) }()
	require.Eventually(t, func() bool { return c.park.queue.len() == 2 }, waitLimit, waitTick)
	cancel()
	require.ErrorIs(t, <-given, context.Canceled)
	assert.EqualValues(t, 1, c.park.queue.len())
}

// TestAnEndOfFollowingIsNotMissed: the last channel of a call may end after its goroutine's
// look whether one is open, and before it has parked.
func TestAnEndOfFollowingIsNotMissed(t *testing.T) {
	end, _ := transporttest.New(4)
	handle, _ := pipeConn(end, Initiator)
	c := handle.c
	var looks atomic.Int32
	w := newAnswerWaiter()
	w.follows = func() bool {
		if looks.Add(1) > 1 {
			return false
		}
		c.wake(w)
		return true
	}
	ctx, cancel := context.WithCancel(context.Background())
	given := make(chan error)
	go func() { given <- c.await(ctx, w) }()
	assert.Eventually(t, func() bool { return looks.Load() > 2 }, waitLimit, waitTick) // one is that before it sleeps
	cancel()
	require.ErrorIs(t, <-given, context.Canceled)
}

// TestTheRoleIsNeverLost: goroutines take the role so many times each, and sleep while another
// has it. Who gives it up tells one of those that sleep, and nobody else does.
func TestTheRoleIsNeverLost(t *testing.T) {
	const goroutines, times = 8, 5000
	p := newParking()
	var held atomic.Bool
	var inside atomic.Int32
	give := func() {
		inside.Add(-1)
		held.Store(false)
		if p.needs(false) {
			p.promote()
		}
	}
	take := func() bool {
		if !held.CompareAndSwap(false, true) {
			return false
		}
		assert.EqualValues(t, 1, inside.Add(1))
		return true
	}
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			w := newAnswerWaiter()
			for range times {
				for !take() {
					p.enter(w, true, false)
					if held.Load() {
						w.sleeper.Sleep()
					}
					if p.leave(w) && take() { // responsible: to have it, or to pass it on
						give()
					}
				}
				give()
			}
		})
	}
	all.Wait()
	assert.False(t, held.Load())
}
