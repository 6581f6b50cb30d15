package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestProgressInLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock is simulated
		var out bytes.Buffer
		p := newProgress(&out, false, "run", []entry{{size: 100}, {size: 100}})
		p.moved(20) // too soon for a line
		time.Sleep(lineInterval)
		p.moved(10)
		p.say("demo: %s", "a\nb")
		p.moved(30) // too soon for another
		p.moved(-60)
		p.moved(120) // the file has grown
		p.fileDone(100, 120)
		p.fileDone(100, 0) // and the other is gone
		p.end()
		assert.Equal(t, "run: 15 % read, 0 of 2 files done\ndemo: a\\nb\nrun: 2 of 2 files, 120 B\n", out.String())
	})
}

// A short run has read all of its small files before the first is settled, and says
// nothing about that.
func TestProgressOfAShortRunIsItsLastLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out, false, "run", []entry{{size: 100}, {size: 100}})
		p.moved(200)
		p.fileDone(100, 100)
		time.Sleep(lineInterval / 2)
		p.fileDone(100, 100)
		p.end()
		assert.Equal(t, "run: 2 of 2 files, 200 B\n", out.String())
	})
}

func TestProgressOfNothing(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var out bytes.Buffer
		p := newProgress(&out, terminal, "run", []entry{{size: 0}})
		p.moved(0)
		p.fileDone(0, 0)
		p.end()
		if !terminal {
			assert.Equal(t, "run: 1 of 1 files, 0 B\n", out.String())
		}
	}
}

// On a terminal the bar is drawn over and over on one line, is out of the way of
// messages, survives a file that starts again, and is gone in the end.
func TestProgressBar(t *testing.T) {
	const clear = "\x1b[2K\r"
	var out bytes.Buffer
	p := newProgress(&out, true, "run", []entry{{size: 1000}})
	p.moved(500)
	assert.Contains(t, out.String(), "run, 0 of 1 files")
	assert.Contains(t, out.String(), "49%", "of one byte more")
	p.say("demo: note")
	assert.Contains(t, out.String(), clear+"demo: note\n")
	p.moved(500)
	p.moved(-1000)
	p.moved(700)
	assert.False(t, p.bar.IsFinished())
	p.fileDone(1000, 700)
	assert.False(t, p.bar.IsFinished())
	p.end()
	assert.True(t, p.bar.IsFinished())
	assert.True(t, strings.HasSuffix(out.String(), clear), "%q", out.String())
}
