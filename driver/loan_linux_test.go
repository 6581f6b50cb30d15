package driver

import (
	"context"
	"errors"
	"io"
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

// requireCollected waits until the garbage collector has given every slot back.
func (p *segmentPair) requireCollected(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		runtime.GC()
		slots, _ := p.mem.InUse()
		return slots == 0
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

// lendOne has the guest's handler borrow an item of the host that comes while it waits.
// lent is what it borrows from then on.
func lendOne(t *testing.T, p *segmentPair) (tx *roam.Tx[[]byte], lent chan *roam.Lent, called chan error) {
	t.Helper()
	lent, called = make(chan *roam.Lent, 10), make(chan error, 1)
	service := &testbed.Service{Lending: func(l *roam.Lent) { lent <- l }}
	p.serve(service)
	p.run()
	tx, rx := roam.Channel[[]byte]()
	go func() {
		_, err := testbed.NewClient(p.atHost).Lend(context.Background(), rx)
		called <- err
	}()
	c := p.drivers[1].c
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.awaiting(2) != nil // the first channel of a host
	}, waitLimit, waitTick)
	require.NoError(t, tx.Send(context.Background(), make([]byte, 60000)))
	return tx, lent, called
}

// TestItemIsLentToWhoWaitsForIt, and an item that has to queue is not.
func TestItemIsLentToWhoWaitsForIt(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	tx, lent, called := lendOne(t, p)
	first := <-lent
	assert.Len(t, first.Bytes(), 60000)
	p.requireSlots(t, 1)
	first.Release()
	first.Release()
	p.requireSlots(t, 0)
	tx.Close()
	require.NoError(t, <-called)

	tx, rx := roam.Channel[[]byte]()
	go func() {
		_, err := testbed.NewClient(p.atGuest).Lend(context.Background(), rx)
		called <- err
	}()
	for range 3 {
		require.NoError(t, tx.Send(context.Background(), make([]byte, 60000)))
	}
	var queued []*roam.Lent
	for range 3 {
		queued = append(queued, <-lent)
	}
	for _, l := range queued {
		assert.Equal(t, make([]byte, 60000), l.Bytes())
		l.Release()
	}
	tx.Close()
	require.NoError(t, <-called)
	p.requireSlots(t, 0)
}

// TestDroppedLentGoesBack when it is garbage collected.
func TestDroppedLentGoesBack(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	tx, lent, called := lendOne(t, p)
	<-lent
	tx.Close()
	require.NoError(t, <-called)
	p.requireCollected(t)
}

// TestLentOutlivesTheConnection: the memory stays until Release, and then the guest goes.
func TestLentOutlivesTheConnection(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	_, lent, called := lendOne(t, p)
	item := <-lent
	require.NoError(t, p.atHost.Close(context.Background()))
	require.ErrorIs(t, <-called, roam.ErrConnection)
	<-p.atGuest.Done()
	assert.Equal(t, make([]byte, 60000), item.Bytes())
	item.Release()
}

// TestBorrowThatGivesUpLosesNothing: the item that was to come is there for the next, and
// holds no slot.
func TestBorrowThatGivesUpLosesNothing(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	p.run()
	const items = 300
	tx, rx := roam.Channel[[]byte]()
	called := make(chan error, 1)
	go func() { called <- testbed.NewClient(p.atHost).Flood(context.Background(), items*9000, 9000, tx) }()
	got := 0
	for got < items {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		if l, err := roam.Borrow(ctx, rx); err == nil {
			require.Equal(t, make([]byte, 9000), l.Bytes())
			l.Release()
			got++
		} else if got < items {
			require.ErrorIs(t, err, context.Canceled)
			item, err := rx.Recv(context.Background())
			require.NoError(t, err)
			require.Equal(t, make([]byte, 9000), item)
			got++
		}
	}
	_, err := roam.Borrow(context.Background(), rx)
	require.Equal(t, io.EOF, err)
	require.NoError(t, <-called)
	p.requireSlots(t, 0)
}

// draining has the guest drain a stream of the host.
func draining(p *segmentPair) (tx *roam.Tx[[]byte], called chan error) {
	tx, rx := roam.Channel[[]byte]()
	called = make(chan error, 1)
	go func() {
		_, err := testbed.NewClient(p.atHost).Drain(context.Background(), rx)
		called <- err
	}()
	return tx, called
}

// TestDraftsLieInSlots, in all but as many as others need.
func TestDraftsLieInSlots(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{SlotsPerGuest: 8})
	p.run()
	tx, called := draining(p)
	var drafts []*roam.Draft
	for i := range 10 {
		d, err := roam.Reserve(context.Background(), tx, 50000)
		require.NoError(t, err)
		require.Len(t, d.Bytes(), 50000)
		drafts = append(drafts, d)
		p.requireSlots(t, min(i+1, 4))
	}
	require.NoError(t, testbed.Uploads(context.Background(), testbed.NewClient(p.atHost), 1<<20))
	for i, d := range drafts {
		if i%3 == 0 {
			d.Drop()
			require.ErrorIs(t, d.Send(context.Background()), roam.ErrDraftOver)
			continue
		}
		require.NoError(t, d.Send(context.Background()))
		require.ErrorIs(t, d.Send(context.Background()), roam.ErrDraftOver)
		d.Drop()
	}
	tx.Close()
	require.NoError(t, <-called)
	p.requireSlots(t, 0)

	_, err := roam.Reserve(context.Background(), tx, 1<<20)
	var size *roam.SizeError
	require.ErrorAs(t, err, &size)
}

// TestDraftThatCannotBeSentGoesBack: one whose channel has ended at once, one whose context
// ended when it is dropped, and one that the program loses when that is certain.
func TestDraftThatCannotBeSentGoesBack(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	p.run()
	tx, called := draining(p)
	reserve := func() *roam.Draft {
		d, err := roam.Reserve(context.Background(), tx, 50000)
		require.NoError(t, err)
		return d
	}
	late, lost := reserve(), reserve()
	p.requireSlots(t, 2)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, late.Send(ended), context.Canceled)
	p.requireSlots(t, 2)
	tx.Close()
	require.ErrorIs(t, late.Send(context.Background()), roam.ErrChannelClosed)
	p.requireSlots(t, 1)
	require.Len(t, lost.Bytes(), 50000)
	require.NoError(t, <-called)
	p.requireCollected(t)
}

// TestDraftOutlivesTheConnection: its memory stays until it is dropped.
func TestDraftOutlivesTheConnection(t *testing.T) {
	p := newSegmentPair(t, shmring.Config{})
	p.run()
	tx, called := draining(p)
	d, err := roam.Reserve(context.Background(), tx, 50000)
	require.NoError(t, err)
	require.NoError(t, p.atGuest.Close(context.Background()))
	require.ErrorIs(t, <-called, roam.ErrConnection)
	<-p.atHost.Done()
	clear(d.Bytes())
	require.ErrorIs(t, d.Send(context.Background()), roam.ErrConnection)
}
