package conformance

import (
	"testing"

	"github.com/roam-rpc/roam-go/internal/hosttest"
	"github.com/roam-rpc/roam-go/internal/layout"
	"github.com/roam-rpc/roam-go/wire"
)

// response is a Response that nobody asked for: a guest takes it and does nothing.
func response(slot, generation, offset, length uint32) hosttest.Desc {
	return hosttest.Desc{Type: layout.MsgResponse, ID: 77, Slot: slot, Generation: generation, Offset: offset, Len: length}
}

func onChannel(kind uint8, id uint32) hosttest.Desc {
	return hosttest.Desc{Type: kind, ID: id, Slot: layout.InlineSlot}
}

// badDescriptors are faults of shm-rules, "A descriptor is untrusted input". Slot 1 of 4
// with 60 bytes is out with generation 9, and there are 16 channels.
var badDescriptors = map[string]struct {
	desc hosttest.Desc
	rule string
}{
	"type 0":                        {onChannel(0, 2), wire.RuleUnknownVariant},
	"type 8, as Credit would be":    {onChannel(8, 2), wire.RuleUnknownVariant},
	"type 255":                      {onChannel(255, 2), wire.RuleUnknownVariant},
	"inline, 33 bytes":              {response(layout.InlineSlot, 0, 0, 33), wire.RuleShmInlineFields},
	"inline, 2^32-1 bytes":          {response(layout.InlineSlot, 0, 0, 1<<32-1), wire.RuleShmInlineFields},
	"inline with generation":        {response(layout.InlineSlot, 1, 0, 0), wire.RuleShmInlineFields},
	"inline with offset":            {response(layout.InlineSlot, 0, 1, 0), wire.RuleShmInlineFields},
	"slot past the pool":            {response(4, 9, 0, 40), wire.RuleShmSlotGeneration},
	"slot far past the pool":        {response(layout.InlineSlot-1, 9, 0, 40), wire.RuleShmSlotGeneration},
	"wrong generation":              {response(1, 8, 0, 40), wire.RuleShmSlotGeneration},
	"slot that is free":             {response(0, 0, 0, 40), wire.RuleShmSlotGeneration},
	"length over the slot":          {response(1, 9, 0, 61), wire.RuleShmPayloadOffset},
	"offset over the slot":          {response(1, 9, 61, 0), wire.RuleShmPayloadOffset},
	"offset and length":             {response(1, 9, 30, 31), wire.RuleShmPayloadOffset},
	"offset and length that wrap":   {response(1, 9, 1<<32-1, 2), wire.RuleShmPayloadOffset},
	"data for channel 0":            {onChannel(layout.MsgData, 0), wire.RuleChannelZero},
	"close for channel 0":           {onChannel(layout.MsgClose, 0), wire.RuleChannelZero},
	"reset for channel 0":           {onChannel(layout.MsgReset, 0), wire.RuleChannelZero},
	"channel past the table":        {onChannel(layout.MsgData, 16), wire.RuleShmChannelTable},
	"reset of channel past the end": {onChannel(layout.MsgReset, 1<<32-1), wire.RuleShmChannelTable},
}

// goodDescriptors are unusual and right.
var goodDescriptors = map[string]hosttest.Desc{
	"flags and reserved bytes that are set": {Type: layout.MsgResponse, Flags: 255, Reserved: 1<<16 - 1, ID: 77, Slot: layout.InlineSlot},
	"method id of no request":               {Type: layout.MsgResponse, ID: 77, Method: 1<<64 - 1, Slot: layout.InlineSlot},
	"inline, 32 bytes":                      response(layout.InlineSlot, 0, 0, 32),
	"slot that is full":                     response(1, 9, 0, 60),
	"short payload in a slot":               response(1, 9, 0, 3),
	"payload at the end of its slot":        response(1, 9, 20, 40),
	"no payload in a slot":                  response(1, 9, 60, 0),
}

func init() {
	small := hosttest.Config{SlotSize: 64, SlotsPerGuest: 4, MaxPayload: 60}
	put := func(g *hosttest.Guest, d hosttest.Desc) {
		g.SetSlot(1, 9)
		g.Send(hosttest.Result(78)) // what comes before is received
		g.Put(d)
		g.Publish()
	}
	for name, bad := range badDescriptors {
		register(map[string]rawCase{"descriptor: " + name: {
			config: small,
			play: func(t *testing.T, g *hosttest.Guest) {
				put(g, bad.desc)
				g.RequireGoodbye(bad.rule)
			},
		}})
	}
	for name, good := range goodDescriptors {
		register(map[string]rawCase{"descriptor: " + name: {
			config: small,
			play: func(t *testing.T, g *hosttest.Guest) {
				put(g, good)
				g.Send(g.Call(1, methodEcho, hosttest.Text("x")))
				g.RequireResult(1, hosttest.Text("x"))
				if good.Slot == layout.InlineSlot {
					g.FreeSlot(1)
				}
			},
		}})
	}
	for name, by := range map[string]uint32{"one over": 16, "two over": 17, "half of all": 1 << 31, "one behind": 1<<32 - 1} {
		register(map[string]rawCase{
			"ring head " + name: {
				config: hosttest.Config{Start: nearWrap},
				play: func(t *testing.T, g *hosttest.Guest) {
					g.Skip(by)
					g.Publish()
					g.RequireGoodbye(wire.RuleShmRingCapacity)
				},
			},
			"ring tail " + name: {
				config: hosttest.Config{Start: nearWrap},
				play: func(t *testing.T, g *hosttest.Guest) {
					// Its answer fills the last place, so that it looks at the tail for the next.
					g.HoldPlaces = true
					for id := range uint32(15) {
						g.Send(g.Call(id+1, methodEcho, hosttest.Text("x")))
					}
					for id := range uint32(15) {
						g.RequireResult(id+1, hosttest.Text("x"))
					}
					g.SetTail(by)
					g.Send(g.Call(16, methodEcho, hosttest.Text("x")))
					g.RequireFailure(wire.RuleShmRingCapacity) // there may be no room to say so
				},
			},
		})
	}
}

// What stands in front of the payload of a Request or Response.
var _ = register(map[string]rawCase{
	"metadata: none, in each form": {play: func(t *testing.T, g *hosttest.Guest) {
		for i, prefix := range []string{"\x01\x00", "\x00"} {
			id := uint32(i + 1)
			m := g.Call(id, methodEcho, []byte(prefix), hosttest.Text("x"))
			m.Bare = true
			g.Send(m)
			g.RequireResult(id, hosttest.Text("x"))
		}
		m := g.Call(3, methodPanic)
		m.Bare = true
		g.Send(m) // wholly empty
		requireFailure(t, g.Expect(layout.MsgResponse, 3), "panic")
	}},
	"metadata: kept in order, with what is unknown": {play: func(t *testing.T, g *hosttest.Guest) {
		m := g.Call(1, methodMeta, hosttest.Text("key"))
		m.Metadata = wire.Metadata{{Key: "unknown", Value: wire.BytesValue([]byte{1})}, {Key: "", Value: wire.U64Value(1<<64 - 1)},
			{Key: "key", Value: wire.StringValue("first")}, {Key: "key", Value: wire.StringValue("second")}}
		g.Send(m)
		g.RequireResult(1, hosttest.Text("first"))
	}},
	"metadata: at its limits": {
		config: hosttest.Config{SlotSize: 1 << 17, MaxPayload: 1<<17 - 4},
		play: func(t *testing.T, g *hosttest.Guest) {
			m := g.Call(1, methodMeta, hosttest.Text("e"))
			m.Metadata = largestMetadata()
			g.Send(m)
			g.RequireResult(1, hosttest.Text("last"))
		},
	},
	"metadata: a length past the payload": violates(wire.RuleDecodeError, func(g *hosttest.Guest) messages {
		return messages{bare(g.Call(1, methodEcho, []byte{5, 0}, hosttest.Text("x")))}
	}),
	"metadata: a list that does not decode": violates(wire.RuleDecodeError, func(g *hosttest.Guest) messages {
		return messages{bare(g.Call(1, methodEcho, []byte{2, 1, 0}, hosttest.Text("x")))}
	}),
	"metadata: bytes behind the list": violates(wire.RuleDecodeError, func(g *hosttest.Guest) messages {
		return messages{bare(g.Call(1, methodEcho, []byte{2, 0, 0}, hosttest.Text("x")))}
	}),
	"metadata: a value of no kind": violates(wire.RuleDecodeError, func(g *hosttest.Guest) messages {
		return messages{bare(g.Call(1, methodEcho, []byte{5, 1, 1, 'k', 3, 0}, hosttest.Text("x")))}
	}),
	"metadata: of a response, that does not decode": violates(wire.RuleDecodeError, func(*hosttest.Guest) messages {
		return messages{bare(hosttest.Message{Type: layout.MsgResponse, ID: 1, Payload: []byte{9}})}
	}),
	"metadata: too many entries": overLimits(make(wire.Metadata, 129)),
	"metadata: a key too long":   overLimits(wire.Metadata{{Key: string(make([]byte, 257)), Value: wire.U64Value(1)}}),
	"metadata: a value too long": overLimits(wire.Metadata{{Key: "k", Value: wire.BytesValue(make([]byte, 16385))}}),
	"metadata: too much in all":  overLimits(append(largestMetadata(), wire.Entry{Key: "m", Value: wire.StringValue("ore")})),
})

func bare(m hosttest.Message) hosttest.Message {
	m.Bare = true
	return m
}

// largestMetadata has all the bytes that metadata may have.
func largestMetadata() (list wire.Metadata) {
	for _, key := range []string{"a", "b", "c"} {
		list = append(list, wire.Entry{Key: key, Value: wire.BytesValue(make([]byte, 16384))})
	}
	list = append(list, wire.Entry{Key: "d", Value: wire.BytesValue(make([]byte, 65536-3*16384-4-1-4))})
	return append(list, wire.Entry{Key: "e", Value: wire.StringValue("last")})
}

func overLimits(list wire.Metadata) rawCase {
	return rawCase{
		config: hosttest.Config{SlotSize: 1 << 17, MaxPayload: 1<<17 - 4},
		play: func(t *testing.T, g *hosttest.Guest) {
			m := g.Call(1, methodBlock)
			m.Metadata = list
			g.Send(m)
			g.RequireGoodbye(wire.RuleMetadataLimits)
		},
	}
}
