package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// How often the bar is drawn and a line is written at most, and how much further the
// run is with each line. The first line comes after an interval too: of a short run the
// last one says all.
const (
	barInterval  = 100 * time.Millisecond
	lineInterval = time.Second
	linePercent  = 5
)

// progress shows how far a run is: a bar on a terminal, elsewhere a line now and then.
// What else is to be said meanwhile goes through say, so that bar and lines do not mix.
// Any goroutine may use it.
type progress struct {
	out  io.Writer
	what string // what runs

	mu        sync.Mutex
	files     int
	filesDone int
	total     int64                    // bytes; follows files that turn out to have another size
	done      int64                    // bytes; less than total until the end, as the bar wants it
	bar       *progressbar.ProgressBar // nil: lines
	percent   int64                    // that the last line said
	lineAt    time.Time                // when it was written, or when the run began
}

func newProgress(out io.Writer, terminal bool, what string, files []entry) *progress {
	p := &progress{out: out, what: what, files: len(files), lineAt: time.Now()}
	for _, e := range files {
		p.total += e.size
	}
	if terminal {
		p.bar = progressbar.NewOptions64(p.barMax(),
			progressbar.OptionSetWriter(out),
			progressbar.OptionShowBytes(true),
			progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(barInterval),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetDescription(p.describe()))
	}
	return p
}

// barMax is one byte over the total: the bar ends for good when it reaches its end,
// and only end means that. A file of a dead guest starts again.
func (p *progress) barMax() int64 { return p.total + 1 }

func (p *progress) describe() string {
	return fmt.Sprintf("%s, %d of %d files", p.what, p.filesDone, p.files)
}

// moved counts bytes of a file that were read; n is negative when they are to be
// read again.
func (p *progress) moved(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	p.show()
}

// fileDone says that one file is settled. It was listed with expected bytes, and read
// of it were actual.
func (p *progress) fileDone(expected, actual int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.filesDone++
	p.total += actual - expected
	if p.bar != nil {
		p.bar.ChangeMax64(p.barMax())
		p.bar.Describe(p.describe())
	}
	p.show()
}

// show brings the display up to date. mu is held.
func (p *progress) show() {
	if p.bar != nil {
		_ = p.bar.Set64(min(p.done, p.total)) // its only error is a number over the maximum
		return
	}
	if p.total == 0 {
		return
	}
	percent := min(int64(float64(p.done)/float64(p.total)*100), 99)
	if percent >= p.percent+linePercent && time.Since(p.lineAt) >= lineInterval {
		p.percent, p.lineAt = percent, time.Now()
		fmt.Fprintf(p.out, "%s: %d %% read, %d of %d files done\n", p.what, percent, p.filesDone, p.files)
	}
}

// say writes a line of its own.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		defer p.bar.RenderBlank()
	}
	fmt.Fprintln(p.out, printable(fmt.Sprintf(format, args...)))
}

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
		return
	}
	fmt.Fprintf(p.out, "%s: %d of %d files, %s\n", p.what, p.filesDone, p.files, humanBytes(p.done))
}
