package driver

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/internal/transporttest"

	roam "github.com/roam-rpc/roam-go"
)

// TestAWaiterThatWasBackSoonIsReliedOn, and one that was away for long is not.
func TestAWaiterThatWasBackSoonIsReliedOn(t *testing.T) {
	w := newWaiter(func() bool { return true })
	w.isBack()
	assert.False(t, w.soon, "nothing is known of it")
	w.left = time.Now().Add(time.Hour)
	w.isBack()
	assert.True(t, w.soon)
	w.isBack()
	assert.True(t, w.soon, "what is known stays")
	w.left = time.Now().Add(-soonBack)
	w.isBack()
	assert.False(t, w.soon)
}

// TestWhoIsBackSoonLeavesNobodyResponsible though another waits who leaves receiving to it;
// where requests are expected it does not, for fewer waits than others.
func TestWhoIsBackSoonLeavesNobodyResponsible(t *testing.T) {
	cases := []struct {
		name          string
		soon, follows bool // of who steps aside, of who waits
		waits, arms   bool
		expects, left uint32
	}{
		{name: "nobody waits"},
		{name: "back soon", soon: true},
		{name: "requests are expected", expects: 3, left: 2, arms: true},
		{name: "back soon, requests are expected", soon: true, expects: 7, left: 3, arms: true},
		{name: "back soon, one more request is expected", soon: true, expects: 1, arms: true},
		{name: "away for long, while another leaves receiving to it", waits: true, follows: true, arms: true},
		{name: "back soon, while another leaves receiving to it", soon: true, waits: true, follows: true},
		{name: "back soon, while another waits", soon: true, waits: true, arms: true},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			end, _ := transporttest.New(4)
			handle, _ := pipeConn(end, Initiator) // which does not run: what is armed stays
			c, w, other := handle.c, newWaiter(func() bool { return true }), newWaiter(func() bool { return false })
			c.role.tended.Store(true) // the caretaker itself would arm soon
			require.True(t, c.tryRole())
			w.returns, w.soon = true, x.soon
			if x.waits {
				c.park.enter(other, false, x.follows)
			}
			c.role.expects = x.expects
			c.stepAside(w)
			assert.Equal(t, x.arms, c.role.armed.Load())
			assert.False(t, c.role.held.Load())
			assert.Equal(t, x.left, c.role.expects)
			assert.False(t, w.left.IsZero())
			if x.waits {
				c.park.leave(other)
				assert.False(t, c.park.needs(false))
				assert.Zero(t, c.park.followers)
			}
		})
	}
}

// stalling is a Testbed whose Sum stops receiving after some items.
type stalling struct {
	testbed.Service
	items      int
	took, goOn chan struct{}
}

func (s *stalling) Sum(ctx context.Context, values *roam.Rx[int32]) (sum int64, err error) {
	for i := 0; ; i++ {
		if i == s.items {
			<-s.goOn
		}
		value, err := values.Recv(ctx)
		if err != nil {
			return sum, nil
		}
		sum += int64(value)
		s.took <- struct{}{}
	}
}

// TestAReceiverThatStaysAwayHoldsUpNobody, however soon it came back before.
func TestAReceiverThatStaysAwayHoldsUpNobody(t *testing.T) {
	const items = 100
	a, b := connectPipe(t, 4)
	service := &stalling{items: items, took: make(chan struct{}), goOn: make(chan struct{})}
	b.c.dispatch = testbed.NewTestbedDispatcher(service)
	bed := testbed.NewTestbedClient(a)
	tx, rx := roam.Channel[int32]()
	type result struct {
		sum int64
		err error
	}
	summed := make(chan result, 1)
	go func() {
		sum, err := bed.Sum(context.Background(), rx)
		summed <- result{sum, err}
	}()
	for range items {
		require.NoError(t, tx.Send(context.Background(), 1))
		<-service.took
	}
	for range 50 {
		_, err := bed.Add(context.Background(), 1, 2)
		require.NoError(t, err)
	}
	close(service.goOn)
	tx.Close()
	require.Equal(t, result{items, nil}, <-summed)
}
