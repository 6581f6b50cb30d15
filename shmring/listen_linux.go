package shmring

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

const (
	// probeTime bounds the look whether somebody serves a socket, and the wait for
	// another host that is replacing a stale one in the same folder.
	probeTime = time.Second
	// acceptPause is the wait after a failed accept, as when descriptors run out.
	acceptPause = 100 * time.Millisecond
)

// joinListener is a socket over which guests join.
type joinListener struct {
	*net.UnixListener
	path string
	info fs.FileInfo // of the socket file, to remove no other
}

// Listen serves guests that [Join] at a Unix socket with that path, until the host
// closes. The socket is made with mode 0600: a host whose Config.Authorize admits other
// users widens it. A stale socket, to which nobody listens, is replaced; one that is
// served, or anything else at the path, is [ErrInUse]. A host may listen at several.
func (h *Host) Listen(path string) error {
	if err := h.listen(path); err != nil {
		return fmt.Errorf("shmring: listen at %s: %w", path, err)
	}
	return nil
}

func (h *Host) listen(path string) error {
	if err := h.begin(); err != nil {
		return err
	}
	defer h.tasks.Done()
	l, err := listenAt(path)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.isLeaving() { // nobody would close it
		return errors.Join(ErrClosed, l.close())
	}
	h.listeners = append(h.listeners, l)
	h.tasks.Add(1)
	go h.serveJoins(l)
	return nil
}

// listenAt makes the socket. A lock on the folder keeps two hosts from removing each
// other's when both find the same stale one.
func listenAt(path string) (*joinListener, error) {
	if path == "" {
		return nil, &BoundError{"listen", "path", "empty", "must name a socket file"}
	}
	folder, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer folder.Close() // and with it the lock
	listener, err := bindSocket(path)
	if errors.Is(err, unix.EADDRINUSE) {
		if err := removeStaleSocket(path); err != nil {
			return nil, err
		}
		listener, err = bindSocket(path)
	}
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false) // close removes it if it is still ours
	info, err := os.Lstat(path)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return &joinListener{listener, path, info}, nil
}

// bindSocket makes a listening socket whose file has mode 0600 from the start: the
// file takes the socket's own mode.
func bindSocket(path string) (*net.UnixListener, error) {
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		if controlErr := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); controlErr != nil {
			return controlErr
		}
		return err
	}}
	listener, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	return listener.(*net.UnixListener), nil
}

// lockFolder locks a folder against other hosts that look for stale sockets in it.
func lockFolder(name string) (*os.File, error) {
	folder, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(probeTime); ; time.Sleep(time.Millisecond) {
		err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return folder, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) || time.Now().After(deadline) {
			folder.Close()
			return nil, fmt.Errorf("lock the folder: %w", err)
		}
	}
}

// removeStaleSocket removes a socket file to which nobody listens.
func removeStaleSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%w: %s is not a socket", ErrInUse, path)
	}
	conn, err := net.DialTimeout("unix", path, probeTime)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("%w: %s is served", ErrInUse, path)
	}
	return os.Remove(path)
}

// close stops the listening and removes the socket file, unless another has its name.
func (l *joinListener) close() error {
	var err error
	if now, statErr := os.Lstat(l.path); statErr == nil && os.SameFile(now, l.info) {
		err = os.Remove(l.path)
	}
	return errors.Join(err, l.Close())
}

// serveJoins answers who connects, one at a time: an answer waits for no guest, only, with
// all entries in use, for the recovery of one that has ended.
func (h *Host) serveJoins(l *joinListener) {
	defer h.tasks.Done()
	for {
		conn, err := l.AcceptUnix()
		switch {
		case err == nil:
			h.admit(conn)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			h.log.Warn("cannot accept a guest", "socket", l.path, "error", err)
			h.hold(time.Now().Add(acceptPause), acceptPause, func() bool { return false })
		}
	}
}

// admit answers one connection. When the guest is admitted the connection is its
// doorbell, and a goroutine waits for its claim.
func (h *Host) admit(conn *net.UnixConn) {
	who, err := peerCredentials(conn)
	var bell *doorbell
	if err == nil {
		bell, err = takeSocket(conn)
	}
	if err != nil {
		h.log.Warn("cannot take a guest's connection", "error", err)
		conn.Close()
		return
	}
	id, epoch, status := h.invite(who)
	if who.PidFD >= 0 {
		unix.Close(who.PidFD)
	}
	if status != layout.JoinJoined {
		_ = send(bell, joinAnswer{status: status}, nil) // it sees the end of the connection anyway
		bell.close()
		return
	}
	p := &Peer{host: h, id: id, origin: joined, pid: who.Pid, bell: bell}
	file, err := h.freshDescription()
	if err == nil {
		err = send(bell, joinAnswer{uint16(id), layout.JoinJoined, epoch}, file)
		file.Close()
	}
	go h.welcome(p, epoch, err)
}

// invite decides on a process and reserves an entry for it.
func (h *Host) invite(who Credentials) (id, epoch uint32, status uint16) {
	if h.isLeaving() {
		return 0, 0, layout.JoinLeaving
	}
	if err := h.authorize(who); err != nil {
		h.log.Warn("refused a guest", "pid", who.Pid, "uid", who.Uid, "error", err)
		return 0, 0, layout.JoinRefused
	}
	id, epoch, err := h.reserve()
	switch {
	case errors.Is(err, ErrHubFull):
		return 0, 0, layout.JoinHubFull
	case err != nil:
		return 0, 0, layout.JoinLeaving
	}
	h.seg.setGuestFlags(id) // before the answer: the guest writes nothing before its claim
	return id, epoch, layout.JoinJoined
}

// authorize lets the hook decide; without one, only the host's own user may join.
func (h *Host) authorize(who Credentials) error {
	if h.cfg.Authorize != nil {
		return h.cfg.Authorize(who)
	}
	if own := uint32(os.Geteuid()); who.Uid != own {
		return fmt.Errorf("user %d is not the host's user %d", who.Uid, own)
	}
	return nil
}

// welcome waits for the claim of a guest that was answered (unless err says that it was
// not), or takes its entry back.
func (h *Host) welcome(p *Peer, epoch uint32, err error) {
	if err == nil {
		err = h.awaitClaim(p.id, epoch, p.bell, nil)
	}
	if err == nil {
		err = h.attached(p)
	}
	if err != nil {
		if !errors.Is(err, ErrClosed) {
			h.log.Warn("a guest did not join", "peer", p.id, "pid", p.pid, "error", err)
		}
		h.revoke(p.id, epoch, p.bell)
	}
}

// send sends an answer, with a descriptor unless file is nil. It does not block: the
// answer fits the buffer of a fresh connection.
func send(bell *doorbell, answer joinAnswer, file *os.File) error {
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	return unix.Sendmsg(bell.fd, answer.bytes(), rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

// freshDescription opens the segment anew to hand it over: with our own description a
// guest would get, and keep alive, our lock.
func (h *Host) freshDescription() (*os.File, error) {
	return os.OpenFile(procFD(h.seg.file), os.O_RDWR, 0)
}

// peerCredentials asks the kernel who connected. PidFD is -1 where it cannot say.
func peerCredentials(conn *net.UnixConn) (Credentials, error) {
	who := Credentials{PidFD: -1}
	raw, err := conn.SyscallConn()
	if err != nil {
		return who, err
	}
	controlErr := raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err != nil {
			return
		}
		who.Pid, who.Uid, who.Gid = int(cred.Pid), cred.Uid, cred.Gid
		if pidfd, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
			who.PidFD = pidfd
		}
	})
	return who, errors.Join(controlErr, err)
}
