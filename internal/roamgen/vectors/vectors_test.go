package vectors

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/roam-rpc/roam-go/internal/roamgen/names"
)

func TestMethodIDs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "method-ids.json"))
	require.NoError(t, err)
	var vectors struct {
		Methods []struct{ Name, ID string }
	}
	require.NoError(t, json.Unmarshal(text, &vectors))
	want := make(map[string]string)
	for _, v := range vectors.Methods {
		want[v.Name] = v.ID
	}
	require.Len(t, want, 14)
	got := make(map[string]string)
	for _, m := range TestbedDescriptor.Methods {
		got[names.Snake(m.Name)] = fmt.Sprintf("%016x", m.ID)
	}
	assert.Equal(t, want, got)
}
