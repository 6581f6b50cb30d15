package roam

import (
	"context"
	"io"
	"runtime"

	"github.com/roam-rpc/roam-go/internal/bufpool"
	"github.com/roam-rpc/roam-go/wire"
)

// chunkSize is the largest item a Writer makes, bytes. It leaves room for the
// item's length in a slot of the default size.
const chunkSize = 60 << 10

// lengthPrefix is the room that an item's length may take, bytes.
const lengthPrefix = 5

// Writer sends what is written as items of at most 60 KiB, or of what the
// connection takes when that is less. Like any io.Writer it is
// for one goroutine at a time. Its Writes end with ctx.
type Writer struct {
	ctx context.Context
	tx  *Tx[[]byte]
}

// NewWriter returns a Writer on tx. Closing the Writer closes tx.
func NewWriter(ctx context.Context, tx *Tx[[]byte]) *Writer { return &Writer{ctx: ctx, tx: tx} }

// Write sends p and returns how many bytes of it were sent.
func (w *Writer) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		chunk, err := w.chunk()
		if err != nil {
			return sent, err
		}
		n := min(len(p)-sent, chunk)
		if err := w.tx.Send(w.ctx, p[sent:sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// chunk is the largest part of a Write that fits one item, at least 1.
func (w *Writer) chunk() (int, error) {
	p := w.tx.pair
	if err := p.await(w.ctx); err != nil {
		return 0, err
	}
	if p.sender == nil {
		return 0, ErrPassed
	}
	return max(1, min(chunkSize, p.sender.MaxItem()-lengthPrefix)), nil
}

// Close closes the channel; the reader sees io.EOF after what was written.
func (w *Writer) Close() error {
	w.tx.Close()
	return nil
}

// Reader reads the items of a byte channel as one stream. Like any io.Reader it is
// for one goroutine at a time. Its Reads end with ctx.
type Reader struct {
	ctx  context.Context
	rx   *Rx[[]byte]
	left []byte // of the last item, in buf or in raw
	buf  []byte
	raw  []byte // the last item, if it was received into memory of its own
}

// NewReader returns a Reader on rx. Closing the Reader closes rx.
func NewReader(ctx context.Context, rx *Rx[[]byte]) *Reader { return &Reader{ctx: ctx, rx: rx} }

// Read gives bytes of the next item that has any.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// WriteTo hands every item to w without joining or splitting items.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if err := r.fill(); err != nil {
			if isEOF(err) {
				err = nil
			}
			return total, err
		}
		n, err := w.Write(r.left)
		total += int64(n)
		r.left = r.left[n:]
		if err != nil {
			return total, err
		}
	}
}

// fill receives until bytes are left over to read.
func (r *Reader) fill() error {
	defer runtime.KeepAlive(r.rx)
	for len(r.left) == 0 {
		bufpool.Put(r.raw) // all of it was read
		r.raw = nil
		err := r.rx.pair.receive(r.ctx, func(d *wire.Decoder, raw []byte) {
			r.raw = raw
			if r.left = d.BytesView(); raw == nil {
				r.buf = append(r.buf[:0], r.left...)
				r.left = r.buf
			}
		})
		if err != nil {
			r.left = nil
			return err
		}
	}
	return nil
}

// Close says that no more is wanted.
func (r *Reader) Close() error {
	r.rx.Close()
	return nil
}
