package driver

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/roam-rpc/roam-go/flow"
	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transporttest"
)

// pipeLimits are the limits of the connections over a pipe: there are messages that a sender
// leaves the connection's lock for.
var pipeLimits = handshake.Negotiated{MaxPayload: 2 * brief, InitialCredit: 2 * brief}

// connectPipe runs two connections joined by queues of size messages, each serving a
// Testbed, and ends them with the test.
func connectPipe(t *testing.T, size int) (initiator, acceptor *Handle) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	a, b := transporttest.New(size)
	initiator, runA := pipeConn(a, Initiator)
	acceptor, runB := pipeConn(b, Acceptor)
	ended := make(chan struct{}, 2)
	for _, run := range []*Driver{runA, runB} {
		go func() {
			_ = run.Run(context.Background())
			ended <- struct{}{}
		}()
	}
	t.Cleanup(func() {
		assert.NoError(t, initiator.Close(context.Background()))
		<-ended
		assert.NoError(t, acceptor.Close(context.Background()))
		<-ended
		goleak.VerifyNone(t, before)
	})
	return initiator, acceptor
}

func pipeConn(end *transporttest.End, role Role) (*Handle, *Driver) {
	limits := pipeLimits
	limits.Role = role
	cfg := core.Config{Limits: limits, Flow: flow.NewMessages(role.Parity(), limits.InitialCredit), Withhold: true}
	o := makeOptions([]Option{WithLogger(slog.New(slog.DiscardHandler))})
	c := newConn(end, cfg, &testbed.Service{}, o)
	return &Handle{c}, &Driver{c}
}

// waitLimit is how long a test waits for what must come about; it is no measure of
// speed.
const (
	waitLimit = time.Minute
	waitTick  = time.Millisecond
)
