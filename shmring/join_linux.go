package shmring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// Join attaches to the host that listens on the Unix socket; the segment comes over
// the socket, and the connection stays as the guest's doorbell. It blocks until the
// host has answered or ctx ends. Errors: [ErrHubFull], [ErrRefused], [ErrHostLeaving],
// [ErrNoHost] when nobody listens, the context's, *[BoundError] for a segment or an
// answer that makes no sense.
func Join(ctx context.Context, socketPath string) (*Guest, error) {
	g, err := join(ctx, socketPath)
	if err != nil {
		return nil, fmt.Errorf("shmring: join %s: %w", socketPath, err)
	}
	return g, nil
}

func join(ctx context.Context, socketPath string) (*Guest, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socketPath)
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("%w: %w", ErrNoHost, err)
	}
	if err != nil {
		return nil, err
	}
	answer, file, err := receiveAnswer(ctx, conn.(*net.UnixConn))
	if err != nil {
		conn.Close()
		return nil, err
	}
	bell, err := takeSocket(conn.(*net.UnixConn))
	if err != nil {
		file.Close()
		return nil, err
	}
	seg, err := openSegment(file)
	if err != nil {
		bell.close() // the host takes the entry back
		return nil, err
	}
	g := &Guest{seg: seg, bell: bell, id: uint32(answer.peer)}
	if err := g.claimJoined(answer.epoch); err != nil {
		return nil, errors.Join(err, g.abandon())
	}
	g.start(false)
	return g, nil
}

// claimJoined makes the entry ours. The host has written our flags: nothing may be
// written to the entry before the claim, so that closing the connection is enough to
// take it back.
func (g *Guest) claimJoined(epoch uint32) error {
	if err := g.checkPlace(); err != nil {
		return err
	}
	if !g.seg.casWord(g.id, wordOf(layout.StateReserved, epoch), wordOf(layout.StateAttached, epoch)) {
		return fmt.Errorf("%w: entry %d is %v, expected reserved with epoch %d", ErrClaim, g.id, g.seg.word(g.id), epoch)
	}
	g.beat()
	return nil
}

// receiveAnswer reads the host's one answer and the descriptor that comes with it.
func receiveAnswer(ctx context.Context, conn *net.UnixConn) (joinAnswer, *os.File, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) }) // long past
	defer stop()
	var file *os.File
	fail := func(err error) (joinAnswer, *os.File, error) {
		if file != nil {
			file.Close()
		}
		return joinAnswer{}, nil, err
	}
	data, control := make([]byte, 0, layout.SizeJoin), make([]byte, unix.CmsgSpace(4*4))
	for len(data) < layout.SizeJoin {
		n, controls, _, _, err := conn.ReadMsgUnix(data[len(data):layout.SizeJoin], control) // marks descriptors close-on-exec
		data = data[:len(data)+max(n, 0)]                                                    // -1 with an error
		if received := oneDescriptor(control[:max(controls, 0)]); received != nil {
			if file != nil {
				file.Close()
			}
			file = received
		}
		switch {
		case ctx.Err() != nil:
			return fail(context.Cause(ctx))
		case errors.Is(err, io.EOF) || err == nil && n == 0 || errors.Is(err, unix.ECONNRESET):
			return fail(fmt.Errorf("%w: it closed the connection after %d bytes of its answer", ErrNoHost, len(data)))
		case err != nil:
			return fail(err)
		}
	}
	answer, err := parseJoinAnswer(data)
	if err == nil && file == nil {
		err = &BoundError{"join answer", "descriptor", "missing", "must come with the answer"}
	}
	if err != nil {
		return fail(err)
	}
	return answer, file, nil
}

// oneDescriptor gives the first descriptor of control data and closes the others.
func oneDescriptor(control []byte) *os.File {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	var file *os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if file == nil {
				file = os.NewFile(uintptr(fd), "segment")
			} else {
				unix.Close(fd)
			}
		}
	}
	return file
}

// takeSocket makes a doorbell of a connection, which it takes over.
func takeSocket(conn *net.UnixConn) (*doorbell, error) {
	defer conn.Close() // of this descriptor only: the duplicate keeps the connection
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	if controlErr := raw.Control(func(socket uintptr) {
		fd, err = unix.FcntlInt(socket, unix.F_DUPFD_CLOEXEC, 0)
	}); controlErr != nil {
		return nil, controlErr
	}
	if err != nil {
		return nil, fmt.Errorf("duplicate the connection: %w", err)
	}
	bell, err := newDoorbell(fd)
	if err != nil {
		unix.Close(fd)
	}
	return bell, err
}
