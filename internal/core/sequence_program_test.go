package core

import (
	"bytes"
	"slices"

	roam "github.com/roam-rpc/roam-go"
)

// atOnce is how many calls a program has under way at most.
const atOnce = 8

// step does one thing of those that this side may do.
func (s *side) step() {
	w := s.w
	if w.pick(100) < w.ending {
		s.endSomething()
		return
	}
	switch w.pick(12) {
	case 0:
		if len(s.calls) < atOnce {
			s.begin()
		}
	case 1, 2, 3:
		s.stage()
	case 4, 5, 6:
		s.commit()
	case 7:
		s.takeOff(1 + w.pick(4))
	case 8, 9:
		s.process()
	case 10:
		s.answerArrival()
		if len(s.handlers) > 0 && w.pick(12) == 0 {
			s.returns(s.handlers[w.pick(len(s.handlers))])
		}
	case 11:
		if p := s.somePort(false); p != nil {
			s.take(p)
		}
	}
}

// begin starts a call with channels both ways.
func (s *side) begin() {
	sends := make([]bool, (s.w.pick(7)+1)/2)
	for i := range sends {
		sends[i] = s.w.pick(2) == 0
	}
	if limit := s.core.IDLimit(); limit > 0 && len(sends) > limit {
		sends = sends[:limit]
	}
	call := new(Call)
	if n := len(s.spare); n > 0 {
		call, s.spare = s.spare[n-1], s.spare[:n-1]
	}
	ok, err := s.core.TakeChannels(call, sends)
	if err != nil {
		s.w.fault("%s cannot take channel ids: %v", s, err)
	}
	if !ok {
		s.spare = append(s.spare, call)
		return
	}
	if s.w.pick(2) == 0 {
		s.core.nextID = uint64(s.w.pick(6)) // as after 2^32 calls
	}
	if ok, err := s.core.Admit(call); !ok || err != nil {
		s.w.fault("%s cannot admit a call: %v", s, err)
	}
	x := &exchange{serial: len(s.w.exchanges), from: s, request: call.ID}
	o := &outgoing{exchange: x, call: call}
	call.Owner = o
	for i, ch := range call.Channels {
		u := &use{exchange: x, serial: i, id: ch.ID, sender: s.other}
		if sends[i] {
			u.sender = s
		}
		x.uses = append(x.uses, u)
		o.ports = append(o.ports, s.newPort(u, ch))
	}
	s.w.exchanges = append(s.w.exchanges, x)
	s.calls = append(s.calls, o)
	s.w.note(s, "begins call %d as request %d with %d channels", x.serial, x.request, len(sends))
}

func (s *side) newPort(u *use, ch *Channel) *port {
	p := &port{use: u, ch: ch}
	ch.Owner = p
	u.ends[s.i] = p
	return p
}

// answerArrival accepts or refuses the Request that came.
func (s *side) answerArrival() {
	if s.arriving == nil {
		return
	}
	r, x := s.arriving, s.arrival.exchange
	s.arriving = nil
	h := r.Owner.(*incoming)
	s.handlers = append(s.handlers, h)
	if s.w.pick(6) == 5 {
		x.refused, h.queued = true, true
		s.core.Refuse(r, UnknownMethod+Refusal(x.serial%2))
		s.w.note(s, "refuses call %d", x.serial)
	} else {
		s.accept(h)
	}
	s.settle()
	scribble(&s.arrival)
	s.core.Processed(s.arrival.seq)
}

func (s *side) accept(h *incoming) {
	h.accepted = true
	ends := make([]End, len(h.uses))
	for i, u := range h.uses {
		ends[i] = End{ID: u.id, Sends: u.sender == s}
	}
	if err := s.core.Accept(h.request, ends); err != nil {
		s.w.fault("%s does not accept call %d: %v", s, h.serial, err)
	}
	for i, u := range h.uses {
		h.ports = append(h.ports, s.newPort(u, h.request.Channels[i]))
	}
	s.ports = append(s.ports, h.ports...)
	s.w.note(s, "accepts call %d", h.serial)
	if s.w.pick(6) == 5 { // a handler that runs inline
		s.returns(h)
		s.core.Respond(h.request, nil, h.result())
		h.queued = true
	}
}

// returns ends the handler's use of its channels.
func (s *side) returns(h *incoming) {
	if h.returned || h.refused {
		return
	}
	s.w.note(s, "returns from call %d", h.serial)
	h.returned = true
	s.core.Returned(h.request)
	s.settle()
	for _, p := range h.ports {
		if p.ch.Sends || !p.detached {
			s.ended(p, s.whyEnded(p))
		}
	}
}

// whyEnded is the error of an end that this side's program has ended.
func (s *side) whyEnded(p *port) error {
	var err error
	if p.ch.Sends {
		_, err = s.core.SendRoom(p.ch)
	} else {
		_, _, err = s.core.Take(p.ch, nil)
	}
	if err == nil {
		s.w.fault("%s can still use %s", s, p)
	}
	return err
}

// take takes the next item of a channel and compares it with what was sent.
func (s *side) take(p *port) bool {
	prefix := []byte("kept")
	b, ok, err := s.core.Take(p.ch, prefix)
	switch {
	case err != nil:
		if p.stalled {
			s.w.fault("%s was not woken for the end of %s", s, p)
		}
		s.ended(p, err)
		return false
	case !ok:
		p.stalled = true
		return false
	case p.stalled:
		s.w.fault("%s was not woken for an item of %s", s, p)
	}
	i := p.taken
	if i >= len(p.sizes) {
		s.w.fault("%s took item %d of %s, %d were sent", s, i, p, len(p.sizes))
	}
	if want := append(prefix, p.item(i, p.sizes[i])...); !bytes.Equal(b, want) {
		s.w.fault("%s took %x as item %d of %s, %x was sent", s, b, i, p, want)
	}
	p.taken++
	p.consumed += p.sizes[i]
	return true
}

// endSomething ends a channel, a call, or nothing.
func (s *side) endSomething() {
	switch s.w.pick(6) {
	case 0:
		if p := s.somePort(true); p != nil {
			s.close(p)
		}
	case 1, 2:
		if p := s.somePort(false); p != nil {
			s.w.note(s, "resets %s", p)
			s.core.Reset(p.ch)
			s.settle()
			s.ended(p, s.whyEnded(p))
		}
	case 3, 4:
		if len(s.calls) > 0 {
			s.giveUp(s.calls[s.w.pick(len(s.calls))])
		}
	case 5:
		if p := s.somePort(false); p != nil && p.exchange.from != s {
			s.core.Detach(p.ch)
			p.detached = true
		}
	}
}

func (s *side) close(p *port) {
	s.w.note(s, "closes %s", p)
	s.core.Close(p.ch)
	s.settle()
	s.ended(p, s.whyEnded(p))
}

// giveUp is the end of a caller's context, before or after its Request went out.
func (s *side) giveUp(o *outgoing) {
	switch {
	case o.cancelled || s.staged != nil && s.staged.call == o:
		return
	case !o.published:
		s.w.note(s, "withdraws call %d", o.serial)
		s.core.Withdraw(o.call)
		s.calls = without(s.calls, o)
		return
	}
	s.w.note(s, "gives up call %d", o.serial)
	s.core.Cancel(o.call)
	o.cancelled = true
	s.cancels = append(s.cancels, o.exchange)
	s.settle()
	for _, p := range o.ports {
		s.ended(p, s.whyEnded(p))
	}
	if s.w.broken.forgetCancelled {
		s.core.calls.remove(o.request)
		s.calls = without(s.calls, o)
	}
}

// ended lets go of an end, whose error must be one that came about.
func (s *side) ended(p *port, err error) {
	s.ports = without(s.ports, p)
	if failure := s.core.Err(); failure != nil {
		return
	}
	fits := false
	switch err {
	case errEOF:
		fits = p.closed && p.taken == len(p.sizes)
	case errReset:
		fits = p.told[s.i] && p.reset[s.i]
	case errClosed:
		fits = true
	case ErrCallCancelled:
		fits = p.exchange.from == s
	case errRefused:
		fits = p.exchange.refused
	}
	if !fits {
		s.w.fault("%s has the end of %s as %v after %d of %d items", s, p, err, p.taken, len(p.sizes))
	}
}

func (s *side) somePort(sends bool) *port {
	var all []*port
	for _, p := range s.ports {
		if p.ch.Sends == sends {
			all = append(all, p)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[s.w.pick(len(all))]
}

// finish does what is left to do: everything is sent, received, read and answered.
func (s *side) finish() {
	s.commit()
	s.drain()
	for _, o := range slices.Clone(s.calls) {
		if !o.published && !s.full() {
			s.stageCall(o)
			s.commit()
		}
	}
	for _, p := range slices.Clone(s.ports) {
		if p.ch.Sends {
			s.finishSending(p)
		}
	}
	s.takeOff(len(s.in.queue))
	for len(s.batch) > 0 || s.arriving != nil {
		s.answerArrival()
		s.process()
	}
	for _, p := range slices.Clone(s.ports) {
		for !p.ch.Sends && s.take(p) {
		}
	}
	for _, h := range slices.Clone(s.handlers) {
		s.finishHandler(h)
	}
}

// drain publishes what the core queued, as far as there is room.
func (s *side) drain() {
	for s.core.NextOut() != nil && !s.full() {
		s.stageOut(s.core.NextOut())
		s.commit()
	}
}

// finishSending sends one more item, the largest there can be: credit for it must
// come, since everything is read.
func (s *side) finishSending(p *port) {
	size := int(s.w.window)
	if s.w.transport == overForeign {
		size = 0
	}
	published := len(p.sizes)
	if s.drain(); s.full() {
		return
	}
	s.stageData(p, size)
	s.commit()
	if len(p.sizes) > published {
		s.close(p)
	}
}

// finishHandler returns once the channels have ended of themselves.
func (s *side) finishHandler(h *incoming) {
	using := slices.ContainsFunc(h.ports, func(p *port) bool { return slices.Contains(s.ports, p) })
	if !using {
		s.returns(h)
	}
	if s.drain(); h.returned && !h.queued && !s.full() {
		s.stageResponse(h)
		s.commit()
	}
}

// fail ends the connection on both sides at an arbitrary moment.
func (w *world) fail() {
	first := w.sides[w.pick(2)]
	first.fails(&roam.ConnectionError{Reason: "enough"})
	err := first.other.core.Receive(&goodbye, len(goodbye.Payload))
	if err == nil {
		w.fault("a Goodbye ends nothing")
	}
	first.other.fails(err)
}
