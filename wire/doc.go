// Package wire is the bytes of the protocol: postcard values, messages, metadata,
// and the COBS frames that carry messages over byte streams.
//
// Encoders append to a slice and never fail. Decoders read from a slice, treat it as
// untrusted, and never allocate more than a small multiple of its length. Nothing
// here uses reflection or starts a goroutine; functions may be called by any number
// of goroutines at once, a [Decoder] or [Deframer] belongs to one.
//
// A service's type is encoded by plain calls in field order, and decoded by the
// matching methods of a Decoder with one check of [Decoder.Finish] at the end. [Codec]
// joins both ways where they have to be passed, as for the items of a channel.
package wire
