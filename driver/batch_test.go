package driver

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// TestWhatCameBeforeAViolationCounts, though both were received at once: the answers reach
// their callers, and only the call without one fails.
func TestWhatCameBeforeAViolationCounts(t *testing.T) {
	eachRawPeer(t, func(t *testing.T, x *target) {
		const answered, calls = 3, 4
		called := make(chan error, calls)
		for range calls {
			go func() { called <- testbed.NewClient(x.handle).Block(context.Background()) }()
		}
		var ids []uint64
		for range calls {
			m, ok := x.raw.next()
			require.True(t, ok)
			ids = append(ids, m.ID)
		}
		batch := []wire.Message{request(1, testbed.TestbedBlockID), request(1, testbed.TestbedBlockID)}
		for _, id := range ids[:answered] {
			batch = append([]wire.Message{{Kind: wire.KindResponse, ID: id, Payload: []byte{0}}}, batch...)
		}
		for _, m := range batch {
			require.NoError(t, x.raw.tr.Stage(&m))
			x.raw.tr.Commit()
		}
		x.raw.tr.Notify()
		x.requireGoodbye(t, wire.RuleDuplicateRequest)
		failed := 0
		for range calls {
			if err := <-called; err != nil {
				assert.ErrorIs(t, err, roam.ErrConnection)
				failed++
			}
		}
		assert.Equal(t, calls-answered, failed)
	})
}
