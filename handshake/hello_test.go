package handshake_test

import (
	"context"
	"io"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/stream"
	"github.com/roam-rpc/roam-go/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frameLimit bounds a frame before the limits are settled, bytes.
const frameLimit = 4096

var offer = handshake.Limits{MaxPayload: 1 << 20, InitialCredit: 64 << 10}

// newConn makes a connection over rw that is closed at the test's end.
func newConn(t *testing.T, rw io.ReadWriteCloser) *stream.Conn {
	c := stream.New(rw, frameLimit)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = c.Close(ctx)
	})
	return c
}

// result is what one side's Negotiate gave.
type result struct {
	negotiated handshake.Negotiated
	err        error
}

func negotiate(ctx context.Context, m handshake.Messages, role handshake.Role, offer handshake.Limits) chan result {
	done := make(chan result, 1)
	go func() {
		n, err := handshake.Exchange(m, role, offer).Negotiate(ctx)
		done <- result{n, err}
	}()
	return done
}

func TestLimitsInForceAreTheMinimumOfBothHellos(t *testing.T) {
	for _, test := range []struct {
		name             string
		initiator, other handshake.Limits
		payload, credit  uint32
	}{
		{"same", handshake.Limits{1000, 2000}, handshake.Limits{1000, 2000}, 1000, 2000},
		{"initiator's are smaller", handshake.Limits{64, 1}, handshake.Limits{1000, 2000}, 64, 1},
		{"acceptor's are smaller", handshake.Limits{1000, 2000}, handshake.Limits{64, 1}, 64, 1},
		{"one each", handshake.Limits{1000, 1}, handshake.Limits{64, 2000}, 64, 1},
		{"largest", handshake.Limits{math.MaxUint32, math.MaxInt32}, handshake.Limits{math.MaxUint32, math.MaxInt32},
			math.MaxUint32, math.MaxInt32},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := net.Pipe()
			x := negotiate(t.Context(), newConn(t, a), handshake.Initiator, test.initiator)
			y := negotiate(t.Context(), newConn(t, b), handshake.Acceptor, test.other)
			want := handshake.Negotiated{MaxPayload: test.payload, InitialCredit: test.credit}
			assert.Equal(t, result{want, nil}, <-x)
			want.Role = handshake.Acceptor
			assert.Equal(t, result{want, nil}, <-y)
		})
	}
}

// peer writes bytes as the other side and collects what it is sent until the end.
func peer(rw net.Conn, bytes []byte) (got chan []wire.Message) {
	got = make(chan []wire.Message, 1)
	go func() { _, _ = rw.Write(bytes) }()
	go func() {
		var messages []wire.Message
		all, _ := io.ReadAll(rw)
		for d := wire.NewDeframer(frameLimit); ; {
			frame, rest, ok, err := d.Next(all)
			if !ok || err != nil {
				break
			}
			m, err := wire.DecodeMessage(append([]byte(nil), frame...))
			if err != nil {
				break
			}
			messages, all = append(messages, m), rest
		}
		got <- messages
	}()
	return got
}

func frame(m wire.Message) []byte { return wire.AppendMessageFrame(nil, &m) }

var goodHello = wire.Hello{MaxPayload: 100, InitialCredit: 100}

func TestFaultInHandshakeIsGoodbyeWithItsRule(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		bytes      []byte
	}{
		{"unknown hello version", wire.RuleHelloUnknownVersion, wire.AppendFrame(nil, []byte{0, 1, 7, 7})},
		{"unknown variant", wire.RuleUnknownVariant, wire.AppendFrame(nil, []byte{9})},
		{"not COBS", wire.RuleDecodeError, []byte{5, 1, 0}},
		{"another protocol", wire.RuleDecodeError, []byte("GET / HTTP/1.1\r\n\r\n\x00")},
		{"empty frame", wire.RuleDecodeError, []byte{0}},
		{"hello cut short", wire.RuleDecodeError, wire.AppendFrame(nil, []byte{0, 0, 100})},
		{"bytes after hello", wire.RuleDecodeError, wire.AppendFrame(nil, []byte{0, 0, 100, 100, 1})},
		{"frame over the bound", wire.RuleDecodeError, []byte(strings.Repeat("x", 2*frameLimit))},
		{"no credit", wire.RuleDecodeError, frame(wire.Message{Hello: wire.Hello{MaxPayload: 100}})},
		{"no payload", wire.RuleDecodeError, frame(wire.Message{Hello: wire.Hello{InitialCredit: 100}})},
		{"request first", wire.RuleHelloOrdering, frame(wire.Message{Kind: wire.KindRequest, ID: 1})},
		{"credit first", wire.RuleHelloOrdering, frame(wire.Message{Kind: wire.KindCredit, ID: 1, Credit: 1})},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := net.Pipe()
			c := newConn(t, a)
			got := peer(b, test.bytes)
			r := <-negotiate(t.Context(), c, handshake.Acceptor, offer)
			var goodbye *handshake.GoodbyeError
			require.ErrorAs(t, r.err, &goodbye)
			assert.False(t, goodbye.Remote)
			assert.True(t, strings.HasPrefix(goodbye.Reason, test.rule+": "), goodbye.Reason)
			assert.Equal(t, "handshake: "+goodbye.Reason, r.err.Error())
			assert.NoError(t, c.Close(context.Background()))
			messages := <-got
			require.Len(t, messages, 2, "the Hello, the Goodbye")
			assert.Equal(t, wire.KindHello, messages[0].Kind)
			assert.Equal(t, wire.KindGoodbye, messages[1].Kind)
			assert.Equal(t, goodbye.Reason, string(messages[1].Payload))
		})
	}
}

func TestGoodbyeOfThePeerIsNotAnswered(t *testing.T) {
	a, b := net.Pipe()
	c := newConn(t, a)
	got := peer(b, frame(wire.Message{Kind: wire.KindGoodbye, Payload: []byte("rule: why")}))
	r := <-negotiate(t.Context(), c, handshake.Initiator, offer)
	var goodbye *handshake.GoodbyeError
	require.ErrorAs(t, r.err, &goodbye)
	assert.Equal(t, handshake.GoodbyeError{Reason: "rule: why", Remote: true}, *goodbye)
	assert.Contains(t, r.err.Error(), "the other side said goodbye: rule: why")
	_ = c.Close(context.Background())
	for _, m := range <-got {
		assert.Equal(t, wire.KindHello, m.Kind)
	}
}

func TestOfferThatCannotWorkIsRefusedBeforeAnythingIsSent(t *testing.T) {
	for _, test := range []struct {
		limits handshake.Limits
		want   string
	}{
		{handshake.Limits{63, 1}, "max payload is 63 bytes, must be at least 64"},
		{handshake.Limits{64, 0}, "initial credit is 0 bytes, must be 1 to 2147483647"},
		{handshake.Limits{64, 1 << 31}, "initial credit is 2147483648 bytes, must be 1 to 2147483647"},
	} {
		_, err := handshake.Exchange(nil, handshake.Initiator, test.limits).Negotiate(t.Context())
		assert.ErrorContains(t, err, test.want)
	}
	assert.NoError(t, handshake.Limits{64, 1}.Check())
	assert.NoError(t, handshake.Limits{math.MaxUint32, math.MaxInt32}.Check())
}

// A peer may offer more credit than this side's counters can hold.
func TestCreditOfThePeerIsCut(t *testing.T) {
	a, b := net.Pipe()
	got := peer(b, frame(wire.Message{Hello: wire.Hello{MaxPayload: 1, InitialCredit: math.MaxUint32}}))
	c := newConn(t, a)
	r := <-negotiate(t.Context(), c, handshake.Initiator, handshake.Limits{MaxPayload: 64, InitialCredit: math.MaxInt32})
	require.NoError(t, r.err)
	assert.Equal(t, handshake.Negotiated{MaxPayload: 1, InitialCredit: math.MaxInt32}, r.negotiated)
	_ = c.Close(context.Background())
	assert.Equal(t, []wire.Message{{Hello: wire.Hello{MaxPayload: 64, InitialCredit: math.MaxInt32}}}, <-got)
}

func TestHandshakeEndsWithItsContext(t *testing.T) {
	for _, test := range []struct {
		name  string
		reads bool
	}{{"peer is silent", true}, {"peer does not even read", false}} {
		t.Run(test.name, func(t *testing.T) {
			a, b := net.Pipe()
			defer b.Close()
			if test.reads {
				go func() { _, _ = io.Copy(io.Discard, b) }()
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := negotiate(ctx, newConn(t, a), handshake.Initiator, offer)
			cancel()
			assert.ErrorIs(t, (<-done).err, context.Canceled)
		})
	}
}

func TestPeerThatIsGoneIsNoFault(t *testing.T) {
	for _, bytes := range [][]byte{nil, frame(wire.Message{Hello: goodHello})[:3]} {
		a, b := net.Pipe()
		go func() {
			_, _ = b.Write(bytes)
			b.Close()
		}()
		r := <-negotiate(t.Context(), newConn(t, a), handshake.Initiator, offer)
		require.Error(t, r.err)
		assert.NotErrorAs(t, r.err, new(*handshake.GoodbyeError))
	}
}

// What follows the Hello at once is still there for the connection.
func TestMessagesBehindTheHelloAreKept(t *testing.T) {
	a, b := net.Pipe()
	request := wire.Message{Kind: wire.KindRequest, ID: 1, Method: 2, Metadata: []byte{0}, Payload: make([]byte, 2*frameLimit)}
	got := peer(b, append(frame(wire.Message{Hello: goodHello}), frame(request)...))
	c := newConn(t, a)
	r := <-negotiate(t.Context(), c, handshake.Acceptor, offer)
	require.NoError(t, r.err)
	c.SetLimits(2 * frameLimit)
	m, err := c.ReceiveHandshake(t.Context())
	require.NoError(t, err)
	assert.Equal(t, request, m)
	_ = c.Close(context.Background())
	assert.Len(t, <-got, 1)
}
