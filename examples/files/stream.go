package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"golang.org/x/sync/errgroup"

	roam "github.com/roam-rpc/roam-go"
)

// itemSize is how many bytes of a file go in one item of a channel: as many as fit a
// slot of the default size, with the item's length.
const itemSize = 60 << 10

// findings is what guests gave back of one stream.
type findings struct {
	digest Digest
	sum    uint32 // CRC-32 of what was sent, by the host
	packed uint64 // bytes of gzip
}

// streamFile reads content once and sends it into both calls at once, a chunk of buf's
// size at a time. The gzip that comes back goes to packed. Memory does not depend on the
// length of content: the calls' credit bounds what is on its way. content is closed when
// a call fails or ctx ends, so that a read that waits holds nothing up.
func streamFile(ctx context.Context, files *FilesClient, content io.ReadCloser, packed io.Writer, buf []byte) (findings, error) {
	toDigest, digestContent := roam.Channel[[]byte]()
	toCompress, compressContent := roam.Channel[[]byte]()
	packedTx, fromCompress := roam.Channel[[]byte]()
	defer toDigest.Close()
	defer toCompress.Close()
	defer fromCompress.Close()

	var found findings
	var sent int64
	end := gzipEnd{out: packed}
	sum := crc32.NewIEEE()
	group, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() { _ = content.Close() })
	defer stop()
	group.Go(func() (err error) {
		found.digest, err = files.Digest(ctx, digestContent)
		return err
	})
	group.Go(func() error { return files.Compress(ctx, compressContent, packedTx) })
	group.Go(func() error {
		_, err := roam.NewReader(ctx, fromCompress).WriteTo(&end)
		return saidByCall(err)
	})
	group.Go(func() (err error) {
		both := io.MultiWriter(sum, roam.NewWriter(ctx, toDigest), roam.NewWriter(ctx, toCompress))
		sent, err = io.CopyBuffer(both, struct{ io.Reader }{content}, buf)
		toDigest.Close()
		toCompress.Close()
		return saidByCall(err)
	})
	if err := group.Wait(); err != nil {
		return findings{}, err
	}
	if found.digest.Bytes != uint64(sent) {
		return findings{}, fmt.Errorf("the guest digested %d bytes of %d", found.digest.Bytes, sent)
	}
	found.sum, found.packed = sum.Sum32(), end.packed
	return found, end.check(uint64(sent), found.sum)
}

// saidByCall drops an error that only says that the channel's call failed: the call
// gives the reason.
func saidByCall(err error) error {
	if errors.Is(err, roam.ErrReset) || errors.Is(err, roam.ErrNotSent) {
		return nil
	}
	return err
}
