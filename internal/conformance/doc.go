// Package conformance holds the tests that need real processes, over one list of guests:
// Go programs of either engine, and one in C in each way in which libroam runs. rules is
// every statement of the protocol that a guest has to keep, with the cases that show it:
// in most of them the test plays the host by hand (internal/hosttest), in the others a
// driver's host serves the guests, and lets them play the scenarios of internal/testbed.
// Hosts of either engine, deaths, leaks and sockets are tested here as well.
//
// It has no code of its own but for the guest programs, in guest/ and cguest/. A guest
// program of another implementation would be one more line of programs.
package conformance
