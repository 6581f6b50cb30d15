package wire

import (
	"fmt"
	"math"
	"time"
)

// Time on the wire is an i64 of nanoseconds since 1970-01-01 00:00 UTC. Zone and
// monotonic reading do not travel.
var (
	minTime = time.Unix(0, math.MinInt64).UTC()
	maxTime = time.Unix(0, math.MaxInt64).UTC()
)

// Time appends t as Unix nanoseconds. A t before September 1677 or after April 2262
// has no encoding, the zero Time among them.
func (e *Encoder) Time(t time.Time) {
	if t.Before(minTime) || t.After(maxTime) {
		e.Fail(fmt.Errorf("time %s is outside of %s to %s", t.Format(time.RFC3339), minTime.Format(time.RFC3339), maxTime.Format(time.RFC3339)))
		return
	}
	e.I64(t.UnixNano())
}

// Time reads Unix nanoseconds; the result is in UTC.
func (d *Decoder) Time() time.Time { return time.Unix(0, d.I64()).UTC() }

// Duration appends nanoseconds as an i64.
func (e *Encoder) Duration(v time.Duration) { e.I64(int64(v)) }

// Duration reads nanoseconds.
func (d *Decoder) Duration() time.Duration { return time.Duration(d.I64()) }
