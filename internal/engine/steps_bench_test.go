//go:build linux

package engine

import (
	"testing"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// The benchmarks show what each step costs, so that the cgo engine can leave to Go
// what a call of C makes dearer.

func BenchmarkStageAbort(b *testing.B) {
	_, guest := twoEnds(b)
	payload, prefix := make([]byte, 30), []byte{1, 0}
	for b.Loop() {
		guest.Stage(Header{Type: layout.MsgRequest}, prefix, payload, NoneTaken)
		guest.Abort()
	}
}

func BenchmarkStageCommitReceive(b *testing.B) {
	host, guest := twoEnds(b)
	payload, prefix := make([]byte, 30), []byte{1, 0}
	records, arena := make([]Record, 8), make([]byte, 256)
	for b.Loop() {
		guest.Stage(Header{Type: layout.MsgRequest}, prefix, payload, NoneTaken)
		guest.Commit()
		host.Receive(records, arena)
	}
}

func BenchmarkCommit(b *testing.B) {
	_, guest := twoEnds(b)
	for b.Loop() {
		guest.Commit()
	}
}

func BenchmarkReceiveNothing(b *testing.B) {
	host, _ := twoEnds(b)
	records, arena := make([]Record, 8), make([]byte, 256)
	for b.Loop() {
		host.Receive(records, arena)
	}
}

func BenchmarkGrant(b *testing.B) {
	host, _ := twoEnds(b)
	for b.Loop() {
		host.Grant(1, 1)
	}
}

func BenchmarkSpinIteration(b *testing.B) {
	host, _ := twoEnds(b)
	for b.Loop() {
		host.Spin(100)
	}
}
