package shmring

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTicketFromArgumentsAndEnvironment(t *testing.T) {
	full := []string{"--hub-path=/dev/shm/hub", "--peer-id=3", "--doorbell-fd=5", "--epoch=9"}
	want := ticket{path: "/dev/shm/hub", peer: 3, doorbell: 5, epoch: 9, hasEpoch: true}
	env := map[string]string{"ROAM_HUB_PATH": "/dev/shm/hub", "ROAM_PEER_ID": "3", "ROAM_DOORBELL_FD": "5", "ROAM_EPOCH": "9"}
	for _, c := range []struct {
		name string
		args []string
		env  map[string]string
		want ticket
	}{
		{"arguments", full, nil, want},
		{"environment", nil, env, want},
		{"arguments win", append([]string{"--peer-id=4"}, full...), map[string]string{"ROAM_PEER_ID": "99", "ROAM_HUB_PATH": "/other"}, want},
		{"some of each", full[:2], map[string]string{"ROAM_DOORBELL_FD": "5", "ROAM_EPOCH": "9"}, want},
		{"others are ignored", append([]string{"-v", "--peer-idle=7", "file", "--"}, full...), nil, want},
		{"foreign host: no epoch", full[:3], nil, ticket{path: "/dev/shm/hub", peer: 3, doorbell: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			got, err := parseTicket(c.args)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	assert.Equal(t, full, want.args())
	assert.ElementsMatch(t, []string{"ROAM_HUB_PATH=/dev/shm/hub", "ROAM_PEER_ID=3", "ROAM_DOORBELL_FD=5", "ROAM_EPOCH=9"}, want.env())
}

func TestTicketOutsideABoundNamesArgumentValueAndBound(t *testing.T) {
	good := []string{"--hub-path=/hub", "--peer-id=3", "--doorbell-fd=5", "--epoch=9"}
	for arg, text := range map[string]string{
		"--hub-path=":                      "argument: --hub-path is empty, must have a value",
		"--peer-id":                        "argument: --peer-id is alone, must be given as --peer-id=VALUE",
		"--peer-id=0":                      `argument: --peer-id is "0", must be a number, 1 to 255`,
		"--peer-id=256":                    `argument: --peer-id is "256", must be a number, 1 to 255`,
		"--peer-id=two":                    `argument: --peer-id is "two", must be a number, 1 to 255`,
		"--doorbell-fd=-1":                 `argument: --doorbell-fd is "-1", must be a number, 0 to 2147483647`,
		"--doorbell-fd=":                   "argument: --doorbell-fd is empty, must have a value",
		"--epoch=4294967296":               `argument: --epoch is "4294967296", must be a number, 0 to 4294967295`,
		"--epoch=":                         "argument: --epoch is empty, must have a value",
		"--peer-id=1844674407370955161600": `argument: --peer-id is "1844674407370955161600", must be a number, 1 to 255`,
	} {
		_, err := parseTicket(append(good[:len(good):len(good)], arg))
		var bound *BoundError
		require.ErrorAs(t, err, &bound, arg)
		assert.EqualError(t, err, text)
	}
	t.Setenv("ROAM_PEER_ID", "none")
	_, err := parseTicket([]string{"--hub-path=/hub", "--doorbell-fd=5"})
	assert.EqualError(t, err, `environment variable: ROAM_PEER_ID is "none", must be a number, 1 to 255`)
}

func TestNoTicketIsToldApart(t *testing.T) {
	_, err := AttachArgs([]string{"unrelated"})
	require.Error(t, err)
	_, err = parseTicket(nil)
	require.ErrorIs(t, err, ErrNoTicket)
	assert.ErrorContains(t, err, "--hub-path")
	assert.ErrorContains(t, err, "ROAM_HUB_PATH")
	_, err = parseTicket([]string{"--hub-path=/hub", "--peer-id=1"})
	require.ErrorIs(t, err, ErrNoTicket)
	assert.ErrorContains(t, err, "--doorbell-fd")
}
