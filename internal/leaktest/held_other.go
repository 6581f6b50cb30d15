//go:build !linux

package leaktest

import "testing"

// There is no shared memory here, and no /proc.

func descriptors(testing.TB) []string { return nil }

func mappings(testing.TB) []string { return nil }
