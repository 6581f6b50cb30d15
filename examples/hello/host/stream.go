package main

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"

	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// greetAll streams names to the guest and prints each greeting when it comes.
func greetAll(ctx context.Context, greeter *service.GreeterClient, names []string) error {
	toGuest, namesRx := roam.Channel[string]() // the guest receives, we keep the Tx
	greetingsTx, fromGuest := roam.Channel[string]()
	called := make(chan error, 1)
	go func() { called <- greeter.GreetAll(ctx, namesRx, greetingsTx) }()
	go func() {
		defer toGuest.Close() // the guest's range ends
		for _, name := range names {
			if toGuest.Send(ctx, name) != nil {
				return // the call is over, and says why
			}
		}
	}()
	for greeting, err := range fromGuest.All(ctx) {
		if err != nil {
			break // as above
		}
		fmt.Println(greeting)
	}
	return <-called
}
