package main

import (
	"context"
	"errors"
	"io"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Streams of the gRPC service.
const (
	grpcUp   = "Up"   // items of BytesValue; the sum of their sizes comes back
	grpcDown = "Down" // so many items of such a size come back
)

// grpcClient has one connection for all callers.
type grpcClient struct {
	*socketGuest
	conn *grpc.ClientConn
}

func startGRPC() (client, error) {
	guest, err := startSocketGuest(googleRPC, 1)
	if err != nil {
		return nil, err
	}
	conns := make(chan net.Conn, 1)
	conns <- guest.conns[0]
	conn, err := grpc.NewClient("passthrough:///guest", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			select {
			case conn := <-conns:
				return conn, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}))
	if err != nil {
		return nil, errors.Join(err, guest.leave())
	}
	conn.Connect()
	return &grpcClient{guest, conn}, nil
}

func (c *grpcClient) caller(int) caller { return grpcCaller(c.conn) }

func (c *grpcClient) close() error { return errors.Join(c.conn.Close(), <-c.exited) }

// grpcCaller calls the service over a gRPC connection.
func grpcCaller(conn *grpc.ClientConn) caller {
	c := echoBytes(func(ctx context.Context, in, out *wrapperspb.BytesValue) error {
		return conn.Invoke(ctx, protoPath, in, out)
	})
	c.up = func(ctx context.Context, item []byte, items int) (uint64, error) {
		return grpcUpload(ctx, conn, item, items)
	}
	c.down = func(ctx context.Context, size, items int) (uint64, error) {
		return grpcDownload(ctx, conn, size, items)
	}
	return c
}

func grpcUpload(ctx context.Context, conn *grpc.ClientConn, item []byte, items int) (uint64, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, "/"+protoService+"/"+grpcUp)
	if err != nil {
		return 0, err
	}
	message := wrapperspb.Bytes(item)
	for range items {
		if err := stream.SendMsg(message); err != nil {
			return 0, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	var sum wrapperspb.UInt64Value
	err = stream.RecvMsg(&sum)
	return sum.GetValue(), err
}

func grpcDownload(ctx context.Context, conn *grpc.ClientConn, size, items int) (uint64, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/"+protoService+"/"+grpcDown)
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(wrapperspb.UInt64(uint64(items)<<32 | uint64(size))); err != nil {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	return sumItems(stream)
}

// sumItems adds up the sizes of the items of a stream.
func sumItems(stream interface{ RecvMsg(any) error }) (sum uint64, err error) {
	for {
		var item wrapperspb.BytesValue
		switch err := stream.RecvMsg(&item); {
		case errors.Is(err, io.EOF):
			return sum, nil
		case err != nil:
			return 0, err
		}
		sum += uint64(len(item.GetValue()))
	}
}

func serveGRPC(conns []net.Conn) error {
	server := grpc.NewServer()
	server.RegisterService(&grpcService, nil)
	return serveUntilClosed(conns, server.Serve)
}

var grpcService = grpc.ServiceDesc{
	ServiceName: protoService,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: protoMethod,
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return echoDecoded(decode)
		}}},
	Streams: []grpc.StreamDesc{
		{StreamName: grpcUp, ClientStreams: true, Handler: grpcServeUp},
		{StreamName: grpcDown, ServerStreams: true, Handler: grpcServeDown},
	},
}

func grpcServeUp(_ any, stream grpc.ServerStream) error {
	sum, err := sumItems(stream)
	if err != nil {
		return err
	}
	return stream.SendMsg(wrapperspb.UInt64(sum))
}

func grpcServeDown(_ any, stream grpc.ServerStream) error {
	var ask wrapperspb.UInt64Value
	if err := stream.RecvMsg(&ask); err != nil {
		return err
	}
	item := wrapperspb.Bytes(make([]byte, uint32(ask.GetValue())))
	for range ask.GetValue() >> 32 {
		if err := stream.SendMsg(item); err != nil {
			return err
		}
	}
	return nil
}
