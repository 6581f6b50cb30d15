package driver

import (
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/sched"
)

// courtesy lets the goroutines run now and then that wait for the P of one who receives
// message after message. Without it the runtime would preempt that one, every ten
// milliseconds, and wake a thread for it: the host and guest that had a processor each
// then often found themselves on one.
//
// Those who wait for any P have a turn in every sixty-first yield only, and the runtime, which
// takes a yield for a turn of theirs, does nothing for them. So messages that come too slowly
// for sixty-one to pass soon are left to the runtime. Where those of this P run for long, as
// they do who poll for connections of their own, a yield is put off more and more, until the
// runtime preempts after all.
//
// It belongs to who holds the role.
type courtesy struct {
	left, every int // batches
	last        time.Time
}

// How many batches are received between two yields, how long one takes where nobody does more
// than a little, and how long the batches may have taken for it.
const (
	leastBatches = 256
	mostBatches  = leastBatches << 10
	briefYield   = 10 * time.Microsecond
	briskBatches = 500 * time.Microsecond
)

// received notes a batch.
func (y *courtesy) received() {
	if y.left--; y.left < 0 {
		y.yield()
	}
}

func (y *courtesy) yield() {
	y.left = max(leastBatches, y.every)
	began := time.Now()
	took := began.Sub(y.last)
	y.last = began
	if y.every <= leastBatches && took > briskBatches {
		return
	}
	sched.Yield()
	y.last = time.Now()
	y.yielded(y.last.Sub(began))
}

// yielded notes for how long others ran, and when they are to run again.
func (y *courtesy) yielded(others time.Duration) {
	switch {
	case others < briefYield:
		y.every = leastBatches
	case others < pollersYield:
		y.every = min(2*y.left, mostBatches)
	default:
		y.every = min(16*y.left, mostBatches)
		turns.seen(y.last)
	}
	y.left = y.every
}

// pollersYield is how long others run at least who poll for connections of their own. A turn of
// theirs begins with a peer that sleeps, so that short ones are worth little.
const pollersYield = 100 * time.Microsecond

// turnTaking tells that goroutines take turns on the Ps of this process that run for long, as
// those do that poll for several connections.
type turnTaking struct {
	began time.Time
	last  atomic.Int64 // when that was seen, ns since began; 0 for never
}

var turns = turnTaking{began: time.Now()}

// turnsSeen is for how long it counts. Those who take turns are preempted, mostly, rather than
// yield, so that it is seen a few times a second.
const turnsSeen = 2 * time.Second

func (t *turnTaking) seen(now time.Time) { t.last.Store(max(1, int64(now.Sub(t.began)))) }

// lately says whether it was so until a moment ago.
func (t *turnTaking) lately() bool {
	last := t.last.Load()
	return last != 0 && time.Since(t.began)-time.Duration(last) < turnsSeen
}
