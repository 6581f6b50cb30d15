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
// takes a yield for a turn of theirs, does nothing for them. So sixty-one are to pass in 30
// milliseconds: the slower the batches come, the fewer of them lie between two yields, and
// those that come too slowly for that are left to the runtime. Where others of this P run for
// long, as they do who poll for connections of their own, a yield is put off more and more,
// until the runtime preempts after all.
//
// It belongs to who holds the role.
type courtesy struct {
	left, every int  // batches
	slower      uint // halvings of fewBatches, for batches that come slowly
	last        time.Time
}

// How many batches are received between two yields, where they come fast and others do no
// more than a little, how long a yield takes then, and how long the batches may have taken
// for it.
const (
	fewBatches   = 256
	mostBatches  = fewBatches << 10
	mostSlower   = 5
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
	began := time.Now()
	took := began.Sub(y.last)
	y.last = began
	if y.every <= y.few() && !y.follow(took) {
		return
	}
	sched.Yield()
	y.last = time.Now()
	y.yielded(y.last.Sub(began))
}

// follow adapts the batches between two yields to how long they took, and says whether that
// was short enough to yield.
func (y *courtesy) follow(took time.Duration) bool {
	brisk := took <= briskBatches
	switch {
	case !brisk:
		y.slower = min(y.slower+1, mostSlower)
	case took < briskBatches/4 && y.slower > 0:
		y.slower--
	}
	y.every = y.few()
	y.left = y.every
	return brisk
}

// few is how many batches lie between two yields where others do no more than a little.
func (y *courtesy) few() int { return fewBatches >> y.slower }

// yielded notes for how long others ran, and when they are to run again.
func (y *courtesy) yielded(others time.Duration) {
	switch {
	case others < briefYield:
		y.every = y.few()
	case others < pollersYield:
		y.every = min(2*y.every, mostBatches)
	default:
		y.every = min(16*y.every, mostBatches)
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
