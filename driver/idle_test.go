package driver

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transporttest"

	roam "github.com/roam-rpc/roam-go"
)

// TestLesson_QuietConnectionStaysOpen: an idle connection lives for ever and does not
// poll.
func TestLesson_QuietConnectionStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := transporttest.New(4)
		handle, runA := pipeConn(a, Initiator)
		other, runB := pipeConn(b, Acceptor)
		go func() { _ = runA.Run(t.Context()) }()
		go func() { _ = runB.Run(t.Context()) }()
		_, err := testbed.NewClient(handle).Add(t.Context(), 1, 2)
		require.NoError(t, err)
		time.Sleep(time.Second) // simulated, as below: what follows a call is over
		synctest.Wait()

		before := a.Looks() + b.Looks()
		time.Sleep(time.Minute) // simulated
		synctest.Wait()
		assert.Equal(t, before, a.Looks()+b.Looks(), "an idle connection looked for messages")

		_, err = testbed.NewClient(handle).Add(t.Context(), 3, 4)
		require.NoError(t, err)
		require.NoError(t, handle.Close(context.Background()))
		<-other.Done()
	})
}

// TestLesson_QuietStreamStaysOpen: nor does a byte stream on which nothing comes end.
func TestLesson_QuietStreamStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		accepted := make(chan *Handle)
		go func() {
			handle, drv, err := EstablishStream(t.Context(), b, Acceptor, &testbed.Service{}, quiet)
			assert.NoError(t, err)
			accepted <- handle
			assert.NoError(t, drv.Run(context.Background()))
			close(accepted)
		}()
		handle, drv, err := EstablishStream(t.Context(), a, Initiator, roam.NoService, quiet)
		require.NoError(t, err)
		other := <-accepted
		go func() { _ = drv.Run(context.Background()) }()
		for range 3 {
			_, err := testbed.NewClient(handle).Add(t.Context(), 1, 2)
			require.NoError(t, err)
			time.Sleep(time.Hour) // simulated
			require.NoError(t, handle.Err())
			require.NoError(t, other.Err())
		}
		require.NoError(t, handle.Close(context.Background()))
		<-accepted
	})
}
