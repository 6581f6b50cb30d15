// Package transport is what the driver needs of a message transport: whole messages
// of one connection, in order, with waiting kept apart from moving them. No method
// that moves messages blocks; a goroutine that cannot go on arms a wait and parks, or
// waits for everything at once in Wait.
//
// internal/stream (COBS over byte streams) and internal/shmlink (rings in shared
// memory) implement it. The driver knows neither.
package transport
