package roam

import (
	"context"

	"github.com/roam-rpc/roam-go/wire"
)

// Metadata is a list of keys and values beside a Request or Response. Order and
// duplicates are kept. Limits: 128 entries, 256 bytes a key, 16384 bytes a value,
// 65536 bytes in all (unary.metadata.limits).
type Metadata = wire.Metadata

// Keys that the protocol itself uses.
const (
	// MetadataError is Response metadata: the message of an undeclared failure.
	MetadataError = "roam.error"
	// MetadataTimeout is Request metadata: nanoseconds left until the caller's
	// deadline when the Request was sent (U64).
	MetadataTimeout = "roam.timeout-ns"
)

type outgoingKey struct{}

// WithMetadata returns a context whose calls carry md, after what the parent's
// calls carry.
func WithMetadata(ctx context.Context, md ...wire.Entry) context.Context {
	have := OutgoingMetadata(ctx)
	all := make(Metadata, 0, len(have)+len(md))
	return context.WithValue(ctx, outgoingKey{}, append(append(all, have...), md...))
}

// OutgoingMetadata is what calls with ctx carry.
func OutgoingMetadata(ctx context.Context) Metadata {
	md, _ := ctx.Value(outgoingKey{}).(Metadata)
	return md
}

// Request is what a handler can ask of the request it serves.
type Request interface {
	// Metadata decodes the request's metadata.
	Metadata() Metadata
	// Caller calls back over the connection that the request came by.
	Caller() Caller
}

// RequestKey is the context key under which drivers keep the [Request].
type RequestKey struct{}

// RequestFrom gives the request that a handler's context belongs to; ok is false
// outside of handlers.
func RequestFrom(ctx context.Context) (r Request, ok bool) {
	r, ok = ctx.Value(RequestKey{}).(Request)
	return r, ok
}

// IncomingMetadata is the metadata of the request that ctx belongs to, nil outside
// of handlers.
func IncomingMetadata(ctx context.Context) Metadata {
	if r, ok := RequestFrom(ctx); ok {
		return r.Metadata()
	}
	return nil
}
