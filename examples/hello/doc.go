// Package hello keeps the smallest programs that use roam, and the test that the
// README shows them as they are.
//
// host starts guest and calls it over shared memory, once with plain values and once
// with a stream each way; socket serves and calls the same service over a TCP
// connection. service is what they share: the service, its client and its dispatcher.
package hello
