//go:build !linux

package processor

// Yield does nothing on this system.
func Yield() (others bool) { return false }

// Leave cannot be done on this system.
func Leave() bool { return false }
