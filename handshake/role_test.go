package handshake_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/roam-rpc/roam-go/handshake"
)

func TestInitiatorAllocatesOddIDs(t *testing.T) {
	assert.EqualValues(t, 1, handshake.Initiator.Parity())
	assert.EqualValues(t, 0, handshake.Acceptor.Parity())
	for _, role := range []handshake.Role{handshake.Initiator, handshake.Acceptor} {
		assert.NotEqual(t, role, role.Other())
		assert.Equal(t, role, role.Other().Other())
		assert.NotEqual(t, role.String(), role.Other().String())
	}
	assert.Equal(t, "initiator", handshake.Initiator.String())
}

// header is a segment header.
type header struct{ payload, credit, channels uint32 }

func (h header) HeaderLimits() (maxPayload, initialCredit, maxChannels uint32) {
	return h.payload, h.credit, h.channels
}

func TestSegmentGivesTheHeadersLimits(t *testing.T) {
	for _, role := range []handshake.Role{handshake.Initiator, handshake.Acceptor} {
		n, err := handshake.Segment(header{1000, 2000, 3000}, role).Negotiate(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, handshake.Negotiated{Role: role, MaxPayload: 1000, InitialCredit: 2000, MaxChannels: 3000}, n)
	}
}
