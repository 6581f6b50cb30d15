package shmring

import (
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/release"
)

// gate counts those who are inside a peer's memory. Once closed nobody gets in, and
// whoever closed it can wait until the last one is out: only then may the memory be
// unmapped or given to another.
type gate struct {
	// state is twice the number of those inside, plus 1 when closed.
	state atomic.Int64
	empty chan struct{} // holds a token when the gate was found closed and empty
	alone uint32        // 1 while who enters alone is inside; atomic
	_     [64]byte      // gates of different roles lie in lines of their own
}

func (g *gate) init() { g.empty = make(chan struct{}, 1) }

// enter lets the caller in, who leaves by exit; false when the gate is closed.
func (g *gate) enter() bool {
	if g.state.Add(2)&1 == 0 {
		return true
	}
	g.exit()
	return false
}

func (g *gate) exit() {
	if g.state.Add(-2) == 1 {
		select {
		case g.empty <- struct{}{}:
		default: // the token lies there already
		}
	}
}

// enterAlone is enter for a role that one goroutine at a time has, for a short stay that
// exitAlone ends: going out costs it a plain store, and tells nobody.
func (g *gate) enterAlone() bool {
	atomic.SwapUint32(&g.alone, 1) // before the look whether the gate is closed, which drain's look follows
	if g.state.Load()&1 == 0 {
		return true
	}
	g.exitAlone()
	return false
}

func (g *gate) exitAlone() { release.Store(&g.alone, 0) }

// shut closes the gate; it does not wait.
func (g *gate) shut() { g.state.Or(1) }

// aloneTick is how often drain looks whether who entered alone is out.
const aloneTick = 20 * time.Microsecond

// drain waits until nobody is inside a gate that was shut. One caller at a time.
func (g *gate) drain() {
	for g.state.Load() != 1 {
		<-g.empty
	}
	for atomic.LoadUint32(&g.alone) != 0 {
		time.Sleep(aloneTick)
	}
}
