//go:build linux && !race

package engine

import (
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The processor's own instruction to copy a string makes the lines that it writes its own
// without fetching what stood there, where Go's loop fetches each line from the peer that
// read it last. From shortCopy on that is two to four times as fast, if the processor is good
// at it.

// copiesStrings says that it is used. It is set before there is an End.
var copiesStrings bool

func copyPiece(into, from []byte) {
	n := min(len(into), len(from))
	if n < shortCopy || !copiesStrings {
		copy(into, from)
		return
	}
	moveString(unsafe.Pointer(unsafe.SliceData(into)), unsafe.Pointer(unsafe.SliceData(from)), n)
}

// moveString copies n bytes that do not overlap.
//
//go:noescape
func moveString(into, from unsafe.Pointer, n int)

// learnToCopy finds out whether the processor is good at it. Some say that they are and
// take 20 times as long as Go's loop when the copy lies some bytes further in its page than
// what it is made from, which is how payloads lie in slots; the others at most as long, or a
// little longer, within one cache.
var learnToCopy = sync.OnceFunc(func() {
	if !cpu.X86.HasERMS {
		return
	}
	const (
		size   = 16 << 10
		page   = 4 << 10
		tries  = 5
		slower = 4
	)
	memory := make([]byte, 2*(size+2*page))
	from := memory[-uintptr(unsafe.Pointer(&memory[0]))%page:][:size]
	into := memory[len(memory)/2:]
	into = into[-uintptr(unsafe.Pointer(&into[0]))%page+7:][:size]
	best := func(move func()) time.Duration {
		least := time.Hour
		for range tries {
			began := time.Now()
			move()
			least = min(least, time.Since(began))
		}
		return least
	}
	loop := best(func() { copy(into, from) })
	str := best(func() { moveString(unsafe.Pointer(&into[0]), unsafe.Pointer(&from[0]), size) })
	copiesStrings = str <= slower*loop
})
