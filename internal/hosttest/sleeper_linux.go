package hosttest

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Operations of the system call.
const (
	futexWait = 0
	futexWake = 1
)

// Sleeper is a thread that sleeps on a word of the segment, whatever its value becomes,
// until somebody wakes it.
type Sleeper struct {
	word  *uint32
	woken chan struct{}
}

// SleepOnHead puts a thread to sleep on the head of the ring from the guest.
func (g *Guest) SleepOnHead() *Sleeper {
	s := &Sleeper{word: g.word(layout.OffPeerGuestToHostHead), woken: make(chan struct{})}
	tid := make(chan int, 1) // so that the thread sleeps nowhere else
	go func() {
		defer close(s.woken)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		before := blockSignals()
		defer unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
		tid <- unix.Gettid()
		_ = futex(s.word, futexWait, *s.word)
	}()
	stat := fmt.Sprintf("/proc/self/task/%d/stat", <-tid)
	g.Eventually("a thread that sleeps", func() bool {
		text, err := os.ReadFile(stat)
		_, after, _ := strings.Cut(string(text), ") ")
		return err == nil && strings.HasPrefix(after, "S")
	})
	return s
}

// blockSignals keeps signals from this thread: after one the system call would begin anew,
// and find that the word has changed.
func blockSignals() (before unix.Sigset_t) {
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before)
	return before
}

// Wake wakes it, and says whether it slept until now.
func (s *Sleeper) Wake() bool {
	slept := futex(s.word, futexWake, 1) == 1
	<-s.woken
	return slept
}

// futex gives the result of the system call: of a wake, how many were woken.
func futex(word *uint32, op int, value uint32) int {
	n, _, _ := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), uintptr(op), uintptr(value), 0, 0, 0)
	return int(n)
}

// Await waits until somebody else wakes it.
func (s *Sleeper) Await() { <-s.woken }
