package core

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/flow"
)

// breakage is a fault put into a world on purpose.
type breakage struct {
	shows           string // in what is reported
	transport       *transportKind
	provider        func(*side, flow.Provider) flow.Provider
	processEarly    bool // messages count as processed when they are taken off the ring
	commitStale     bool // what is staged goes out although the core took it back
	overtake        bool // the application's messages overtake the core's own
	swap            bool // the ring changes the order
	forgetCancelled bool // a request id is free when its caller gives up
}

func over(k transportKind) *transportKind { return &k }

// hasty uses an id again as soon as its entry is Free, whatever lies in the ring.
type hasty struct {
	flow.Provider
	s     *side
	ended []uint64
}

func (h *hasty) Take(ids []uint64) bool {
	for _, id := range slices.Clone(h.ended) {
		if h.s.entries.IsFree(uint32(id)) {
			h.ended = without(h.ended, id)
			h.Put([]uint64{id})
		}
	}
	return h.Provider.Take(ids)
}

func (h *hasty) Retire(w *flow.Window) { h.ended = append(h.ended, w.ID) }

// eager uses an id again as soon as its own end is over, Free or not.
type eager struct{ flow.Provider }

func (e eager) Retire(w *flow.Window) { e.Put([]uint64{w.ID}) }

// tidy frees an entry at both sides.
type tidy struct {
	flow.Provider
	s *side
}

func (e tidy) Retire(w *flow.Window) {
	if !e.s.entries.IsFree(uint32(w.ID)) {
		e.s.entries.Free(uint32(w.ID))
	}
	e.Provider.Retire(w)
}

// keeper never frees what the peer opened.
type keeper struct{ flow.Provider }

func (keeper) Free(*flow.Window) {}

// miser never grants.
type miser struct{ flow.Provider }

func (miser) Consumed(*flow.Window, uint32, bool) uint32 { return 0 }

// spendthrift does not look at credit.
type spendthrift struct{ flow.Provider }

func (spendthrift) Room(*flow.Window) (uint32, error) { return math.MaxInt32, nil }

func TestRandomSequencesFindWhatIsBrokenOnPurpose(t *testing.T) {
	tests := map[string]breakage{
		"ids used again without draining the ring": {shows: " reaches ", transport: over(overTable),
			provider: func(s *side, f flow.Provider) flow.Provider { return &hasty{Provider: f, s: s} }},
		"ids used again when taken off the ring": {shows: " reaches ", transport: over(overTable), processEarly: true},
		"ids used again before the callee freed them": {shows: "which is in use", transport: over(overTable),
			provider: func(_ *side, f flow.Provider) flow.Provider { return eager{f} }},
		"both sides free an entry": {shows: "which is Free", transport: over(overTable),
			provider: func(s *side, f flow.Provider) flow.Provider { return tidy{f, s} }},
		"nobody frees an entry": {shows: "are not Free", transport: over(overTable),
			provider: func(_ *side, f flow.Provider) flow.Provider { return keeper{f} }},
		"credit is never granted": {shows: "does not come to rest", transport: over(overStream),
			provider: func(_ *side, f flow.Provider) flow.Provider { return miser{f} }},
		"credit is never granted in the table": {shows: "does not come to rest", transport: over(overTable),
			provider: func(_ *side, f flow.Provider) flow.Provider { return miser{f} }},
		"credit is not looked at": {shows: "bytes under way",
			provider: func(_ *side, f flow.Provider) flow.Provider { return spendthrift{f} }},
		"what the core took back is sent":              {shows: "ended [", commitStale: true},
		"queued messages are overtaken":                {shows: "overtakes the Close", overtake: true},
		"messages change their order":                  {shows: "of 1 items", swap: true},
		"a request id is free when its caller gave up": {shows: "in flight", forgetCancelled: true},
	}
	for name, broken := range tests {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(sequences) {
				if err := newWorld(newSeeded(seed), broken).run(); err != nil && strings.Contains(err.Error(), broken.shows) {
					return
				}
			}
			assert.Fail(t, "no sequence shows the fault")
		})
	}
}
