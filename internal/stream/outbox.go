package stream

import (
	"context"
	"slices"
	"sync"

	"github.com/roam-rpc/roam-go/internal/transport"
	"github.com/roam-rpc/roam-go/wire"
)

const (
	// outBound is how many bytes may lie here unwritten. A frame that is larger goes
	// alone.
	outBound = 256 << 10
	// chunkSize is the capacity of a chunk of small frames, bytes.
	chunkSize = 32 << 10
	// headBound bounds what a frame holds beside metadata and payload, bytes: kind,
	// three varints of 64 bits, an empty metadata list.
	headBound = 1 + 3*10 + 1
)

// chunk is a buffer of whole frames. Its bytes do not change once committed: whoever
// stages appends behind them while they are being written.
type chunk struct{ buf []byte }

// Chunks go back to a pool when they are written, so that an idle connection holds
// none; the large ones apart, so that small frames do not pin them.
var smallChunks, largeChunks sync.Pool

func takeChunk(need int) *chunk {
	pool := &smallChunks
	if need > chunkSize {
		pool = &largeChunks
	}
	if k, ok := pool.Get().(*chunk); ok && cap(k.buf) >= need {
		return k
	}
	return &chunk{buf: make([]byte, 0, (need+chunkSize-1)/chunkSize*chunkSize)}
}

func (k *chunk) release() {
	k.buf = k.buf[:0]
	if cap(k.buf) > chunkSize {
		largeChunks.Put(k)
	} else {
		smallChunks.Put(k)
	}
}

// outbox holds the frames that were committed and are not written yet. One goroutine
// at a time stages, one at a time writes; they meet under mu, which is held neither
// while a frame is encoded nor while bytes are written.
type outbox struct {
	mu      sync.Mutex
	chunks  []*chunk      // oldest first; frames are staged in the last
	written int           // bytes of the first chunk
	queued  int           // bytes committed and not written
	staging bool          // a frame is being made behind the committed bytes of the last chunk
	writing bool          // somebody writes, or has promised to
	closed  bool          // nothing is staged or committed any more
	err     error         // nothing can be written any more
	drained chan struct{} // closed when nothing is queued; nil when nobody waits

	staged []byte // the last chunk's bytes with the frame; of whoever stages
}

// stage takes room for m and encodes it where the writer does not look.
func (o *outbox) stage(m *wire.Message) error {
	last, err := o.reserve(frameBound(m))
	if err != nil {
		return err
	}
	// Nobody else changes last.buf: the writer reads what is committed, and only
	// whoever stages commits.
	o.staged = wire.AppendMessageFrame(last.buf, m)
	return nil
}

// frameBound is the most bytes that the frame of m can have.
func frameBound(m *wire.Message) int {
	payload := m.PayloadSize()
	if m.Kind == wire.KindGoodbye {
		payload *= 3 // bytes that are not UTF-8 become three
	}
	return wire.MaxFrameLen(headBound + len(m.Metadata) + payload)
}

// reserve makes the last chunk one with room for need bytes.
func (o *outbox) reserve(need int) (*chunk, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return nil, o.err
	}
	if o.closed {
		return nil, ErrClosed
	}
	if o.queued > 0 && o.queued+need > outBound {
		return nil, transport.ErrNoSpace
	}
	o.staging = true
	return o.lastChunk(need), nil
}

// lastChunk gives the last chunk, a new one when need bytes do not fit. The caller
// holds mu.
func (o *outbox) lastChunk(need int) *chunk {
	if n := len(o.chunks); n > 0 {
		if last := o.chunks[n-1]; cap(last.buf)-len(last.buf) >= need {
			return last
		}
	}
	k := takeChunk(need)
	o.chunks = append(o.chunks, k)
	return k
}

// commit makes the staged frame visible to the writer, unless it came too late.
func (o *outbox) commit() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.staging = false
	if o.err == nil && !o.closed {
		last := o.chunks[len(o.chunks)-1]
		o.queued += len(o.staged) - len(last.buf)
		last.buf = o.staged
	}
	o.staged = nil
}

func (o *outbox) abort() {
	o.mu.Lock()
	o.staging = false
	o.mu.Unlock()
	o.staged = nil
}

// close ends staging; what is committed can still be written.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

// begin makes the caller the one who writes. false: somebody does, or nothing is
// queued.
func (o *outbox) begin() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || o.queued == 0 || o.err != nil {
		return false
	}
	o.writing = true
	return true
}

// next gives the writer the next bytes. With none left it is the writer no more: what
// is committed after that is for whoever begins next.
func (o *outbox) next() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.queued == 0 || o.err != nil {
		o.writing = false
		return nil
	}
	for len(o.chunks[0].buf) == o.written {
		o.drop()
	}
	return o.chunks[0].buf[o.written:]
}

// wrote counts n bytes of what next gave, and says how many are still queued.
func (o *outbox) wrote(n int) (queued int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0
	}
	o.written += n
	o.queued -= n
	if o.queued == 0 {
		if !o.staging {
			for len(o.chunks) > 0 {
				o.drop()
			}
		}
		o.tell()
	}
	return o.queued
}

// drop takes the first chunk out, which is written and not staged in. The caller
// holds mu.
func (o *outbox) drop() {
	first := o.chunks[0]
	o.chunks = slices.Delete(o.chunks, 0, 1)
	o.written = 0
	first.release()
}

// fail ends writing; what is queued is lost.
func (o *outbox) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
		o.writing = false
		o.chunks, o.written = nil, 0
		o.tell()
	}
}

// tell wakes those in wait. The caller holds mu.
func (o *outbox) tell() {
	if o.drained != nil {
		close(o.drained)
		o.drained = nil
	}
}

// wait blocks until everything committed is written, writing failed, or ctx ends.
func (o *outbox) wait(ctx context.Context) error {
	for {
		o.mu.Lock()
		if o.err != nil || o.queued == 0 {
			defer o.mu.Unlock()
			return o.err
		}
		if o.drained == nil {
			o.drained = make(chan struct{})
		}
		drained := o.drained
		o.mu.Unlock()
		select {
		case <-drained:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// failure is why nothing can be written any more, nil while it can.
func (o *outbox) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func (o *outbox) left() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queued
}
