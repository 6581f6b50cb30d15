package sched

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestYieldLetsOthersRunFirst: who got ready on this P has run when Yield returns.
func TestYieldLetsOthersRunFirst(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 1000 {
		ran := 0
		for range 3 {
			go func() { ran++ }()
		}
		Yield()
		if !assert.Equal(t, 3, ran) {
			return
		}
	}
}
