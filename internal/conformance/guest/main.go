// Guest is the other process of the conformance tests: it serves a Testbed over the
// connection that its arguments name, until that ends. With -host or -serve it is a host.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/roam-rpc/roam-go/driver"
	"github.com/roam-rpc/roam-go/internal/testbed"
	"github.com/roam-rpc/roam-go/shmring"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("guest", flag.ContinueOnError)
	join := flags.String("join", "", "join by the host's socket at `PATH`")
	attach := flags.String("attach", "", "walk up to the segment at `PATH`")
	dial := flags.String("dial", "", "connect to the Unix socket at `PATH`")
	host := flags.Bool("host", false, "be a host, spawn a guest, print its pid and wait for its end")
	serve := flags.Bool("serve", false, "be a host that serves whoever comes by -path and -listen, and says when it does")
	cycles := flags.Int("cycles", 1, "with -join: come and go `N` times")
	reason := flags.String("reason", "", "the `REASON` of the Goodbye when the host asks this guest to leave")
	path := flags.String("path", "", "with -host or -serve: make the segment at `PATH`; with -host start a guest that walks up")
	other := flags.String("guest", "", "with -host: the guest's `PROGRAM` and its first arguments, with spaces between")
	listen := flags.String("listen", "", "with -host or -serve: take joins at the socket at `PATH`")
	if len(args) > 0 && args[0] == "-ticket" { // the ticket's own arguments follow
		guest, err := shmring.AttachArgs(args[1:])
		return serveGuest(guest, err, "")
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case *host:
		return serveHost(*path, *listen, strings.Fields(*other))
	case *serve:
		return serveAll(*path, *listen)
	case *join != "":
		for range *cycles {
			guest, err := shmring.Join(context.Background(), *join)
			if err := serveGuest(guest, err, *reason); err != nil {
				return err
			}
		}
		return nil
	case *attach != "":
		guest, err := shmring.Attach(*attach)
		return serveGuest(guest, err, *reason)
	case *dial != "":
		return serveStream(*dial)
	}
	return errors.New("one of -ticket, -join, -attach, -dial, -host and -serve is needed")
}

func serveGuest(guest *shmring.Guest, err error, reason string) error {
	if err != nil {
		return err
	}
	var service testbed.Service
	handle, drv, err := driver.EstablishGuest(guest, &service)
	if err != nil {
		return err
	}
	service.Leaving = func() {
		if reason != "" {
			_ = handle.Goodbye(context.Background(), reason)
			return
		}
		_ = handle.Close(context.Background())
	}
	return errors.Join(drv.Run(context.Background()), guest.Close())
}

func serveStream(path string) error {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	_, drv, err := driver.EstablishStream(context.Background(), conn, driver.Initiator, &testbed.Service{})
	if err != nil {
		return err
	}
	return drv.Run(context.Background())
}
