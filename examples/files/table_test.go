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
		{path: "a\nb", digest: Digest{Bytes: 1}, packed: 25, guest: 1},
		{path: long, digest: Digest{Bytes: 1 << 40}, packed: 7, guest: 255},
		{path: "日本", digest: Digest{Bytes: 22}, packed: 44, guest: 2},
	}
	var out bytes.Buffer
	require.NoError(t, writeTable(&out, results))
	hash := strings.Repeat("0", 64)
	pad := func(n int) string { return strings.Repeat(" ", n) }
	assert.Equal(t, strings.Join([]string{
		"path" + pad(58) + "        bytes  SHA-256" + pad(57) + "  gzip bytes  guest",
		`a\nb` + pad(58) + "            1  " + hash + "          25      1",
		long + "  1099511627776  " + hash + "           7    255",
		"日本" + pad(58) + "           22  " + hash + "          44      2",
		"",
	}, "\n"), out.String())
}

func TestTotalsSetTheRunsBesideEachOther(t *testing.T) {
	shared := outcome{results: []result{{digest: Digest{Bytes: 3000}, packed: 1500}}, took: 2 * time.Second}
	unix := outcome{results: shared.results, took: 3 * time.Second, lost: 1}
	var out bytes.Buffer
	require.NoError(t, writeTotals(&out, shared))
	require.NoError(t, writeTimes(&out, shared, unix))
	assert.Equal(t, `
1 files, 3000 bytes, 1500 bytes of gzip (50.0 %)
shared memory     2.000 s  1.5 kB/s
Unix sockets      3.000 s  1.0 kB/s, guests lost: 1
ratio                1.50, time over Unix sockets by time over shared memory
`, out.String())
}

func TestHumanBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB",
		5 << 32: "21.5 GB", 1<<63 - 1: "9223.4 PB",
	} {
		assert.Equal(t, want, humanBytes(n))
	}
}
