package service

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
)

//go:generate go tool roamgen

// Greeter makes greetings.
//
//roam:service
type Greeter interface {
	// Greet makes a greeting of a name.
	//
	//roam:error TooLongError
	Greet(ctx context.Context, name string) (string, error)
	// GreetAll greets every name that comes, in order.
	GreetAll(ctx context.Context, names *roam.Rx[string], greetings *roam.Tx[string]) error
}

// TooLongError says that a name is too long to be greeted.
type TooLongError struct {
	Limit uint32 // the longest name that is greeted, bytes
}

func (e *TooLongError) Error() string {
	return fmt.Sprintf("the name is over %d bytes", e.Limit)
}
