package main

import (
	"fmt"
	"time"
)

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
	method  method
	load    load
	callers int // that do operations one after another, all at once
	payload int // bytes of a call's argument, and of its result; or of an item
	items   int // of an operation; what is counted by the operation is counted by these
	bytes   int // of payload that an operation moves, in both directions together
	gap     time.Duration
	guests  int
	ps      share // of the processors, that a host of many guests runs on
	where   place
	about   figure
}

// method is what an operation does.
type method string

const (
	callAdd    method = "add"   // two numbers to one
	callBytes  method = "bytes" // payload bytes each way
	callNest   method = "nest"  // a call whose handler calls back
	streamUp   method = "up"    // items from host to guest
	streamDown method = "down"  // items from guest to host
	streamBoth method = "both"  // a stream up and a stream down at once
)

// load is when the operations start.
type load string

const (
	closed   load = "closed"   // each caller's next when its last is over
	halfOpen load = "open"     // at fixed times, half as often as they could follow each other
	sporadic load = "sporadic" // after a gap in which both sides fall asleep
)

// place is the processes that a case is measured in; a contender has one pair, or more,
// for each.
type place string

const (
	anywhere place = "pair"
	oneCPU   place = "one CPU"  // a pair that may use one CPU only
	ownCPUs  place = "own CPUs" // a pair, each process on a CPU of its own
	crowded  place = "crowd"    // a host of many guests
)

// share is how many of the processors a Go program runs on at once (GOMAXPROCS).
type share string

const (
	halfOfThem share = "half" // at least one: the others are the guests'
	allOfThem  share = "all"
)

const (
	smallPayload = 32
	largePayload = 1 << 20
	smallItems   = 4096 // in a stream
	largeItem    = 64 << 10
	largeItems   = 256 // in a stream
)

// The cases that ratios name.
var (
	smallCall   = unary("32 B", smallPayload, 1, p50)
	smallCall64 = unary("32 B", smallPayload, 64, callsPerSec)
	largeCall   = unary("1 MiB", largePayload, 1, bytesPerSec)
	addCall     = add(1, p50)
	upSmall     = stream(streamUp, "32 B", smallPayload, smallItems)
	upLarge     = stream(streamUp, "64 KiB", largeItem, largeItems)
	downLarge   = stream(streamDown, "64 KiB", largeItem, largeItems)
	halfLoad    = modified(smallCall, "open loop at half load", func(c *benchCase) { c.load = halfOpen })
	every200us  = apart("200 us", 200*time.Microsecond)
	every10ms   = apart("10 ms", 10*time.Millisecond)
	onOneCPU    = modified(smallCall, smallCall.name+", one CPU", func(c *benchCase) { c.where, c.about = oneCPU, callsPerSec })
	oneGuest    = crowd(1)
	guests16    = crowd(16)
	guests64    = crowd(64)
	guests255   = crowd(255)
	guestsOnAll = modified(guests64, guests64.name+", host on all CPUs", func(c *benchCase) { c.ps = allOfThem })
)

// cases are in the order of the report. A host of many guests takes on more from case
// to case, so that those cases go from few to many.
var cases = []benchCase{
	smallCall,
	unary("32 B", smallPayload, 8, callsPerSec),
	smallCall64,
	unary("32 B", smallPayload, 256, callsPerSec),
	addCall,
	add(64, callsPerSec),
	unary("4 KiB", 4<<10, 1, p50),
	unary("64 KiB", 64<<10, 1, p50),
	largeCall,
	upSmall,
	stream(streamDown, "32 B", smallPayload, smallItems),
	stream(streamBoth, "32 B", smallPayload, smallItems),
	upLarge,
	downLarge,
	stream(streamBoth, "64 KiB", largeItem, largeItems),
	halfLoad,
	every200us,
	every10ms,
	{name: "nested call back", method: callNest, load: closed, callers: 1, items: 1, where: anywhere, about: p50},
	onOneCPU,
	oneGuest,
	crowd(4),
	guests16,
	guests64,
	guestsOnAll,
	guests255,
}

// maxCallers is the most callers of any case.
const maxCallers = 256

// maxGuests is the most guests of any case.
const maxGuests = 255

func unary(size string, payload, callers int, about figure) benchCase {
	return benchCase{
		name: "unary " + size + ", " + plural(callers, "caller"), method: callBytes, load: closed,
		callers: callers, payload: payload, items: 1, bytes: 2 * payload, where: anywhere, about: about,
	}
}

// add is a call of fixed-size types: nothing in it has to be allocated.
func add(callers int, about figure) benchCase {
	return modified(unary("add", 0, callers, about), "unary add, "+plural(callers, "caller"),
		func(c *benchCase) { c.method = callAdd })
}

func stream(m method, size string, item, items int) benchCase {
	ways := map[method]string{streamUp: "up", streamDown: "down", streamBoth: "both ways"}
	count := items
	if m == streamBoth {
		count = 2 * items
	}
	return benchCase{
		name: "stream " + ways[m] + ", " + size + " items", method: m, load: closed,
		callers: 1, payload: item, items: count, bytes: count * item, where: anywhere, about: bytesPerSec,
	}
}

// apart is calls that find both sides asleep. A thread wakes up on the CPU that it last ran
// on, if that is idle, and the kernel takes ten times as long to wake another CPU than to
// switch to a thread on the same one: by what ran before, two programs in C need 5 us for
// such a call, or 48. So the CPUs are given.
func apart(text string, gap time.Duration) benchCase {
	return modified(smallCall, "sporadic, "+text+" apart", func(c *benchCase) {
		c.load, c.gap, c.where = sporadic, gap, ownCPUs
	})
}

// crowd is a host that calls each of n guests from a goroutine of its own, on half of the
// processors, as docs/performance.md has it for more guests than processors.
func crowd(n int) benchCase {
	return benchCase{
		name: plural(n, "guest"), method: callAdd, load: closed,
		callers: n, guests: n, items: 1, ps: halfOfThem, where: crowded, about: callsPerSec,
	}
}

func modified(c benchCase, name string, change func(*benchCase)) benchCase {
	c.name = name
	change(&c)
	return c
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// isStream says that an operation is a stream of items.
func (c benchCase) isStream() bool { return c.items > 1 }

// perStream is how many items one stream of an operation has.
func (c benchCase) perStream() int {
	if c.method == streamBoth {
		return c.items / 2
	}
	return c.items
}

// caseNamed finds a case.
func caseNamed(name string) (benchCase, bool) {
	for _, c := range cases {
		if c.name == name {
			return c, true
		}
	}
	return benchCase{}, false
}
