package driver

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/handshake"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// bursts is a Testbed whose Drain takes as many items as it is told to, and no more until
// it is told again.
type bursts struct {
	testbed.Service
	take  chan int
	taken chan struct{}
}

func (b *bursts) Drain(ctx context.Context, data *roam.Rx[[]byte]) (total uint64, err error) {
	for n := range b.take {
		for range n {
			item, err := data.Recv(ctx)
			if err != nil {
				return total, err
			}
			total += uint64(len(item))
		}
		b.taken <- struct{}{}
	}
	if _, err := data.Recv(ctx); err != io.EOF {
		return total, err
	}
	return total, nil
}

// TestTheWholeWindowIsThereAgainThoughNobodyReceives: where everything was taken, a sender
// may send as much as the initial credit is, whatever its peer does meanwhile.
func TestTheWholeWindowIsThereAgainThoughNobodyReceives(t *testing.T) {
	const (
		window = 64 << 10
		item   = 1<<10 - 2 // with its length 1 KiB
		items  = window >> 10
		rounds = 20
	)
	newBursts := func() (*bursts, roam.Dispatcher) {
		service := &bursts{take: make(chan int), taken: make(chan struct{})}
		return service, testbed.NewTestbedDispatcher(service)
	}
	test := func(t *testing.T, caller *Handle, service *bursts) {
		tx, rx := roam.Channel[[]byte]()
		drained := make(chan error, 1)
		go func() {
			total, err := testbed.NewTestbedClient(caller).Drain(context.Background(), rx)
			assert.EqualValues(t, rounds*items*item, total)
			drained <- err
		}()
		for range rounds {
			for range items { // all of them are sent before one is taken
				require.NoError(t, tx.Send(context.Background(), make([]byte, item)))
			}
			service.take <- items
			<-service.taken
		}
		close(service.take)
		tx.Close()
		require.NoError(t, <-drained)
	}
	t.Run("segment", func(t *testing.T) {
		p := newSegmentPair(t, shmring.Config{SlotSize: 2 << 10, SlotsPerGuest: 2 * items, InitialCredit: window})
		service, dispatcher := newBursts()
		p.drivers[1].c.dispatch = dispatcher
		p.run()
		test(t, p.atHost, service)
	})
	t.Run("stream", func(t *testing.T) {
		a, b := net.Pipe()
		limits := WithLimits(handshake.Limits{MaxPayload: 2 << 10, InitialCredit: window})
		service, dispatcher := newBursts()
		handles, ended := make(chan *Handle, 2), make(chan struct{}, 2)
		for end, role := range map[net.Conn]Role{a: Initiator, b: Acceptor} {
			go func() {
				handle, drv, err := EstablishStream(context.Background(), end, role, dispatcher, limits, quiet)
				if assert.NoError(t, err) {
					handles <- handle
					_ = drv.Run(context.Background())
				}
				ended <- struct{}{}
			}()
		}
		caller := <-handles
		test(t, caller, service)
		require.NoError(t, caller.Close(context.Background()))
		<-ended
		<-ended
	})
}
