// Package driver runs connections: it moves the messages of one connection between
// a message transport and the protocol core, runs handlers, and lets goroutines wait.
//
// [EstablishGuest], [EstablishHostPeer] and [EstablishStream] make a connection of a
// transport, a handshake and a way to count credit, and return a pair: a [Handle],
// which makes calls, and a [Driver], whose Run serves the connection until it ends.
// Whoever wants calls holds the handle; whoever owns the life of the process runs the
// driver. [Serve] and [ServeHost] accept connections and run them.
//
// A goroutine that waits for something receives for the whole connection while it
// does (leader and followers), so that a call costs no hand-over between threads;
// when nobody waits, Run does. Senders write straight into the transport.
package driver
