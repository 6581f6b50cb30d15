package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/internal/testbed"
)

// client gives the operations of a case over one connection to a guest.
type client interface {
	// operations gives one for each caller of the case.
	operations(c benchCase) []operation
	// close ends the connection and waits for the guest's end.
	close() error
}

// same gives n callers the same operation, which any number may do at once.
func same(n int, op operation) []operation {
	ops := make([]operation, n)
	for i := range ops {
		ops[i] = op
	}
	return ops
}

// roamOperations are the operations over a roam connection.
func roamOperations(caller roam.Caller, c benchCase) []operation {
	bed := testbed.NewClient(caller)
	switch c.method {
	case callAdd:
		return same(c.callers, func(ctx context.Context) error { return add(ctx, bed) })
	case callBytes:
		data := payload(c.payload)
		return same(c.callers, func(ctx context.Context) error { return exchange(ctx, bed, data) })
	case streamUp:
		item := payload(c.payload)
		return same(c.callers, func(ctx context.Context) error { return upload(ctx, bed, item, c.items) })
	}
	return same(c.callers, func(ctx context.Context) error { return download(ctx, bed, c.payload, c.items) })
}

// payload makes n bytes that are like noise: framing that escapes zero bytes meets one
// in 256.
func payload(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return b
}

// Numbers whose encodings have 9 bytes each, about what eight bytes of data take.
const (
	addA = 1<<62 + 12345
	addB = 1<<61 + 67890
)

func add(ctx context.Context, bed *testbed.Client) error {
	sum, err := bed.Add(ctx, addA, addB)
	if err == nil && sum != addA+addB {
		err = fmt.Errorf("%d + %d gave %d", uint64(addA), uint64(addB), sum)
	}
	return err
}

func exchange(ctx context.Context, bed *testbed.Client, data []byte) error {
	got, err := bed.Bytes(ctx, data)
	if err == nil && len(got) != len(data) {
		err = fmt.Errorf("%d bytes came back as %d", len(data), len(got))
	}
	return err
}

func upload(ctx context.Context, bed *testbed.Client, item []byte, items int) error {
	tx, rx := roam.Channel[[]byte]()
	sent := make(chan error, 1)
	go func() {
		defer tx.Close()
		var err error
		for i := 0; i < items && err == nil; i++ {
			err = tx.Send(ctx, item)
		}
		sent <- err
	}()
	got, err := bed.Drain(ctx, rx)
	if err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	if want := uint64(items) * uint64(len(item)); got != want {
		return fmt.Errorf("%d bytes arrived of %d", got, want)
	}
	return nil
}

func download(ctx context.Context, bed *testbed.Client, size, items int) error {
	total := uint64(size) * uint64(items)
	tx, rx := roam.Channel[[]byte]()
	called := make(chan error, 1)
	go func() { called <- bed.Flood(ctx, total, uint32(size), tx) }()
	var got uint64
	for item, err := range rx.All(ctx) {
		if err != nil {
			return err
		}
		got += uint64(len(item))
	}
	if err := <-called; err != nil {
		return err
	}
	if got != total {
		return fmt.Errorf("%d bytes arrived of %d", got, total)
	}
	return nil
}
