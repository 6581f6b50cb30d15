package handshake

import "context"

// Header is what the handshake reads of a shared-memory segment.
type Header interface {
	// HeaderLimits gives max_payload_size, initial_credit and max_channels.
	HeaderLimits() (maxPayload, initialCredit, maxChannels uint32)
}

// Segment takes the limits from a segment header (shm.handshake). It sends nothing
// and never blocks.
func Segment(h Header, role Role) Provider { return segment{h, role} }

type segment struct {
	header Header
	role   Role
}

func (s segment) Negotiate(context.Context) (Negotiated, error) {
	payload, credit, channels := s.header.HeaderLimits()
	return Negotiated{Role: s.role, MaxPayload: payload, InitialCredit: credit, MaxChannels: channels}, nil
}
