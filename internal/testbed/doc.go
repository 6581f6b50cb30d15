// Package testbed is the service that tests and benchmarks call: unary calls, streams
// in each direction, and handlers that fail, block, panic or call back; with scenarios
// that either side can play against the other.
package testbed

//go:generate go tool roamgen
//go:generate go tool roamgen -c
