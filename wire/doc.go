// Package wire is the bytes of the protocol: postcard values, messages, metadata,
// and the COBS frames that carry messages over byte streams.
//
// What a service sends is encoded by the methods of an [Encoder] in field order, and
// decoded by the matching methods of a [Decoder], each with one check of its error at the
// end. [Codec] joins both ways where they have to be passed, as for the items of a
// channel. The Append functions below them never fail.
//
// Decoders read from a slice, treat it as untrusted, and never allocate more than a
// small multiple of its length. Nothing here uses reflection or starts a goroutine;
// functions may be called by any number of goroutines at once, an Encoder, Decoder or
// [Deframer] belongs to one.
package wire
