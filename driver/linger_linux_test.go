package driver

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/internal/core"
)

// callAll has so many goroutines make calls, each of them so many.
func callAll(t *testing.T, callers, calls int, call func(i, j int) (bool, error)) {
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for j := range calls {
				if ok, err := call(i, j); !assert.NoError(t, err) || !assert.True(t, ok) {
					return
				}
			}
		})
	}
	all.Wait()
}

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
			callAll(t, 8, 400, func(i, j int) (bool, error) {
				if (i+j)%3 == 0 { // by a goroutine of its own
					sum, err := client.Add(context.Background(), uint64(i), uint64(j))
					return sum == uint64(i+j), err
				}
				sum, err := client.Inline(context.Background(), uint64(i), uint64(j))
				return sum == uint64(i+j), err
			})
		}()
	}
}
