package shmring

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpawnedGuestAnswersAndLeaves(t *testing.T) {
	host := newHost(t, Config{})
	cmd := program("echo", "other", "--arguments")
	peer, err := host.Spawn(cmd)
	require.NoError(t, err)
	assert.EqualValues(t, 1, peer.ID())
	assert.Equal(t, cmd.Process.Pid, peer.Pid())
	assert.Same(t, peer, host.Peer(1))
	requireEcho(t, peer.Link())
	require.NoError(t, host.Close())
	<-peer.Done()
	assert.ErrorIs(t, peer.Err(), ErrPeerLeft)
	assert.NoError(t, peer.Wait())
}

func TestSpawnOfAMissingProgramNamesIt(t *testing.T) {
	host := newHost(t, Config{MaxGuests: 1})
	_, err := host.Spawn(exec.Command("/nonexistent/guest"))
	require.ErrorContains(t, err, "spawn /nonexistent/guest")
	require.ErrorIs(t, err, os.ErrNotExist)
}
