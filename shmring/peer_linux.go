package shmring

import (
	"errors"
	"fmt"
	"slices"
)

// origin is how a guest came.
type origin uint8

const (
	spawned  origin = iota // a child of the host; has a doorbell
	joined                 // over the host's socket, which is its doorbell
	walkedUp               // by path; has no doorbell
)

// Peer is one guest, as the host sees it, from its attach to its end. Methods may be
// called from any goroutine, also after the end.
type Peer struct {
	host    *Host
	id      uint32
	origin  origin
	foreign bool      // walked up without KEEPS: holds no lock
	raised  bool      // foreign, and its epoch has been raised; guarded by host.mu
	pid     int       // 0 when unknown
	seen    uint64    // when it was first seen attached, CLOCK_MONOTONIC ns
	bell    *doorbell // nil for one that walked up
	child   *child    // nil unless spawned
	custody *custody  // set when attached

	done chan struct{}
	err  error // why it ended; set before done is closed
}

// install makes a reserved or adopted guest an attached one, with a link, and starts
// the goroutine that sees it to its end. host.mu is held.
func (h *Host) install(p *Peer) {
	p.done = make(chan struct{})
	p.seen = monotonic()
	p.custody = newCustody(newLink(linkConfig{seg: h.seg, peer: p.id, host: true, bell: p.bell, hostPool: h.slots}))
	h.places[p.id-1].peer = p
	if p.origin != spawned {
		h.arrived = append(h.arrived, p)
		h.announce()
	}
	go p.attend()
}

// ID is the guest's peer id, 1 to 255. It may be given to another guest after the end
// of this one.
func (p *Peer) ID() uint32 { return p.id }

// Pid is the guest's process id as the kernel told the host, 0 for a guest that walked
// up. The process that speaks may be a descendant of it.
func (p *Peer) Pid() int { return p.pid }

// Link gives the host's end of this guest's rings to a driver, which from then on
// calls its Wait. Until then the host itself watches for the guest's end. Further calls
// return the same link.
func (p *Peer) Link() *Link { return p.custody.take() }

// Done is closed when the guest has ended and its entry is free for another; when
// something still holds its end of the doorbell or lock, or this side a [Loan] of its
// memory, a bounded time after its calls have failed. Link().Done() tells at once.
func (p *Peer) Done() <-chan struct{} { return p.done }

// Err is nil until Done, then why the guest ended: [ErrPeerLeft], [ErrPeerDied],
// [ErrClosed] or what its link was ended with.
func (p *Peer) Err() error {
	if !isClosed(p.done) {
		return nil
	}
	return p.err
}

// Wait waits for a spawned guest's process to end and returns what exec.Cmd.Wait said.
// For other guests it waits for Done and returns Err.
func (p *Peer) Wait() error {
	if p.child == nil {
		<-p.done
		return p.err
	}
	<-p.child.exited
	return p.child.err
}

// Kill kills a spawned guest's process. For others it returns errors.ErrUnsupported:
// their numbers may be another's by now.
func (p *Peer) Kill() error {
	if p.child == nil {
		return fmt.Errorf("kill guest %d: not a child of this host: %w", p.id, errors.ErrUnsupported)
	}
	return p.child.cmd.Process.Kill()
}

// forget takes an ended guest off the lists. Its entry stays taken until it is recovered.
func (p *Peer) forget() {
	h := p.host
	h.mu.Lock()
	defer h.mu.Unlock()
	h.places[p.id-1].peer = nil
	h.places[p.id-1].recovery = underWay
	h.arrived = slices.DeleteFunc(h.arrived, func(other *Peer) bool { return other == p })
}
