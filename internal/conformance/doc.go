// Package conformance holds the tests that need real processes: a host in the test
// and guests of either engine over one segment, attached in each of the ways there
// are, and the same services over sockets. It has no code of its own but for the
// guest program in guest/.
package conformance
