// Package handshake settles what limits hold on a connection and which side it is,
// before the first call. A [Provider] gives the result, [Negotiated]; there are two.
//
// Over byte streams both sides send a Hello and the limits in force are the minimum
// of the two: [Exchange]. Over shared memory no Hello exists; the guest reads the
// limits that the host wrote into the segment header and takes them: [Segment].
// The driver knows only the Provider.
package handshake
