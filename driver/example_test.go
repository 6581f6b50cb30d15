package driver_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/examples/hello/service"
)

// The two ends of a byte stream, here a pipe in memory: each side gets a handle and a
// driver, and either may serve.
func ExampleEstablishStream() {
	ctx, cancel := context.WithCancel(context.Background())
	theirs, ours := net.Pipe()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	running.Go(func() {
		dispatcher := service.NewGreeterDispatcher(service.English{})
		_, drv, err := driver.EstablishStream(ctx, theirs, driver.Acceptor, dispatcher)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("server:", drv.Run(ctx))
	})

	handle, drv, err := driver.EstablishStream(ctx, ours, driver.Initiator, roam.NoService)
	if err != nil {
		log.Fatal(err)
	}
	running.Go(func() { _ = drv.Run(ctx) })
	greeting, err := service.NewGreeterClient(handle).Greet(ctx, "Ada")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greeting)
	if err := handle.Close(ctx); err != nil { // an orderly end: the server's Run gives nil
		log.Fatal(err)
	}
	running.Wait()
	// Output:
	// Hello, Ada!
	// server: <nil>
}

// Serve accepts connections from a listener, here a Unix socket, and serves each until
// its context ends.
func ExampleServe() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		log.Fatal(err)
	}

	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- driver.Serve(ctx, listener, service.NewGreeterDispatcher(service.English{}), nil)
	}()

	conn, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	handle, drv, err := driver.EstablishStream(ctx, conn, driver.Initiator, roam.NoService)
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- drv.Run(ctx) }()
	fmt.Println(service.NewGreeterClient(handle).Greet(ctx, "Ada"))

	stop() // ends both sides
	fmt.Println(errors.Is(<-served, context.Canceled), errors.Is(<-ran, context.Canceled))
	// Output:
	// Hello, Ada! <nil>
	// true true
}

// A side that ends the connection for a reason says so, and the other side learns it.
func ExampleHandle_Goodbye() {
	ctx := context.Background()
	theirs, ours := net.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, drv, err := driver.EstablishStream(ctx, theirs, driver.Acceptor, roam.NoService)
		if err != nil {
			log.Fatal(err)
		}
		ended <- drv.Run(ctx)
	}()

	handle, drv, err := driver.EstablishStream(ctx, ours, driver.Initiator, roam.NoService)
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- drv.Run(ctx) }()
	if err := handle.Goodbye(ctx, "quota used up"); err != nil {
		log.Fatal(err)
	}
	fmt.Println("this side:", <-ran)

	err = <-ended
	var connection *roam.ConnectionError
	fmt.Println("other side:", err)
	fmt.Println(errors.Is(err, roam.ErrConnection), errors.As(err, &connection) && connection.Remote)
	// Output:
	// this side: <nil>
	// other side: connection ended by the other side: quota used up
	// true true
}
