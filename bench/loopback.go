package main

import (
	"context"
	"errors"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// startLoopback gives the generated client over a pair of cores: all that a call does
// but for moving it to another goroutine or process.
func startLoopback() client {
	return loopbackClient{&loop{caller: newCore(handshake.Acceptor), callee: newCore(handshake.Initiator), service: service()}}
}

// loopbackClient has no guest.
type loopbackClient struct{ loop *loop }

func (c loopbackClient) caller(int) caller { return roamCaller(c.loop) }
func (loopbackClient) close() error        { return nil }

func newCore(role handshake.Role) *core.Core {
	return core.New(core.Config{
		Limits: handshake.Negotiated{Role: role, MaxPayload: maxPayload, InitialCredit: initialCredit},
		Flow:   flow.NewMessages(role.Parity(), initialCredit),
	})
}

// loop is two cores joined by two slices. It is a roam.Caller for one goroutine, which
// does everything: a call's request goes through both cores, the handler runs, and its
// response goes back. Nothing is encoded as a message and no lock is taken; arguments
// and results are encoded, and copied as the cores do it.
type loop struct {
	caller, callee *core.Core
	service        roam.Dispatcher

	there, back []transport.Arrival // messages on their way
	effects     []core.Effect
	call        core.Call // the one in flight
	in          roam.Incoming
	reply       roam.Reply
	used        roam.Invocation // of the last request
}

// Do makes one call.
func (l *loop) Do(ctx context.Context, call *roam.Call) error {
	if len(call.Passed()) > 0 {
		return fmt.Errorf("%s: the loopback has no channels: their items come from other goroutines", call.Method)
	}
	if err := call.Args.Err(); err != nil {
		return err
	}
	l.call.Reset()
	if ok, err := l.caller.Admit(&l.call); err != nil || !ok {
		return errors.Join(err, errBusy)
	}
	if err := l.caller.CommitCall(&l.call); err != nil {
		return err
	}
	l.there = put(l.there, wire.Message{Kind: wire.KindRequest, ID: l.call.ID, Method: call.Method.ID, Payload: call.Args.Buffer()})
	if err := l.deliver(ctx, l.callee, l.there); err != nil {
		return err
	}
	if err := l.deliver(ctx, l.caller, l.back); err != nil {
		return err
	}
	if done, err := l.call.Done(); err != nil || !done {
		return errors.Join(err, errBusy)
	}
	return call.DecodeResult(l.call.Metadata, l.call.Payload, l.call.Owned)
}

// errBusy is a loopback in which a call is in flight already.
var errBusy = errors.New("the loopback carries one call at a time")

// put sends a message: it is the only one on its way.
func put(queue []transport.Arrival, m wire.Message) []transport.Arrival {
	return append(queue[:0], transport.Arrival{Message: m, Size: len(m.Payload)})
}

// deliver has a core receive what was sent to it and carries out the effects.
func (l *loop) deliver(ctx context.Context, to *core.Core, queue []transport.Arrival) error {
	for i := range queue {
		if err := to.Receive(&queue[i].Message, queue[i].Size); err != nil {
			return err
		}
		l.effects = to.TakeEffects(l.effects)
		for _, effect := range l.effects {
			if effect.Kind != core.Arrived {
				continue
			}
			if err := l.serve(ctx, effect.Request); err != nil {
				return err
			}
		}
		to.Processed(queue[i].Seq)
	}
	return nil
}

// serve runs the handler and sends its response.
func (l *loop) serve(ctx context.Context, r *core.Request) error {
	l.in.Reset()
	l.in.Offer(&l.used)
	l.in.Method, l.in.Metadata = r.Method, r.Metadata
	l.in.Args.Reset(r.Args, false)
	invocation, err := l.service.Prepare(&l.in)
	if err != nil {
		return err
	}
	if err := l.callee.Accept(r, nil); err != nil {
		return err
	}
	l.reply.Reset()
	invocation.Invoke(ctx, &l.reply)
	l.used = invocation
	if err := l.reply.Undeclared(); err != nil {
		return err
	}
	l.callee.Returned(r)
	if err := l.callee.CommitResponse(r); err != nil {
		return err
	}
	head, tail := l.reply.Payload()
	l.back = put(l.back, wire.Message{Kind: wire.KindResponse, ID: r.ID, Payload: append(head, tail...)})
	l.callee.Recycle(r)
	return nil
}
