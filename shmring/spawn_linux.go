package shmring

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// errSilent and errGone are why a reservation was not claimed.
var (
	errSilent = errors.New("it stayed silent")
	errGone   = errors.New("it is gone")
)

// Spawn starts cmd, not yet started, as a guest and returns when it has attached. The
// guest's ticket is added to cmd's arguments, environment and ExtraFiles; in the
// program, [AttachArgs] takes it. Spawn blocks for at most Config.AttachTimeout and a
// little. The host waits for the process (no one else may call cmd.Wait); when cmd has
// no WaitDelay it gets one of a second, so that a grandchild that holds the output open
// does not hide the child's end.
//
// Errors: [ErrHubFull], [ErrClosed], or why the guest did not attach, with its exit
// status; by then the process has been killed and, unless a descendant of it still
// holds the doorbell, the entry is free again.
func (h *Host) Spawn(cmd *exec.Cmd) (*Peer, error) {
	peer, err := h.spawn(cmd)
	if err != nil {
		return nil, fmt.Errorf("shmring: spawn %s: %w", cmd.Path, err)
	}
	return peer, nil
}

func (h *Host) spawn(cmd *exec.Cmd) (*Peer, error) {
	if cmd.Process != nil {
		return nil, errors.New("the command was started before")
	}
	if err := h.begin(); err != nil {
		return nil, err
	}
	defer h.tasks.Done()
	id, epoch, err := h.reserve()
	if err != nil {
		return nil, err
	}
	bell, theirs, err := doorbellPair()
	if err != nil {
		h.recycle(id) // nobody was told
		h.guests.Done()
		return nil, err
	}
	child, err := h.start(cmd, ticket{path: h.path, peer: id, epoch: epoch}, theirs)
	if err == nil {
		err = h.awaitClaim(id, epoch, bell, child.exited)
	}
	if err == nil {
		p := &Peer{host: h, id: id, origin: spawned, pid: cmd.Process.Pid, bell: bell, child: child}
		if err = h.attached(p); err == nil {
			child.onExit(p.childEnded)
			return p, nil
		}
	}
	return nil, h.unspawn(id, epoch, bell, child, err)
}

// doorbellPair makes a doorbell and the end for the other process.
func doorbellPair() (ours *doorbell, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "doorbell of a guest")
	ours, err = newDoorbell(fds[0])
	if err != nil {
		unix.Close(fds[0])
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// start starts cmd with its ticket; the descriptor goes over with the fork, together
// with everything else. theirs is closed on our side.
func (h *Host) start(cmd *exec.Cmd, t ticket, theirs *os.File) (*child, error) {
	defer theirs.Close()
	t.doorbell = 3 + len(cmd.ExtraFiles) // after standard input, output and error
	cmd.ExtraFiles = append(slices.Clip(cmd.ExtraFiles), theirs)
	if len(cmd.Args) == 0 {
		cmd.Args = []string{cmd.Path}
	}
	cmd.Args = append(slices.Clip(cmd.Args), t.args()...)
	cmd.Env = append(cmd.Environ(), t.env()...)
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = time.Second
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return h.follow(cmd), nil
}

// awaitClaim waits until the guest for which the entry is reserved is attached; exited
// (nil for none) is the end of its process. A foreign guest claims without a sound, so
// the entry is looked at now and then.
func (h *Host) awaitClaim(id, epoch uint32, bell *doorbell, exited <-chan struct{}) error {
	timeout := h.cfg.AttachTimeout
	deadline := time.Now().Add(timeout)
	for hungUp := false; ; {
		ended := exited != nil && isClosed(exited)
		switch w := h.seg.word(id); {
		case w == wordOf(layout.StateAttached, epoch), w == wordOf(layout.StateGoodbye, epoch): // it may have left already
			return nil
		case w != wordOf(layout.StateReserved, epoch):
			return fmt.Errorf("entry %d is %v, it was reserved with epoch %d", id, w, epoch)
		case hungUp || ended:
			return fmt.Errorf("%w without having attached", errGone)
		case h.isLeaving():
			return ErrClosed
		case !time.Now().Before(deadline):
			return fmt.Errorf("%w for %v", errSilent, timeout)
		}
		look := time.Now().Add(lookInterval)
		if deadline.Before(look) {
			look = deadline
		}
		hungUp = bell.wait(look) != nil
	}
}

// attached installs a guest that has claimed its reservation, unless the host leaves.
func (h *Host) attached(p *Peer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLeaving() {
		return ErrClosed
	}
	h.install(p)
	return nil
}

// unspawn kills a guest that did not attach, takes its entry back, and adds to the
// error how its process ended.
func (h *Host) unspawn(id, epoch uint32, bell *doorbell, child *child, cause error) error {
	if child != nil {
		if !errors.Is(cause, errGone) || !child.await(statusTime) { // let one that is ending end, for its status
			child.cmd.Process.Kill()
		}
		if child.await(statusTime) {
			cause = fmt.Errorf("%w: %v", cause, child.cmd.ProcessState)
		}
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		h.takeBack(id, epoch, bell)
	}()
	timer := time.NewTimer(partTime)
	defer timer.Stop()
	select {
	case <-back:
	case <-timer.C: // a descendant holds the doorbell; the entry comes back when it ends
	}
	return cause
}

// childEnded fails the guest's calls: also when another process has the doorbell, the
// guest that was started is gone.
func (p *Peer) childEnded() {
	cause := fmt.Errorf("%w: its process ended: %v", ErrPeerDied, p.child.cmd.ProcessState)
	if p.host.seg.word(p.id).state() == layout.StateGoodbye {
		cause = ErrPeerLeft
	}
	p.custody.link.end(cause)
}
