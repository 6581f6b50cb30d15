package driver

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"

	roam "github.com/roam-rpc/roam-go"
)

// queueSizes are the room a connection has; one message at a time must work too.
var queueSizes = []int{1, 2, 64}

func eachQueueSize(t *testing.T, run func(t *testing.T, a, b *testbed.Client)) {
	for _, size := range queueSizes {
		t.Run(fmt.Sprintf("queue of %d", size), func(t *testing.T) {
			a, b := connectPipe(t, size)
			run(t, testbed.NewClient(a), testbed.NewClient(b))
		})
	}
}

func TestUnaryBothWays(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, b *testbed.Client) {
		for _, c := range []*testbed.Client{a, b} {
			got, err := c.Echo(context.Background(), "hello")
			require.NoError(t, err)
			assert.Equal(t, "hello", got)
		}
	})
}

func TestConcurrentCallers(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, b *testbed.Client) {
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				c := a
				if i%2 == 1 {
					c = b
				}
				for j := range 50 {
					got, err := c.Add(context.Background(), uint64(i), uint64(j))
					assert.NoError(t, err)
					assert.Equal(t, uint64(i+j), got)
				}
			})
		}
		all.Wait()
	})
}

func TestSumGenerateTransform(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, b *testbed.Client) {
		for _, c := range []*testbed.Client{a, b} {
			sum, err := sumOf(c, 1000)
			require.NoError(t, err)
			assert.EqualValues(t, 1000*999/2, sum)

			tx, rx := roam.Channel[int32]()
			done := make(chan error, 1)
			go func() { done <- c.Generate(context.Background(), 3000, tx) }()
			var next int32
			for n, err := range rx.All(context.Background()) {
				require.NoError(t, err)
				require.Equal(t, next, n)
				next++
			}
			assert.EqualValues(t, 3000, next)
			require.NoError(t, <-done)
			transform(t, c)
		}
	})
}

func sumOf(c *testbed.Client, n int32) (int64, error) {
	tx, rx := roam.Channel[int32]()
	go func() {
		defer tx.Close()
		for i := range n {
			if tx.Send(context.Background(), i) != nil {
				return
			}
		}
	}()
	return c.Sum(context.Background(), rx)
}

func transform(t *testing.T, c *testbed.Client) {
	inTx, inRx := roam.Channel[string]()
	outTx, outRx := roam.Channel[string]()
	done := make(chan error, 1)
	go func() { done <- c.Transform(context.Background(), inRx, outTx) }()
	for i := range 100 {
		require.NoError(t, inTx.Send(context.Background(), fmt.Sprintf("word %d", i)))
		got, err := outRx.Recv(context.Background())
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("WORD %d", i), got)
	}
	inTx.Close()
	_, err := outRx.Recv(context.Background())
	assert.Error(t, err)
	require.NoError(t, <-done)
}

func TestNestedCalls(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, b *testbed.Client) {
		var all sync.WaitGroup
		for _, c := range []*testbed.Client{a, b} {
			all.Go(func() {
				n, err := c.Nest(context.Background(), 10)
				assert.NoError(t, err)
				assert.EqualValues(t, 11, n)
			})
		}
		all.Wait()
	})
}

func TestAnswersOfEachKind(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, _ *testbed.Client) {
		ctx := context.Background()
		require.NoError(t, a.Check(ctx, 0))
		var declared *testbed.CheckError
		require.ErrorAs(t, a.Check(ctx, 7), &declared)
		assert.EqualValues(t, 7, declared.Code)
		var remote *roam.RemoteError
		require.ErrorAs(t, a.Fail(ctx, "out of paper"), &remote)
		assert.Equal(t, "out of paper", remote.Message)
		require.ErrorAs(t, a.Panic(ctx), &remote)
		assert.Equal(t, "panic: testbed panics", remote.Message)
		require.ErrorIs(t, a.Missing(ctx), roam.ErrUnknownMethod)
		require.ErrorIs(t, a.Undecodable(ctx), roam.ErrInvalidPayload)
		var size *roam.SizeError
		_, err := a.Bytes(ctx, make([]byte, 5000))
		require.ErrorAs(t, err, &size)
		assert.Equal(t, 4096, size.Limit)
		_, err = a.Echo(ctx, "still there")
		require.NoError(t, err)
	})
}

func TestCancelEndsTheHandlersContext(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, _ *testbed.Client) {
		for range 20 {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- a.Block(ctx) }()
			_, err := a.Echo(context.Background(), "while it blocks")
			require.NoError(t, err)
			cancel()
			require.ErrorIs(t, <-done, context.Canceled)
		}
	})
}

func TestCreditRunsOutBothWays(t *testing.T) {
	eachQueueSize(t, func(t *testing.T, a, b *testbed.Client) {
		for _, c := range []*testbed.Client{a, b} {
			const total = 256 << 10 // through a window of 4 KiB
			tx, rx := roam.Channel[[]byte]()
			go func() {
				w := roam.NewWriter(context.Background(), tx)
				_, _ = w.Write(make([]byte, total))
				_ = w.Close()
			}()
			n, err := c.Drain(context.Background(), rx)
			require.NoError(t, err)
			assert.EqualValues(t, total, n)

			tx, rx = roam.Channel[[]byte]()
			done := make(chan error, 1)
			go func() { done <- c.Flood(context.Background(), total, 1000, tx) }()
			var got int
			for chunk, err := range rx.All(context.Background()) {
				require.NoError(t, err)
				got += len(chunk)
			}
			assert.Equal(t, total, got)
			require.NoError(t, <-done)
		}
	})
}
