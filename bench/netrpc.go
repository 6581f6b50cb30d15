package main

import (
	"context"
	"errors"
	"net"
	"net/rpc"
)

// Blob is an argument and a result over net/rpc, which encodes it with gob.
type Blob struct{ Data []byte }

// Echo is the service over net/rpc.
type Echo struct{}

// Bytes gives its argument back.
func (Echo) Bytes(in *Blob, out *Blob) error {
	*out = *in
	return nil
}

// netRPCClient has one connection for all callers.
type netRPCClient struct {
	*socketGuest
	client *rpc.Client
}

func startNetRPC() (client, error) {
	guest, err := startSocketGuest(netRPC, 1)
	if err != nil {
		return nil, err
	}
	return &netRPCClient{guest, rpc.NewClient(guest.conns[0])}, nil
}

func (c *netRPCClient) caller(int) caller {
	return caller{echo: func(_ context.Context, data []byte) ([]byte, error) {
		var out Blob
		err := c.client.Call("Echo.Bytes", &Blob{data}, &out)
		return out.Data, err
	}}
}

func (c *netRPCClient) close() error { return errors.Join(c.client.Close(), <-c.exited) }

func serveNetRPC(conns []net.Conn) error {
	server := rpc.NewServer()
	if err := server.Register(Echo{}); err != nil {
		return err
	}
	server.ServeConn(conns[0])
	return nil
}
