package driver

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/engine"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// napCounter counts how often its side sleeps on the ring.
type napCounter struct {
	transport.Transport
	naps atomic.Int32
}

func (n *napCounter) Nap(bell *transport.Bell, d time.Duration, brief bool) bool {
	n.naps.Add(1)
	return n.Transport.Nap(bell, d, brief)
}

// TestALongWaitIsLeftToRun: a caller sleeps on the ring where its last sleep was
// brief, gives that up when its answer takes long, and does not begin with it the next time.
func TestALongWaitIsLeftToRun(t *testing.T) {
	if !engine.CanSleep() {
		t.Skip("the kernel has no futex_waitv")
	}
	p := newSegmentPair(t, shmring.Config{})
	counter := &napCounter{Transport: p.drivers[0].c.tr}
	p.drivers[0].c.tr = counter
	goOn := make(chan struct{})
	p.drivers[1].c.dispatch = plainMethod(func(r *roam.Reply) {
		<-goOn
		r.Succeed()
	})
	p.run()
	c := p.atHost.c
	longCall := func() {
		t.Helper()
		called := make(chan error, 1)
		go func() { called <- callOnce(p.atHost) }()
		require.Eventually(t, func() bool { return c.park.waiters.len() == 1 && c.role.armed.Load() }, waitLimit, waitTick)
		goOn <- struct{}{}
		require.NoError(t, <-called)
	}
	c.park.slept(0)
	longCall()
	first := counter.naps.Load()
	assert.NotZero(t, first)
	longCall()
	assert.Equal(t, first, counter.naps.Load())
}
