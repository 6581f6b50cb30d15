// Package wire is the bytes of the protocol: postcard values, messages, metadata,
// and the COBS frames that carry messages over byte streams.
//
// Encoders append to a slice and never fail. Decoders read from a slice, treat it as
// untrusted, and never allocate more than a small multiple of its length. Nothing
// here uses reflection, holds state between connections or starts a goroutine; values
// may be used by one goroutine at a time, functions by any number.
//
// A type of a service is encoded by plain calls in field order, as generated code
// does it: AppendString(AppendU32(b, v.ID), v.Name) one way, d.U32() and d.String()
// with one check of d.Finish() at the end the other way. [Codec] joins both ways
// where a value has to be passed, such as the items of a channel.
package wire
