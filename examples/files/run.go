package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// filesPerGuest is how many files a guest works on at once: while one waits for its
// last answer, or is all in the compressor, others keep the guest's processors busy.
const filesPerGuest = 4

// result is what is known of a file that was done.
type result struct {
	findings
	path string
	by   identity // the guest that did it
}

// outcome is what a run came to.
type outcome struct {
	way     transport
	guests  []identity
	results []result // by path
	failed  int      // files that could not be read or kept
	undone  int      // files for which no guest was left
	lost    int      // guests that ended before the run did
	took    time.Duration
}

func (o *outcome) bytes() (read, packed uint64) {
	for i := range o.results {
		read += o.results[i].digest.Bytes
		packed += o.results[i].packed
	}
	return read, packed
}

// run streams files through the guests of one fleet.
type run struct {
	dir  string
	open func(path string) (source, error)
	out  *outTree // nil: gzip is counted, not kept
	show *progress

	queue *queue
	mu    sync.Mutex
	done  outcome // guarded by mu
}

// over streams files and returns when they are settled, ctx ends or no guest is left.
// Only ctx's end is an error; the rest is in the outcome.
func (r *run) over(ctx context.Context, guests []*guest, files []entry) (outcome, error) {
	for _, g := range guests {
		r.done.guests = append(r.done.guests, g.identity)
	}
	r.queue = newQueue(files)
	defer context.AfterFunc(ctx, r.queue.stop)()
	began := time.Now()
	var workers sync.WaitGroup
	for range filesPerGuest { // outermost, so that the first files go to all guests
		for _, g := range guests {
			workers.Go(func() { r.work(ctx, g) })
		}
	}
	workers.Wait()
	r.done.took = time.Since(began)
	if err := ctx.Err(); err != nil {
		return outcome{}, err
	}
	r.done.undone = r.queue.left()
	slices.SortFunc(r.done.results, func(a, b result) int { return cmp.Compare(a.path, b.path) })
	return r.done, nil
}

// work gives file after file to g, until there is none or g has ended.
func (r *run) work(ctx context.Context, g *guest) {
	buf := make([]byte, itemSize)
	for {
		e, ok := r.queue.next()
		if !ok {
			return
		}
		read, err := r.file(ctx, g, e, buf)
		switch {
		case err == nil:
			r.show.fileDone(e.size, read)
		case ctx.Err() != nil:
			r.queue.giveBack(e)
			return
		case g.handle.Err() != nil:
			r.show.moved(-read)
			r.queue.giveBack(e)
			g.lost.Do(func() {
				r.count(&r.done.lost)
				r.show.say("demo: %s (pid %d) is lost, any other takes its files: %v", g.identity, g.pid, g.handle.Err())
			})
			return
		default:
			r.show.moved(-read)
			r.show.fileDone(e.size, 0)
			r.show.say("demo: %v", err)
			r.count(&r.done.failed)
		}
		r.queue.settle()
	}
}

// count adds 1 to a number of the outcome.
func (r *run) count(n *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n++
}

// file has g do one file. It says how many bytes were read, also with an error.
func (r *run) file(ctx context.Context, g *guest, e entry, buf []byte) (read int64, err error) {
	content, err := r.open(filepath.Join(r.dir, e.path))
	if err != nil {
		return 0, err
	}
	defer content.Close()
	metered := &meter{source: content, show: r.show}
	packed, keep, drop, err := r.sink(content, e)
	if err != nil {
		return 0, err
	}
	defer drop()
	res := result{path: e.path, by: g.identity}
	res.findings, err = streamFile(ctx, g.files, metered, packed, buf)
	if err == nil {
		err = keep()
	}
	if err != nil {
		return metered.read, fmt.Errorf("%s: %w", e.path, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done.results = append(r.done.results, res)
	return metered.read, nil
}

// sink is where the gzip of a file goes. drop after keep does nothing.
func (r *run) sink(content source, e entry) (packed io.Writer, keep func() error, drop func(), err error) {
	if r.out == nil {
		return io.Discard, func() error { return nil }, func() {}, nil
	}
	info, err := content.Stat()
	if err != nil {
		return nil, nil, nil, err
	}
	file, err := r.out.create(info.Mode())
	if err != nil {
		return nil, nil, nil, err
	}
	return file, func() error { return file.keep(e.path + ".gz") }, file.drop, nil
}

// meter counts what is read. streamFile reads on one goroutine and is done with it when
// it returns.
type meter struct {
	source
	show *progress
	read int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.source.Read(p)
	m.read += int64(n)
	m.show.moved(int64(n))
	return n, err
}
