package testbed

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
)

// Testbed is the service.
//
//roam:service
type Testbed interface {
	// Echo gives text back.
	Echo(ctx context.Context, text string) (string, error)
	// Reverse gives text back, its characters in reverse order.
	Reverse(ctx context.Context, text string) (string, error)
	// Add adds; its arguments and result have a fixed size, and nothing but the call
	// itself allocates.
	Add(ctx context.Context, a, b uint64) (uint64, error)
	// Inline is Add, run on the goroutine that receives.
	//
	//roam:inline
	Inline(ctx context.Context, a, b uint64) (uint64, error)
	// Small gives 32 bytes back, on the goroutine that receives.
	//
	//roam:inline
	Small(ctx context.Context, data [32]byte) ([32]byte, error)
	// Bytes gives data back.
	Bytes(ctx context.Context, data []byte) ([]byte, error)
	// Lent gives data back that it borrows.
	//
	//roam:borrow
	Lent(ctx context.Context, data []byte) ([]byte, error)
	// LentInline is Lent, run on the goroutine that receives.
	//
	//roam:borrow
	//roam:inline
	LentInline(ctx context.Context, data []byte) ([]byte, error)
	// Keep borrows data until its context ends, reads it once more and returns the
	// context's error.
	//
	//roam:borrow
	Keep(ctx context.Context, data []byte) error
	// Check succeeds for 0 and fails with a *CheckError of that code otherwise.
	//
	//roam:error CheckError
	Check(ctx context.Context, code uint32) error
	// Fail fails with an error that is not declared.
	Fail(ctx context.Context, text string) error
	// Panic panics.
	Panic(ctx context.Context) error
	// Block returns when its context ends, with the context's error.
	Block(ctx context.Context) error
	// Nest has the handler call Nest back on the caller's side, depth times in all.
	Nest(ctx context.Context, depth uint32) (calls uint32, err error)
	// Meta gives back the value of a key in the request's metadata, as text.
	Meta(ctx context.Context, key string) (value string, err error)
	// Drive plays a scenario on the handler's side, against the caller's.
	Drive(ctx context.Context, scenario string, n int) error
	// Leave asks the other process to end its connection in order, soon after the answer.
	Leave(ctx context.Context) error
	// Exit ends the other process at once.
	Exit(ctx context.Context) error
	// Sum adds the numbers of a stream.
	Sum(ctx context.Context, numbers *roam.Rx[int32]) (int64, error)
	// Generate sends 0 to count-1 on a stream.
	Generate(ctx context.Context, count uint32, numbers *roam.Tx[int32]) error
	// Transform sends back each text in upper case.
	Transform(ctx context.Context, in *roam.Rx[string], out *roam.Tx[string]) error
	// Drain counts the bytes of a stream.
	Drain(ctx context.Context, data *roam.Rx[[]byte]) (bytes uint64, err error)
	// Lend counts the bytes of a stream whose items it borrows.
	Lend(ctx context.Context, data *roam.Rx[[]byte]) (bytes uint64, err error)
	// Ignore returns at once without reading its stream.
	Ignore(ctx context.Context, data *roam.Rx[[]byte]) (bytes uint64, err error)
	// Hold closes its stream and returns when its context ends, with the context's error.
	Hold(ctx context.Context, data *roam.Rx[[]byte]) error
	// Linger returns at once and reads its stream to the end after that.
	Linger(ctx context.Context, data *roam.Rx[[]byte]) error
	// Pile waits for an item of start, then counts the ticks.
	Pile(ctx context.Context, start *roam.Rx[int32], ticks *roam.Rx[struct{}]) (uint64, error)
	// Break sends 1 and panics, with both its streams open.
	Break(ctx context.Context, in *roam.Rx[[]byte], out *roam.Tx[int32]) error
	// Flood sends items of size bytes until total bytes are sent.
	Flood(ctx context.Context, total uint64, size uint32, data *roam.Tx[[]byte]) error
}

// CheckError is the declared error of Check.
type CheckError struct{ Code uint32 }

func (e *CheckError) Error() string { return fmt.Sprintf("check failed with code %d", e.Code) }
