package shmring

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/layout"
)

type layoutVectors struct {
	Examples []struct {
		Config map[string]uint32 `json:"config"`
		Layout struct {
			PeerTable  uint64 `json:"peer_table_offset"`
			SlotRegion uint64 `json:"slot_region_offset"`
			PoolHeader uint64 `json:"pool_header_size"`
			PoolSize   uint64 `json:"pool_size"`
			GuestAreas uint64 `json:"guest_areas_offset"`
			GuestArea  uint64 `json:"guest_area_size"`
			Total      uint64 `json:"total_size"`
			Peers      []struct {
				ID          uint32 `json:"peer_id"`
				Entry       uint64 `json:"entry"`
				Ring        uint64 `json:"ring_offset"`
				HostToGuest uint64 `json:"host_to_guest_ring"`
				Pool        uint64 `json:"slot_pool_offset"`
				Channels    uint64 `json:"channel_table_offset"`
			} `json:"peers"`
		} `json:"layout"`
	} `json:"examples"`
}

func TestLayoutVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/segment-layout.json")
	require.NoError(t, err)
	var vectors layoutVectors
	require.NoError(t, json.Unmarshal(raw, &vectors))
	require.NotEmpty(t, vectors.Examples)
	for _, example := range vectors.Examples {
		c := example.Config
		lay, err := Config{
			MaxGuests: c["max_guests"], RingSize: c["ring_size"], SlotSize: c["slot_size"],
			SlotsPerGuest: c["slots_per_guest"], MaxChannels: c["max_channels"],
		}.withDefaults().layout()
		require.NoError(t, err)
		want := example.Layout
		assert.Equal(t, want.PeerTable, lay.PeerTable)
		assert.Equal(t, want.SlotRegion, lay.SlotRegion)
		assert.Equal(t, want.PoolHeader, lay.PoolHeader)
		assert.Equal(t, want.PoolSize, lay.PoolSize)
		assert.Equal(t, want.GuestAreas, lay.GuestAreas)
		assert.Equal(t, want.GuestArea, lay.GuestArea)
		assert.Equal(t, want.Total, lay.Total)
		for _, peer := range want.Peers {
			assert.Equal(t, peer.Entry, lay.peerEntry(peer.ID))
			assert.Equal(t, peer.Ring, lay.ringOffset(peer.ID))
			assert.Equal(t, peer.HostToGuest, lay.ringOffset(peer.ID)+layout.SizeDesc*uint64(lay.RingSize))
			assert.Equal(t, peer.Pool, lay.pool(peer.ID))
			assert.Equal(t, peer.Channels, lay.channelTable(peer.ID))
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	lay, err := Config{}.withDefaults().layout()
	require.NoError(t, err)
	assert.EqualValues(t, 16, lay.MaxGuests)
	assert.EqualValues(t, 256, lay.RingSize)
	assert.EqualValues(t, 65536, lay.SlotSize)
	assert.EqualValues(t, 16, lay.SlotsPerGuest)
	assert.EqualValues(t, 65532, lay.MaxPayload)
	assert.EqualValues(t, 262144, lay.InitialCredit)
	assert.EqualValues(t, 256, lay.MaxChannels)
	assert.Zero(t, lay.HeartbeatInterval)
}

func TestConfigOutsideABoundNamesFieldValueAndBound(t *testing.T) {
	for _, c := range []struct {
		config Config
		field  string
		text   string
	}{
		{Config{MaxGuests: 256}, "max_guests", "config: max_guests is 256, must be 1 to 255"},
		{Config{RingSize: 1}, "ring_size", "config: ring_size is 1, must be a power of two, at least 2"},
		{Config{RingSize: 48}, "ring_size", "config: ring_size is 48, must be a power of two, at least 2"},
		{Config{SlotSize: 4}, "slot_size", "config: slot_size is 4, must be a multiple of 8, at least 8"},
		{Config{SlotSize: 100}, "slot_size", "config: slot_size is 100, must be a multiple of 8, at least 8"},
		{Config{SlotSize: 64, MaxPayload: 61}, "max_payload_size", "config: max_payload_size is 61, must be at most slot_size - 4"},
		{Config{InitialCredit: 1 << 31}, "initial_credit", "config: initial_credit is 2147483648, must be at most 2147483647"},
		{Config{HeartbeatInterval: -time.Second}, "heartbeat_interval", "config: heartbeat_interval is -1s, must be 0 (off) or more"},
		{Config{AttachTimeout: -1}, "attach_timeout", "config: attach_timeout is -1ns, must be 0 (the default) or more"},
		{Config{SlotSize: math.MaxUint32 &^ 7, SlotsPerGuest: math.MaxUint32}, "total_size", ""},
		{Config{SlotSize: 1 << 31, SlotsPerGuest: math.MaxUint32, MaxGuests: 255}, "total_size", ""},
		{Config{SlotSize: 1 << 31, SlotsPerGuest: 1 << 31, MaxGuests: 1}, "total_size", ""},
	} {
		_, err := c.config.withDefaults().layout()
		var bound *BoundError
		require.ErrorAs(t, err, &bound, "%+v", c.config)
		assert.Equal(t, c.field, bound.Field)
		if c.text != "" {
			assert.EqualError(t, err, c.text)
		}
	}
}
