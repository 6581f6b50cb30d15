package core

// Credit is due at once when nothing is left to take. But a peer that has enough for the
// largest item is not kept from sending by what is withheld for a moment, and a stream whose
// receiver takes each item as it comes would tell of each. Whoever withholds sees to it that
// the rest is granted soon, by GrantWithheld: the peer's application may count on the whole
// window.

// withholds says whether credit for the channel may wait, though nothing is left to take.
func (c *Core) withholds(ch *Channel) bool {
	return c.cfg.Withhold && ch.window.Ahead() >= c.cfg.Limits.LargestItem()
}

func (c *Core) withhold(ch *Channel) {
	if !ch.withheld {
		ch.withheld = true
		c.withheld = append(c.withheld, ch)
	}
}

// Withholds says whether GrantWithheld has something to grant.
func (c *Core) Withholds() bool { return len(c.withheld) > 0 }

// GrantWithheld grants all that was withheld.
func (c *Core) GrantWithheld() {
	for _, ch := range c.withheld {
		ch.withheld = false
		if c.channels[ch.ID] == ch && ch.Open() {
			c.sendCredit(ch, c.cfg.Flow.Consumed(&ch.window, 0, true))
		}
	}
	clear(c.withheld)
	c.withheld = c.withheld[:0]
}
