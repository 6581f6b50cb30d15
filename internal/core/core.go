package core

import (
	"math"
	"sync"

	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
)

// MaxInFlight is how many Requests a side may have in flight on a connection.
const MaxInFlight = 1024

// Config is what one connection's core is made with.
type Config struct {
	Limits handshake.Negotiated
	Flow   flow.Provider
	// StrictInFlight ends the connection at a Request over MaxInFlight: the peer is
	// known to count (shared memory with TABLE). Otherwise it is answered.
	StrictInFlight bool
	// AnyPeerID lets channel ids be any u32: the peer keeps no channel table. What
	// this side allocates runs on beyond MaxChannels too.
	AnyPeerID bool
	// Withhold lets credit wait that the peer does not lack: see Core.GrantWithheld.
	Withhold bool
}

// Core is the state of one connection. It is not safe for concurrent use.
type Core struct {
	cfg Config

	err      error // why the connection ended, nil while it lives
	nextID   uint64
	calls    inFlight[Call]      // ours, until the Response came
	serving  inFlight[Request]   // the peer's, until the Response is published
	surplus  int                 // of serving: answered for being too many
	channels map[uint64]*Channel // open, or reset and kept to ignore late messages
	highest  [2]uint64           // highest channel id opened, by parity
	lenient  bool                // messages for unopened ids of the peer's are dropped
	tombs    tombs
	withheld []*Channel // whose credit waits

	outbox   outbox
	effects  []Effect
	requests sync.Pool // of *Request, for requests to come
	next     *Request  // taken before those; of who receives
}

// New makes the core of a fresh connection.
func New(cfg Config) *Core {
	return &Core{cfg: cfg, channels: make(map[uint64]*Channel)}
}

// Err is why the connection ended, nil while it lives.
func (c *Core) Err() error { return c.err }

// Limits are what was negotiated.
func (c *Core) Limits() handshake.Negotiated { return c.cfg.Limits }

// Busy says whether a call or channel is open in either direction.
func (c *Core) Busy() bool { return c.calls.len()+c.serving.len()+len(c.channels) > 0 }

// Counts are the numbers of things that are open, for tests and diagnosis.
type Counts struct{ Calls, Serving, Channels, Outbox int }

// Counts tells what is open.
func (c *Core) Counts() Counts {
	return Counts{Calls: c.calls.len(), Serving: c.serving.len(), Channels: len(c.channels), Outbox: c.outbox.len()}
}

// ours says whether channel ids like id are allocated by this side.
func (c *Core) ours(id uint64) bool { return id&1 == c.cfg.Limits.Role.Parity() }

// lastID is the largest channel id that there can be.
func (c *Core) lastID() uint64 {
	switch {
	case c.tabled():
		return uint64(c.cfg.Limits.MaxChannels) - 1
	case c.cfg.AnyPeerID:
		return math.MaxUint32
	}
	return math.MaxUint64
}

// tabled says that channel ids index a table that both sides keep.
func (c *Core) tabled() bool { return c.cfg.Limits.MaxChannels > 0 && !c.cfg.AnyPeerID }

// Processed says that the message received with this sequence number has been
// processed, and with it what it means for channels of this side.
func (c *Core) Processed(seq uint32) { c.cfg.Flow.Processed(seq) }

// Fail ends the connection: every call, request and channel ends with err. Only the
// first call has an effect.
func (c *Core) Fail(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	for _, call := range c.calls.takeAll() {
		call.end(err)
		c.effect(Respond).Call = call
	}
	for _, r := range c.serving.takeAll() {
		if !r.refused {
			c.effect(EndContext).Request = r
		}
	}
	for id, ch := range c.channels {
		delete(c.channels, id)
		ch.fail(err)
		c.exhume(ch)
		c.effect(Wake).Channel = ch
	}
	c.outbox.clear()
}
