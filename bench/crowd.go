package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/shmring"
)

// idle is what a host with guests takes while nobody calls.
type idle struct {
	Guests  int     `json:"guests"`
	CPU     float64 `json:"cpus"`            // of the host and all guests together; 1 is one busy CPU
	Threads int     `json:"host_os_threads"` // of the host
	Heap    float64 `json:"host_heap_bytes_per_guest"`
}

// guests are a host with more and more guests, each with a connection of its own.
type guests struct {
	host  *shmring.Host
	peers []*shmring.Peer
	conns []*connection
	empty uint64 // bytes of heap before the first guest
}

// startCrowd makes a segment with the default sizes, and no guest.
func startCrowd() (*guests, error) {
	host, err := shmring.Create(shmring.Config{MaxGuests: maxGuests})
	if err != nil {
		return nil, err
	}
	return &guests{host: host, empty: heap()}, nil
}

// grow spawns guests until there are n.
func (g *guests) grow(n int) error {
	for len(g.peers) < n {
		c := new(connection)
		peer, err := c.spawn(g.host, roam.NoService)
		if err != nil {
			return fmt.Errorf("guest %d: %w", len(g.peers)+1, err)
		}
		g.peers, g.conns = append(g.peers, peer), append(g.conns, c)
	}
	return nil
}

// measure has the case's number of guests called for d, on the processors that the case gives
// the host.
func (g *guests) measure(bc benchCase, warmUp, d time.Duration) (sample, error) {
	if err := g.grow(bc.guests); err != nil {
		return sample{}, err
	}
	if bc.ps == halfOfThem {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2)))
	}
	return measureCase(bc, func(i int) caller { return g.conns[i].caller(0) }, warmUp, d, g.usage)
}

// settling is how long nobody has called before a host counts as idle. It sleeps as a Go
// program does: a system call that lasts has the runtime's monitor look at it many times.
const settling = 200 * time.Millisecond

// idleSpell is how long it is looked at.
const idleSpell = 150 * time.Millisecond

// idle looks at what is used. The guests are not asked: that would wake them. It is the same
// for cases that differ by the host's processors only.
func (g *guests) idle(bc benchCase) (*idle, error) {
	if bc.ps == allOfThem {
		return nil, nil
	}
	perGuest := (float64(heap()) - float64(g.empty)) / float64(len(g.peers))
	time.Sleep(settling)
	before, err := g.usage()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	time.Sleep(idleSpell)
	took := time.Since(began)
	after, err := g.usage()
	if err != nil {
		return nil, err
	}
	n, err := threads()
	return &idle{
		Guests: len(g.peers), CPU: float64(after.cpu-before.cpu) / float64(took.Nanoseconds()),
		Threads: n, Heap: perGuest,
	}, err
}

// usage is what all processes have used, but for the allocations of the guests.
func (g *guests) usage() (spent, error) {
	used, err := (*control)(nil).usage()
	for _, p := range g.peers {
		cpu, failed := cpuTime(p.Pid())
		used.cpu += cpu
		err = errors.Join(err, failed)
	}
	return used, err
}

// close lets all guests leave.
func (g *guests) close() error {
	errs := []error{g.host.Close()}
	for i, p := range g.peers {
		errs = append(errs, <-g.conns[i].ran, p.Wait())
	}
	return errors.Join(errs...)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools held on to after the first is gone
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
