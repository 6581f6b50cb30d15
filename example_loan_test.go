package roam_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// lineCounter counts the lines of a stream where its items lie.
type lineCounter struct{}

func (lineCounter) CountLines(ctx context.Context, data *roam.Rx[[]byte]) (uint64, error) {
	lines := 0
	for {
		item, err := roam.Borrow(ctx, data)
		if err == io.EOF {
			return uint64(lines), nil
		}
		if err != nil {
			return 0, err
		}
		lines += bytes.Count(item.Bytes(), []byte("\n"))
		item.Release() // the sender has the slot back
	}
}

// Borrow reads an item where it lies: over shared memory, a large one in the segment.
// Here is the handler's side of ExampleReserve.
func ExampleBorrow() {
	handle, stop := connect(service.NewLogsDispatcher(lineCounter{}), roam.NoService)
	defer stop()
	ctx := context.Background()

	tx, rx := roam.Channel[[]byte]()
	go func() {
		defer tx.Close()
		if err := tx.Send(ctx, []byte("one\ntwo\n")); err != nil {
			log.Print(err)
		}
	}()
	fmt.Println(service.NewLogsClient(handle).CountLines(ctx, rx))
	// Output: 2 <nil>
}

// Reserve gives the memory of an item to be written, over shared memory in the segment,
// so that what a decoder, a camera or a file gives is not copied to be sent.
func ExampleReserve() {
	handle, stop := connect(service.NewLogsDispatcher(lineCounter{}), roam.NoService)
	defer stop()
	ctx := context.Background()

	const frame = 64 << 10
	tx, rx := roam.Channel[[]byte]()
	go func() {
		defer tx.Close()
		for range 3 {
			draft, err := roam.Reserve(ctx, tx, frame)
			if err != nil {
				log.Print(err)
				return
			}
			into := draft.Bytes() // whatever was there before
			for i := range into {
				into[i] = "x\n"[i%2]
			}
			if err := draft.Send(ctx); err != nil {
				log.Print(err)
				return
			}
		}
	}()
	fmt.Println(service.NewLogsClient(handle).CountLines(ctx, rx))
	// Output: 98304 <nil>
}
