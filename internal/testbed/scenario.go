package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	roam "github.com/roam-rpc/roam-go"
)

// Scenario is a use of the service that either side can play against the other, n
// times or with n items. It says what went wrong.
type Scenario func(ctx context.Context, c *Client, n int) error

// Scenarios by name. Client.Drive plays one on the other side.
var Scenarios = map[string]Scenario{
	"echo":       Echoes,
	"concurrent": Concurrent,
	"sum":        Sums,
	"generate":   Generates,
	"transform":  Transforms,
	"upload":     Uploads,
	"download":   Downloads,
	"failures":   Failures,
	"cancel":     Cancels,
	"channels":   Channels,
	"large":      Large,
	"unread":     Unread,
	"deadline":   Deadlines,
	"borrow":     Borrows,
	"keep":       Keeps,
	"kept":       KeptUntilTheEnd,
	"lend":       Lends,
	"draft":      Drafts,
	"crowd":      Crowds,
	"abandon":    Abandons,
	"unheard":    Unheard,
	"dropped":    Dropped,
}

// Echoes makes n calls, one after another.
func Echoes(ctx context.Context, c *Client, n int) error {
	for i := range n {
		text := fmt.Sprintf("call %d, and some more so that it does not fit a descriptor", i)
		got, err := c.Echo(ctx, text)
		if err != nil {
			return err
		}
		if got != text {
			return fmt.Errorf("echo of %q gave %q", text, got)
		}
	}
	return nil
}

// Concurrent makes n calls from each of 16 goroutines.
func Concurrent(ctx context.Context, c *Client, n int) error {
	return each(16, func(worker int) error {
		for i := range n {
			got, err := c.Add(ctx, uint64(worker), uint64(i))
			if err != nil {
				return err
			}
			if got != uint64(worker+i) {
				return fmt.Errorf("%d + %d gave %d", worker, i, got)
			}
		}
		return nil
	})
}

// each runs workers at once and joins what they say.
func each(workers int, run func(worker int) error) error {
	errs := make([]error, workers)
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() { errs[i] = run(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Sums streams n numbers up.
func Sums(ctx context.Context, c *Client, n int) error {
	tx, rx := roam.Channel[int32]()
	sent := make(chan error, 1)
	go func() {
		defer tx.Close()
		sent <- func() error {
			for i := range n {
				if err := tx.Send(ctx, int32(i)); err != nil {
					return err
				}
			}
			return nil
		}()
	}()
	sum, err := c.Sum(ctx, rx)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if want := int64(n) * int64(n-1) / 2; sum != want {
		return fmt.Errorf("sum of %d numbers is %d, want %d", n, sum, want)
	}
	return nil
}

// Generates streams n numbers down and checks their order.
func Generates(ctx context.Context, c *Client, n int) error {
	tx, rx := roam.Channel[int32]()
	called := make(chan error, 1)
	go func() { called <- c.Generate(ctx, uint32(n), tx) }()
	next := int32(0)
	for got, err := range rx.All(ctx) {
		if err != nil {
			return errors.Join(err, <-called)
		}
		if got != next {
			return fmt.Errorf("number %d came as %d", next, got)
		}
		next++
	}
	if err := <-called; err != nil {
		return err
	}
	if int(next) != n {
		return fmt.Errorf("%d numbers came, want %d", next, n)
	}
	return nil
}

// Transforms sends n texts and takes each answer before the next.
func Transforms(ctx context.Context, c *Client, n int) error {
	inTx, inRx := roam.Channel[string]()
	outTx, outRx := roam.Channel[string]()
	called := make(chan error, 1)
	go func() { called <- c.Transform(ctx, inRx, outTx) }()
	err := func() error {
		defer inTx.Close()
		for i := range n {
			if err := inTx.Send(ctx, fmt.Sprintf("word %d", i)); err != nil {
				return err
			}
			got, err := outRx.Recv(ctx)
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("WORD %d", i); got != want {
				return fmt.Errorf("got %q, want %q", got, want)
			}
		}
		return nil
	}()
	if _, end := outRx.Recv(ctx); err == nil && end != io.EOF {
		err = fmt.Errorf("the answers ended with %v, want EOF", end)
	}
	return errors.Join(err, <-called)
}

// Uploads streams n bytes up through a Writer.
func Uploads(ctx context.Context, c *Client, n int) error { return upload(ctx, n, c.Drain) }

// upload streams n bytes up, to a method that counts them.
func upload(ctx context.Context, n int, count func(context.Context, *roam.Rx[[]byte]) (uint64, error)) error {
	tx, rx := roam.Channel[[]byte]()
	sent := make(chan error, 1)
	go func() {
		w := roam.NewWriter(ctx, tx)
		_, err := io.CopyN(w, zeros{}, int64(n))
		sent <- errors.Join(err, w.Close())
	}()
	got, err := count(ctx, rx)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if got != uint64(n) {
		return fmt.Errorf("%d bytes arrived, want %d", got, n)
	}
	return nil
}

// zeros is an endless source.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Downloads streams n bytes down through a Reader.
func Downloads(ctx context.Context, c *Client, n int) error {
	tx, rx := roam.Channel[[]byte]()
	called := make(chan error, 1)
	go func() { called <- c.Flood(ctx, uint64(n), 1000, tx) }()
	got, err := io.Copy(io.Discard, roam.NewReader(ctx, rx))
	if err := errors.Join(err, <-called); err != nil {
		return err
	}
	if got != int64(n) {
		return fmt.Errorf("%d bytes arrived, want %d", got, n)
	}
	return nil
}

// Lends streams n bytes up and n bytes down, whose receivers borrow the items.
func Lends(ctx context.Context, c *Client, n int) error {
	if err := upload(ctx, n, c.Lend); err != nil {
		return err
	}
	tx, rx := roam.Channel[[]byte]()
	called := make(chan error, 1)
	go func() { called <- c.Flood(ctx, uint64(n), uint32(n/16), tx) }()
	got, err := borrowAll(ctx, rx, (*roam.Lent).Release)
	if err := errors.Join(err, <-called); err != nil {
		return err
	}
	if got != uint64(n) {
		return fmt.Errorf("%d bytes arrived, want %d", got, n)
	}
	return nil
}

// Drafts sends 40 items of up to n bytes that are written in place, and drops some more.
func Drafts(ctx context.Context, c *Client, n int) error {
	const items = 40
	tx, rx := roam.Channel[[]byte]()
	sent := make(chan error, 1)
	var total uint64
	go func() {
		defer tx.Close()
		for i := range items {
			size := n * (i + 1) / items
			if err := sendDraft(ctx, tx, size); err != nil {
				sent <- err
				return
			}
			total += uint64(size)
		}
		sent <- nil
	}()
	got, err := c.Lend(ctx, rx)
	if err := errors.Join(err, <-sent); err != nil {
		return err
	}
	if got != total {
		return fmt.Errorf("%d bytes arrived, want %d", got, total)
	}
	return nil
}

// sendDraft sends an item of zeros, beside one of ones that it drops.
func sendDraft(ctx context.Context, tx *roam.Tx[[]byte], size int) error {
	draft, err := roam.Reserve(ctx, tx, size)
	if err != nil {
		return err
	}
	dropped, err := roam.Reserve(ctx, tx, size)
	if err != nil {
		return err
	}
	for i := range size {
		draft.Bytes()[i], dropped.Bytes()[i] = 0, 1
	}
	dropped.Drop()
	return draft.Send(ctx)
}

// Failures has each kind of failing call, n times, and a good call after each.
func Failures(ctx context.Context, c *Client, n int) error {
	for range n {
		var declared *CheckError
		var remote *roam.RemoteError
		var size *roam.SizeError
		checks := []error{
			expect("declared error", errors.As(c.Check(ctx, 7), &declared) && declared.Code == 7),
			expect("undeclared error", errors.As(c.Fail(ctx, "no paper"), &remote) && remote.Message == "no paper"),
			expect("panic", errors.As(c.Panic(ctx), &remote) && remote.Message == "panic: testbed panics"),
			expect("unknown method", errors.Is(c.Missing(ctx), roam.ErrUnknownMethod)),
			expect("undecodable arguments", errors.Is(c.Undecodable(ctx), roam.ErrInvalidPayload)),
			expect("oversize arguments", errors.As(c.oversize(ctx), &size) && size.Size > size.Limit),
			c.Check(ctx, 0),
		}
		if err := errors.Join(checks...); err != nil {
			return err
		}
	}
	return nil
}

func expect(what string, ok bool) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s did not arrive as such", what)
}

func (c *Client) oversize(ctx context.Context) error {
	_, err := c.Bytes(ctx, make([]byte, 64<<20))
	return err
}

// Cancels gives up n calls whose handlers wait for that.
func Cancels(ctx context.Context, c *Client, n int) error {
	for range n {
		giveUp, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- c.Block(giveUp) }()
		_, err := c.Add(ctx, 1, 2)
		cancel()
		if got := <-done; err == nil && !errors.Is(got, context.Canceled) {
			err = fmt.Errorf("cancelled call gave %v", got)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Deadlines has n calls run into their deadlines, on whichever side that shows first.
func Deadlines(ctx context.Context, c *Client, n int) error {
	for range n {
		soon, cancel := context.WithTimeout(ctx, time.Millisecond)
		err := c.Block(soon)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("call past its deadline gave %v", err)
		}
	}
	return nil
}

// Channels opens n channels on one connection, some of them ended in other ways than
// by a regular Close.
func Channels(ctx context.Context, c *Client, n int) error {
	return each(4, func(worker int) error {
		for i := range n / 4 {
			if err := channelUse(ctx, c, (i+worker)%4); err != nil {
				return fmt.Errorf("channel %d: %w", i, err)
			}
		}
		return nil
	})
}

func channelUse(ctx context.Context, c *Client, kind int) error {
	switch kind {
	case 0:
		return Sums(ctx, c, 3)
	case 1:
		return Generates(ctx, c, 3)
	case 2: // the callee resets
		tx, rx := roam.Channel[[]byte]()
		_, err := c.Ignore(ctx, rx)
		_ = tx.Send(ctx, []byte("perhaps too late"))
		tx.Close()
		return err
	}
	// the caller resets
	tx, rx := roam.Channel[int32]()
	called := make(chan error, 1)
	go func() { called <- c.Generate(ctx, 10, tx) }()
	_, err := rx.Recv(ctx)
	rx.Close()
	<-called // it may have failed with the reset, or been done before it
	return err
}

// Large makes calls of up to n bytes each way.
func Large(ctx context.Context, c *Client, n int) error { return growing(ctx, c.Bytes, n) }

// growing calls what gives data back with 1 to n bytes.
func growing(ctx context.Context, echo func(context.Context, []byte) ([]byte, error), n int) error {
	for size := 1; size <= n; size = size*2 + 1 {
		data := pattern(size)
		got, err := echo(ctx, data)
		if err != nil {
			return err
		}
		if string(got) != string(data) {
			return fmt.Errorf("%d bytes came back as other %d bytes", len(data), len(got))
		}
	}
	return nil
}

// pattern is n bytes that are not all the same.
func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return data
}

// Borrows makes calls of up to n bytes each way to handlers that borrow them, from 4
// goroutines.
func Borrows(ctx context.Context, c *Client, n int) error {
	return each(4, func(int) error {
		return errors.Join(growing(ctx, c.Lent, n), growing(ctx, c.LentInline, n))
	})
}

// keepers are more handlers than there are slots in a pool of the default size.
const keepers = 20

// Keeps has many handlers keep n bytes each that they borrow, makes calls as large while
// they do, and ends them.
func Keeps(ctx context.Context, c *Client, n int) error {
	kept, end := context.WithCancel(ctx)
	defer end()
	data := pattern(n)
	ended := make(chan error, keepers)
	for range keepers {
		go func() { ended <- c.Keep(kept, data) }()
	}
	err := errors.Join(growing(ctx, c.Lent, n), growing(ctx, c.Bytes, n))
	end()
	for range keepers {
		if got := <-ended; !errors.Is(got, context.Canceled) {
			err = errors.Join(err, fmt.Errorf("a handler that kept what it borrowed gave %w", got))
		}
	}
	return err
}

// KeptUntilTheEnd has a handler keep n bytes until ctx or the connection ends.
func KeptUntilTheEnd(ctx context.Context, c *Client, n int) error { return c.Keep(ctx, pattern(n)) }

// Unread cancels n calls in the middle of streams that nobody reads to the end.
func Unread(ctx context.Context, c *Client, n int) error {
	for range n {
		giveUp, cancel := context.WithCancel(ctx)
		tx, rx := roam.Channel[[]byte]()
		called := make(chan error, 1)
		go func() { called <- c.Flood(giveUp, 1<<40, 1000, tx) }()
		_, err := rx.Recv(ctx)
		cancel()
		if got := <-called; err == nil && !errors.Is(got, context.Canceled) {
			err = fmt.Errorf("cancelled stream gave %v", got)
		}
		rx.Close() // until here it is in use: a dropped end would reset the stream by itself
		if err != nil {
			return err
		}
	}
	return nil
}

// Crowds has n calls at once that take as long as the other side likes.
func Crowds(ctx context.Context, c *Client, n int) error {
	return each(n, func(int) error { return c.Block(ctx) })
}

// Abandons gives up n calls after an item has passed each way, with both streams open.
func Abandons(ctx context.Context, c *Client, n int) error {
	for range n {
		giveUp, cancel := context.WithCancel(ctx)
		inTx, inRx := roam.Channel[string]()
		outTx, outRx := roam.Channel[string]()
		called := make(chan error, 1)
		go func() { called <- c.Transform(giveUp, inRx, outTx) }()
		err := inTx.Send(ctx, "word")
		if err == nil {
			_, err = outRx.Recv(ctx)
		}
		cancel()
		if got := <-called; err == nil && !errors.Is(got, context.Canceled) {
			err = fmt.Errorf("abandoned call gave %v", got)
		}
		inTx.Close()
		outRx.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// Unheard calls for a stream of n bytes that it never reads.
func Unheard(ctx context.Context, c *Client, n int) error {
	tx, rx := roam.Channel[[]byte]()
	defer rx.Close()
	return c.Flood(ctx, uint64(n), 1000, tx)
}

// Dropped loses, n times, the end of a stream on which it has sent 1, without closing it.
func Dropped(ctx context.Context, c *Client, n int) error {
	for range n {
		summed := make(chan error, 1)
		if err := dropAfterOne(ctx, c, summed); err != nil {
			return err
		}
		for over := false; !over; {
			runtime.GC() // an end is found to be lost when it is collected
			select {
			case err := <-summed:
				if over = true; err != nil {
					return err
				}
			case <-time.After(time.Millisecond):
			}
		}
	}
	return nil
}

func dropAfterOne(ctx context.Context, c *Client, summed chan<- error) error {
	tx, rx := roam.Channel[int32]()
	go func() {
		_, err := c.Sum(ctx, rx)
		summed <- err
	}()
	return tx.Send(ctx, 1)
}
