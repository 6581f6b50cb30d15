package main

import (
	"context"
	"io"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/internal/testbed"
)

// service is what every guest over roam serves, and the host too, for calls back.
func service() roam.Dispatcher { return testbed.NewTestbedDispatcher(&testbed.Service{}) }

// roamCaller calls the service over a roam connection. 32 bytes go as an array, to a handler
// that never blocks and runs where it is received; anything else as a slice, to a handler in a
// goroutine of its own that borrows it.
func roamCaller(c roam.Caller) caller {
	bed := testbed.NewTestbedClient(c)
	return caller{
		add:   bed.Add,
		small: bed,
		echo:  bed.Lent,
		done:  roam.Recycle,
		nest: func(ctx context.Context) error {
			_, err := bed.Nest(ctx, 1)
			return err
		},
		up: func(ctx context.Context, item []byte, items int) (uint64, error) {
			return upload(ctx, bed, item, items)
		},
		down: func(ctx context.Context, size, items int) (uint64, error) {
			return download(ctx, bed, size, items)
		},
	}
}

func upload(ctx context.Context, bed *testbed.TestbedClient, item []byte, items int) (uint64, error) {
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
		return 0, err
	}
	return got, <-sent
}

func download(ctx context.Context, bed *testbed.TestbedClient, size, items int) (uint64, error) {
	total := uint64(size) * uint64(items)
	tx, rx := roam.Channel[[]byte]()
	called := make(chan error, 1)
	go func() { called <- bed.Flood(ctx, total, uint32(size), tx) }()
	got, err := roam.NewReader(ctx, rx).WriteTo(io.Discard)
	if err != nil {
		return 0, err
	}
	return uint64(got), <-called
}
