package driver

import (
	"context"

	"github.com/roam-rpc/roam-go/internal/core"
	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// stageFor stages the message of op, or with nil one of the core's.
func (c *conn) stageFor(m *wire.Message, op committer) error {
	if r, ok := op.(*reserved); ok {
		return c.tr.(transport.Drafter).StageDraft(m, r.Draft)
	}
	return c.tr.Stage(m)
}

// reserved is a draft of an item of a channel.
type reserved struct {
	transport.Draft
	h *half
}

// Drop implements [roam.Loan].
func (r *reserved) Drop() {
	r.h.c.log.Warn("roam: a draft was lost without being sent or dropped", "channel", r.h.ch.ID)
	r.Release()
}

func (*reserved) ready(*core.Core) error { return nil }

func (r *reserved) commit(c *core.Core) (bool, error) { return (*sender)(r.h).commit(c) }

func (s *sender) Reserve(n int) roam.Reserved {
	if tr, ok := s.c.tr.(transport.Drafter); ok {
		if d := tr.Draft(n); d != nil {
			return &reserved{d, (*half)(s)}
		}
	}
	return nil
}

func (s *sender) SendReserved(ctx context.Context, r roam.Reserved) error {
	return s.sendData(ctx, r.Bytes(), nil, r.(*reserved))
}
