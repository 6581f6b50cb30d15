package main

import "sync"

// queue hands out the files that are still to be done. Any goroutine may use it.
type queue struct {
	mu      sync.Mutex
	changed sync.Cond // of waiting, out and stopped
	waiting []entry
	out     int // handed out and not yet settled or given back
	stopped bool
}

func newQueue(files []entry) *queue {
	q := &queue{waiting: files}
	q.changed.L = &q.mu
	return q
}

// next waits for a file: while others are out, one may still come back. false: all
// files are settled, or the queue was stopped.
func (q *queue) next() (entry, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && q.out > 0 && !q.stopped {
		q.changed.Wait()
	}
	if len(q.waiting) == 0 || q.stopped {
		return entry{}, false
	}
	e := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.out++
	return e, true
}

// settle says that a file needs no more work.
func (q *queue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.out--
	q.changed.Broadcast()
}

// giveBack says that a file needs another guest.
func (q *queue) giveBack(e entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.out--
	q.waiting = append(q.waiting, e)
	q.changed.Broadcast()
}

// stop lets nobody have another file.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.changed.Broadcast()
}

// left is how many files nobody has done.
func (q *queue) left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}
