// Package segmenttest maps a host's segment once more, for tests that look at, or set up,
// what no API shows, and for peers of another implementation. It is for Linux only.
package segmenttest
