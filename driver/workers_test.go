package driver

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
)

// plainMethod is anyMethod without a context.
func plainMethod(invoke func(r *roam.Reply)) roam.Dispatcher {
	return anyMethod(func(_ context.Context, r *roam.Reply) { invoke(r) })
}

// callOnce calls the method of a dispatcher that has one.
func callOnce(h *Handle) error {
	call := roam.NewCall(&roam.Method{ID: 1, Service: "Any", Name: "Method"})
	defer call.Release()
	return h.Do(context.Background(), call)
}

// goroutine is the name of the one that calls.
func goroutine() string {
	head := make([]byte, 40)
	return string(bytes.Fields(head[:runtime.Stack(head, false)])[1])
}

func (ws *workers) count() int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.idle)
}

func TestHandlersRunOnGoroutinesThatAreUsedAgain(t *testing.T) {
	const calls = 100
	a, b := connectPipe(t, 4)
	ran := make(map[string]int) // by goroutine
	var mu sync.Mutex
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		mu.Lock()
		defer mu.Unlock()
		ran[goroutine()]++
		r.Succeed()
	})
	for range calls {
		b.c.paces.of(1).Store(notBrisk) // or the receiving goroutine runs them
		require.NoError(t, callOnce(a))
	}
	assert.Less(t, len(ran), calls/2)
}

func TestFewGoroutinesAreKeptForHandlersToCome(t *testing.T) {
	const calls = 3 * mostIdle
	a, b := connectPipe(t, calls)
	all, goOn := new(sync.WaitGroup), make(chan struct{})
	all.Add(calls)
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		all.Done()
		<-goOn
		r.Succeed()
	})
	called := make(chan error, calls)
	for range calls {
		go func() { called <- callOnce(a) }()
	}
	all.Wait() // none of them waits for another
	close(goOn)
	for range calls {
		require.NoError(t, <-called)
	}
	require.Eventually(t, func() bool { return b.c.workers.count() == mostIdle }, waitLimit, waitTick)
}

// TestAGoroutineThatItsHandlerEndsIsNotKept: the next call has another.
func TestAGoroutineThatItsHandlerEndsIsNotKept(t *testing.T) {
	a, b := connectPipe(t, 4)
	ends := true
	b.c.dispatch = plainMethod(func(r *roam.Reply) {
		if ends {
			runtime.Goexit()
		}
		r.Succeed()
	})
	require.Error(t, callOnce(a))
	assert.Zero(t, b.c.workers.count())
	ends = false
	require.NoError(t, callOnce(a))
}
