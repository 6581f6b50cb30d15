package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"io"
	"sync"

	roam "github.com/roam-rpc/roam-go"
)

// fileWorker implements Files. What it keeps of a stream does not grow with the stream.
type fileWorker struct{}

var _ Files = fileWorker{}

// Digest implements [Files].
func (fileWorker) Digest(ctx context.Context, content *roam.Rx[[]byte]) (Digest, error) {
	hash := sha256.New()
	var count counter
	if _, err := roam.NewReader(ctx, content).WriteTo(io.MultiWriter(hash, &count)); err != nil {
		return Digest{}, err
	}
	result := Digest{Bytes: count.bytes, Lines: count.lines}
	hash.Sum(result.Sha256[:0])
	return result, nil
}

// counter counts what is written to it.
type counter struct{ bytes, lines uint64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += uint64(len(p))
	c.lines += uint64(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}

// gzips keeps compressors: a new one allocates more than most files have bytes.
var gzips = sync.Pool{New: func() any {
	// The fastest level, so that the connection is not hidden behind the compressor.
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // BestSpeed is a level
	}
	return w
}}

// Compress implements [Files].
func (fileWorker) Compress(ctx context.Context, content *roam.Rx[[]byte], packed *roam.Tx[[]byte]) error {
	// The compressor writes some hundred bytes at a time: collect them to whole items.
	items := bufio.NewWriterSize(roam.NewWriter(ctx, packed), itemSize)
	zip := gzips.Get().(*gzip.Writer)
	defer gzips.Put(zip)
	zip.Reset(items)
	if _, err := roam.NewReader(ctx, content).WriteTo(zip); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return items.Flush()
}
