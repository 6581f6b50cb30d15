package service

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/wire"
)

// Greeter is the service: one plain call, and one that streams both ways.
type Greeter interface {
	// Greet makes a greeting. Its declared error is *TooLongError.
	Greet(ctx context.Context, name string) (string, error)
	// GreetAll greets every name that comes, in order.
	GreetAll(ctx context.Context, names *roam.Rx[string], greetings *roam.Tx[string]) error
}

// TooLongError is the declared error of Greet.
type TooLongError struct {
	Limit uint32 // the longest name that is greeted, bytes
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the name is over %d bytes", e.Limit)
}

func appendTooLongError(b []byte, e *TooLongError) []byte { return wire.AppendU32(b, e.Limit) }

func decodeTooLongError(d *wire.Decoder) *TooLongError { return &TooLongError{Limit: d.U32()} }

// The methods as both sides know them. A signature is in wire terms, from the handler's
// side; the id follows from it and the names.
var (
	greeterGreet = &roam.Method{ // greet(string) -> Result<string, struct { limit u32 }>
		ID: 0xf0ee2df58cf012ff, Service: "Greeter", Name: "Greet", Fallible: true,
	}
	greeterGreetAll = &roam.Method{ // greet_all(Rx<string>, Tx<string>)
		ID: 0xff9526a89cfac0b4, Service: "Greeter", Name: "GreetAll",
	}
)
