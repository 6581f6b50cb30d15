package core

import (
	"container/list"
	"fmt"
	"io"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/wire"
)

// Errors that a channel end gives its application.
var (
	errEOF    = io.EOF
	errClosed = roam.ErrChannelClosed
	errReset  = roam.ErrReset
)

// ErrCallCancelled ends the channels of a call whose caller gave up.
var ErrCallCancelled = fmt.Errorf("%w: its call was cancelled", roam.ErrChannelClosed)

// errRefused ends the channels of a call that the other side did not take.
var errRefused = fmt.Errorf("%w: its call was refused", roam.ErrChannelClosed)

// Channel is one channel on this side, for one use of its id.
type Channel struct {
	ID    uint64
	Sends bool // this side sends
	Ours  bool // this side allocated the id: it is the caller
	// Owner is the driver's.
	Owner any

	window flow.Window
	queue  itemQueue

	err      error // what the application gets at once; nil while open
	over     bool  // receiving: the peer's Close, Reset or Response came
	end      error // what the application gets after the queue, when over
	detached bool
	released bool // entry freed or id retired
	withheld bool // its credit waits
	credit   *Out // queued Credit message
	tomb     *list.Element
}

func windowOf(id uint64) flow.Window { return flow.Window{ID: id} }

func (ch *Channel) fail(err error) {
	if ch.Sends {
		if ch.err == nil {
			ch.err = err
		}
		return
	}
	ch.over = true
	if ch.end == nil {
		ch.end = err
	}
}

func (c *Core) open(ch *Channel) {
	c.cfg.Flow.Open(&ch.window, ch.Ours)
	c.channels[ch.ID] = ch
	parity := ch.ID & 1
	c.highest[parity] = max(c.highest[parity], ch.ID)
}

func (c *Core) unregister(ch *Channel) {
	c.exhume(ch)
	if c.channels[ch.ID] == ch {
		delete(c.channels, ch.ID)
	}
}

// release is this side's last touch of the channel's entry.
func (c *Core) release(ch *Channel) {
	if ch.released {
		return
	}
	ch.released = true
	if ch.Ours {
		c.cfg.Flow.Retire(&ch.window)
	} else {
		c.cfg.Flow.Free(&ch.window)
	}
}

// SendRoom says how many bytes may be sent now, or why the end is over.
func (c *Core) SendRoom(ch *Channel) (uint32, error) {
	if ch.err != nil {
		return 0, ch.err
	}
	room, err := c.cfg.Flow.Room(&ch.window)
	if err != nil {
		return 0, &Violation{Rule: wire.RuleShmCreditWrap, Detail: err.Error()}
	}
	return room, nil
}

// CommitData counts a Data message of n bytes; the driver publishes it in the same
// step, right after. false means that credit is missing.
func (c *Core) CommitData(ch *Channel, n uint32) (bool, error) {
	room, err := c.SendRoom(ch)
	if err != nil || room < n {
		return false, err
	}
	c.cfg.Flow.Sent(&ch.window, n)
	return true, nil
}

// Close ends a channel on which this side sends, after what was sent.
func (c *Core) Close(ch *Channel) { c.endSending(ch, wire.KindClose, errClosed) }

// Reset ends a channel on which this side receives; what is pending is dropped.
func (c *Core) Reset(ch *Channel) { c.endReceiving(ch, errClosed) }

// Detach keeps a channel open on which a handler receives after it returned.
func (c *Core) Detach(ch *Channel) { ch.detached = true }

// Open says whether the application's end is still open.
func (ch *Channel) Open() bool {
	return ch.err == nil && !ch.over
}

func (c *Core) endSending(ch *Channel, kind wire.Kind, err error) {
	if ch.err != nil {
		return
	}
	ch.err = err
	c.outbox.push(Out{Message: wire.Message{Kind: kind, ID: ch.ID}, channel: ch})
	c.effect(Wake).Channel = ch
}

func (c *Core) endReceiving(ch *Channel, err error) {
	if ch.err != nil {
		return
	}
	ch.err = err
	ch.queue.drop()
	c.effect(Wake).Channel = ch
	if ch.over {
		return
	}
	c.discard(ch)
	c.outbox.push(Out{Message: wire.Message{Kind: wire.KindReset, ID: ch.ID}, channel: ch})
	c.bury(ch)
}

// endPublished follows a Close or Reset of ours that the peer can now see.
func (c *Core) endPublished(ch *Channel) {
	if ch.Sends {
		c.unregister(ch)
		c.release(ch)
		return
	}
	// A Reset: what still comes is ignored until the peer's own end or the Response.
	// The callee frees the entry only then; the caller will not touch it any more.
	if ch.Ours {
		c.release(ch)
	}
}

// resetSender is a Reset of the peer on a channel this side sends on.
func (c *Core) resetSender(ch *Channel) {
	c.discard(ch)
	if ch.err == nil {
		ch.err = errReset
		c.effect(Wake).Channel = ch
	}
	if ch.Ours {
		// The answer is a Close, also in place of a Reset that waited for room.
		c.outbox.push(Out{Message: wire.Message{Kind: wire.KindClose, ID: ch.ID}, channel: ch})
		return
	}
	c.unregister(ch)
	c.release(ch)
}

// peerEnded is the end of a channel that this side receives on: the peer's Close or
// Reset came, or the Response after which nothing can come.
func (c *Core) peerEnded(ch *Channel, err error) {
	if ch.over {
		return
	}
	ch.over, ch.end = true, err
	c.discard(ch)
	if ch.err == nil {
		if err == errReset {
			ch.queue.drop()
		}
		c.effect(Wake).Channel = ch
	}
	c.unregister(ch)
	c.release(ch)
}

// refusedChannel ends a channel of a call that the callee did not take: the entry
// was never theirs.
func (c *Core) refusedChannel(ch *Channel) {
	c.discard(ch)
	if ch.err == nil {
		ch.err = errRefused
		ch.queue.drop()
		c.effect(Wake).Channel = ch
	}
	ch.over = true
	if now := c.channels[ch.ID]; now != nil && now != ch {
		return // only a peer that freed what it never opened lets the id come back
	}
	c.unregister(ch)
	if ch.released {
		c.cfg.Flow.Free(&ch.window)
		return
	}
	ch.released = true
	c.cfg.Flow.Refused(&ch.window)
}

// discard takes back what is queued for the channel.
func (c *Core) discard(ch *Channel) {
	c.outbox.discard(ch)
	ch.credit = nil
}

// Take appends the next received item to dst. false means that none is there yet.
func (c *Core) Take(ch *Channel, dst []byte) ([]byte, bool, error) {
	if ch.err != nil {
		return dst, false, ch.err
	}
	if ch.queue.empty() {
		return dst, false, ch.end
	}
	before := len(dst)
	dst = ch.queue.pop(dst)
	if !ch.over {
		c.grant(ch, uint32(len(dst)-before))
	}
	return dst, true, nil
}

// TakeKept is Take for an item that lies in memory of its own, which is the caller's
// from then on; false when the next one does not.
func (c *Core) TakeKept(ch *Channel) ([]byte, bool) {
	if ch.err != nil {
		return nil, false
	}
	item, ok := ch.queue.popKept()
	if ok && !ch.over {
		c.grant(ch, uint32(len(item)))
	}
	return item, ok
}

// Awaits gives the channel of this id if its next item is the next that Take gives: this
// side receives on it, it is open, and nothing is queued. Else nil.
func (c *Core) Awaits(id uint64) *Channel {
	ch := c.channels[id]
	if ch == nil || ch.Sends || ch.err != nil || !ch.queue.empty() {
		return nil
	}
	return ch
}

// Move replaces the item that Take gives next by a copy that move makes, if that item
// lies in memory of its own.
func (c *Core) Move(ch *Channel, move func([]byte) []byte) {
	if item := ch.queue.firstKept(); item != nil {
		*item = move(*item)
	}
}

func (c *Core) grant(ch *Channel, n uint32) {
	empty := ch.queue.empty()
	if empty && c.withholds(ch) {
		c.withhold(ch)
		empty = false
	}
	c.sendCredit(ch, c.cfg.Flow.Consumed(&ch.window, n, empty))
}

// sendCredit queues a Credit message, if there is credit to be sent so.
func (c *Core) sendCredit(ch *Channel, credit uint32) {
	if credit == 0 {
		return
	}
	out := &Out{Message: wire.Message{Kind: wire.KindCredit, ID: ch.ID, Credit: credit}, channel: ch}
	if ch.credit != nil {
		out.Message.Credit += ch.credit.Message.Credit
		c.outbox.replace(ch.credit, out)
	} else {
		c.outbox.set(append(c.outbox.queue, out))
	}
	ch.credit = out
}
