package shmring

import "sync"

// custody holds a link until a driver takes it. In the meantime one goroutine sleeps
// in the link's Wait, so that the other side's death is noticed; only one goroutine
// may be in there, so the driver gets the link when that one is out.
type custody struct {
	link  *Link
	once  sync.Once
	taken chan struct{} // closed by the first take
	idle  chan struct{} // closed when the watching goroutine no longer uses the link
}

func newCustody(link *Link) *custody {
	return &custody{link: link, taken: make(chan struct{}), idle: make(chan struct{})}
}

// take gives the link to the driver. Any goroutine; it waits for the watching one,
// which an Interrupt sends out.
func (c *custody) take() *Link {
	c.once.Do(func() {
		close(c.taken)
		c.link.Interrupt()
	})
	<-c.idle
	return c.link
}

// watch returns when the link has ended or been taken.
func (c *custody) watch() {
	defer close(c.idle)
	for !c.isTaken() {
		if c.link.Wait(false) != nil {
			return
		}
	}
}

func (c *custody) isTaken() bool {
	select {
	case <-c.taken:
		return true
	default:
		return false
	}
}
