package everything

import (
	"context"
	"errors"

	roam "github.com/roam-rpc/roam-go"
	"github.com/roam-rpc/roam-go/internal/roamgen/everything/shared"
)

// echo implements Everything by giving back what it is given.
type echo struct {
	problem error // what Fails and Breaks return if it is not nil
}

var errUnexpected = errors.New("not declared")

func (echo) Bool(_ context.Context, v bool) (bool, error)                    { return v, nil }
func (echo) Ints(_ context.Context, v Ints) (Ints, error)                    { return v, nil }
func (echo) Floats(_ context.Context, v Floats) (Floats, error)              { return v, nil }
func (echo) String(_ context.Context, v string) (string, error)              { return v, nil }
func (echo) Bytes(_ context.Context, v []byte) ([]byte, error)               { return v, nil }
func (echo) Wide(_ context.Context, v Wide) (Wide, error)                    { return v, nil }
func (echo) Times(_ context.Context, v Times) (Times, error)                 { return v, nil }
func (echo) Named(_ context.Context, v Named) (Named, error)                 { return v, nil }
func (echo) Derived(_ context.Context, v Derived) (Derived, error)           { return v, nil }
func (echo) Lists(_ context.Context, v Lists) (Lists, error)                 { return v, nil }
func (echo) Maps(_ context.Context, v Maps) (Maps, error)                    { return v, nil }
func (echo) Sets(_ context.Context, v Sets) (Sets, error)                    { return v, nil }
func (echo) Options(_ context.Context, v Options) (Options, error)           { return v, nil }
func (echo) Lent(_ context.Context, v Lent) (Lent, error)                    { return v, nil }
func (echo) Color(_ context.Context, v Color) (Color, error)                 { return v, nil }
func (echo) Shape(_ context.Context, v Shape) (Shape, error)                 { return v, nil }
func (echo) Pair(_ context.Context, v Pair) (Pair, error)                    { return v, nil }
func (echo) Tagged(_ context.Context, v Tagged) (Tagged, error)              { return v, nil }
func (echo) Shared(_ context.Context, v Shared) (Shared, error)              { return v, nil }
func (echo) Unit(_ context.Context, v struct{}) (struct{}, error)            { return v, nil }
func (echo) Units(_ context.Context, v []struct{}) ([]struct{}, error)       { return v, nil }
func (echo) Two(_ context.Context, a int32, b string) (int32, string, error) { return a, b, nil }
func (s echo) Nothing(context.Context) error                                 { return s.problem }
func (echo) Unnamed(_ context.Context, _ int, s string) (string, error)      { return s, nil }

func (echo) Anonymous(_ context.Context, v struct{ X, Y int }) (struct{ X, Y int }, error) {
	return v, nil
}

func (echo) Clashes(_ context.Context, _, _, _, _, _, _, _, _, _, _, _, _ int, v shared.Key, _ *roam.Rx[Color]) (shared.Key, error) {
	return v, nil
}

func (s echo) Fails(_ context.Context, code uint8) error {
	if s.problem != nil {
		return s.problem
	}
	return Code(code)
}

func (s echo) Breaks(_ context.Context, problem Problem) error {
	if s.problem != nil {
		return s.problem
	}
	return problem
}

func (echo) Streams(context.Context, *roam.Rx[int32], Streams, map[string]*roam.Rx[Pair]) (int, error) {
	return 0, errUnexpected
}

func (echo) Items(context.Context, ItemStreams) error { return errUnexpected }
