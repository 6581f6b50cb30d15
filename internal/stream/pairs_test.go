package stream

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pairs are the byte streams that the tests run over, each with how to make one.
var pairs = []struct {
	name string
	make func(*testing.T) (a, b io.ReadWriteCloser)
}{
	{"unix", unixPair},
	{"tcp", tcpPair},
	{"net.Pipe", netPipe},
	{"os.Pipe", osPipes},
	{"tls", tlsPair},
}

// overPairs runs test over every byte stream.
func overPairs(t *testing.T, test func(t *testing.T, a, b io.ReadWriteCloser)) {
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			a, b := p.make(t)
			t.Cleanup(func() { _, _ = a.Close(), b.Close() })
			test(t, a, b)
		})
	}
}

func netPair(t *testing.T, network, address string) (a, b net.Conn) {
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, _ := l.Accept()
		accepted <- conn
	}()
	a, err = net.Dial(network, l.Addr().String())
	require.NoError(t, err)
	b = <-accepted
	require.NotNil(t, b)
	return a, b
}

func unixPair(t *testing.T) (a, b io.ReadWriteCloser) {
	return netPair(t, "unix", filepath.Join(t.TempDir(), "s"))
}

func tcpPair(t *testing.T) (a, b io.ReadWriteCloser) {
	return netPair(t, "tcp", "127.0.0.1:0")
}

func netPipe(*testing.T) (a, b io.ReadWriteCloser) { return net.Pipe() }

// duplex is one end of two pipes.
type duplex struct {
	io.Reader
	io.Writer
	close func() error
}

func (d duplex) Close() error { return d.close() }

func osPipes(t *testing.T) (a, b io.ReadWriteCloser) {
	ar, bw, err := os.Pipe()
	require.NoError(t, err)
	br, aw, err := os.Pipe()
	require.NoError(t, err)
	end := func(r, w *os.File) duplex {
		return duplex{r, w, func() error { return errors.Join(w.Close(), r.Close()) }}
	}
	return end(ar, aw), end(br, bw)
}

func tlsPair(t *testing.T) (a, b io.ReadWriteCloser) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"test"},
		NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	x, y := netPair(t, "tcp", "127.0.0.1:0")
	client := tls.Client(x, &tls.Config{RootCAs: roots, ServerName: "test"})
	server := tls.Server(y, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	require.NoError(t, client.Handshake())
	require.NoError(t, <-done)
	return client, server
}

const testPayload = 1 << 20

// newConn makes a connection that is closed at the test's end.
func newConn(t *testing.T, rw io.ReadWriteCloser) *Conn {
	c := New(rw, 4096)
	c.SetLimits(testPayload)
	t.Cleanup(func() { closeNow(c) })
	return c
}

// closeNow closes without waiting for anybody.
func closeNow(c *Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.Close(ctx)
}

// sender sends from one goroutine, waiting for room.
type sender struct {
	*Conn
	room chan struct{}
}

func newSender(c *Conn) *sender {
	s := &sender{c, make(chan struct{}, 1)}
	c.OnWake(func() {
		select {
		case s.room <- struct{}{}:
		default:
		}
	})
	return s
}

func (s *sender) send(m *wire.Message) error {
	s.Arm(transport.Space, 0)
	defer s.Disarm(transport.Space, 0)
	for {
		err := s.Stage(m)
		if err == nil {
			s.Commit()
			s.Notify()
			return nil
		}
		if err != transport.ErrNoSpace {
			return err
		}
		<-s.room
	}
}

// receive gives the next messages, sleeping until there are some. Their bytes are
// valid until more is received.
func receive(c *Conn, batch []transport.Arrival) (int, error) {
	for {
		if n, err := c.Receive(batch); n > 0 || err != nil {
			return n, err
		}
		c.Arm(transport.Messages, 0)
		if !c.Pending() {
			_ = c.Wait(true)
		}
		c.Disarm(transport.Messages, 0)
	}
}

// receiveOne gives one message whose bytes stay.
func receiveOne(c *Conn) (wire.Message, error) {
	var batch [1]transport.Arrival
	if _, err := receive(c, batch[:]); err != nil {
		return wire.Message{}, err
	}
	m := batch[0].Message
	m.Payload = append([]byte(nil), m.Payload...)
	m.Metadata = append([]byte(nil), m.Metadata...)
	return m, nil
}

func data(id uint64, payload []byte) *wire.Message {
	return &wire.Message{Kind: wire.KindData, ID: id, Payload: payload}
}

// put sends without waiting for room.
func put(t *testing.T, c *Conn, m *wire.Message) {
	t.Helper()
	require.NoError(t, c.Stage(m))
	c.Commit()
	c.Notify()
}
