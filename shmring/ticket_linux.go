package shmring

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/roam-rpc/roam-go/internal/layout"
)

// ticket is what a spawned guest is told (shm.spawn.args).
type ticket struct {
	path     string
	peer     uint32
	doorbell int
	epoch    uint32
	hasEpoch bool // a foreign host gives none
}

// The arguments of a ticket and the environment variables that may stand in for them.
const (
	argPath, envPath         = "--hub-path", "ROAM_HUB_PATH"
	argPeer, envPeer         = "--peer-id", "ROAM_PEER_ID"
	argDoorbell, envDoorbell = "--doorbell-fd", "ROAM_DOORBELL_FD"
	argEpoch, envEpoch       = "--epoch", "ROAM_EPOCH"
)

// args is the ticket as command line arguments.
func (t ticket) args() []string {
	return []string{
		argPath + "=" + t.path,
		argPeer + "=" + decimal(uint64(t.peer)),
		argDoorbell + "=" + strconv.Itoa(t.doorbell),
		argEpoch + "=" + decimal(uint64(t.epoch)),
	}
}

// env is the ticket as environment variables.
func (t ticket) env() []string {
	return []string{
		envPath + "=" + t.path,
		envPeer + "=" + decimal(uint64(t.peer)),
		envDoorbell + "=" + strconv.Itoa(t.doorbell),
		envEpoch + "=" + decimal(uint64(t.epoch)),
	}
}

// parseTicket finds the ticket among args, each as --name=value, or in the
// environment; arguments win, a later one over an earlier. Other arguments are left
// alone.
func parseTicket(args []string) (ticket, error) {
	var t ticket
	path, _, err := ticketValue(args, argPath, envPath)
	if err != nil {
		return ticket{}, err
	}
	t.path = path
	peer, err := ticketNumber(args, argPeer, envPeer, 1, layout.MaxGuests)
	if err != nil {
		return ticket{}, err
	}
	t.peer = uint32(peer)
	doorbell, err := ticketNumber(args, argDoorbell, envDoorbell, 0, math.MaxInt32)
	if err != nil {
		return ticket{}, err
	}
	t.doorbell = int(doorbell)
	if _, _, err := ticketValue(args, argEpoch, envEpoch); !errors.Is(err, ErrNoTicket) {
		epoch, err := ticketNumber(args, argEpoch, envEpoch, 0, math.MaxUint32)
		if err != nil {
			return ticket{}, err
		}
		t.epoch, t.hasEpoch = uint32(epoch), true
	}
	return t, nil
}

// ticketValue gives the value of one part of the ticket and the name it was given by.
func ticketValue(args []string, arg, env string) (value, name string, err error) {
	for i := len(args) - 1; i >= 0; i-- {
		if args[i] == arg {
			return "", arg, &BoundError{"argument", arg, "alone", "must be given as " + arg + "=VALUE"}
		}
		if value, found := strings.CutPrefix(args[i], arg+"="); found {
			return value, arg, notEmpty(value, "argument", arg)
		}
	}
	if value, found := os.LookupEnv(env); found {
		return value, env, notEmpty(value, "environment variable", env)
	}
	return "", arg, fmt.Errorf("%w: neither argument %s nor environment variable %s is set", ErrNoTicket, arg, env)
}

func notEmpty(value, of, name string) error {
	if value == "" {
		return &BoundError{of, name, "empty", "must have a value"}
	}
	return nil
}

func ticketNumber(args []string, arg, env string, least, most uint64) (uint64, error) {
	value, name, err := ticketValue(args, arg, env)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n < least || n > most {
		of := "argument"
		if name == env {
			of = "environment variable"
		}
		return 0, &BoundError{of, name, strconv.Quote(value), fmt.Sprintf("must be a number, %d to %d", least, most)}
	}
	return n, nil
}
