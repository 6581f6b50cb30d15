package driver

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"

	roam "github.com/roam-rpc/roam-go"
)

// requireSlots waits until so many slots of the segment are out.
func (p *segmentPair) requireSlots(t *testing.T, want int) {
	t.Helper()
	require.Eventually(t, func() bool {
		slots, _ := p.mem.InUse()
		return slots == want
	}, waitLimit, waitTick)
}

// borrower is a dispatcher of one method, which borrows.
type borrower struct {
	inline bool
	run    func(ctx context.Context, data []byte, r *roam.Reply)
}

func (borrower) Borrows(uint64) bool { return true }

func (b borrower) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	i := &borrowing{b, in.Args.Bytes()}
	return i, in.Args.Finish()
}

type borrowing struct {
	borrower
	data []byte
}

func (b *borrowing) Method() *roam.Method {
	return &roam.Method{Service: "Any", Name: "Borrows", Inline: b.inline, Borrow: true}
}

func (b *borrowing) Invoke(ctx context.Context, r *roam.Reply) { b.run(ctx, b.data, r) }

// serve replaces what both sides serve, before they run.
func (p *segmentPair) serve(d roam.Borrower) {
	for _, drv := range p.drivers {
		drv.c.dispatch, drv.c.borrower = d, d
	}
}

// TestBorrowedArgumentsGoBack whatever becomes of their request.
func TestBorrowedArgumentsGoBack(t *testing.T) {
	echo := func(_ context.Context, data []byte, r *roam.Reply) { r.Succeed().Bytes(data) }
	for name, run := range map[string]func(context.Context, []byte, *roam.Reply){
		"returned":           echo,
		"failed":             func(_ context.Context, _ []byte, r *roam.Reply) { r.Fail(nil, errors.New("no")) },
		"panicked":           func(context.Context, []byte, *roam.Reply) { panic("no") },
		"result is too long": func(_ context.Context, _ []byte, r *roam.Reply) { r.Succeed().Bytes(make([]byte, 1<<20)) },
	} {
		for _, inline := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p := newSegmentPair(t, shmring.Config{})
				p.serve(borrower{inline, run})
				p.run()
				for _, h := range []*Handle{p.atHost, p.atGuest} {
					for range 40 {
						got, err := testbed.NewClient(h).Bytes(context.Background(), make([]byte, 60000))
						assert.True(t, len(got) == 60000 || err != nil)
					}
				}
				p.requireSlots(t, 0)
			})
		}
	}
	t.Run("does not decode", func(t *testing.T) {
		p := newSegmentPair(t, shmring.Config{})
		p.serve(borrower{run: echo})
		p.run()
		for range 40 {
			call := roam.NewCall(&roam.Method{ID: 1, Service: "Any", Name: "Borrows"})
			call.Args.Raw(make([]byte, 50000))
			require.ErrorIs(t, p.atHost.Do(context.Background(), call), roam.ErrInvalidPayload)
			call.Release()
		}
		p.requireSlots(t, 0)
	})
	t.Run("does not return", func(t *testing.T) {
		p := newSegmentPair(t, shmring.Config{})
		p.serve(borrower{true, func(context.Context, []byte, *roam.Reply) { runtime.Goexit() }})
		p.run()
		_, err := testbed.NewClient(p.atHost).Bytes(context.Background(), make([]byte, 60000))
		require.ErrorIs(t, err, roam.ErrConnection)
	})
}

// TestEndOfAConnectionFromAHandlerThatBorrows: its close does not wait for the handler.
func TestEndOfAConnectionFromAHandlerThatBorrows(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	closed := make(chan error, 1)
	p.serve(borrower{false, func(ctx context.Context, data []byte, _ *roam.Reply) {
		request, _ := roam.RequestFrom(ctx)
		closed <- request.Caller().(*Handle).Close(context.Background())
		_ = append([]byte(nil), data...)
	}})
	p.run()
	_, err := testbed.NewClient(p.atHost).Bytes(context.Background(), make([]byte, 60000))
	require.ErrorIs(t, err, roam.ErrConnection)
	require.NoError(t, <-closed)
}

// TestResultsAreReceivedIntoRecycledMemory: a program that gives large results back makes
// few of them.
func TestResultsAreReceivedIntoRecycledMemory(t *testing.T) {
	client := connectSegment(t, nil)
	used := make(map[*byte]bool)
	const calls = 200
	for range calls {
		got, err := client.Lent(context.Background(), make([]byte, 60000))
		require.NoError(t, err)
		require.Len(t, got, 60000)
		used[&got[0]] = true
		roam.Recycle(got)
	}
	assert.Less(t, len(used), calls/2, "results were received into so many different places")
}
