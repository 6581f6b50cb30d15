// Package stream carries the messages of one connection over a byte stream: each is
// COBS-encoded and followed by 00. It knows frames and bytes, not calls or channels.
//
// [Conn] implements transport.Transport and, for the Hello exchange before it,
// handshake.Messages, over any io.ReadWriteCloser. Over a TCP or Unix socket of a
// Unix system the goroutine that sends writes to the socket itself and the one that
// polls reads from it, without ever blocking; only what cannot be written at once is
// left to a goroutine, and only the sleep of Wait goes through the runtime's poller.
// Over everything else, TLS and pipes among them, one goroutine reads and one writes.
package stream
