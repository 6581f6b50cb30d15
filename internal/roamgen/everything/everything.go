package everything

import (
	"context"
	"time"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/internal/roamgen/everything/shared"
)

// Everything echoes. Its comment is carried over:
//
//   - to the descriptor
//   - and to tools, with "quotes" and `backquotes`.
//
//roam:service
//roam:name Every_Thing
//roam:error Failure
type Everything interface {
	// Bool echoes a bool.
	//
	//roam:error -
	//roam:inline
	//roam:idempotent
	Bool(ctx context.Context, v bool) (bool, error)
	Ints(ctx context.Context, v Ints) (Ints, error)
	Floats(ctx context.Context, v Floats) (Floats, error)
	String(ctx context.Context, v string) (string, error)
	Bytes(ctx context.Context, v []byte) ([]byte, error)
	Wide(ctx context.Context, v Wide) (Wide, error)
	Times(ctx context.Context, v Times) (Times, error)
	Named(ctx context.Context, v Named) (Named, error)
	Derived(ctx context.Context, v Derived) (Derived, error)
	Lists(ctx context.Context, v Lists) (Lists, error)
	Maps(ctx context.Context, v Maps) (Maps, error)
	Sets(ctx context.Context, v Sets) (Sets, error)
	Options(ctx context.Context, v Options) (Options, error)
	// Lent echoes []byte at any depth, lent to the handler, and strings beside them.
	//
	//roam:borrow
	Lent(ctx context.Context, v Lent) (Lent, error)
	// Color echoes an enum.
	Color(ctx context.Context, v Color) (Color, error)
	Shape(ctx context.Context, v Shape) (Shape, error)
	Pair(ctx context.Context, v Pair) (Pair, error)
	Tagged(ctx context.Context, v Tagged) (Tagged, error)
	Shared(ctx context.Context, v Shared) (Shared, error)
	Anonymous(ctx context.Context, v struct{ X, Y int }) (struct{ X, Y int }, error)
	Unit(ctx context.Context, v struct{}) (struct{}, error)
	Units(ctx context.Context, v []struct{}) ([]struct{}, error)

	// Two has several results, which are a tuple.
	Two(ctx context.Context, a int32, b string) (first int32, second string, err error)
	Nothing(ctx context.Context) error
	// Clashes has arguments whose names generated code has for itself.
	Clashes(ctx context.Context, call, err, e, d, c, wire, roam, impl, release, result, encodeKey, sync int, shared shared.Key, fmt *roam.Rx[Color]) (shared.Key, error)
	// Unnamed has arguments without names.
	Unnamed(context.Context, int, string) (string, error)

	// Fails fails with its own declared error.
	//
	//roam:error Code
	Fails(ctx context.Context, code uint8) error
	// Breaks fails with a sealed interface.
	//
	//roam:error Problem
	Breaks(ctx context.Context, problem Problem) error

	// Streams passes channels at every depth.
	//
	//roam:name run-streams
	Streams(ctx context.Context, direct *roam.Rx[int32], deep Streams, many map[string]*roam.Rx[Pair]) (int, error)
	// Items sends items that need codecs of their own.
	Items(ctx context.Context, out ItemStreams) error
}

// Failure is the service's declared error.
type Failure struct{ Reason string }

func (f Failure) Error() string { return f.Reason }

// Code is an enum that is an error.
//
//roam:enum
type Code uint8

// The codes.
const (
	CodeBusy Code = iota + 1
	CodeGone
)

func (c Code) Error() string { return [...]string{"", "busy", "gone"}[c] }

// Problem is a sealed interface that is an error.
//
//roam:enum TooLarge *NotFound
type Problem interface {
	error
	problem()
}

// Ints are integers of every size.
type Ints struct {
	I   int
	I8  int8
	I16 int16
	I32 int32
	I64 int64
	U   uint
	U8  uint8
	U16 uint16
	U32 uint32
	U64 uint64
}

// Floats are floats.
type Floats struct {
	F32 float32
	F64 float64
}

// Wide are types that Go has no other for.
type Wide struct {
	U roam.Uint128
	I roam.Int128
	C roam.Char
}

// Times are times.
type Times struct {
	At  time.Time
	For time.Duration
}

// Types with names of their own.
type (
	UserID   uint64
	Name     string
	Blob     []byte
	Octet    uint8
	Octets   []Octet
	Tags     []string
	Scores   map[string]int32
	Digest   [32]byte
	Interval time.Duration
	Alias    = UserID
	Nothing  struct{}
)

// Named are such types.
type Named struct {
	ID       UserID
	Name     Name
	Blob     Blob
	Octets   Octets
	Tags     Tags
	Scores   Scores
	Digest   Digest
	Interval Interval
	Alias    Alias
	Nothing  Nothing
}

// Types that are defined as ones with a form of their own, and keep it.
type (
	Hash    roam.Uint128
	Offset  roam.Int128
	Letter  roam.Char
	Initial Letter
	Stamp   time.Time
	Span    time.Duration
)

// Derived are such types.
type Derived struct {
	Hash    Hash
	Offset  Offset
	Letter  Letter
	Initial Initial
	Stamp   Stamp
	Span    Span
	Grade   Grade
	Step    shared.Step
	ByHash  map[Hash]Letter
	ByGrade map[Grade]struct{}
}

// Grade is an enum of constants whose names functions may have for their variables.
//
//roam:enum
type Grade Base

// Base is an integer.
type Base int8

// The grades.
const (
	n Grade = iota
	v
	e
	d
	i
	third
)

// Lists are lists and arrays.
type Lists struct {
	Strings [][]string
	Points  []Point
	Three   [3]Point
	Raw     [4]byte
	Octets  [4]Octet
	None    [5]struct{}
}

// Point is a struct.
type Point struct{ X, Y int32 }

// Maps are maps.
type Maps struct {
	ByName  map[string]Point
	ByID    map[UserID][]byte
	ByBool  map[bool]string
	ByColor map[Color]string
	ByLevel map[shared.Level]int
	ByKey   map[shared.Key]int
	ByWide  map[roam.Uint128]roam.Char
	ByHash  map[Digest]map[int8]bool
}

// Sets are sets.
type Sets struct {
	Names  map[string]struct{}
	Points map[Point]struct{}
}

// Lent has []byte at several depths, and what is copied beside them.
type Lent struct {
	Name  string
	Data  []byte
	Parts map[string][]*Blob
	Raw   [4]byte
}

// Options are values that may be missing.
type Options struct {
	Number *int
	Text   **string
	Point  *Point
	List   *[]*Point
	Large  *Large
}

// Large takes more space than most.
type Large struct{ Points [9]Point }

// Color is an enum of constants.
//
//roam:enum
type Color int32

// The colors.
const (
	// ColorRed is the first.
	ColorRed   Color = 10
	ColorGreen Color = -3
	ColorBlue  Color = 7
)

// Shape is an enum with payloads.
//
//roam:enum ShapeCircle ShapeSquare ShapeNone Label Corners Wrapped ShapeLarge
type Shape interface{ shape() }

// The shapes: with fields, by pointer, without a payload, with one unnamed value, with
// several, with one that is a struct, and with much.
type (
	ShapeCircle struct{ Radius float64 }
	ShapeSquare struct {
		Side  uint32
		Color Color
	}
	ShapeNone struct{}
	Label     string
	//roam:tuple
	Corners struct{ A, B Point }
	//roam:tuple
	//roam:name Boxed
	Wrapped    struct{ Point Point }
	ShapeLarge struct {
		Large Large
		Name  string
	}
)

func (ShapeCircle) shape()  {}
func (*ShapeSquare) shape() {}
func (ShapeNone) shape()    {}
func (Label) shape()        {}
func (Corners) shape()      {}
func (Wrapped) shape()      {}
func (ShapeLarge) shape()   {}

// Pair is a tuple.
//
//roam:tuple
type Pair struct {
	Left  int8
	Right string
}

// Tagged has tags and an embedded struct.
type Tagged struct {
	Point
	UserID   UserID
	HTTPURL2 string
	Renamed  int `roam:"other_name"`
	Skipped  int `roam:"-"`
	_        int
}

// Shared are types of another package.
type Shared struct {
	Level shared.Level
	Event shared.Event
	Page  shared.Page[string]
	Pages []shared.Page[Point]
	Month time.Month
}

// The problems.
type (
	TooLarge struct{ Size, Limit uint64 }
	NotFound struct{ Name string }
)

func (TooLarge) Error() string  { return "too large" }
func (TooLarge) problem()       {}
func (*NotFound) Error() string { return "not found" }
func (*NotFound) problem()      {}

// Streams has channels within.
type Streams struct {
	Name   string
	In     *roam.Rx[string]
	Out    *roam.Tx[string]
	More   []*roam.Tx[Shape]
	Maybe  **roam.Rx[[]byte]
	Either Either
	Fixed  [2]*roam.Rx[Color]
}

// Either is an enum with channels in some of its variants.
//
//roam:enum Live Stored
type Either interface{ either() }

// The eithers.
type (
	Live   struct{ Frames *roam.Rx[UserID] }
	Stored struct{ Path string }
)

func (Live) either()   {}
func (Stored) either() {}

// ItemStreams has channels of items of many types.
type ItemStreams struct {
	Lists   *roam.Tx[[]Point]
	Options *roam.Tx[*string]
	Maps    *roam.Tx[map[string]Color]
	IDs     *roam.Tx[UserID]
	Units   *roam.Tx[struct{}]
	Chars   *roam.Tx[roam.Char]
	Times   *roam.Tx[time.Time]
	Events  *roam.Tx[shared.Event]
}
