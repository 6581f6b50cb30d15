package main

// figure is the number that a case is about.
type figure string

const (
	p50         figure = "p50_ns"
	callsPerSec figure = "calls_per_s"
	bytesPerSec figure = "bytes_per_s"
)

// benchCase is one thing to measure. An operation is what is timed: a call, or a whole
// stream of items.
type benchCase struct {
	name    string
	method  string
	callers int // that do operations one after another, all at once
	payload int // bytes of a call's argument, and of its result; or of an item
	items   int // of an operation
	bytes   int // of payload that an operation moves, in both directions together
	about   figure
}

// Methods.
const (
	callAdd   = "add"   // two numbers to one; a bare socket sends payload bytes each way
	callBytes = "bytes" // payload bytes each way
	streamUp  = "up"    // items from host to guest
	streamDn  = "down"  // items from guest to host
)

const (
	smallPayload = 32
	largePayload = 1 << 20
	itemSize     = 64 << 10
	streamItems  = 256
)

var cases = []benchCase{
	{name: "unary add, 1 caller", method: callAdd, callers: 1, payload: smallPayload, items: 1, about: p50},
	{name: "unary 32 B, 1 caller", method: callBytes, callers: 1, payload: smallPayload, items: 1, about: p50},
	{name: "unary add, 64 callers", method: callAdd, callers: 64, payload: smallPayload, items: 1, about: callsPerSec},
	{name: "unary 1 MiB, 1 caller", method: callBytes, callers: 1, payload: largePayload, items: 1,
		bytes: 2 * largePayload, about: bytesPerSec},
	{name: "stream up, 64 KiB items", method: streamUp, callers: 1, payload: itemSize, items: streamItems,
		bytes: streamItems * itemSize, about: bytesPerSec},
	{name: "stream down, 64 KiB items", method: streamDn, callers: 1, payload: itemSize, items: streamItems,
		bytes: streamItems * itemSize, about: bytesPerSec},
}

// maxCallers is the most callers of any case.
const maxCallers = 64

// caseNamed finds a case.
func caseNamed(name string) (benchCase, bool) {
	for _, c := range cases {
		if c.name == name {
			return c, true
		}
	}
	return benchCase{}, false
}
