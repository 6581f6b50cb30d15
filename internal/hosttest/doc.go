// Package hosttest is a host that a test plays by hand, at the level of descriptors, flags,
// entries and doorbells: it can break any rule towards a guest program. What the guest
// does is held against the protocol with every message that it sends, and it is woken
// only when its flags ask for that. It is for Linux only.
package hosttest
