package service

import (
	"bufio"
	"context"

	roam "github.com/roam-rpc/roam-go"
)

// Logs looks into texts that may be too large for one message.
//
//roam:service
type Logs interface {
	// CountLines counts the lines of what comes on content.
	CountLines(ctx context.Context, content *roam.Rx[[]byte]) (uint64, error)
}

// Lines implements Logs.
type Lines struct{}

// CountLines implements [Logs].
func (Lines) CountLines(ctx context.Context, content *roam.Rx[[]byte]) (count uint64, err error) {
	lines := bufio.NewScanner(roam.NewReader(ctx, content))
	for lines.Scan() {
		count++
	}
	return count, lines.Err()
}
