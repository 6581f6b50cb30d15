package main

import (
	"strings"
	"sync"
)

// screen collects output and lets tests wait for a part of it.
type screen struct {
	mu      sync.Mutex
	text    strings.Builder
	awaited []*sight
}

type sight struct {
	part string
	seen chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	s.look()
	return len(p), nil
}

// look tells those who wait for what has come. mu is held.
func (s *screen) look() {
	var waiting []*sight
	for _, w := range s.awaited {
		if strings.Contains(s.text.String(), w.part) {
			close(w.seen)
		} else {
			waiting = append(waiting, w)
		}
	}
	s.awaited = waiting
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until part has been written.
func (s *screen) await(part string) {
	w := &sight{part: part, seen: make(chan struct{})}
	s.mu.Lock()
	s.awaited = append(s.awaited, w)
	s.look()
	s.mu.Unlock()
	<-w.seen
}
