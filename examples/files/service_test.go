package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
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

func stream(t *testing.T, impl Files, content string) (Digest, []byte, error) {
	t.Helper()
	var packed bytes.Buffer
	buf := make([]byte, itemSize)
	digest, n, err := streamFile(context.Background(), connect(t, impl), io.NopCloser(strings.NewReader(content)), &packed, buf)
	if err == nil {
		assert.Equal(t, uint64(packed.Len()), n)
	}
	return digest, packed.Bytes(), err
}

func TestServiceDigestsAndCompresses(t *testing.T) {
	for _, content := range []string{"", "\n", "one\ntwo", strings.Repeat("0123456789abcde\n", 100_000)} {
		digest, packed, err := stream(t, fileWorker{}, content)
		require.NoError(t, err)
		assert.Equal(t, digestOf(content), digest)
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

func TestFailureToKeepTheGzipEndsTheFile(t *testing.T) {
	full := errors.New("disk full")
	_, _, err := streamFile(context.Background(), connect(t, fileWorker{}), io.NopCloser(strings.NewReader(noise(1<<20))),
		writerFunc(func([]byte) (int, error) { return 0, full }), make([]byte, itemSize))
	assert.ErrorIs(t, err, full)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
