// Package service is the service of the picture filter: what the host in Go and the
// guest in C agree on.
package service

import (
	"context"

	roam "github.com/roam-rpc/roam-go"
)

//go:generate go tool roamgen
//go:generate go tool roamgen -c -o ../guest -prefix image

// Filter changes pictures.
//
//roam:service
type Filter interface {
	// Apply reads a picture in PNG from in and writes it, changed, to out, in PNG too.
	// It writes while it reads: whoever calls it reads out meanwhile.
	//
	//roam:error PictureError
	Apply(ctx context.Context, effect Effect, in *roam.Rx[[]byte], out *roam.Tx[[]byte]) (Size, error)
}

// Effect is what is done to a picture.
//
//roam:enum
type Effect uint8

const (
	EffectBlur   Effect = iota // softens it
	EffectSketch               // draws its edges with a pencil
	EffectEmboss               // lights it from the upper left, as if it were cut in metal
)

// Size is that of a picture, pixels.
type Size struct {
	Width  uint32
	Height uint32
}

// PictureError says that what came is no picture that can be read.
type PictureError struct {
	Reason string
}

func (e *PictureError) Error() string { return "not a picture: " + e.Reason }
