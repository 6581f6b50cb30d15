// Package testbed is the service that tests and benchmarks call: unary calls, streams
// in each direction, and handlers that fail, block, panic or call back. Its shape is
// that of generated code: a client, a dispatcher that decodes in Prepare, and method
// ids that other implementations compute identically.
package testbed
