package driver_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/examples/hello/service"
	"github.com/roam-rpc/roam-go/shmring"
)

// In ExampleEstablishHostPeer one program is host and guest; the environment says which.
func init() {
	if os.Getenv("EXAMPLE_DRIVER_GUEST") != "" {
		serveAsGuest()
		os.Exit(0)
	}
}

// serveAsGuest is the program that the host spawns.
func serveAsGuest() {
	guest, err := shmring.AttachArgs(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	dispatcher := service.NewGreeterDispatcher(service.English{})
	_, drv, err := driver.EstablishGuest(guest, dispatcher)
	if err != nil {
		log.Fatal(err)
	}
	if err := drv.Run(context.Background()); err != nil { // until the host leaves
		log.Fatal(err)
	}
}

// A host spawns a guest and calls it; when the host closes, both sides end in order.
func ExampleEstablishHostPeer() {
	ctx := context.Background()
	host, err := shmring.Create(shmring.Config{MaxGuests: 1})
	if err != nil {
		log.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "EXAMPLE_DRIVER_GUEST=1")
	peer, err := host.Spawn(cmd)
	if err != nil {
		log.Fatal(err)
	}
	handle, drv, err := driver.EstablishHostPeer(host, peer.ID(), roam.NoService)
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- drv.Run(ctx) }()
	fmt.Println(service.NewGreeterClient(handle).Greet(ctx, "Ada"))

	fmt.Println("host:", host.Close())
	fmt.Println("driver:", <-ran)
	fmt.Println("process:", peer.Wait())
	// Output:
	// Hello, Ada! <nil>
	// host: <nil>
	// driver: <nil>
	// process: <nil>
}

// Guests that the host did not start join at its socket; here one in the same process,
// to be short.
func ExampleServeHost() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "socket")
	host, err := shmring.Create(shmring.Config{MaxGuests: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	if err := host.Listen(socket); err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- driver.ServeHost(ctx, host, service.NewGreeterDispatcher(service.English{}), nil)
	}()

	guest, err := shmring.Join(ctx, socket)
	if err != nil {
		log.Fatal(err)
	}
	handle, drv, err := driver.EstablishGuest(guest, roam.NoService)
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
