package shmring

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// reserved is a host with entry 1 reserved, and the other end of its doorbell as a
// descriptor for AttachArgs.
func reserved(t *testing.T) (host *Host, epoch uint32, bell *doorbell, theirs int) {
	t.Helper()
	host = newHost(t, Config{MaxGuests: 2})
	id, epoch, err := host.reserve()
	require.NoError(t, err)
	require.EqualValues(t, 1, id)
	bell, file, err := doorbellPair()
	require.NoError(t, err)
	theirs, err = unix.Dup(int(file.Fd()))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return host, epoch, bell, theirs
}

func TestAttachThatDoesNotMatchTheReservation(t *testing.T) {
	for name, change := range map[string]struct {
		ticket func(*ticket)
		error  string
	}{
		"epoch": {func(t *ticket) { t.epoch++ }, "entry 1 is reserved with epoch 1, expected reserved with epoch 2"},
		"entry": {func(t *ticket) { t.peer = 2 }, "entry 2 is empty with epoch 0, expected reserved with epoch 1"},
		"range": {func(t *ticket) { t.peer = 3 }, "peer id is 3, must be 1 to max_guests, which is 2"},
		"path":  {func(t *ticket) { t.path = "/nonexistent" }, ErrNoHost.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			host, epoch, bell, theirs := reserved(t)
			ticket := ticket{path: host.Path(), peer: 1, doorbell: theirs, epoch: epoch}
			change.ticket(&ticket)
			_, err := AttachArgs(ticket.args())
			require.ErrorContains(t, err, change.error)
			require.True(t, bell.hungUp(), "the host need not wait for the timeout")
			host.takeBack(1, epoch, bell)
			requireClean(t, host, 1)
		})
	}
}

func TestAttachWithADescriptorThatIsNoDoorbell(t *testing.T) {
	host, epoch, bell, theirs := reserved(t)
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	_, err = AttachArgs(ticket{path: host.Path(), peer: 1, doorbell: int(null.Fd()), epoch: epoch}.args())
	require.ErrorContains(t, err, "--doorbell-fd")
	require.ErrorIs(t, err, unix.ENOTSOCK)
	require.NoError(t, unix.Close(theirs))
	host.takeBack(1, epoch, bell)
}

// A descendant of a guest that was given up may still claim: it is sent away, and the
// entry comes back when it has gone.
func TestLateClaimIsEvicted(t *testing.T) {
	host, epoch, bell, theirs := reserved(t)
	guest, err := AttachArgs(ticket{path: host.Path(), peer: 1, doorbell: theirs, epoch: epoch}.args())
	require.NoError(t, err)
	back := make(chan struct{})
	go func() {
		defer close(back)
		host.takeBack(1, epoch, bell)
	}()
	<-guest.custody.link.Done()
	require.ErrorIs(t, guest.Link().Err(), ErrEvicted)
	require.NotEqual(t, wordOf(layout.StateEmpty, epoch), host.seg.word(1))
	require.NoError(t, guest.Close())
	<-back
	requireClean(t, host, 1)
}

func TestWalkUpPassesOverEntriesThatOthersHold(t *testing.T) {
	host := smallHost(t, 3, nil)
	other, err := openPath(host.Path()) // about to take entry 1
	require.NoError(t, err)
	require.NoError(t, lockByte(other.file, 1))
	guest, err := Attach(host.Path())
	require.NoError(t, err)
	assert.EqualValues(t, 2, guest.ID())
	require.NoError(t, guest.Close())
	require.NoError(t, other.close())
}

func TestConfigInForceHasTheDefaults(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 3})
	config := host.Config()
	assert.EqualValues(t, 3, config.MaxGuests)
	assert.EqualValues(t, DefaultRingSize, config.RingSize)
	assert.EqualValues(t, DefaultSlotSize-4, config.MaxPayload)
	assert.Equal(t, 10*time.Second, config.AttachTimeout)
	assert.NotNil(t, config.Logger)
}
