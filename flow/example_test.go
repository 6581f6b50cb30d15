package flow_test

import (
	"fmt"

	"github.com/roam-rpc/roam-go/flow"
)

// Over a byte stream the receiver sends a Credit message for what was consumed: in
// steps of half a window, and at once when nothing is left.
func ExampleMessages() {
	caller, callee := flow.NewMessages(1, 1000), flow.NewMessages(0, 1000)
	ids := make([]uint64, 1)
	caller.Take(ids)
	sends, receives := flow.Window{ID: ids[0]}, flow.Window{ID: ids[0]}
	caller.Open(&sends, true)
	callee.Open(&receives, false)

	for range 2 { // two items of 400 bytes
		caller.Sent(&sends, 400)
		if err := callee.Received(&receives, 400); err != nil {
			fmt.Println(err)
		}
	}
	room, _ := caller.Room(&sends)
	fmt.Println("room", room)

	fmt.Println("credit", callee.Consumed(&receives, 400, false))
	credit := callee.Consumed(&receives, 400, true)
	fmt.Println("credit", credit)
	if err := caller.Credit(&sends, credit); err != nil {
		fmt.Println(err)
	}
	room, _ = caller.Room(&sends)
	fmt.Println("room", room)
	// Output:
	// room 200
	// credit 0
	// credit 800
	// room 1000
}

// Over shared memory credit is a counter in the channel table, and an id is used
// again when the callee has freed its entry and its messages have been processed.
func ExampleTable() {
	shared := newEntries() // in the segment
	guest := flow.NewTable(shared, 1, 1000, 4)
	ids := make([]uint64, guest.Limit())
	fmt.Println(guest.Take(ids), ids)

	w := flow.Window{ID: ids[0]}
	guest.Open(&w, true)
	guest.Sent(&w, 300)
	fmt.Println(guest.Room(&w))

	shared.Grant(1, 300) // the host's application consumed them
	fmt.Println(guest.Room(&w))

	guest.Retire(&w)
	fmt.Println(guest.Take(ids[:1]))
	shared.Free(1) // the host's last touch
	fmt.Println(guest.Take(ids[:1]), ids[0])
	// Output:
	// true [1 3]
	// 700 <nil>
	// 1000 <nil>
	// false
	// true 1
}

// A peer that keeps no channel table renews no credit: each channel has a budget.
func ExampleForeign() {
	host := flow.NewForeign(0, 1000, 1<<20)
	ids := make([]uint64, 2)
	host.Take(ids)
	w := flow.Window{ID: ids[0]}
	host.Open(&w, true)
	host.Sent(&w, 1000)
	fmt.Println(ids)
	fmt.Println(host.Room(&w))
	// Output:
	// [2 4]
	// 0 <nil>
}
