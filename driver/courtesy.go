package driver

import (
	"time"

	"github.com/roam-rpc/roam-go/internal/sched"
)

// courtesy lets the goroutines run now and then that wait for the P of one who receives
// message after message. Without it the runtime would preempt that one, every ten
// milliseconds, and wake a thread for it: the host and guest that had a processor each
// then often found themselves on one. Where others do run, who poll for connections of
// their own perhaps, that is put off more and more, until the runtime preempts after all.
//
// It belongs to who holds the role.
type courtesy struct {
	left, every int // batches
}

// How many batches are received between two yields, and how long one takes where nobody
// waits.
const (
	leastBatches = 256
	mostBatches  = leastBatches << 10
	idleYield    = 10 * time.Microsecond
)

// received notes a batch.
func (y *courtesy) received() {
	if y.left--; y.left < 0 {
		y.yield()
	}
}

func (y *courtesy) yield() {
	began := time.Now()
	sched.Yield()
	if time.Since(began) < idleYield {
		y.every = leastBatches
	} else {
		y.every = min(max(leastBatches, 2*y.every), mostBatches)
	}
	y.left = y.every
}
