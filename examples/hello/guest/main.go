// Guest is started by a host and serves it over shared memory.
package main

import (
	"context"
	"log"
	"os"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/shmring"

	"github.com/roam-rpc/roam-go/examples/hello/service"
)

func main() {
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
