// Package small is a small service that has one of each of what makes C different from
// Go. Its C files are there to be read: a change of what roamgen writes shows in them.
package small

//go:generate go tool roamgen
//go:generate go tool roamgen -c

import (
	"context"

	roam "github.com/roam-rpc/roam-go"
)

// Store keeps values.
//
//roam:service
type Store interface {
	// Get gives the value of a key.
	//
	//roam:error Missing
	Get(ctx context.Context, key string) (Value, error)
	// Size says how many values there are.
	//
	//roam:inline
	Size(ctx context.Context) (uint32, error)
	// Watch sends the keys that change, as long as it is wanted.
	Watch(ctx context.Context, filter Filter, changes *roam.Tx[Change]) (sent int, dropped int, err error)
	// Clear forgets everything.
	Clear(ctx context.Context) error
}

// Missing says that there is no value.
type Missing struct {
	// Similar are keys that are spelled alike.
	Similar []string
}

func (Missing) Error() string { return "missing" }

// Value is what a key stands for.
//
//roam:enum Text Number Image Nothing
type Value interface{ value() }

// The values.
type (
	Text   string
	Number float64
	// Image has a picture, whose fields take much space.
	Image struct {
		Width, Height int
		Class         Class
		Planes        [4][]byte
		Meta          map[string]string
	}
	Nothing struct{}
)

func (Text) value()    {}
func (Number) value()  {}
func (Image) value()   {}
func (Nothing) value() {}

// Class is what a picture shows.
//
//roam:enum
type Class int

// The classes.
const (
	ClassPhoto Class = iota
	// ClassDrawing was made by hand.
	ClassDrawing
)

// Filter says which changes.
type Filter struct {
	Prefix *string
	// Default is a word that C has for itself.
	Default bool
	Class   *Class
	// Stop ends the watching.
	Stop *roam.Rx[struct{}]
}

// Change is a change of one key.
//
//roam:tuple
type Change struct {
	Key   string
	Value *Image
}
