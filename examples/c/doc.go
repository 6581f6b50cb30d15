// Package c keeps guests in C, C++ and Python, each in a folder of its own with what
// builds it, and the tests that run them under hosts in Go.
//
// hello serves the service of examples/hello, in under 60 lines; cpp and python serve
// it in other languages. image changes pictures with libpng, timers serves in an event
// loop, and join calls a host that it was not started by. docs/c-guests.md walks through
// them.
package c
