package shmring

import (
	"runtime"
	"testing"

	"github.com/roam-rpc/roam-go/internal/engine"
)

// BenchmarkPingPong is a round trip of 32 bytes each way between two goroutines that
// spin: what the link itself costs.
func BenchmarkPingPong(b *testing.B) {
	p := onePair(b, Config{}, pairConfig{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		play(p.host, b.N, true)
	}()
	b.ReportAllocs()
	b.ResetTimer()
	play(p.guest, b.N, false)
	<-done
	b.ReportMetric(0, engine.Name)
}

func play(l *Link, rounds int, answers bool) {
	payload, prefix := make([]byte, 30), []byte{1, 0}
	batch := NewBatch(8)
	for range rounds {
		if !answers {
			put(l, payload, prefix)
		}
		for {
			n, err := l.Poll(batch, 50)
			if err != nil {
				panic(err)
			}
			if n > 0 {
				break
			}
			runtime.Gosched()
		}
		if answers {
			put(l, payload, prefix)
		}
	}
}

func put(l *Link, payload, prefix []byte) {
	if err := l.Stage(&Message{Type: MsgRequest, ID: 1, Payload: payload}, prefix); err != nil {
		panic(err)
	}
	l.Commit()
	l.Notify()
}

// BenchmarkOneWay sends and receives in one goroutine: the cost of a message without
// the time that lines take from core to core.
func BenchmarkOneWay(b *testing.B) {
	for _, size := range []int{30, 1 << 10, 1 << 16} {
		b.Run(byteSize(size), func(b *testing.B) {
			p := onePair(b, Config{SlotSize: 1<<16 + 64}, pairConfig{})
			payload, prefix, batch := make([]byte, size), []byte{1, 0}, NewBatch(8)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				put(p.guest, payload, prefix)
				if _, err := p.host.Receive(batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func byteSize(n int) string {
	switch n {
	case 1 << 10:
		return "1KiB"
	case 1 << 16:
		return "64KiB"
	}
	return "32B"
}
