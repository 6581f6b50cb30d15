package sched

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestYieldLetsOthersRunFirst: who got ready on this P has run when Yield returns.
func TestYieldLetsOthersRunFirst(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 1000 {
		var ran atomic.Int32
		for range 3 {
			go ran.Add(1)
		}
		Yield()
		if !assert.EqualValues(t, 3, ran.Load()) {
			return
		}
	}
}

func BenchmarkYield(b *testing.B) {
	for b.Loop() {
		Yield()
	}
}
