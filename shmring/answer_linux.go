package shmring

import (
	"encoding/binary"
	"fmt"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// joinAnswer is what a host answers a process that connects to its socket, once. The
// segment's descriptor comes with it when joined.
type joinAnswer struct {
	peer   uint16 // 0 unless joined
	status uint16 // layout.JoinJoined ...
	epoch  uint32
}

func (a joinAnswer) bytes() []byte {
	b := make([]byte, layout.SizeJoin)
	copy(b, layout.JoinMagic)
	binary.LittleEndian.PutUint16(b[layout.OffJoinPeerID:], a.peer)
	binary.LittleEndian.PutUint16(b[layout.OffJoinStatus:], a.status)
	binary.LittleEndian.PutUint32(b[layout.OffJoinEpoch:], a.epoch)
	return b
}

// parseJoinAnswer gives an answer that admits, or why there is none to use.
func parseJoinAnswer(b []byte) (joinAnswer, error) {
	const of = "join answer"
	if len(b) != layout.SizeJoin {
		return joinAnswer{}, &BoundError{of, "size", len(b), "must be 16 bytes"}
	}
	if magic := string(b[:len(layout.JoinMagic)]); magic != layout.JoinMagic {
		return joinAnswer{}, &BoundError{of, "magic", fmt.Sprintf("%q", magic), "must be RAPJOIN and 01: not a roam host"}
	}
	a := joinAnswer{
		peer:   binary.LittleEndian.Uint16(b[layout.OffJoinPeerID:]),
		status: binary.LittleEndian.Uint16(b[layout.OffJoinStatus:]),
		epoch:  binary.LittleEndian.Uint32(b[layout.OffJoinEpoch:]),
	}
	switch a.status {
	case layout.JoinJoined:
	case layout.JoinHubFull:
		return a, ErrHubFull
	case layout.JoinRefused:
		return a, ErrRefused
	case layout.JoinLeaving:
		return a, ErrHostLeaving
	default:
		return a, &BoundError{of, "status", a.status, "must be 0 to 3"}
	}
	if a.peer < 1 || a.peer > layout.MaxGuests {
		return a, &BoundError{of, "peer_id", a.peer, "must be 1 to 255"}
	}
	return a, nil
}
