package driver

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/internal/core"
)

// TestAnAnswerAtTheLastLookIsSignaled: who saw just before it parks that it has none would
// wait for ever.
func TestAnAnswerAtTheLastLookIsSignaled(t *testing.T) {
	var ends []*conn
	connectSegment(t, func(c *conn) { ends = append(ends, c) })
	c := ends[0]
	p := newPending(c)
	looked := false
	p.w.ready = func() bool {
		had := p.isDone()
		if !looked {
			looked = true
			c.carryOut([]core.Effect{{Kind: core.Respond, Call: &p.core}}, nil)
		}
		return had
	}
	c.sleep(context.Background(), p.w, false, false)
	assert.True(t, looked)
	assert.True(t, p.isDone())
}

// TestEveryAnswerFindsItsCaller, whether that lingers or parks, however many Ps there are and
// however long an answer takes.
func TestEveryAnswerFindsItsCaller(t *testing.T) {
	for _, procs := range []int{1, 2, 4} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			client := connectSegment(t, nil)
			const callers, calls = 8, 400
			var all sync.WaitGroup
			for i := range uint64(callers) {
				all.Go(func() {
					for j := range uint64(calls) {
						call := client.Inline
						if (i+j)%3 == 0 {
							call = client.Add // by a goroutine of its own
						}
						sum, err := call(context.Background(), i, j)
						if !assert.NoError(t, err) || !assert.Equal(t, i+j, sum) {
							return
						}
					}
				})
			}
			all.Wait()
		}()
	}
}
