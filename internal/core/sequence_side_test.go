package core

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/roam-rpc/roam-go/wire"
)

// side is one core with its driver and its programs.
type side struct {
	w        *world
	i        int
	name     string
	other    *side
	core     *Core
	entries  *entries // overTable
	in       *ring    // what the other side published
	batch    []envelope
	staged   *staging
	arriving *Request // received, not accepted or refused yet
	arrival  envelope
	calls    []*outgoing // admitted, no Response yet
	handlers []*incoming // accepted or refused, no Response published yet
	ports    []*port     // ends that a program still uses
	requests map[uint64]*exchange
	cancels  []*exchange // whose Cancel waits in the outbox
	spare    []*Call
	fx       []Effect
}

func (s *side) String() string { return s.name }

// outgoing is the program of a call: it waits for room, then for the Response.
type outgoing struct {
	*exchange
	call      *Call
	ports     []*port
	published bool
	cancelled bool
	responded bool
}

// incoming is the program of a handler.
type incoming struct {
	*exchange
	request   *Request
	ports     []*port
	returned  bool // has a Response to publish
	queued    bool // the core sends the Response
	cancelled bool
}

// port is an end of a channel in the hands of a program.
type port struct {
	*use
	ch       *Channel
	stalled  bool // was told to wait, no Wake since
	need     int  // for that many bytes, when it sends
	detached bool
}

// staging is a message for which there is room, not published yet.
type staging struct {
	envelope
	out     *Out      // a message of the core's own
	call    *outgoing // or a Request
	port    *port     // or Data
	handler *incoming // or a Response
}

// full says that there is no room to stage anything.
func (s *side) full() bool { return len(s.other.in.queue) >= s.other.in.room }

// stage takes room for the next message, as far as there is one.
func (s *side) stage() {
	if s.staged != nil || s.full() {
		return
	}
	if out := s.core.NextOut(); out != nil && !(s.w.broken.overtake && s.w.pick(2) == 0) {
		s.stageOut(out)
		return
	}
	var all []func()
	for _, o := range s.calls {
		if !o.published {
			all = append(all, func() { s.stageCall(o) })
		}
	}
	for _, h := range s.handlers {
		if h.returned && !h.queued {
			all = append(all, func() { s.stageResponse(h) })
		}
	}
	for _, p := range s.ports {
		if p.ch.Sends {
			all = append(all, func() { s.stageData(p, s.someSize()) })
		}
	}
	if len(all) > 0 {
		all[s.w.pick(len(all))]()
	}
}

func (s *side) someSize() int {
	window := int(s.w.window)
	switch s.w.pick(5) {
	case 0:
		return 0
	case 1:
		return window
	}
	return 1 + s.w.pick(min(window, 30))
}

// stageOut copies a message of the core's own, as a transport does.
func (s *side) stageOut(out *Out) {
	e := envelope{Message: out.Message}
	e.Payload = bytes.Clone(e.Payload)
	switch {
	case out.channel != nil:
		e.use = out.channel.Owner.(*port).use
		e.exchange = e.use.exchange
	case out.request != nil:
		e.exchange = out.request.Owner.(*incoming).exchange
	default:
		e.exchange = s.cancels[0]
	}
	s.staged = &staging{envelope: e, out: out}
}

func (s *side) stageCall(o *outgoing) {
	args := binary.LittleEndian.AppendUint32(nil, uint32(o.serial))
	m := wire.Message{Kind: wire.KindRequest, ID: o.call.ID, Payload: args}
	s.staged = &staging{envelope: envelope{Message: m, exchange: o.exchange}, call: o}
}

func (s *side) stageResponse(h *incoming) {
	m := wire.Message{Kind: wire.KindResponse, ID: h.request.ID, Payload: h.result()}
	s.staged = &staging{envelope: envelope{Message: m, exchange: h.exchange}, handler: h}
}

func (s *side) stageData(p *port, size int) {
	m := wire.Message{Kind: wire.KindData, ID: p.id, Payload: p.item(len(p.sizes), size)}
	s.staged = &staging{envelope: envelope{Message: m, exchange: p.exchange, use: p.use}, port: p}
}

// result is what the Response to an exchange must hold.
func (x *exchange) result() []byte {
	return binary.LittleEndian.AppendUint32([]byte{0}, uint32(x.serial))
}

// commit publishes what is staged, or gives the room back.
func (s *side) commit() {
	st := s.staged
	if s.staged = nil; st == nil {
		return
	}
	switch {
	case st.out != nil:
		s.commitOut(st)
	case s.core.NextOut() != nil && !s.w.broken.overtake: // goes first
	case st.call != nil:
		s.commitCall(st)
	case st.port != nil:
		s.commitData(st)
	default:
		s.commitResponse(st)
	}
	s.settle()
}

func (s *side) commitOut(st *staging) {
	current := s.core.CommitOut(st.out)
	if !current && !s.w.broken.commitStale {
		return
	}
	s.publish(&st.envelope)
	if !current {
		return
	}
	s.core.Published(st.out)
	if h := st.out.request; h != nil {
		s.handlers = without(s.handlers, h.Owner.(*incoming))
	}
}

func (s *side) commitCall(st *staging) {
	if err := s.core.CommitCall(st.call.call); err != nil {
		s.w.fault("%s cannot publish call %d: %v", s, st.call.serial, err)
	}
	s.publish(&st.envelope)
	st.call.published = true
	s.ports = append(s.ports, st.call.ports...)
}

func (s *side) commitData(st *staging) {
	p, n := st.port, len(st.Payload)
	ok, err := s.core.CommitData(p.ch, uint32(n))
	switch {
	case err != nil:
		s.ended(p, err)
	case !ok:
		p.stalled, p.need = true, n
	default:
		if p.stalled && n >= p.need && s.w.transport != overTable {
			s.w.fault("%s got credit on %s without a Wake", s, p)
		}
		p.stalled = false
		s.publish(&st.envelope)
	}
}

func (s *side) commitResponse(st *staging) {
	if err := s.core.CommitResponse(st.handler.request); err != nil {
		s.w.fault("%s cannot answer call %d: %v", s, st.handler.serial, err)
	}
	s.publish(&st.envelope)
	s.handlers = without(s.handlers, st.handler)
}

// takeOff takes messages off the ring, which makes room; they are not processed yet.
func (s *side) takeOff(n int) {
	n = min(n, len(s.in.queue))
	s.batch = append(s.batch, s.in.queue[:n]...)
	s.in.queue = slices.Delete(s.in.queue, 0, n)
	if n > 0 && s.w.broken.processEarly {
		s.core.Processed(s.batch[len(s.batch)-1].seq)
	}
}

// process gives the core the next message. A Request is answered in a later step.
func (s *side) process() {
	if len(s.batch) == 0 || s.arriving != nil {
		return
	}
	e := s.batch[0]
	s.batch = slices.Delete(s.batch, 0, 1)
	s.w.note(s, "receives %s %d of call %d", e.Kind, e.ID, e.exchange.serial)
	s.checkDelivery(&e)
	if err := s.core.Receive(&e.Message, len(e.Payload)); err != nil {
		s.w.fault("%s says %v of a message of %s", s, err, s.other)
	}
	s.delivered(&e)
	if e.Kind == wire.KindRequest {
		s.arrival = e
		s.settle()
		if s.arriving == nil {
			s.w.fault("%s did not say that call %d arrived", s, e.exchange.serial)
		}
		return
	}
	s.settle()
	scribble(&e)
	s.core.Processed(e.seq)
}

// scribble overwrites a message that the core may not use any more.
func scribble(e *envelope) {
	for i := range e.Payload {
		e.Payload[i] = 0xEE
	}
}

// settle carries out what the core left behind.
func (s *side) settle() {
	s.fx = s.core.TakeEffects(s.fx)
	for _, e := range s.fx {
		switch e.Kind {
		case Respond:
			s.responded(e.Call.Owner.(*outgoing))
		case Arrived:
			s.arriving = e.Request
			e.Request.Owner = &incoming{exchange: s.arrival.exchange, request: e.Request}
		case EndContext:
			e.Request.Owner.(*incoming).cancelled = true
		case Wake:
			e.Channel.Owner.(*port).stalled = false
		case Note:
			s.w.fault("%s notes: %s", s, e.Text)
		}
	}
}

func (s *side) responded(o *outgoing) {
	if o.responded {
		s.w.fault("call %d of %s ended twice", o.serial, s)
	}
	o.responded = true
	if s.core.Err() != nil {
		return
	}
	want := o.result()
	if o.refused {
		want = o.call.Payload[:1:1]
		want = append(want, byte(UnknownMethod)+byte(o.serial%2))
	}
	if !bytes.Equal(o.call.Payload, want) {
		s.w.fault("call %d of %s has the result %x instead of %x", o.serial, s, o.call.Payload, want)
	}
	if o.cancelled {
		s.w.fault("call %d of %s was given up and still has a result", o.serial, s)
	}
	o.call.Reset()
	s.spare = append(s.spare, o.call)
}

// busy says whether anything of this side is under way.
func (s *side) busy() bool {
	return len(s.calls)+len(s.handlers)+len(s.ports)+len(s.batch)+len(s.in.queue)+s.core.Counts().Outbox > 0 ||
		s.staged != nil || s.arriving != nil
}

func (s *side) state() string {
	return fmt.Sprintf("%+v with %d calls, %d handlers, %d ports, %d messages to come",
		s.core.Counts(), len(s.calls), len(s.handlers), len(s.ports), len(s.batch)+len(s.in.queue))
}

func without[T comparable](all []T, one T) []T {
	if i := slices.Index(all, one); i >= 0 {
		return slices.Delete(all, i, i+1)
	}
	return all
}
