// Package core is the protocol of one connection as a state machine: calls, requests
// being served, channels, their order and their ends. It has no goroutine, socket,
// clock or lock, and knows no transport; the driver guards it with one short lock and
// runs it over a message transport.
//
// A local operation (start a call, send an item, a handler returned) or a message
// that came (Receive) changes the state and leaves two things behind: messages that
// this side must send, in the outbox, in order; and effects for the driver to carry
// out outside its lock (deliver a Response, serve a request, wake a waiter). Messages
// that an application sends itself (Request, Data, Response) are not queued: the
// driver takes room for one first and then asks the core to commit to it, in one step
// with publishing it.
package core
