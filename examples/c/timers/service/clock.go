// Package service is the service of the guest in an event loop: what the host in Go and
// the guest in C agree on.
package service

import (
	"context"
	"time"

	roam "github.com/roam-rpc/roam-go"
)

//go:generate go tool roamgen
//go:generate go tool roamgen -c -o ../guest -prefix timers

// Clock answers and sends when it is time.
//
//roam:service
type Clock interface {
	// Wait answers when so much time has passed, with the number of those that waited
	// then, this one included.
	Wait(ctx context.Context, span time.Duration) (uint32, error)
	// Tick sends 1, 2, 3 and so on to ticks, one each time that so much time has passed,
	// as many as count says. A tick for which the receiver has no room is left out.
	Tick(ctx context.Context, every time.Duration, count uint32, ticks *roam.Tx[uint32]) error
}
