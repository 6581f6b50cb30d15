package core

import (
	"errors"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// Receive takes one message of the peer. size is the payload as the negotiated limit
// counts it, bytes. An error ends the connection: a *Violation, or the peer's Goodbye
// as a *roam.ConnectionError. The message's bytes are not kept, but for those of an
// Arrived request and those that are Owned.
func (c *Core) Receive(m *wire.Message, size int) error {
	if c.err != nil {
		return c.err
	}
	switch m.Kind {
	case wire.KindRequest:
		if err := c.checkSize(wire.RulePayloadLimit, m, size); err != nil {
			return err
		}
		return c.request(m)
	case wire.KindResponse:
		if err := c.checkSize(wire.RulePayloadLimit, m, size); err != nil {
			return err
		}
		if err := wire.CheckMetadata(m.Metadata); err != nil {
			return metadataViolation(err)
		}
		return c.response(m)
	case wire.KindCancel:
		c.cancel(m)
	case wire.KindData:
		if err := c.checkSize(wire.RuleDataSizeLimit, m, size); err != nil {
			return err
		}
		return c.data(m)
	case wire.KindClose, wire.KindReset, wire.KindCredit:
		return c.control(m)
	case wire.KindGoodbye:
		return &roam.ConnectionError{Reason: string(m.Payload), Remote: true}
	case wire.KindHello: // a second one is ignored
	}
	return nil
}

func (c *Core) checkSize(rule string, m *wire.Message, size int) error {
	if limit := int(c.cfg.Limits.MaxPayload); size > limit {
		return violation(rule, "%s %d has a payload of %d bytes, at most %d are allowed", m.Kind, m.ID, size, limit)
	}
	return nil
}

func metadataViolation(err error) error {
	var limit *wire.MetadataLimitError
	if errors.As(err, &limit) {
		return &Violation{Rule: wire.RuleMetadataLimits, Detail: err.Error()}
	}
	return &Violation{Rule: wire.RuleDecodeError, Detail: err.Error()}
}

func (c *Core) data(m *wire.Message) error {
	ch := c.channels[m.ID]
	switch {
	case ch == nil:
		return c.stray(m)
	case ch.Sends:
		return violation(wire.RuleChannelUnknown, "data on channel %d, on which this side sends", m.ID)
	case ch.err != nil:
		return nil // we reset it; this was sent before the peer saw that
	}
	if err := c.cfg.Flow.Received(&ch.window, uint32(len(m.Payload))); err != nil {
		return &Violation{Rule: wire.RuleCreditOverrun, Detail: err.Error()}
	}
	if m.Owned && len(m.Payload) > 0 {
		ch.queue.keep(m.Payload)
	} else {
		ch.queue.push(m.Payload)
	}
	c.effect(Wake).Channel = ch
	return nil
}

func (c *Core) control(m *wire.Message) error {
	ch := c.channels[m.ID]
	switch {
	case ch == nil:
		return c.stray(m)
	case m.Kind == wire.KindCredit:
		return c.creditCame(ch, m.Credit)
	case m.Kind == wire.KindClose && ch.Sends:
		return violation(wire.RuleChannelUnknown, "close of channel %d, on which this side sends", m.ID)
	case m.Kind == wire.KindClose:
		c.peerEnded(ch, errEOF)
	case ch.Sends:
		c.resetSender(ch)
	default:
		c.peerEnded(ch, errReset)
	}
	return nil
}

func (c *Core) creditCame(ch *Channel, n uint32) error {
	if !ch.Sends {
		return violation(wire.RuleChannelUnknown, "credit for channel %d, on which this side receives", ch.ID)
	}
	if err := c.cfg.Flow.Credit(&ch.window, n); err != nil {
		return &Violation{Rule: wire.RuleCreditOverrun, Detail: err.Error()}
	}
	c.effect(Wake).Channel = ch
	return nil
}

// stray is a message for a channel that is not open: one that ended, or never was.
func (c *Core) stray(m *wire.Message) error {
	last := c.lastID()
	switch {
	case m.ID == 0:
		return violation(wire.RuleChannelZero, "%s for channel id 0", m.Kind)
	case m.ID > last:
		return violation(wire.RuleShmChannelTable, "%s for channel id %d, ids are at most %d", m.Kind, m.ID, last)
	case !c.ours(m.ID) && c.lenient:
		return nil // sent before the peer saw that its Request was not taken
	case m.ID > c.highest[m.ID&1]:
		return violation(wire.RuleChannelUnknown, "%s for channel id %d, which was never opened", m.Kind, m.ID)
	case m.Kind == wire.KindData && !c.tombs.forgot[m.ID&1]:
		return violation(wire.RuleDataAfterClose, "data of %d bytes on channel %d, which has ended", len(m.Payload), m.ID)
	}
	return nil // crossed with the end of the channel
}
