package main

import (
	"context"
	"errors"
	"net"

	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// ttrpcClient has one connection for all callers.
type ttrpcClient struct {
	*socketGuest
	client *ttrpc.Client
}

func startTTRPC() (client, error) {
	guest, err := startSocketGuest(containerd, 1)
	if err != nil {
		return nil, err
	}
	return &ttrpcClient{guest, ttrpc.NewClient(guest.conns[0])}, nil
}

func (c *ttrpcClient) caller(int) caller {
	return echoBytes(func(ctx context.Context, in, out *wrapperspb.BytesValue) error {
		return c.client.Call(ctx, protoService, protoMethod, in, out)
	})
}

func (c *ttrpcClient) close() error { return errors.Join(c.client.Close(), <-c.exited) }

func serveTTRPC(conns []net.Conn) error {
	server, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	server.Register(protoService, map[string]ttrpc.Method{
		protoMethod: func(_ context.Context, decode func(any) error) (any, error) { return echoDecoded(decode) },
	})
	return serveUntilClosed(conns, func(l net.Listener) error { return server.Serve(context.Background(), l) })
}
