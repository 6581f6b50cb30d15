package stream

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// ErrClosed is the end of a connection that Close ended.
var ErrClosed = errors.New("stream: connection closed by this side")

// ErrPeerClosed is the end of a connection that the other side closed between two
// messages. It is not io.EOF: for a channel, which fails with it, that would be the
// regular end.
var ErrPeerClosed = errors.New("stream: connection closed by the other side")

// envelope is what a frame may hold beside its payload, bytes: metadata up to its
// limit, as much again so that metadata over it is refused by its own rule, and the
// fixed fields.
const envelope = 2*wire.MaxMetadataTotal + 1024

// Conn is one connection over a byte stream. [transport.Transport] says which of its
// methods may be called at once.
//
// Locks: sleeping is taken before any other. sleepMu and the locks of in and out are
// never held together.
type Conn struct {
	rw  io.ReadWriteCloser
	raw *rawSocket // nil where reading and writing may block

	out outbox
	in  input
	seq uint32 // messages received; of whoever receives

	armed  [transport.Kinds]atomic.Int32 // how many wait, by kind
	onWake atomic.Pointer[func()]
	wakes  atomic.Int32 // calls of onWake asked for; whoever raised it from 0 makes them

	// wake ends the part of Wait that sleeps on this process: a frame, the end, an
	// arm or an interrupt. Capacity 1; a token too many is harmless.
	wake        chan struct{}
	interrupted atomic.Bool  // guarded by sleepMu where it is set
	sleeping    sync.Mutex   // held by Wait while it sleeps on the socket
	sleepMu     sync.Mutex   // guards asleep, broken, and with them the read deadline
	asleep      bool         // Wait sleeps on the socket
	broken      bool         // its deadline was set, to break the sleep
	vain        atomic.Int32 // times that sleep was disturbed since Messages was armed

	lastWords *time.Timer // guarded by sleepMu: the end, some time after a write failed

	readDone chan struct{} // readLoop has ended
	closing  atomic.Bool
	closeErr error         // set before closed is closed
	closed   chan struct{} // Close is done
}

var (
	_ transport.Transport = (*Conn)(nil)
	_ handshake.Messages  = (*Conn)(nil)
)

// New makes the connection over rw, which belongs to it from then on and is closed
// by Close only. maxFrame bounds a received frame, bytes decoded, until SetLimits.
func New(rw io.ReadWriteCloser, maxFrame int) *Conn {
	c := &Conn{rw: rw, raw: newRawSocket(rw), wake: make(chan struct{}, 1), closed: make(chan struct{})}
	c.in.init(maxFrame)
	if c.raw == nil {
		c.readDone = make(chan struct{})
		go c.readLoop()
	} else {
		c.raw.onReadable = c.readable
	}
	return c
}

// SetLimits bounds received frames for messages whose payload has at most maxPayload
// bytes, with room for metadata. It is called once, after the handshake.
func (c *Conn) SetLimits(maxPayload uint32) {
	c.in.setLimit(int(min(uint64(maxPayload)+envelope, math.MaxInt/2)))
	c.signal()
}

// OnWake sets the function that is called when there is room again for those who
// armed Space, and when the connection can send no more.
func (c *Conn) OnWake(fn func()) { c.onWake.Store(&fn) }

// callWake calls the function of OnWake, on one goroutine at a time and never from
// within itself: asked for meanwhile, it is called once more.
func (c *Conn) callWake() {
	fn := c.onWake.Load()
	if fn == nil || c.wakes.Add(1) != 1 {
		return
	}
	for {
		asked := c.wakes.Load()
		(*fn)()
		if c.wakes.CompareAndSwap(asked, 0) {
			return
		}
	}
}

// Arm asks that Wait returns when a message came, or that OnWake's function is called
// when there is room. Slots and credit do not exist here.
func (c *Conn) Arm(k transport.Kind, _ uint32) {
	if c.armed[k].Add(1) == 1 && k == transport.Messages {
		c.vain.Store(0)
		c.signal()
	}
}

// Disarm takes back one Arm.
func (c *Conn) Disarm(k transport.Kind, _ uint32) { c.armed[k].Add(-1) }

func (c *Conn) wanted(k transport.Kind) bool { return c.armed[k].Load() > 0 }

// Woke says false: who wakes the peer is not known.
func (c *Conn) Woke() bool { return false }

// Nap is not supported: a socket cannot be slept on together with a word.
func (c *Conn) Nap(*transport.Bell, time.Duration, bool) bool { return false }

// fail ends the connection behind the messages that have come.
func (c *Conn) fail(err error) {
	c.in.mu.Lock()
	c.in.fail(err)
	c.in.mu.Unlock()
	c.Interrupt() // Wait looks at the end first
}

// SendHandshake sends m and blocks until it is written or ctx ends. It is not called
// at once with Stage, nor with itself. A message of the peer that broke a rule does
// not stop it: the answer to that is a Goodbye.
func (c *Conn) SendHandshake(ctx context.Context, m *wire.Message) error {
	if err := c.out.stage(m); err != nil {
		return err
	}
	c.out.commit()
	c.Notify()
	return c.out.wait(ctx)
}

// ReceiveHandshake gives the next message, whose bytes are valid until more is
// received, and blocks until it came or ctx ends. It is not called at once with
// Receive or Wait. Errors of package wire come as they are.
func (c *Conn) ReceiveHandshake(ctx context.Context) (wire.Message, error) {
	stop := context.AfterFunc(ctx, c.Interrupt)
	defer stop()
	c.Arm(transport.Messages, 0)
	defer c.Disarm(transport.Messages, 0)
	var batch [1]transport.Arrival
	for {
		n, err := c.receive(batch[:])
		if n > 0 {
			return batch[0].Message, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return wire.Message{}, handshakeError(err)
		}
		_ = c.Wait(true) // an error is there again in receive, behind the messages before it
	}
}

// handshakeError makes a frame over the bound what it is in a handshake: bytes that
// are not a Hello.
func handshakeError(err error) error {
	var size *wire.FrameSizeError
	if errors.As(err, &size) {
		return &wire.DecodeError{What: "first frame", Fault: wire.FaultValue, Err: err}
	}
	return err
}
