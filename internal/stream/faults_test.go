package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

// frames are encoded messages, with their delimiters.
func frames(messages ...*wire.Message) []byte {
	var b []byte
	for _, m := range messages {
		b = wire.AppendMessageFrame(b, m)
	}
	return b
}

// feed writes pieces to rw, one write each, until one fails.
func feed(rw io.Writer, pieces ...[]byte) {
	for _, p := range pieces {
		if _, err := rw.Write(p); err != nil {
			return
		}
	}
}

func TestEverySplitOfBytesGivesTheSameMessages(t *testing.T) {
	sent := []*wire.Message{
		data(1, []byte{0, 0, 1}), {Kind: wire.KindClose, ID: 1}, data(3, bytes.Repeat([]byte{9}, 300)),
		{Kind: wire.KindRequest, ID: 1 << 40, Payload: []byte{0}},
	}
	whole := frames(sent...)
	check := func(t *testing.T, pieces ...[]byte) {
		a, b := net.Pipe()
		c := New(b, 4096)
		go func() {
			feed(a, pieces...)
			a.Close()
		}()
		for _, want := range sent {
			got, err := receiveOne(c)
			require.NoError(t, err)
			require.Equal(t, wire.AppendMessage(nil, want), wire.AppendMessage(nil, &got))
		}
		_, err := receiveOne(c)
		require.ErrorIs(t, err, ErrPeerClosed)
		require.NoError(t, c.Close(context.Background()))
	}
	for at := range whole {
		check(t, whole[:at], whole[at:])
	}
	var single [][]byte
	for at := range whole {
		single = append(single, whole[at:at+1])
	}
	check(t, single...)
}

// The same over a socket that is read without a reader goroutine.
func TestSplitBytesOverSocket(t *testing.T) {
	a, b := unixPair(t)
	t.Cleanup(func() { _ = a.Close() })
	c := newConn(t, b)
	want := frames(data(1, bytes.Repeat([]byte{0, 7}, 700)))
	for _, size := range []int{1, 7, 254, len(want)} {
		go func() {
			for at := 0; at < len(want); at += size {
				feed(a, want[at:min(at+size, len(want))])
			}
		}()
		got, err := receiveOne(c)
		require.NoError(t, err)
		assert.Equal(t, want, frames(&got))
	}
}

func TestFaultsOfThePeerNameTheirRule(t *testing.T) {
	const limit = 1000
	long := bytes.Repeat([]byte{1}, limit+envelope+1)
	for _, test := range []struct {
		name, rule string
		bytes      []byte
	}{
		{"unknown variant", wire.RuleUnknownVariant, wire.AppendFrame(nil, []byte{9})},
		{"unknown hello", wire.RuleHelloUnknownVersion, wire.AppendFrame(nil, []byte{0, 1, 5})},
		{"empty frame", wire.RuleDecodeError, []byte{0}},
		{"not COBS", wire.RuleDecodeError, []byte{5, 1, 0}},
		{"cut short", wire.RuleDecodeError, wire.AppendFrame(nil, []byte{2})},
		{"trailing", wire.RuleDecodeError, wire.AppendFrame(nil, []byte{4, 1, 1})},
		{"text", wire.RuleDecodeError, []byte("GET / HTTP/1.1\r\n\x00")},
		{"request over the limit", wire.RulePayloadLimit, frames(&wire.Message{Kind: wire.KindRequest, Payload: long})},
		{"data over the limit", wire.RuleDataSizeLimit, frames(data(1, long))},
		{"frame without an end", wire.RulePayloadLimit, bytes.Repeat([]byte{255}, limit+envelope+2000)},
		{"data without an end", wire.RuleDataSizeLimit, append([]byte{3, 5, 1}, bytes.Repeat([]byte{255}, limit+envelope+2000)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
				c := newConn(t, b)
				c.SetLimits(limit)
				go feed(a, frames(data(8, nil)), test.bytes)
				m, err := receiveOne(c)
				require.NoError(t, err, "the message before the fault comes first")
				assert.EqualValues(t, 8, m.ID)
				var fault *transport.Fault
				_, err = receiveOne(c)
				require.ErrorAs(t, err, &fault)
				assert.Equal(t, test.rule, fault.Rule)
				assert.NotEmpty(t, fault.Detail)
				_, again := receiveOne(c)
				assert.Equal(t, err, again, "a fault stays")
				assert.Equal(t, err, c.Wait(true))
			})
		})
	}
}

func TestFrameAtTheLimitPasses(t *testing.T) {
	a, b := unixPair(t)
	t.Cleanup(func() { _ = a.Close() })
	c := newConn(t, b)
	c.in.setLimit(1000)
	at := data(1, bytes.Repeat([]byte{1}, 1000-4)) // kind, id, two bytes of length
	require.Len(t, wire.AppendMessage(nil, at), 1000)
	go feed(a, frames(at, data(1, append(at.Payload, 1))))
	_, err := receiveOne(c)
	require.NoError(t, err)
	var size *sizeFault
	_, err = receiveOne(c)
	assert.ErrorContains(t, err, "limit 1000")
	require.ErrorAs(t, c.in.ended(), &size)
	assert.Equal(t, 1001, size.Size)
}

// The answer to a fault is a Goodbye, and it arrives although the peer still sends
// what nobody reads.
func TestGoodbyeAfterFaultReachesPeerThatStillSends(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		c := newConn(t, b)
		flooding := make(chan struct{})
		go func() {
			defer close(flooding)
			garbage := append([]byte{5, 1, 0}, make([]byte, 20_000)...)
			feed(a, garbage, garbage, garbage)
		}()
		_, err := receiveOne(c)
		require.ErrorAs(t, err, new(*transport.Fault))
		put(t, c, &wire.Message{Kind: wire.KindGoodbye, Payload: []byte(err.Error())})
		closed := make(chan error, 1)
		go func() { closed <- c.Close(context.Background()) }()
		peer := newConn(t, a)
		m, err := receiveOne(peer)
		require.NoError(t, err)
		assert.Equal(t, wire.KindGoodbye, m.Kind)
		assert.Contains(t, string(m.Payload), wire.RuleDecodeError)
		closeNow(peer)
		<-closed
		<-flooding
	})
}

func TestEndInTheMiddleOfAFrame(t *testing.T) {
	overPairs(t, func(t *testing.T, a, b io.ReadWriteCloser) {
		c := newConn(t, b)
		go func() {
			feed(a, frames(data(1, nil)), []byte{9, 5, 1})
			a.Close()
		}()
		_, err := receiveOne(c)
		require.NoError(t, err)
		_, err = receiveOne(c)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.NotErrorIs(t, err, ErrPeerClosed)
		assert.ErrorContains(t, err, "after 3 bytes of a frame")
		assert.Equal(t, err, c.Wait(true))
		assert.Equal(t, err, c.Stage(data(1, nil)))
	})
}

// What the peer said before it closed is received although writing to it fails first.
func TestLastWordsAreReceivedAfterWriteFailed(t *testing.T) {
	a, b := unixPair(t)
	c := newConn(t, b)
	feed(a, frames(data(1, nil), &wire.Message{Kind: wire.KindGoodbye, Payload: []byte("why")}))
	require.NoError(t, a.Close())
	put(t, c, data(1, nil))
	require.Error(t, c.Stage(data(1, nil)))
	for _, kind := range []wire.Kind{wire.KindData, wire.KindGoodbye} {
		m, err := receiveOne(c)
		require.NoError(t, err)
		assert.Equal(t, kind, m.Kind)
	}
	_, err := receiveOne(c)
	assert.Error(t, err)
}

var errBroken = errors.New("broken")

// oneWay gives nothing and takes nothing.
type oneWay struct{ closed chan struct{} }

func (w oneWay) Read([]byte) (int, error) {
	<-w.closed
	return 0, io.EOF
}
func (w oneWay) Write([]byte) (int, error) { return 0, errBroken }
func (w oneWay) Close() error {
	close(w.closed)
	return nil
}

func TestWriteFailureEndsAConnectionThatOnlyReads(t *testing.T) {
	c := New(oneWay{make(chan struct{})}, 4096)
	put(t, c, data(1, nil))
	_, err := receiveOne(c)
	assert.ErrorIs(t, err, errBroken)
	assert.ErrorIs(t, c.Wait(true), errBroken)
	assert.ErrorIs(t, c.Stage(data(1, nil)), errBroken)
	assert.ErrorIs(t, c.Close(context.Background()), errBroken)
}

// idle reads nothing, without an error.
type idle struct{ oneWay }

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestReaderThatGivesNothingIsAnError(t *testing.T) {
	c := New(idle{oneWay{make(chan struct{})}}, 4096)
	_, err := receiveOne(c)
	assert.ErrorIs(t, err, io.ErrNoProgress)
	assert.NoError(t, c.Close(context.Background()))
}
