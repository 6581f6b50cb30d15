package flow_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/flow"
)

func take(p flow.Provider, n int) []uint64 {
	ids := make([]uint64, n)
	if !p.Take(ids) {
		return nil
	}
	return ids
}

func TestIDsOverByteStreamsNeverRepeat(t *testing.T) {
	for _, p := range []flow.Provider{flow.NewMessages(1, 10), flow.NewForeign(1, 10, 10)} {
		for i := range uint64(1000) {
			ids := take(p, 1)
			require.Equal(t, []uint64{2*i + 1}, ids)
			w := flow.Window{ID: ids[0]}
			p.Put(ids)
			p.Free(&w)
			p.Retire(&w)
			p.Refused(&w)
			p.Processed(uint32(i))
		}
		assert.Zero(t, p.Limit())
	}
	assert.Equal(t, []uint64{2, 4, 6}, take(flow.NewMessages(0, 10), 3), "0 is reserved")
}

func TestTableLimitCountsIDsOfOneParity(t *testing.T) {
	for _, test := range []struct {
		parity      uint64
		maxChannels uint32
		ids         []uint64
	}{
		{1, 0, []uint64{}}, {1, 1, []uint64{}}, {1, 2, []uint64{1}}, {1, 3, []uint64{1}},
		{1, 4, []uint64{1, 3}}, {0, 0, []uint64{}}, {0, 1, []uint64{}}, {0, 2, []uint64{}}, {0, 3, []uint64{2}},
		{0, 4, []uint64{2}}, {0, 5, []uint64{2, 4}}, {1, 8, []uint64{1, 3, 5, 7}},
	} {
		p := flow.NewTable(newEntries(), test.parity, 10, test.maxChannels)
		assert.Equal(t, len(test.ids), p.Limit())
		assert.Nil(t, take(p, p.Limit()+1))
		assert.Equal(t, test.ids, take(p, p.Limit()))
	}
	large := flow.NewTable(newEntries(), 1, 10, math.MaxUint32)
	assert.Equal(t, 1<<31-1, large.Limit())
}

func TestTakeGivesAllIDsOrNone(t *testing.T) {
	p := flow.NewTable(newEntries(), 1, 10, 8) // 1 3 5 7
	first := take(p, 3)
	assert.Equal(t, []uint64{1, 3, 5}, first)
	assert.Nil(t, take(p, 2))
	assert.Equal(t, []uint64{7}, take(p, 1), "the refusal took none")
	assert.Nil(t, take(p, 1))
	assert.NotNil(t, take(p, 0))
	p.Put(first[1:])
	assert.Nil(t, take(p, 3))
	assert.Equal(t, []uint64{3, 5}, take(p, 2), "ids that nobody saw are usable at once")
}

func TestOpenActivatesEntriesOfOurOwnOnly(t *testing.T) {
	e := newEntries()
	p := flow.NewTable(e, 1, 1234, 8)
	p.Open(&flow.Window{ID: 2}, false)
	assert.True(t, e.IsFree(2))
	p.Open(&flow.Window{ID: 3}, true)
	assert.False(t, e.IsFree(3))
	assert.EqualValues(t, 1234, e.Granted(3))
	p.Free(&flow.Window{ID: 3})
	assert.True(t, e.IsFree(3))
}

// useUp makes a table whose single id is in use, with the ring at start.
func useUp(start uint32) (*flow.Table, *entries, *flow.Window) {
	e := newEntries()
	e.head = start
	p := flow.NewTable(e, 1, 10, 2)
	take(p, 1)
	w := &flow.Window{ID: 1}
	p.Open(w, true)
	return p, e, w
}

func TestIDIsUsedAgainOnlyAfterFreeWasSeenAndTheRingDrained(t *testing.T) {
	for _, start := range []uint32{0, math.MaxUint32 - 3, math.MaxInt32 - 3} { // wraps on the way
		p, e, w := useUp(start)
		e.head += 2
		p.Processed(e.head)
		e.Free(1)
		assert.Nil(t, take(p, 1), "own end is not over")

		e.Activate(1, 10)
		p.Retire(w)
		assert.Nil(t, take(p, 1), "entry is not free")

		e.head += 3 // a late message of this use among them
		e.Free(1)
		assert.Nil(t, take(p, 1), "ring is not drained; its head is read now")
		e.head += 100
		p.Processed(start + 4)
		assert.Nil(t, take(p, 1), "one message is left")
		p.Processed(start + 5)
		assert.Equal(t, []uint64{1}, take(p, 1), "what came after the head was read does not matter")
		assert.Nil(t, take(p, 1))
	}
}

// Messages that came before Free was seen count, however early Free was.
func TestHeadIsReadAfterFree(t *testing.T) {
	p, e, w := useUp(0)
	p.Retire(w)
	e.Free(1)
	e.head = 5
	p.Processed(4)
	assert.Nil(t, take(p, 1))
	p.Processed(5)
	assert.Equal(t, []uint64{1}, take(p, 1))
}

func TestRefusedFreesTheEntryItself(t *testing.T) {
	p, e, w := useUp(0)
	e.head = 1 // the Response
	p.Refused(w)
	assert.True(t, e.IsFree(1))
	assert.Nil(t, take(p, 1))
	p.Processed(1)
	assert.Equal(t, []uint64{1}, take(p, 1))
}

// model is what must hold of one id of a table, whatever happens in which order.
type model struct {
	taken, retired bool
	sent           uint32 // the ring's head when the peer's last message for it was sent
}

// Random uses of a small table by both sides: an id is never given out while anybody
// may touch its last use or a message of it is unprocessed, and none is lost.
func TestNoIDIsUsedTwiceAtOnceAndNoneIsLost(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 3))
		e := newEntries()
		e.head = math.MaxUint32 - 50
		processed := e.head
		p := flow.NewTable(e, seed%2, 10, 17)
		ids := map[uint64]*model{}
		given := 0
		use := func(chosen func(m *model, id uint64) bool, do func(m *model, id uint64)) {
			var candidates []uint64
			for id, m := range ids {
				if chosen(m, id) {
					candidates = append(candidates, id)
				}
			}
			if len(candidates) > 0 {
				slices.Sort(candidates)
				id := candidates[r.IntN(len(candidates))]
				do(ids[id], id)
			}
		}
		active := func(m *model, id uint64) bool { return m.taken && !e.IsFree(uint32(id)) }
		check := func(got []uint64) {
			for _, id := range got {
				m := ids[id]
				if m == nil {
					m = &model{sent: processed}
					ids[id] = m
				}
				require.False(t, m.taken && !m.retired, "id %d is in use", id)
				require.True(t, e.IsFree(uint32(id)))
				require.GreaterOrEqual(t, int32(processed-m.sent), int32(0), "id %d has a message in the ring", id)
				*m = model{taken: true, sent: m.sent}
				given++
				if r.IntN(10) == 0 {
					p.Put([]uint64{id})
					m.taken = false
					continue
				}
				p.Open(&flow.Window{ID: id}, true)
			}
		}
		for range 5000 {
			switch r.IntN(5) {
			case 0:
				check(take(p, 1+r.IntN(3)))
			case 1: // the peer sends on an open channel
				use(active, func(m *model, _ uint64) { e.head++; m.sent = e.head })
			case 2: // the peer's last touch
				use(active, func(_ *model, id uint64) { e.Free(uint32(id)) })
			case 3: // this side's end
				use(func(m *model, _ uint64) bool { return m.taken && !m.retired },
					func(m *model, id uint64) { m.retired = true; p.Retire(&flow.Window{ID: id}) })
			case 4:
				if processed != e.head {
					processed++
					p.Processed(processed)
				}
			}
		}
		assert.Greater(t, given, 3*p.Limit())
		for id, m := range ids {
			if m.taken && !m.retired {
				p.Retire(&flow.Window{ID: id})
			}
			m.taken = false
			e.Free(uint32(id))
		}
		p.Processed(e.head)
		assert.Len(t, take(p, p.Limit()), p.Limit(), "all come back")
	}
}

// TestLesson_DrainedIDIsNotStuckAfter2To31Messages: an id that waited for the ring is
// freed when the ring was drained, not when somebody asks for it much later.
func TestLesson_DrainedIDIsNotStuckAfter2To31Messages(t *testing.T) {
	e := newEntries()
	p := flow.NewTable(e, 1, 10, 2) // id 1 alone
	w := flow.Window{ID: take(p, 1)[0]}
	p.Open(&w, true)
	p.Retire(&w)
	e.Free(1)
	e.head = 1
	require.Nil(t, take(p, 1), "one message is not processed yet")
	p.Processed(1)
	p.Processed(1<<31 + 5)
	assert.Equal(t, []uint64{1}, take(p, 1))
}
