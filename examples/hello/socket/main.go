// Socket serves and calls the same service over a TCP connection, in one program.
package main

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

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { serve(ctx, listener) })
	if err := call(ctx, listener.Addr().String()); err != nil {
		log.Fatal(err)
	}
	stop()
	serving.Wait()
}

// serve serves every connection until ctx ends.
func serve(ctx context.Context, listener net.Listener) {
	dispatcher := service.NewGreeterDispatcher(service.English{})
	if err := driver.Serve(ctx, listener, dispatcher, nil); ctx.Err() == nil {
		log.Fatal(err)
	}
}

// call makes a connection and one call on it.
func call(ctx context.Context, address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	handle, drv, err := driver.EstablishStream(ctx, conn, driver.Initiator, roam.NoService)
	if err != nil {
		return err
	}
	go func() { _ = drv.Run(ctx) }() // how it ends is seen by the calls
	defer handle.Close(ctx)

	greeting, err := service.NewGreeterClient(handle).Greet(ctx, "server")
	if err != nil {
		return err
	}
	fmt.Println(greeting)
	return nil
}
