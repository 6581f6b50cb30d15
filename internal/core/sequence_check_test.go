package core

import (
	"errors"

	"github.com/roam-rpc/roam-go/wire"
)

var goodbye = wire.Message{Kind: wire.KindGoodbye, Payload: []byte("enough")}

// publish puts a message into the other side's ring, if it may be sent now.
func (s *side) publish(e *envelope) {
	s.w.note(s, "publishes %s %d of call %d, %d bytes", e.Kind, e.ID, e.exchange.serial, len(e.Payload))
	if e.use != nil {
		s.checkChannelMessage(e)
	} else {
		s.checkCallMessage(e)
	}
	in := s.other.in
	in.head++
	e.seq = in.head
	in.queue = append(in.queue, *e)
	if n := len(in.queue); s.w.broken.swap && n > 1 && s.w.pick(20) == 0 {
		in.queue[n-1], in.queue[n-2] = in.queue[n-2], in.queue[n-1]
	}
}

func (s *side) checkCallMessage(e *envelope) {
	x := e.exchange
	switch e.Kind {
	case wire.KindRequest:
		if other := s.requests[e.ID]; other != nil {
			s.w.fault("call %d of %s takes the request id %d of call %d, which is in flight", x.serial, s, e.ID, other.serial)
		}
		s.requests[e.ID] = x
	case wire.KindCancel:
		if len(s.cancels) == 0 || s.cancels[0] != x || x.request != e.ID {
			s.w.fault("%s sends a Cancel for request %d out of turn", s, e.ID)
		}
		s.cancels = s.cancels[1:]
	case wire.KindResponse:
		if x.answered || x.from == s || x.request != e.ID {
			s.w.fault("%s sends another Response to call %d", s, x.serial)
		}
		x.answered = true
		for _, u := range x.uses {
			if x.accepted && u.sender == s && !u.ended[s.i] && !u.told[s.i] {
				s.w.fault("the Response overtakes the Close of %s", u)
			}
		}
	}
}

// checkChannelMessage is the rules for who may send what on a channel, and the
// world's own count of credit.
func (s *side) checkChannelMessage(e *envelope) {
	u, me := e.use, s.i
	sender, caller := u.sender == s, u.exchange.from == s
	over := u.ended[me] || u.told[me] || caller && u.exchange.over && u.exchange.refused
	legal := false
	switch e.Kind {
	case wire.KindData:
		legal = sender && !over && (caller || !u.exchange.answered)
		s.countData(u, len(e.Payload))
	case wire.KindCredit:
		legal = !sender && !over
	case wire.KindReset:
		legal = !over
		u.ended[me] = true
	case wire.KindClose:
		legal = sender && !u.ended[me] && (!over || caller && u.reset[me])
		u.ended[me] = true
		u.closed = !u.told[me]
	}
	if !legal || e.ID != u.id {
		s.w.fault("%s sends %s on %s: ended %v, told %v", s, e.Kind, u, u.ended, u.told)
	}
}

func (s *side) countData(u *use, n int) {
	u.sizes = append(u.sizes, n)
	u.sent += n
	unread := u.sent - u.consumed
	if s.w.transport == overForeign {
		unread = u.sent
	}
	if unread > int(s.w.window) {
		s.w.fault("%s has %d bytes under way on %s, the window is %d", s, unread, u, s.w.window)
	}
}

// checkDelivery looks for a message that is about to reach another use of its id.
func (s *side) checkDelivery(e *envelope) {
	if e.use != nil {
		if ch := s.core.channels[e.ID]; ch != nil && ch.Owner.(*port).use != e.use {
			s.w.fault("%s of %s reaches %s", e.Kind, e.use, ch.Owner)
		}
		return
	}
	switch e.Kind {
	case wire.KindResponse:
		if k := s.core.calls.get(e.ID); k == nil || k.Owner.(*outgoing).exchange != e.exchange {
			s.w.fault("the Response to call %d does not find its call", e.exchange.serial)
		}
	case wire.KindCancel:
		if r := s.core.serving.get(e.ID); r != nil && r.Owner.(*incoming).exchange != e.exchange {
			s.w.fault("the Cancel of call %d reaches call %d", e.exchange.serial, r.Owner.(*incoming).serial)
		}
	}
}

// delivered notes what this side knows now.
func (s *side) delivered(e *envelope) {
	switch e.Kind {
	case wire.KindResponse:
		e.exchange.over = true
		delete(s.requests, e.ID)
		for _, o := range s.calls {
			if o.exchange == e.exchange {
				s.calls = without(s.calls, o)
				break
			}
		}
	case wire.KindClose, wire.KindReset:
		e.use.told[s.i] = true
		e.use.reset[s.i] = e.use.reset[s.i] || e.Kind == wire.KindReset
	}
}

// check compares the core's counts with what the world knows, after each step.
func (s *side) check() {
	counts := s.core.Counts()
	arriving := 0
	if s.arriving != nil {
		arriving = 1
	}
	if counts.Calls != len(s.calls) {
		s.w.fault("%s counts %d calls, %d are in flight", s, counts.Calls, len(s.calls))
	}
	if counts.Serving != len(s.handlers)+arriving {
		s.w.fault("%s counts %d requests, %d are in flight", s, counts.Serving, len(s.handlers)+arriving)
	}
	if bound := counts.Serving + counts.Channels + len(s.cancels); counts.Outbox > bound {
		s.w.fault("%s has %d messages queued with %d things open", s, counts.Outbox, bound)
	}
}

// fails ends the connection and checks that everything on it ends with err.
func (s *side) fails(err error) {
	s.core.Fail(err)
	s.settle()
	for _, o := range s.calls {
		if done, why := o.call.Done(); !done || why != err || !o.responded {
			s.w.fault("call %d of %s did not fail: %v, %v, %v", o.serial, s, done, why, o.responded)
		}
		s.core.Cancel(o.call)
	}
	for _, h := range s.handlers {
		if h.cancelled != h.accepted {
			s.w.fault("the context of call %d at %s: accepted %v, ended %v", h.serial, s, h.accepted, h.cancelled)
		}
		s.core.Returned(h.request)
		s.core.Respond(h.request, nil, nil)
		s.core.Refuse(h.request, UnknownMethod)
	}
	for _, p := range s.ports {
		s.portFails(p, err)
	}
	if s.staged != nil && s.staged.out != nil && s.core.CommitOut(s.staged.out) {
		s.w.fault("%s still sends %s", s, s.staged.Kind)
	}
	if counts := s.core.Counts(); counts != (Counts{}) {
		s.w.fault("%s failed and still has %+v", s, counts)
	}
}

func (s *side) portFails(p *port, err error) {
	if p.stalled {
		s.w.fault("%s was not woken at the end of %s", s, p)
	}
	var why error
	for ok := true; ok; {
		if p.ch.Sends {
			_, why = s.core.CommitData(p.ch, 0)
			break
		}
		_, ok, why = s.core.Take(p.ch, nil)
	}
	if why == nil || errors.Is(why, errEOF) && !p.told[s.i] && !p.exchange.over {
		s.w.fault("%s did not fail but gave %v, not %v", p, why, err)
	}
	if p.ch.Sends {
		s.core.Close(p.ch)
	} else {
		s.core.Reset(p.ch)
	}
}
