package everything

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	roam "github.com/roam-rpc/roam-go"
)

// failing is a client of a service that fails with err.
func failing(err error) *EverythingClient {
	return NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{problem: err})})
}

func TestDeclaredErrorsArriveAsWhatTheyAre(t *testing.T) {
	ctx := context.Background()
	for name, err := range map[string]error{"itself": CodeGone, "wrapped": fmt.Errorf("outer: %w", CodeGone)} {
		got := failing(err).Fails(ctx, 0)
		assert.Equal(t, CodeGone, got, name)
	}
	for name, err := range map[string]error{"value": Failure{Reason: "why"}, "pointer": &Failure{Reason: "why"}} {
		assert.Equal(t, Failure{Reason: "why"}, failing(err).Nothing(ctx), name)
	}
	for name, err := range map[string]error{
		"value":   TooLarge{Size: 3, Limit: 2},
		"pointer": &TooLarge{Size: 3, Limit: 2},
		"wrapped": fmt.Errorf("outer: %w", TooLarge{Size: 3, Limit: 2}),
	} {
		var large TooLarge
		require.ErrorAs(t, failing(err).Breaks(ctx, &NotFound{}), &large, name)
		assert.Equal(t, TooLarge{Size: 3, Limit: 2}, large, name)
	}
	var missing *NotFound
	require.ErrorAs(t, failing(&NotFound{Name: "x"}).Breaks(ctx, &NotFound{}), &missing)
	assert.Equal(t, "x", missing.Name)
}

func TestEveryDeclaredErrorComesBack(t *testing.T) {
	testDeclaredErrors(t, NewEverythingClient(&loopback{dispatcher: NewEverythingDispatcher(echo{})}))
}

func testDeclaredErrors(t *testing.T, client *EverythingClient) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		problem := random(r, reflect.TypeFor[Problem]()).Interface().(Problem)
		assert.Equal(t, problem, client.Breaks(context.Background(), problem))
	}
	for _, code := range []Code{CodeBusy, CodeGone} {
		assert.Equal(t, code, client.Fails(context.Background(), uint8(code)))
	}
}

func TestOtherErrorsArriveAsTheirText(t *testing.T) {
	ctx := context.Background()
	var remote *roam.RemoteError
	for name, err := range map[string]error{
		"another type":      errors.New("other"),
		"another's":         Failure{Reason: "of other methods"},
		"without a variant": Code(77), // has no encoding
		"a nil pointer":     (*NotFound)(nil),
	} {
		func() {
			defer func() { _ = recover() }() // the text of Code(77) panics, as its type has it
			require.ErrorAs(t, failing(err).Fails(ctx, 0), &remote, name)
			assert.Equal(t, err.Error(), remote.Message, name)
		}()
	}
	require.ErrorAs(t, failing((*NotFound)(nil)).Breaks(ctx, TooLarge{}), &remote)
}
