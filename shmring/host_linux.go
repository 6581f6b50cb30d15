package shmring

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
)

// Host is the one process that made a segment and serves its guests. All methods may
// be called from any goroutine.
//
// Only a host with a Path serves guests that walk up. It looks at the peer table every
// 50 ms, since they need not announce themselves; a host with a memfd uses no CPU while
// its guests are idle, unless there is a heartbeat to watch.
type Host struct {
	cfg   Config
	path  string // what guests open
	seg   *segment
	slots *hostPool
	log   *slog.Logger

	mu        sync.Mutex
	places    []place             // what we know of each entry, by peer id - 1; guarded by mu
	arrived   []*Peer             // attached without Spawn, not yet accepted; guarded by mu
	children  map[*child]struct{} // not waited for yet; guarded by mu
	listeners []*joinListener     // guarded by mu until the host leaves, then unchanged
	arrival   chan struct{}       // holds a token while arrived is not empty
	recovered chan struct{}       // closed, and made anew, when an entry has been recovered or given up; guarded by mu

	leaving chan struct{} // closed, under mu, when no more guests are taken
	force   chan struct{} // closed when what is left goes by force
	closed  chan struct{} // closed when all is released; closeErr is set before
	leave   sync.Once
	forced  sync.Once

	guests   sync.WaitGroup // one for each reservation, guest and child that has not ended
	tasks    sync.WaitGroup // all other goroutines, and calls that may add to guests
	closeErr error
}

// Create makes a segment and returns its host. Errors: *[BoundError] for a
// configuration outside its bounds, [ErrInUse] when something that is not the stale
// segment of a dead host has the path, else what the system said.
func Create(cfg Config) (*Host, error) {
	cfg = cfg.withDefaults()
	lay, err := cfg.layout()
	if err != nil {
		return nil, fmt.Errorf("shmring: create: %w", err)
	}
	seg, err := createSegment(cfg.Path, lay)
	if err != nil {
		return nil, fmt.Errorf("shmring: create segment: %w", err)
	}
	h := &Host{
		cfg:       cfg,
		path:      cfg.Path,
		seg:       seg,
		slots:     newHostPool(seg),
		log:       cfg.Logger,
		places:    make([]place, lay.MaxGuests),
		children:  make(map[*child]struct{}),
		arrival:   make(chan struct{}, 1),
		recovered: make(chan struct{}),
		leaving:   make(chan struct{}),
		force:     make(chan struct{}),
		closed:    make(chan struct{}),
	}
	if h.path == "" {
		h.path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), seg.file.Fd())
	}
	if every := h.patrolInterval(); every > 0 {
		h.tasks.Add(1)
		go h.patrol(every)
	}
	return h, nil
}

func createSegment(path string, lay segmentLayout) (*segment, error) {
	if path != "" {
		return createAt(path, lay)
	}
	file, err := createMemfd()
	if err != nil {
		return nil, err
	}
	seg, err := newSegment(file, lay)
	if err != nil {
		return nil, err
	}
	if err := seal(file); err != nil {
		seg.close()
		return nil, err
	}
	seg.publish()
	return seg, nil
}

// Config is the configuration in force, defaults filled in.
func (h *Host) Config() Config { return h.cfg }

// Path is what guests open: Config.Path, or the memfd under /proc, which only
// processes of the same user may open.
func (h *Host) Path() string { return h.path }

// Peer gives the attached guest with that id, nil when there is none.
func (h *Host) Peer(id uint32) *Peer {
	h.mu.Lock()
	defer h.mu.Unlock()
	if id < 1 || int(id) > len(h.places) {
		return nil
	}
	return h.places[id-1].peer
}

// Peers are the attached guests, by id.
func (h *Host) Peers() []*Peer {
	h.mu.Lock()
	defer h.mu.Unlock()
	var peers []*Peer
	for i := range h.places {
		if peer := h.places[i].peer; peer != nil {
			peers = append(peers, peer)
		}
	}
	return peers
}

// Accept waits for the next guest that attached without [Host.Spawn]: one that joined
// over a socket or walked up to the path. Each is returned once; one that has ended
// before it was accepted never. Errors: the context's, [ErrClosed] once the host
// leaves. Any number of goroutines may wait.
func (h *Host) Accept(ctx context.Context) (*Peer, error) {
	for {
		select {
		case <-h.leaving:
			return nil, fmt.Errorf("accept a guest: %w", ErrClosed)
		case <-ctx.Done():
			return nil, fmt.Errorf("accept a guest: %w", context.Cause(ctx))
		case <-h.arrival:
		}
		h.mu.Lock()
		var peer *Peer
		if len(h.arrived) > 0 {
			peer = h.arrived[0]
			h.arrived = slices.Delete(h.arrived, 0, 1)
		}
		h.announce()
		h.mu.Unlock()
		if peer != nil {
			return peer, nil
		}
	}
}

// announce sees to the token for arrived. mu is held.
func (h *Host) announce() {
	if len(h.arrived) == 0 {
		return
	}
	select {
	case h.arrival <- struct{}{}:
	default:
	}
}

// begin notes a call or goroutine that may take in guests; the caller ends it with
// tasks.Done. [ErrClosed] once the host leaves.
func (h *Host) begin() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLeaving() {
		return ErrClosed
	}
	h.tasks.Add(1)
	return nil
}

func (h *Host) isLeaving() bool { return isClosed(h.leaving) }

// isClosed looks at a channel that is only ever closed.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
