//go:build !linux

package shmring

import (
	"context"
	"os/exec"
)

// Host is the one process that made a segment and serves its guests. There is none on
// this system.
type Host struct{}

// Create returns [ErrNotSupported].
func Create(Config) (*Host, error) { return nil, ErrNotSupported }

func (h *Host) Config() Config                        { return Config{} }
func (h *Host) Path() string                          { return "" }
func (h *Host) Peer(uint32) *Peer                     { return nil }
func (h *Host) Peers() []*Peer                        { return nil }
func (h *Host) Accept(context.Context) (*Peer, error) { return nil, ErrNotSupported }
func (h *Host) Listen(string) error                   { return ErrNotSupported }
func (h *Host) Spawn(*exec.Cmd) (*Peer, error)        { return nil, ErrNotSupported }
func (h *Host) Shutdown(context.Context) error        { return ErrNotSupported }
func (h *Host) Close() error                          { return ErrNotSupported }

// Peer is one guest, as the host sees it. There is none on this system.
type Peer struct{}

func (p *Peer) ID() uint32            { return 0 }
func (p *Peer) Pid() int              { return 0 }
func (p *Peer) Link() *Link           { return &Link{} }
func (p *Peer) Done() <-chan struct{} { return nil }
func (p *Peer) Err() error            { return ErrNotSupported }
func (p *Peer) Wait() error           { return ErrNotSupported }
func (p *Peer) Kill() error           { return ErrNotSupported }

// Guest is this process as a guest of a host. There is none on this system.
type Guest struct{}

// AttachArgs returns [ErrNotSupported].
func AttachArgs([]string) (*Guest, error) { return nil, ErrNotSupported }

// Attach returns [ErrNotSupported].
func Attach(string) (*Guest, error) { return nil, ErrNotSupported }

// Join returns [ErrNotSupported].
func Join(context.Context, string) (*Guest, error) { return nil, ErrNotSupported }

func (g *Guest) ID() uint32   { return 0 }
func (g *Guest) Link() *Link  { return &Link{} }
func (g *Guest) Close() error { return ErrNotSupported }
