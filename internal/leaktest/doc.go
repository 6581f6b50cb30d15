// Package leaktest compares what a process holds at the end of a test with what it
// held before: goroutines, open descriptors and mapped segments.
package leaktest
