package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
)

// client is a host's connection to a guest.
type client interface {
	// caller gives what caller i, below maxCallers, can do. Several do it at once.
	caller(i int) caller
	// close ends the connection and waits for the guest's end.
	close() error
}

// caller is what can be done over a connection; nil is what cannot.
type caller struct {
	add  func(ctx context.Context, a, b uint64) (uint64, error)
	echo func(ctx context.Context, data []byte) ([]byte, error) // may be overwritten by the next
	// small is echo of what takes no memory of its own; nil where it is no different.
	small interface {
		Small(ctx context.Context, data [smallPayload]byte) ([smallPayload]byte, error)
	}
	done func(data []byte) // with what echo gave; nil where nobody is to be told
	nest func(ctx context.Context) error
	// up sends the item some times and returns the bytes that arrived; down has items of
	// size bytes sent and does so, too.
	up   func(ctx context.Context, item []byte, items int) (uint64, error)
	down func(ctx context.Context, size, items int) (uint64, error)
}

// operation is what the case asks of one caller, nil if it cannot do that. It checks
// what comes back.
func (c caller) operation(bc benchCase) operation {
	switch {
	case bc.method == callAdd && c.add != nil:
		return c.addOnce
	case bc.method == callNest && c.nest != nil:
		return c.nest
	case bc.method == callBytes && bc.payload == smallPayload && c.small != nil:
		data := [smallPayload]byte(payload(smallPayload))
		return func(ctx context.Context) error {
			got, err := c.small.Small(ctx, data)
			if last := smallPayload - 1; err == nil && got[last] != data[last] {
				err = fmt.Errorf("%x came back as %x", data, got)
			}
			return err
		}
	case bc.method == callBytes && c.echo != nil:
		data := payload(bc.payload)
		return func(ctx context.Context) error { return c.exchange(ctx, data) }
	case bc.isStream() && c.up != nil && c.down != nil:
		return c.stream(bc)
	}
	return nil
}

// Numbers whose encodings have 9 bytes each, about what eight bytes of data take.
const (
	addA = 1<<62 + 12345
	addB = 1<<61 + 67890
)

func (c caller) addOnce(ctx context.Context) error {
	sum, err := c.add(ctx, addA, addB)
	if err == nil && sum != addA+addB {
		err = fmt.Errorf("%d + %d gave %d", uint64(addA), uint64(addB), sum)
	}
	return err
}

func (c caller) exchange(ctx context.Context, data []byte) error {
	got, err := c.echo(ctx, data)
	if err == nil && len(got) != len(data) {
		err = fmt.Errorf("%d bytes came back as %d", len(data), len(got))
	}
	if c.done != nil {
		c.done(got)
	}
	return err
}

func (c caller) stream(bc benchCase) operation {
	item, items := payload(bc.payload), bc.perStream()
	want := uint64(len(item)) * uint64(items)
	up := func(ctx context.Context) error {
		got, err := c.up(ctx, item, items)
		return arrived(got, want, err)
	}
	down := func(ctx context.Context) error {
		got, err := c.down(ctx, len(item), items)
		return arrived(got, want, err)
	}
	switch bc.method {
	case streamUp:
		return up
	case streamDown:
		return down
	}
	return func(ctx context.Context) error {
		done := make(chan error, 1)
		go func() { done <- up(ctx) }()
		return errors.Join(down(ctx), <-done)
	}
}

func arrived(got, want uint64, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%d bytes arrived of %d", got, want)
	}
	return err
}

// payload makes n bytes that are like noise: framing that escapes zero bytes meets one
// in 256.
func payload(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return b
}
