// Package roam is what users of roam meet: service calls between processes, over
// shared memory on one machine or over byte streams between machines, with the
// same services, clients and dispatchers.
//
// A call carries plain values and, where a method asks for them, streams: [Tx] and
// [Rx] are the two ends of a channel of one item type. [Channel] makes a pair; the
// caller passes one end in the call and keeps the other. Clients call through a
// [Caller], services are reached through a [Dispatcher]; package driver makes a
// Caller of a connection and runs a Dispatcher on it.
//
// The package holds interfaces, channel ends, errors and metadata. It knows no
// transport: driver, shmring, handshake and flow serve it.
package roam
