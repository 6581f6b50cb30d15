package main

import (
	"context"

	roam "github.com/roam-rpc/roam-go"
)

//go:generate go tool roamgen
//go:generate go tool roamgen -c -prefix files

// Files is the service that a guest offers: both methods consume one file as a stream.
//
//roam:service
type Files interface {
	// Digest counts and hashes what comes on content.
	Digest(ctx context.Context, content *roam.Rx[[]byte]) (Digest, error)
	// Compress sends what comes on content, as one gzip stream, on packed.
	Compress(ctx context.Context, content *roam.Rx[[]byte], packed *roam.Tx[[]byte]) error
}

// Digest is what Files.Digest finds out about a stream.
type Digest struct {
	Bytes  uint64
	Sha256 [32]byte
	Lines  uint64 // newline characters, as wc -l counts
}
