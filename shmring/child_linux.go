package shmring

import (
	"os/exec"
	"sync"
	"time"
)

// child is a process that Spawn started.
type child struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has been waited for
	err    error         // of Wait; set before exited is closed

	mu    sync.Mutex
	ended bool
	then  func() // run once, when it has ended
}

// follow starts the goroutine that waits for the process, so that none becomes a
// zombie.
func (h *Host) follow(cmd *exec.Cmd) *child {
	c := &child{cmd: cmd, exited: make(chan struct{})}
	h.mu.Lock()
	h.children[c] = struct{}{}
	h.mu.Unlock()
	h.guests.Add(1) // the reservation's own count keeps it above 0 here
	go h.reap(c)
	return c
}

func (h *Host) reap(c *child) {
	defer h.guests.Done()
	// The pidfd is waited for in the poller; cmd.Wait alone would hold a thread for as
	// long as the child lives. The child is not reaped yet, so its number is its own.
	if process, err := openProcess(c.cmd.Process.Pid); err == nil {
		_ = process.await() // on failure cmd.Wait waits instead
		process.close()
	}
	c.err = c.cmd.Wait()
	h.mu.Lock()
	delete(h.children, c)
	h.mu.Unlock()
	close(c.exited)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.then != nil {
		c.then()
	}
}

// onExit has f run when the process has ended, at once if it has.
func (c *child) onExit(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.then = f
	if c.ended {
		f()
	}
}

// await gives a process that should be ending the time d and says whether it has ended.
func (c *child) await(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.exited:
		return true
	case <-timer.C:
		return false
	}
}
