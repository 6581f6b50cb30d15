package main

import (
	"context"
	"errors"
	"io"
	"net"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"storj.io/drpc"
	"storj.io/drpc/drpcconn"
	"storj.io/drpc/drpcmux"
	"storj.io/drpc/drpcserver"
)

// drpcClient has a connection a caller: one carries one call at a time, and programs
// keep a pool of them.
type drpcClient struct {
	*socketGuest
	clients []*drpcconn.Conn
}

func startDRPC() (client, error) {
	guest, err := startSocketGuest(storj, maxCallers)
	if err != nil {
		return nil, err
	}
	c := &drpcClient{socketGuest: guest}
	for _, conn := range guest.conns {
		c.clients = append(c.clients, drpcconn.New(conn))
	}
	return c, nil
}

func (c *drpcClient) caller(i int) caller {
	return echoBytes(func(ctx context.Context, in, out *wrapperspb.BytesValue) error {
		return c.clients[i].Invoke(ctx, protoPath, protoEncoding{}, in, out)
	})
}

func (c *drpcClient) close() error {
	var errs []error
	for _, client := range c.clients {
		errs = append(errs, client.Close())
	}
	return errors.Join(append(errs, <-c.exited)...)
}

func serveDRPC(conns []net.Conn) error {
	mux := drpcmux.New()
	if err := mux.Register(drpcEcho{}, drpcEcho{}); err != nil {
		return err
	}
	server := drpcserver.New(mux)
	return eachConn(conns, func(conn net.Conn) error {
		if err := server.ServeOne(context.Background(), conn); !errors.Is(err, io.EOF) {
			return err
		}
		return nil // the host hung up
	})
}

// drpcEcho is the service and its description.
type drpcEcho struct{}

func (drpcEcho) NumMethods() int { return 1 }

func (drpcEcho) Method(n int) (rpc string, enc drpc.Encoding, receive drpc.Receiver, method any, ok bool) {
	receive = func(server any, ctx context.Context, in1, _ any) (drpc.Message, error) {
		return server.(drpcEcho).echo(ctx, in1.(*wrapperspb.BytesValue))
	}
	return protoPath, protoEncoding{}, receive, drpcEcho.echo, n == 0
}

func (drpcEcho) echo(_ context.Context, in *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error) {
	return in, nil
}

// protoEncoding encodes messages for drpc.
type protoEncoding struct{}

func (protoEncoding) Marshal(m drpc.Message) ([]byte, error) { return proto.Marshal(m.(proto.Message)) }

func (protoEncoding) Unmarshal(b []byte, m drpc.Message) error {
	return proto.Unmarshal(b, m.(proto.Message))
}
