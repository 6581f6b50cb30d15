package core

// EffectKind says what the driver is to do.
type EffectKind uint8

const (
	// Respond: Call is over; wake who waits for it.
	Respond EffectKind = iota
	// Arrived: Request came; make its context at once, under the same lock, prepare it
	// and then Accept or Refuse it, before the next message is received.
	Arrived
	// EndContext: the context of Request's handler, which may not run yet, ends.
	EndContext
	// Wake: something about Channel changed; wake who waits for it.
	Wake
	// Note: Text is worth a line in the log.
	Note
)

// Effect is one thing the driver does outside its lock, in order.
type Effect struct {
	Kind    EffectKind
	Call    *Call
	Request *Request
	Channel *Channel
	Text    string
}

// effect adds one, to be filled in.
func (c *Core) effect(kind EffectKind) *Effect {
	n := len(c.effects)
	if n == cap(c.effects) {
		c.effects = append(c.effects, Effect{})
	} else {
		c.effects = c.effects[:n+1] // it is empty, see TakeEffects
	}
	e := &c.effects[n]
	e.Kind = kind
	return e
}

// TakeEffects returns the effects so far, and takes the memory of dst, whose effects have
// been carried out, for those to come. With nil it gives a copy.
func (c *Core) TakeEffects(dst []Effect) []Effect {
	if cap(dst) == 0 {
		dst = append(dst, c.effects...)
		clear(c.effects)
		c.effects = c.effects[:0]
		return dst
	}
	if len(dst) == 1 { // nearly always; faster than clear
		dst[0] = Effect{}
	} else {
		clear(dst)
	}
	dst, c.effects = c.effects, dst[:0]
	return dst
}

// HasEffects says whether TakeEffects would give any.
func (c *Core) HasEffects() bool { return len(c.effects) > 0 }
