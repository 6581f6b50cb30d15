package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// written is a package whose files say that they come from others.
const written = `-- a.go --
package p

import "context"

//roam:enum
type Color int

//line z.y:900
const ColorFirst Color = 0

//line b.y:1
const ColorSecond Color = 1

//line a.y:1
//roam:service
type S interface {
//line s.y:20
	One(ctx context.Context, c Color) error
//line s.y:10
	Two(ctx context.Context) error
}
-- b.go --
package p

//line a.go:1
const ColorThird Color = 2
`

// TestOrderOfTheSourceIsThatOfItsFiles: //line moves messages, and neither variants nor
// methods.
func TestOrderOfTheSourceIsThatOfItsFiles(t *testing.T) {
	found, err := Services(unpack(t, txtar.Parse([]byte(written))), ".")
	require.NoError(t, err)
	methods := found.Packages[0].Services[0].Methods
	assert.Equal(t, "One", methods[0].GoName)
	assert.Equal(t, "Two", methods[1].GoName)
	assert.Equal(t, "enum { First, Second, Third }", methods[0].Args[0].Type.Wire.Definition())
}
