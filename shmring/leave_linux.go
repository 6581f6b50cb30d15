package shmring

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/internal/layout"
)

const (
	// closeTime is how long Close lets guests leave.
	closeTime = 5 * time.Second
	// wakeInterval is how often guests are woken while the host leaves.
	wakeInterval = 100 * time.Millisecond
)

// Close ends the host: Shutdown with a bound of 5 seconds.
func (h *Host) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	err := h.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return h.closeErr
	}
	return err
}

// Shutdown tells all guests that the host leaves (host_goodbye) and waits until they
// have left and the processes it spawned have ended. What is left when ctx ends goes by
// force: links end with [ErrClosed], spawned processes are killed; that is an error
// that wraps the context's. In either case all is released when it returns: goroutines,
// descriptors, mapping, path and sockets. That waits for whoever holds a [Loan], even
// beyond ctx: the memory cannot go before. Any goroutine that holds none, any number of
// times; not from Config.OnDeath.
func (h *Host) Shutdown(ctx context.Context) error {
	h.leave.Do(func() {
		h.mu.Lock()
		close(h.leaving)
		h.mu.Unlock()
		go h.leaveAll()
	})
	select {
	case <-h.closed:
		return h.closeErr
	case <-ctx.Done():
	}
	h.mu.Lock()
	left := 0
	for i := range h.places {
		if h.places[i].taken {
			left++
		}
	}
	left = max(left, len(h.children))
	h.mu.Unlock()
	h.useForce()
	<-h.closed
	if left == 0 {
		return h.closeErr
	}
	return errors.Join(h.closeErr, fmt.Errorf("shmring: shutdown: %d guests went by force: %w", left, context.Cause(ctx)))
}

func (h *Host) useForce() { h.forced.Do(func() { close(h.force) }) }

// leaveAll is the goroutine that ends the host.
func (h *Host) leaveAll() {
	// A guest that sets its flag bit after this sees it; a swap for the reason of the engine's store.
	atomic.SwapUint32(h.seg.u32(layout.OffHeaderHostGoodbye), 1)
	gone := make(chan struct{})
	go func() {
		h.guests.Wait()
		close(gone)
	}()
	h.wakeUntil(gone)
	h.useForce()
	h.endGuests()
	<-gone
	h.release()
}

// wakeUntil wakes all guests again and again until they are gone or force is due.
func (h *Host) wakeUntil(gone <-chan struct{}) {
	tick := time.NewTicker(wakeInterval)
	defer tick.Stop()
	for {
		for _, peer := range h.Peers() {
			peer.custody.link.wakePeer()
		}
		select {
		case <-gone:
			return
		case <-h.force:
			return
		case <-tick.C:
		}
	}
}

// endGuests ends what has not left by itself.
func (h *Host) endGuests() {
	for _, peer := range h.Peers() {
		peer.custody.link.end(fmt.Errorf("%w: the host closed", ErrClosed))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.children {
		c.cmd.Process.Kill()
	}
}

// release gives back what belongs to the host alone. The name goes before the lock
// does, so that nobody finds a stale segment there.
func (h *Host) release() {
	var errs []error
	for _, l := range h.listeners {
		errs = append(errs, l.close())
	}
	h.tasks.Wait()
	if h.cfg.Path != "" {
		errs = append(errs, removeIfSame(h.seg.file, h.cfg.Path))
	}
	h.closeErr = errors.Join(append(errs, h.seg.close())...)
	close(h.closed)
}
