package roam_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"sync"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// connect joins two connections by a pipe in memory: one serves server, the other, whose
// handle it returns, serves client. Programs connect over shared memory or a socket;
// package driver shows how.
func connect(server, client roam.Dispatcher) (handle *driver.Handle, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	theirs, ours := net.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		_, drv, err := driver.EstablishStream(ctx, theirs, driver.Acceptor, server)
		if err != nil {
			return // stopped already; anything else is seen by the other side
		}
		_ = drv.Run(ctx)
	})
	handle, drv, err := driver.EstablishStream(ctx, ours, driver.Initiator, client)
	if err != nil {
		log.Fatal(err)
	}
	running.Go(func() { _ = drv.Run(ctx) })
	return handle, func() {
		cancel()
		running.Wait()
	}
}

// A client calls through the handle of a connection, whatever its transport.
func Example() {
	handle, stop := connect(service.NewGreeterDispatcher(service.English{}), roam.NoService)
	defer stop()

	greeter := service.NewGreeterClient(handle)
	greeting, err := greeter.Greet(context.Background(), "Ada")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greeting)
	// Output: Hello, Ada!
}

// curious is a Greeter that asks back who calls.
type curious struct{ service.English }

func (c curious) Greet(ctx context.Context, name string) (string, error) {
	request, _ := roam.RequestFrom(ctx) // ok in every handler
	asked, err := service.NewGreeterClient(request.Caller()).Greet(ctx, "who is "+name)
	if err != nil {
		return "", err
	}
	return "I asked: " + asked, nil
}

// A handler calls back over the connection that its request came by.
func ExampleRequestFrom() {
	handle, stop := connect(
		service.NewGreeterDispatcher(curious{}),
		service.NewGreeterDispatcher(service.English{}))
	defer stop()

	answer, err := service.NewGreeterClient(handle).Greet(context.Background(), "Ada")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output: I asked: Hello, who is Ada!
}
