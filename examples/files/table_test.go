package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTableKeepsItsColumns(t *testing.T) {
	long := strings.Repeat("long/", 20)
	results := []result{
		{path: "a\nb", findings: findings{digest: Digest{Bytes: 1}, packed: 25}, by: identity{1, inGo}},
		{path: long, findings: findings{digest: Digest{Bytes: 1 << 40}, packed: 7}, by: identity{255, inGo}},
		{path: "日本", findings: findings{digest: Digest{Bytes: 22}, packed: 44}, by: identity{2, inC}},
	}
	var out bytes.Buffer
	require.NoError(t, writeTable(&out, results))
	hash := strings.Repeat("0", 64)
	pad := func(n int) string { return strings.Repeat(" ", n) }
	assert.Equal(t, strings.Join([]string{
		"path" + pad(58) + "        bytes  SHA-256" + pad(57) + "  gzip bytes  guest  in",
		`a\nb` + pad(58) + "            1  " + hash + "          25      1  Go",
		long + "  1099511627776  " + hash + "           7    255  Go",
		"日本" + pad(58) + "           22  " + hash + "          44      2  C",
		"",
	}, "\n"), out.String())
}

func TestTotalsSetTheRunsBesideEachOther(t *testing.T) {
	goGuest, cGuest := identity{1, inGo}, identity{2, inC}
	both := outcome{way: sharedMemory, guests: []identity{goGuest, cGuest}, took: 4 * time.Second, results: []result{
		{findings: findings{digest: Digest{Bytes: 3000}, packed: 1500}, by: cGuest},
		{findings: findings{digest: Digest{Bytes: 1000}, packed: 400}, by: goGuest},
		{findings: findings{digest: Digest{Bytes: 2000}, packed: 1100}, by: cGuest},
	}}
	one := []result{{findings: findings{digest: Digest{Bytes: 6000}, packed: 3000}, by: goGuest}}
	shared := outcome{way: sharedMemory, guests: []identity{goGuest}, results: one, took: 2 * time.Second}
	unix := outcome{way: unixSocket, guests: []identity{goGuest}, results: one, took: 3 * time.Second, lost: 1}
	var out bytes.Buffer
	require.NoError(t, writeTotals(&out, both))
	require.NoError(t, writeTimes(&out, []outcome{both, shared, unix}))
	assert.Equal(t, `
3 files, 6000 bytes, 3000 bytes of gzip (50.0 %)
guests in Go      1 files     250 B/s  1000 bytes
guests in C       2 files    1.2 kB/s  5000 bytes
shared memory     4.000 s    1.5 kB/s  guests in Go and C
shared memory     2.000 s    3.0 kB/s  guests in Go
Unix sockets      3.000 s    2.0 kB/s  guests in Go, lost: 1
ratio                1.50, time over Unix sockets by time over shared memory
`, out.String())
}

// Also languages whose guests did no file are named: they were there.
func TestShareOfGuestsThatDidNothing(t *testing.T) {
	o := outcome{guests: []identity{{1, inC}, {2, inGo}, {3, inC}}}
	assert.Equal(t, []share{{language: inC, guests: 2}, {language: inGo, guests: 1}}, o.shares())
	assert.True(t, o.has(inC))
	o.guests = o.guests[1:2]
	assert.False(t, o.has(inC))
}

func TestHumanBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB",
		5 << 32: "21.5 GB", 1<<63 - 1: "9223.4 PB",
	} {
		assert.Equal(t, want, humanBytes(n))
	}
}
