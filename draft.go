package roam

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/roam-rpc/roam-go/internal/bufpool"
	"github.com/roam-rpc/roam-go/wire"
)

// reserveFrom is from how many bytes on an item is written in place: a smaller one costs
// less to copy than a slot that is taken for as long as it is written.
const reserveFrom = 4096

// ErrDraftOver is what Send of a Draft gives that was sent or dropped before.
var ErrDraftOver = errors.New("the draft was sent or dropped")

// Draft is an item of a channel that is written where it is sent from. Send or Drop it:
// as long as it is out this side has a slot less to send with, and its guest or host does
// not close. One that the program loses is dropped when it is garbage collected, and that
// is logged as a fault.
type Draft struct {
	tx       *Tx[[]byte]
	item     []byte   // encoded: the length, then the bytes
	bytes    []byte   // of item
	reserved Reserved // what item lies in, nil for memory of this process
	cleanup  runtime.Cleanup
	state    atomic.Uint32
}

// States of a draft.
const (
	draftOut uint32 = iota
	draftSending
	draftOver
)

// Reserve gives an item of n bytes to be written, with whatever is in them, and then sent.
// Over shared memory the bytes of a large one lie in the segment, if a slot is to be had
// at once that others do not need, and are not copied to be sent. It waits, as Send does,
// until the call that passes the other end was sent, and for nothing else. Errors: ctx's,
// ErrPassed, the call's, or a *SizeError for an item that can never be sent.
func Reserve(ctx context.Context, tx *Tx[[]byte], n int) (*Draft, error) {
	defer runtime.KeepAlive(tx)
	p := tx.pair
	if err := p.await(ctx); err != nil {
		return nil, err
	}
	if p.sender == nil {
		return nil, ErrPassed
	}
	if n < 0 {
		return nil, errors.New("roam: Reserve of less than nothing")
	}
	size := wire.UvarintLen(uint64(n)) + n
	if most := p.sender.MaxItem(); size > most {
		return nil, &SizeError{What: "item", Size: size, Limit: most, Bound: "the largest item"}
	}
	d := &Draft{tx: tx}
	if size >= reserveFrom {
		d.reserved = p.sender.Reserve(size)
	}
	if d.reserved != nil {
		d.item = d.reserved.Bytes()
		d.cleanup = runtime.AddCleanup(d, Reserved.Drop, d.reserved)
	} else {
		d.item = bufpool.Get(size)
	}
	d.bytes = d.item[len(wire.AppendUvarint(d.item[:0], uint64(n))):size:size]
	return d, nil
}

// Bytes are the item's, to be written before Send. They are valid until Send or Drop, and
// only as long as the Draft itself is in use: what is written later the receiver may see,
// or another item.
func (d *Draft) Bytes() []byte { return d.bytes }

// Send sends the item; see [Tx.Send]. When ctx ends before it is sent the draft is as it
// was; any other error drops it.
func (d *Draft) Send(ctx context.Context) error {
	defer runtime.KeepAlive(d)
	if !d.state.CompareAndSwap(draftOut, draftSending) {
		return ErrDraftOver
	}
	err := d.send(ctx)
	if err != nil && ctx.Err() != nil {
		d.state.Store(draftOut)
		return err
	}
	d.finish(err == nil)
	return err
}

func (d *Draft) send(ctx context.Context) error {
	defer runtime.KeepAlive(d.tx)
	p := d.tx.pair
	if err := p.use.lock(ctx); err != nil {
		return err
	}
	defer p.use.unlock()
	if d.reserved != nil {
		return p.sender.SendReserved(ctx, d.reserved)
	}
	return p.sender.Send(ctx, d.item, nil)
}

// Drop gives the memory back; the item is not sent. It does nothing to a draft that was
// sent, is being sent or was dropped.
func (d *Draft) Drop() {
	defer runtime.KeepAlive(d)
	if d.state.CompareAndSwap(draftOut, draftSending) {
		d.finish(false)
	}
}

// finish ends the draft, for the one who has made it draftSending.
func (d *Draft) finish(sent bool) {
	d.state.Store(draftOver)
	switch {
	case d.reserved == nil:
		bufpool.Put(d.item)
		return
	case !sent:
		d.reserved.Release()
	}
	d.cleanup.Stop()
}
