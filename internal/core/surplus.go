package core

import (
	"fmt"

	"github.com/roam-rpc/roam-go/wire"

	roam "github.com/roam-rpc/roam-go"
)

// overrun answers a Request beyond MaxInFlight, or ends the connection.
func (c *Core) overrun(r *Request) error {
	if c.cfg.StrictInFlight || c.surplus >= MaxInFlight {
		return violation(wire.RuleInFlight, "request %d with %d in flight, at most %d are allowed",
			r.ID, c.serving.len(), MaxInFlight)
	}
	c.serving.add(r.ID, r)
	c.surplus++
	r.surplus, r.refused = true, true
	c.lenient = true
	c.queueResponse(r, c.surplusMetadata(), surplusAnswer)
	return nil
}

// surplusText is why a Request over MaxInFlight has no result.
var surplusText = fmt.Sprintf("too many requests in flight, at most %d are allowed", MaxInFlight)

// surplusAnswer is the payload of its Response: Cancelled, with the text in metadata.
var surplusAnswer = []byte{1, 3}

// surplusFrame is what that Response takes beside the text, bytes: its payload, and
// the metadata with the length before it that counts over shared memory.
var surplusFrame = len(surplusAnswer) + len(wire.AppendMetadataPrefix(nil, errorText("")))

func errorText(text string) []byte {
	return wire.AppendMetadata(nil, wire.Metadata{{Key: roam.MetadataError, Value: wire.StringValue(text)}})
}

// surplusMetadata is the encoded list that carries the text, cut to what fits.
func (c *Core) surplusMetadata() []byte {
	room := int(c.cfg.Limits.MaxPayload) - surplusFrame
	if room <= 0 {
		return nil
	}
	return errorText(surplusText[:min(room, len(surplusText))])
}
