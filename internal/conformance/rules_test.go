package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/wire"
)

// rule is one statement of the protocol.
type rule struct {
	section string // of the session rules, or of those for shared memory
	says    string
	id      string // with which a violation is told, if it has one
	// cases are the names of raw cases, or of tests of this package, that show that a
	// guest keeps it; one that ends in * stands for all that begin so. What hosttest
	// checks with every message has cases in which it matters.
	cases []string
	// host says why it is not for a guest to keep.
	host string
}

// TestEveryRuleHasACase: no rule is without a case, and no case without a rule.
func TestEveryRuleHasACase(t *testing.T) {
	tests := testNames(t)
	used := map[string]bool{}
	for _, r := range rules() {
		what := r.section + ": " + r.says
		assert.Equal(t, r.host == "", len(r.cases) > 0, "%s: has cases, or a reason why it is the host's", what)
		for _, name := range r.cases {
			found := matching(name, tests)
			assert.NotEmpty(t, found, "%s: there is no case %q", what, name)
			for _, name := range found {
				used[name] = true
			}
		}
	}
	for name := range rawCases {
		assert.True(t, used[name], "no rule names the case %q", name)
	}
	for _, r := range []string{wire.RuleDuplicateRequest, wire.RuleInFlight, wire.RuleMetadataLimits, wire.RulePayloadLimit,
		wire.RuleChannelZero, wire.RuleChannelParity, wire.RuleChannelUniqueness, wire.RuleChannelUnknown,
		wire.RuleDataAfterClose, wire.RuleDataInvalid, wire.RuleDataSizeLimit, wire.RuleCreditOverrun, wire.RuleDecodeError,
		wire.RuleUnknownVariant, wire.RuleShmInlineFields, wire.RuleShmSlotGeneration, wire.RuleShmPayloadOffset,
		wire.RuleShmRingCapacity, wire.RuleShmCreditWrap, wire.RuleShmChannelTable} {
		assert.True(t, slices.ContainsFunc(rules(), func(have rule) bool { return have.id == r }), "no rule is told as %s", r)
	}
}

// matching are the names that a name of a rule stands for.
func matching(name string, tests []string) (found []string) {
	prefix, open := strings.CutSuffix(name, "*")
	for _, have := range slices.Concat(tests, slices.Collect(maps.Keys(rawCases))) {
		if have == name || open && strings.HasPrefix(have, prefix) {
			found = append(found, have)
		}
	}
	return found
}

// testNames are the tests of this package.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Test") {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}
