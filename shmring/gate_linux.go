package shmring

import "sync/atomic"

// gate counts those who are inside a peer's memory. Once closed nobody gets in, and
// whoever closed it can wait until the last one is out: only then may the memory be
// unmapped or given to another.
type gate struct {
	// state is twice the number of those inside, plus 1 when closed.
	state atomic.Int64
	empty chan struct{} // holds a token when the gate was found closed and empty
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

// shut closes the gate; it does not wait.
func (g *gate) shut() { g.state.Or(1) }

// drain waits until nobody is inside a gate that was shut. One caller at a time.
func (g *gate) drain() {
	for g.state.Load() != 1 {
		<-g.empty
	}
}
