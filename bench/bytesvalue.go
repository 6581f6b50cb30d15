package main

import (
	"context"

	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The services over ttrpc, drpc, gRPC and go-plugin are registered by hand, with the
// messages that come with protobuf, BytesValue above all: what protoc would generate
// does the same around the same library calls.
const (
	protoService = "bench.Echo"
	protoMethod  = "Bytes"
	protoPath    = "/" + protoService + "/" + protoMethod
)

// echoBytes calls with a BytesValue through invoke, which fills in out.
func echoBytes(invoke func(ctx context.Context, in, out *wrapperspb.BytesValue) error) caller {
	return caller{echo: func(ctx context.Context, data []byte) ([]byte, error) {
		var out wrapperspb.BytesValue
		err := invoke(ctx, wrapperspb.Bytes(data), &out)
		return out.GetValue(), err
	}}
}

// echoDecoded is the handler: it gives back the BytesValue that decode fills in.
func echoDecoded(decode func(any) error) (any, error) {
	in := new(wrapperspb.BytesValue)
	return in, decode(in)
}
