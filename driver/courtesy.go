package driver

import (
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
	if y.last.Sub(began) < briefYield {
		y.every = leastBatches
	} else {
		y.every = min(2*y.left, mostBatches)
	}
	y.left = y.every
}
