//go:build linux && (!amd64 || race)

package engine

import "testing"

func eachWayToCopy(t *testing.T, test func(t *testing.T)) { test(t) }
