package driver

import (
	"sync"

	"github.com/roam-rpc/roam-go/internal/transport"
)

// mostIdle is how many goroutines of a connection are kept for handlers to come: as many
// as one batch of requests may start at once.
const mostIdle = transport.BatchSize

// workers are the goroutines of a connection that run its handlers, one after the other. A
// new one begins with a small stack, and to grow that takes longer than all the rest of a
// call.
type workers struct {
	mu      sync.Mutex
	idle    []*worker // who finished last is taken first: its stack is still in a cache
	over    bool
	running int       // goroutines, idle ones too, and those that have or had the duty
	left    sync.Cond // running is 0
}

// worker is a goroutine that waits for its next handler.
type worker struct {
	next chan *served // capacity 1, for the one that it was taken from idle for
}

func (ws *workers) init() { ws.left.L = &ws.mu }

// start runs s on a goroutine of its own. It does not block.
func (ws *workers) start(s *served) {
	if w := ws.take(); w != nil {
		w.next <- s
		return
	}
	go ws.work(s)
}

// take takes an idle worker, or counts one that is to be made.
func (ws *workers) take() *worker {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	last := len(ws.idle) - 1
	if last < 0 {
		ws.running++
		return nil
	}
	w := ws.idle[last]
	ws.idle = ws.idle[:last]
	return w
}

func (ws *workers) work(s *served) {
	defer ws.leave() // also when a handler ends its goroutine
	w := &worker{next: make(chan *served, 1)}
	for s != nil {
		s.run()
		if !ws.keep(w) {
			return
		}
		s = <-w.next
	}
}

// keep makes w idle, unless there are enough.
func (ws *workers) keep(w *worker) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.over || len(ws.idle) == mostIdle {
		return false
	}
	ws.idle = append(ws.idle, w)
	return true
}

// enter counts a goroutine that does something else than handlers; false once it is over.
func (ws *workers) enter() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if !ws.over {
		ws.running++
	}
	return !ws.over
}

func (ws *workers) leave() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.running--; ws.running == 0 {
		ws.left.Broadcast()
	}
}

// close ends those that are idle, and keeps no more.
func (ws *workers) close() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.over = true
	for _, w := range ws.idle {
		close(w.next)
	}
	ws.idle = nil
}

// wait returns when all have gone, after close and the last handler.
func (ws *workers) wait() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for ws.running > 0 {
		ws.left.Wait()
	}
}
