package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// variables are what generated functions call their own.
var variables = strings.Fields("a b c call caller ctx d declared e err held i impl in key n options pointer reply result result1 s some v")

// predeclared are names that generated code needs.
var predeclared = strings.Fields("any bool byte error false int len make new nil string uint32")

// forEach is a package with a part for each name, in which NAME is the name and K its
// number.
func forEach(names []string, head, part string) string {
	text := head
	for k, name := range names {
		text += strings.NewReplacer("NAME", name, "K", fmt.Sprint(k)).Replace(part)
	}
	return text
}

const nastyHead = `package p

import (
	ctxt "context"

	rr "github.com/roam-rpc/roam-go"
)

var _ *rr.Rx[int]

type Point struct{ X, Y int }
type UserID uint32
type Name string
type Blob []byte

//roam:enum
type Color int

const ColorRed Color = 0
`

const nastyType = `
//roam:service
type SK interface {
	//roam:error FailK
	M(ctx ctxt.Context, x NAME, y []NAME, z map[string]NAME, w *NAME, sh ShapeK, q map[NAME]int) (NAME, error)
	N(ctx ctxt.Context, rx *rr.Rx[NAME], deep DeepK) (NAME, int, error)
}
type NAME struct{ X [2]Color }
type DeepK struct{ R []*rr.Tx[NAME]; M map[NAME]*rr.Rx[int]; O **rr.Tx[NAME] }
type FailK struct{ V NAME }
func (FailK) Error() string { return "" }
//roam:enum NAME OtherK
type ShapeK interface { shapeK() }
func (*NAME) shapeK() {}
type OtherK struct{}
func (OtherK) shapeK() {}
`

const nastyLeaf = `
//roam:service
type SK interface {
	M(ctx ctxt.Context, x NAME, y []NAME, z map[NAME]NAME, w map[[2]NAME]bool, rx *rr.Rx[NAME]) (NAME, error)
}
type NAME uint32
`

const nastyConstant = `
//roam:service
type SK interface {
	M(ctx ctxt.Context, x EnumK, y map[EnumK]int, z *rr.Tx[EnumK]) (EnumK, error)
}
//roam:enum
type EnumK int
const (
	zeroK EnumK = iota
	NAME
)
`

const nastyArgument = `
//roam:service
type SK interface {
	M(_ ctxt.Context, NAME Point, x UserID, y Blob, z Name) (Point, bool, UserID, error)
	N(_ ctxt.Context, NAME UserID) (Name, error)
	O(_ ctxt.Context, NAME struct{}) (struct{}, error)
	P(_ ctxt.Context, NAME *rr.Rx[Point]) (UserID, error)
	Q(_ ctxt.Context, NAME Name, x Blob) (int, struct{}, error)
}
`

const nastyFunction = "func NAME() {}\n"

const nastyImport = `package p

import NAME "strconv"

var _ = NAME.Itoa
`

const nastyPackage = `package NAME

type T struct{ X ID }
type ID int
`

const nastyService = `
//roam:service
type S interface {
	//roam:error Fail
	M(ctx ctxt.Context, x Point, y map[[4]uint8]int, z map[Point]Color, deep Deep, q map[[2]Color]struct{}) error
}
type Deep struct{ R *rr.Rx[Point] }
type Fail struct{ A Color }
func (Fail) Error() string { return "" }
`

// helpers are what a file of nastyService has for itself.
var helpers = strings.Fields("encodePoint decodePoint codecPoint schemaPoint passDeep indexColor sM sMRequest sMRequests " +
	"prepareSMRequest sDispatcher roam wire sync errors fmt context maps slices schema encodeFailAs cmp bytes")

// nasty are packages that generated code has to fit into.
func nasty(t *testing.T) map[string]string {
	files := map[string]string{
		"types/p.go":     forEach(variables, nastyHead, nastyType),
		"leaves/p.go":    forEach(variables, nastyHead, nastyLeaf),
		"constants/p.go": forEach(variables, nastyHead, nastyConstant),
		"arguments/p.go": forEach(append(append(variables, predeclared...), "Point", "UserID", "Blob", "Name", "encodePoint", "decodePoint", "rr", "ctxt"),
			nastyHead, nastyArgument),
		"helpers/p.go":     forEach(helpers, nastyHead+nastyService, nastyFunction),
		"imports/p.go":     nastyHead + nastyService,
		"tests/p.go":       nastyHead + nastyService,
		"tests/p_test.go":  forEach(helpers, "package p\n", nastyFunction),
		"other/p.go":       nastyHead + nastyService,
		"other/p_plan9.go": forEach(helpers, "package p\n", nastyFunction),
	}
	imports, service := "", "\n//roam:service\ntype S interface {\n"
	for k, name := range variables {
		files["packages/"+name+"/p.go"] = strings.ReplaceAll(nastyPackage, "NAME", name)
		imports += fmt.Sprintf("import p%d \"example.com/user/packages/%s\"\n", k, name)
		service += strings.ReplaceAll("\tMK(ctx ctxt.Context, x pK.T, y map[pK.ID][]pK.T, z *rr.Rx[pK.ID]) (pK.ID, error)\n", "K", fmt.Sprint(k))
	}
	files["packages/p.go"] = strings.Replace(nastyHead, "import (", imports+"import (", 1) + service + "}\n"
	for _, name := range helpers {
		files["imports/"+name+".go"] = strings.ReplaceAll(nastyImport, "NAME", name)
	}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "nasty.txtar"))
	require.NoError(t, err)
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// TestGeneratedCodeFitsIntoAnyPackage: what is accepted compiles, with its tests and for
// other systems, and go vet finds nothing.
func TestGeneratedCodeFitsIntoAnyPackage(t *testing.T) {
	dir := newModule(t, nasty(t))
	status, said := roamgen(dir, "./...")
	require.Zero(t, status, said)
	vet(t, dir, "./...")
	vet(t, dir, "GOOS=plan9", "./other")
}

// vet runs go vet with some of the environment and packages.
func vet(t *testing.T, dir string, args ...string) {
	cmd := exec.Command("go", "vet")
	cmd.Dir, cmd.Env = dir, os.Environ()
	for _, arg := range args {
		if strings.Contains(arg, "=") {
			cmd.Env = append(cmd.Env, arg)
		} else {
			cmd.Args = append(cmd.Args, arg)
		}
	}
	said, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s", said)
}
