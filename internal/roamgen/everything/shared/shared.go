// Package shared has types that a service of another package uses.
package shared

// Level is an enum of constants.
//
//roam:enum
type Level uint8

// The levels, not in the order of their values.
const (
	LevelHigh Level = 9
	LevelLow  Level = 1
	// LevelNone is called by another name on the wire.
	//
	//roam:name Off
	LevelNone Level = 0
)

// Step is an integer type by another's.
//
//roam:enum
type Step Level

// The steps.
const (
	StepUp   Step = 2
	StepDown Step = 1
)

// Event is an enum with payloads.
//
//roam:enum Started Stopped
type Event interface{ event() }

// Started has a field.
type Started struct{ By string }

// Stopped is implemented by its pointer alone.
type Stopped struct{ Code int }

func (Started) event()  {}
func (*Stopped) event() {}

// Page is generic.
type Page[T any] struct {
	Items []T
	Next  *T
}

// Key is a struct that is a map's key.
type Key struct {
	Level Level
	Part  [2]uint16
	Last  bool
}
