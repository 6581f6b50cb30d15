package shmring

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNobodyIsInsideADrainedGate closes gates while one goroutine goes in and out alone, and
// others beside it.
func TestNobodyIsInsideADrainedGate(t *testing.T) {
	for range 200 {
		var g gate
		g.init()
		var gone atomic.Bool // what is behind the gate
		var entered, visitors sync.WaitGroup
		visit := func(enter func() bool, exit func()) {
			entered.Add(1)
			visitors.Go(func() {
				for visits := 0; enter(); visits++ {
					if visits%8 == 7 {
						runtime.Gosched() // to whoever closes the gate
					}
					assert.False(t, gone.Load())
					exit()
					if visits == 0 {
						entered.Done()
					}
				}
			})
		}
		visit(g.enterAlone, g.exitAlone)
		visit(g.enter, g.exit)
		entered.Wait()
		g.shut()
		g.drain()
		gone.Store(true)
		visitors.Wait()
		if t.Failed() {
			return
		}
	}
}
