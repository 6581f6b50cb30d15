package vectors

import (
	"context"

	roam "github.com/roam-rpc/roam-go"
)

// Testbed has the methods of the vectors.
//
//roam:service
type Testbed interface {
	Echo(ctx context.Context, message string) (string, error)
	Reverse(ctx context.Context, message string) (string, error)
	Sum(ctx context.Context, numbers *roam.Rx[int32]) (int64, error)
	Generate(ctx context.Context, count uint32, output *roam.Tx[int32]) error
	Transform(ctx context.Context, input *roam.Rx[string], output *roam.Tx[string]) error
	EchoPoint(ctx context.Context, point Point) (Point, error)
	CreatePerson(ctx context.Context, name string, age uint8, email *string) (Person, error)
	RectangleArea(ctx context.Context, rect Rectangle) (float64, error)
	ParseColor(ctx context.Context, name string) (*Color, error)
	ShapeArea(ctx context.Context, shape Shape) (float64, error)
	CreateCanvas(ctx context.Context, name string, shapes []Shape, background Color) (Canvas, error)
	ProcessMessage(ctx context.Context, msg Message) (Message, error)
	GetPoints(ctx context.Context, count uint32) ([]Point, error)
	SwapPair(ctx context.Context, pair Pair) (string, int32, error)
}

// Point is a struct.
type Point struct{ X, Y int32 }

// Person has a field that may be missing.
type Person struct {
	Name  string
	Age   uint8
	Email *string
}

// Rectangle nests structs.
type Rectangle struct {
	TopLeft, BottomRight Point
	Label                *string
}

// Color is an enum without payloads.
//
//roam:enum
type Color int

// The colors.
const (
	ColorRed Color = iota
	ColorGreen
	ColorBlue
)

// Shape is an enum with payloads.
//
//roam:enum ShapeCircle ShapeRectangle ShapePoint
type Shape interface{ isShape() }

// The shapes.
type (
	ShapeCircle    struct{ Radius float64 }
	ShapeRectangle struct{ Width, Height float64 }
	ShapePoint     struct{}
)

func (ShapeCircle) isShape()    {}
func (ShapeRectangle) isShape() {}
func (ShapePoint) isShape()     {}

// Canvas holds enums.
type Canvas struct {
	Name       string
	Shapes     []Shape
	Background Color
}

// Message is an enum of one unnamed value each.
//
//roam:enum Text Number Data
type Message interface{ isMessage() }

// The messages.
type (
	Text   string
	Number int64
	Data   []byte
)

func (Text) isMessage()   {}
func (Number) isMessage() {}
func (Data) isMessage()   {}

// Pair is a tuple.
//
//roam:tuple
type Pair struct {
	Left  int32
	Right string
}
