package driver

import "github.com/roam-rpc/roam-go/internal/core"

// withhold has somebody grant the credit that the core withholds: whoever sleeps next, or
// the caretaker at its next look.
func (c *conn) withhold() {
	if !c.withholds.Load() {
		c.withholds.Store(true)
	}
	c.tend()
}

// grantWithheld grants it. It never waits.
func (c *conn) grantWithheld() {
	if c.withholds.Load() && c.withholds.Swap(false) {
		c.update((*core.Core).GrantWithheld)
		c.tr.Notify()
	}
}
