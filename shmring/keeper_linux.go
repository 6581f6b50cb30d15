package shmring

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// lockInterval is how often a guest that walked up tests its host's lock, busy or not.
const lockInterval = 500 * time.Millisecond

// keeper does what a guest owes its host, and itself, on the side: heartbeats, and a
// look whether a host without a doorbell still lives. It has at most two goroutines,
// and none when there is nothing to do.
type keeper struct {
	guest  *Guest
	quit   chan struct{}
	tasks  sync.WaitGroup
	parent *process // nil unless watched
}

// keep starts the heartbeat if the segment has one, and the test of the host's lock if
// that is what shows its end.
func (g *Guest) keep(byLock bool) *keeper {
	k := &keeper{guest: g, quit: make(chan struct{})}
	every := lockInterval
	if beat := g.seg.lay.HeartbeatInterval / 2; beat > 0 && (beat < every || !byLock) {
		every = max(beat, time.Millisecond)
	} else if !byLock {
		return k
	}
	k.tasks.Add(1)
	go k.run(every, byLock)
	return k
}

func (k *keeper) run(every time.Duration, byLock bool) {
	defer k.tasks.Done()
	tick := time.NewTicker(every)
	defer tick.Stop()
	tested := time.Now()
	for {
		select {
		case <-k.quit:
			return
		case <-tick.C:
		}
		k.guest.beat()
		if !byLock || time.Since(tested) < lockInterval/2 { // ticks come late and early
			continue
		}
		tested = time.Now()
		if !byteLocked(k.guest.seg.file, 0) {
			k.guest.custody.link.end(fmt.Errorf("%w: the host's lock is gone", ErrPeerDied))
			return
		}
	}
}

// watch ends the link when the parent ends; nil watches nothing.
func (k *keeper) watch(parent *process) {
	if parent == nil {
		return
	}
	k.parent = parent
	k.tasks.Add(1)
	go func() {
		defer k.tasks.Done()
		if parent.await() == nil {
			k.guest.custody.link.end(fmt.Errorf("%w: the host's process ended", ErrPeerDied))
		}
	}()
}

// stop ends the keeper's goroutines; nothing of it touches the segment afterwards.
func (k *keeper) stop() {
	close(k.quit)
	if k.parent != nil {
		k.parent.close()
	}
	k.tasks.Wait()
}

// watchParent opens the host's process when its doorbell, a foreign host's datagram
// pair, cannot show its end: the one that /proc names in the segment's path, else the
// parent.
func (g *Guest) watchParent(path string) (*process, error) {
	if !g.bell.datagram {
		return nil, nil
	}
	pid := os.Getppid()
	if strings.HasPrefix(path, "/proc/") {
		if _, err := fmt.Sscanf(path, "/proc/%d/fd/", &pid); err != nil {
			pid = os.Getppid()
		}
	}
	parent, err := openProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("%w: a datagram doorbell does not show its end: %w", ErrNoHost, err)
	}
	return parent, nil
}
