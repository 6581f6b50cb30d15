package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/driver"
)

// connect serves impl at one end of a pipe and returns a client at the other.
func connect(t *testing.T, impl Files) *FilesClient {
	t.Helper()
	ours, theirs := net.Pipe()
	var group errgroup.Group
	group.Go(func() error {
		_, drv, err := driver.EstablishStream(context.Background(), theirs, driver.Initiator, NewFilesDispatcher(impl), driver.WithLogger(quiet))
		if err != nil {
			return err
		}
		return drv.Run(context.Background())
	})
	handle, drv, err := driver.EstablishStream(context.Background(), ours, driver.Acceptor, roam.NoService, driver.WithLogger(quiet))
	require.NoError(t, err)
	group.Go(func() error { return drv.Run(context.Background()) })
	t.Cleanup(func() {
		assert.NoError(t, handle.Close(context.Background()))
		assert.NoError(t, group.Wait())
	})
	return NewFilesClient(handle)
}

// stubFiles is a service with a fault.
type stubFiles struct {
	digest   func(context.Context, *roam.Rx[[]byte]) (Digest, error)
	compress func(context.Context, *roam.Rx[[]byte], *roam.Tx[[]byte]) error
}

func (s stubFiles) Digest(ctx context.Context, content *roam.Rx[[]byte]) (Digest, error) {
	return s.digest(ctx, content)
}

func (s stubFiles) Compress(ctx context.Context, content *roam.Rx[[]byte], packed *roam.Tx[[]byte]) error {
	return s.compress(ctx, content, packed)
}

func stream(t *testing.T, impl Files, content string) (findings, []byte, error) {
	t.Helper()
	var packed bytes.Buffer
	buf := make([]byte, itemSize)
	found, err := streamFile(context.Background(), connect(t, impl), io.NopCloser(strings.NewReader(content)), &packed, buf)
	if err == nil {
		assert.Equal(t, uint64(packed.Len()), found.packed)
	}
	return found, packed.Bytes(), err
}

func TestServiceDigestsAndCompresses(t *testing.T) {
	for _, content := range []string{"", "\n", "one\ntwo", strings.Repeat("0123456789abcde\n", 100_000)} {
		found, packed, err := stream(t, fileWorker{}, content)
		require.NoError(t, err)
		assert.Equal(t, digestOf(content), found.digest)
		assert.Equal(t, crc32.ChecksumIEEE([]byte(content)), found.sum)
		assert.True(t, content == unpack(t, packed))
	}
}

// The reason is the handler's, not that the streams of its call broke off.
func TestFailureOfAGuestsHandlerIsTheFilesError(t *testing.T) {
	content := strings.Repeat("x", 1<<20) // more than the window: the sender notices
	refused := errors.New("no more paper")
	for name, impl := range map[string]stubFiles{
		"Digest": {compress: fileWorker{}.Compress,
			digest: func(context.Context, *roam.Rx[[]byte]) (Digest, error) { return Digest{}, refused }},
		"Compress": {digest: fileWorker{}.Digest,
			compress: func(context.Context, *roam.Rx[[]byte], *roam.Tx[[]byte]) error { return refused }},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := stream(t, impl, content)
			var remote *roam.RemoteError
			require.ErrorAs(t, err, &remote)
			assert.Equal(t, refused.Error(), remote.Message)
		})
	}
}

func TestDigestOfOnlyAPartIsAnError(t *testing.T) {
	_, _, err := stream(t, stubFiles{compress: fileWorker{}.Compress,
		digest: func(ctx context.Context, content *roam.Rx[[]byte]) (Digest, error) {
			_, err := content.Recv(ctx)
			return Digest{Bytes: 1}, err
		}}, "four")
	assert.EqualError(t, err, "the guest digested 1 bytes of 4")
}

// packed is gzip of content, in items of size bytes.
func packed(t *testing.T, content string, size int) [][]byte {
	t.Helper()
	var whole bytes.Buffer
	zip := gzip.NewWriter(&whole)
	_, err := io.WriteString(zip, content)
	require.NoError(t, errors.Join(err, zip.Close()))
	return slices.Collect(slices.Chunk(whole.Bytes(), size))
}

func TestGzipOfSomethingElseIsAnError(t *testing.T) {
	whole := packed(t, "four", 1)
	for name, c := range map[string]struct {
		items [][]byte
		says  string
	}{
		"Whole":          {items: whole},
		"InOneItem":      {items: packed(t, "four", 100)},
		"EndInTwoItems":  {items: packed(t, "four", len(whole)-3)},
		"Nothing":        {says: "the guest sent 0 bytes of gzip, which has 19 at least"},
		"EndOnly":        {items: whole[len(whole)-8:], says: "the guest sent 8 bytes of gzip, which has 19 at least"},
		"CutOff":         {items: whole[:len(whole)-1], says: "the guest's gzip ends with CRC-32 "},
		"OtherContent":   {items: packed(t, "fout", 7), says: "and length 4, and is of content with 90c1667d and 4"},
		"PartOfContent":  {items: packed(t, "fou", 7), says: "and length 3, and is of content with 90c1667d and 4"},
		"SomethingAfter": {items: append(packed(t, "four", 7), []byte("x")), says: "the guest's gzip ends with CRC-32 "},
	} {
		t.Run(name, func(t *testing.T) {
			impl := stubFiles{digest: fileWorker{}.Digest,
				compress: func(ctx context.Context, content *roam.Rx[[]byte], packed *roam.Tx[[]byte]) error {
					for _, item := range c.items {
						if err := packed.Send(ctx, item); err != nil {
							return err
						}
					}
					_, err := roam.NewReader(ctx, content).WriteTo(io.Discard)
					return err
				}}
			_, _, err := stream(t, impl, "four")
			if c.says == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestFailureToKeepTheGzipEndsTheFile(t *testing.T) {
	full := errors.New("disk full")
	_, err := streamFile(context.Background(), connect(t, fileWorker{}), io.NopCloser(strings.NewReader(noise(1<<20))),
		writerFunc(func([]byte) (int, error) { return 0, full }), make([]byte, itemSize))
	assert.ErrorIs(t, err, full)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
