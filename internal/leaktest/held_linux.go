package leaktest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// descriptors are what this process has open, the runtime's own aside.
func descriptors(t testing.TB) []string {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	var open []string
	for _, entry := range entries {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name()))
		if err == nil && !strings.Contains(target, "[event") && !strings.HasSuffix(target, "/fd") {
			open = append(open, target)
		}
	}
	slices.Sort(open)
	return open
}

// mappings are the mapped segments: memfds that the host names so, and the files that
// tests name so.
func mappings(t testing.TB) []string {
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	var segments []string
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "segment") {
			segments = append(segments, line)
		}
	}
	return segments
}
