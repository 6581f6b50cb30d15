package driver

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/release"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// served is one request of the peer while its handler runs. It belongs to a
// core.Request and is used again with it.
type served struct {
	c        *conn
	request  *core.Request
	loan     transport.Loan  // what the arguments lie in, nil when they are the handler's
	ctx      context.Context // guarded by c.mu until the request is prepared
	bare     *bareContexts   // for the next requests
	in       roam.Incoming
	inv      roam.Invocation
	kept     roam.Invocation // inv, or that of the last request, if it is a pointer and Reusable
	used     roam.Invocation // kept, from when its request is over until the next is prepared
	reply    roam.Reply
	ends     []core.End
	message  wire.Message // the Response
	counted  bool         // by conn.work
	returned bool         // the handler did, not its goroutine alone
	failure  string       // the text of what the handler failed with
	ended    bool         // it failed because its context ended
}

// servedOf is what serves r, empty.
func (c *conn) servedOf(r *core.Request) *served {
	s, ok := r.Owner.(*served)
	if !ok {
		s = &served{c: c, request: r}
		r.Owner = s
	}
	return s
}

// over empties what served a request, which is to be recycled next.
func (s *served) over() {
	endContext(s.ctx)
	s.reply.Reset()
	s.inv = nil
	s.message.Metadata, s.message.Payload, s.message.Tail = nil, nil, nil
	s.returned, s.failure, s.ended = false, "", false
}

// arrived prepares a request, opens its channels and starts its handler, before the
// next message is received. It says whether a handler was started. The caller holds
// the role.
func (c *conn) arrived(r *core.Request, loan transport.Loan) (started bool) {
	s := c.servedOf(r)
	preparing, finished := true, false
	defer func() {
		if finished {
			return
		}
		if preparing {
			if p := recover(); p != nil {
				s.undecodable(p)
				return
			}
		}
		s.endedReceiving()
	}()
	inv, err := s.prepare(loan)
	preparing = false
	started = s.begin(inv, err)
	finished = true
	return started
}

// endedReceiving is for a goroutine that the program ended, and the role with it.
func (s *served) endedReceiving() {
	s.giveBack()
	s.c.fail(errors.New("a dispatcher or inline handler ended the receiving goroutine"))
}

// undecodable refuses a request whose decoding panicked.
func (s *served) undecodable(panicked any) {
	refused := false
	defer func() {
		if !refused { // the logger panics, too
			s.endedReceiving()
		}
	}()
	s.c.log.Error("roam: panic while decoding a request", "panic", panicked, "stack", string(debug.Stack()))
	s.refuse(fmt.Errorf("panic while decoding: %v", panicked))
	refused = true
}

// prepare lets the dispatcher decode.
func (s *served) prepare(loan transport.Loan) (roam.Invocation, error) {
	s.in.Method, s.in.Metadata = s.request.Method, s.request.Metadata
	s.setArgs(loan)
	s.in.Offer(&s.used)
	inv, err := s.c.dispatch.Prepare(&s.in)
	if err == nil && inv == nil {
		err = errors.New("the dispatcher gave no invocation")
	}
	if inv != nil && inv == s.kept {
		s.used = nil // in any case
	} else {
		s.keep(inv)
	}
	return inv, err
}

// begin starts the handler of a request that was prepared, and says whether it did.
func (s *served) begin(inv roam.Invocation, err error) bool {
	c, r := s.c, s.request
	release.Store(&c.role.expects, expectation)
	if err != nil {
		s.refuse(err)
		return false
	}
	s.inv = inv
	inline := inv.Method().Inline
	if err := c.accept(s); err != nil {
		endContext(s.ctx)
		s.giveBack()
		c.fail(err)
		return false
	}
	for i, a := range s.in.Accepted() {
		r.Channels[i].Owner.(*half).bind(a.Sends, a)
	}
	s.in.Reset() // the batch's bytes are not ours to keep
	if inline {
		s.runInline()
		return false
	}
	if c.runsItself(s) {
		c.own = s
		return false
	}
	c.workers.start(s)
	return true
}

// accept opens the channels; their owners are set before anyone can see them. Run waits
// for the handler from now on: on the goroutine that has the duty, or on one that this
// starts, it does so anyway.
func (c *conn) accept(s *served) error {
	s.counted = !c.role.pump.Load()
	if !s.counted && len(s.in.Accepted()) == 0 && !c.ended.Load() {
		return nil
	}
	s.ends = s.ends[:0]
	for _, a := range s.in.Accepted() {
		s.ends = append(s.ends, core.End{ID: a.ID, Sends: a.Sends})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.core.Accept(s.request, s.ends); err != nil {
		return err
	}
	if s.counted {
		c.work.Add(1) // under the lock: Run waits only after the core has failed
	}
	for _, ch := range s.request.Channels {
		newHalf(c, ch)
	}
	return nil
}

// refuse answers a request that was not prepared, and gives its loan back.
func (s *served) refuse(err error) {
	c, r := s.c, s.request
	why := core.InvalidPayload
	if roam.IsUnknownMethod(err) {
		why = core.UnknownMethod
	}
	c.log.Debug("roam: request refused", "method", fmt.Sprintf("%016x", r.Method), "error", err)
	c.mu.Lock()
	c.core.Refuse(r, why)
	c.mu.Unlock()
	s.giveBack()
}

// keep notes whether the memory of inv may serve later requests. What wraps one that may is
// another: nobody knows what it does with it.
func (s *served) keep(inv roam.Invocation) {
	s.kept = nil
	if _, ok := inv.(roam.Reusable); ok && reflect.TypeOf(inv).Kind() == reflect.Pointer {
		s.kept = inv
	}
}

// run runs the handler, on a goroutine that has nothing else to do meanwhile.
func (s *served) run() {
	c := s.c
	if s.counted {
		defer c.work.Done()
	}
	defer c.rouseTended()
	defer s.answer() // also when the handler ends its goroutine
	if method := s.request.Method; s.streams() {
		c.paces.streamed(method)
	} else if !c.paces.brisk(method) {
		began := time.Now()
		s.invoke()
		c.paces.took(method, time.Since(began))
		return
	}
	s.invoke()
}

// streams says that the request passes channels.
func (s *served) streams() bool { return len(s.request.Channels) > 0 }

// runHere is run on the goroutine that has the duty.
func (s *served) runHere() {
	defer s.answer() // also when the handler ends its goroutine
	s.invoke()
}

// rouseTended, for a handler that is done, has somebody wait for the next request, where one
// that received by itself left that to the caretaker.
func (c *conn) rouseTended() {
	c.care.ask() // before the test: the caretaker may be at its look
	if c.role.tended.Load() && !c.role.held.Load() {
		c.rouse()
	}
}

// answer ends the request's channels and sends the Response.
func (s *served) answer() {
	s.endChannels()
	s.respond()
	// The Response goes out however long the peer takes to make room, as long as the
	// connection lives.
	_, err := s.c.publish(context.Background(), &s.message, s)
	s.giveBack()
	if err != nil {
		endContext(s.ctx)
		if s.c.err() == nil {
			s.c.fail(err)
		}
		return
	}
	s.over()
	s.c.core.Recycle(s.request)
}

// runInline runs a handler that never blocks on the receiving goroutine. Its Response
// is queued when there is no room: that goroutine does not wait to send.
func (s *served) runInline() {
	if s.counted {
		defer s.c.work.Done()
	}
	s.invoke()
	s.endChannels()
	s.respond()
	c, m := s.c, &s.message
	_, lack, err := c.tryPublish(m, s)
	if lack != nil {
		payload := append(append([]byte(nil), m.Payload...), m.Tail...) // the queue's to keep
		c.update(func(k *core.Core) { k.Respond(s.request, m.Metadata, payload) })
		endContext(s.ctx)
		s.giveBack()
		return // s is not used again: its Request is the queue's
	}
	s.giveBack()
	if err == nil {
		s.over()
		c.core.RecycleNext(s.request)
		return
	}
	endContext(s.ctx)
	if _, gone := err.(broken); !gone && c.err() == nil { // else whoever receives finds the end
		c.fail(err)
	}
}

// invoke runs the method; a panic fails that call alone.
func (s *served) invoke() {
	done := false
	defer func() {
		if done {
			return
		}
		s.kept = nil // it still has the arguments
		if p := recover(); p != nil {
			s.c.log.Error("roam: panic in a handler", "panic", p, "stack", string(debug.Stack()))
			s.reply.Reset()
			s.fail(fmt.Sprintf("panic: %v", p))
		}
	}()
	s.inv.Invoke(s.ctx, &s.reply)
	s.returned = true
	s.used = s.kept
	if err := s.reply.Undeclared(); err != nil {
		s.fail(err.Error()) // here, since it is the program's code and may panic
		if ended := s.ctx.Err(); ended != nil {
			s.ended = errors.Is(err, ended)
		}
	}
	done = true
}

func (s *served) fail(text string) {
	s.returned = true
	s.failure = text
	if text == "" {
		s.failure = "error without a text"
	}
}

func (s *served) endChannels() {
	if len(s.request.Channels) > 0 {
		s.c.update(func(c *core.Core) { c.Returned(s.request) })
	}
}

func (*served) ready(*core.Core) error { return nil }

func (s *served) commit(c *core.Core) (bool, error) {
	err := c.CommitResponse(s.request)
	return err == nil, err
}

// maxErrorText is the most of an error's message that is sent, bytes.
const maxErrorText = 16384

// respond makes the Response of the reply, within the largest payload.
func (s *served) respond() {
	s.message.Kind, s.message.ID = wire.KindResponse, s.request.ID
	s.message.Payload, s.message.Tail = s.reply.Payload()
	switch {
	case !s.returned:
		s.failed("the handler ended its goroutine")
	case s.ended: // Cancelled, as the caller asked for by Cancel or its deadline
	case s.failure != "":
		s.failed(s.failure)
	case len(s.message.Payload) == 0:
		s.failed("the handler gave no result")
	default:
		s.fit()
	}
}

// fit adds the reply's metadata, and replaces an answer that is too large.
func (s *served) fit() {
	if len(s.reply.Metadata) > 0 {
		s.message.Metadata = wire.AppendMetadata(nil, s.reply.Metadata)
		if err := wire.CheckMetadata(s.message.Metadata); err != nil {
			s.failed(err.Error())
			return
		}
	}
	if size, limit := s.c.bounded(&s.message); size > limit {
		s.failed((&roam.SizeError{What: "result", Size: size, Limit: limit, Bound: "the largest payload"}).Error())
	}
}

// failed makes the Response that of an undeclared failure, its text cut to what fits.
func (s *served) failed(text string) {
	s.reply.Reset()
	s.reply.Fail(nil, errors.New(text))
	m := &s.message
	m.Payload, m.Tail = s.reply.Payload()
	text = cut(text, maxErrorText)
	for {
		m.Metadata = wire.AppendMetadata(nil, roam.Metadata{{Key: roam.MetadataError, Value: wire.StringValue(text)}})
		over := s.c.sizeOf(m) - s.c.maxPayload()
		if over <= 0 {
			return
		}
		if text == "" {
			m.Metadata = nil
			return
		}
		text = cut(text, max(0, len(text)-over))
	}
}

// cut shortens text to at most n bytes, at the start of a character, and makes it
// valid UTF-8.
func cut(text string, n int) string {
	text = toValidUTF8(text)
	if len(text) <= n {
		return text
	}
	for n > 0 && !startsRune(text[n]) {
		n--
	}
	return text[:n]
}
