package driver

import (
	"log/slog"

	"github.com/roam-rpc/roam-go/handshake"
)

// Option changes how a connection is made.
type Option func(*options)

type options struct {
	logger   *slog.Logger
	limits   handshake.Limits
	buffered uint32
}

// Defaults of what byte streams offer in their Hello, bytes.
const (
	defaultMaxPayload    = 1 << 20
	defaultInitialCredit = 256 << 10
)

// defaultBuffered bounds what may lie unread of a channel of a peer that counts no
// credit, bytes.
const defaultBuffered = 16 << 20

func makeOptions(opts []Option) options {
	o := options{
		logger:   slog.Default(),
		limits:   handshake.Limits{MaxPayload: defaultMaxPayload, InitialCredit: defaultInitialCredit},
		buffered: defaultBuffered,
	}
	for _, set := range opts {
		set(&o)
	}
	return o
}

// WithLogger sets where the connection logs. Default: slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(o *options) {
		if l != nil {
			o.logger = l
		}
	}
}

// WithLimits sets what this side offers in its Hello. Default: payloads of 1 MiB, 256
// KiB of credit a channel. Over shared memory the segment's configuration holds.
func WithLimits(l handshake.Limits) Option { return func(o *options) { o.limits = l } }

// WithBufferLimit sets how many bytes of a channel may lie unread when the peer is of
// another implementation that counts no credit over shared memory. Default: 16 MiB.
func WithBufferLimit(bytes uint32) Option { return func(o *options) { o.buffered = bytes } }
