package service

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/wire"
)

// GreeterClient calls a Greeter over one connection. Any number of goroutines may use
// it at once.
type GreeterClient struct{ caller roam.Caller }

// NewGreeterClient returns a client that calls through caller.
func NewGreeterClient(caller roam.Caller) *GreeterClient { return &GreeterClient{caller} }

// Greet calls Greeter.Greet and waits for the greeting.
func (c *GreeterClient) Greet(ctx context.Context, name string) (string, error) {
	call := roam.NewCall(greeterGreet)
	defer call.Release()
	call.Args = wire.AppendString(call.Args, name)
	if err := c.caller.Do(ctx, call); err != nil {
		return "", err
	}
	d := wire.NewDecoder(call.Result)
	if call.Failed {
		declared := decodeTooLongError(&d)
		if err := d.Finish(); err != nil {
			return "", invalid(call, err)
		}
		return "", declared
	}
	greeting := d.String()
	if err := d.Finish(); err != nil {
		return "", invalid(call, err)
	}
	return greeting, nil
}

// GreetAll passes names and greetings to Greeter.GreetAll and waits for its end.
func (c *GreeterClient) GreetAll(ctx context.Context, names *roam.Rx[string], greetings *roam.Tx[string]) error {
	call := roam.NewCall(greeterGreetAll)
	defer call.Release()
	if err := roam.PassRx(call, names, wire.String); err != nil {
		return fmt.Errorf("%s: names: %w", call.Method, err)
	}
	if err := roam.PassTx(call, greetings, wire.String); err != nil {
		return fmt.Errorf("%s: greetings: %w", call.Method, err)
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return err
	}
	call.AppendChannelID(0)
	call.AppendChannelID(1)
	if err := c.caller.Do(ctx, call); err != nil {
		return err
	}
	d := wire.NewDecoder(call.Result)
	if err := d.Finish(); err != nil {
		return invalid(call, err)
	}
	return nil
}

func invalid(call *roam.Call, err error) error {
	return fmt.Errorf("%s: %w: %w", call.Method, roam.ErrInvalidResponse, err)
}
