package roam_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// Each Channel is one direction: pass one end, keep the other. The call runs while the
// kept ends are in use, so it has a goroutine of its own; its result says whether the
// streams were complete.
func ExampleChannel() {
	handle, stop := connect(service.NewGreeterDispatcher(service.English{}), roam.NoService)
	defer stop()
	ctx := context.Background()

	names, namesRx := roam.Channel[string]()
	greetingsTx, greetings := roam.Channel[string]()
	called := make(chan error, 1)
	go func() { called <- service.NewGreeterClient(handle).GreetAll(ctx, namesRx, greetingsTx) }()

	for _, name := range []string{"Ada", "Grace"} {
		if err := names.Send(ctx, name); err != nil {
			break // the call is over, and says why
		}
	}
	names.Close()
	for greeting, err := range greetings.All(ctx) {
		if err != nil {
			break // as above
		}
		fmt.Println(greeting)
	}
	fmt.Println("call:", <-called)
	// Output:
	// Hello, Ada!
	// Hello, Grace!
	// call: <nil>
}

// Recv gives one item at a time; io.EOF is the regular end.
func ExampleRx_Recv() {
	handle, stop := connect(service.NewGreeterDispatcher(service.English{}), roam.NoService)
	defer stop()
	ctx := context.Background()

	names, namesRx := roam.Channel[string]()
	greetingsTx, greetings := roam.Channel[string]()
	called := make(chan error, 1)
	go func() { called <- service.NewGreeterClient(handle).GreetAll(ctx, namesRx, greetingsTx) }()

	// Question and answer in turn.
	for _, name := range []string{"Ada", "Grace"} {
		if err := names.Send(ctx, name); err != nil {
			log.Fatal(err)
		}
		greeting, err := greetings.Recv(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(greeting)
	}
	names.Close()
	_, err := greetings.Recv(ctx)
	fmt.Println("end:", err == io.EOF, <-called)
	// Output:
	// Hello, Ada!
	// Hello, Grace!
	// end: true <nil>
}

// A receiver that has enough closes its end; the sender's next Send fails with ErrReset.
func ExampleRx_Close() {
	handle, stop := connect(service.NewGreeterDispatcher(service.English{}), roam.NoService)
	defer stop()
	ctx := context.Background()

	names, namesRx := roam.Channel[string]()
	greetingsTx, greetings := roam.Channel[string]()
	called := make(chan error, 1)
	go func() { called <- service.NewGreeterClient(handle).GreetAll(ctx, namesRx, greetingsTx) }()

	if err := names.Send(ctx, "Ada"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(greetings.Recv(ctx))
	greetings.Close()

	// GreetAll sends until it notices, fails, and with it ends what it receives.
	for {
		if err := names.Send(ctx, "Grace"); err != nil {
			fmt.Println("send:", errors.Is(err, roam.ErrReset))
			break
		}
	}
	fmt.Println("call:", <-called)
	// Output:
	// Hello, Ada! <nil>
	// send: true
	// call: Greeter.GreetAll: remote error: channel reset
}
