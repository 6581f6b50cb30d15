package main

import (
	"context"
	"fmt"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/wire"
)

// Files is the service that a guest offers: both methods consume one file as a stream.
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

// The methods as both sides know them. A signature is in wire terms, from the handler's
// side; the id follows from it and the names.
var (
	filesDigest = &roam.Method{ // digest(Rx<bytes>) -> struct { bytes u64, sha256 [u8; 32], lines u64 }
		ID: 0x5f224b39b12baad3, Service: "Files", Name: "digest",
	}
	filesCompress = &roam.Method{ // compress(Rx<bytes>, Tx<bytes>)
		ID: 0x95b94a7a5be231b6, Service: "Files", Name: "compress",
	}
)

func appendDigest(b []byte, v Digest) []byte {
	b = wire.AppendU64(b, v.Bytes)
	b = append(b, v.Sha256[:]...)
	return wire.AppendU64(b, v.Lines)
}

func decodeDigest(d *wire.Decoder) (v Digest) {
	v.Bytes = d.U64()
	for i := range v.Sha256 {
		v.Sha256[i] = d.U8()
	}
	v.Lines = d.U64()
	return v
}

// FilesClient calls Files over one connection. Any number of goroutines may use it at
// once.
type FilesClient struct{ caller roam.Caller }

// NewFilesClient returns a client that calls through caller.
func NewFilesClient(caller roam.Caller) *FilesClient { return &FilesClient{caller} }

// Digest passes content to Files.Digest and waits for its result.
func (c *FilesClient) Digest(ctx context.Context, content *roam.Rx[[]byte]) (Digest, error) {
	call := roam.NewCall(filesDigest)
	defer call.Release()
	if err := roam.PassRx(call, content, wire.Bytes); err != nil {
		return Digest{}, fmt.Errorf("%s: content: %w", call.Method, err)
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return Digest{}, err
	}
	call.AppendChannelID(0)
	if err := c.caller.Do(ctx, call); err != nil {
		return Digest{}, err
	}
	d := wire.NewDecoder(call.Result)
	result := decodeDigest(&d)
	if err := d.Finish(); err != nil {
		return Digest{}, fmt.Errorf("%s: %w: %w", call.Method, roam.ErrInvalidResponse, err)
	}
	return result, nil
}

// Compress passes content and packed to Files.Compress and waits for its end.
func (c *FilesClient) Compress(ctx context.Context, content *roam.Rx[[]byte], packed *roam.Tx[[]byte]) error {
	call := roam.NewCall(filesCompress)
	defer call.Release()
	if err := roam.PassRx(call, content, wire.Bytes); err != nil {
		return fmt.Errorf("%s: content: %w", call.Method, err)
	}
	if err := roam.PassTx(call, packed, wire.Bytes); err != nil {
		return fmt.Errorf("%s: packed: %w", call.Method, err)
	}
	if err := c.caller.Open(ctx, call); err != nil {
		return err
	}
	call.AppendChannelID(0)
	call.AppendChannelID(1)
	if err := c.caller.Do(ctx, call); err != nil {
		return err
	}
	d := wire.NewDecoder(call.Result)
	if err := d.Finish(); err != nil {
		return fmt.Errorf("%s: %w: %w", call.Method, roam.ErrInvalidResponse, err)
	}
	return nil
}

// NewFilesDispatcher returns the dispatcher that serves impl.
func NewFilesDispatcher(impl Files) roam.Dispatcher { return filesDispatcher{impl} }

type filesDispatcher struct{ impl Files }

// Prepare decodes the arguments of a request; see roam.Dispatcher.
func (s filesDispatcher) Prepare(in *roam.Incoming) (roam.Invocation, error) {
	switch in.Method {
	case filesDigest.ID:
		return s.prepareDigest(in)
	case filesCompress.ID:
		return s.prepareCompress(in)
	}
	return nil, roam.ErrUnknownMethod
}

func (s filesDispatcher) prepareDigest(in *roam.Incoming) (roam.Invocation, error) {
	d := wire.NewDecoder(in.Args)
	content := roam.AcceptRx(in, &d, wire.Bytes)
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return roam.InvocationFunc(func(ctx context.Context, reply *roam.Reply) {
		result, err := s.impl.Digest(ctx, content)
		if err != nil {
			reply.Fail(err)
			return
		}
		reply.Succeed()
		reply.Payload = appendDigest(reply.Payload, result)
	}), nil
}

func (s filesDispatcher) prepareCompress(in *roam.Incoming) (roam.Invocation, error) {
	d := wire.NewDecoder(in.Args)
	content := roam.AcceptRx(in, &d, wire.Bytes)
	packed := roam.AcceptTx(in, &d, wire.Bytes)
	if err := d.Finish(); err != nil {
		return nil, err
	}
	return roam.InvocationFunc(func(ctx context.Context, reply *roam.Reply) {
		if err := s.impl.Compress(ctx, content, packed); err != nil {
			reply.Fail(err)
			return
		}
		reply.Succeed()
	}), nil
}
