package service

import (
	"context"

	roam "github.com/roam-rpc/roam-go"
)

// English is a Greeter that speaks English.
type English struct{}

// maxName is the longest name that English greets, bytes.
const maxName = 64

// Greet implements [Greeter].
func (English) Greet(_ context.Context, name string) (string, error) {
	if len(name) > maxName {
		return "", &TooLongError{Limit: maxName}
	}
	return "Hello, " + name + "!", nil
}

// GreetAll implements [Greeter].
func (e English) GreetAll(ctx context.Context, names *roam.Rx[string], greetings *roam.Tx[string]) error {
	for name, err := range names.All(ctx) {
		if err != nil {
			return err
		}
		greeting, err := e.Greet(ctx, name)
		if err != nil {
			return err
		}
		if err := greetings.Send(ctx, greeting); err != nil {
			return err
		}
	}
	return nil
}
