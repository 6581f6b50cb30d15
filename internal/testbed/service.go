package testbed

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"

	roam "github.com/roam-rpc/roam-go"
)

// Service implements Testbed. It is its own dispatcher.
type Service struct {
	// Blocked, if not nil, is told each time a Block starts and ends.
	Blocked func(started bool)
	// Kept, if not nil, is called by a Keep whose context has ended, with the data as it
	// borrows them still.
	Kept func(data []byte)
	// Lending, if not nil, is given each item that a Lend borrows, and releases it.
	Lending func(*roam.Lent)
	// Leaving, if not nil, is called after the answer to a Leave was sent.
	Leaving func()
}

var _ Testbed = (*Service)(nil)

var _ roam.Borrower = (*Service)(nil)

// Borrows makes the Service a roam.Borrower.
func (s *Service) Borrows(method uint64) bool {
	for _, m := range TestbedDescriptor.Methods {
		if m.ID == method {
			return m.Borrow
		}
	}
	return false
}

// Prepare makes the Service a roam.Dispatcher.
func (s *Service) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	return testbedDispatcher{s}.Prepare(in)
}

// Echo implements [Testbed], and so do the methods below.
func (*Service) Echo(_ context.Context, text string) (string, error) { return text, nil }

// Reverse reverses.
func (*Service) Reverse(_ context.Context, text string) (string, error) {
	chars := []rune(text)
	slices.Reverse(chars)
	return string(chars), nil
}

// Add adds.
func (*Service) Add(_ context.Context, a, b uint64) (uint64, error) { return a + b, nil }

// Inline adds.
func (*Service) Inline(_ context.Context, a, b uint64) (uint64, error) { return a + b, nil }

// Small gives data back.
func (*Service) Small(_ context.Context, data [32]byte) ([32]byte, error) { return data, nil }

// Bytes gives data back.
func (*Service) Bytes(_ context.Context, data []byte) ([]byte, error) { return data, nil }

// Lent gives data back.
func (*Service) Lent(_ context.Context, data []byte) ([]byte, error) { return data, nil }

// LentInline gives data back.
func (*Service) LentInline(_ context.Context, data []byte) ([]byte, error) { return data, nil }

// Keep waits for the end of ctx.
func (s *Service) Keep(ctx context.Context, data []byte) error {
	before := crc32.ChecksumIEEE(data)
	err := s.Block(ctx)
	if s.Kept != nil {
		s.Kept(data)
	}
	if after := crc32.ChecksumIEEE(data); after != before {
		return fmt.Errorf("%d bytes changed while they were borrowed", len(data))
	}
	return err
}

// Check fails, but for 0.
func (*Service) Check(_ context.Context, code uint32) error {
	if code == 0 {
		return nil
	}
	return &CheckError{Code: code}
}

// Fail fails.
func (*Service) Fail(_ context.Context, text string) error { return errors.New(text) }

// Panic panics.
func (*Service) Panic(context.Context) error { panic("testbed panics") }

// Block waits for the end of ctx.
func (s *Service) Block(ctx context.Context) error {
	if s.Blocked != nil {
		s.Blocked(true)
		defer s.Blocked(false)
	}
	<-ctx.Done()
	return ctx.Err()
}

// caller is the client of the other side.
func caller(ctx context.Context) *Client {
	request, _ := roam.RequestFrom(ctx)
	return NewClient(request.Caller())
}

// Nest calls back.
func (*Service) Nest(ctx context.Context, depth uint32) (uint32, error) {
	if depth == 0 {
		return 1, nil
	}
	below, err := caller(ctx).Nest(ctx, depth-1)
	return below + 1, err
}

// Meta looks into the request's metadata.
func (*Service) Meta(ctx context.Context, key string) (string, error) {
	value, _ := roam.IncomingMetadata(ctx).Get(key)
	if text, ok := value.Text(); ok {
		return text, nil
	}
	return value.String(), nil
}

// Drive plays a scenario.
func (*Service) Drive(ctx context.Context, scenario string, n int) error {
	play, ok := Scenarios[scenario]
	if !ok {
		return fmt.Errorf("no scenario %q", scenario)
	}
	return play(ctx, caller(ctx), n)
}

// Leave calls Leaving when its answer was sent.
func (s *Service) Leave(ctx context.Context) error {
	if s.Leaving != nil {
		context.AfterFunc(ctx, s.Leaving)
	}
	return nil
}

// Exit ends the process.
func (*Service) Exit(context.Context) error {
	os.Exit(3)
	return nil
}

// Sum adds up a stream.
func (*Service) Sum(ctx context.Context, numbers *roam.Rx[int32]) (total int64, err error) {
	for n, err := range numbers.All(ctx) {
		if err != nil {
			return 0, err
		}
		total += int64(n)
	}
	return total, nil
}

// Generate counts.
func (*Service) Generate(ctx context.Context, count uint32, numbers *roam.Tx[int32]) error {
	for i := range count {
		if err := numbers.Send(ctx, int32(i)); err != nil {
			return err
		}
	}
	return nil
}

// Transform sends back in upper case.
func (*Service) Transform(ctx context.Context, in *roam.Rx[string], out *roam.Tx[string]) error {
	for text, err := range in.All(ctx) {
		if err == nil {
			err = out.Send(ctx, strings.ToUpper(text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Drain counts what comes, as a byte stream.
func (*Service) Drain(ctx context.Context, data *roam.Rx[[]byte]) (uint64, error) {
	n, err := roam.NewReader(ctx, data).WriteTo(io.Discard)
	return uint64(n), err
}

// Lend counts what comes, where it lies.
func (s *Service) Lend(ctx context.Context, data *roam.Rx[[]byte]) (uint64, error) {
	if s.Lending == nil {
		return borrowAll(ctx, data, (*roam.Lent).Release)
	}
	return borrowAll(ctx, data, s.Lending)
}

// borrowAll counts the bytes of a stream of zeros, item by item where it lies, and has
// done with each by done.
func borrowAll(ctx context.Context, data *roam.Rx[[]byte], done func(*roam.Lent)) (total uint64, err error) {
	for {
		item, err := roam.Borrow(ctx, data)
		switch {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		}
		for _, b := range item.Bytes() {
			if b != 0 {
				err = fmt.Errorf("an item has a byte %d after %d bytes", b, total)
			}
		}
		total += uint64(len(item.Bytes()))
		done(item)
		if err != nil {
			return total, err
		}
	}
}

// Ignore reads nothing.
func (*Service) Ignore(context.Context, *roam.Rx[[]byte]) (uint64, error) { return 0, nil }

// Hold waits for the end of ctx.
func (*Service) Hold(ctx context.Context, data *roam.Rx[[]byte]) error {
	<-ctx.Done()
	data.Close()
	return ctx.Err()
}

// Linger reads on.
func (*Service) Linger(_ context.Context, data *roam.Rx[[]byte]) error {
	data.Detach()
	go func() { _, _ = roam.NewReader(context.Background(), data).WriteTo(io.Discard) }()
	return nil
}

// Pile counts what has piled up.
func (*Service) Pile(ctx context.Context, start *roam.Rx[int32], ticks *roam.Rx[struct{}]) (n uint64, err error) {
	if _, err := start.Recv(ctx); err != nil {
		return 0, err
	}
	for _, err := range ticks.All(ctx) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Break panics.
func (*Service) Break(ctx context.Context, _ *roam.Rx[[]byte], out *roam.Tx[int32]) error {
	if err := out.Send(ctx, 1); err != nil {
		return err
	}
	panic("testbed breaks")
}

// Flood sends.
func (*Service) Flood(ctx context.Context, total uint64, size uint32, data *roam.Tx[[]byte]) error {
	chunk := make([]byte, size)
	for sent := uint64(0); sent < total; sent += uint64(size) {
		if err := data.Send(ctx, chunk[:min(uint64(size), total-sent)]); err != nil {
			return err
		}
	}
	return nil
}
