//go:build linux

package engine

import (
	"sync/atomic"
	"unsafe"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// granted is granted_total of a channel id below MaxChannels.
func (e *End) granted(id uint32) *uint32 {
	return (*uint32)(unsafe.Add(e.place.channel(id), layout.OffChannelGrantedTotal)) // aligned: entries are 16 bytes
}

// state is the state word of a channel id below MaxChannels.
func (e *End) state(id uint32) *uint32 {
	return (*uint32)(unsafe.Add(e.place.channel(id), layout.OffChannelState)) // aligned: entries are 16 bytes
}

// Activate opens the entry with credit bytes granted. The state is stored last
// (release), so whoever sees Active sees the credit.
func (e *End) Activate(id, credit uint32) {
	atomic.StoreUint32(e.granted(id), credit)
	atomic.StoreUint32(e.state(id), layout.EntryActive)
}

// Granted is the bytes granted so far, wrapping (acquire).
func (e *End) Granted(id uint32) uint32 { return atomic.LoadUint32(e.granted(id)) }

// Free makes the entry Free: this side's last touch of it (release).
func (e *End) Free(id uint32) { atomic.StoreUint32(e.state(id), layout.EntryFree) }

// IsFree reports whether the entry is Free (acquire: what the other side did with it
// lies before).
func (e *End) IsFree(id uint32) bool { return atomic.LoadUint32(e.state(id)) == layout.EntryFree }
