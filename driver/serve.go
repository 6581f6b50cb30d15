package driver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// served is one request of the peer while its handler runs. It is the handler's
// context, and the roam.Request in it.
type served struct {
	context.Context
	stop context.CancelFunc

	c        *conn
	request  *core.Request
	in       roam.Incoming
	inv      roam.Invocation
	reply    roam.Reply
	returned bool   // the handler did, not its goroutine alone
	failure  string // the text of what the handler failed with
	ended    bool   // it failed because its context ended
	metadata []byte // a copy: the message's bytes are gone when the handler runs
}

// Value gives the request itself under roam.RequestKey.
func (s *served) Value(key any) any {
	if key == (roam.RequestKey{}) {
		return roam.Request(s)
	}
	return s.Context.Value(key)
}

// Metadata decodes the request's metadata; it was checked when it came.
func (s *served) Metadata() roam.Metadata {
	md, err := wire.DecodeMetadata(s.metadata)
	if err != nil {
		return nil
	}
	return md
}

// Caller calls back over the same connection.
func (s *served) Caller() roam.Caller { return &Handle{s.c} }

func (s *served) cancel() { s.stop() }

// arrived prepares a request, opens its channels and starts its handler, before the
// next message is received. It says whether a handler was started. The caller holds
// the role.
func (c *conn) arrived(r *core.Request) bool {
	finished := false
	defer func() {
		if !finished { // the program ended this goroutine, and the role with it
			c.fail(errors.New("a dispatcher or inline handler ended the receiving goroutine"))
		}
	}()
	started := c.serve(r)
	finished = true
	return started
}

func (c *conn) serve(r *core.Request) bool {
	s := &served{c: c, request: r}
	s.in.Method, s.in.Args, s.in.Metadata = r.Method, r.Args, r.Metadata
	inv, err := c.prepare(&s.in)
	if err != nil {
		c.refuse(r, err)
		return false
	}
	s.inv, s.in.Args = inv, nil
	s.start(r.Metadata)
	accepted := s.in.Accepted()
	ends := make([]core.End, len(accepted))
	for i, a := range accepted {
		ends[i] = core.End{ID: a.ID, Sends: a.Sends}
	}
	if err := c.accept(s, ends); err != nil {
		s.stop()
		c.fail(err)
		return false
	}
	for i, a := range accepted {
		r.Channels[i].Owner.(*half).bind(a.Sends, a)
	}
	r.Args, r.Metadata, s.in.Metadata = nil, nil, nil // the batch's, not ours to keep
	if s.in.Inline {
		s.runInline()
		return false
	}
	go s.run()
	return true
}

// accept opens the channels; their owners are set before anyone can see them.
func (c *conn) accept(s *served, ends []core.End) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.core.Accept(s.request, ends); err != nil {
		return err
	}
	s.request.Owner = s
	c.work.Add(1) // under the lock: Run waits only after the core has failed
	for _, ch := range s.request.Channels {
		newHalf(c, ch)
	}
	return nil
}

// prepare lets the dispatcher decode; a panic in it is an undecodable request.
func (c *conn) prepare(in *roam.Incoming) (inv roam.Invocation, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("roam: panic while decoding a request", "panic", p, "stack", string(debug.Stack()))
			inv, err = nil, fmt.Errorf("panic while decoding: %v", p)
		}
	}()
	inv, err = c.dispatch.Prepare(in)
	if err == nil && inv == nil {
		err = errors.New("the dispatcher gave no invocation")
	}
	return inv, err
}

func (c *conn) refuse(r *core.Request, err error) {
	why := core.InvalidPayload
	if roam.IsUnknownMethod(err) {
		why = core.UnknownMethod
	}
	c.log.Debug("roam: request refused", "method", fmt.Sprintf("%016x", r.Method), "error", err)
	c.mu.Lock()
	c.core.Refuse(r, why)
	c.mu.Unlock()
}

// start makes the handler's context, with the caller's deadline if it gave one.
func (s *served) start(metadata []byte) {
	if len(metadata) > 1 {
		s.metadata = append([]byte(nil), metadata...)
	}
	if left, ok := wire.FindU64(metadata, roam.MetadataTimeout); ok && left <= math.MaxInt64 {
		s.Context, s.stop = context.WithTimeout(context.Background(), time.Duration(left))
	} else {
		s.Context, s.stop = context.WithCancel(context.Background())
	}
}

// run is the goroutine of one handler.
func (s *served) run() {
	defer s.c.work.Done()
	defer s.answer() // also when the handler ends its goroutine
	s.invoke()
}

// answer ends the request's channels and sends the Response.
func (s *served) answer() {
	s.endChannels()
	m := s.response()
	// The Response goes out however long the peer takes to make room, as long as the
	// connection lives.
	if _, err := s.c.publish(context.Background(), m, s); err != nil && s.c.err() == nil {
		s.c.fail(err)
	}
	s.stop()
}

// runInline runs a handler that never blocks on the receiving goroutine; its Response
// is queued, since that goroutine does not wait to send.
func (s *served) runInline() {
	defer s.c.work.Done()
	s.invoke()
	s.endChannels()
	m := s.response()
	s.c.update(func(c *core.Core) { c.Respond(s.request, s.reply.Metadata, m.Payload) })
	s.stop()
}

// invoke runs the method; a panic fails that call alone.
func (s *served) invoke() {
	defer func() {
		if p := recover(); p != nil {
			s.c.log.Error("roam: panic in a handler", "panic", p, "stack", string(debug.Stack()))
			s.reply.Reset()
			s.fail(fmt.Sprintf("panic: %v", p))
		}
	}()
	s.inv.Invoke(s, &s.reply)
	s.returned = true
	if err := s.reply.Err(); err != nil {
		s.fail(err.Error()) // here, since it is the program's code and may panic
		s.ended = s.Context.Err() != nil && errors.Is(err, s.Context.Err())
	}
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

func (s *served) commit(c *core.Core) (bool, error) {
	err := c.CommitResponse(s.request)
	return err == nil, err
}

// maxErrorText is the most of an error's message that is sent, bytes.
const maxErrorText = 16384

// response makes the Response of a reply, within the largest payload.
func (s *served) response() *wire.Message {
	switch {
	case !s.returned:
		return s.failed("the handler ended its goroutine")
	case s.ended: // Cancelled, as the caller asked for by Cancel or its deadline
		return &wire.Message{Kind: wire.KindResponse, ID: s.request.ID, Payload: s.reply.Payload}
	case s.failure != "":
		return s.failed(s.failure)
	case len(s.reply.Payload) == 0:
		return s.failed("the handler gave no result")
	}
	if core.IsRefusal(s.reply.Payload) {
		// Only for a request that was not taken: the caller would free the entries of
		// channels that this side opened.
		return s.failed("the handler's reply refuses a request that was taken")
	}
	m := &wire.Message{Kind: wire.KindResponse, ID: s.request.ID, Payload: s.reply.Payload}
	if len(s.reply.Metadata) > 0 {
		m.Metadata = wire.AppendMetadata(nil, s.reply.Metadata)
		if err := wire.CheckMetadata(m.Metadata); err != nil {
			return s.failed(err.Error())
		}
	}
	if size, limit := s.c.sizeOf(m), s.c.maxPayload(); size > limit {
		return s.failed((&roam.SizeError{What: "result", Size: size, Limit: limit, Bound: "the largest payload"}).Error())
	}
	return m
}

// failed is the Response of an undeclared failure, its text cut to what fits.
func (s *served) failed(text string) *wire.Message {
	s.reply.Reset()
	s.reply.Fail(errors.New(text))
	m := &wire.Message{Kind: wire.KindResponse, ID: s.request.ID, Payload: s.reply.Payload}
	text = cut(text, maxErrorText)
	for {
		s.reply.Metadata = roam.Metadata{{Key: roam.MetadataError, Value: wire.StringValue(text)}}
		m.Metadata = wire.AppendMetadata(nil, s.reply.Metadata)
		over := s.c.sizeOf(m) - s.c.maxPayload()
		if over <= 0 {
			return m
		}
		if text == "" {
			s.reply.Metadata, m.Metadata = nil, nil
			return m
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
